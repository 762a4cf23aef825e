"""The report as files in a folder, each whole or not at all, that only their owner may read."""

import json
import re
from collections.abc import Iterable
from pathlib import Path

from pydantic import TypeAdapter

from config.errors import CannotRun
from intake.paper import make_folder, write_whole
from intake.reporting.gathering import gather
from intake.reporting.month import read_month
from intake.reporting.page import files_of
from intake.reporting.report import Report, report_of
from intake.reporting.review import FOLDER
from provision.journal.store import Journal
from provision.procedure.steps import Rules

RECORD = ".informe.json"
"""In the folder: the names of the files that the report wrote, by which the next one knows what is left of it."""
_OURS = re.compile(rf"(?:{FOLDER}/)?[\w-]+\.(?:html|csv)")


def write_files(folder: Path, report: Report) -> list[str]:
    """Write a report instead of the former one in the same folder, of which no file is left. Raises CannotRun.

    What is not of a report stays. Returns the names of the report's files.
    """
    files = files_of(report)
    left = _former(folder) - files.keys()
    for each in sorted({(folder / name).parent for name in files}):
        make_folder(each)
    _remove(folder, left)
    # Before the files: those that are here when this process dies are known to be ours.
    write_whole(folder / RECORD, json.dumps(sorted(files), ensure_ascii=False) + "\n")
    for name, text in files.items():
        write_whole(folder / name, text)
    return list(files)


def _former(folder: Path) -> frozenset[str]:
    """The files of the report that was here; never the name of anything else, whatever somebody wrote into the record."""
    try:
        names = TypeAdapter(list[str]).validate_json((folder / RECORD).read_bytes())
    except FileNotFoundError:
        return frozenset()
    except (OSError, ValueError) as error:
        raise CannotRun(
            f"No se puede leer {folder / RECORD}: no se sabe qué archivos son del informe anterior.",
            remedy="Escriba el informe en otra carpeta con --to, o borre usted los archivos del anterior.",
        ) from error
    return frozenset(name for name in names if _OURS.fullmatch(name))


def _remove(folder: Path, names: Iterable[str]) -> None:
    for name in names:
        try:
            (folder / name).unlink(missing_ok=True)
        except OSError as error:
            raise CannotRun(
                f"No se puede borrar {folder / name}, del informe anterior: {error.strerror}.",
                remedy="Bórrelo usted, o escriba el informe en otra carpeta con --to.",
            ) from error


def write_report(folder: Path, journal: Journal, rules: Rules, month: str = "") -> None:
    """Count and write the report of a month (`2026-11`; empty: the last one that is over). Raises CannotRun."""
    write_files(folder, report_of(gather(journal, read_month(month, rules.policy.zone, rules.now), rules)))
