"""What happens around the program in the demonstration: the files it starts with, and what other people do meanwhile."""

import csv
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from config.errors import CannotRun
from config.institution import Institution
from config.vocabulary import AccountType
from intake.board.port import DeskAction
from intake.forms.csv_times import parse_form_timestamp
from intake.wiring import policy_groups, policy_ous
from provision.directory.embedded_store import SeededAccount, seed

DATA = Path(__file__).parent.parent / "config" / "demo"
SETTINGS = "gestion.toml"
RESPONSES = "respuestas.csv"
STARTING_FILES = (SETTINGS, RESPONSES, "matriz.csv")
MARK = ".demostracion-de-gestion"
"""A folder that holds this file was made by the demonstration, and may be made anew by it."""

BASE_DN = "DC=upme,DC=test"
FORGOTTEN_GROUP = "CN=GG_Financiera,OU=Grupos"
"""Nobody made this group: the account that needs it waits for a person."""


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that somebody else does at a moment of the demonstration (aware instant)."""

    at: datetime
    told: str
    do: Callable[[], None]


def prepare_folder(folder: Path) -> None:
    """Make the folder with the files the demonstration starts from; one of a former demonstration is emptied first.

    Raises CannotRun for a folder with anything else in it: nothing of somebody's is ever deleted.
    """
    try:
        if folder.exists() and any(folder.iterdir()):
            if not (folder / MARK).exists():
                raise CannotRun(
                    f"La carpeta {folder} no está vacía y no es de una demostración anterior.",
                    remedy="Indique otra con --folder; no se borró nada.",
                )
            shutil.rmtree(folder)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (folder / MARK).write_text(
            "Carpeta de la demostración: «gestion demo» la vacía y la vuelve a llenar.\n", encoding="utf-8"
        )
        for name in STARTING_FILES:
            shutil.copyfile(DATA / name, folder / name)
    except OSError as error:
        raise CannotRun(
            f"No se puede preparar la carpeta {folder}: {error.strerror}.", remedy="Revise el disco y los permisos."
        ) from error


def submission_times(path: Path, zone: ZoneInfo) -> list[datetime]:
    """When the responses of the export were submitted, edits included, in order (aware)."""
    with path.open(encoding="utf-8", newline="") as file:
        return sorted(parse_form_timestamp(row["Marca temporal"], zone) for row in csv.DictReader(file))


def seed_demo_directory(path: Path, policy: Institution) -> None:
    """The institution's OUs and groups but one, and the people who are there already."""
    groups = [group for group in policy_groups(policy) if group != FORGOTTEN_GROUP]
    seed(path, base_dn=BASE_DN, ous=policy_ous(policy), groups=groups, accounts=_people(policy))


def _people(policy: Institution) -> list[SeededAccount]:
    units = {unit.name: unit for unit in policy.units}
    with (DATA / "personas.csv").open(encoding="utf-8", newline="") as file:
        return [
            SeededAccount(
                row["login"],
                row["nombre"],
                f"{row['login']}@{policy.mail_domain}",
                policy.ou_of(AccountType(row["tipo"]), units[row["unidad"]]),
                employee_id=row["documento"],
                enabled=row["activa"] == "sí",
            )
            for row in csv.DictReader(file)
        ]


def make_forgotten_group(path: Path) -> None:
    """The infrastructure professional makes the group that was missing."""
    seed(path, base_dn=BASE_DN, ous=(), groups=(FORGOTTEN_GROUP,))


def buy_seat(settings_file: Path) -> None:
    """Purchasing brings one more licence for operators."""
    text = settings_file.read_text(encoding="utf-8")
    settings_file.write_text(text.replace("SPE_F1 = 1", "SPE_F1 = 2"), encoding="utf-8")


def choose_on_board(board: Path, actions: Mapping[str, tuple[DeskAction, str]]) -> None:
    """An agent opens the workbook, chooses an action for some users' rows, writes an observation, and saves."""
    from openpyxl import load_workbook

    book = load_workbook(board)
    sheet = book["Seguimiento"]
    columns = {str(cell.value): number for number, cell in enumerate(sheet[1], start=1)}
    for row in range(2, sheet.max_row + 1):
        chosen = actions.get(str(sheet.cell(row, columns["Usuario"]).value))
        if chosen is not None:
            sheet.cell(row, columns["Acción"]).value = chosen[0].value
            sheet.cell(row, columns["Observación"]).value = chosen[1]
    book.save(board)
