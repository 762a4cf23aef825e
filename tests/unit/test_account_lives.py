"""The calendar of holds: an account works exactly on the days that its bars leave free."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.vocabulary import CaseNumber, HoldReason
from intake.account_lives import AccountLife, LivedHold, Window, draw
from provision.procedure.holds import Hold

FIRST = date(2026, 11, 30)
LAST = FIRST + timedelta(days=34)
WINDOW = Window(FIRST, LAST, lambda day: day.weekday() < 5)
CASE = CaseNumber("GU-2026-000001")

days = st.integers(-5, 40).map(lambda number: FIRST + timedelta(days=number))


def life(*holds: LivedHold, created: date | None = None, deleted: date | None = None) -> AccountLife:
    """An account with these holds."""
    return AccountLife("Óscar León", "oscar.leon@upme.gov.co", holds, created, deleted)


def held(begins: date, until: date | None = None, ended_on: date | None = None, cancelled_on: date | None = None) -> LivedHold:
    """A leave."""
    return LivedHold(Hold(CASE, HoldReason.LEAVE, begins, until, ended_on), cancelled_on)


def test_a_hold_is_drawn_up_to_its_last_day() -> None:
    """From its first day to the end of its last one, as a share of the calendar."""
    drawn = draw([life(held(date(2026, 12, 7), date(2026, 12, 13)))], WINDOW)
    bar = drawn.accounts[0].bars[0]
    assert (bar.x, bar.width) == ("20.00%", "20.00%")
    assert drawn.accounts[0].legend[0].text == "Licencia, 7 dic a 13 dic"


def test_a_hold_without_an_end_reaches_the_calendars_end() -> None:
    """And the account has no access from its first day on."""
    drawn = draw([life(held(date(2026, 12, 7)))], WINDOW).accounts[0]
    assert [bar.kind for bar in drawn.bars] == ["h1 open", "s-on", "s-off"]
    assert drawn.bars[0].width == drawn.bars[2].width == "80.00%"


def test_a_hold_that_was_lifted_ends_there() -> None:
    """An activation on 15 December ends a leave until 31 December, and says so."""
    drawn = draw([life(held(date(2026, 12, 3), date(2026, 12, 31), date(2026, 12, 15)))], WINDOW).accounts[0]
    assert [bar.kind for bar in drawn.bars] == ["h1", "s-on", "s-off", "s-on"]
    assert drawn.legend[0].text == "Licencia, 3 dic a 31 dic; levantada el 15 dic"


def test_a_cancelled_hold_is_shown_as_long_as_it_was() -> None:
    """The journal counts it as never in force, but nobody got in on those days."""
    cancelled = held(date(2026, 12, 17), None, date(2026, 12, 17), date(2026, 12, 18))
    assert life(cancelled).state(date(2026, 12, 17)) == "off"
    assert life(cancelled).state(date(2026, 12, 18)) == "on"


def test_before_its_creation_and_after_its_deletion_there_is_nothing() -> None:
    """An account that was made on the second day and deleted on the eighth, in the middle of a hold."""
    one = life(held(date(2026, 12, 4)), created=date(2026, 12, 1), deleted=date(2026, 12, 7))
    assert [one.state(day) for day in (FIRST, date(2026, 12, 1), date(2026, 12, 4), date(2026, 12, 7))] == [
        "none", "on", "off", "none",
    ]  # fmt: skip
    drawn = draw([one], WINDOW).accounts[0]
    assert drawn.deleted == "7 dic"
    assert drawn.bars[0].width == f"{3 / 35 * 100:.2f}%"


def test_weeks_and_free_days_stand_on_the_calendar() -> None:
    """Each Monday whose name has room is named, and every day on which nobody works is marked."""
    drawn = draw([], WINDOW)
    assert [mark.text for mark in drawn.weeks] == ["30 nov", "7 dic", "14 dic", "21 dic", "28 dic"]
    assert len(drawn.free_days) == 10


@given(st.lists(st.tuples(days, st.none() | st.integers(0, 20), st.none() | days), max_size=4))
def test_bars_stay_inside_and_the_last_line_tells_of_every_day(holds: list[tuple[date, int | None, date | None]]) -> None:
    """Whatever the holds, each day of the calendar is drawn once, with or without access."""
    one = life(
        *(
            held(begins, begins + timedelta(days=length) if length is not None else None, ended)
            for begins, length, ended in holds
        )
    )
    bars = draw([one], WINDOW).accounts[0].bars
    for bar in bars:
        x, width = float(bar.x.rstrip("%")), float(bar.width.rstrip("%"))
        assert 0 <= x <= x + width <= 100.02
    states = [float(bar.width.rstrip("%")) for bar in bars if bar.kind.startswith("s-")]
    assert sum(states) == pytest.approx(100, abs=0.5)
