"""The month that a report is about: from 00:00 of its first day to 24:00 of its last, in the institution's zone."""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from config.dates import end_of_day, local_date, start_of_day
from config.errors import CannotRun
from intake.typed_text import quoted

_MONTHS = (
    "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre",
    "diciembre",
)  # fmt: skip
_TYPED = re.compile(r"([0-9]{4})[-/]([0-9]{1,2})")
_REMEDY = "Escríbalo con año y mes, como 2026-11."


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month. `first` is its first day in `zone`."""

    first: date
    zone: ZoneInfo

    @property
    def last(self) -> date:
        """Its last day."""
        return self.first.replace(day=monthrange(self.first.year, self.first.month)[1])

    @property
    def days(self) -> tuple[date, ...]:
        """Each of its days."""
        return tuple(self.first + timedelta(days=number) for number in range(self.last.day))

    @property
    def begin(self) -> datetime:
        """00:00 of its first day; aware UTC."""
        return start_of_day(self.first, self.zone)

    @property
    def end(self) -> datetime:
        """24:00 of its last day; aware UTC. What happened at this very instant belongs to the next month."""
        return end_of_day(self.last, self.zone)

    def holds(self, at: datetime | None) -> bool:
        """Whether an instant belongs to the month; None never does."""
        return at is not None and self.begin <= at < self.end

    @property
    def code(self) -> str:
        """`2026-11`: in names of files and on the command line."""
        return f"{self.first:%Y-%m}"

    @property
    def label(self) -> str:
        """`noviembre de 2026`."""
        return f"{_MONTHS[self.first.month - 1]} de {self.first.year}"


def read_month(text: str, zone: ZoneInfo, now: datetime) -> Month:
    """The month that was typed; empty: the last one that is over. Raises CannotRun for what is no month, or is yet to come."""
    today = local_date(now, zone)
    typed = text.strip()
    if not typed:
        return Month((today.replace(day=1) - timedelta(days=1)).replace(day=1), zone)
    found = _TYPED.fullmatch(typed)
    if found is None or not 1 <= int(found[2]) <= 12 or not 2000 <= int(found[1]) <= 2199:
        raise CannotRun(f"{quoted(text)} no es un mes.", remedy=_REMEDY)
    month = Month(date(int(found[1]), int(found[2]), 1), zone)
    if month.first > today:
        raise CannotRun(f"{month.label.capitalize()} aún no ha comenzado: no hay nada que informar.", remedy=_REMEDY)
    return month
