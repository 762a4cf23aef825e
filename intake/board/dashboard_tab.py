"""The tabs "Tablero" (charts) and "Tablero (datos)" (their numbers, hidden) of a Google Sheet, as changes of it. Pure.

Both tabs have numbers (gid) of the program's own, so they may be renamed. What they show is written when it changes, and with
each day's first write of the board; a chart is told anew where to look only when its table has other series or another length:
what the desk changed of its title or colours stays until then.
"""

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

from intake.board.dashboard import Dashboard, Number, Table
from intake.board.palette import CHART_COLOURS, HEADER_FILL, OTHER_CHART_COLOUR
from intake.board.sheet_requests import SheetRequest, cell, colour, grid_range, put

DASHBOARD_GID, DATA_GID = 1_867_090_702, 1_867_090_703
TITLE, DATA_TITLE = "Tablero", "Tablero (datos)"
UNKNOWN = "sin dato"
_FIRST_CHART = 1_867_090_740
_TABLE_COLUMNS, _TABLE_ROWS = 12, 20
_CARD_COLUMNS = 2
_CHART_WIDTH, _CHART_HEIGHT, _COLUMN_PIXELS = 620, 340, 104
_FIRST_CHART_ROW, _ROWS_A_CHART = 7, 18


def shape_of(dashboard: Dashboard) -> str:
    """What the charts depend on besides the numbers: while it stays, they are not touched."""
    return ";".join(f"{'/'.join(table.series)}:{len(table.rows)}" for table in dashboard.tables)


def digest_of(dashboard: Dashboard) -> str:
    """A short digest of all that is written of it."""
    return hashlib.sha256(repr(dashboard).encode()).hexdigest()[:16]


def make_tabs(gids: frozenset[int], titles: frozenset[str], charts: frozenset[int], dashboard: Dashboard) -> list[SheetRequest]:
    """The tabs and the charts that are not there. `titles` are those in use, folded by case."""
    changes: list[SheetRequest] = []
    if DASHBOARD_GID not in gids:
        changes += [
            _add(DASHBOARD_GID, _free(TITLE, titles), 60, 14, hidden=False, lines=False),
            *_cards_look(),
        ]
    if DATA_GID not in gids:
        changes.append(_add(DATA_GID, _free(DATA_TITLE, titles), 60, _TABLE_COLUMNS * 4, hidden=True, lines=True))
    for number, table in enumerate(dashboard.tables):
        if _FIRST_CHART + number not in charts:
            chart = {"chartId": _FIRST_CHART + number, "spec": _spec(number, table), "position": _position(number)}
            changes.append({"addChart": {"chart": chart}})
    return changes


def numbers(dashboard: Dashboard, *, former_shape: str) -> list[SheetRequest]:
    """The numbers, and the charts' ranges where their tables have another shape. Idempotent."""
    changes = [_headline(dashboard)]
    for number, table in enumerate(dashboard.tables):
        changes.append(put(DATA_GID, 1, _left(number), _cells(table), "userEnteredValue"))
    if former_shape != shape_of(dashboard):
        changes += [
            {"updateChartSpec": {"chartId": _FIRST_CHART + number, "spec": _spec(number, table)}}
            for number, table in enumerate(dashboard.tables)
        ]
    return changes


def _headline(dashboard: Dashboard) -> SheetRequest:
    blank = [cell("")] * (_CARD_COLUMNS - 1)
    names = [part for name, _ in dashboard.headline for part in (cell(name), *blank)]
    values = [part for _, value in dashboard.headline for part in (cell(float(value)), *blank)]
    notes = [[cell(table.note)] for table in dashboard.tables if table.note]
    width = len(names)
    padded = [[*note, *[cell("")] * (width - 1)] for note in notes]
    return put(DASHBOARD_GID, 2, 1, [names, values, *padded], "userEnteredValue")


def _cells(table: Table) -> list[Sequence[Mapping[str, Any]]]:
    """The table with its header, and empty cells over whatever a larger one left."""
    header = [table.names, *table.series]
    rows: list[list[str | Number]] = [[name, *values] for name, values in table.rows]
    width = _TABLE_COLUMNS - 1
    filled = [[cell(text) for text in header], *([cell(UNKNOWN if value is None else value) for value in row] for row in rows)]
    whole = [[*row, *[cell("")] * (width - len(row))] for row in filled]
    return [*whole, *[[cell("")] * width for _ in range(_TABLE_ROWS - len(whole))]]


