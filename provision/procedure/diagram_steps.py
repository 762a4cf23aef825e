"""The steps of each operation and of each other course as the documentation shows them, asked of the procedure itself."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from config.institution import Leaving
from provision.procedure import diagram_samples as samples
from provision.procedure.acts import CONFIRMED_BY, WaitingFor
from provision.procedure.courses import RESTS, steps_of
from provision.procedure.facts import Facts, LooseEnds, Pickup, ReturnedAccess
from provision.procedure.model import CorrectionAsked, Course, Origin, Request, State, StepKey
from provision.procedure.steps import Rules, Step
from provision.procedure.submission import Submission

_Asked = tuple[Request, Rules]
_RULES = samples.rules_at(samples.NOW)
_CAME_BACK = ReturnedAccess(samples.RESET.other_address or samples.SOMEBODY, "5.1.1", "", 1)
_ALL = Facts(
    account_id="2",
    login="luis.diaz",
    access_sent_to="ana@correo.example",
    access_sent_at=samples.NOW,
    subject=samples.SUBJECT,
    loose_ends=LooseEnds(people=("Luis",)),
    backup_by_hand="a mano",
    computers=("PC-1",),
    no_mailbox=True,
    access_returned=_CAME_BACK,
)
"""As much as can be known of a request, so that every step that depends on it is there."""
_SECOND, _MAILBOX = "si debe aprobarla otra persona", "si su tipo de cuenta lleva buzón"
_UNUSED, _RETURNED = "mientras nadie use los datos", "si los datos de acceso volvieron"
_TOLD = "si la política informa lo que queda a cargo"
_LOOSE = "si queda alguien o algo a su cargo"
_LOST, _HELD = "si ya no tiene licencia", "si nada más la mantiene inactiva"
_BY_HAND = "si no los copia el programa"
_LATER = "si la fecha es posterior"


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of the table. `without` tells what the same request comes to when a condition does not hold."""

    title: str
    request: Request
    without: Mapping[str, _Asked] = field(default_factory=dict)


def steps_table() -> str:
    """The steps of each operation and course with their activities of the UPME procedure, as a Markdown table. Pure.

    A step that is taken only sometimes names its condition; one for which a person's word is waited says so.
    """
    lines = ["| Solicitud | Pasos (actividad del procedimiento de la UPME) | Queda |", "|---|---|---|"]
    for row in (*_operations(), *_courses()):
        steps = steps_of(row.request, _RULES)
        absent = {why: {_key(step) for step in steps_of(*asked)} for why, asked in row.without.items()}
        said = [_said(step, [why for why, keys in absent.items() if _key(step) not in keys]) for step in steps]
        numbered = "<br>".join(f"{number}. {text}" for number, text in enumerate(said, start=1))
        lines.append(f"| **{row.title}** | {numbered} | {_rests(row.request, steps)} |")
    return "\n".join(lines) + "\n"


def _key(step: Step) -> StepKey:
    return step.key(1)


def _said(step: Step, conditions: list[str]) -> str:
    notes = list(conditions)
    if step.waits_as in {WaitingFor.FROM_DATE, WaitingFor.RETURN_DATE} and step.not_before is not None:
        notes.append(f"desde {step.waits_as.label}")
    if step.needs_admission:
        notes.append("cuenta para el tope")
    if step.act in CONFIRMED_BY:
        notes.append(f"espera {CONFIRMED_BY[step.act].label}")
    return f"{step.title} ({step.activity})" + (f" *{'; '.join(notes)}*" if notes else "")


def _rests(request: Request, steps: tuple[Step, ...]) -> str:
    end = RESTS[request.course].label
    return f"{State.FOLLOWED_UP.label}; después, {end}" if any(step.after_report for step in steps) else end


