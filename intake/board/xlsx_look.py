"""The .xlsx board as its reader sees it: a frozen, filtered table, colours by state, choices by case, notes, today, charts.

Written with xlsxwriter, every cell as text: neither "=…" nor an address becomes a formula or a link.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import xlsxwriter

from config.vocabulary import CaseNumber
from intake.board.cells import cell_text
from intake.board.dashboard import Dashboard
from intake.board.palette import (
    ACTION_WIDTHS,
    BAND_FILL,
    DESK_FILL,
    HEADER_FILL,
    PROGRESS_BAR,
    PROGRESS_WIDTH,
    SLA_COLOURS,
    STATE_COLOURS,
    WIDTHS,
)
from intake.board.port import HEADERS
from intake.board.tracking_tab import (
    DUE_ON,
    HIDDEN,
    KEY,
    LAYOUT,
    NO_ACTIONS,
    OWN_COLUMNS,
    PRINT,
    PROGRESS,
    TAB_TITLE,
    TURN,
)
from intake.board.xlsx_charts import dashboard_sheets
from intake.board.xlsx_legend import legend
from intake.board.xlsx_styles import BODY_LOOK, FONT, HEADER_LOOK
from intake.board.xlsx_today import today_sheet

REASON, MEANING, OFFERS = KEPT = ("Motivo (programa)", "Significado (programa)", "Admite (programa)")
"""Hidden columns of the .xlsx alone: it is written whole each time, so what it shows beside the cells must be kept in it."""

XLSX_LAYOUT = (*(header for header in LAYOUT if header != PRINT), *KEPT)
_HIDDEN = {*HIDDEN, *KEPT}
_LINE_POINTS, _LARGEST_ROW_POINTS = 13.5, 120.0
_CREATED = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)
"""Always the same, so that equal contents make an equal file."""
_COLUMN = {header: XLSX_LAYOUT.index(header) for header in XLSX_LAYOUT}


@dataclass(frozen=True, slots=True)
class Beside:
    """What a case's row has besides its texts; see BoardRow."""

    progress: float | None = None
    turn: str = ""
    due_on: date | None = None
    reason: str = ""
    meaning: str = ""
    offers: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CaseLine:
    """A case's row: the program's own cells, the desk's two, and those of columns that the desk added."""

    case: CaseNumber
    own: tuple[str, ...]
    action: str
    note: str
    extra: tuple[str, ...]
    beside: Beside = Beside()


@dataclass(frozen=True, slots=True)
class Contents:
    """All that the board holds. `loose` are rows without a case, or that repeat one: kept below as they were."""

    lines: tuple[CaseLine, ...]
    extra_headers: tuple[str, ...]
    loose: tuple[tuple[str, ...], ...]
    dashboard: Dashboard | None = None


def workbook_bytes(contents: Contents, *, title: str, zone: ZoneInfo, today: date) -> bytes:
    """The whole file. `today` is the institution's day: what is due by then heads the sheet "Hoy"."""
    buffer = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "default_format_properties": {"font_name": FONT, "font_size": 10},
    }
    with xlsxwriter.Workbook(buffer, options) as book:
        book.set_properties(
            {"title": title, "subject": "Seguimiento de solicitudes de cuentas de usuario", "created": _CREATED}
        )
        _table(book, contents, title)
        today_sheet(book, [(number, line.own, line.beside) for number, line in enumerate(contents.lines, start=1)], today)
        if contents.dashboard is not None:
            dashboard_sheets(book, contents.dashboard)
        legend(book, title, zone)
    return buffer.getvalue()


