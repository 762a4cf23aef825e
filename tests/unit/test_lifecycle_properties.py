"""`advance` under any sequence of outcomes, edits, desk actions and time: what always holds."""

import random
from datetime import datetime, timedelta
from functools import reduce
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.vocabulary import CaseNumber
from provision.journal.stored import dump_request, load_request
from provision.procedure import sla
from provision.procedure.acts import CONFIRMED_BY, Act, WaitingFor
from provision.procedure.courses import ADMITTED, next_step, steps_of
from provision.procedure.lifecycle import advance, open_request
from provision.procedure.model import (
    Course,
    DeskAsked,
    Diverted,
    Done,
    Failed,
    Request,
    Resubmitted,
    Settled,
    SlaMark,
    State,
    StepKey,
    SteppedBack,
)
from provision.procedure.resubmission import begun, changed_identity
from provision.procedure.steps import needs_second_person
from provision.procedure.submission import Defective, Submission
from tests.cases import (
    BOSS,
    DEFECTIVE,
    DELETE,
    EVERY_OPERATION,
    GRANTED,
    NOW,
    REFUSED,
    SUBJECT,
    contractor,
    inactive,
    received,
    rules,
)
from tests.unit.advancing import SECOND_PERSON
from tests.unit.lives import Happening, Lives, Word, live, lives, signals_of

APPROVED = frozenset({StepKey(Act.APPROVE), StepKey(Act.MAIL_APPROVER)})
DONE_ANEW = APPROVED | {
    ADMITTED,
    StepKey(Act.RESERVE_NAME),
    StepKey(Act.RESERVE_SEAT),
    StepKey(Act.CONFIRM_IDENTITY),
    StepKey(Act.CONFIRM_ACTIVATION),
    StepKey(Act.PLAN_CHANGES),
    StepKey(Act.PLACE_HOLD),
    StepKey(Act.MAIL_SCHEDULED),
}
"""What other answers, or a name lost, make the program do again."""
BEFORE_APPROVAL = frozenset({Act.REGISTER_TICKET, Act.CHECK_ACCOUNT, Act.RELEASE_RESERVATIONS})
SAID_BY_SOMEBODY = frozenset(CONFIRMED_BY.values()) | {WaitingFor.ADMISSION}
"""The waits that no time ends."""

a_few = settings(max_examples=60, deadline=None, derandomize=True, database=None)


@a_few
@given(lives)
def test_a_closed_request_never_changes(life: Lives) -> None:
    """Whatever is signalled and however late, it stays as it closed and wants nothing."""
    for before, _, _, after in life:
        if before.request.state.closed:
            assert (after.request, after.effect, after.wake_at) == (before.request, None, None)
        assert after.request.state.closed == (after.request.closed_at is not None)


@a_few
@given(lives)
def test_what_is_wanted_is_the_next_step_and_nothing_else(life: Lives) -> None:
    """At most one effect: the first step of the course that is not done; none for a closed request or one held."""
    for _, _, now, after in life:
        request, effect = after.request, after.effect
        if effect is not None:
            step = next_step(request, rules(now))
            assert step is not None
            assert (effect.case, effect.act, effect.step) == (request.case, step.act, step.key(request.round))
            assert effect.step not in request.done
            assert not request.state.closed
            assert request.state is not State.NEEDS_ATTENTION
        assert len(steps_of(request, rules(now))) == len({step.key(1) for step in steps_of(request, rules(now))})


@a_few
@given(lives)
def test_nothing_spins_and_nothing_is_forgotten(life: Lives) -> None:
    """Without an effect a request wakes later than now; an open one that nobody holds always wakes some time."""
    for _, _, now, after in life:
        request = after.request
        if after.effect is None:
            assert after.wake_at is None or after.wake_at > now
            asleep = request.state.closed or request.state is State.NEEDS_ATTENTION or request.waiting_for in SAID_BY_SOMEBODY
            assert asleep or request.wake_at is not None
        if request.state in {State.WAITING, State.FOLLOWED_UP} and after.effect is None:
            assert request.waiting_for is not None
            assert (request.wake_at is None) == (request.waiting_for in SAID_BY_SOMEBODY)
        if request.state is State.NEEDS_ATTENTION:
            assert request.wake_at is None
            assert request.waiting_for is WaitingFor.DESK


