"""The lifecycle of a request as the documentation shows it, found by asking the procedure itself, so that it cannot drift.

Every outcome, signal and passing of time is tried on every kind of stand that can be reached; changes of state are drawn.
"""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from config.calendar import BusinessCalendar
from config.institution import AccountRules, BusinessHours, Institution, Mail, Unit
from config.vocabulary import AccountType, CaseNumber, DocumentType, EmailAddress, Operation
from provision.procedure.lifecycle import Received, advance, open_request
from provision.procedure.model import (
    Act,
    CorrectionAsked,
    Course,
    DeskAsked,
    Diverted,
    Done,
    Effect,
    Facts,
    Failed,
    NotYet,
    Outcome,
    Request,
    Resubmitted,
    Settled,
    Signal,
    State,
    WaitingFor,
)
from provision.procedure.steps import RESTS, Rules, next_step, steps_of
from provision.procedure.submission import (
    AttendedByHand,
    Authorisation,
    Contract,
    CreatePersonalAccount,
    Defective,
    Granted,
    Person,
    Problem,
    Refused,
    Submission,
)

NOW = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
_SOMEBODY = EmailAddress("jefe@entidad.gov.co")
_GRANTED = Granted(2, "jefe de área", "", "")
_PROBLEM = Problem("personal_email", "Correo electrónico personal", "falta")
_DEFECTIVE = Defective((_PROBLEM,), operation=Operation.CREATE)
_BY_HAND = AttendedByHand(Operation.RESET_PASSWORD, AccountType.EMPLOYEE, "Oficina", "alguien")
_CREATION = CreatePersonalAccount(
    AccountType.CONTRACTOR,
    Person("Ana", "Díaz", DocumentType.CC, "1"),
    EmailAddress("ana@correo.example"),
    "Oficina",
    contract=Contract("1", date(2026, 1, 1), date(2026, 12, 31)),
)
_POLICY = Institution(
    id="entidad",
    name="Entidad",
    short_name="Entidad",
    mail_domain="entidad.gov.co",
    upn_suffix="entidad.gov.co",
    deletes_accounts=True,
    accounts={AccountType.CONTRACTOR: AccountRules(ou="OU=Usuarios", licence="LICENCIA")},
    units=(Unit(name="Oficina"),),
    mail=Mail(
        sender_name="Entidad",
        sender="cuentas@entidad.gov.co",
        signature=("Entidad",),
        help_contact="Mesa",
        form_url="https://entidad.gov.co",
    ),
)
_Edge = tuple[State, State]


def lifecycle_mermaid() -> str:
    """The states and what leads from one to another, as the text of a Mermaid diagram. Pure."""
    reasons: dict[_Edge, set[str]] = {}
    for before, after, why in _transitions():
        reasons.setdefault((before, after), set()).add(why)
    order = list(State)
    lines = ["stateDiagram-v2", *(f"    {state.value}: {state.label}" for state in State)]
    lines.append(f"    [*] --> {State.RECEIVED.value}: respuesta del formulario")
    for before, after in sorted(reasons, key=lambda edge: (order.index(edge[0]), order.index(edge[1]))):
        lines.append(f"    {before.value} --> {after.value}: {', '.join(sorted(reasons[before, after]))}")
    lines += [f"    {state.value} --> [*]" for state in State if state.closed]
    return "\n".join(lines) + "\n"


def steps_table() -> str:
    """The steps of each course with their activities of the UPME procedure, as a Markdown table. Pure."""
    lines = ["| Rumbo | Pasos (actividad del procedimiento) | Queda |", "|---|---|---|"]
    for course in Course:
        steps = "; ".join(f"{step.title} ({step.activity})" for step in steps_of(_on(course), _rules(NOW)))
        lines.append(f"| {_COURSE_LABELS[course]} | {steps} | {RESTS[course].label} |")
    return "\n".join(lines) + "\n"


