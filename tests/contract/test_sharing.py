"""Several pollers on one journal: every request worked once, every name and seat promised once, over both stores."""

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import func, select

from config.vocabulary import CaseNumber
from intake.forms.port import Batch, Cursor, Response, ResponseId
from intake.matrix import Matrix
from intake.receive import receive
from provision.journal import schema as s
from provision.journal.reservations import Reservations
from provision.journal.store import Journal
from provision.journal.views import Memory, Views
from provision.procedure.lifecycle import advance
from tests.cases import BOSS, NOW, enter, rules
from tests.silence import silent_log

LICENCE = "STANDARDPACK"
FIVE_MINUTES = timedelta(minutes=5)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a journal with its tables."""
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_journal_url"))
    url = f"sqlite:///{tmp_path / 'gestion.db'}"
    Journal.open(url).close()
    return url


@pytest.fixture
def journal(store: str) -> Iterator[Journal]:
    """An open journal."""
    journal = Journal.open(store)
    yield journal
    journal.close()


def work_all(store: str, owner: str) -> list[str]:
    """One poller: lease what is due, put it off for a year, until nothing is left."""
    journal, worked = Journal.open(store), []
    now = NOW + timedelta(hours=1)
    while (lease := journal.lease_next(owner, now, FIVE_MINUTES)) is not None:
        worked.append(str(lease.request.case))
        decided = replace(advance(lease.request, [], rules(now)), effect=None, wake_at=now + timedelta(days=365))
        journal.commit(lease, decided, now=now, lease_for=FIVE_MINUTES)
    journal.close()
    return worked


@pytest.mark.parametrize("kind", ["threads", "processes"])
def test_two_workers_share_two_hundred_requests(store: str, journal: Journal, kind: str) -> None:
    """Each request is worked exactly once, by one of the two."""
    enter(journal, range(1, 201))
    pool = (
        ThreadPoolExecutor(2) if kind == "threads" else ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn"))
    )
    with pool:
        worked = [case for some in pool.map(partial(work_all, store), ("uno", "dos")) for case in some]
    assert sorted(worked) == [f"GU-2026-{number:06d}" for number in range(1, 201)]


def test_one_name_is_reserved_for_one_case(store: str, journal: Journal) -> None:
    """Eight workers that want the same names give each of them once; asking again for one's own is no error."""
    cases = enter(journal, range(1, 9))

    def reserve(case: CaseNumber) -> str:
        own = Journal.open(store)
        reservations = Reservations(own)
        got = reservations.reserve_first(case, (f"ana{number}" for number in range(20)), NOW)
        assert got is not None
        assert reservations.reserve_first(case, [got], NOW) == got
        assert reservations.name_of(case) == got
        own.close()
        return got

    with ThreadPoolExecutor(4) as workers:
        names = list(workers.map(reserve, cases))
    assert sorted(names) == [f"ana{number}" for number in range(8)]
    reservations = Reservations(journal)
    assert reservations.reserve_first(cases[0], ["ana3" if names[0] != "ana3" else "ana4"], NOW) is None
    reservations.release_name(cases[0])
    reservations.release_name(cases[0])
    assert reservations.name_of(cases[0]) is None


def test_no_more_seats_are_promised_than_are_free(store: str, journal: Journal) -> None:
    """Of twelve cases that race for five seats, five are promised one, however often they ask."""
    cases = enter(journal, range(1, 13))

    def ask(case: CaseNumber) -> None:
        own = Journal.open(store)
        for _ in range(3):
            Reservations(own).reserve_seat(case, LICENCE, 5, NOW)
        own.close()

    with ThreadPoolExecutor(4) as workers:
        list(workers.map(ask, cases))
    with journal.transaction() as connection:
        promised = connection.execute(select(func.count()).where(s.seat.c.reserved_at.is_not(None))).scalar_one()
    assert promised == 5


def test_what_pollers_remember_at_once_is_remembered(store: str) -> None:
    """The first value of a key, kept by four pollers at the same moment, is one of theirs and no error."""
    together = Barrier(4)

    def remember(value: str) -> None:
        own = Journal.open(store)
        for number in range(10):
            together.wait(timeout=30)
            Memory(own).put(f"clave {number}", value)
        own.close()

    with ThreadPoolExecutor(4) as workers:
        list(workers.map(remember, "abcd"))
    journal = Journal.open(store)
    assert {Memory(journal).get(f"clave {number}") for number in range(10)} <= set("abcd")
    journal.close()


def test_seats_are_taken_in_order_of_arrival(journal: Journal) -> None:
    """Who asked first gets the next one, whoever asks at the moment; one licence's queue is not another's."""
    first, second, third, other = enter(journal, range(1, 5))
    reservations = Reservations(journal)

    def ask(case: CaseNumber, free: int, minute: int, licence: str = LICENCE) -> bool:
        return reservations.reserve_seat(case, licence, free, NOW + timedelta(minutes=minute))

    assert ask(first, 1, 0)
    assert not ask(third, 1, 1)
    assert not ask(second, 1, 2)
    assert ask(other, 1, 3, "SPE_F1")
    assert not ask(second, 2, 4), "the third case asked before the second"
    assert ask(third, 2, 5)
    assert ask(first, 0, 6), "what was promised stays promised"
    reservations.release_seat(first)  # assigned: the cloud counts it from now on, one less is free
    assert not ask(second, 1, 7)
    reservations.release_seat(third)
    assert ask(second, 1, 8)


def test_a_case_that_wants_another_licence_gives_the_first_one_back(journal: Journal) -> None:
    """One case holds one seat."""
    first, second = enter(journal, [1, 2])
    reservations = Reservations(journal)
    assert reservations.reserve_seat(first, LICENCE, 1, NOW)
    assert reservations.reserve_seat(first, "SPE_F1", 1, NOW)
    assert reservations.reserve_seat(second, LICENCE, 1, NOW)


class _SameResponses:
    """A form that gives each poller the same forty responses."""

    form_id = "forma"

    def read(self, cursor: Cursor | None, now: datetime) -> Batch:
        """All of them, whatever was read before."""
        responses = tuple(
            Response("forma", ResponseId(f"R{n}"), NOW, NOW + timedelta(seconds=n), BOSS, None, {}) for n in range(40)
        )
        return Batch(responses, Cursor(NOW, NOW), ())

    def close(self) -> None:
        """Nothing to free."""


def test_two_pollers_that_read_the_same_responses_enter_each_once(store: str, journal: Journal) -> None:
    """The slower one passes over what the other entered meanwhile; neither fails."""

    def poll(_: int) -> int:
        own = Journal.open(store)
        opened = receive(own, _SameResponses(), lambda: Matrix((), "m1"), rules, NOW, silent_log()).opened
        own.close()
        return len(opened)

    with ThreadPoolExecutor(3) as pollers:
        assert sum(pollers.map(poll, range(3))) == 40
    assert len(Views(journal).cases()) == 40
