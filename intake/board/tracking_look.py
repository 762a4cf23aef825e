"""How the tab "Seguimiento" looks and behaves for the desk: made once, and afterwards only what is not there any more. Pure.

A mark on the tab (developer metadata: nobody sees it, and it stays whatever is typed) says which LOOK it has. Filter views and
protections have numbers of the program's own, and a colour rule is known by its condition, so that what the desk made for
itself is never taken for the program's: its filter views, its rules, its colours, its column widths and its own filter stay.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from intake.board.dashboard import DESK_TURN
from intake.board.palette import (
    ACTION_WIDTHS,
    DESK_FILL,
    HEADER_FILL,
    PROGRESS_SCALE,
    PROGRESS_WIDTH,
    SLA_COLOURS,
    STATE_COLOURS,
    WIDTHS,
)
from intake.board.port import HEADERS
from intake.board.sheet_requests import SheetRequest, colour, grid_range, more_columns, put
from intake.board.tracking_rows import neighbours
from intake.board.tracking_tab import (
    DEFAULT_COLUMNS,
    DUE_ON,
    HIDDEN,
    LAYOUT,
    OWN_COLUMNS,
    PROGRESS,
    TAB_TITLE,
    TECHNICAL,
    TURN,
    Columns,
)

LOOK = "2"
"""Raise it when what `furniture` makes changes: boards with another mark get it at the next write."""
MARK = "gestion.aspecto"
"""Key of the mark in the tab's developer metadata."""
_FIRST_FILTER, _FIRST_PROTECTION = 1_867_090_710, 1_867_090_720
_NEXT_NUMBER, _NUMBERS = 100, 50
"""A number that another tab has (a copy whose original was renamed) is passed over for the one a hundred further on."""
GROWTH_ROWS = 1_000
_PIXELS_A_CHARACTER = 7
_PROTECTED = "Estas columnas las escribe el programa; responda en «Acción» y «Observación»."

FILTER_VIEWS: tuple[tuple[str, str, Mapping[str, Any]], ...] = (
    ("Vence hoy", DUE_ON, {"type": "DATE_BEFORE", "values": [{"relativeDate": "TOMORROW"}]}),
    ("Espera a la mesa", TURN, {"type": "TEXT_EQ", "values": [{"userEnteredValue": DESK_TURN}]}),
    ("Requiere corrección", "Estado", {"type": "TEXT_EQ", "values": [{"userEnteredValue": "Requiere corrección"}]}),
    ("Requiere atención", "Estado", {"type": "TEXT_EQ", "values": [{"userEnteredValue": "Requiere atención"}]}),
    ("Todo lo abierto", TURN, {"type": "NOT_BLANK"}),
)
"""Title, the column that is filtered and its condition. Each one is ordered by when a case is due; what is late comes first."""


@dataclass(frozen=True, slots=True)
class TabLook:
    """What of a tab's look can be missing, as Google says it. Charts and protections are told by their numbers."""

    columns: int
    mark: str | None = None
    rules: tuple[Mapping[str, Any], ...] = ()
    """Conditional formats, in their order: the index is what one is deleted by."""
    filter_views: frozenset[int] = frozenset()
    protections: Mapping[int, str] = field(default_factory=dict)
    """Their descriptions by number."""
    charts: frozenset[int] = frozenset()

    @property
    def numbers(self) -> frozenset[int]:
        """Those of its filter views and protections; they are unique in the whole spreadsheet."""
        return self.filter_views | frozenset(self.protections)


def new_tab(sheet_id: int, rows: int, taken: frozenset[int] = frozenset()) -> list[SheetRequest]:
    """Make the tab, with its header. `rows` is the grid's height; `taken` are the numbers that other tabs' things have."""
    grid = {"rowCount": rows, "columnCount": len(LAYOUT), "frozenRowCount": 1, "frozenColumnCount": 1}
    return [
        {"addSheet": {"properties": {"sheetId": sheet_id, "title": TAB_TITLE, "gridProperties": grid}}},
        *_furniture(sheet_id, taken),
    ]


def furnish_tab(sheet_id: int, missing_columns: int, taken: frozenset[int] = frozenset()) -> list[SheetRequest]:
    """Make an empty tab that somebody added by hand into the board."""
    frozen = {"sheetId": sheet_id, "gridProperties": {"frozenRowCount": 1, "frozenColumnCount": 1}}
    fields = "gridProperties.frozenRowCount,gridProperties.frozenColumnCount"
    return [
        *([more_columns(sheet_id, missing_columns)] if missing_columns else []),
        {"updateSheetProperties": {"properties": frozen, "fields": fields}},
        *_furniture(sheet_id, taken),
    ]


