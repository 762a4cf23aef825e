"""What somebody outside the program sees and does: rows of the board, mails, and choices on the sheet."""

from datetime import timedelta

import openpyxl

from intake.run import RunReport
from provision.procedure.model import Request
from tests.world import World


def board(world: World) -> dict[str, dict[str, str]]:
    """The rows of the tab "Seguimiento", by case."""
    rows = list(openpyxl.load_workbook(world.path("seguimiento.xlsx")).worksheets[0].iter_rows(values_only=True))
    at = next(number for number, row in enumerate(rows) if "Caso" in row)
    headers = [str(text) for text in rows[at]]
    found = [dict(zip(headers, (str(value or "") for value in row), strict=True)) for row in rows[at + 1 :]]
    return {row["Caso"]: row for row in found if row["Caso"]}


def choose(world: World, case: str, action: str, note: str = "") -> None:
    """As an agent, choose an action for a case on the board."""
    book = openpyxl.load_workbook(world.path("seguimiento.xlsx"))
    sheet = book.worksheets[0]
    rows = list(sheet.iter_rows(values_only=True))
    at = next(number for number, row in enumerate(rows) if "Caso" in row)
    line = next(number for number, row in enumerate(rows) if case in row and number > at)
    for header, text in (("Acción", action), ("Observación", note)):
        sheet.cell(line + 1, rows[at].index(header) + 1, text)
    book.save(world.path("seguimiento.xlsx"))


def requests(world: World) -> list[Request]:
    """Every request, in the order of their numbers."""
    return [shown.request for shown in world.cases()]


def mails_to(world: World, address: str) -> list[str]:
    """The texts of the mails to an address."""
    return [text for to, _, text in world.mails() if to == address]


def later(world: World, **time: float) -> RunReport:
    """Let time pass, then one run."""
    world.clock.advance(timedelta(**time))
    return world.run()
