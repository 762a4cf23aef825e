"""Every operation on the embedded adapters, killed at every stop point: afterwards the world is as if it had not been."""

import gc
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from provision.procedure.acts import Act
from tests.crash.acting import UPME, Place, an_office
from tests.crash.afterwards import afterwards, differences
from tests.crash.killing import KillAt, forked, was_killed
from tests.crash.office import Office
from tests.crash.operations import TRIALS
from tests.crash.reliving import Kill, Life

pytestmark = pytest.mark.crash

OfficeOf = Callable[[Place], Office]


@pytest.fixture(scope="module")
def memory() -> Iterator[Path]:
    """A folder in memory where there is one: a kill leaves there what it leaves on a disk, and a commit costs less."""
    shared = Path("/dev/shm")
    folder = tempfile.mkdtemp(prefix="gestion-", dir=shared if os.access(shared, os.W_OK) else None)
    yield Path(folder)
    shutil.rmtree(folder)


@pytest.fixture
def folder(memory: Path) -> Iterator[Path]:
    """A folder for one test."""
    folder = Path(tempfile.mkdtemp(dir=memory))
    yield folder
    shutil.rmtree(folder)


@pytest.fixture(scope="module")
def office_of(memory: Path) -> OfficeOf:
    """Each institution with its contractor, made once and then copied."""
    made: dict[str, Office] = {}

    def office(place: Place) -> Office:
        if place.institution not in made:
            made[place.institution] = an_office(memory / place.institution, place)
        return made[place.institution]

    return office


ALIKE = ("", Act.REGISTER_TICKET, Act.CHECK_ACCOUNT, Act.END_SESSIONS, Act.MAIL_USER, Act.REPORT, Act.CLOSE_TICKET)
"""What nearly every operation does, and in the same way ("": before the executor begins)."""


def worth_it(kill: Kill, name: str) -> bool:
    """What is alike in all of them is killed in a third of them, a different third for each act; GESTION_EVERY_KILL: in all."""
    if kill.act not in ALIKE or os.environ.get("GESTION_EVERY_KILL"):
        return True
    return (list(TRIALS).index(name) + ALIKE.index(kill.act)) % 3 == 0


@pytest.mark.parametrize("name", TRIALS)
def test_a_kill_at_any_stop_point_changes_nothing(name: str, office_of: OfficeOf, folder: Path) -> None:
    """For each of them: killed there, then run on to the end, all that can be seen is as after no kill."""
    trial = TRIALS[name]
    life = Life(trial.course, folder)
    life.live(trial.begin(office_of(trial.place), folder / "vida"))
    assert trial.reaches <= life.reached
    gc.freeze()  # a collection in a child would copy all that is shared with this process
    complaints = []
    for number, kill in enumerate(kill for kill in life.kills() if worth_it(kill, name)):
        again = folder / f"muerte-{number}"
        complaints += [f"{kill.told}: {wrong}" for wrong in life.wrong_after(kill, again)]
        shutil.rmtree(again)
    gc.unfreeze()
    assert complaints == []


def test_what_a_kill_leaves_undone_is_seen(office_of: OfficeOf, folder: Path) -> None:
    """The comparison that the test above relies on finds fault with a world in which nobody has run again."""
    trial = TRIALS["a retirement"]
    life = Life(trial.course, folder)
    life.live(trial.begin(office_of(UPME), folder / "vida"))
    unseen = []
    for number, kill in enumerate(life.kills()):
        world = kill.before.copied(folder / f"muerte-{number}")
        world.stop_point = KillAt(kill.number)
        assert was_killed(forked(world.run_well, folder / "queja"))
        if not list(differences(life.seen[0], afterwards(world), ())):
            unseen.append(kill.told)
    assert unseen == []
