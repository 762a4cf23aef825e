"""Holds, not switches: an account works exactly on the days on which no hold is in force.

Pure. Dates are days in the institution's zone; so overlapping leave, suspension and termination come out right in any order
of arrival.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from config.vocabulary import HOLD_LABELS, CaseNumber, HoldReason


@dataclass(frozen=True, slots=True)
class Hold:
    """One reason to be inactive, brought by one case."""

    case: CaseNumber
    reason: HoldReason
    from_date: date
    """The first day without access."""
    until_date: date | None = None
    """The last day without access; None: no end."""
    ended_on: date | None = None
    """The first day on which somebody's decision (an activation, an extension, a cancellation) lifted it; None: nobody's."""

    def in_force(self, day: date) -> bool:
        """Whether it keeps the account inactive on this day."""
        if day < self.from_date or (self.until_date is not None and day > self.until_date):
            return False
        return self.ended_on is None or day < self.ended_on

    @property
    def said(self) -> str:
        """As people read it."""
        until = f" hasta el {self.until_date:%d/%m/%Y}" if self.until_date else ""
        return f"{HOLD_LABELS[self.reason]} desde el {self.from_date:%d/%m/%Y}{until} ({self.case})"


def in_force(holds: Iterable[Hold], day: date) -> tuple[Hold, ...]:
    """The holds that keep an account inactive on this day, in their order."""
    return tuple(hold for hold in holds if hold.in_force(day))


def works_on(holds: Iterable[Hold], day: date) -> bool:
    """Whether the account works on this day, as far as holds decide."""
    return not in_force(holds, day)


def returns_on(holds: Iterable[Hold], day: date) -> date | None:
    """The first day from `day` on which the account works; None: no such day is known."""
    known = tuple(holds)
    while current := in_force(known, day):
        ends = [_first_day_after(hold) for hold in current]
        later = [end for end in ends if end is not None]
        if len(later) < len(ends):
            return None
        day = max(later)
    return day


def _first_day_after(hold: Hold) -> date | None:
    after = hold.until_date + timedelta(days=1) if hold.until_date is not None else None
    known = [day for day in (after, hold.ended_on) if day is not None]
    return min(known, default=None)