def _table(book: Any, contents: Contents, title: str) -> None:
    sheet = book.add_worksheet(TAB_TITLE)
    headers = (*XLSX_LAYOUT, *contents.extra_headers)
    rows = [_texts(line) for line in contents.lines] + [_loose(row) for row in contents.loose]
    last = max(len(rows), 1)
    sheet.set_row(0, 32)
    own_header, hidden_header = (
        book.add_format(HEADER_LOOK),
        book.add_format({**HEADER_LOOK, "text_wrap": False, "align": "fill"}),
    )
    desk_header = book.add_format({**HEADER_LOOK, "bg_color": "#7A5B00"})
    for column, header in enumerate(headers):
        look = desk_header if header in HEADERS[OWN_COLUMNS:] else hidden_header if header in _HIDDEN else own_header
        sheet.write_string(0, column, header, look)
    formats = _formats(book, headers)
    for column, header in enumerate(headers):
        options = {"hidden": True} if column < len(XLSX_LAYOUT) and header in _HIDDEN else {}
        sheet.set_column(column, column, _width(header), None, options)
    for number, row in enumerate(rows, start=1):
        sheet.set_row(number, _height(row))
        for column, text in enumerate(row):
            if text:
                sheet.write_string(number, column, text, formats[column])
            else:
                sheet.write_blank(number, column, None, formats[column])
    for number, line in enumerate(contents.lines, start=1):
        _beside(sheet, number, line.beside, formats)
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, last, len(headers) - 1)
    _choices(sheet, contents.lines)
    _colours(book, sheet, last, len(headers))
    _print(sheet, title, last)


def _texts(line: CaseLine) -> tuple[str, ...]:
    by_header = dict(zip(HEADERS, (*line.own, line.action, line.note), strict=True))
    kept = {
        KEY: str(line.case), TURN: line.beside.turn, REASON: line.beside.reason, MEANING: line.beside.meaning,
        OFFERS: ", ".join(line.beside.offers),
    }  # fmt: skip
    return (*({**by_header, **kept}.get(header, "") for header in XLSX_LAYOUT), *line.extra)


def _loose(row: tuple[str, ...]) -> tuple[str, ...]:
    by_header = dict(zip(HEADERS, row, strict=False))
    return (*(by_header.get(header, "") for header in XLSX_LAYOUT), *row[len(HEADERS) :])


def _formats(book: Any, headers: Sequence[str]) -> list[Any]:
    plain, desk, case, share, day, technical = (book.add_format({**BODY_LOOK, **look}) for look in _LOOKS)
    special = {"Caso": case, "Acción": desk, "Observación": desk, PROGRESS: share, DUE_ON: day}
    special |= dict.fromkeys(_HIDDEN - {DUE_ON}, technical)
    own = [special.get(header, plain) for header in headers[: len(XLSX_LAYOUT)]]
    return own + [plain] * (len(headers) - len(own))


_LOOKS: tuple[dict[str, Any], ...] = (
    {"text_wrap": True},
    {"text_wrap": True, "bg_color": DESK_FILL, "left": 1, "left_color": "#E6D9A8", "quote_prefix": True},
    {"bold": True, "font_color": HEADER_FILL},
    {"num_format": "0%", "align": "center"},
    {"num_format": "dd/mm/yyyy", "align": "fill"},
    {"align": "fill"},  # cut at its edge: LibreOffice prints what overflows a hidden column
)


def _beside(sheet: Any, number: int, beside: Beside, formats: Sequence[Any]) -> None:
    if beside.progress is not None:
        sheet.write_number(number, _COLUMN[PROGRESS], beside.progress, formats[_COLUMN[PROGRESS]])
    if beside.due_on is not None:
        sheet.write_datetime(number, _COLUMN[DUE_ON], beside.due_on, formats[_COLUMN[DUE_ON]])
    if not beside.turn:
        return  # a closed case's reasons stay in the hidden columns: years of notes make a file slow
    for header, text in (("Autorización", beside.reason), ("Estado", beside.meaning)):
        if text:
            sheet.write_comment(number, _COLUMN[header], text, _NOTE)


_NOTE = {"author": "Gestión de Usuarios", "x_scale": 2.2, "y_scale": 1.4, "font_size": 9}


