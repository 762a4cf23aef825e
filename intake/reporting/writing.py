"""The report as files in a folder, each whole or not at all, that only their owner may read."""

from pathlib import Path

from intake.paper import make_folder, write_whole
from intake.reporting.gathering import gather
from intake.reporting.month import read_month
from intake.reporting.page import files_of
from intake.reporting.report import Report, report_of
from provision.journal.store import Journal
from provision.procedure.steps import Rules


def write_files(folder: Path, report: Report) -> list[str]:
    """Write a report, over a former one of the same folder. Returns the names of its files. Raises CannotRun."""
    files = files_of(report)
    for each in sorted({(folder / name).parent for name in files}):
        make_folder(each)
    for name, text in files.items():
        write_whole(folder / name, text)
    return list(files)


def write_report(folder: Path, journal: Journal, rules: Rules, month: str = "") -> None:
    """Count and write the report of a month (`2026-11`; empty: the last one that is over). Raises CannotRun."""
    write_files(folder, report_of(gather(journal, read_month(month, rules.policy.zone, rules.now), rules)))
