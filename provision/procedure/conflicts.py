"""Requests that meet on one account: each meeting has one answer (a twin, a contradiction, a wait, or both go on). Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from config.vocabulary import CaseNumber, HoldReason, Operation
from provision.procedure.acts import WaitingFor
from provision.procedure.holds import Hold, in_force
from provision.procedure.model import Course, Origin, Request, State
from provision.procedure.submission import (
    Activate,
    ChangeAddress,
    CreateGenericAccount,
    CreatePersonalAccount,
    Deactivate,
    Delete,
    Modify,
    ResetPassword,
)


@dataclass(frozen=True, slots=True)
class Twin:
    """The same was asked for already, by an open case."""

    case: CaseNumber


@dataclass(frozen=True, slots=True)
class Contradiction:
    """What was asked for cannot go with what is. `reason` is Spanish, for an authorised requester."""

    reason: str


@dataclass(frozen=True, slots=True)
class NothingToDo:
    """What was asked for holds already. `reason` is Spanish."""

    reason: str


@dataclass(frozen=True, slots=True)
class WaitFor:
    """The other case must end first."""

    case: CaseNumber


Meeting = Twin | Contradiction | NothingToDo | WaitFor


def meeting(request: Request, others: Sequence[Request]) -> Meeting | None:
    """What an open case that came before means for this one; None: both go on. The first that matters decides."""
    for other in others:
        if other.state is State.FOLLOWED_UP or other.course is not Course.ATTEND:
            continue
        found = _met(request, other)
        if found is not None:
            return found
    return None


def _met(request: Request, other: Request) -> Meeting | None:
    mine, theirs = request.content, other.content
    match mine, theirs:
        case Delete(), Delete():
            return Twin(other.case)
        case _, Delete():
            return Contradiction(
                f"La cuenta está en proceso de eliminación ({other.case}). Si debe seguir en uso, pida a la mesa de servicio "
                "que cancele ese caso y haga de nuevo esta solicitud."
            )
        case _, CreatePersonalAccount() | CreateGenericAccount():
            return WaitFor(other.case)
        case ResetPassword(), ResetPassword():
            return Twin(other.case)
        case ChangeAddress(), ChangeAddress():
            return Twin(other.case) if mine.new_address == theirs.new_address else WaitFor(other.case)
        case Modify(), Modify():
            if _same(mine, theirs):
                return Twin(other.case)
            # One that waits for another day plans what changes on that day: nobody waits for weeks because of it.
            later = other.waiting_for is WaitingFor.FROM_DATE and mine.from_date != theirs.from_date
            return None if later else WaitFor(other.case)
        case Activate(), Activate():
            return Twin(other.case)
        case Activate(), Deactivate() if request.origin is Origin.CAMPAIGN and request.follows == other.case:
            return WaitFor(other.case)  # it takes back what it did first
        case Deactivate(), Deactivate() if request.follows != other.case:
            dates = (mine.why, mine.from_date, mine.until_date)
            return Twin(other.case) if dates == (theirs.why, theirs.from_date, theirs.until_date) else None
        case _:
            return None


def _same(one: Modify, other: Modify) -> bool:
    compared = ("unit", "given_names", "surnames", "position", "supervisor_email", "contract", "from_date", "generic_name")
    return all(getattr(one, name) == getattr(other, name) for name in compared)


def against_holds(request: Request, holds: Sequence[Hold], *, enabled: bool, today: date) -> Meeting | None:
    """What the account's holds mean for a request; None: it goes on."""
    current = in_force(holds, today)
    reasons = "; ".join(hold.said for hold in current)
    match request.content:
        case ResetPassword() if current or not enabled:
            why = f": {reasons}" if reasons else ""
            return Contradiction(f"La cuenta está inactiva{why}. Pida primero su activación; la clave se cambia después.")
        case Deactivate(why=why, from_date=from_date, until_date=until_date):
            same = [hold for hold in holds if _repeats(hold, why, from_date, until_date) and hold.case != request.follows]
            ours = [hold for hold in same if hold.case != request.case]
            return NothingToDo(f"La cuenta ya tiene esa inactivación: {ours[0].said}.") if ours else None
        case Activate(contract=None) if request.origin is not Origin.CAMPAIGN:
            return _activation(request, current, enabled=enabled)
        case _:
            return None


def _repeats(hold: Hold, why: HoldReason, from_date: date, until_date: date | None) -> bool:
    if hold.ended_on is not None or hold.reason is not why:
        return False
    return (hold.from_date, hold.until_date) == (from_date, until_date) or (not why.temporary and hold.from_date <= from_date)


def _activation(request: Request, current: Sequence[Hold], *, enabled: bool) -> Meeting | None:
    """An activation ends absences; who left for good comes back with a contract, or with the desk's word (employees)."""
    if not current and enabled:
        return NothingToDo("La cuenta ya está activa.")
    lasting = [hold for hold in current if not hold.reason.temporary and hold.reason is not HoldReason.UNDELIVERED]
    contracted = [hold for hold in lasting if hold.reason is not HoldReason.RETIREMENT]
    if contracted and request.content.operation is Operation.ACTIVATE:
        return Contradiction(
            f"La cuenta está inactiva y no por una ausencia: {'; '.join(hold.said for hold in contracted)}. "
            "Si la persona tiene un contrato nuevo, pida la activación con su número y sus fechas."
        )
    return None


def unexplained(holds: Sequence[Hold], *, enabled: bool, by_us: bool, today: date) -> bool:
    """Whether only the desk can say that an account may be active again: it retired, or somebody else disabled it."""
    current = in_force(holds, today)
    retired = any(hold.reason is HoldReason.RETIREMENT for hold in current)
    return retired or (not enabled and not by_us)
