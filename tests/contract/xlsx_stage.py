"""The .xlsx board under contract, and an agent with the file open."""

from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import Any

import openpyxl
from openpyxl.worksheet.worksheet import Worksheet

from config.vocabulary import CaseNumber
from intake.board.port import HEADERS
from intake.board.response_rows import EPOCH
from intake.board.tracking_tab import DUE_ON, KEY, PROGRESS, TECHNICAL, TURN
from intake.board.xlsx import XlsxBoard
from intake.board.xlsx_look import KEPT
from tests.contract.boards import BOGOTA, by_header


class XlsxStage:
    """A file, edited as LibreOffice would: opened, changed, saved whole."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "Seguimiento.xlsx"

    def open(self, *, writable: bool = True) -> XlsxBoard:
        """The board as a new run opens it."""
        title = "UPME · Gestión de Usuarios"
        return XlsxBoard(self.path, zone=BOGOTA, title=title, writable=writable, today=lambda: date(2026, 11, 22))

    def rows(self) -> list[dict[str, str]]:
        """The table as an agent sees it."""
        if not self.path.exists():
            return []
        header, *body = openpyxl.load_workbook(self.path)["Seguimiento"].iter_rows(values_only=True)
        return [by_header(header, row) for row in body if any(row)]

    def choose(self, case: CaseNumber, action: str, note: str = "") -> None:
        """Put an action and a note beside a case."""

        def change(table: list[list[Any]]) -> None:
            row = next(row for row in table if row[table[0].index("Caso")] == case)
            row[table[0].index("Acción")], row[table[0].index("Observación")] = action, note

        self.edit(change)

    def reverse(self) -> None:
        """Sort the table the other way round."""
        self.edit(lambda table: table.__setitem__(slice(1, None), table[:0:-1]))

    def insert_row_on_top(self) -> None:
        """Insert an empty row under the header."""
        self.edit(lambda table: table.insert(1, [None] * len(HEADERS)))

    def move_columns(self) -> None:
        """Put a column of the desk's own between the program's, and swap two of them."""

        def change(table: list[list[Any]]) -> None:
            for number, row in enumerate(table):
                row.insert(2, "Apuntes" if number == 0 else "=ojo" if number == 1 else None)
                row[6], row[8] = row[8], row[6]

        self.edit(change)

    def rename_header(self, old: str, new: str) -> None:
        """Write another text over a header."""
        self.edit(lambda table: table[0].__setitem__(table[0].index(old), new))

    def formulas(self) -> int:
        """How many cells are formulas."""
        sheet = openpyxl.load_workbook(self.path)["Seguimiento"]
        return sum(cell.data_type == "f" for row in sheet.iter_rows() for cell in row)

    def write_over(self, case: CaseNumber, header: str, text: str) -> None:
        """Type something over a cell of the case's row."""

        def change(table: list[list[Any]]) -> None:
            row = next(row for row in table if row[table[0].index(KEY)] == case)
            row[table[0].index(header)] = text

        self.edit(change)

    def copy_row(self, case: CaseNumber, as_case: CaseNumber | None = None) -> None:
        """Copy a case's row to the end."""

        def change(table: list[list[Any]]) -> None:
            header = table[0]
            row = list(next(row for row in table if row[header.index("Caso")] == case))
            if as_case:
                row[header.index("Caso")] = row[header.index(KEY)] = as_case
            table.append(row)

        self.edit(change)

    def without_technical(self) -> None:
        """Make the board what an older program made."""

        def change(table: list[list[Any]]) -> None:
            for header in (*TECHNICAL, *KEPT):
                if header in table[0]:
                    place = table[0].index(header)
                    for row in table:
                        del row[place]

        self.edit(change)

    def _sheet(self) -> Worksheet:
        return openpyxl.load_workbook(self.path)["Seguimiento"]

    def keys(self) -> list[str]:
        """The keys, row by row."""
        header, *body = self._sheet().iter_rows(values_only=True)
        return [str(row[header.index(KEY)]) for row in body if row[header.index(KEY)]]

    def offered(self) -> dict[str, tuple[str, ...]]:
        """The choices of "Acción", by case."""
        sheet = self._sheet()
        offered: dict[str, tuple[str, ...]] = {}
        for rule in sheet.data_validations.dataValidation:
            for place in rule.sqref.ranges:
                case = sheet.cell(place.min_row, 1).value
                offered[str(case)] = tuple(str(rule.formula1).strip('"').split(","))
        return offered

    def notes(self, case: CaseNumber) -> dict[str, str]:
        """The notes on the case's row, by header."""
        sheet = self._sheet()
        row = next(row for row in sheet.iter_rows() if row[0].value == case)
        return {str(header.value): cell.comment.text for header, cell in zip(sheet[1], row, strict=True) if cell.comment}

    def technical(self, case: CaseNumber) -> tuple[Any, Any, Any]:
        """Share of the SLA, turn, and day due as a serial number."""
        header, *body = self._sheet().iter_rows(values_only=True)
        row = dict(zip(header, next(row for row in body if row[0] == case), strict=True))
        due = row[DUE_ON]
        return row[PROGRESS], row[TURN], (due.date() - EPOCH.date()).days if isinstance(due, datetime) else None

    def edit(self, change: Callable[[list[list[Any]]], None]) -> None:
        """Open the file, change the table, save it."""
        book = openpyxl.load_workbook(self.path)
        sheet = book["Seguimiento"]
        table = [list(row) for row in sheet.iter_rows(values_only=True) if any(row)]
        change(table)
        sheet.delete_rows(1, sheet.max_row)
        for number, row in enumerate(table, start=1):
            for column, value in enumerate(row, start=1):
                cell = sheet.cell(number, column)
                cell.value = value
                if isinstance(value, str):
                    cell.data_type = "s"
        book.save(self.path)
