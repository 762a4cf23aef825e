"""The Sheets service of the fake Google: spreadsheets whose cells are kept as Google keeps them.

Only what the board uses is here; any other request kind is Google's 400, so that a new one is noticed. As in Google: a range
outside the grid is refused; trailing empty rows and cells are left out of a reply while its `range` names
the whole range read; USER_ENTERED text is interpreted and RAW text is not.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.servers.google.grid import SheetTab, Spreadsheet
from tests.servers.google.server import ApiCall, ApiError, Handler

_FORMULA = re.compile(r"^[=+].")
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
        first = f"{_letters(self.first_column)}{self.first_row}"
        last = f"{_letters(self.last_column)}{self.last_row}"
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
            "sheets.spreadsheets.values.batchUpdate": self._values_batch_update,
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
            "sheets": [{"properties": _properties(tab, index)} for index, tab in enumerate(book.tabs)],
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

    def _values_batch_update(self, call: ApiCall) -> dict[str, Any]:
        book = self._book(call)
        _run(self.before_write)
        option = call.body.get("valueInputOption")
        if option not in ("RAW", "USER_ENTERED"):
            raise ApiError(400, "INVALID_ARGUMENT", "'valueInputOption' is required but not specified")
        writes = [(_area(book, block["range"]), block.get("values", [])) for block in call.body.get("data", [])]
        for area, rows in writes:
            self._check_write(area, rows)
        for area, rows in writes:
            for number, row in enumerate(rows, start=area.first_row):
                for column, value in enumerate(row, start=area.first_column):
                    _enter(area.tab, number, column, value, interpreted=option == "USER_ENTERED")
        return {
            "spreadsheetId": call.path["spreadsheetId"],
            "totalUpdatedRows": sum(len(rows) for _, rows in writes),
            "responses": [{"spreadsheetId": call.path["spreadsheetId"], "updatedRange": area.a1} for area, _ in writes],
        }

    def _check_write(self, area: _Area, rows: Sequence[Sequence[Any]]) -> None:
        if area.tab.title in self.protected:
            message = "You are trying to edit a protected cell or object. Please contact the spreadsheet owner."
            raise ApiError(400, "INVALID_ARGUMENT", message)
        height, width = area.last_row - area.first_row + 1, area.last_column - area.first_column + 1
        if len(rows) > height or any(len(row) > width for row in rows):
            raise ApiError(
                400, "INVALID_ARGUMENT", f"Requested writing within range [{area.a1}], but tried writing outside it."
            )
        for row in rows:
            for value in row:
                if isinstance(value, str) and len(value) > 50_000:
                    message = "Your input contains more than the maximum of 50000 characters in a single cell."
                    raise ApiError(400, "INVALID_ARGUMENT", message)

    def _batch_update(self, call: ApiCall) -> dict[str, Any]:
        book = self._book(call)
        _run(self.before_write)
        replies = [_change(book, request) for request in call.body.get("requests", [])]
        return {"spreadsheetId": call.path["spreadsheetId"], "replies": replies}


def _change(book: Spreadsheet, request: Mapping[str, Any]) -> dict[str, Any]:
    """Carry out one structural request. Google refuses the whole batch when one fails; the board never relies on the rest."""
    [(kind, change)] = request.items()
    match kind:
        case "addSheet":
            return {"addSheet": {"properties": _properties(_add(book, change["properties"]), len(book.tabs) - 1)}}
        case "appendDimension":
            tab = _tab(book, change["sheetId"])
            if change["dimension"] == "ROWS":
                tab.rows += change["length"]
            else:
                tab.columns += change["length"]
        case "updateCells":
            _update_cells(book, change)
        case "updateSheetProperties":
            tab = _tab(book, change["properties"]["sheetId"])
            grid = change["properties"]["gridProperties"]
            tab.frozen_rows = grid.get("frozenRowCount", tab.frozen_rows)
            tab.frozen_columns = grid.get("frozenColumnCount", tab.frozen_columns)
        case "repeatCell" | "updateDimensionProperties" | "setDataValidation" | "addConditionalFormatRule" | "setBasicFilter":
            _tab(book, _sheet_id(change)).furniture.append(request)
        case "addProtectedRange":
            protected = change["protectedRange"]
            _tab(book, _sheet_id(protected)).furniture.append(request)
            return {"addProtectedRange": {"protectedRange": {**protected, "protectedRangeId": 1}}}
        case _:
            raise ApiError(400, "INVALID_ARGUMENT", f"Invalid requests[0].{kind}: not in this fake")
    return {}


def _add(book: Spreadsheet, properties: Mapping[str, Any]) -> SheetTab:
    title, grid = properties["title"], properties.get("gridProperties", {})
    if any(tab.title.casefold() == title.casefold() for tab in book.tabs):
        message = f'A sheet with the name "{title}" already exists. Please enter another name.'
        raise ApiError(400, "INVALID_ARGUMENT", f"Invalid requests[0].addSheet: {message}")
    if any(tab.sheet_id == properties["sheetId"] for tab in book.tabs):
        raise ApiError(400, "INVALID_ARGUMENT", "Invalid requests[0].addSheet: Sheet id already exists")
    tab = SheetTab(properties["sheetId"], title, grid.get("rowCount", 1000), grid.get("columnCount", 26))
    tab.frozen_rows, tab.frozen_columns = grid.get("frozenRowCount", 0), grid.get("frozenColumnCount", 0)
    return book.add(tab)


def _update_cells(book: Spreadsheet, change: Mapping[str, Any]) -> None:
    start = change["start"]
    tab = _tab(book, start["sheetId"])
    for number, row in enumerate(change["rows"], start=start["rowIndex"] + 1):
        for column, cell in enumerate(row["values"], start=start["columnIndex"] + 1):
            _within(tab, number, column)
            value = cell.get("userEnteredValue", {})
            if "formulaValue" in value:
                tab.formulas.add((number, column))
            tab.put(number, column, value.get("stringValue", value.get("formulaValue", "")))


def _enter(tab: SheetTab, row: int, column: int, value: Any, *, interpreted: bool) -> None:
    if value is None:
        return
    _within(tab, row, column)
    tab.put(row, column, value)
    if interpreted and isinstance(value, str):
        if _FORMULA.match(value):
            tab.formulas.add((row, column))
        elif re.fullmatch(r"-?\d+", value):
            tab.put(row, column, int(value))


def _within(tab: SheetTab, row: int, column: int) -> None:
    if row > tab.rows or column > tab.columns:
        limits = f"Max rows: {tab.rows}, max columns: {tab.columns}"
        message = f"Range ({tab.title}!{_letters(column)}{row}) exceeds grid limits. {limits}"
        raise ApiError(400, "INVALID_ARGUMENT", message)


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
    _within(tab, first_row, first_column)
    # Whether Google clips a read's end or refuses it is not documented: the fake refuses, so that nobody depends on it.
    _within(tab, last_row, last_column)
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


def _sheet_id(change: Mapping[str, Any]) -> int:
    place = change.get("range") or change.get("filter", {}).get("range") or change.get("rule", {}).get("ranges", [{}])[0]
    return int(place["sheetId"])


def _tab(book: Spreadsheet, sheet_id: int) -> SheetTab:
    tab = next((tab for tab in book.tabs if tab.sheet_id == sheet_id), None)
    if tab is None:
        raise ApiError(400, "INVALID_ARGUMENT", f"Invalid requests[0]: No grid with id: {sheet_id}")
    return tab


def _properties(tab: SheetTab, index: int) -> dict[str, Any]:
    grid = {
        "rowCount": tab.rows,
        "columnCount": tab.columns,
        "frozenRowCount": tab.frozen_rows,
        "frozenColumnCount": tab.frozen_columns,
    }
    return {"sheetId": tab.sheet_id, "title": tab.title, "index": index, "sheetType": "GRID", "gridProperties": grid}


def _run(actions: list[Callable[[], None]]) -> None:
    while actions:
        actions.pop(0)()


def _letters(column: int) -> str:
    text = ""
    while column:
        column, rest = divmod(column - 1, 26)
        text = chr(65 + rest) + text
    return text


def _number(letters: Iterable[str]) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number
