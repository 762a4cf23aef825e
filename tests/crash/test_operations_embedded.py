"""Every operation on the embedded adapters, killed at every stop point: afterwards the world is as if it had not been."""

import gc
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.crash.acting import UPME, Place, an_office
from tests.crash.afterwards import afterwards, differences
from tests.crash.killing import KillAt, forked, was_killed
from tests.crash.office import Office
from tests.crash.operations import TRIALS
from tests.crash.reliving import Life

pytestmark = pytest.mark.crash

OfficeOf = Callable[[Place], Office]


@pytest.fixture(scope="session")
def office_of(tmp_path_factory: pytest.TempPathFactory) -> OfficeOf:
    """Each institution with its contractor, made once and then copied."""
    made: dict[str, Office] = {}

    def office(place: Place) -> Office:
        if place.institution not in made:
            made[place.institution] = an_office(tmp_path_factory.mktemp("entidad") / place.institution, place)
        return made[place.institution]

    return office


@pytest.mark.parametrize("name", TRIALS)
def test_a_kill_at_any_stop_point_changes_nothing(name: str, office_of: OfficeOf, tmp_path: Path) -> None:
    """For each of them: killed there, then run on to the end, all that can be seen is as after no kill."""
    trial = TRIALS[name]
    life = Life(trial.course, tmp_path)
    life.live(trial.begin(office_of(trial.place), tmp_path / "vida"))
    assert trial.reaches <= life.reached
    gc.freeze()  # a collection in a child would copy all that is shared with this process
    complaints = []
    for number, kill in enumerate(life.kills()):
        folder = tmp_path / f"muerte-{number}"
        complaints += [f"{kill.told}: {wrong}" for wrong in life.wrong_after(kill, folder)]
        shutil.rmtree(folder)
    gc.unfreeze()
    assert complaints == []


def test_what_a_kill_leaves_undone_is_seen(office_of: OfficeOf, tmp_path: Path) -> None:
    """The comparison that the test above relies on finds fault with a world in which nobody has run again."""
    trial = TRIALS["a retirement"]
    life = Life(trial.course, tmp_path)
    life.live(trial.begin(office_of(UPME), tmp_path / "vida"))
    unseen = []
    for number, kill in enumerate(life.kills()):
        world = kill.before.copied(tmp_path / f"muerte-{number}")
        world.stop_point = KillAt(kill.number)
        assert was_killed(forked(world.run_well, tmp_path / "queja"))
        if not list(differences(life.seen[0], afterwards(world), ())):
            unseen.append(kill.told)
    assert unseen == []
