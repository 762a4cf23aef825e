"""Requests that meet on one account: each meeting has one answer, written here as a table."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.vocabulary import CaseNumber, EmailAddress, HoldReason, Operation
from provision.procedure.conflicts import (
    Contradiction,
    Meeting,
    NothingToDo,
    Twin,
    WaitFor,
    against_holds,
    meeting,
    unexplained,
)
from provision.procedure.holds import Hold
from provision.procedure.model import Course, Request, State
from provision.procedure.submission import Contract, Defective, Submission
from tests.cases import (
    ACTIVATE,
    CESSION,
    CHANGE_OF_ADDRESS,
    DEFECTIVE,
    DELETE,
    EVERY_OPERATION,
    GENERIC,
    MODIFY,
    RESET,
    RETIREMENT,
    contractor,
    inactive,
    opened,
)

TODAY = date(2026, 11, 23)
OTHER, MINE = CaseNumber("GU-2026-000001"), CaseNumber("GU-2026-000002")

KINDS: Mapping[str, Submission] = {
    "creation": contractor(),
    "generic": GENERIC,
    "reset": RESET,
    "address": CHANGE_OF_ADDRESS,
    "other address": replace(CHANGE_OF_ADDRESS, new_address=EmailAddress("otra@correo.example")),
    "position": MODIFY,
    "name": replace(MODIFY, position=None, given_names="María"),
    "activation": ACTIVATE,
    "vacation": inactive(),
    "longer vacation": inactive(until_date=date(2026, 12, 11)),
    "retirement": RETIREMENT,
    "suspension": inactive(HoldReason.SUSPENSION, operation=Operation.SUSPEND_CONTRACT),
    "cession": CESSION,
    "deletion": DELETE,
}
TWINS = frozenset((kind, kind) for kind in KINDS) - {("creation", "creation"), ("generic", "generic"), ("cession", "cession")}
WAITS = frozenset({("address", "other address"), ("other address", "address"), ("position", "name"), ("name", "position")})
"""Both go on, one after the other."""


def expected(mine: str, theirs: str) -> type[Meeting] | None:
    """The table: what the newer one does when the older one is open on the same account."""
    if (mine, theirs) in TWINS:
        return Twin
    if theirs == "deletion":
        return Contradiction
    if theirs in {"creation", "generic"}:
        return WaitFor
    return WaitFor if (mine, theirs) in WAITS else None


def request(
    content: Submission | Defective,
    case: CaseNumber = MINE,
    *,
    course: Course = Course.ATTEND,
    state: State = State.IN_PROGRESS,
    follows: CaseNumber | None = None,
) -> Request:
    """A request that is being attended, unless something else is said."""
    return replace(opened(1, content).request, case=case, course=course, state=state, follows=follows)


@pytest.mark.parametrize("theirs", KINDS)
@pytest.mark.parametrize("mine", KINDS)
def test_each_meeting_has_its_answer(mine: str, theirs: str) -> None:
    """As the table says; and the answer names the older case."""
    met = meeting(request(KINDS[mine]), [request(KINDS[theirs], OTHER)])
    wanted = expected(mine, theirs)
    assert (type(met) if met else None) == wanted
    match met:
        case Twin(case=case) | WaitFor(case=case):
            assert case == OTHER
        case Contradiction(reason=reason):
            assert OTHER in reason
        case _:
            assert met is None


@pytest.mark.parametrize("one", KINDS)
@pytest.mark.parametrize("other", KINDS)
def test_being_twins_does_not_depend_on_who_came_first(one: str, other: str) -> None:
    """If the second is the first one's twin, the first would have been the second one's."""
    there = meeting(request(KINDS[one]), [request(KINDS[other], OTHER)])
    back = meeting(request(KINDS[other]), [request(KINDS[one], OTHER)])
    assert isinstance(there, Twin) == isinstance(back, Twin)


@pytest.mark.parametrize("course", Course)
@pytest.mark.parametrize("theirs", KINDS)
def test_a_case_that_is_attended_or_ends_otherwise_stands_in_nobodys_way(theirs: str, course: Course) -> None:
    """Only what is being attended matters."""
    state = State.FOLLOWED_UP if course is Course.ATTEND else State.IN_PROGRESS
    other = request(KINDS[theirs], OTHER, course=course, state=state)
    assert all(meeting(request(content), [other]) is None for content in KINDS.values())


def test_the_first_that_matters_decides() -> None:
    """A deletion under way outweighs nothing that came before it."""
    deletion, reset = request(DELETE, CaseNumber("GU-2026-000003")), request(RESET, OTHER)
    assert meeting(request(RESET), [reset, deletion]) == Twin(OTHER)
    assert isinstance(meeting(request(RESET), [deletion, reset]), Contradiction)
    assert isinstance(meeting(request(RESET), [request(inactive(), OTHER), deletion]), Contradiction)


def test_an_edit_of_an_attended_inactivation_is_not_its_twin() -> None:
    """It takes the place of the one it follows."""
    again = request(inactive(), follows=OTHER)
    assert meeting(again, [request(inactive(), OTHER)]) is None
    hold = Hold(OTHER, HoldReason.VACATION, inactive().from_date, inactive().until_date)
    assert against_holds(again, [hold], enabled=False, today=TODAY) is None
    assert isinstance(against_holds(replace(again, follows=None), [hold], enabled=False, today=TODAY), NothingToDo)


def hold(reason: HoldReason, first: int = 0, last: int | None = None, ended: int | None = None) -> Hold:
    """A hold of the other case; days are counted from today."""
    until = TODAY + timedelta(days=last) if last is not None else None
    ended_on = TODAY + timedelta(days=ended) if ended is not None else None
    return Hold(OTHER, reason, TODAY + timedelta(days=first), until, ended_on)


@pytest.mark.parametrize("reason", HoldReason)
def test_a_password_of_an_account_that_is_inactive_is_not_changed(reason: HoldReason) -> None:
    """For a reason of ours, or of somebody else; a hold that is over, lifted or to come is none."""
    assert isinstance(against_holds(request(RESET), [hold(reason)], enabled=True, today=TODAY), Contradiction)
    assert isinstance(against_holds(request(RESET), [], enabled=False, today=TODAY), Contradiction)
    others = [hold(reason, 1), hold(reason, -9, -1), hold(reason, -9, 9, ended=0)]
    assert against_holds(request(RESET), others, enabled=True, today=TODAY) is None


ACTIVATIONS: Mapping[HoldReason, type[Meeting] | None] = {
    HoldReason.VACATION: None,
    HoldReason.LEAVE: None,
    HoldReason.SUSPENSION: None,
    HoldReason.UNDELIVERED: None,
    HoldReason.RETIREMENT: None,  # with the desk's word
    HoldReason.CONTRACT_ENDED: Contradiction,
    HoldReason.TERMINATION: Contradiction,
    HoldReason.ASSIGNED: Contradiction,
    HoldReason.DELETION: Contradiction,
}


@pytest.mark.parametrize("reason", HoldReason)
def test_an_activation_ends_absences_and_contradicts_what_has_no_end(reason: HoldReason) -> None:
    """Without a contract; and an absence beside something that has no end does not change that."""
    wanted = ACTIVATIONS[reason]
    for holds in ([hold(reason)], [hold(HoldReason.VACATION, 0, 5), hold(reason)]):
        met = against_holds(request(ACTIVATE), holds, enabled=False, today=TODAY)
        assert (type(met) if met else None) == wanted
        if isinstance(met, Contradiction):
            assert OTHER in met.reason


def test_an_activation_of_an_account_that_works_has_nothing_to_do() -> None:
    """A hold to come does not make it inactive; somebody else's switching off does."""
    assert isinstance(against_holds(request(ACTIVATE), [], enabled=True, today=TODAY), NothingToDo)
    assert isinstance(against_holds(request(ACTIVATE), [hold(HoldReason.LEAVE, 1)], enabled=True, today=TODAY), NothingToDo)
    assert against_holds(request(ACTIVATE), [], enabled=False, today=TODAY) is None


