"""What other people of the institution do while the program runs: the desk, an approver, purchasing, the domain."""

import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

from config.settings import Settings
from config.settings_accounts import DirectoryEmbedded
from intake.board.tracking_tab import TAB_TITLE
from intake.commands.invocation import Invocation
from intake.output import Output
from intake.wiring import Installation
from provision.directory.embedded_store import seed
from provision.directory.port import AccountChanges
from provision.journal.batches import Batches
from provision.journal.campaigns import Campaigns
from provision.procedure.desk import DeskAction
from provision.procedure.model import State

_CLOSED = frozenset(state.label for state in State if state.closed)


@dataclass(frozen=True, slots=True)
class Choice:
    """An agent's choice in the row of an open case, found by its columns "Usuario" and "Operación"."""

    user: str
    operation: str
    action: DeskAction
    note: str = ""


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that somebody else does at a moment of the demonstration (aware instant). `told` is a Spanish sentence."""

    at: datetime
    told: str
    do: Callable[[Installation], None]
    changes_settings: bool = False
    """The installation has to be put together anew afterwards."""


@dataclass(frozen=True, slots=True)
class Calendar:
    """The days of one year's end, as a demonstration names them."""

    year: int
    zone: ZoneInfo

    def at(self, day: int, month: int, hour: int, minute: int = 0) -> datetime:
        """An instant in the institution's zone; January is the next year's."""
        year = self.year + (month == 1)
        return datetime.combine(date(year, month, day), time(hour, minute), self.zone)


def choosing(board: Path, *choices: Choice) -> Callable[[Installation], None]:
    """An agent opens the workbook, chooses in some rows, and saves. ValueError for a row that is not there: a defect."""

    def choose(installation: Installation) -> None:
        from openpyxl import load_workbook

        book = load_workbook(board)
        sheet = book[TAB_TITLE]
        place = {str(cell.value): number for number, cell in enumerate(sheet[1], start=1)}
        for choice in choices:
            rows = [
                row
                for row in range(2, sheet.max_row + 1)
                if sheet.cell(row, place["Usuario"]).value == choice.user
                and sheet.cell(row, place["Operación"]).value == choice.operation
                and sheet.cell(row, place["Estado"]).value not in _CLOSED
            ]
            if len(rows) != 1:
                raise ValueError(f"the board has {len(rows)} open rows of {choice.user}, {choice.operation}")
            sheet.cell(rows[0], place["Acción"]).value = choice.action.value
            sheet.cell(rows[0], place["Observación"]).value = choice.note
        book.save(board)
        book.close()

    return choose


def commanding(*arguments: str) -> Callable[[Installation], None]:
    """Somebody types this command of `gestion`; `{lote}` and `{campaña}` stand for the digest of the newest one.

    ValueError for a command that does not end well: a defect of the demonstration.
    """

    def command(installation: Installation) -> None:
        from intake.commands.app import make_app

        digests = _digests(installation)
        typed = [digests.get(argument, argument) for argument in arguments]
        said = io.StringIO()
        code: object = make_app()(args=typed, standalone_mode=False, obj=_AtHand(installation, said))
        if code != 0:
            raise ValueError(f"gestion {' '.join(typed)} ended with {code}: {said.getvalue()}")

    return command


class _AtHand(Invocation):
    """A command line at the demonstration's own installation and hour; the machine's environment counts for nothing."""

    def __init__(self, installation: Installation, said: io.StringIO) -> None:
        super().__init__(Output(said, said), installation.clock)
        self._given = installation.settings

    def load(self, asked: str | None) -> Settings:
        """The settings of the demonstration."""
        self.settings = self._given
        return self._given


def _digests(installation: Installation) -> dict[str, str]:
    held = Batches(installation.journal).open_batches()
    campaigns = Campaigns(installation.journal).all()
    return {
        **({"{lote}": held[-1].digest[:12]} if held else {}),
        **({"{campaña}": campaigns[0].digest[:12]} if campaigns else {}),
    }


def buying_seat(settings_file: Path, licence: str, before: int) -> Callable[[Installation], None]:
    """Purchasing brings one more seat of a licence."""

    def buy(installation: Installation) -> None:
        text = settings_file.read_text(encoding="utf-8")
        if f"{licence} = {before} " not in text:
            raise ValueError(f"the settings have not {before} seats of {licence}")
        settings_file.write_text(text.replace(f"{licence} = {before} ", f"{licence} = {before + 1} "), encoding="utf-8")

    return buy


def making_groups(groups: Sequence[str]) -> Callable[[Installation], None]:
    """The domain's administrator makes the groups that were missing."""

    def make(installation: Installation) -> None:
        section = installation.settings.directory
        if not isinstance(section, DirectoryEmbedded):
            raise TypeError("a demonstration lives on the embedded directory")
        seed(section.path, base_dn=section.base_dn, ous=(), groups=groups)

    return make


def moving(login: str, ou: str, department: str) -> Callable[[Installation], None]:
    """The domain's administrator moves an account to where the policy expects it."""

    def move(installation: Installation) -> None:
        account = installation.directory.find_by_login(login)
        if account is None:
            raise ValueError(f"nobody has the login {login}")
        installation.directory.change(account.id, AccountChanges(ou=ou, department=department))

    return move


def together(*deeds: Callable[[Installation], None]) -> Callable[[Installation], None]:
    """Several things at one moment."""

    def do(installation: Installation) -> None:
        for deed in deeds:
            deed(installation)

    return do
