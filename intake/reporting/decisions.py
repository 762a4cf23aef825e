"""The control points (activities 2, 4 and 5): who was refused and why, what had to be corrected, who authorised what.

Pure.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import assert_never

from intake.matrix_decision import RefusalCode
from intake.reporting.cases import account_said, operation_of, requester_said, tallied, type_label, type_of, unit_said, whose
from intake.reporting.gathering import Gathered
from intake.reporting.tables import Section, Table, counted, median, moment, number
from provision.journal.reported import DoneAct
from provision.procedure.acts import Act
from provision.procedure.model import Course, Origin, Request, State
from provision.procedure.submission import Granted, Provisional, Refused

REFUSALS = {
    RefusalCode.NO_IDENTITY: "La solicitud llegó sin un correo verificado",
    RefusalCode.UNKNOWN_REQUESTER: "Quien pidió no está en la matriz de autorizadores",
    RefusalCode.NOT_IN_FORCE: "La autorización o la delegación no estaba vigente",
    RefusalCode.OPERATION: "Su autorización no incluye la operación",
    RefusalCode.ACCOUNT_TYPE: "Su autorización no incluye el tipo de cuenta",
    RefusalCode.UNIT: "Su autorización no incluye la dependencia",
    RefusalCode.FOR_HIMSELF: "Pidió para su propia cuenta",
}
_LONGEST_REASON = 120
_PARTICULARS = re.compile(r"\. |: | \(|,? de GU-| desde el ")


def refused(of: Gathered) -> tuple[Request, ...]:
    """The cases that were closed in the month because they may not be attended."""
    return tuple(each for each in of.requests if each.course is Course.REFUSE and of.month.holds(each.closed_at))


def _why(request: Request) -> str:
    decision = request.authorisation
    if isinstance(decision, Refused) and decision.code in {code.value for code in RefusalCode}:
        return REFUSALS[RefusalCode(decision.code)]
    # Up to where the reason names this one's case, dates or account: so that equal reasons are counted together.
    return _PARTICULARS.split(request.because, maxsplit=1)[0].strip(" .")[:_LONGEST_REASON] or "Otra razón"


def refusals(of: Gathered) -> Section:
    """How many were refused, for which reason, and each of them."""
    cases = refused(of)
    reasons = tallied(cases, _why)
    by_reason = Table(
        "rechazos-por-causa",
        "Rechazos por causa",
        ("Causa", "Casos", "Quiénes pidieron"),
        tuple((why, str(len(mine)), str(len({requester_said(each).lower() for each in mine}))) for why, mine in reasons),
        frozenset({1, 2}),
        bars=1,
        sizes=tuple(float(len(mine)) for _, mine in reasons),
    )
    each_one = Table(
        "rechazos",
        "Cada rechazo",
        ("Caso", "Cerrado", "Solicitante", "Operación", "Tipo de cuenta", "Dependencia", "Causa"),
        tuple(
            (
                each.case,
                moment(each.closed_at, of.month.zone),
                requester_said(each),
                operation_of(each),
                type_label(type_of(each)),
                unit_said(each),
                _why(each),
            )
            for each in cases
        ),
    )
    said = f"{counted(len(cases), 'solicitud rechazada', 'solicitudes rechazadas')}." if cases else "No hubo rechazos."
    return Section(
        "rechazos",
        "Rechazos",
        "Casos que se cerraron en el mes porque el punto de control no los permitió, porque la institución no hace lo que "
        "piden, o porque la segunda persona no los aprobó. La causa es la de la decisión; el solicitante recibió el motivo en "
        "palabras.",
        (said,),
        tables=(by_reason, each_one) if cases else (),
    )


def _outcome(ask: DoneAct, until: DoneAct | None, of: Gathered, request: Request) -> tuple[str, float | None]:
    """What came of one correction asked for, and after how many business hours it was answered."""
    answers = of.resubmitted.get(ask.case, ())
    answered = next((at for at in answers if at > ask.at and (until is None or at <= until.at)), None)
    if answered is not None:
        return "Corregida por el solicitante", of.rules.calendar.business_hours_between(ask.at, answered)
    if request.course is Course.UNANSWERED:
        return "Sin respuesta: el caso se cerró", None
    if request.state is State.NEEDS_CORRECTION:
        return "Espera la respuesta", None
    return f"Terminó de otra manera: {request.state.label.lower()}", None


def corrections(of: Gathered) -> Section:
    """What was asked to be mended in the month, and what came of it until now."""
    cases = of.of_case()
    asks = [each for each in of.corrections if each.act is Act.MAIL_CORRECTION and each.case in cases]
    reminders = sum(each.act is Act.MAIL_REMINDER and of.month.holds(each.at) and each.case in cases for each in of.corrections)
    rows, outcomes, hours = [], Counter[str](), []
    for ask in asks:
        if not of.month.holds(ask.at):
            continue
        later = next((each for each in asks if each.case == ask.case and each.at > ask.at), None)
        request = cases[ask.case]
        outcome, took = _outcome(ask, later, of, request)
        outcomes[outcome] += 1
        hours += [took] if took is not None else []
        took_said = number(took) if took is not None else ""
        asked = (ask.case, moment(ask.at, of.month.zone), requester_said(request), operation_of(request), unit_said(request))
        rows.append((*asked, outcome, took_said))
    continued = {each.follows for each in of.requests if each.follows is not None and each.origin is Origin.FORM}
    again = len({row[0] for row in rows if row[5].startswith("Sin respuesta") and row[0] in continued})
    asked_for = counted(len(rows), "corrección pedida", "correcciones pedidas")
    said = [f"{asked_for} y {counted(reminders, 'recordatorio', 'recordatorios')}."]
    if hours:
        said.append(f"La mitad de las que se corrigieron se respondió en {number(median(hours))} horas hábiles o menos.")
    if again:
        said.append(f"De los que se cerraron sin respuesta, {again} se pidieron de nuevo.")
    ordered = sorted(outcomes.items(), key=lambda pair: (-pair[1], pair[0]))
    summary = Table(
        "correcciones-por-resultado",
        "En qué terminaron",
        ("Resultado", "Correcciones"),
        tuple((label, str(count)) for label, count in ordered),
        frozenset({1}),
        bars=1,
        sizes=tuple(float(count) for _, count in ordered),
    )
    columns = ("Caso", "Pedida", "Solicitante", "Operación", "Dependencia", "Resultado", "Horas hábiles")
    each_one = Table("correcciones", "Cada corrección", columns, tuple(rows), frozenset({6}))
    return Section(
        "correcciones",
        "Correcciones del formulario",
        "Correos del mes que pidieron corregir una respuesta (actividad 5); un caso cuenta tantas veces como se le pidió. El "
        "resultado es el de hoy: corregida, si llegó otra respuesta antes de pedirla de nuevo, aunque aún faltara algo. Las "
        "horas son las hábiles que tardó el solicitante, que no cuentan en el plazo.",
        tuple(said) if rows or reminders else ("No se pidió ninguna corrección.",),
        tables=(summary, each_one) if rows else (),
    )


@dataclass(frozen=True, slots=True)
class Authorised:
    """A case with who asked, which row allowed it, and who else approved."""

    request: Request
    row: str
    role: str
    delegated_by: str
    approved: str
    """How and when a second person approved; empty: none did."""


def authorisations(of: Gathered) -> tuple[Authorised, ...]:
    """The cases that somebody asked for in the month, and those that a second person approved in it."""
    found = []
    for each in of.requests:
        approved = each.approval is not None and of.month.holds(each.approval.at)
        if each.origin not in {Origin.FORM, Origin.CASE} or not (of.month.holds(each.received_at) or approved):
            continue
        how = f"{each.approval.how}, {moment(each.approval.at, of.month.zone)}" if each.approval else ""
        match each.authorisation:
            case Granted(row=row, role=role, delegated_by=delegator):
                found.append(Authorised(each, f"Fila {row}" if row else "Sin fila", role, delegator or "", how))
            case Provisional():
                found.append(Authorised(each, "Por confirmar sobre la cuenta", "", "", how))
            case Refused():
                found.append(Authorised(each, "No autorizada", "", "", how))
            case _ as never:
                assert_never(never)
    return tuple(found)


def authorised(of: Gathered) -> Section:
    """Requester, row of the matrix and approver of every case of the month."""
    found = authorisations(of)
    second = sum(each.request.approval is not None for each in found)
    asking = len({requester_said(each.request).lower() for each in found})
    who = _by_requester([each for each in of.requests if each.origin is Origin.FORM and of.month.holds(each.received_at)])
    said = (
        f"{counted(asking, 'persona pidió', 'personas pidieron')} {counted(len(found), 'solicitud', 'solicitudes')}; "
        f"{counted(second, 'tuvo', 'tuvieron')} la aprobación de una segunda persona."
    )
    return Section(
        "autorizaciones",
        "Quién autorizó qué",
        "Cada caso recibido en el mes, y los de antes que una segunda persona aprobó en el mes, con la fila de la matriz que "
        "lo permitió, como estaba en su última decisión. La fila es la de la versión que se nombra en autorizaciones.csv; «sin "
        "fila» es quien puede pedirlo sin ella, como el titular que cambia su propia clave. Los casos que abre el programa por "
        "un contrato que termina o por una campaña no tienen solicitante: la campaña tiene quien la planeó y quien la aprobó.",
        (said,) if found else ("No se recibió ni se aprobó nada.",),
        tables=(who, _authorised_briefly(found), _authorised_wholly(found, of)) if found else (),
    )


def _authorised_briefly(found: Sequence[Authorised]) -> Table:
    """For the page, which is not as wide as a spreadsheet."""
    return Table(
        "",
        "Cada autorización (con todo lo demás, en autorizaciones.csv)",
        ("Caso", "Solicitante", "Operación", "Persona o cuenta", "Dependencia", "Matriz", "Segunda persona"),
        tuple(
            (
                each.request.case,
                requester_said(each.request),
                operation_of(each.request),
                whose(each.request),
                unit_said(each.request),
                ", ".join(part for part in (each.row, each.role, each.delegated_by) if part),
                each.request.approval.by if each.request.approval else "",
            )
            for each in found
        ),
    )


def _authorised_wholly(found: Sequence[Authorised], of: Gathered) -> Table:
    columns = (
        "Caso", "Recibido", "Solicitante", "Operación", "Tipo de cuenta", "Persona", "Cuenta", "Dependencia", "Matriz", "Rol",
        "Delegado de", "Versión de la matriz", "Segunda persona", "Cómo y cuándo",
    )  # fmt: skip
    rows = tuple(
        (
            each.request.case,
            moment(each.request.received_at, of.month.zone),
            requester_said(each.request),
            operation_of(each.request),
            type_label(type_of(each.request)),
            whose(each.request),
            account_said(each.request),
            unit_said(each.request),
            each.row,
            each.role,
            each.delegated_by,
            each.request.authorisation.matrix_version,
            each.request.approval.by if each.request.approval else "",
            each.approved,
        )
        for each in found
    )
    return Table("autorizaciones", "Cada autorización", columns, rows, most_shown=0)


def _by_requester(asked: Sequence[Request]) -> Table:
    rows = []
    for who, cases in tallied(asked, lambda each: requester_said(each).lower()):
        granted = [each.authorisation for each in cases if isinstance(each.authorisation, Granted)]
        roles = ", ".join(sorted({each.role for each in granted}))
        lines = ", ".join(str(row) for row in sorted({each.row for each in granted if each.row}))
        rows.append((who, str(len(cases)), str(len(granted)), roles, lines))
    return Table(
        "solicitantes",
        "Por solicitante",
        ("Solicitante", "Recibidas", "Autorizadas", "Rol", "Filas de la matriz"),
        tuple(rows),
        frozenset({1, 2}),
        bars=1,
        sizes=tuple(float(row[1]) for row in rows),
    )