def test_a_new_contract_meets_no_hold() -> None:
    """A former contractor comes back, whatever ended the former contract."""
    new = replace(ACTIVATE, contract=Contract("CPS-9", TODAY, TODAY + timedelta(days=90)))
    for reason in HoldReason:
        assert against_holds(request(new), [hold(reason)], enabled=False, today=TODAY) is None


@pytest.mark.parametrize("reason", HoldReason)
def test_an_inactivation_that_holds_already_has_nothing_to_do(reason: HoldReason) -> None:
    """The same dates; for good, also one that began earlier. Lifted, or other dates: it goes on."""
    content = replace(inactive(), why=reason, from_date=TODAY, until_date=None)
    assert isinstance(against_holds(request(content), [hold(reason)], enabled=False, today=TODAY), NothingToDo)
    earlier = against_holds(request(content), [hold(reason, -5)], enabled=False, today=TODAY)
    assert (earlier is None) == reason.temporary
    assert against_holds(request(content), [hold(reason, 0, ended=3)], enabled=False, today=TODAY) is None
    assert against_holds(request(content), [hold(reason, 5)], enabled=True, today=TODAY) is None


@pytest.mark.parametrize("enabled", [True, False])
@pytest.mark.parametrize("by_us", [True, False])
@pytest.mark.parametrize("reason", [None, *HoldReason])
def test_only_the_desk_brings_back_the_retired_and_what_somebody_else_disabled(
    reason: HoldReason | None, by_us: bool, enabled: bool
) -> None:
    """Everything else explains itself."""
    holds = [hold(reason)] if reason else []
    wanted = reason is HoldReason.RETIREMENT or (not enabled and not by_us)
    assert unexplained(holds, enabled=enabled, by_us=by_us, today=TODAY) == wanted
    assert unexplained([hold(HoldReason.RETIREMENT, 3)], enabled=True, by_us=by_us, today=TODAY) is False


contents: st.SearchStrategy[Submission | Defective] = st.sampled_from([*EVERY_OPERATION, *KINDS.values(), DEFECTIVE])
requests = st.builds(
    request,
    contents,
    st.sampled_from([OTHER, MINE]),
    state=st.sampled_from(State),
    course=st.sampled_from([Course.ATTEND, Course.ATTEND, Course.CORRECT]),
    follows=st.sampled_from([None, OTHER]),
)
some_holds = st.lists(
    st.builds(
        hold, st.sampled_from(HoldReason), st.integers(-9, 9), st.none() | st.integers(0, 9), st.none() | st.integers(-3, 3)
    ),
    max_size=4,
)


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(requests, st.lists(requests, max_size=3), some_holds, st.booleans())
def test_no_meeting_raises_and_each_is_said_in_words(
    mine: Request, others: list[Request], holds: list[Hold], enabled: bool
) -> None:
    """Whatever meets; the same arguments give the same answer."""
    for met in (meeting(mine, others), against_holds(mine, holds, enabled=enabled, today=TODAY)):
        if isinstance(met, Contradiction | NothingToDo):
            assert met.reason.endswith(".")
    assert meeting(mine, others) == meeting(mine, others)
