"""The courses that a request can take: attending to it, asking for a correction, and the ways in which it ends."""

from collections.abc import Callable, Mapping
from datetime import datetime

from config.dates import end_of_day
from provision.procedure.acts import Act
from provision.procedure.model import Course, Origin, Request, State, StepKey
from provision.procedure.operations import OPERATIONS
from provision.procedure.steps import CLOSE, REGISTER, RELEASE, Rules, Step, undelivered
from provision.procedure.submission import Defective, Delete

ADMITTED = StepKey("ADMITTED")
"""The run's batch of destructive effects was within the cap, or approved as it stands."""

LOCK_UNDELIVERED = (
    Step(Act.PLACE_HOLD, "Anotar que los datos de acceso no se entregaron", "5", suffix="sin-entregar"),
    Step(Act.APPLY_HOLDS, "Inactivar la cuenta que nadie recibió", "5", suffix="sin-entregar"),
)


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


TAKE_BACK = Step(Act.TAKE_BACK, "Deshacer lo que se pueda", "3")


def _undoing(request: Request) -> tuple[Step, ...]:
    """A request that ends without being attended takes back its hold and its reservations, and locks what nobody received."""
    # Silence gives nobody access back: what is in force already stays so when an answer did not come.
    in_force = request.course is Course.UNANSWERED and StepKey(Act.APPLY_HOLDS) in request.done
    taken_back = (TAKE_BACK,) if request.facts.hold_placed and not in_force else ()
    return (RELEASE, *taken_back, *(LOCK_UNDELIVERED if undelivered(request) else ()))


def _ending(request: Request, told: Step) -> tuple[Step, ...]:
    if request.origin is Origin.CAMPAIGN:  # it has no ticket and nobody to tell: the campaign's report says why
        return _undoing(request)
    return (REGISTER, *_undoing(request), told, CLOSE)


def _closing(act: Act, title: str) -> Callable[[Request, Rules], tuple[Step, ...]]:
    return lambda request, rules: _ending(request, Step(act, title, "4 PC"))


def _cancel(request: Request, rules: Rules) -> tuple[Step, ...]:
    """A deletion that is cancelled tells what came back and what did not."""
    if isinstance(request.content, Delete) and request.facts.hold_placed:
        told = Step(Act.MAIL_DELETION_UNDONE, "Informar qué se deshizo", "4 PC")
    else:
        told = Step(Act.MAIL_CANCELLED, "Informar la cancelación", "4 PC")
    return _ending(request, told)


COURSES: Mapping[Course, Callable[[Request, Rules], tuple[Step, ...]]] = {
    Course.ATTEND: _attend,
    Course.CORRECT: _correct,
    Course.REFUSE: _closing(Act.MAIL_REFUSAL, "Informar al solicitante el rechazo"),
    Course.DUPLICATE: _closing(Act.MAIL_DUPLICATE, "Informar que la solicitud ya existe"),
    Course.HAS_ACCOUNT: _closing(Act.MAIL_HAS_ACCOUNT, "Informar que la persona ya tiene cuenta"),
    Course.NOTHING_TO_DO: _closing(Act.MAIL_NOTHING_TO_DO, "Informar que no hay nada que hacer"),
    Course.UNANSWERED: _closing(Act.MAIL_UNANSWERED, "Informar el cierre por falta de respuesta"),
    Course.CANCEL: _cancel,
}

RESTS: Mapping[Course, State] = {
    Course.ATTEND: State.DONE,
    Course.CORRECT: State.NEEDS_CORRECTION,
    Course.REFUSE: State.REFUSED,
    Course.DUPLICATE: State.DUPLICATE,
    Course.HAS_ACCOUNT: State.DUPLICATE,
    Course.NOTHING_TO_DO: State.DONE,
    Course.UNANSWERED: State.UNANSWERED,
    Course.CANCEL: State.CANCELLED,
}
"""Where a request stands when every step of its course is done."""


def reminder_times(request: Request, rules: Rules) -> tuple[datetime, ...]:
    """When the requester is reminded of a correction: so many business days after it was asked, when the day's work opens."""
    asked_at = request.correction.asked_at if request.correction else None
    if asked_at is None:
        return ()
    return tuple(rules.morning_after(asked_at, days) for days in rules.policy.deadlines.reminder_business_days)


def correction_deadline(asked_at: datetime, rules: Rules) -> datetime:
    """End of the last business day on which an answer continues the same case (Unidad para las Víctimas, activity B)."""
    last_day = rules.calendar.add_business_days(rules.policy_day(asked_at), rules.policy.deadlines.correction_business_days)
    return end_of_day(last_day, rules.policy.zone)


def steps_of(request: Request, rules: Rules) -> tuple[Step, ...]:
    """Every step of the request's course, done or not."""
    return COURSES[request.course](request, rules)


def next_step(request: Request, rules: Rules) -> Step | None:
    """The first step not done yet; None: the course is complete."""
    return next((step for step in steps_of(request, rules) if step.key(request.round) not in request.done), None)