def mended(
    sheet_id: int, columns: Columns, added: Sequence[str], look: TabLook, taken: frozenset[int] = frozenset()
) -> list[SheetRequest]:
    """What makes a board of another look, or one that lost something, as it should be. `added` are columns just made.

    Nothing when all is there. Widths, the frozen rows, the filter and the cells' own colours are left as they are.
    """
    current = look.mark == LOOK
    changes = [change for header in added for change in _column(sheet_id, columns, header)]
    rules = _rules(sheet_id, columns)
    known = {_condition(rule) for rule in look.rules}
    if not current:
        ours = {_condition(rule) for rule in rules}
        old = [index for index, rule in enumerate(look.rules) if _condition(rule) in ours]
        changes += [{"deleteConditionalFormatRule": {"sheetId": sheet_id, "index": index}} for index in reversed(old)]
        known -= ours
    changes += [_add_rule(rule) for rule in rules if _condition(rule) not in known]
    for wanted in _filter_views(sheet_id, columns):
        number = _number(wanted["filterViewId"], look.filter_views, taken)
        view = {**wanted, "filterViewId": number}
        if number not in look.filter_views:
            changes.append({"addFilterView": {"filter": view}})
        elif not current:
            changes.append({"updateFilterView": {"filter": view, "fields": "title,range,sortSpecs,filterSpecs"}})
    changes += _protections(sheet_id, columns, look, taken, renew=not current)
    if not current:
        changes.append(_mark(sheet_id, made=look.mark is not None))
    return changes


def _number(first: int, here: Container[int], taken: Container[int]) -> int:
    """The number that our thing has here, or one that it can have."""
    possible = range(first, first + _NEXT_NUMBER * _NUMBERS, _NEXT_NUMBER)
    had = (number for number in possible if number in here)
    return next(had, next((number for number in possible if number not in taken), first))


def _furniture(sheet_id: int, taken: frozenset[int]) -> list[SheetRequest]:
    columns = DEFAULT_COLUMNS
    bare = TabLook(len(LAYOUT))
    return [
        *(change for header in LAYOUT for change in _column(sheet_id, columns, header)),
        {"setBasicFilter": {"filter": {"range": grid_range(sheet_id, (1, None), (1, columns.last))}}},
        *mended(sheet_id, columns, (), bare, taken),
    ]


def _column(sheet_id: int, columns: Columns, header: str) -> list[SheetRequest]:
    """A column's title, width and format; technical ones are hidden but for the bar."""
    place = columns.of(header)
    look = {
        "backgroundColorStyle": colour(HEADER_FILL),
        "textFormat": {"bold": True, "foregroundColorStyle": colour("#FFFFFF")},
        "verticalAlignment": "MIDDLE",
        "wrapStrategy": "WRAP",
    }
    title = {"userEnteredValue": {"stringValue": header}, "userEnteredFormat": look}
    properties = {"pixelSize": int(_width(header) * _PIXELS_A_CHARACTER) + 12, "hiddenByUser": header in HIDDEN}
    span = {"sheetId": sheet_id, "dimension": "COLUMNS", "startIndex": place - 1, "endIndex": place}
    return [
        put(sheet_id, columns.header_row, place, [[title]], "userEnteredValue,userEnteredFormat"),
        _body_format(sheet_id, columns, header),
        {"updateDimensionProperties": {"range": span, "properties": properties, "fields": "pixelSize,hiddenByUser"}},
    ]


def _width(header: str) -> float:
    if header == PROGRESS:
        return PROGRESS_WIDTH
    return 20 if header in TECHNICAL else (*WIDTHS, *ACTION_WIDTHS)[HEADERS.index(header)]


def _body_format(sheet_id: int, columns: Columns, header: str) -> SheetRequest:
    # Text format: what an agent retypes in a cell stays text too ("=…" is no formula there).
    numbers = {PROGRESS: {"type": "PERCENT", "pattern": "0%"}, DUE_ON: {"type": "DATE", "pattern": "dd/mm/yyyy"}}
    look: dict[str, Any] = {"verticalAlignment": "TOP", "numberFormat": numbers.get(header, {"type": "TEXT"})}
    desk = header in HEADERS[OWN_COLUMNS:]
    look["wrapStrategy"] = "WRAP" if desk or header == "Detalle" else "CLIP"
    if desk:
        look["backgroundColorStyle"] = colour(DESK_FILL)
    if header == PROGRESS:
        look["horizontalAlignment"] = "CENTER"
    place = columns.of(header)
    fields = ",".join(f"userEnteredFormat.{name}" for name in look)
    area = grid_range(sheet_id, (columns.header_row + 1, None), (place, place))
    return {"repeatCell": {"range": area, "cell": {"userEnteredFormat": look}, "fields": fields}}