def _operations() -> tuple[_Row, ...]:
    create = samples.received(samples.CREATE_LATER, samples.BY_TWO, facts=replace(_ALL, subject=None))
    reset = samples.received(samples.RESET, samples.BY_TWO, facts=_ALL)
    here = samples.received(samples.RESET, samples.BY_TWO, facts=replace(_ALL, subject=samples.UNRECORDED))
    modify = samples.received(samples.EXTEND, samples.BY_TWO, facts=_ALL)
    activate = samples.received(samples.ACTIVATE_LATER, samples.BY_TWO, facts=replace(_ALL, activation_unexplained=True))
    leave = samples.received(samples.LEAVE, samples.BY_TWO, facts=_ALL)
    assign = samples.received(samples.ASSIGN, samples.BY_TWO, facts=replace(_ALL, no_mailbox=None))
    address = samples.received(samples.CHANGE_ADDRESS, origin=Origin.CASE, facts=_ALL)
    return (
        _Row(
            "Creación de cuenta",
            create,
            {
                _SECOND: _alone(create),
                _LATER: _with(create, samples.CREATE),
                _MAILBOX: _poor(create),
                **_delivery(create),
            },
        ),
        _Row(
            "Cambio de clave, fuera de las instalaciones",
            reset,
            {
                _SECOND: _alone(reset),
                "si escribió otro correo personal": _with(reset, replace(samples.RESET, other_address=None)),
                **_delivery(reset),
            },
        ),
        _Row(
            "Cambio de clave, en las instalaciones o sin correo registrado",
            here,
            {
                _SECOND: _alone(here),
                "si no está en las instalaciones": _with(here, samples.RESET_HERE),
                "si escribió otro correo personal": _with(here, replace(samples.RESET, other_address=None)),
            },
        ),
        _Row("Cambio del correo personal registrado", address),
        _Row(
            "Modificación",
            modify,
            {
                _SECOND: _alone(modify),
                _LATER: _with(modify, replace(samples.EXTEND, from_date=None)),
                "si prorroga el contrato": _with(modify, samples.MODIFY_LATER),
                **_coming_back(modify),
            },
        ),
        _Row(
            "Activación",
            activate,
            {
                _SECOND: _alone(activate),
                _LATER: _with(activate, replace(samples.ACTIVATE_LATER, from_date=samples.TODAY)),
                "si se inactivó por retiro o fuera del programa": _knowing(activate, Facts(activation_unexplained=False)),
                "con contrato nuevo": _with(activate, replace(samples.ACTIVATE_LATER, contract=None)),
                **_coming_back(activate),
            },
        ),
        _Row(
            "Inactivación temporal: vacaciones, licencia, suspensión del contrato",
            leave,
            {
                _SECOND: _alone(leave),
                _LATER: _with(leave, replace(samples.LEAVE, from_date=samples.TODAY)),
                "si tiene último día": _with(leave, replace(samples.LEAVE, until_date=None)),
            },
        ),
        *_leaving(),
        _Row(
            "Cesión de contrato",
            assign,
            {
                _SECOND: _alone(assign),
                _LATER: _with(assign, replace(samples.ASSIGN, from_date=samples.TODAY)),
                **_giving_up(assign),
                **_delivery(assign),
            },
        ),
        _deletion(),
    )


def _leaving() -> tuple[_Row, ...]:
    facts = replace(_ALL, no_mailbox=None)
    retire = samples.received(samples.RETIRE, samples.BY_TWO, facts=facts)
    swept = samples.received(samples.ENDED, origin=Origin.SWEEP, facts=facts)
    campaign = samples.received(samples.ENDED_LATER, origin=Origin.CAMPAIGN, facts=facts)
    undone = samples.received(samples.ACTIVATE, origin=Origin.CAMPAIGN, facts=_ALL)
    return (
        _Row(
            "Inactivación definitiva: retiro, terminación anticipada del contrato",
            retire,
            {_SECOND: _alone(retire), _LATER: _with(retire, samples.RETIRE_NOW), **_giving_up(retire)},
        ),
        _Row("Terminación del contrato, que abre el programa", swept, _giving_up(swept)),
        _Row(
            "Cuenta de una campaña de cierre de vigencia",
            campaign,
            {_LATER: _with(campaign, samples.ENDED), **_giving_up(campaign)},
        ),
        _Row("Cuenta de una campaña que se deshace", undone, _coming_back(undone)),
    )


