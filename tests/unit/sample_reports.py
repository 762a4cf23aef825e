"""What a report of November is counted from, as values; for the tests of the report and of its page."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from config.vocabulary import CaseNumber
from intake.reporting.gathering import Gathered
from intake.reporting.month import Month
from provision.journal.views import Told
from provision.procedure.model import EntryKind, Request, State
from tests.cases import NOW, opened, rules

BOGOTA = ZoneInfo("America/Bogota")
NOVEMBER = Month(date(2026, 11, 1), BOGOTA)
LATER = datetime(2026, 12, 3, 15, tzinfo=UTC)
HOUR = timedelta(hours=1)
CASE = CaseNumber("GU-2026-000001")


def gathered(*requests: Request, now: datetime = LATER, **parts: Any) -> Gathered:
    """What was read of these cases, as November's report takes it."""
    nothing = Gathered(NOVEMBER, rules(now), requests, {}, (), {}, (), (), (), {}, (), ())
    return replace(nothing, **parts)


def a_case(number: int = 1, **changes: Any) -> Request:
    """A case received on Monday 23 November at 08:00."""
    return replace(opened(number, at=NOW).request, **changes)


def told(hours: float, state: State, title: str = "Paso", kind: EntryKind = EntryKind.STEP) -> Told:
    """A line of the story, so many hours after reception."""
    return Told(NOW + HOUR * hours, state, kind, title, "")
