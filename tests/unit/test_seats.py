"""Seats that other pollers move while they are counted: none is promised on an old count, and nobody is told there is none."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from config.errors import Transient
from config.vocabulary import CaseNumber
from provision.cloud.embedded import EmbeddedCloud
from provision.executor import Task
from provision.journal.reservations import Reservations
from provision.journal.store import Journal
from provision.performing import ReserveSeat
from provision.procedure.acts import Act
from provision.procedure.model import Done, Effect, StepKey
from tests.cases import NOW, enter, opened, rules

LICENCE = "STANDARDPACK"


class BusyCloud(EmbeddedCloud):
    """A tenant that others work with: each time its seats are counted, another case's seat is promised and given back."""

    others: Reservations
    other: CaseNumber
    moves: int

    def free_seats(self, licence: str) -> int:
        """Counted; then the others go on."""
        free = super().free_seats(licence)
        if self.moves:
            self.moves -= 1
            self.others.reserve_seat(self.other, licence, free, NOW)
            self.others.release_seat(self.other)
        return free


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """A journal of two cases."""
    journal = Journal.open(f"sqlite:///{tmp_path / 'gestion.db'}")
    enter(journal, [1, 2])
    yield journal
    journal.close()


def reserve_seat(journal: Journal, folder: Path, *, moves: int) -> ReserveSeat:
    """The first case's poller, while another one is at work."""
    cloud = BusyCloud(folder / "nube.db", {LICENCE: 5}, lambda: NOW)
    cloud.others, cloud.other, cloud.moves = Reservations(journal), opened(2).request.case, moves
    return ReserveSeat(cloud, Reservations(journal), rules(NOW).policy)


def the_task() -> Task:
    """A seat for the first case."""
    request = opened(1).request
    return Task(request, Effect(request.case, Act.RESERVE_SEAT, StepKey(Act.RESERVE_SEAT), 1), 1, NOW)


def test_seats_that_never_stand_still_are_counted_later(journal: Journal, tmp_path: Path) -> None:
    """Five seats are free all the time: the case is not told that there is none, it tries again."""
    with pytest.raises(Transient, match="se contarán de nuevo"):
        reserve_seat(journal, tmp_path, moves=100).perform(the_task())


def test_seats_that_moved_once_are_counted_again(journal: Journal, tmp_path: Path) -> None:
    """The second count promises."""
    assert isinstance(reserve_seat(journal, tmp_path, moves=1).perform(the_task()), Done)
