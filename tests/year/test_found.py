"""Years that once went wrong, or that chance would seldom take to their end, as plain tests: rules of the machine in a row."""

from collections.abc import Iterator

import pytest

from provision.procedure.model import State
from provision.procedure.submission import Delete
from tests.year.people import HEAD, JOSE, PEDRO
from tests.year.test_year import Meanwhile, Year


@pytest.fixture(params=["upme", "estricta"])
def year(request: pytest.FixtureRequest) -> Iterator[Year]:
    """A year of each institution."""
    state = Year()
    state.move_in(variant=request.param, xlsx=False)
    yield state
    state.teardown()


def state_of(year: Year, kind: type) -> list[State]:
    """How the cases of a kind stand."""
    return [each.state for each in year.witness.requests.values() if isinstance(each.content, kind)]


def test_a_deletion_from_its_request_to_its_end(year: Year) -> None:
    """Approved by a second person, both confirmations, the process dying now and then; nothing is left."""
    year.the_right_person_asks(who=PEDRO, kind=6, ahead=0, long=0, n=1, now=True)
    assert state_of(year, Delete) == [State.WAITING]
    year.meanwhile(what=Meanwhile.DIES, who=PEDRO, n=6)
    year.an_agent_does_what_is_asked(n=0, which=0, times=1)
    year.meanwhile(what=Meanwhile.BATCHES, who=PEDRO, n=1)
    for stop in range(1, 9):
        year.meanwhile(what=Meanwhile.DIES, who=PEDRO, n=stop)
        waiting = [each for each in year.open_cases(State.WAITING) if isinstance(each.content, Delete)]
        if waiting:
            asked = [each.case for each in year.open_cases() if year.allowed(each)]
            year.an_agent_does_what_is_asked(n=asked.index(waiting[0].case), which=0, times=1)
        year.days_pass(days=1, poller_runs=True)
    assert state_of(year, Delete) == [State.DONE]
    with year.directory() as directory:
        assert directory.find_by_mail(PEDRO.account) is None
        assert directory.find_computer("UPME-PC-17") is None


def test_absences_that_overlap_and_a_retirement_in_the_middle(year: Year) -> None:
    """Vacation, leave, suspension; he comes back when the last one is over, and after the retirement no more."""
    for kind, n, ahead, long in ((0, 0, 0, 5), (0, 1, 3, 10), (7, 0, 1, 20)):
        year.the_right_person_asks(who=JOSE, kind=kind, ahead=ahead, long=long, n=n, now=True)
        year.meanwhile(what=Meanwhile.BATCHES, who=JOSE, n=1)
    for _ in range(4):
        year.days_pass(days=7, poller_runs=True)
        year.meanwhile(what=Meanwhile.BATCHES, who=JOSE, n=1)
    with year.directory() as directory:
        account = directory.find_by_mail(JOSE.account)
        assert account is not None
        assert account.enabled
    year.the_right_person_asks(who=JOSE, kind=0, ahead=0, long=14, n=0, now=True)
    year.the_right_person_asks(who=JOSE, kind=0, ahead=5, long=0, n=2, now=True)
    for _ in range(4):
        year.days_pass(days=7, poller_runs=True)
        year.meanwhile(what=Meanwhile.BATCHES, who=JOSE, n=1)
    with year.directory() as directory:
        account = directory.find_by_mail(JOSE.account)
        assert account is not None
        assert not account.enabled


def test_a_response_edited_before_it_was_ever_read_is_one_case(year: Year) -> None:
    """Only its newest version is there to be read."""
    cases = len(year.witness.requests)
    year.a_newcomer(n=1, address="", now=False)
    year.somebody_edits_his_response(n=len(year.office.rows) - 1, mended={}, by=HEAD)
    assert len(year.witness.requests) == cases + 1