def _choices(sheet: Any, lines: Sequence[CaseLine]) -> None:
    """One list for all rows that allow the same."""
    by_offer: dict[tuple[str, ...], list[int]] = {}
    for number, line in enumerate(lines, start=1):
        by_offer.setdefault(line.beside.offers or (NO_ACTIONS,), []).append(number)
    column = _COLUMN["Acción"]
    for offers, numbers in by_offer.items():
        cells = [[number, column, number, column] for number in numbers]
        sheet.data_validation(*cells[0], {**_CHOICES, "source": list(offers), "other_cells": cells})


_CHOICES = {
    "validate": "list",
    "input_title": "Acción de la mesa",
    "input_message": "Elija qué debe hacer el programa con este caso: solo está lo que admite. Guarde y cierre el archivo.",
    "error_title": "Acción que no aplica",
    "error_message": "Elija una acción de la lista de este caso.",
}


def _colours(book: Any, sheet: Any, last: int, width: int) -> None:
    """States and SLA by their text, so that they stay right when a row is sorted; then the bands, below them."""
    state, sla, progress = _COLUMN["Estado"], _COLUMN["SLA"], _COLUMN[PROGRESS]
    for text, colour in STATE_COLOURS.items():
        look = book.add_format({"bg_color": colour.fill, "font_color": colour.text, "bold": True})
        rule = {"type": "cell", "criteria": "==", "value": f'"{text}"', "format": look}
        sheet.conditional_format(1, state, last, state, rule)
    for text, colour in SLA_COLOURS.items():
        look = book.add_format({"bg_color": colour.fill, "font_color": colour.text})
        rule = {"type": "text", "criteria": "begins with", "value": text, "format": look}
        sheet.conditional_format(1, sla, last, sla, rule)
    # Not "solid", nor anything else that only came with Excel 2010: other programs would warn of it and drop it.
    bar = {
        "type": "data_bar", "min_type": "num", "max_type": "num", "min_value": 0, "max_value": 1, "bar_color": PROGRESS_BAR,
    }  # fmt: skip
    sheet.conditional_format(1, progress, last, progress, bar)
    band = {"type": "formula", "criteria": "=MOD(ROW(),2)=1", "format": book.add_format({"bg_color": BAND_FILL})}
    sheet.conditional_format(1, 0, last, _COLUMN["Acción"] - 1, band)
    if width > len(XLSX_LAYOUT):
        sheet.conditional_format(1, len(XLSX_LAYOUT), last, width - 1, band)


def _print(sheet: Any, title: str, last: int) -> None:
    sheet.set_landscape()
    sheet.set_paper(5)  # "Oficio" is not among Excel's sizes; legal is the nearest
    sheet.set_margins(left=0.4, right=0.4, top=0.75, bottom=0.6)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.print_area(0, 0, last, _COLUMN["Observación"])
    heading = cell_text(title, 120).replace("\n", " ").replace("&", "&&")
    sheet.set_header(f"&L&B{heading}&R{TAB_TITLE}")
    sheet.set_footer("&LGestión de Usuarios&CPágina &P de &N&R&D &T")
    sheet.set_zoom(90)


def _width(header: str) -> float:
    if header == PROGRESS:
        return PROGRESS_WIDTH
    return (*WIDTHS, *ACTION_WIDTHS)[HEADERS.index(header)] if header in HEADERS else 24


def _height(row: Sequence[str]) -> float:
    """Room for the longest text as wrapped: LibreOffice and Excel do not fit rows that a program wrote."""
    shown = [(text, _width(header)) for text, header in zip(row, XLSX_LAYOUT, strict=False) if header not in _HIDDEN]
    shown += [(text, 24) for text in row[len(XLSX_LAYOUT) :]]
    lines = max(sum(1 + int(len(part) / (width * 0.95)) for part in text.split("\n")) for text, width in shown)
    return min(_LARGEST_ROW_POINTS, 4 + _LINE_POINTS * lines)
