"""The Sheets service of the fake Google: spreadsheets whose cells are kept as Google keeps them.

Only what the board uses is here; any other request kind is Google's 400, so that a new one is noticed. As in Google: a range
outside the grid is refused; trailing empty rows and cells are left out of a reply while its `range` names
the whole range read.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.servers.google.changes import Changes, letters, tab_reply, within
from tests.servers.google.grid import SheetTab, Spreadsheet
from tests.servers.google.server import ApiCall, ApiError, Handler

_A1 = re.compile(r"^\$?([A-Z]{0,3})\$?(\d*)(?::\$?([A-Z]{0,3})\$?(\d*))?$")


@dataclass(frozen=True, slots=True)
class _Area:
    tab: SheetTab
    first_row: int
    first_column: int
    last_row: int
    last_column: int

    @property
    def a1(self) -> str:
        first = f"{letters(self.first_column)}{self.first_row}"
        last = f"{letters(self.last_column)}{self.last_row}"
        title = self.tab.title if re.fullmatch(r"[A-Za-z]+", self.tab.title) else "'" + self.tab.title.replace("'", "''") + "'"
        return f"{title}!{first}" if first == last else f"{title}!{first}:{last}"


class SheetsApi:
    """Spreadsheets by id. `after_read` and `before_write` let a test play the agent at the worst moment."""

    def __init__(self) -> None:
        self.books: dict[str, Spreadsheet] = {}
        self.after_read: list[Callable[[], None]] = []
        self.before_write: list[Callable[[], None]] = []
        self.protected: set[str] = set()
        """Titles of tabs that refuse writes, as Google does for a protected range."""

    def handlers(self) -> Mapping[str, Handler]:
        """The methods that the board calls."""
        return {
            "sheets.spreadsheets.get": self._get,
            "sheets.spreadsheets.batchUpdate": self._batch_update,
            "sheets.spreadsheets.values.get": self._values_get,
            "sheets.spreadsheets.values.batchGet": self._values_batch_get,
        }

    def _book(self, call: ApiCall) -> Spreadsheet:
        book = self.books.get(call.path["spreadsheetId"])
        if book is None:
            raise ApiError(404, "NOT_FOUND", "Requested entity was not found.")
        return book

    def _get(self, call: ApiCall) -> dict[str, Any]:
        book = self._book(call)
        return {
            "spreadsheetId": call.path["spreadsheetId"],
            "properties": {"title": "Gestión de Usuarios (respuestas)", "locale": "es_CO", "timeZone": book.time_zone},
            "sheets": [tab_reply(tab, index) for index, tab in enumerate(book.tabs)],
        }

    def _values_get(self, call: ApiCall) -> dict[str, Any]:
        return _value_range(_area(self._book(call), call.path["range"]), call, serials=True)

    def _values_batch_get(self, call: ApiCall) -> dict[str, Any]:
        book = self._book(call)
        areas = [_area(book, text) for text in call.many("ranges")]
        serials = call.one("dateTimeRenderOption", "SERIAL_NUMBER") == "SERIAL_NUMBER"
        reply = {
            "spreadsheetId": call.path["spreadsheetId"],
            "valueRanges": [_value_range(area, call, serials=serials) for area in areas],
        }
        _run(self.after_read)
        return reply

    def _batch_update(self, call: ApiCall) -> dict[str, Any]:
        book = self._book(call)
        _run(self.before_write)
        changes = Changes(book, self.protected)
        replies = changes.apply(call.body.get("requests", []))
        reply: dict[str, Any] = {"spreadsheetId": call.path["spreadsheetId"], "replies": replies}
        if call.body.get("includeSpreadsheetInResponse"):
            reply["updatedSpreadsheet"] = self._get(call)
        return reply


def _area(book: Spreadsheet, text: str) -> _Area:
    title, cells = _split(text)
    tab = next((tab for tab in book.tabs if tab.title == title), None)
    found = _A1.match(cells)
    if tab is None or found is None:
        raise ApiError(400, "INVALID_ARGUMENT", f"Unable to parse range: {text}")
    if not cells:
        return _Area(tab, 1, 1, tab.rows, tab.columns)
    first_letters, first_digits, last_letters, last_digits = (part or "" for part in found.groups())
    if ":" not in cells:
        last_letters, last_digits = first_letters, first_digits
    first_row, first_column = int(first_digits or 1), _number(first_letters) or 1
    last_row, last_column = int(last_digits or tab.rows), _number(last_letters) or tab.columns
    within(tab, first_row, first_column)
    # Whether Google clips a read's end or refuses it is not documented: the fake refuses, so that nobody depends on it.
    within(tab, last_row, last_column)
    return _Area(tab, first_row, first_column, last_row, last_column)


def _value_range(area: _Area, call: ApiCall, *, serials: bool) -> dict[str, Any]:
    if call.one("majorDimension", "ROWS") != "ROWS" or not serials:
        raise ApiError(400, "INVALID_ARGUMENT", "not in this fake")
    formatted = call.one("valueRenderOption", "FORMATTED_VALUE") == "FORMATTED_VALUE"
    rows: list[list[Any]] = [[] for _ in range(area.first_row, area.last_row + 1)]
    inside = sorted(
        (place, value)
        for place, value in area.tab.cells.items()
        if area.first_row <= place[0] <= area.last_row and area.first_column <= place[1] <= area.last_column
    )
    for (row, column), value in inside:
        cells = rows[row - area.first_row]
        cells += [""] * (column - area.first_column - len(cells))
        cells.append(str(value) if formatted else value)
    while rows and not rows[-1]:
        rows.pop()
    reply: dict[str, Any] = {"range": area.a1, "majorDimension": "ROWS"}
    return {**reply, "values": rows} if rows else reply


def _split(text: str) -> tuple[str, str]:
    if text.startswith("'"):
        end = re.search(r"(?<!')'(?!')", text[1:].replace("''", "\x00\x00"))
        if end is None:
            raise ApiError(400, "INVALID_ARGUMENT", f"Unable to parse range: {text}")
        title, rest = text[1 : end.start() + 1].replace("''", "'"), text[end.end() + 1 :]
        return title, rest.removeprefix("!")
    title, _, cells = text.partition("!")
    return title, cells


def _run(actions: list[Callable[[], None]]) -> None:
    while actions:
        actions.pop(0)()


def _number(text: Iterable[str]) -> int:
    number = 0
    for letter in text:
        number = number * 26 + ord(letter) - 64
    return number
