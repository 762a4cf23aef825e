"""A course of events lived once in peace, and again from any of its runs, which is killed at one of its stop points.

A run that is killed is a process of its own, forked from this one, and ends by SIGKILL. Since nothing is left in memory
between two scheduled runs, it begins on a copy of the folder as it was before that very run.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from math import inf
from pathlib import Path

from config.stop_point import let_go
from provision.procedure.acts import Act
from tests.crash.afterwards import Afterwards, MailSent, afterwards, differences, mails_of_newest_subject
from tests.crash.killing import KillAt, forked, was_killed
from tests.crash.office import ABOUT_TO_COMMIT, TEN_MINUTES, Office


@dataclass(frozen=True, slots=True)
class Event:
    """What people do, or nothing but time that passes, so long after the course began."""

    after: timedelta
    happens: Callable[[Office], None]


Course = Sequence[Event]


@dataclass(frozen=True, slots=True)
class Kill:
    """One run that is killed: at the `number`-th stop point that it passes, called `name`, while `act` is carried out."""

    event: int
    before: Office
    number: int
    act: str
    name: str
    forgetful: bool = False
    """The mails that went out cannot be found any more when the next run looks."""

    @property
    def told(self) -> str:
        """For whoever reads a complaint."""
        return f"{self.act}/{self.name} (event {self.event}, {self.number}{', forgetful' if self.forgetful else ''})"


def _occurrences(act: str, name: str) -> float:
    """At how many occurrences of a stop point a run is killed, in one and the same act."""
    if name == ABOUT_TO_COMMIT:
        # Before the executor begins, and while requests wait for the run's sum; its own stop points are at its own commits.
        return inf if act in {"", Act.PLACE_HOLD} else 0
    return 2 if name[0].islower() else 1


class Passing:
    """A stop point at which nobody is killed, but where it is noted what a kill would leave on disk."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.places: list[tuple[str, bytes]] = []

    def __call__(self, name: str) -> None:
        """Note the place."""
        files = sorted(path for path in self._folder.rglob("*") if path.is_file() and path.suffix not in _NEVER_READ)
        on_disk = hashlib.blake2b()
        for path in files:
            on_disk.update(str(path).encode() + b"\0" + path.read_bytes())
        self.places.append((name, on_disk.digest()))


_NEVER_READ = frozenset({".log", ".lock"})
"""What the program writes and never reads again."""


@dataclass
class Life:
    """A course of events that nobody interrupted: each of its runs, and what there was to see after each event."""

    course: Course
    kept: Path
    """Where the worlds before each run are kept."""
    begun: datetime = field(init=False)
    runs: list[tuple[int, Office, list[tuple[str, bytes]]]] = field(default_factory=list)
    """The event after which a run was, the world before it, and the stop points that it passed."""
    seen: list[Afterwards] = field(default_factory=list)

    def live(self, world: Office) -> None:
        """Let it happen."""
        self.begun = world.clock()

        def remember(event: int) -> None:
            passing = Passing(world.folder)
            self.runs.append((event, world.copied(self.kept / str(len(self.runs))), passing.places))
            world.stop_point = passing

        for event, each in enumerate(self.course):
            world.clock.move_to(self.begun + each.after)
            each.happens(world)
            world.live_on(partial(remember, event))
            world.stop_point = let_go
            self.seen.append(afterwards(world))

    @property
    def reached(self) -> frozenset[str]:
        """The stop points that were passed."""
        return frozenset(name for _, _, places in self.runs for name, _ in places)

    def kills(self) -> Iterator[Kill]:
        """Every distinct stop point of each act at its first occurrence, those within the adapters also at the second.

        A stop point that finds the same on disk as the one before is the same place: a process that is killed leaves nothing
        else behind.
        """
        met: Counter[tuple[str, str]] = Counter()
        for event, before, places in self.runs:
            act, former = "", b""
            for number, (name, on_disk) in enumerate(places, start=1):
                act = name.removesuffix(".in-flight") if name.endswith(".in-flight") else act
                same, former = on_disk == former, on_disk
                met[act, name] += not same
                if met[act, name] > _occurrences(act, name):
                    continue
                if not same:
                    yield Kill(event, before, number, act, name)
                if name == "mail.sent":
                    yield Kill(event, before, number, act, name, forgetful=True)

    def wrong_after(self, kill: Kill, folder: Path) -> Iterator[str]:
        """All that differs, at the end of each event, from the life that nobody interrupted."""
        world = kill.before.copied(folder)
        world.stop_point = KillAt(kill.number)
        complaint = folder.with_name(f"{folder.name}.complaint")
        if not was_killed(forked(world.run_well, complaint)):
            yield complaint.read_text() if complaint.exists() else "the run was not killed"
            return
        world.stop_point = let_go
        repeatable: set[MailSent] = set()
        if kill.forgetful:
            repeatable = mails_of_newest_subject(world)
            world.fetch_mails()
        world.clock.advance(TEN_MINUTES)
        world.live_on()
        yield from self._wrong(world, kill.event, repeatable)
        for event, each in enumerate(self.course[kill.event + 1 :], start=kill.event + 1):
            world.clock.move_to(self.begun + each.after)
            each.happens(world)
            world.live_on()
            yield from self._wrong(world, event, repeatable)

    def _wrong(self, world: Office, event: int, repeatable: set[MailSent]) -> Iterator[str]:
        for each in differences(self.seen[event], afterwards(world), repeatable):
            yield f"after event {event}: {each}"