_COURSE_LABELS: Mapping[Course, str] = {
    Course.ATTEND: "Se atiende (creación con buzón)",
    Course.BY_HAND: "La atiende la mesa de servicio",
    Course.CORRECT: "Requiere corrección",
    Course.REFUSE: "Se rechaza",
    Course.DUPLICATE: "Es un duplicado",
    Course.HAS_ACCOUNT: "La persona ya tiene cuenta",
    Course.UNANSWERED: "El solicitante no respondió",
    Course.CANCEL: "Se cancela",
}


def _rules(now: datetime) -> Rules:
    return Rules(_POLICY, BusinessCalendar(BusinessHours(), _POLICY.zone), now)


def _received(content: Submission | Defective, authorisation: Authorisation = _GRANTED) -> Request:
    received = Received(CaseNumber("GU-2026-000001"), _SOMEBODY, None, NOW, content, authorisation)
    return open_request(received, _rules(NOW)).request


def _on(course: Course) -> Request:
    request = _received(_BY_HAND if course is Course.BY_HAND else _CREATION)
    return replace(request, course=course, correction=CorrectionAsked((_PROBLEM,)))


def _transitions() -> Iterator[tuple[State, State, str]]:
    """Every change of state that can be reached, with what brought it about."""
    seen: set[tuple[object, ...]] = set()
    later = replace(_CREATION, contract=Contract("1", date(2026, 6, 1), date(2026, 12, 31)))
    refused = Refused("", "", "")
    left = [(_received(content), NOW) for content in (_CREATION, later, _BY_HAND, _DEFECTIVE)]
    left.append((_received(_CREATION, refused), NOW))
    while left:
        request, now = left.pop()
        step = next_step(request, _rules(now))
        stand = (request.state, request.course, request.waiting_for, step.act if step else None, request.content == later)
        if stand in seen or request.state.closed:
            continue
        seen.add(stand)
        for why, after, at in _tried(request, now):
            if after.state is not request.state:
                yield request.state, after.state, why
            left.append((replace(after, round=1), at))


def _tried(request: Request, now: datetime) -> Iterator[tuple[str, Request, datetime]]:
    """All that can happen to a request, one thing at a time: what, what became of it, and when."""
    rules = _rules(now)
    decided = advance(request, [], rules)
    if request.state is State.RECEIVED:
        why = "el contrato comienza después" if decided.request.state is State.WAITING else "la toma una ejecución"
        yield why, decided.request, now
        return
    if decided.effect is not None:
        for why, outcome in _outcomes(decided.effect, now):
            after = advance(decided.request, [Settled(decided.effect, outcome)], rules).request
            at_rest = after.state not in {State.IN_PROGRESS, State.WAITING} and not isinstance(outcome, Failed)
            yield "cumplidos los pasos" if at_rest else why, after, now
    for why, signal in _signals():
        yield why, advance(request, [signal], rules).request, now
    at = _due(request)
    if at is not None:
        why = "llega la fecha" if request.waiting_for is WaitingFor.START_DATE else "vence el plazo de corrección"
        yield why, advance(request, [], _rules(at)).request, at


def _outcomes(effect: Effect, now: datetime) -> Iterator[tuple[str, Outcome]]:
    yield "paso cumplido", Done(Facts(account_id="1", login="ana.diaz") if effect.act is Act.CREATE_ACCOUNT else Facts())
    yield "hay que esperar o reintentar", NotYet(WaitingFor.RETRY, now + timedelta(hours=1))
    yield "un sistema lo rechaza o falla demasiado", Failed("")
    if effect.act is Act.FIND_EXISTING_ACCOUNT:
        for course in (Course.CORRECT, Course.HAS_ACCOUNT, Course.DUPLICATE):
            yield "paso cumplido", Diverted(course, "", (_PROBLEM,))


def _signals() -> Iterator[tuple[str, Signal]]:
    yield "respuesta corregida", Resubmitted(_CREATION, _GRANTED, _SOMEBODY)
    for action in ("Reintentar", "Cancelar", "Aprobar"):
        yield f"«{action}»", DeskAsked(action, "Mesa de servicio")


def _due(request: Request) -> datetime | None:
    """The date that a request waits for, if it waits for one."""
    if request.waiting_for is WaitingFor.START_DATE:
        return request.wake_at
    return request.correction.deadline if request.state is State.NEEDS_CORRECTION and request.correction else None
