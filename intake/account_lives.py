"""The holds of accounts on one calendar, as a page draws them: each hold a bar, and below them whether the account worked.

Pure. Dates are days in the institution's zone; positions are shares of the calendar's width, as SVG reads them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby

from config.vocabulary import HOLD_LABELS, HoldReason
from provision.procedure.holds import Hold

_DAY = timedelta(days=1)
_MONTHS = ("ene", "feb", "mar", "abr", "may", "jun", "jul", "ago", "sep", "oct", "nov", "dic")
_LINE = 15
"""Height of a bar with its gap."""
_LAST_NAMED = 0.95
"""Where on the calendar a name would no longer fit."""
_COLOURS = {reason: number for number, reason in enumerate(HoldReason)}


@dataclass(frozen=True, slots=True)
class LivedHold:
    """A hold, and the first day without it when its case was cancelled: the journal then counts it as never in force."""

    hold: Hold
    cancelled_on: date | None = None

    def inactive(self, day: date) -> bool:
        """Whether it kept the account inactive on that day."""
        if self.cancelled_on is not None:
            return self.hold.from_date <= day < self.cancelled_on
        return self.hold.in_force(day)


@dataclass(frozen=True, slots=True)
class AccountLife:
    """An account with all its holds, in the order in which they came. `created` and `deleted`: the day, if it was one."""

    name: str
    account: str
    holds: tuple[LivedHold, ...]
    created: date | None = None
    deleted: date | None = None

    def state(self, day: date) -> str:
        """What the account was on that day: "none", "off" or "on"."""
        if (self.created is not None and day < self.created) or (self.deleted is not None and day >= self.deleted):
            return "none"
        return "off" if any(hold.inactive(day) for hold in self.holds) else "on"


@dataclass(frozen=True, slots=True)
class Window:
    """The days that are drawn, both included, and which of them the institution works."""

    first: date
    last: date
    is_working_day: Callable[[date], bool]

    @property
    def days(self) -> list[date]:
        """Each of them."""
        return [self.first + _DAY * number for number in range((self.last - self.first).days + 1)]

    def share(self, day: date) -> float:
        """Where a day begins."""
        return min(max((day - self.first) / _DAY / len(self.days), 0.0), 1.0)


@dataclass(frozen=True, slots=True)
class Bar:
    """A stretch of days; `x`, `width` in percent, `y` in pixels. `kind` is its class, `said` what it is (Spanish)."""

    x: str
    width: str
    y: int
    kind: str
    said: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A text at a place of the calendar."""

    x: str
    text: str


@dataclass(frozen=True, slots=True)
class LegendLine:
    """What a bar's colour means, and the case that brought it."""

    kind: str
    text: str
    case: str


@dataclass(frozen=True, slots=True)
class DrawnLife:
    """One account of the calendar."""

    life: AccountLife
    height: int
    bars: tuple[Bar, ...]
    legend: tuple[LegendLine, ...]
    said: str
    """All of it in words."""
    deleted: str = ""
    """The day of its deletion, if it was deleted."""


@dataclass(frozen=True, slots=True)
class DrawnCalendar:
    """The whole calendar: its weeks, the days on which nobody works, and each account."""

    weeks: tuple[Mark, ...]
    free_days: tuple[Bar, ...]
    accounts: tuple[DrawnLife, ...]


def draw(lives: Sequence[AccountLife], window: Window) -> DrawnCalendar:
    """The calendar of these accounts."""
    named = [day for day in window.days if day.weekday() == 0 or day == window.first]
    mondays = [day for day in named if window.share(day) < _LAST_NAMED]
    return DrawnCalendar(
        weeks=tuple(Mark(_percent(window.share(day)), _spoken(day)) for day in mondays),
        free_days=tuple(
            _bar(window, day, day + _DAY, 0, "free", _spoken(day)) for day in window.days if not window.is_working_day(day)
        ),
        accounts=tuple(_drawn(life, window) for life in lives),
    )


def _drawn(life: AccountLife, window: Window) -> DrawnLife:
    bars = []
    for number, lived in enumerate(life.holds):
        ends = min(_end(lived, window), life.deleted or date.max)
        if ends > lived.hold.from_date:
            kind = f"h{_COLOURS[lived.hold.reason]}{' open' if lived.hold.until_date is None else ''}"
            bars.append(_bar(window, lived.hold.from_date, ends, number * _LINE, kind, _period(lived)))
    below = len(life.holds) * _LINE
    for state, days in groupby(window.days, key=life.state):
        stretch = list(days)
        if state != "none":
            said = "Con acceso" if state == "on" else "Sin acceso"
            bars.append(
                _bar(window, stretch[0], stretch[-1] + _DAY, below, f"s-{state}", f"{said} desde el {_spoken(stretch[0])}")
            )
    legend = tuple(
        LegendLine(f"h{_COLOURS[lived.hold.reason]}", f"{HOLD_LABELS[lived.hold.reason]}, {_period(lived)}", lived.hold.case)
        for lived in life.holds
    )
    deleted = _spoken(life.deleted) if life.deleted else ""
    said = "; ".join([*(line.text for line in legend), *([f"eliminada el {deleted}"] if deleted else [])])
    return DrawnLife(life, below + _LINE, tuple(bars), legend, said, deleted)


def _end(lived: LivedHold, window: Window) -> date:
    """The first day after a hold, as far as the calendar shows."""
    if lived.cancelled_on is not None:
        return lived.cancelled_on
    hold = lived.hold
    ends = [hold.until_date + _DAY if hold.until_date else None, hold.ended_on, window.last + _DAY]
    return min(day for day in ends if day is not None)


def _period(lived: LivedHold) -> str:
    hold = lived.hold
    text = (
        f"desde el {_spoken(hold.from_date)}"
        if hold.until_date is None
        else f"{_spoken(hold.from_date)} a {_spoken(hold.until_date)}"
    )
    if lived.cancelled_on is not None:
        return f"{text}; cancelada el {_spoken(lived.cancelled_on)}"
    if hold.ended_on is not None and (hold.until_date is None or hold.ended_on <= hold.until_date):
        return f"{text}; levantada el {_spoken(hold.ended_on)}"
    return text


def _bar(window: Window, begins: date, ends: date, y: int, kind: str, said: str) -> Bar:
    x = window.share(begins)
    return Bar(_percent(x), _percent(window.share(ends) - x), y, kind, said)


def _percent(share: float) -> str:
    return f"{share * 100:.2f}%"


def _spoken(day: date) -> str:
    return f"{day.day} {_MONTHS[day.month - 1]}"
