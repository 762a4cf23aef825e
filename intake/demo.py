"""`gestion demo`: the real program on the embedded adapters, through a month of a simulated clock."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, TaskID, TextColumn
from sqlalchemy import select

from config.clock import SimulatedClock
from config.dates import local_date, start_of_day
from config.institution import Institution
from config.log import configure
from config.settings import load_settings
from intake.demo_months import SCRIPTS, Script
from intake.demo_office import Calendar
from intake.demo_people import NewUsers
from intake.demo_summary import Result, result_of, say_results
from intake.demo_telling import Line, lines_of
from intake.demo_world import (
    PEOPLE,
    RESPONSES,
    SETTINGS,
    furnish,
    prepare_folder,
    put_starting_files,
    residents,
    submission_times,
)
from intake.run import run_once
from intake.wiring import Installation
from provision.journal import schema
from provision.procedure.acts import WaitingFor
from provision.procedure.facts import Pickup
from provision.procedure.operations import pickup_times

TICK = timedelta(minutes=30)
"""The scheduled runs of a demonstration are this far apart; those in which nothing can happen are skipped."""
MOST_RUNS = 1000
YEAR = 2026

_WEEKDAYS = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")
_MONTHS = (
    "enero", "febrero", "marzo", "abril", "mayo", "junio", "julio", "agosto", "septiembre", "octubre", "noviembre",
    "diciembre",
)  # fmt: skip

_LOOKED_FOR = (WaitingFor.SEAT, WaitingFor.FIRST_USE, WaitingFor.OTHER_CASE)
"""Waits for what somebody in the demonstration does: until he does it, looking finds nothing."""


def run_demo(folder: Path, console: Console) -> int:
    """Run the whole demonstration into `folder`, telling it on the console. Returns the command's exit code.

    Repeating it makes the folder anew. Raises CannotRun for a folder that holds anything else.
    """
    play(folder, console)
    return 0


def play(folder: Path, console: Console, scripts: Sequence[Script] = SCRIPTS) -> list[Result]:
    """As `run_demo`, of these institutions; returns what each came to."""
    folder = folder.absolute()
    prepare_folder(folder)
    console.rule("[bold]Gestión de Usuarios · demostración[/bold]")
    console.print(
        "El programa real, con sus adaptadores embebidos, en dos instituciones. El reloj es simulado; nada sale de este equipo."
    )
    results: list[Result] = []
    with _progress(console) as progress:
        task = progress.add_task("", total=1.0)
        for script in scripts:
            part = Part(folder, script, console)
            try:
                part.live(progress, task)
                results.append(part.conclude())
            finally:
                part.leave_work()
    say_results(folder, console, results)
    return results


@contextmanager
def _progress(console: Console) -> Iterator[Progress]:
    """A bar below the lines on a terminal; nothing where nobody watches."""
    columns = (BarColumn(bar_width=30), TextColumn("{task.percentage:>3.0f} %"), TextColumn("{task.description}"))
    with Progress(*columns, console=console, transient=True, refresh_per_second=4, disable=not console.is_terminal) as progress:
        yield progress


class Part:
    """One institution's demonstration: its installation, its clock and its people."""

    def __init__(self, folder: Path, script: Script, console: Console) -> None:
        self.folder = folder / script.subfolder
        self.script = script
        self.console = console
        put_starting_files(script.data, self.folder)
        settings = load_settings(self.folder / SETTINGS, {})
        self.policy: Institution = settings.load_policy()
        self.log = configure(settings.log)
        self.calendar = Calendar(YEAR, self.policy.zone)
        self.clock = SimulatedClock(script.begins(self.calendar))
        self.ends = script.ends(self.calendar)
        self.submissions = submission_times(self.folder / RESPONSES, self.policy.zone)
        self.happenings = script.happenings(self.folder, self.calendar)
        self.people = NewUsers(self.folder / "maildir", self._next_morning, script.sign_ins(self.calendar))
        self.runs = 0
        self._installation: Installation | None = None
        self._told_day = ""
        furnish(self._at_work(), residents(script.data / PEOPLE, self.policy), script.missing_groups)
        self.active_before = self._at_work().directory.population()

    def live(self, progress: Progress | None = None, task: TaskID | None = None) -> None:
        """Let the days pass: what others do, then a scheduled run, at each moment at which something can happen."""
        self.console.print()
        self.console.rule(f"[bold]{escape(self.script.title)}[/bold]", align="left")
        self.console.print(f"{len(self.submissions)} respuestas del formulario, {self.script.span}.")
        begun = self.clock()
        while self.clock() < self.ends and self.runs < MOST_RUNS:
            if progress is not None and task is not None:
                share = (self.clock() - begun) / (self.ends - begun)
                progress.update(task, total=1.0, completed=share, description=self._day(self.clock()))
            self._let_others_act()
            report = run_once(self._at_work())
            self.runs += 1
            self._tell(lines_of(report, self.clock()))
            for problem in report.problems:
                self._say("", f"[red]{escape(str(problem))}[/red]")
            self.people.look_into_mail(self.clock())
            self.clock.move_to(self._next_moment())

    def conclude(self) -> Result:
        """What it came to, with its mails and its page written."""
        return result_of(self._at_work(), self.script, self.folder, self.active_before, self.runs)

    def _at_work(self) -> Installation:
        """The program, put together anew whenever somebody changed its settings."""
        if self._installation is None:
            settings = load_settings(self.folder / SETTINGS, {})
            self._installation = Installation(settings, self.policy, self.clock, self.log)
        return self._installation

    def leave_work(self) -> None:
        """Close what is open; at the next use it is opened again."""
        if self._installation is not None:
            self._installation.close()
            self._installation = None

    def _let_others_act(self) -> None:
        for happening in [each for each in self.happenings if each.at <= self.clock()]:
            self.happenings.remove(happening)
            happening.do(self._at_work())
            if happening.changes_settings:
                self.leave_work()
            self._say("", f"[italic]{escape(happening.told)}[/italic]")
        names = self.people.sign_in(self._at_work())
        if names:
            told = f"Primer ingreso, con la clave que llegó por correo: {', '.join(sorted(names))}."
            self._say("", f"[italic]{escape(told)}[/italic]")

    def _next_morning(self, at: datetime) -> datetime:
        """Most people use their access data early on the next business day."""
        installation = self._at_work()
        day = installation.calendar.next_business_day(local_date(at, self.policy.zone))
        return start_of_day(day, self.policy.zone) + timedelta(hours=8)

    def _next_moment(self) -> datetime:
        """The next scheduled run in which something can happen."""
        now = self.clock()
        known = (self.people.next_time(), self._next_wake(), self._next_expiry(), *(each.at for each in self.happenings))
        coming = [at for at in (*self.submissions, *known) if at is not None and at > now]
        ticks = max(1, -((now - min(coming, default=self.ends)) // TICK))
        return min(now + ticks * TICK, self.ends)

    def _next_wake(self) -> datetime | None:
        """When a case wants to be looked at; access data only when it is to be remembered or revoked."""
        installation, now = self._at_work(), self.clock()
        columns = (schema.request.c.wake_at,)
        awaited = schema.request.c.waiting_for.in_(_LOOKED_FOR)
        wanted = select(*columns).where(schema.request.c.wake_at > now, awaited.is_not(True))
        with installation.journal.transaction() as connection:
            wakes: list[datetime] = list(connection.execute(wanted).scalars())
        rules = installation.rules(now)
        for shown in installation.views.cases(only_open=True):
            facts = shown.request.facts
            if facts.access_sent_at is not None and facts.pickup in {None, Pickup.REVOKED}:
                wakes += pickup_times(facts.access_sent_at, rules)
        return min((at for at in wakes if at > now), default=None)

    def _next_expiry(self) -> datetime | None:
        """When the next contract ends: that day's first run sweeps it."""
        found = self._at_work().directory.expiring(self.clock(), self.ends)
        return min((each.expires_at for each in found if each.enabled and each.expires_at is not None), default=None)

    def _day(self, at: datetime) -> str:
        local = at.astimezone(self.policy.zone)
        return f"{_WEEKDAYS[local.weekday()]} {local.day} de {_MONTHS[local.month - 1]}"

    def _tell(self, lines: list[Line]) -> None:
        for line in lines:
            number = f"#{int(line.case.rpartition('-')[2]):<3}" if line.case else "    "
            mark = f"[{line.style}]{escape(line.mark)}[/]" if line.style else escape(line.mark)
            self._say(number, f"{escape(line.what)} · {mark} · {escape(line.text)}")

    def _say(self, number: str, text: str) -> None:
        day = self._day(self.clock())
        if day != self._told_day:
            self._told_day = day
            holiday = (
                ""
                if self._at_work().calendar.is_business_day(self.clock().astimezone(self.policy.zone).date())
                else (" · día no hábil")
            )
            self.console.print(f"\n[bold]{day}[/bold]{holiday}")
        at = self.clock().astimezone(UTC).astimezone(self.policy.zone)
        # Cut to the screen of whoever watches, whole for whoever keeps it.
        watched = self.console.is_terminal
        self.console.print(
            f"  [dim]{at:%H:%M}[/dim] {number or '    '} {text}",
            overflow="ellipsis" if watched else None,
            no_wrap=watched,
            soft_wrap=not watched,
            highlight=False,
        )
