"""Killing a run at its stop points or at any instant, and living on in fresh processes.

Every run happens in a child forked from this warm process, so that a kill costs no imports; the clock of the dead is told
through a file. Trials are worked by two children at a time.
"""

import os
import signal
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

from config.vocabulary import CaseNumber
from tests.world import World

WORKERS = 2
TEN_MINUTES = timedelta(minutes=10)
MOST_RUNS = 12

T = TypeVar("T")


def die() -> None:
    """As when the machine loses its power: nothing is flushed, closed or unlocked by the program."""
    os.kill(os.getpid(), signal.SIGKILL)


@dataclass
class KillAt:
    """A stop point that ends the process the n-th time that one is passed; the first is 1, None never."""

    number: int | None = None
    passed: list[str] = field(default_factory=list)

    def __call__(self, name: str) -> None:
        """Count, and die at the one."""
        self.passed.append(name)
        if len(self.passed) == self.number:
            die()

    def different(self) -> list[int]:
        """The numbers of those passed, without the ones that are as the one before: in flight, just committed as such."""
        numbered = enumerate(pairwise(["", *self.passed]), start=1)
        return [number for number, (before, name) in numbered if before != name.replace(".in-flight", ".committed")]


def live(world: World) -> None:
    """Scheduled runs, ten minutes apart, until every case was attended or closed and one more run has found nothing to do."""
    for _ in range(MOST_RUNS):
        (world.folder / "ahora").write_text(world.clock().isoformat())
        report = world.run()
        assert not report.problems, [str(problem) for problem in report.problems]
        world.clock.advance(TEN_MINUTES)
        if not report.work.advanced and not report.reception.opened:
            cases = world.cases()
            if cases and all(shown.request.state.closed or shown.request.attended_at for shown in cases):
                return
    raise AssertionError(f"after {MOST_RUNS} runs: {[(s.request.state, s.request.reason) for s in world.cases()]}")


def forked(work: Callable[[], object], complaint: Path) -> int:
    """Begin `work` in a child: its process id. What it raises is written to `complaint`."""
    child = os.fork()
    if child:
        return child
    status = 1
    try:
        work()
        status = 0
    except BaseException:  # noqa: BLE001 - the child's only way to tell the parent
        complaint.write_text(traceback.format_exc())
    finally:
        os._exit(status)


def was_killed(child: int) -> bool:
    """Wait for a child; whether it was killed, rather than ended by itself."""
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL


def live_and_die(world: World, stops: Sequence[int | None], complaint: Path) -> list[bool]:
    """One life after another, each killed at its stop point (None: it lives on to the end); which of them were killed."""
    killed = []
    for stop in stops:
        world.stop_point = KillAt(stop)
        killed.append(was_killed(forked(lambda: live(world), complaint)))
        _catch_up(world)
    return killed


def live_and_die_after(world: World, seconds: float, complaint: Path) -> bool:
    """One life killed from outside after so many seconds, wherever it is; whether it was still alive."""
    world.stop_point = KillAt()
    child = forked(lambda: live(world), complaint)
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    killed = was_killed(child)
    _catch_up(world)
    return killed


def _catch_up(world: World) -> None:
    """Time does not go back for whoever lives on."""
    told = world.folder / "ahora"
    text = told.read_text() if told.exists() else ""
    if text and (then := datetime.fromisoformat(text)) > world.clock():
        world.clock.move_to(then)


def two_at_a_time(trials: Sequence[T], trial: Callable[[T], Sequence[str]], folder: Path) -> list[str]:
    """Try each in one of two children: all that was wrong, with the trial it was wrong in."""

    def some(which: int) -> None:
        found = []
        for each in trials[which::WORKERS]:
            try:
                found += [f"{each}: {wrong}" for wrong in trial(each)]
            except BaseException:  # noqa: BLE001 - one trial that fails must not hide the others
                found.append(f"{each}: {traceback.format_exc()}")
        (folder / f"found-{which}").write_text("\n".join(found))

    children = [forked(partial(some, which), folder / f"broken-{which}") for which in range(WORKERS)]
    for child in children:
        os.waitpid(child, 0)
    broken = [path.read_text() for path in sorted(folder.glob("broken-*"))]
    return [*broken, *(line for which in range(WORKERS) for line in (folder / f"found-{which}").read_text().splitlines())]


def the_case(world: World) -> CaseNumber:
    """The only case of the world."""
    (shown,) = world.cases()
    return shown.request.case
