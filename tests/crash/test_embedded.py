"""One creation on the embedded adapters, killed at every stop point, at two of them, and at any instant."""

import random
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from config.errors import Rejected
from intake.wiring import store_url
from provision.directory.embedded import EmbeddedDirectory
from provision.journal.copying import copy_of_journal
from tests.crash.aftermath import wrong_with
from tests.crash.killing import KillAt, live, live_and_die, live_and_die_after, the_case, two_at_a_time
from tests.world import BASE_DN, CONTRACTOR, SUPERVISORS, World
from tests.year.plain_board import PlainBoard

pytestmark = pytest.mark.crash

REQUESTER = "jefe.ogi@upme.gov.co"
CREATION_SECONDS = 0.8


def a_world(folder: Path, *, workbook: bool = False) -> World:
    """An installation with one creation submitted; its board is a plain file, since a workbook costs more than all the rest."""
    folder.mkdir()
    seats = {"STANDARDPACK": 5, "EXCHANGESTANDARD": 2, "SPE_F1": 2}
    cloud = {"kind": "embedded", "path": "nube.db", "seats": seats, "sync_minutes": 0, "mailbox_minutes": 0}
    world = World(folder, seats=seats, sections={"cloud": cloud})
    world.board = None if workbook else PlainBoard(world.path("tablero.json"))
    world.submit(CONTRACTOR, REQUESTER)
    return world


def accepted_by(directory: EmbeddedDirectory) -> Callable[[str, str], bool]:
    """Whether the person can choose a password of their own with this one, as at the logon screen."""

    def accepts(login: str, password: str) -> bool:
        try:
            directory.change_password(login, password, "Otra-Clave-Distinta-42")
        except Rejected:
            return False
        return True

    return accepts


def wrong_in(world: World, most_repeated: int = 1) -> list[str]:
    """All that differs from a creation that nobody interrupted."""
    directory = world.directory()
    try:
        wrong = list(wrong_with(world, REQUESTER, accepted_by(directory), most_repeated))
    finally:
        directory.close()
    with closing(sqlite3.connect(world.path("directorio.db"))) as file:
        accounts = file.execute("SELECT marker FROM account WHERE marker IS NOT NULL").fetchall()
        count = file.execute("SELECT count(*) FROM account").fetchone()[0]
        groups = file.execute("SELECT count(*) FROM membership").fetchone()[0]
    if accounts != [(the_case(world),)] or count != len(SUPERVISORS) + 1:
        wrong.append(f"accounts: {accounts}, {count} in all")
    if groups != 3:
        wrong.append(f"{groups} memberships")
    assert world.directory().find_by_mail(REQUESTER) is not None, BASE_DN
    return wrong


@pytest.fixture(scope="module")
def stop_points(tmp_path_factory: pytest.TempPathFactory) -> list[int]:
    """The stop points that one creation passes; living it also warms this process for its children."""
    world = a_world(tmp_path_factory.mktemp("una") / "vida")
    counting = world.stop_point = KillAt()
    live(world)
    assert wrong_in(world, most_repeated=0) == []
    assert {"directory.account.added", "access.password-set", "mail.sent", "board.written"} <= set(counting.passed)
    return counting.different()


def test_a_kill_at_any_stop_point_changes_nothing(tmp_path: Path, stop_points: list[int]) -> None:
    """For each of them: killed there, then run again, one account, one ticket, one report, and the last password works."""
    assert len(stop_points) > 30

    def trial(number: int) -> list[str]:
        world = a_world(tmp_path / str(number))
        complaint = tmp_path / f"{number}.complaint"
        killed = live_and_die(world, [number], complaint)
        copy_of_journal(store_url(world.settings()), world.folder).close()  # `gestion plan` between the crash and the next run
        killed += live_and_die(world, [None], complaint)
        said = [complaint.read_text()] if complaint.exists() else []
        return [*said, *([] if killed == [True, False] else [f"killed: {killed}"]), *wrong_in(world)]

    assert two_at_a_time(stop_points, trial, tmp_path) == []


def test_two_kills_one_after_the_other_change_nothing(tmp_path: Path, stop_points: list[int]) -> None:
    """Killed at one place and, living on, a few places later again: at most two mails are repeated."""
    chance = random.Random(20261123)
    pairs = [(first, chance.randint(1, 4)) for first in chance.sample(stop_points[:-1], 8)]

    def trial(pair: tuple[int, int]) -> list[str]:
        first, second = pair
        world = a_world(tmp_path / f"{first}-{second}")
        complaint = tmp_path / f"{first}-{second}.complaint"
        live_and_die(world, [first, second, None], complaint)
        return [*([complaint.read_text()] if complaint.exists() else []), *wrong_in(world, most_repeated=2)]

    assert two_at_a_time(pairs, trial, tmp_path) == []


def test_a_kill_at_any_instant_changes_nothing(tmp_path: Path, stop_points: list[int]) -> None:
    """Sixteen kills from outside, in the middle of commits, of files half written, of whatever it is."""
    chance = random.Random(len(stop_points))
    instants = [round(chance.uniform(0.01, CREATION_SECONDS), 4) for _ in range(16)]

    def trial(seconds: float) -> list[str]:
        world = a_world(tmp_path / str(seconds), workbook=True)
        complaint = tmp_path / f"{seconds}.complaint"
        live_and_die_after(world, seconds, complaint)
        live_and_die(world, [None], complaint)
        return [*([complaint.read_text()] if complaint.exists() else []), *wrong_in(world)]

    assert two_at_a_time(instants, trial, tmp_path) == []