def _deletion() -> _Row:
    delete = samples.received(samples.DELETE, samples.BY_TWO, facts=replace(_ALL, no_mailbox=None))
    return _Row(
        "Eliminación",
        delete,
        {
            _SECOND: (replace(delete, authorisation=samples.GRANTED, origin=Origin.CASE), _RULES),
            _TOLD: _leaving_otherwise(delete, report_loose_ends=False),
            _LOOSE: _knowing(delete, Facts(loose_ends=LooseEnds())),
            _MAILBOX: _poor(delete),
            _BY_HAND: _knowing(delete, Facts(backup_by_hand="")),
            "si el directorio conoce alguno": _knowing(delete, Facts(computers=())),
        },
    )


def _alone(request: Request) -> _Asked:
    """No second person is asked for."""
    return replace(request, authorisation=samples.GRANTED), _RULES


def _poor(request: Request) -> _Asked:
    """The institution gives no mailbox."""
    return request, samples.without_mailboxes()


def _delivery(request: Request) -> dict[str, _Asked]:
    """What decides how access data is followed up."""
    arrived = replace(request, facts=replace(request.facts, access_returned=None)), _RULES
    return {_RETURNED: arrived, _UNUSED: _knowing(request, Facts(pickup=Pickup.USED))}


def _with(request: Request, content: Submission) -> _Asked:
    """The same request with other answers."""
    return replace(request, content=content), _RULES


def _knowing(request: Request, facts: Facts) -> _Asked:
    """The same request of which something else is known."""
    return replace(request, facts=request.facts.learn(facts)), _RULES


def _coming_back(request: Request) -> dict[str, _Asked]:
    """What decides whether groups and licence come back."""
    return {
        _HELD: _knowing(request, Facts(still_held="otra")),
        _MAILBOX: _poor(request),
        _LOST: _knowing(request, Facts(no_mailbox=False)),
    }


def _leaving_otherwise(request: Request, **changed: bool) -> _Asked:
    """The same request in an institution whose policy for those who leave differs in this."""
    whole = {"back_up_and_remove_licence": True, "remove_groups": True, "report_loose_ends": True}
    return request, samples.leaving_as(Leaving(**{**whole, **changed}))


def _giving_up(request: Request) -> dict[str, _Asked]:
    """What decides what somebody who leaves for good gives up."""
    return {
        _MAILBOX: _poor(request),
        _TOLD: _leaving_otherwise(request, report_loose_ends=False),
        _LOOSE: _knowing(request, Facts(loose_ends=LooseEnds())),
        "si la política retira los grupos": _leaving_otherwise(request, remove_groups=False),
        "si la política retira la licencia": _leaving_otherwise(request, back_up_and_remove_licence=False),
        _BY_HAND: _knowing(request, Facts(backup_by_hand="")),
    }


def _courses() -> tuple[_Row, ...]:
    undelivered = Facts(account_id="2", login="luis.diaz", hold_placed=True)
    asked = CorrectionAsked((samples.PROBLEM,), samples.NOW - timedelta(days=7))
    whole = replace(samples.received(samples.CREATE, facts=undelivered), correction=asked)
    fresh = replace(whole, correction=CorrectionAsked((samples.PROBLEM,), samples.NOW))
    without = {
        "a los días hábiles de la política": fresh,
        "si ya se había anotado la inactivación": replace(whole, facts=replace(undelivered, hold_placed=None)),
        "si la cuenta ya se creó y nadie recibió sus datos": replace(whole, facts=Facts(hold_placed=True)),
    }
    rows = [
        _Row(
            title,
            replace(whole, course=course),
            {why: (replace(request, course=course), _RULES) for why, request in without.items()},
        )
        for course, title in _COURSE_LABELS.items()
    ]
    deletion = samples.received(samples.DELETE, facts=Facts(subject=samples.SUBJECT, hold_placed=True))
    rows.append(_Row("Se cancela una eliminación en curso", replace(deletion, course=Course.CANCEL)))
    return tuple(rows)


_COURSE_LABELS: Mapping[Course, str] = {
    Course.CORRECT: "Requiere corrección",
    Course.REFUSE: "Se rechaza",
    Course.DUPLICATE: "Es un duplicado",
    Course.HAS_ACCOUNT: "La persona ya tiene cuenta",
    Course.NOTHING_TO_DO: "No hay nada que hacer",
    Course.UNANSWERED: "El solicitante no respondió",
    Course.CANCEL: "Se cancela",
}
