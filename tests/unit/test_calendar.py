"""Business days and hours, dates and clocks: numeral 5 of the UPME procedure."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.calendar import BusinessCalendar
from config.clock import SimulatedClock, system_clock
from config.dates import end_of_day, local_date, start_of_day
from config.errors import CannotRun
from config.institution import BusinessHours

BOGOTA = ZoneInfo("America/Bogota")
CALENDAR = BusinessCalendar(BusinessHours(), BOGOTA)
MINUTE = timedelta(minutes=1)


def bogota(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    """An instant as a person in Bogota writes it."""
    return datetime(year, month, day, hour, minute, tzinfo=BOGOTA)


instants = st.timedeltas(timedelta(0), timedelta(days=420)).map(lambda after: datetime(2025, 12, 1, tzinfo=UTC) + after)
spans = st.timedeltas(timedelta(0), timedelta(hours=120))


def test_ten_hours_from_a_friday_afternoon_end_on_the_tuesday_after_a_holiday_monday() -> None:
    """10 business hours from Friday 16:00 skip the weekend and the holiday of the law of 2026 (13 July)."""
    due = CALENDAR.add_business_hours(bogota(2026, 7, 10, 16), 10)
    assert due == bogota(2026, 7, 14, 16, 30)
    assert due.tzinfo is UTC
    assert CALENDAR.business_hours_between(bogota(2026, 7, 10, 16), due) == 10


def test_a_working_day_has_nine_and_a_half_hours() -> None:
    """Monday to Friday 07:30 to 17:00; before, after and at the weekend nothing counts."""
    assert CALENDAR.business_hours_between(bogota(2026, 11, 23), bogota(2026, 11, 24)) == 9.5
    assert CALENDAR.business_hours_between(bogota(2026, 11, 21), bogota(2026, 11, 23, 7, 30)) == 0
    assert CALENDAR.business_hours_between(bogota(2026, 11, 23, 17), bogota(2026, 11, 24, 7, 30)) == 0


def test_a_deadline_at_the_end_of_a_day_falls_at_closing_time() -> None:
    """The whole of a working day ends at 17:00, not at the next opening."""
    assert CALENDAR.add_business_hours(bogota(2026, 11, 23, 7, 30), 9.5) == bogota(2026, 11, 23, 17)


def test_no_hours_leave_the_instant_alone() -> None:
    """Adding nothing on a Sunday stays on that Sunday."""
    assert CALENDAR.add_business_hours(bogota(2026, 11, 22, 3), 0) == bogota(2026, 11, 22, 3)


def test_hours_backwards_are_negative() -> None:
    """What is overdue is counted in the other direction, by as much."""
    earlier, later = bogota(2026, 11, 23, 8), bogota(2026, 11, 24, 8)
    assert CALENDAR.business_hours_between(later, earlier) == -CALENDAR.business_hours_between(earlier, later) == -9.5


@pytest.mark.parametrize(
    ("day", "open_"),
    [
        (date(2026, 7, 13), False),  # Nuestra Señora de Chiquinquirá, Ley 2578 de 2026
        (date(2027, 7, 12), False),
        (date(2026, 7, 20), False),  # Independencia
        (date(2026, 11, 2), False),  # Todos los Santos, moved to Monday
        (date(2026, 12, 25), False),
        (date(2026, 11, 21), False),  # Saturday
        (date(2026, 11, 23), True),
        (date(2026, 12, 24), True),
    ],
)
def test_colombian_holidays(day: date, *, open_: bool) -> None:
    """Colombian holidays are no business days, the one of 2026 among them."""
    assert CALENDAR.is_business_day(day) is open_


def test_the_institution_adds_and_removes_holidays() -> None:
    """Its own days off count as holidays, and a holiday it works on is a business day."""
    hours = BusinessHours(extra_holidays=(date(2026, 12, 24),), working_holidays=(date(2026, 7, 13),))
    calendar = BusinessCalendar(hours, BOGOTA)
    assert not calendar.is_business_day(date(2026, 12, 24))
    assert calendar.is_business_day(date(2026, 7, 13))


def test_business_days_are_counted_after_the_day_itself() -> None:
    """Five business days from a Thursday before a holiday Monday end on the Friday of the next week."""
    assert CALENDAR.add_business_days(date(2026, 7, 9), 5) == date(2026, 7, 17)
    assert CALENDAR.next_business_day(date(2026, 7, 10)) == date(2026, 7, 14)
    assert CALENDAR.add_business_days(date(2026, 7, 11), 0) == date(2026, 7, 14)
    assert CALENDAR.add_business_days(date(2026, 7, 14), 0) == date(2026, 7, 14)


def test_time_is_not_taken_away() -> None:
    """A negative number of hours or days is a mistake of the caller."""
    with pytest.raises(ValueError, match="added"):
        CALENDAR.add_business_hours(bogota(2026, 11, 23), -1)
    with pytest.raises(ValueError, match="added"):
        CALENDAR.add_business_days(date(2026, 11, 23), -1)
    with pytest.raises(ValueError, match="at least one"):
        CALENDAR.next_business_day(date(2026, 11, 23), 0)


def test_an_unknown_country_says_what_to_mend() -> None:
    """A country without a holiday calendar stops the run and names the key."""
    calendar = BusinessCalendar(BusinessHours(holidays_country="ZZ"), BOGOTA)
    with pytest.raises(CannotRun, match="holidays_country"):
        calendar.is_business_day(date(2026, 11, 23))


def test_a_naive_instant_is_refused() -> None:
    """An instant without its zone cannot be placed in a day."""
    with pytest.raises(ValueError, match="zone"):
        CALENDAR.add_business_hours(bogota(2026, 11, 23, 8).replace(tzinfo=None), 1)


def test_the_office_is_open_from_opening_to_before_closing() -> None:
    """07:30 is open, 17:00 is not."""
    assert CALENDAR.is_open(bogota(2026, 11, 23, 7, 30))
    assert not CALENDAR.is_open(bogota(2026, 11, 23, 17))
    assert not CALENDAR.is_open(bogota(2026, 11, 22, 10))


@given(start=instants, wanted=spans)
def test_adding_and_measuring_are_inverse(start: datetime, wanted: timedelta) -> None:
    """What was added is exactly what is measured, and no earlier instant has it."""
    end = CALENDAR.add_business_time(start, wanted)
    assert CALENDAR.business_time_between(start, end) == wanted
    if wanted:
        assert CALENDAR.business_time_between(start, end - timedelta(microseconds=1)) < wanted


@given(start=instants, first=spans, second=spans)
def test_adding_is_monotone_and_adds_up(start: datetime, first: timedelta, second: timedelta) -> None:
    """More hours never end earlier, and two additions are one."""
    together = CALENDAR.add_business_time(start, first + second)
    assert CALENDAR.add_business_time(start, first) <= together
    assert CALENDAR.add_business_time(CALENDAR.add_business_time(start, first), second) == together


@given(moments=st.lists(instants, min_size=3, max_size=3).map(sorted))
def test_measuring_adds_up(moments: list[datetime]) -> None:
    """From the first to the last is what lies before and after the one between."""
    first, middle, last = moments
    assert CALENDAR.business_time_between(first, last) == CALENDAR.business_time_between(
        first, middle
    ) + CALENDAR.business_time_between(middle, last)


@settings(max_examples=25, deadline=None)
@given(start=instants, minutes=st.integers(0, 6 * 24 * 60))
def test_it_agrees_with_counting_minute_by_minute(start: datetime, minutes: int) -> None:
    """A model that asks of every single minute whether the office was open gives the same sum."""
    first = start.replace(second=0, microsecond=0)
    counted = 0
    for index in range(minutes):
        local = (first + index * MINUTE).astimezone(BOGOTA)
        in_hours = (7, 30) <= (local.hour, local.minute) < (17, 0)
        counted += in_hours and CALENDAR.is_business_day(local.date())
    assert CALENDAR.business_time_between(first, first + minutes * MINUTE) == counted * MINUTE


@given(day=st.dates(date(2025, 1, 1), date(2027, 12, 31)), days=st.integers(1, 30))
def test_the_nth_business_day_has_that_many_business_days_before_it(day: date, days: int) -> None:
    """Between a day and its n-th business day lie exactly n, that one included."""
    found = CALENDAR.add_business_days(day, days)
    between = [day + timedelta(days=index) for index in range(1, (found - day).days + 1)]
    assert sum(CALENDAR.is_business_day(other) for other in between) == days
    assert CALENDAR.is_business_day(found)


def test_a_contract_day_ends_at_five_in_the_morning_utc() -> None:
    """24:00 in Bogota is 05:00Z of the next day: what accountExpires holds."""
    assert end_of_day(date(2026, 12, 31), BOGOTA) == datetime(2027, 1, 1, 5, tzinfo=UTC)
    assert start_of_day(date(2026, 12, 31), BOGOTA) == datetime(2026, 12, 31, 5, tzinfo=UTC)
    assert end_of_day(date(2026, 12, 31), BOGOTA).tzinfo is UTC
    assert local_date(datetime(2027, 1, 1, 4, 59, tzinfo=UTC), BOGOTA) == date(2026, 12, 31)


def test_a_zone_with_summer_time_keeps_its_short_and_long_days() -> None:
    """A day of 23 hours begins and ends at that zone's own midnights, and its working hours are whole."""
    madrid = ZoneInfo("Europe/Madrid")
    assert end_of_day(date(2026, 3, 29), madrid) - start_of_day(date(2026, 3, 29), madrid) == timedelta(hours=23)
    calendar = BusinessCalendar(BusinessHours(holidays_country="ES"), madrid)
    start = datetime(2026, 3, 27, 17, tzinfo=madrid)
    assert calendar.add_business_hours(start, 1) == datetime(2026, 3, 30, 8, 30, tzinfo=madrid)


def test_the_simulated_clock_moves_only_when_told() -> None:
    """It stands still, advances, and never goes back."""
    clock = SimulatedClock(bogota(2026, 11, 23, 8))
    assert clock() == clock() == datetime(2026, 11, 23, 13, tzinfo=UTC)
    assert clock.advance(timedelta(hours=1)) == clock() == datetime(2026, 11, 23, 14, tzinfo=UTC)
    with pytest.raises(ValueError, match="back"):
        clock.advance(-MINUTE)
    with pytest.raises(ValueError, match="zone"):
        clock.move_to(bogota(2027, 1, 1).replace(tzinfo=None))
    assert clock.move_to(bogota(2027, 1, 1)) == clock()


def test_the_system_clock_is_aware_utc() -> None:
    """Every instant of the program carries its zone."""
    assert system_clock().tzinfo is UTC
