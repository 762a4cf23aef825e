"""The embedded world of the year: time that jumps, a mail server that refuses, a process that dies, a small board."""

import shutil
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from config.calendar import BusinessCalendar
from config.clock import SimulatedClock
from config.errors import RecipientRefused, Target
from config.log import configure
from config.settings import Log, Settings
from intake.run import Progress, RunReport, run_once
from intake.wiring import Installation
from notify.mailer.maildir import MaildirMailer
from notify.mailer.port import Message
from notify.render import Renderer
from provision.journal.store import Journal
from provision.procedure.model import Advance
from provision.procedure.steps import Rules
from tests.world import World
from tests.year.plain_board import PlainBoard

MEMORY = "/dev/shm" if Path("/dev/shm").is_dir() else None
"""Where a year lives: thousands of small writes, all made durable, wear out a disk and a tester's patience."""
MOST_RUNS = 80
"""More runs than this without coming to rest, and something goes round in circles."""
MOST_ADVANCES = 400
"""The same within one run."""
SOON = timedelta(minutes=20)


class Died(BaseException):
    """The process ends at a stop point: nothing of the program catches this."""


class Spins(BaseException):
    """A run that would never end is ended, so that the test can say so."""


class RefusingMaildir(MaildirMailer):
    """The embedded mail transport of a server that refuses some addresses for good."""

    refused: frozenset[str] = frozenset()

    def send(self, message: Message) -> None:
        """Refuse, or deliver."""
        if message.to in self.refused:
            raise RecipientRefused(Target.MAIL, f"550 {message.to} no existe.")
        super().send(message)


@dataclass
class Office(World):
    """A whole installation for a year of runs."""

    refused: set[str] = field(default_factory=set)
    dies_in: int | None = None
    """The number of stop points until the process dies; None: it lives."""
    xlsx: bool = False
    """Whether the board is the workbook; else the small file."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.page = PlainBoard(self.path("tablero.json"))
        self.letters = Renderer(self.policy)
        self.journal = Journal.open(f"sqlite:///{self.path('gestion.db')}")
        self._calendar = BusinessCalendar(self.policy.business_hours, self.policy.zone)
        self._settings: tuple[dict[str, int], Settings] | None = None
        self.stop_point = self._count_down
        self.deaths = 0
        self.reports: list[RunReport] = []
        self._advances = 0

    def installation(self, *, writable: bool = True) -> Installation:
        """The program, put together anew, with this year's mail server.

        Settings, policy and the engine's compiled statements are those of the first time: they cost more than the run.
        """
        if self._settings is None or self._settings[0] != self.seats:
            self._settings = (dict(self.seats), self.settings())
        log = configure(Log(file=self.path("gestion.log")))
        made = Installation(self._settings[1], self.policy, self.clock, log, writable=writable, stop_point=self.stop_point)
        made.journal = self.journal
        made.renderer = self.letters
        if not self.xlsx:
            made.board = self.page
        mailer = RefusingMaildir(self.path("correo"), clock=self.clock, writable=writable, stop_point=self.stop_point)
        mailer.refused = frozenset(self.refused)
        made.mailer = mailer
        return made

    @property
    def rules(self) -> Rules:
        """What decides now."""
        return Rules(self.policy, self._calendar, self.clock())

    def run(self) -> RunReport:
        """One scheduled run; if the process dies in it, the next one follows at once."""
        try:
            return self._run()
        except Died:
            self.deaths += 1
            return self._run()

    def _run(self) -> RunReport:
        self._advances = 0
        installation = self.installation()
        try:
            report = run_once(installation, Progress(advanced=self._count))
        finally:
            installation.close()
        self.reports.append(report)
        return report

    def settle(self) -> list[RunReport]:
        """Runs until nothing more is due soon; what is waited for longer stays waited for."""
        reports: list[RunReport] = []
        while True:
            reports.append(self.run())
            wake_at = self.next_wake()
            if wake_at is None or wake_at > self.clock() + SOON:
                return reports
            if len(reports) >= MOST_RUNS:
                raise AssertionError(f"no rest after {MOST_RUNS} runs")
            self.clock.move_to(max(wake_at, self.clock() + timedelta(minutes=1)))

    def pass_days(self, days: int, *, poller_runs: bool) -> list[RunReport]:
        """Days with the poller at work (a run whenever something is due, at most so many a day), or with none."""
        until = self.clock() + timedelta(days=days)
        least = timedelta(hours=max(6, days * 2))
        reports: list[RunReport] = []
        while poller_runs and (wake_at := self.next_wake()) is not None and wake_at < until:
            self.clock.move_to(max(wake_at, self.clock()))
            reports += self.settle()
            self.clock.move_to(max(self.clock(), min(until, self.clock() + least)))
        self.clock.move_to(max(until, self.clock()))
        return reports

    def next_wake(self) -> datetime | None:
        """When the journal wants its next run."""
        return self.journal.next_wake()

    def _count(self, advance: Advance) -> None:
        self._advances += 1
        if self._advances > MOST_ADVANCES:
            raise Spins(f"{advance.request.case}: {advance.request.state} {advance.request.reason}")

    def _count_down(self, name: str) -> None:
        if self.dies_in is None:
            return
        self.dies_in -= 1
        if self.dies_in <= 0:
            self.dies_in = None
            raise Died(name)


def moved_in(template: Office, folder: Path, *, xlsx: bool) -> Office:
    """A copy of an office in another folder, at the same moment."""
    shutil.copytree(template.folder, folder, dirs_exist_ok=True)
    office = Office(
        folder,
        clock=SimulatedClock(template.clock()),
        institution=template.institution,
        seats=dict(template.seats),
        matrix=template.matrix,
        xlsx=xlsx,
    )
    office.rows = [dict(row) for row in template.rows]
    office.write_responses()
    return office
