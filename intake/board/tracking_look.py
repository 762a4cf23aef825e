"""How a new tab "Seguimiento" looks and behaves for the desk: the changes that make it, in one request. Pure."""

from collections.abc import Mapping, Sequence
from typing import Any

from intake.board.palette import ACTION_WIDTHS, DESK_FILL, HEADER_FILL, SLA_COLOURS, STATE_COLOURS, WIDTHS, Colours
from intake.board.port import HEADERS
from intake.board.tracking_tab import OWN_COLUMNS, TAB_TITLE
from provision.procedure.desk import DeskAction

GROWTH_ROWS = 1_000
_PIXELS_A_CHARACTER = 7
_STATE = HEADERS.index("Estado")
_SLA = HEADERS.index("SLA")
_DETAIL = HEADERS.index("Detalle")


def new_tab(sheet_id: int, rows: int) -> list[Mapping[str, Any]]:
    """Make the tab, with its header. `rows` is the grid's height."""
    grid = {"rowCount": rows, "columnCount": len(HEADERS), "frozenRowCount": 1, "frozenColumnCount": 1}
    return [
        {"addSheet": {"properties": {"sheetId": sheet_id, "title": TAB_TITLE, "gridProperties": grid}}},
        *_furniture(sheet_id),
    ]


def furnish_tab(sheet_id: int, missing_columns: int) -> list[Mapping[str, Any]]:
    """Make an empty tab that somebody added by hand into the board."""
    frozen = {"sheetId": sheet_id, "gridProperties": {"frozenRowCount": 1, "frozenColumnCount": 1}}
    return [
        *([more_columns(sheet_id, missing_columns)] if missing_columns else []),
        {
            "updateSheetProperties": {
                "properties": frozen,
                "fields": "gridProperties.frozenRowCount,gridProperties.frozenColumnCount",
            }
        },
        *_furniture(sheet_id),
    ]


def _furniture(sheet_id: int) -> list[Mapping[str, Any]]:
    wrap, clip = ({"wrapStrategy": strategy, "verticalAlignment": "TOP"} for strategy in ("WRAP", "CLIP"))
    return [
        _header(sheet_id),
        _body_format(sheet_id, 0, OWN_COLUMNS, clip),
        _body_format(sheet_id, _DETAIL, _DETAIL + 1, wrap),
        _body_format(sheet_id, OWN_COLUMNS, len(HEADERS), {"backgroundColorStyle": _colour(DESK_FILL), **wrap}),
        *(_width(sheet_id, index, width) for index, width in enumerate((*WIDTHS, *ACTION_WIDTHS))),
        _action_choices(sheet_id),
        *_colour_rules(sheet_id, _STATE, "TEXT_EQ", STATE_COLOURS),
        *_colour_rules(sheet_id, _SLA, "TEXT_STARTS_WITH", SLA_COLOURS),
        {"setBasicFilter": {"filter": {"range": _range(sheet_id, 0, 0, len(HEADERS))}}},
        _warning(sheet_id),
    ]


def more_rows(sheet_id: int, rows: int) -> Mapping[str, Any]:
    """Add empty rows at the end of the grid; they take the look of the last one."""
    return {"appendDimension": {"sheetId": sheet_id, "dimension": "ROWS", "length": rows}}


def more_columns(sheet_id: int, columns: int) -> Mapping[str, Any]:
    """Add empty columns at the end of the grid."""
    return {"appendDimension": {"sheetId": sheet_id, "dimension": "COLUMNS", "length": columns}}


def _range(sheet_id: int, first_row: int, first_column: int, end_column: int, end_row: int | None = None) -> dict[str, int]:
    place = {"sheetId": sheet_id, "startRowIndex": first_row, "startColumnIndex": first_column, "endColumnIndex": end_column}
    return place if end_row is None else {**place, "endRowIndex": end_row}


def _header(sheet_id: int) -> Mapping[str, Any]:
    look = {
        "backgroundColorStyle": _colour(HEADER_FILL),
        "textFormat": {"bold": True, "foregroundColorStyle": _colour("#FFFFFF")},
        "verticalAlignment": "MIDDLE",
        "wrapStrategy": "WRAP",
    }
    cells = [{"userEnteredValue": {"stringValue": header}, "userEnteredFormat": look} for header in HEADERS]
    return {
        "updateCells": {
            "rows": [{"values": cells}],
            "fields": "userEnteredValue,userEnteredFormat",
            "start": {"sheetId": sheet_id, "rowIndex": 0, "columnIndex": 0},
        }
    }


def _body_format(sheet_id: int, first: int, end: int, look: Mapping[str, Any]) -> Mapping[str, Any]:
    # Text format: what an agent retypes in a cell stays text too ("=…" is no formula there).
    cell = {"userEnteredFormat": {**look, "numberFormat": {"type": "TEXT"}}}
    fields = ",".join(f"userEnteredFormat.{name}" for name in (*look, "numberFormat"))
    return {"repeatCell": {"range": _range(sheet_id, 1, first, end), "cell": cell, "fields": fields}}


def _width(sheet_id: int, index: int, characters: float) -> Mapping[str, Any]:
    return {
        "updateDimensionProperties": {
            "range": {"sheetId": sheet_id, "dimension": "COLUMNS", "startIndex": index, "endIndex": index + 1},
            "properties": {"pixelSize": int(characters * _PIXELS_A_CHARACTER) + 12},
            "fields": "pixelSize",
        }
    }


def _action_choices(sheet_id: int) -> Mapping[str, Any]:
    values = [{"userEnteredValue": action.value} for action in DeskAction]
    rule = {
        "condition": {"type": "ONE_OF_LIST", "values": values},
        "strict": True,
        "showCustomUi": True,
        "inputMessage": "Elija qué debe hacer el programa con este caso.",
    }
    return {"setDataValidation": {"range": _range(sheet_id, 1, OWN_COLUMNS, OWN_COLUMNS + 1), "rule": rule}}


def _colour_rules(sheet_id: int, column: int, test: str, colours: Mapping[str, Colours]) -> Sequence[Mapping[str, Any]]:
    return [
        {
            "addConditionalFormatRule": {
                "index": index,
                "rule": {
                    "ranges": [_range(sheet_id, 1, column, column + 1)],
                    "booleanRule": {
                        "condition": {"type": test, "values": [{"userEnteredValue": text}]},
                        "format": {
                            "backgroundColorStyle": _colour(colour.fill),
                            "textFormat": {"foregroundColorStyle": _colour(colour.text)},
                        },
                    },
                },
            }
        }
        for index, (text, colour) in enumerate(colours.items())
    ]


def _warning(sheet_id: int) -> Mapping[str, Any]:
    return {
        "addProtectedRange": {
            "protectedRange": {
                "range": _range(sheet_id, 0, 0, OWN_COLUMNS),
                "description": "Estas columnas las escribe el programa; responda en «Acción» y «Observación».",
                "warningOnly": True,
            }
        }
    }


def _colour(code: str) -> Mapping[str, Mapping[str, float]]:
    red, green, blue = (int(code[start : start + 2], 16) / 255 for start in (1, 3, 5))
    return {"rgbColor": {"red": red, "green": green, "blue": blue}}
