"""The 10 business hours of the procedure (UPME, 5): measured from the first submission, standing still during pauses."""

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from config.vocabulary import Operation
from provision.procedure.acts import WaitingFor
from provision.procedure.model import Pause, Request, SlaMark, State
from provision.procedure.steps import Rules


@dataclass(frozen=True, slots=True)
class Clock:
    """How the clock of a request stands at one moment. Hours are business hours; `due_at` is aware UTC."""

    elapsed_hours: float
    paused_hours: float
    remaining_hours: float
    due_at: datetime | None
    """When it falls due if it does not pause again; None while it stands still."""
    warn_at: datetime | None
    paused: bool


class Timed(Protocol):
    """What a clock is measured by; a `Request` has it. Instants are aware UTC."""

    @property
    def received_at(self) -> datetime:
        """When it was first submitted."""
        ...

    @property
    def attended_at(self) -> datetime | None:
        """When it was attended and reported."""
        ...

    @property
    def closed_at(self) -> datetime | None:
        """When it was closed."""
        ...

    @property
    def pauses(self) -> tuple[Pause, ...]:
        """When its clock stood still."""
        ...


@dataclass(frozen=True, slots=True)
class ClosedRequest:
    """What is counted of a request that is over. Instants are aware UTC."""

    operation: Operation | None
    received_at: datetime
    attended_at: datetime | None
    closed_at: datetime | None
    pauses: tuple[Pause, ...]


def measure(request: Timed, rules: Rules) -> Clock:
    """The request's clock at `rules.now`, or when it was attended or closed: what is followed up later does not count."""
    until = request.attended_at or request.closed_at or rules.now
    hours = rules.calendar.business_hours_between
    total = hours(request.received_at, max(until, request.received_at))
    paused = sum(hours(pause.since, min(pause.until or until, until)) for pause in request.pauses if pause.since < until)
    elapsed = max(0.0, total - paused)
    allowed = rules.policy.deadlines.attend_business_hours
    remaining = allowed - elapsed
    standing_still = any(pause.until is None for pause in request.pauses)
    due_at = warn_at = None
    if not standing_still and request.attended_at is None and request.closed_at is None:
        due_at = rules.calendar.add_business_hours(request.received_at, allowed + paused)
        warn_after = allowed - rules.policy.deadlines.warn_business_hours + paused
        warn_at = rules.calendar.add_business_hours(request.received_at, warn_after)
    return Clock(elapsed, paused, remaining, due_at, warn_at, standing_still)


def mark(request: Request, rules: Rules) -> SlaMark:
    """Warned before, marked after; a mark is never taken back."""
    clock = measure(request, rules)
    if clock.remaining_hours <= 0 or request.sla is SlaMark.MISSED:
        return SlaMark.MISSED
    if clock.remaining_hours <= rules.policy.deadlines.warn_business_hours and not clock.paused:
        return SlaMark.WARNED
    return SlaMark.ON_TIME


def pausing(request: Request, rules: Rules) -> tuple[Pause, ...]:
    """The pauses once the request stands where it stands: an open one is closed or kept, a new one opened."""
    now = request.attended_at or request.closed_at or rules.now
    waiting_for = request.waiting_for
    stands_still = (
        request.state in {State.WAITING, State.NEEDS_CORRECTION} and waiting_for is not None and _stops(waiting_for, rules)
    )
    pauses = request.pauses
    last = pauses[-1] if pauses and pauses[-1].until is None else None
    if last is not None and (not stands_still or last.why is not waiting_for):
        pauses = (*pauses[:-1], replace(last, until=now))
        last = None
    if stands_still and waiting_for is not None and last is None:
        pauses = (*pauses, Pause(now, None, waiting_for))
    return pauses


def _stops(waiting_for: WaitingFor, rules: Rules) -> bool:
    by_policy = waiting_for.is_confirmation and rules.policy.deadlines.confirmations_stop_clock
    return waiting_for.pauses_clock or by_policy
