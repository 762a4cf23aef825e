"""spreadsheets.create of the fake Google: a new spreadsheet with its tabs and their first cells."""

from collections.abc import Mapping
from typing import Any

from tests.servers.google.grid import SheetTab, Spreadsheet
from tests.servers.google.server import ApiCall, Handler
from tests.servers.google.sheets import SheetsApi


class NewBooks:
    """Makes spreadsheets on a SheetsApi: `made-book-1`, `made-book-2`, …"""

    def __init__(self, sheets: SheetsApi) -> None:
        self.sheets = sheets
        self.made: list[str] = []

    def handlers(self) -> Mapping[str, Handler]:
        """The one method."""
        return {"sheets.spreadsheets.create": self._create}

    def _create(self, call: ApiCall) -> dict[str, Any]:
        identifier = f"made-book-{len(self.made) + 1}"
        self.made.append(identifier)
        book = Spreadsheet(call.body.get("properties", {}).get("timeZone", "America/Bogota"))
        for sheet in call.body.get("sheets", []):
            properties = sheet["properties"]
            grid = properties.get("gridProperties", {})
            tab = SheetTab(properties.get("sheetId", 0), properties["title"])
            tab.frozen_rows = grid.get("frozenRowCount", 0)
            for block in sheet.get("data", []):
                _put(tab, block)
            book.add(tab)
        self.sheets.books[identifier] = book
        shown = [
            {"properties": {"sheetId": tab.sheet_id, "title": tab.title, "index": place}} for place, tab in enumerate(book.tabs)
        ]
        return {"spreadsheetId": identifier, "properties": {"timeZone": book.time_zone}, "sheets": shown}


def _put(tab: SheetTab, block: Mapping[str, Any]) -> None:
    for row, cells in enumerate(block.get("rowData", []), start=block.get("startRow", 0) + 1):
        for column, cell in enumerate(cells.get("values", []), start=block.get("startColumn", 0) + 1):
            tab.put(row, column, cell.get("userEnteredValue", {}).get("stringValue", ""))