def _rules(sheet_id: int, columns: Columns) -> list[Mapping[str, Any]]:
    def place(header: str) -> list[Mapping[str, int]]:
        column = columns.of(header)
        return [grid_range(sheet_id, (columns.header_row + 1, None), (column, column))]

    rules: list[Mapping[str, Any]] = []
    for header, test, colours in (("Estado", "TEXT_EQ", STATE_COLOURS), ("SLA", "TEXT_STARTS_WITH", SLA_COLOURS)):
        for text, pair in colours.items():
            condition = {"type": test, "values": [{"userEnteredValue": text}]}
            look = {"backgroundColorStyle": colour(pair.fill), "textFormat": {"foregroundColorStyle": colour(pair.text)}}
            rules.append({"ranges": place(header), "booleanRule": {"condition": condition, "format": look}})
    if columns.of(PROGRESS):
        points = [{"type": "NUMBER", "value": str(at), "colorStyle": colour(code)} for at, code in PROGRESS_SCALE]
        scale = dict(zip(("minpoint", "midpoint", "maxpoint"), points, strict=True))
        rules.append({"ranges": place(PROGRESS), "gradientRule": scale})
    return rules


def _condition(rule: Mapping[str, Any]) -> tuple[str, ...]:
    """What a rule tests, by which the program's are known whatever colours the desk gave them; () is none of ours."""
    if "gradientRule" in rule:
        points = (rule["gradientRule"].get(point, {}) for point in ("minpoint", "midpoint", "maxpoint"))
        return ("scale", *(str(point.get("value", "")) for point in points))
    condition = rule.get("booleanRule", {}).get("condition", {})
    return (condition.get("type", ""), *(str(value.get("userEnteredValue", "")) for value in condition.get("values", ())))


def _add_rule(rule: Mapping[str, Any]) -> SheetRequest:
    return {"addConditionalFormatRule": {"index": 0, "rule": rule}}


def _filter_views(sheet_id: int, columns: Columns) -> list[Mapping[str, Any]]:
    area = grid_range(sheet_id, (columns.header_row, None), (1, columns.last))
    due = columns.of(DUE_ON)
    return [
        {
            "filterViewId": _FIRST_FILTER + number,
            "title": title,
            "range": area,
            "sortSpecs": [{"dimensionIndex": due - 1, "sortOrder": "ASCENDING"}] if due else [],
            "filterSpecs": [{"columnIndex": columns.of(header) - 1, "filterCriteria": {"condition": condition}}],
        }
        for number, (title, header, condition) in enumerate(FILTER_VIEWS)
        if columns.of(header)
    ]


def _protections(sheet_id: int, columns: Columns, look: TabLook, taken: frozenset[int], *, renew: bool) -> list[SheetRequest]:
    """A warning before anybody types over the program's columns: a warning only, so that sorting rows stays possible."""
    spans = neighbours(sorted({*columns.places[:OWN_COLUMNS], *columns.technical} - {0}), most=99)
    wanted = {
        number: {
            "protectedRangeId": number,
            "range": grid_range(sheet_id, (1, None), span),
            "description": _PROTECTED,
            "warningOnly": True,
        }
        for place, span in enumerate(spans)
        for number in [_number(_FIRST_PROTECTION + place, look.protections, taken)]
    }
    if not renew and wanted.keys() <= look.protections.keys():
        return []
    # Those of an older program, which had no numbers of its own, are known by what they say.
    old = [number for number, said in look.protections.items() if number in wanted or said == _PROTECTED]
    changes: list[SheetRequest] = [{"deleteProtectedRange": {"protectedRangeId": number}} for number in old]
    return [*changes, *({"addProtectedRange": {"protectedRange": protection}} for protection in wanted.values())]


def _mark(sheet_id: int, *, made: bool) -> SheetRequest:
    location = {"sheetId": sheet_id}
    if made:
        lookup = {"developerMetadataLookup": {"metadataKey": MARK, "metadataLocation": location}}
        change = {"dataFilters": [lookup], "developerMetadata": {"metadataValue": LOOK}, "fields": "metadataValue"}
        return {"updateDeveloperMetadata": change}
    mark = {"metadataKey": MARK, "metadataValue": LOOK, "location": location, "visibility": "DOCUMENT"}
    return {"createDeveloperMetadata": {"developerMetadata": mark}}
