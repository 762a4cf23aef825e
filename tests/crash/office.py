"""An installation with people in it, whose folder can be copied at any moment and lived on from there in fresh runs."""

import copy
import shutil
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import event

from config.clock import SimulatedClock
from config.errors import RecipientRefused, Target
from config.stop_point import let_go
from intake.board.port import HEADERS
from intake.run import RunReport
from intake.wiring import Installation
from notify.mailer.maildir import MaildirMailer
from notify.mailer.port import Message
from provision.backup.embedded import EmbeddedBackup
from provision.cloud.embedded import EmbeddedCloud
from tests.runs.seen import board, choose
from tests.world import World
from tests.year.plain_board import PlainBoard

ABOUT_TO_COMMIT = "journal.about-to-commit"
ITEMS_A_TURN = 2
"""So that a backup of five items takes several runs."""
TEN_MINUTES = timedelta(minutes=10)
MOST_RUNS = 15
DELIVERED, FETCHED = "correo", "leido"
"""Where the transport keeps mails, and where their readers took them: the transport knows nothing of those any more."""


class RefusingMaildir(MaildirMailer):
    """A mail server that accepts no mail for some addresses."""

    refused: frozenset[str] = frozenset()

    def send(self, message: Message) -> None:
        """Refuse, or deliver."""
        if message.to in self.refused:
            raise RecipientRefused(Target.MAIL, f"El servidor de correo rechazó a {message.to}: no existe el buzón.")
        super().send(message)


@dataclass
class Office(World):
    """A `World` that is copied with all that is in its folder."""

    refused: frozenset[str] = frozenset()
    """Addresses for which the mail server accepts nothing."""
    every_commit: bool = False
    """Just before each commit of the journal there is a stop point too."""
    workbook: bool = False
    """The desk's board is an .xlsx file, which costs more than all the rest of a run; else a plain file."""

    def installation(self, *, writable: bool = True) -> Installation:
        """As `World` puts it together, with backups that take several turns and the mail server above."""
        self.board = None if self.workbook else PlainBoard(self.path("tablero.json"))
        installation = super().installation(writable=writable)
        # Templates are compiled once for all runs of a process: a renderer keeps nothing of what it rendered.
        self.renderer = installation.renderer
        if self.every_commit:
            event.listen(installation.journal.engine, "commit", lambda _: self.stop_point(ABOUT_TO_COMMIT))
        mailer = RefusingMaildir(self.path(DELIVERED), clock=self.clock, writable=writable, stop_point=self.stop_point)
        mailer.refused = self.refused
        installation.mailer = mailer
        if isinstance(installation.cloud, EmbeddedCloud):
            installation.backup = EmbeddedBackup(
                self.path("backups"),
                installation.cloud,
                self.clock,
                writable=writable,
                stop_point=self.stop_point,
                items_a_turn=ITEMS_A_TURN,
            )
        return installation

    def shown(self) -> dict[str, list[str]]:
        """What the board shows of each case: its cells, then the desk's two."""
        if isinstance(self.board, PlainBoard):
            return self.board.rows()
        return {case: [row[header] for header in HEADERS] for case, row in board(self).items()}

    def choose(self, case: str, action: str, note: str) -> None:
        """As an agent, choose an action on the board."""
        if isinstance(self.board, PlainBoard):
            self.board.choose(case, action, note)
        else:
            choose(self, case, action, note)

    def copied(self, folder: Path) -> "Office":
        """The same moment again, in another folder, where nobody is killed."""
        shutil.copytree(self.folder, folder)
        other = copy.copy(self)
        other.folder, other.rows, other.stop_point = folder, list(self.rows), let_go
        other.clock = SimulatedClock(self.clock())
        return other

    def due_at(self) -> datetime | None:
        """When a scheduled run next has something to do without anybody's asking."""
        with closing(sqlite3.connect(self.path("gestion.db"))) as journal:
            (text,) = journal.execute("SELECT min(wake_at) FROM request").fetchone()
        return datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None

    def live_on(self, before_run: Callable[[], None] = lambda: None) -> None:
        """Scheduled runs, ten minutes apart but for those that have nothing to do, until nothing is due within an hour."""
        for _ in range(MOST_RUNS):
            before_run()
            self.run_well()
            due_at = self.due_at()
            if due_at is None or due_at > self.clock() + timedelta(hours=1):
                return
            self.clock.advance(TEN_MINUTES)
            while self.clock() < due_at:
                self.clock.advance(TEN_MINUTES)
        raise AssertionError(f"after {MOST_RUNS} runs: {[(s.request.state, s.request.reason) for s in self.cases()]}")

    def run_well(self) -> RunReport:
        """One run, which could reach everything."""
        report = self.run()
        assert not report.problems, [str(problem) for problem in report.problems]
        return report

    def fetch_mails(self) -> None:
        """Their readers take the mails away, as from any server: whether one went out can no longer be asked."""
        for folder in ("new", "cur", "tmp"):
            (self.path(FETCHED) / folder).mkdir(parents=True, exist_ok=True)
        for mail in (self.path(DELIVERED) / "new").glob("*"):
            mail.rename(self.path(FETCHED) / "new" / mail.name)
