"""Holds against a plain model: sets of days. Whatever overlaps, and whatever comes first, each day comes out right."""

from datetime import date, timedelta

from hypothesis import example, given, settings
from hypothesis import strategies as st

from config.vocabulary import HOLD_LABELS, CaseNumber, HoldReason
from provision.procedure.holds import Hold, in_force, returns_on, works_on

FIRST = date(2026, 11, 23)
DAYS = [FIRST + timedelta(days=number) for number in range(40)]

some_day = st.sampled_from(DAYS)
perhaps_a_day = st.none() | some_day


@st.composite
def holds(draw: st.DrawFn) -> Hold:
    """A hold as the program writes it: its last day is never before its first one; it may be lifted on any day."""
    first = draw(some_day)
    length = draw(st.none() | st.integers(0, 12))
    last = None if length is None else first + timedelta(days=length)
    case = CaseNumber(f"GU-2026-{draw(st.integers(1, 9)):06d}")
    return Hold(case, draw(st.sampled_from(HoldReason)), first, last, draw(perhaps_a_day))


several = st.lists(holds(), max_size=6)
often = settings(max_examples=150, deadline=None, derandomize=True, database=None)


def days_off(hold: Hold) -> set[date]:
    """The model: every single day on which this hold keeps somebody out, written down one by one."""
    last = hold.until_date or DAYS[-1] + timedelta(days=60)
    count = (last - hold.from_date).days + 1
    written = {hold.from_date + timedelta(days=number) for number in range(count)}
    return {day for day in written if hold.ended_on is None or day < hold.ended_on}


@often
@given(several)
def test_an_account_works_exactly_on_the_days_that_no_hold_takes(known: list[Hold]) -> None:
    """Day by day, as if each hold were a list of days."""
    off = set().union(*map(days_off, known))
    assert [day for day in DAYS if not works_on(known, day)] == [day for day in DAYS if day in off]


@often
@given(several.flatmap(lambda known: st.tuples(st.just(known), st.permutations(known))), some_day)
def test_the_order_of_arrival_does_not_matter(known: tuple[list[Hold], list[Hold]], day: date) -> None:
    """Leave, suspension and termination in any order give the same state and the same return."""
    one, other = known
    assert works_on(one, day) == works_on(other, day)
    assert returns_on(one, day) == returns_on(other, day)
    assert set(in_force(one, day)) == set(in_force(other, day))


@often
@given(several, some_day)
def test_the_return_is_the_first_day_that_a_search_day_by_day_finds(known: list[Hold], day: date) -> None:
    """None exactly when no day comes on which the account works."""
    off = set().union(*map(days_off, known))
    horizon = [day + timedelta(days=number) for number in range(len(DAYS) + 20)]
    found = next((each for each in horizon if each not in off), None)
    assert returns_on(known, day) == found


@often
@given(several, holds(), some_day)
def test_one_more_hold_never_lets_anybody_in(known: list[Hold], more: Hold, day: date) -> None:
    """An account works with it only if it works without it."""
    assert not works_on([*known, more], day) or works_on(known, day)


@often
@given(several, some_day)
def test_what_is_in_force_keeps_its_order_and_says_itself_in_spanish(known: list[Hold], day: date) -> None:
    """Each in force is one of those known, and its words name the reason, the dates and the case."""
    current = in_force(known, day)
    assert list(current) == [hold for hold in known if hold.in_force(day)]
    for hold in current:
        assert hold.said.startswith(f"{HOLD_LABELS[hold.reason]} desde el {hold.from_date:%d/%m/%Y}")
        assert hold.said.endswith(f"({hold.case})")
        assert ("hasta el" in hold.said) == (hold.until_date is not None)


@often
@given(holds())
@example(Hold(CaseNumber("GU-2026-000001"), HoldReason.VACATION, FIRST, FIRST, FIRST))
def test_a_hold_lifted_on_or_before_its_first_day_never_was(hold: Hold) -> None:
    """A cancelled request is no reason on any day."""
    if hold.ended_on is not None and hold.ended_on <= hold.from_date:
        assert not any(hold.in_force(day) for day in DAYS)


def test_a_retirement_during_a_vacation_stays_a_retirement() -> None:
    """The vacation's end brings nobody back."""
    vacation = Hold(CaseNumber("GU-2026-000001"), HoldReason.VACATION, DAYS[0], DAYS[10])
    retirement = Hold(CaseNumber("GU-2026-000002"), HoldReason.RETIREMENT, DAYS[5])
    assert returns_on([vacation], DAYS[0]) == DAYS[11]
    assert returns_on([vacation, retirement], DAYS[0]) is None
    assert returns_on([vacation, retirement], DAYS[4]) is None
