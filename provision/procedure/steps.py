"""The steps of each course and operation, in the order of the UPME procedure's activities.

A new operation is a new list here with its rules; the engine (`lifecycle`) does not change.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import assert_never

from config.calendar import BusinessCalendar
from config.dates import end_of_day, start_of_day
from config.institution import Institution
from config.vocabulary import Operation
from provision.procedure.model import Act, Course, Request, State, StepKey
from provision.procedure.submission import AttendedByHand, CreateGenericAccount, CreatePersonalAccount, Defective


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `activity` is its number in the UPME procedure; `not_before` an aware instant, None: at once."""

    act: Act
    title: str
    activity: str
    each_round: bool = False
    suffix: str = ""
    not_before: datetime | None = None

    def key(self, round: int) -> StepKey:
        """The step's identity within its request."""
        parts = [self.act.value, *([f"r{round}"] if self.each_round else []), *([self.suffix] if self.suffix else [])]
        return StepKey(".".join(parts))


@dataclass(frozen=True, slots=True)
class Rules:
    """What decides how a request goes on, besides the request itself."""

    policy: Institution
    calendar: BusinessCalendar
    now: datetime


REGISTER = Step(Act.REGISTER_TICKET, "Registrar la solicitud en la mesa de servicio", "2 PC")
RELEASE = Step(Act.RELEASE_RESERVATIONS, "Liberar el nombre y el cupo reservados", "3", each_round=True)
CLOSE = Step(Act.CLOSE_TICKET, "Cerrar la solicitud en la mesa de servicio", "6")


def expiry(request: Request, policy: Institution) -> datetime | None:
    """When the account asked for stops working: 24:00 of the contract's last day in the institution's zone; None: never."""
    content = request.content
    if isinstance(content, CreatePersonalAccount) and content.contract is not None:
        return end_of_day(content.contract.end, policy.zone)
    return None


def licence_of(request: Request, policy: Institution) -> str | None:
    """The mailbox licence that the institution gives to this account type; None: it gives none."""
    match request.content:
        case CreatePersonalAccount(account_type=account_type) | CreateGenericAccount(account_type=account_type):
            return policy.accounts[account_type].licence
        case AttendedByHand() | Defective():
            return None
        case _ as never:
            assert_never(never)


def _begins(request: Request, rules: Rules) -> datetime | None:
    """Work on a future contract begins `lead_business_days` before its first day, so that it is ready that morning."""
    content = request.content
    if not isinstance(content, CreatePersonalAccount) or content.contract is None:
        return None
    first_day = rules.calendar.business_days_before(content.contract.start, rules.policy.deadlines.lead_business_days)
    return start_of_day(first_day, rules.policy.zone)


def _create(request: Request, rules: Rules) -> tuple[Step, ...]:
    begins = _begins(request, rules)
    steps = [
        REGISTER,
        Step(Act.FIND_EXISTING_ACCOUNT, "Buscar si la persona ya tiene cuenta", "3", each_round=True),
    ]
    if licence_of(request, rules.policy):
        steps.append(Step(Act.RESERVE_SEAT, "Reservar un cupo de licencia de buzón", "3", not_before=begins))
    elif request.round > 1 and StepKey(Act.RESERVE_NAME) not in request.done:
        # An edit may have led here from an account type with a mailbox: the seat promised then goes to somebody else.
        steps.append(RELEASE)
    steps += [
        Step(Act.RESERVE_NAME, "Reservar el nombre de la cuenta", "3", not_before=begins),
        Step(Act.CREATE_ACCOUNT, "Crear la cuenta en el Directorio Activo", "3", not_before=begins),
    ]
    if licence_of(request, rules.policy):
        steps += [
            Step(Act.AWAIT_SYNC, "Sincronizar el dominio", "3"),
            Step(Act.ASSIGN_LICENCE, "Asignar la licencia", "3"),
            Step(Act.AWAIT_MAILBOX, "Esperar el buzón", "3"),
        ]
    return (
        *steps,
        Step(Act.ISSUE_ACCESS, "Enviar los datos de acceso al correo personal", "4 PC"),
        Step(Act.REPORT, "Reportar al solicitante", "4 PC"),
        CLOSE,
    )


BY_HAND_ATTENDED = StepKey("BY_HAND_ATTENDED")
"""The desk says that it carried out an operation that the program does not."""

OPERATIONS: Mapping[Operation, Callable[[Request, Rules], tuple[Step, ...]]] = {Operation.CREATE: _create}
"""The operations that the program carries out by itself."""