def _left(number: int) -> int:
    return 1 + number * _TABLE_COLUMNS


def _add(gid: int, title: str, rows: int, columns: int, *, hidden: bool, lines: bool) -> SheetRequest:
    grid = {"rowCount": rows, "columnCount": columns, "hideGridlines": not lines}
    return {"addSheet": {"properties": {"sheetId": gid, "title": title, "hidden": hidden, "gridProperties": grid}}}


def _free(title: str, titles: frozenset[str]) -> str:
    """This title, or the first numbered one that no tab of the desk's has."""
    numbered = (title, *(f"{title} {number}" for number in range(2, 100)))
    return next(each for each in numbered if each.casefold() not in titles)


def _cards_look() -> list[SheetRequest]:
    def look(row: int, text: Mapping[str, Any], columns: tuple[int, int] = (1, 4 * _CARD_COLUMNS)) -> SheetRequest:
        style = {"userEnteredFormat": {"textFormat": text, "horizontalAlignment": "LEFT"}}
        fields = "userEnteredFormat.textFormat,userEnteredFormat.horizontalAlignment"
        return {"repeatCell": {"range": grid_range(DASHBOARD_GID, (row, row), columns), "cell": style, "fields": fields}}

    dark = colour(HEADER_FILL)
    span = {"sheetId": DASHBOARD_GID, "dimension": "COLUMNS", "startIndex": 0, "endIndex": 14}
    width = {"range": span, "properties": {"pixelSize": _COLUMN_PIXELS}, "fields": "pixelSize"}
    return [
        put(DASHBOARD_GID, 1, 1, [[cell("Gestión de Usuarios: cómo va la atención")]], "userEnteredValue"),
        look(1, {"bold": True, "fontSize": 14, "foregroundColorStyle": dark}),
        look(2, {"fontSize": 10, "foregroundColorStyle": colour("#5F6368")}),
        look(3, {"bold": True, "fontSize": 24, "foregroundColorStyle": dark}),
        look(4, {"italic": True, "fontSize": 9, "foregroundColorStyle": colour("#5F6368")}),
        look(5, {"italic": True, "fontSize": 9, "foregroundColorStyle": colour("#5F6368")}),
        {"updateDimensionProperties": width},
    ]


def _position(number: int) -> Mapping[str, Any]:
    row, column = _FIRST_CHART_ROW - 1 + _ROWS_A_CHART * (number // 2), 6 * (number % 2)
    anchor = {"sheetId": DASHBOARD_GID, "rowIndex": row, "columnIndex": column}
    return {"overlayPosition": {"anchorCell": anchor, "widthPixels": _CHART_WIDTH, "heightPixels": _CHART_HEIGHT}}


def _spec(number: int, table: Table) -> Mapping[str, Any]:
    """Columns stacked; bars where the names are long (what is waited for, licences)."""
    lying = number >= 2
    left, last = _left(number), 1 + len(table.rows)

    def column(place: int) -> Mapping[str, Any]:
        return {"sourceRange": {"sources": [grid_range(DATA_GID, (1, last), (place, place))]}}

    series = [
        {
            "series": column(left + 1 + index),
            "targetAxis": "BOTTOM_AXIS" if lying else "LEFT_AXIS",
            "colorStyle": colour(CHART_COLOURS.get(name, OTHER_CHART_COLOUR)),
        }
        for index, name in enumerate(table.series)
    ]
    chart = {
        "chartType": "BAR" if lying else "COLUMN",
        "stackedType": "NOT_STACKED" if number == 3 else "STACKED",
        "legendPosition": "BOTTOM_LEGEND",
        "headerCount": 1,
        "axis": [{"position": "LEFT_AXIS" if lying else "BOTTOM_AXIS", "title": table.names}],
        "domains": [{"domain": column(left)}],
        "series": series,
    }
    return {
        "title": table.title,
        "altText": f"{table.title}. Los números están en la pestaña oculta «{DATA_TITLE}».",
        "fontName": "Arial",
        "hiddenDimensionStrategy": "SHOW_ALL",
        "basicChart": chart,
    }