@a_few
@given(lives)
def test_steps_done_and_facts_known_are_kept(life: Lives) -> None:
    """Only what was decided on former answers is ever done anew, and only before anything was done to an account."""
    for before, signals, _, after in life:
        lost = before.request.done - after.request.done
        assert lost <= DONE_ANEW
        stepped_back = any(isinstance(each, Settled) and isinstance(each.outcome, SteppedBack) for each in signals)
        if lost - APPROVED and not stepped_back:
            assert before.request.facts.account_id is None
            assert not begun(before.request)
        known, knows = before.request.facts, after.request.facts
        assert known.account_id in {None, knows.account_id}
        assert known.ticket in {None, knows.ticket}
        assert after.request.round >= before.request.round


@a_few
@given(lives)
def test_an_account_that_exists_stays_the_account_of_its_person(life: Lives) -> None:
    """No edit changes whose account it is, and no action cancels away one whose access data somebody received."""
    for before, _, _, after in life:
        if before.request.facts.account_id is not None:
            assert isinstance(after.request.content, Defective) or not changed_identity(
                before.request.content, after.request.content
            )
            if before.request.facts.access_sent_to is not None:
                assert after.request.course is not Course.CANCEL or before.request.course is Course.CANCEL


@a_few
@given(lives)
def test_nothing_is_taken_from_anybody_without_the_words_it_needs(life: Lives) -> None:
    """No account is disabled before the run's sum let it in, nor deleted before all it depends on; approved if need be."""
    for _, _, _, after in life:
        request, effect = after.request, after.effect
        if effect is None or request.course is not Course.ATTEND:
            continue
        if effect.step == StepKey(Act.APPLY_HOLDS):
            assert ADMITTED in request.done
        if effect.act is Act.DELETE_ACCOUNT:
            verified = {Act.APPROVE, Act.APPLY_HOLDS, Act.BACK_UP, Act.CONFIRM_PC_BACKUP, Act.CONFIRM_PC_WIPE}
            assert {StepKey(act) for act in verified} <= request.done
        if effect.act is Act.REMOVE_COMPUTERS:
            assert StepKey(Act.CONFIRM_PC_BACKUP) in request.done
        if effect.act is Act.RECORD_ADDRESS:
            assert {StepKey(Act.APPROVE), StepKey(Act.MAIL_OLD_ADDRESS)} <= request.done
        if needs_second_person(request, rules().policy) and effect.act not in BEFORE_APPROVAL:
            assert request.approval is not None


@a_few
@given(lives)
def test_a_second_person_is_somebody_else(life: Lives) -> None:
    """Whoever is recorded as having approved is neither the requester nor the person concerned."""
    for _, _, _, after in life:
        if after.request.approval is not None:
            assert after.request.approval.by == SECOND_PERSON.address
            assert after.request.approval.by not in {after.request.requester, SUBJECT.mail_address}


@a_few
@given(lives)
def test_what_was_attended_stays_attended(life: Lives) -> None:
    """Nothing that happens later changes when, the answers or the course; its clock never pauses again."""
    for before, _, now, after in life:
        if before.request.attended_at is None:
            continue
        assert after.request.attended_at == before.request.attended_at
        assert (after.request.content, after.request.course) == (before.request.content, before.request.course)
        assert after.request.pauses == before.request.pauses
        assert sla.measure(after.request, rules(now)).elapsed_hours == sla.measure(before.request, rules(now)).elapsed_hours
        assert after.request.state in {State.FOLLOWED_UP, State.NEEDS_ATTENTION, State.DONE}


