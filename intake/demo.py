"""`gestion demo`: the real program on the embedded adapters, through eleven days of a simulated clock."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from config.clock import SimulatedClock
from config.institution import Institution
from config.log import configure
from config.settings import load_settings
from intake.board.port import DeskAction
from intake.demo_mails import export_mails
from intake.demo_world import (
    RESPONSES,
    SETTINGS,
    Happening,
    buy_seat,
    choose_on_board,
    make_forgotten_group,
    prepare_folder,
    seed_demo_directory,
    submission_times,
)
from intake.described import user_of
from intake.run import RunReport, run_once
from intake.stories import page_story
from intake.story_page import write_story_page
from intake.telling import solution_of
from intake.wiring import Installation
from provision.procedure.model import Advance, Entry, EntryKind, Request, State

TICK = timedelta(minutes=10)
"""The scheduled runs of the demonstration are this far apart; those in which nothing can happen are skipped."""
MOST_RUNS = 1000

STYLES = {
    State.DONE: "green",
    State.REFUSED: "red",
    State.NEEDS_CORRECTION: "yellow",
    State.NEEDS_ATTENTION: "bold red",
    State.WAITING: "cyan",
    State.DUPLICATE: "magenta",
    State.UNANSWERED: "magenta",
    State.CANCELLED: "magenta",
}

_WEEKDAYS = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")


def run_demo(folder: Path, console: Console) -> int:
    """Run the whole demonstration into `folder`, telling it on the console. Returns the command's exit code.

    Repeating it makes the folder anew. Raises CannotRun for a folder that holds anything else.
    """
    folder = folder.absolute()
    prepare_folder(folder)
    demo = _Demo(folder, console)
    demo.introduce()
    demo.live()
    return demo.conclude()


class _Demo:
    def __init__(self, folder: Path, console: Console) -> None:
        self.folder = folder
        self.console = console
        settings = load_settings(folder / SETTINGS, {})
        self.policy: Institution = settings.load_policy()
        self.log = configure(settings.log)
        seed_demo_directory(folder / "directorio.db", self.policy)
        self.submissions = submission_times(folder / RESPONSES, self.policy.zone)
        self.clock = SimulatedClock(self.local(30, 11, 7, 30))
        self.end = self.local(10, 12, 8, 0)
        self.happenings = self._happenings()
        self.runs = 0

    def local(self, day: int, month: int, hour: int, minute: int) -> datetime:
        """An instant of 2026 in the institution's zone."""
        return datetime(2026, month, day, hour, minute, tzinfo=self.policy.zone)

    def _happenings(self) -> list[Happening]:
        board = self.folder / "seguimiento.xlsx"
        attended = {"gloria.bernal@upme.gov.co": (DeskAction.APPROVE, "Identidad verificada por teléfono")}
        return [
            Happening(
                self.local(1, 12, 15, 30),
                "Un agente de la mesa atiende a mano el cambio de clave y elige «Aprobar» en el tablero.",
                lambda: choose_on_board(board, attended),
            ),
            Happening(
                self.local(2, 12, 9, 0),
                "Infraestructura crea el grupo que faltaba, y un agente elige «Reintentar» en el tablero.",
                self._mend_group,
            ),
            Happening(
                self.local(1, 12, 16, 30),
                "Compras trae un cupo más de licencia para operadores.",
                lambda: buy_seat(self.folder / SETTINGS),
            ),
        ]

    def _mend_group(self) -> None:
        make_forgotten_group(self.folder / "directorio.db")
        retry = {"Hermenegildo Maximiliano Bonaparte Santamaría de los Ríos": (DeskAction.RETRY, "Ya existe el grupo")}
        choose_on_board(self.folder / "seguimiento.xlsx", retry)

    def introduce(self) -> None:
        """Say what is going to be seen."""
        self.console.rule("[bold]Gestión de Usuarios · demostración[/bold]")
        self.console.print(
            f"El programa real, con sus adaptadores embebidos, atiende {len(self.submissions)} respuestas del formulario "
            f"de la {escape(self.policy.name)} entre el lunes 30 de noviembre y el jueves 10 de diciembre de 2026. "
            "El reloj es simulado; nada sale de este equipo.\n"
        )

    def live(self) -> None:
        """Let the days pass: what others do, then a scheduled run, at each moment at which something can happen."""
        while self.clock() < self.end and self.runs < MOST_RUNS:
            for happening in [each for each in self.happenings if each.at <= self.clock()]:
                self.happenings.remove(happening)
                happening.do()
                self._moment()
                self.console.print(f"  [italic]{escape(happening.told)}[/italic]")
            installation = self._installation()
            try:
                report = run_once(installation)
                wake_at = installation.journal.next_wake()
            finally:
                installation.close()
            self.runs += 1
            self._tell(report)
            self.clock.move_to(self._next_moment(wake_at))

    def _installation(self) -> Installation:
        settings = load_settings(self.folder / SETTINGS, {})
        return Installation(settings, self.policy, self.clock, self.log)

    def _next_moment(self, wake_at: datetime | None) -> datetime:
        now = self.clock()
        coming = [at for at in (*self.submissions, *(each.at for each in self.happenings), wake_at) if at and at > now]
        ticks = max(1, -((now - min(coming, default=self.end)) // TICK))
        return min(now + ticks * TICK, self.end)

    def _moment(self) -> None:
        at = self.clock().astimezone(self.policy.zone)
        self.console.print(f"[bold]{_WEEKDAYS[at.weekday()]} {at:%d/%m %H:%M}[/bold]")

    def _tell(self, report: RunReport) -> None:
        told = _latest(report.work.advanced)
        if not told and not report.problems:
            return
        self._moment()
        for request, text in told:
            style = STYLES.get(request.state, "")
            who = escape(user_of(request)[:34])
            state = f"[{style}]{request.state.label}[/{style}]" if style else request.state.label
            self.console.print(f"  {request.case} {who} · {state} · {escape(text)}", overflow="ellipsis", no_wrap=True)
        for problem in report.problems:
            self.console.print(f"  [red]{escape(str(problem))}[/red]")

    def conclude(self) -> int:
        """Leave the mails as files and the page of stories, and say where everything is."""
        installation = self._installation()
        try:
            mails = export_mails(self.folder / "maildir", self.folder / "correos")
            shown = installation.views.cases()
            rules = installation.rules(self.clock())
            stories = []
            for each in shown:
                sent = [exported.mail for exported in mails if exported.case == each.request.case]
                stories.append(page_story(installation.views.story(each.request.case), sent, rules))
        finally:
            installation.close()
        outputs = [
            ("Tablero de seguimiento (.xlsx)", "seguimiento.xlsx"),
            ("Correos enviados", "correos/"),
            ("Registro", "gestion.log"),
        ]
        page = self.folder / "historias.html"
        title = "Demostración: la historia de cada caso"
        colour = self.policy.mail.colour
        write_story_page(page, title, self.policy.name, stories, self.clock(), outputs, zone=self.policy.zone, colour=colour)
        self._sum_up([each.request for each in shown], len(mails))
        return 0

    def _sum_up(self, requests: Sequence[Request], mails: int) -> None:
        counts = Table(title="Así quedaron las solicitudes", title_justify="left")
        counts.add_column("Estado")
        counts.add_column("Casos", justify="right")
        for state in State:
            number = sum(request.state is state for request in requests)
            if number:
                counts.add_row(f"[{STYLES.get(state, 'default')}]{state.label}[/]", str(number))
        self.console.print()
        self.console.print(counts)
        made = sum(request.facts.access_sent_at is not None for request in requests)
        summary = (
            f"{len(requests)} casos, {made} cuentas con datos de acceso enviados, {mails} correos, {self.runs} ejecuciones."
        )
        self.console.print(f"{summary}\n")
        self.console.print("[bold]Mire ahora:[/bold]")
        for what, name in (
            ("la historia de cada caso", "historias.html"),
            ("el tablero que ve la mesa de servicio", "seguimiento.xlsx"),
            ("los correos, para abrir en el navegador o en un programa de correo", "correos/"),
        ):
            self.console.print(f"  {self.folder / name}\n    {what}", soft_wrap=True)
        settings = self.folder / SETTINGS
        self.console.print(f"\nY pregunte: [bold].venv/bin/gestion --config {settings} show 1[/bold]", soft_wrap=True)


def _latest(advanced: Sequence[Advance]) -> list[tuple[Request, str]]:
    """For each case that got on in a run, where it stands and the last thing worth telling."""
    worth = {EntryKind.DECISION, EntryKind.PROBLEM, EntryKind.WAIT, EntryKind.MAIL, EntryKind.END, EntryKind.DESK}
    told: dict[str, tuple[Request, str]] = {}
    for advance in advanced:
        case = advance.request.case
        lines = [entry for entry in advance.entries if entry.kind in worth]
        if lines:
            entry = lines[-1]
            text = _where_it_stands(advance.request) or _said(entry)
            told[case] = (advance.request, text or told.get(case, (advance.request, ""))[1])
        elif case in told:
            told[case] = (advance.request, told[case][1])
    return [told[case] for case in sorted(told)]


def _where_it_stands(request: Request) -> str:
    """What the state itself says best: how it ended, or what is wrong."""
    if request.state is State.DONE:
        return solution_of(request)
    return "" if request.state in {State.WAITING, State.IN_PROGRESS} else request.reason


def _said(entry: Entry) -> str:
    """An entry in half a line, after the state that it led to."""
    match entry.kind:
        case EntryKind.WAIT:
            return entry.title.partition(": ")[2]
        case EntryKind.MAIL | EntryKind.PROBLEM | EntryKind.DECISION:
            return entry.detail
        case _:
            return entry.detail or entry.title
