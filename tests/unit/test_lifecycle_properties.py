"""`advance` under any sequence of outcomes, edits, desk actions and time: what always holds."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import reduce
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from config.vocabulary import AccountType, CaseNumber, EmailAddress
from intake.board.port import DeskAction
from provision.journal.stored import dump_request, load_request
from provision.procedure import sla
from provision.procedure.lifecycle import advance, open_request
from provision.procedure.model import (
    Act,
    Advance,
    Course,
    DeskAsked,
    Diverted,
    Done,
    Effect,
    Facts,
    Failed,
    NotYet,
    Outcome,
    Request,
    Resubmitted,
    Settled,
    Signal,
    SlaMark,
    State,
    StepKey,
    SteppedBack,
    WaitingFor,
)
from provision.procedure.resubmission import changed_identity
from provision.procedure.steps import next_step, steps_of
from provision.procedure.submission import Authorisation, Defective, Problem, Submission
from tests.cases import BOSS, BY_HAND, DEFECTIVE, GENERIC, GRANTED, NOW, REFUSED, contractor, received, rules

PROBLEM = Problem("supervisor_email", "Correo del supervisor", "no existe.")
LEARNT = {
    Act.REGISTER_TICKET: Facts(ticket="T-1"),
    Act.RESERVE_SEAT: Facts(licence="STANDARDPACK"),
    Act.RESERVE_NAME: Facts(login="jose.munoz", mail_address="jose.munoz@entidad.gov.co"),
    Act.CREATE_ACCOUNT: Facts(account_id="guid-1"),
}

contents: st.SearchStrategy[Submission | Defective] = st.sampled_from(
    [
        contractor(),
        contractor(personal_email="otro@correo.example"),
        contractor("999"),
        contractor(start=date(2027, 1, 18), end=date(2027, 12, 31)),
        contractor(end=date(2026, 11, 30)),
        contractor(account_type=AccountType.OPERATOR),
        GENERIC,
        BY_HAND,
        DEFECTIVE,
    ]
)
authorisations: st.SearchStrategy[Authorisation] = st.sampled_from([GRANTED, GRANTED, GRANTED, REFUSED])
waits = st.timedeltas(timedelta(seconds=1), timedelta(days=3))
outcomes: st.SearchStrategy[Outcome | timedelta] = st.one_of(
    st.just(Done()),
    st.just(Done()),
    st.builds(Done, st.just(Facts()), st.text(max_size=5)),
    waits,
    st.builds(Failed, st.text(max_size=5)),
    st.just(Diverted(Course.CORRECT, "corrija", (PROBLEM,))),
    st.just(Diverted(Course.HAS_ACCOUNT, "ya tiene", facts=Facts(existing_login="x", existing_enabled=True))),
    st.just(SteppedBack(Act.RESERVE_NAME, "ocupado")),
)
edits = st.builds(Resubmitted, contents, authorisations, st.sampled_from([BOSS, EmailAddress("otra@entidad.gov.co"), None]))
asked = st.builds(DeskAsked, st.sampled_from([*DeskAction, "otra cosa", ""]), st.just("mesa"), st.text(max_size=9))
strangers = st.builds(lambda act, outcome: (act, outcome), st.sampled_from(Act), outcomes)
happenings = st.one_of(outcomes, outcomes, outcomes, edits, asked, strangers, st.timedeltas(timedelta(0), timedelta(days=9)))
Happening = Outcome | timedelta | Resubmitted | DeskAsked | tuple[Act, Outcome | timedelta]
beginnings = st.builds(
    received,
    st.just(1),
    contents,
    authorisations,
    requester=st.sampled_from([BOSS, None]),
    duplicate_of=st.sampled_from([None, None, CaseNumber("GU-2026-000009")]),
)


def settled(effect: Effect, outcome: Outcome | timedelta, now: datetime) -> Settled:
    """The signal of an effect; a time is a wait for so long, and a step that is done teaches what it teaches."""
    if isinstance(outcome, timedelta):
        return Settled(effect, NotYet(WaitingFor.RETRY, now + outcome, "espera"))
    if isinstance(outcome, Done):
        outcome = replace(outcome, facts=LEARNT.get(effect.act, Facts()))
    return Settled(effect, outcome)


def signals_of(happening: Happening, before: Advance, now: datetime) -> list[Signal]:
    """What the executor would hand over."""
    match happening:
        case Resubmitted() | DeskAsked():
            return [happening]
        case (Act() as act, outcome):
            request = before.request
            return [settled(Effect(request.case, act, StepKey(act.value), request.round), outcome, now)]
        case Done() | NotYet() | Failed() | Diverted() | SteppedBack() if before.effect is not None:
            return [settled(before.effect, happening, now)]
        case timedelta() if before.effect is not None and happening:
            return [settled(before.effect, happening, now)]
        case _:
            return []


def live(before: Advance, happened: Sequence[Happening]) -> list[tuple[Advance, tuple[Signal, ...], datetime, Advance]]:
    """What each happening led to: before, signals, when, after. A time lets it pass; everything else takes a minute."""
    told, now = [], NOW
    for happening in happened:
        signals = tuple(signals_of(happening, before, now))
        now += happening if isinstance(happening, timedelta) and not signals else timedelta(minutes=1)
        after = advance(before.request, signals, rules(now))
        assert after == advance(before.request, signals, rules(now)), "the same arguments give the same decision"
        told.append((before, signals, now, after))
        before = after
    return told


lives = st.builds(
    lambda beginning, happened: live(open_request(beginning, rules()), happened), beginnings, st.lists(happenings, max_size=20)
)
Lives = list[tuple[Advance, tuple[Signal, ...], datetime, Advance]]
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
            assert request.state.closed or request.state is State.NEEDS_ATTENTION or request.wake_at is not None
        if request.state is State.WAITING:
            assert request.waiting_for is not None
            assert request.wake_at is not None
        if request.state is State.NEEDS_ATTENTION:
            assert request.wake_at is None
            assert request.waiting_for is WaitingFor.DESK


@a_few
@given(lives)
def test_steps_done_and_facts_known_are_kept(life: Lives) -> None:
    """Only a reservation is ever done anew, and only before the account exists or when its name was lost."""
    for before, signals, _, after in life:
        lost = before.request.done - after.request.done
        assert lost <= {StepKey(Act.RESERVE_NAME), StepKey(Act.RESERVE_SEAT)}
        stepped_back = any(isinstance(each, Settled) and isinstance(each.outcome, SteppedBack) for each in signals)
        if lost and not stepped_back:
            assert before.request.facts.account_id is None
        known, knows = before.request.facts, after.request.facts
        assert known.account_id in {None, knows.account_id}
        assert known.ticket in {None, knows.ticket}
        assert after.request.round >= before.request.round


@a_few
@given(lives)
def test_an_account_that_exists_stays_the_account_of_its_person(life: Lives) -> None:
    """No edit changes whose account it is, and no action cancels it away."""
    for before, _, _, after in life:
        if before.request.facts.account_id is not None:
            assert isinstance(after.request.content, Defective) or not changed_identity(
                before.request.content, after.request.content
            )
            assert after.request.course is not Course.CANCEL or before.request.course is Course.CANCEL


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
        stands_still = after.request.waiting_for is not None and after.request.waiting_for.pauses_clock
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
    often: list[Happening] = [*[Done()] * 12, *[timedelta(days=9)] * 2]
    seldom: list[Happening] = [
        DeskAsked("Cancelar", "mesa"),
        DeskAsked("Aprobar", "mesa"),
        Failed("x"),
        Diverted(Course.HAS_ACCOUNT, "ya tiene"),
        Resubmitted(contractor("999"), GRANTED, BOSS),
    ]
    states: set[State] = set()
    courses: set[Course] = set()
    for content in (contractor(), DEFECTIVE, BY_HAND):
        for authorisation, duplicate_of in ((GRANTED, None), (REFUSED, None), (GRANTED, CaseNumber("GU-2026-000009"))):
            beginning = open_request(received(1, content, authorisation, duplicate_of=duplicate_of), rules())
            for _ in range(15):
                for before, _, _, after in live(beginning, [chance.choice([*often, *seldom]) for _ in range(18)]):
                    states |= {before.request.state, after.request.state}
                    courses |= {before.request.course, after.request.course}
    assert states == set(State)
    assert courses == set(Course)
