"""The clock of the 10 business hours: measured from the first submission, standing still during pauses (UPME, numeral 5)."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from config.institution import Deadlines
from provision.procedure import sla
from provision.procedure.acts import WaitingFor
from provision.procedure.lifecycle import advance
from provision.procedure.model import NotYet, Pause, Request, Settled, SlaMark, State
from tests.cases import NOW, opened, rules, rules_of

HOUR = timedelta(hours=1)
OPENING = datetime(2026, 11, 23, 12, 30, tzinfo=UTC)
"""Monday 07:30 in Bogota."""


def paused(*spans: tuple[float, float | None], why: WaitingFor = WaitingFor.SEAT) -> Request:
    """A request received at opening, with pauses so many hours after it."""
    pauses = tuple(
        Pause(OPENING + since * HOUR, OPENING + until * HOUR if until is not None else None, why) for since, until in spans
    )
    return replace(opened(at=OPENING).request, pauses=pauses)


def test_ten_business_hours_fall_due_on_the_second_day() -> None:
    """Received on Monday at 07:30: 9.5 h that day, due on Tuesday at 08:00, warned 2 h before by the clock."""
    clock = sla.measure(paused(), rules(OPENING + 3 * HOUR))
    assert (clock.elapsed_hours, clock.remaining_hours, clock.paused) == (3, 7, False)
    assert clock.due_at == datetime(2026, 11, 24, 13, 0, tzinfo=UTC)
    assert clock.warn_at == datetime(2026, 11, 23, 20, 30, tzinfo=UTC)


def test_a_pause_moves_the_due_time_by_its_business_hours() -> None:
    """Two hours of waiting for a seat are two hours more; a night in a pause is none."""
    assert sla.measure(paused((1, 3)), rules(OPENING + 4 * HOUR)).due_at == datetime(2026, 11, 24, 15, 0, tzinfo=UTC)
    over_night = sla.measure(paused((9, 24)), rules(OPENING + 25 * HOUR))
    assert (over_night.paused_hours, over_night.elapsed_hours) == (0.5, 10)


def test_while_it_stands_still_nothing_falls_due() -> None:
    """An open pause has no due time and no mark to wait for, and is told as a pause."""
    clock = sla.measure(paused((2, None)), rules(OPENING + 200 * HOUR))
    assert (clock.due_at, clock.warn_at, clock.paused, clock.elapsed_hours) == (None, None, True, 2)


def standing(state: State, waiting_for: WaitingFor | None, request: Request | None = None) -> Request:
    """A request that stands so."""
    return replace(request or opened(at=OPENING).request, state=state, waiting_for=waiting_for)


def test_waits_that_count_and_waits_that_do_not() -> None:
    """A seat, a mailbox, the requester and a date pause the clock; a retry, the synchronisation and the desk do not."""
    for waiting in WaitingFor:
        pauses = sla.pausing(standing(State.WAITING, waiting), rules())
        assert bool(pauses) == (waiting.pauses_clock or waiting.is_confirmation)
    assert sla.pausing(standing(State.IN_PROGRESS, WaitingFor.SEAT), rules()) == ()


def test_policy_says_whether_waiting_for_a_persons_word_counts() -> None:
    """By default it does not; where it does, the other pauses stay what they are."""
    by = rules_of(deadlines=Deadlines(confirmations_stop_clock=False))
    for waiting in WaitingFor:
        assert bool(sla.pausing(standing(State.WAITING, waiting), by)) == waiting.pauses_clock


def test_one_wait_after_another_is_two_pauses() -> None:
    """The first ends where the second begins; the same wait goes on as one."""
    seat = standing(State.WAITING, WaitingFor.SEAT)
    first = replace(seat, pauses=sla.pausing(seat, rules()))
    assert sla.pausing(first, rules(NOW + HOUR)) == first.pauses
    mailbox = standing(State.WAITING, WaitingFor.MAILBOX, first)
    assert [(pause.since, pause.until, pause.why) for pause in sla.pausing(mailbox, rules(NOW + HOUR))] == [
        (NOW, NOW + HOUR, WaitingFor.SEAT),
        (NOW + HOUR, None, WaitingFor.MAILBOX),
    ]


def test_what_was_attended_pauses_no_more() -> None:
    """A return or a first use that is watched is no pause, and an open one ended when it was attended."""
    seat = standing(State.WAITING, WaitingFor.SEAT)
    paused_since = replace(seat, pauses=sla.pausing(seat, rules()))
    followed = replace(standing(State.FOLLOWED_UP, WaitingFor.RETURN_DATE, paused_since), attended_at=NOW + HOUR)
    (pause,) = sla.pausing(followed, rules(NOW + 90 * HOUR))
    assert (pause.since, pause.until) == (NOW, NOW + HOUR)


def test_a_request_is_warned_once_then_marked_once_and_never_unmarked() -> None:
    """It wakes at the mark by itself, tells it once, and an edit or a pause later takes nothing back."""
    wanted = advance(opened(at=OPENING).request, [], rules(OPENING))
    assert wanted.effect is not None
    far = OPENING + timedelta(days=30)
    waiting = advance(wanted.request, [Settled(wanted.effect, NotYet(WaitingFor.RETRY, far, "x"))], rules(OPENING))
    told = []
    while waiting.wake_at is not None and waiting.wake_at < far:
        now = waiting.wake_at
        waiting = advance(waiting.request, [], rules(now))
        told += [(entry.title, now) for entry in waiting.entries]
    assert told == [
        ("Plazo por vencer", datetime(2026, 11, 23, 20, 30, tzinfo=UTC)),
        ("Plazo vencido", datetime(2026, 11, 24, 13, 0, tzinfo=UTC)),
    ]
    assert wanted.effect is not None
    seat = Settled(wanted.effect, NotYet(WaitingFor.SEAT, far, "x"))
    assert advance(waiting.request, [seat], rules(OPENING + timedelta(days=3))).request.sla is SlaMark.MISSED


def test_an_attended_request_keeps_its_time() -> None:
    """Measured when it was attended, however long it is followed up and whenever it is closed."""
    attended = replace(paused((1, 2)), state=State.FOLLOWED_UP, attended_at=OPENING + 5 * HOUR)
    for request in (attended, replace(attended, state=State.DONE, closed_at=OPENING + 90 * HOUR)):
        for days in (0, 3, 400):
            clock = sla.measure(request, rules(OPENING + 5 * HOUR + timedelta(days=days)))
            assert (clock.elapsed_hours, clock.due_at, clock.warn_at) == (4, None, None)
            assert sla.mark(request, rules(OPENING + timedelta(days=400))) is SlaMark.ON_TIME


def test_a_closed_request_keeps_its_time() -> None:
    """Measured at its closing, however much later somebody looks."""
    closed = replace(paused((1, 2)), state=State.DONE, closed_at=OPENING + 5 * HOUR)
    for days in (0, 3, 400):
        clock = sla.measure(closed, rules(OPENING + 5 * HOUR + timedelta(days=days)))
        assert (clock.elapsed_hours, clock.due_at) == (4, None)


cuts = st.lists(st.floats(0, 400, allow_nan=False), min_size=0, max_size=8).map(sorted)


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(cuts, st.floats(0, 500, allow_nan=False))
def test_elapsed_and_paused_always_add_up(cuts: Sequence[float], at: float) -> None:
    """Whatever the pauses, the hours that count and those that do not are all the business hours there were."""
    spans = [(one, other) for one, other in zip(cuts[::2], cuts[1::2], strict=False) if other <= at]
    now = OPENING + at * HOUR
    request = paused(*spans)
    clock = sla.measure(request, rules(now))
    total = rules(now).calendar.business_hours_between(OPENING, now)
    assert abs(clock.elapsed_hours + clock.paused_hours - total) < 1e-6
    if clock.due_at is not None and clock.remaining_hours > 1e-6:
        assert clock.due_at > now
