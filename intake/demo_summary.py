"""What a demonstration came to: its page of stories and mails, and the closing tables on the console."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from config.dates import local_date
from intake.account_lives import Window
from intake.demo_mails import export_mails
from intake.demo_months import BOARD, CAMPAIGN, VICTIMS, Script
from intake.demo_telling import STYLES
from intake.demo_world import SETTINGS
from intake.described import operation_label
from intake.reporting.page import PAGE as REPORT_PAGE
from intake.reporting.writing import write_report
from intake.stories import account_lives, page_story
from intake.story_page import write_story_page
from intake.story_values import Overview
from intake.wiring import Installation
from provision.directory.port import AccountId
from provision.journal.accounts import Accounts
from provision.procedure.acts import Act
from provision.procedure.facts import Pickup
from provision.procedure.model import Request, SlaMark, State
from provision.procedure.submission import ChangeAddress

PAGE, REPORT = "historias.html", "informe"
_SHORT = {
    State.WAITING: "En\nespera",
    State.NEEDS_CORRECTION: "Corre-\ngir",
    State.NEEDS_ATTENTION: "Aten-\nción",
    State.FOLLOWED_UP: "Segui-\nmiento",
    State.DONE: "Termi-\nnadas",
    State.REFUSED: "Recha-\nzadas",
    State.DUPLICATE: "Dupli-\ncadas",
    State.UNANSWERED: "Sin\nresp.",
    State.CANCELLED: "Cance-\nladas",
}
"""Headings that a terminal of 80 columns has room for."""


@dataclass(frozen=True, slots=True)
class Figures:
    """The counts of one demonstration."""

    cases: Mapping[tuple[str, State], int]
    """By operation (its Spanish label) and state."""
    mails: int
    active_before: int
    active_after: int
    created: int
    deleted: int
    on_time: int
    warned: int
    """Of those on time, how many after the warning."""
    missed: int
    used: int
    reminded: int
    revoked: int
    backups: int
    runs: int

    def lines(self) -> tuple[tuple[str, str], ...]:
        """Label and value, as people read them."""
        return (
            ("Casos", str(sum(self.cases.values()))),
            ("Correos enviados", str(self.mails)),
            (
                "Cuentas activas",
                f"antes {self.active_before}, después {self.active_after} (creadas {self.created}, eliminadas {self.deleted})",
            ),
            (
                "Plazo de atención",
                f"cumplido en {self.on_time} casos ({self.warned} con aviso previo), vencido en {self.missed}",
            ),
            (
                "Datos de acceso",
                f"usados: {self.used}, recordados: {self.reminded}, anulados sin usar: {self.revoked}",
            ),
            ("Backups verificados", str(self.backups)),
            ("Ejecuciones del programa", str(self.runs)),
        )


@dataclass(frozen=True, slots=True)
class Result:
    """One demonstration, done."""

    script: Script
    folder: Path
    figures: Figures


def result_of(installation: Installation, script: Script, folder: Path, active_before: int, runs: int) -> Result:
    """Leave the mails as files and the page of stories, and count."""
    mails = export_mails(folder / "maildir", folder / "correos")
    now, policy = installation.clock(), installation.policy
    rules = installation.rules(now)
    shown = installation.views.cases()
    requests = [each.request for each in shown]
    figures = _count(requests, len(mails), active_before, installation.directory.population(), runs)
    stories = [
        page_story(installation.views.story(request.case), [each.mail for each in mails if each.case == request.case], rules)
        for request in requests
    ]
    register = Accounts(installation.journal)
    received = [local_date(request.received_at, policy.zone) for request in requests]
    overview = Overview(
        figures.lines(),
        account_lives(requests, lambda account: register.holds(AccountId(account)), policy.zone),
        Window(min(received), local_date(now, policy.zone), installation.calendar.is_business_day) if received else None,
    )
    if received:
        months = Counter(f"{day:%Y-%m}" for day in received)
        write_report(folder / REPORT, installation.journal, rules, max(months, key=lambda month: months[month]))
    outputs = [
        ("Tablero de seguimiento (.xlsx)", BOARD),
        ("Correos enviados", "correos/"),
        ("Backups", "backups/"),
        *([("Informe del mes", f"{REPORT}/{REPORT_PAGE}")] if received else []),
        *([("Plan del cierre de vigencia", f"{CAMPAIGN}/plan.html")] if (folder / CAMPAIGN).exists() else []),
        ("Registro", "gestion.log"),
        *([] if script.subfolder else [(VICTIMS.title, f"{VICTIMS.subfolder}/{PAGE}")]),
    ]
    write_story_page(
        folder / PAGE,
        script.heading,
        policy.name,
        stories,
        now,
        outputs,
        zone=policy.zone,
        colour=policy.mail.colour,
        overview=overview,
    )
    return Result(script, folder, figures)


def _count(requests: Sequence[Request], mails: int, active_before: int, active_after: int, runs: int) -> Figures:
    attended = [each for each in requests if each.attended_at is not None or each.state.closed]
    missed = sum(each.sla is SlaMark.MISSED for each in attended)
    return Figures(
        cases=Counter((_operation(each), each.state) for each in requests),
        mails=mails,
        active_before=active_before,
        active_after=active_after,
        created=sum(each.facts.account_id is not None for each in requests),
        deleted=sum(each.facts.account_deleted_at is not None for each in requests),
        on_time=len(attended) - missed,
        warned=sum(each.sla is SlaMark.WARNED for each in attended),
        missed=missed,
        used=sum(each.facts.pickup is Pickup.USED for each in requests),
        reminded=sum(any(step.startswith(Act.MAIL_PICKUP_REMINDER) for step in each.done) for each in requests),
        revoked=sum(each.facts.pickup is Pickup.REVOKED for each in requests),
        backups=sum(each.facts.backup is not None for each in requests),
        runs=runs,
    )


def _operation(request: Request) -> str:
    return "Cambio de correo" if isinstance(request.content, ChangeAddress) else operation_label(request)


def say_results(folder: Path, console: Console, results: Sequence[Result]) -> None:
    """The closing tables, and where to look."""
    for result in results:
        console.print()
        console.print(f"[bold]{escape(result.script.title)}[/bold]: los casos, por operación y estado\n", highlight=False)
        console.print(_table(result))
        for label, value in result.figures.lines():
            console.print(f"  {label}: [bold]{escape(value)}[/bold]", highlight=False)
    console.print("\n[bold]Mire ahora:[/bold]")
    for name, what in (
        (PAGE, "cada caso con sus pasos, esperas, aprobaciones y cambios, y el calendario de cada cuenta"),
        (BOARD, "el tablero que ve la mesa de servicio"),
        ("correos/", "los correos, para abrir en el navegador o en un programa de correo"),
        ("backups/", "los backups, cada uno con su manifiesto verificado"),
        (f"{REPORT}/{REPORT_PAGE}", "el informe del mes con más solicitudes, y las hojas que revisa cada jefatura"),
        (f"{CAMPAIGN}/plan.html", "el plan del cierre de vigencia, como lo revisó quien lo aprobó"),
        (f"{VICTIMS.subfolder}/{PAGE}", "la segunda institución: la misma carpeta, con otra política"),
    ):
        if (folder / name).exists():
            console.print(f"  {folder / name}\n    [dim]{what}[/dim]", soft_wrap=True, highlight=False)
    asked = f".venv/bin/gestion --config {folder / SETTINGS}"
    console.print(f"\nY pregunte: [bold]{asked} show 1[/bold]", soft_wrap=True, highlight=False)


def _table(result: Result) -> Table:
    states = [state for state in State if any(each is state for _, each in result.figures.cases)]
    operations = dict.fromkeys(operation for operation, _ in result.figures.cases)
    table = Table(box=SIMPLE_HEAD, show_edge=False, padding=(0, 1, 0, 0))
    table.add_column("Operación", no_wrap=True)
    table.add_column("Casos", justify="right")
    for state in states:
        table.add_column(
            _SHORT.get(state, state.label), justify="right", style=STYLES.get(state), header_style=STYLES.get(state)
        )
    for operation in operations:
        counts = [result.figures.cases.get((operation, state), 0) for state in states]
        table.add_row(operation, str(sum(counts)), *(str(count) if count else "·" for count in counts))
    table.add_section()
    totals = [sum(n for (_, each), n in result.figures.cases.items() if each is state) for state in states]
    table.add_row("[bold]Todas[/bold]", f"[bold]{sum(totals)}[/bold]", *map(str, totals))
    return table
