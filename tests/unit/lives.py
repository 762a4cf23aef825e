"""Lives of requests: any sequence of outcomes, edits, words of people and time, as Hypothesis draws them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from enum import Enum

from hypothesis import strategies as st

from config.vocabulary import AccountType, CaseNumber, EmailAddress
from provision.procedure.acts import Act, WaitingFor
from provision.procedure.desk import DeskAction
from provision.procedure.facts import Facts, LooseEnds, Pickup
from provision.procedure.lifecycle import advance, open_request
from provision.procedure.model import (
    Advance,
    Approver,
    Course,
    DeskAsked,
    Diverted,
    Done,
    Effect,
    Failed,
    HeldInBatch,
    HoldLifted,
    NotYet,
    Outcome,
    Resubmitted,
    Settled,
    Signal,
    StepKey,
    SteppedBack,
)
from provision.procedure.submission import Authorisation, Defective, Problem, Submission
from tests.cases import (
    ACTIVATE,
    BOSS,
    DEFECTIVE,
    EVERY_OPERATION,
    GRANTED,
    NOW,
    PROVISIONAL,
    REFUSED,
    RESET,
    SUBJECT,
    contractor,
    inactive,
    received,
    rules,
    taught_by,
)
from tests.unit.advancing import SECOND_PERSON, word_for

PROBLEM = Problem("supervisor_email", "Correo del supervisor", "no existe.")


class Word(Enum):
    """Whatever somebody must say so that a request goes on, is said."""

    YES = "sí"


contents: st.SearchStrategy[Submission | Defective] = st.sampled_from(
    [
        *EVERY_OPERATION,
        contractor(personal_email="otro@correo.example"),
        contractor("999"),
        contractor(start=date(2027, 1, 18), end=date(2027, 12, 31)),
        contractor(end=date(2026, 11, 30)),
        contractor(account_type=AccountType.OPERATOR),
        inactive(from_date=date(2026, 12, 1), until_date=date(2026, 12, 4)),
        replace(ACTIVATE, from_date=date(2026, 12, 9)),
        replace(RESET, on_premises=True),
        DEFECTIVE,
    ]
)
authorisations: st.SearchStrategy[Authorisation] = st.sampled_from(
    [GRANTED, GRANTED, PROVISIONAL, replace(GRANTED, second_person=True), REFUSED]
)
taught: st.SearchStrategy[Facts] = st.sampled_from(
    [
        Facts(),
        Facts(),
        Facts(backup_by_hand="Haga el backup.", activation_unexplained=True, computers=("PC-7",)),
        Facts(loose_ends=LooseEnds(("Ana",)), no_mailbox=True, still_held="otra razón"),
        Facts(pickup=Pickup.USED),
        Facts(pickup=Pickup.OVER),
    ]
)
waits = st.timedeltas(timedelta(seconds=1), timedelta(days=3))
outcomes: st.SearchStrategy[Outcome | timedelta] = st.one_of(
    st.just(Done()),
    st.just(Done()),
    st.builds(Done, taught, st.text(max_size=5)),
    waits,
    st.builds(Failed, st.text(max_size=5)),
    st.just(Diverted(Course.CORRECT, "corrija", (PROBLEM,))),
    st.just(Diverted(Course.HAS_ACCOUNT, "ya tiene", facts=Facts(existing_login="x", existing_enabled=True))),
    st.just(SteppedBack(Act.RESERVE_NAME, "ocupado")),
)
edits = st.builds(Resubmitted, contents, authorisations, st.sampled_from([BOSS, EmailAddress("otra@entidad.gov.co"), None]))
asked = st.builds(
    DeskAsked,
    st.sampled_from([*DeskAction, "otra cosa", ""]),
    st.just("mesa"),
    st.text(max_size=9),
    st.sampled_from([SECOND_PERSON, Approver(BOSS, 2), Approver(EmailAddress(SUBJECT.mail_address), 2), None]),
    at_command=st.booleans(),
)
words: st.SearchStrategy[DeskAsked | Word | HeldInBatch | HoldLifted] = st.one_of(
    asked,
    st.sampled_from(Word),
    st.just(HeldInBatch("el tope")),
    st.builds(HoldLifted, st.dates(date(2026, 11, 23), date(2026, 12, 24)), st.just(CaseNumber("GU-2026-000042"))),
)
strangers = st.builds(lambda act, outcome: (act, outcome), st.sampled_from(Act), outcomes)
happenings = st.one_of(
    outcomes,
    outcomes,
    outcomes,
    st.just(Word.YES),
    st.just(Word.YES),
    edits,
    words,
    strangers,
    st.timedeltas(timedelta(0), timedelta(days=9)),
)
Happening = Outcome | timedelta | Resubmitted | DeskAsked | Word | HeldInBatch | HoldLifted | tuple[Act, Outcome | timedelta]
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
        outcome = replace(outcome, facts=taught_by(effect, now).learn(outcome.facts))
    return Settled(effect, outcome)


def signals_of(happening: Happening, before: Advance, now: datetime) -> list[Signal]:
    """What the executor would hand over."""
    match happening:
        case Resubmitted() | DeskAsked() | HeldInBatch() | HoldLifted():
            return [happening]
        case Word():
            word = word_for(before.request)
            return [word] if word is not None else []
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
