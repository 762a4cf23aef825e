"""Pieces of a `spreadsheets.batchUpdate` body (Sheets API v4), as the board's adapters put them together. Pure.

Rows and columns count from 1 here, as people count them; the API counts from 0. Text goes as `stringValue`, which Google never
interprets: "=…" stays text, "0123" keeps its zero.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from intake.board.cells import Cell
from intake.board.response_rows import EPOCH

SheetRequest = Mapping[str, Any]
"""One change as Google documents it, checked against the discovery schemas in the tests."""

Value = str | float | date | None
"""What is put into a cell: text, a number, a day, or nothing."""


def grid_range(sheet_id: int, rows: tuple[int, int | None], columns: tuple[int, int]) -> dict[str, int]:
    """From the first to the last row and column, both included; None: down to the end of the grid, however it grows."""
    (top, bottom), (left, right) = rows, columns
    place = {"sheetId": sheet_id, "startRowIndex": top - 1, "startColumnIndex": left - 1, "endColumnIndex": right}
    return place if bottom is None else {**place, "endRowIndex": bottom}


def cell(value: Value) -> dict[str, Any]:
    """A cell's value; nothing empties it."""
    plain = serial_day(value) if isinstance(value, date) else value
    if plain is None or plain == "":
        return {}
    kind = "stringValue" if isinstance(plain, str) else "numberValue"
    return {"userEnteredValue": {kind: plain}}


def serial_day(day: date) -> int:
    """A day as a spreadsheet counts it."""
    return (day - EPOCH.date()).days


def same(value: Value, known: Cell) -> bool:
    """Whether a cell that was read holds this already."""
    if value is None or value == "":
        return known in ("", None)
    if isinstance(value, str):
        return known == value
    number = serial_day(value) if isinstance(value, date) else value
    return isinstance(known, int | float) and not isinstance(known, bool) and abs(known - number) < 1e-9


def put(sheet_id: int, row: int, column: int, rows: Sequence[Sequence[Mapping[str, Any]]], fields: str) -> SheetRequest:
    """Cells from this corner on; `fields` says what of them is written."""
    start = {"sheetId": sheet_id, "rowIndex": row - 1, "columnIndex": column - 1}
    return {"updateCells": {"start": start, "rows": [{"values": list(cells)} for cells in rows], "fields": fields}}


def clear_if(sheet_id: int, row: int, column: int, text: str) -> SheetRequest:
    """Empty one cell if it holds exactly this text: Google's only write with a condition, and it is atomic."""
    return {
        "findReplace": {
            "find": text,
            "replacement": "",
            "matchCase": True,
            "matchEntireCell": True,
            "searchByRegex": False,
            "includeFormulas": False,
            "range": grid_range(sheet_id, (row, row), (column, column)),
        }
    }


def choices(sheet_id: int, rows: tuple[int, int], column: int, values: Sequence[str], hint: str) -> SheetRequest:
    """A drop-down of these values and no others."""
    rule = {
        "condition": {"type": "ONE_OF_LIST", "values": [{"userEnteredValue": value} for value in values]},
        "strict": True,
        "showCustomUi": True,
        "inputMessage": hint,
    }
    return {"setDataValidation": {"range": grid_range(sheet_id, rows, (column, column)), "rule": rule}}


def more_rows(sheet_id: int, rows: int) -> SheetRequest:
    """Add empty rows at the end of the grid; they take the look of the last one."""
    return {"appendDimension": {"sheetId": sheet_id, "dimension": "ROWS", "length": rows}}


def more_columns(sheet_id: int, columns: int) -> SheetRequest:
    """Add empty columns at the end of the grid."""
    return {"appendDimension": {"sheetId": sheet_id, "dimension": "COLUMNS", "length": columns}}


def colour(code: str) -> Mapping[str, Mapping[str, float]]:
    """A ColorStyle of "#RRGGBB"."""
    red, green, blue = (int(code[start : start + 2], 16) / 255 for start in (1, 3, 5))
    return {"rgbColor": {"red": round(red, 4), "green": round(green, 4), "blue": round(blue, 4)}}
