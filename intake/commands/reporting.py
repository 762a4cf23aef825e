"""`report`: the month on paper, counted from the journal as it stands, while runs go on; nothing but its own folder changes."""

from contextlib import closing
from pathlib import Path

from config.calendar import BusinessCalendar
from config.errors import CannotRun
from intake.commands.installation import journal_to_read
from intake.commands.invocation import Invocation
from intake.output import Output
from intake.reporting.gathering import gather
from intake.reporting.month import read_month
from intake.reporting.page import PAGE
from intake.reporting.report import Report, report_of
from intake.reporting.tables import counted
from intake.reporting.writing import write_files
from intake.typed_choices import read_unit
from intake.typed_text import Wrong
from provision.procedure.steps import Rules


def report_command(invocation: Invocation, config: str | None, *, month: str, to: str, unit: str, idle_months: int) -> int:
    """Write the month's report. Raises CannotRun for a month, a unit or a folder that is none, or when there is no journal."""
    settings, output = invocation.load(config), invocation.output
    policy = settings.load_policy()
    rules = Rules(policy, BusinessCalendar(policy.business_hours, policy.zone), invocation.clock())
    wanted = read_month(month, policy.zone, rules.now)
    named = read_unit(unit, policy) if unit.strip() else None
    if isinstance(named, Wrong):
        raise CannotRun(named.message, remedy="Escríbala en --unit como aparece en el formulario, o con su sigla.")
    with closing(journal_to_read(settings)) as journal:
        report = report_of(gather(journal, wanted, rules), unit=named, idle_months=idle_months)
    folder = Path(to or f"informe-{wanted.code}")
    written = write_files(folder, report)
    output.document({**report.figures, "folder": str(folder), "files": written})
    _say(output, report, folder, written)
    return 0


def _say(output: Output, report: Report, folder: Path, written: list[str]) -> None:
    for tile in report.tiles:
        output.line(f"{tile.label}: {tile.value}")
    if report.empty:
        output.note(f"En {report.of.month.label} no hubo ningún caso.")
    output.note(f"{folder / PAGE} y {counted(len(written) - 1, 'archivo más', 'archivos más')}. Contienen datos personales.")