@a_few
@given(lives)
def test_the_clock_is_sound(life: Lives) -> None:
    """Pauses follow one another, none is open in a request that moves, a mark is never taken back, no time is negative."""
    order = list(SlaMark)
    for before, _, now, after in life:
        pauses = after.request.pauses
        assert all(one.until is not None and one.until <= other.since for one, other in pairwise(pauses))
        clock = sla.measure(after.request, rules(now))
        assert clock.elapsed_hours >= 0
        assert clock.paused_hours >= 0
        is_open = bool(pauses) and pauses[-1].until is None
        assert clock.paused == is_open
        waiting_for = after.request.waiting_for
        stands_still = waiting_for is not None and (waiting_for.pauses_clock or waiting_for.is_confirmation)
        assert is_open == (stands_still and after.request.state in {State.WAITING, State.NEEDS_CORRECTION})
        assert after.request.sla is SlaMark.MISSED or before.request.sla is not SlaMark.MISSED
        assert order.index(after.request.sla) >= 0


@a_few
@given(lives)
def test_every_request_survives_the_journal(life: Lives) -> None:
    """What is written is what is read."""
    for _, _, _, after in life:
        assert load_request(dump_request(after.request)) == after.request


@a_few
@given(st.lists(lives, min_size=1, max_size=3))
def test_signals_one_by_one_or_together_lead_to_the_same_place(some: list[Lives]) -> None:
    """Two desk actions in one advance are as two advances at the same instant."""
    for life in some:
        if not life:
            continue
        request, now = life[-1][3].request, life[-1][2]
        both = [DeskAsked("Reintentar", "mesa"), DeskAsked("Cancelar", "mesa")]
        together = advance(request, both, rules(now)).request

        def one(was: Request, signal: DeskAsked, now: datetime = now) -> Request:
            return advance(was, [signal], rules(now)).request

        apart = reduce(one, both, request)
        assert (together.course, together.state.closed) == (apart.course, apart.state.closed)


def test_every_state_and_every_course_can_be_reached() -> None:
    """Nothing in the vocabulary is dead."""
    chance = random.Random(7)
    often: list[Happening] = [*[Done()] * 12, *[Word.YES] * 6, *[timedelta(days=9)] * 2]
    seldom: list[Happening] = [
        DeskAsked("Cancelar", "mesa"),
        Failed("x"),
        Diverted(Course.HAS_ACCOUNT, "ya tiene"),
        Diverted(Course.NOTHING_TO_DO, "ya está así"),
        Resubmitted(contractor("999"), GRANTED, BOSS),
    ]
    states: set[State] = set()
    courses: set[Course] = set()
    for content in (contractor(), DEFECTIVE, inactive(), DELETE):
        for authorisation, duplicate_of in ((GRANTED, None), (REFUSED, None), (GRANTED, CaseNumber("GU-2026-000009"))):
            beginning = open_request(received(1, content, authorisation, duplicate_of=duplicate_of), rules())
            for _ in range(15):
                for before, _, _, after in live(beginning, [chance.choice([*often, *seldom]) for _ in range(24)]):
                    states |= {before.request.state, after.request.state}
                    courses |= {before.request.course, after.request.course}
    assert states == set(State)
    assert courses == set(Course)


@pytest.mark.parametrize("content", EVERY_OPERATION)
def test_every_operation_ends_when_everybody_says_yes(content: Submission) -> None:
    """Whatever is asked for, done at once, confirmed when asked and waited for as long as it takes: the case ends as done."""
    before, now = open_request(received(1, content), rules()), NOW
    for _ in range(80):
        if before.request.state.closed:
            break
        signals = signals_of(Done() if before.effect is not None else Word.YES, before, now)
        if not signals and before.effect is None and before.wake_at is not None:
            now = max(now, before.wake_at)
        before = advance(before.request, signals, rules(now))
    assert before.request.state is State.DONE
    assert before.request.attended_at is not None