def _attend(request: Request, rules: Rules) -> tuple[Step, ...]:
    content = request.content
    if isinstance(content, Defective):
        raise ValueError(f"{request.case}: a defective submission has no steps")
    return OPERATIONS[content.operation](request, rules)


def _correct(request: Request, rules: Rules) -> tuple[Step, ...]:
    ask = Step(Act.MAIL_CORRECTION, "Pedir al solicitante que corrija el formulario", "5", each_round=True)
    due = sum(1 for at in reminder_times(request, rules) if at <= rules.now)
    remind = Step(Act.MAIL_REMINDER, "Recordar al solicitante la corrección", "5", each_round=True, suffix=str(due))
    return (REGISTER, ask, *([remind] if due else []))


def _by_hand(request: Request, rules: Rules) -> tuple[Step, ...]:
    tell = Step(Act.MAIL_BY_HAND, "Avisar que la atiende la mesa de servicio", "4 PC")
    # An edit may have led here from a creation: what it was promised goes to somebody else.
    release = [RELEASE] if request.round > 1 else []
    return (REGISTER, *release, tell, *([CLOSE] if BY_HAND_ATTENDED in request.done else []))


def _mail_and_close(act: Act, title: str, *before: Step) -> Callable[[Request, Rules], tuple[Step, ...]]:
    return lambda request, rules: (REGISTER, *before, Step(act, title, "4 PC"), CLOSE)


COURSES: Mapping[Course, Callable[[Request, Rules], tuple[Step, ...]]] = {
    Course.ATTEND: _attend,
    Course.BY_HAND: _by_hand,
    Course.CORRECT: _correct,
    Course.REFUSE: _mail_and_close(Act.MAIL_REFUSAL, "Informar al solicitante el rechazo", RELEASE),
    Course.DUPLICATE: _mail_and_close(Act.MAIL_DUPLICATE, "Informar que la solicitud ya existe", RELEASE),
    Course.HAS_ACCOUNT: _mail_and_close(Act.MAIL_HAS_ACCOUNT, "Informar que la persona ya tiene cuenta", RELEASE),
    Course.UNANSWERED: _mail_and_close(Act.MAIL_UNANSWERED, "Informar el cierre por falta de respuesta", RELEASE),
    Course.CANCEL: _mail_and_close(Act.MAIL_CANCELLED, "Informar la cancelación", RELEASE),
}

RESTS: Mapping[Course, State] = {
    Course.ATTEND: State.DONE,
    Course.BY_HAND: State.NEEDS_ATTENTION,
    Course.CORRECT: State.NEEDS_CORRECTION,
    Course.REFUSE: State.REFUSED,
    Course.DUPLICATE: State.DUPLICATE,
    Course.HAS_ACCOUNT: State.DUPLICATE,
    Course.UNANSWERED: State.UNANSWERED,
    Course.CANCEL: State.CANCELLED,
}
"""Where a request stands when every step of its course is done."""


def reminder_times(request: Request, rules: Rules) -> tuple[datetime, ...]:
    """When the requester is reminded of a correction: so many business days after it was asked, when the day's work opens."""
    asked_at = request.correction.asked_at if request.correction else None
    if asked_at is None:
        return ()
    asked_on = asked_at.astimezone(rules.policy.zone).date()
    days = rules.policy.deadlines.reminder_business_days
    opens = time.fromisoformat(rules.policy.business_hours.opens)
    mornings = (rules.calendar.add_business_days(asked_on, days_after) for days_after in days)
    return tuple(datetime.combine(morning, opens, rules.policy.zone).astimezone(UTC) for morning in mornings)


def correction_deadline(asked_at: datetime, rules: Rules) -> datetime:
    """End of the last business day on which an answer continues the same case (Unidad para las Víctimas, activity B)."""
    asked_on = asked_at.astimezone(rules.policy.zone).date()
    last_day = rules.calendar.add_business_days(asked_on, rules.policy.deadlines.correction_business_days)
    return end_of_day(last_day, rules.policy.zone)


def steps_of(request: Request, rules: Rules) -> tuple[Step, ...]:
    """Every step of the request's course, done or not."""
    return COURSES[request.course](request, rules)


def next_step(request: Request, rules: Rules) -> Step | None:
    """The first step not done yet; None: the course is complete."""
    return next((step for step in steps_of(request, rules) if step.key(request.round) not in request.done), None)
