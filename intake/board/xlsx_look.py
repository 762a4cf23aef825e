"""The .xlsx board as its reader sees it: a frozen, filtered table, colours by state, choices in "Acción", and a legend.

Written with xlsxwriter, every cell as text: neither "=…" nor an address becomes a formula or a link.
"""

import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

import xlsxwriter

from config.vocabulary import CaseNumber
from intake.board.cells import cell_text, column_letters
from intake.board.palette import (
    ACTION_WIDTHS,
    BAND_FILL,
    DESK_FILL,
    HEADER_FILL,
    SLA_COLOURS,
    STATE_COLOURS,
    STATE_MEANINGS,
    WIDTHS,
)
from intake.board.port import HEADERS
from intake.board.tracking_tab import OWN_COLUMNS, TAB_TITLE
from provision.procedure.desk import DeskAction

LEGEND_TITLE = "Leyenda"
_ROOM_ROWS = 500
"""Empty rows below the cases that already have the desk's look and choices."""
_FONT = "Calibri"
_STATE, _SLA, _DETAIL = HEADERS.index("Estado"), HEADERS.index("SLA"), HEADERS.index("Detalle")
_LINE_POINTS, _LARGEST_ROW_POINTS = 13.5, 120.0
_CREATED = datetime(2026, 1, 1, tzinfo=UTC).replace(tzinfo=None)
"""Always the same, so that equal contents make an equal file."""

_ACTION_MEANINGS = {
    DeskAction.APPROVE: "Autoriza lo que el caso está esperando.",
    DeskAction.REJECT: "Niega la solicitud; escriba el motivo en «Observación»: se le informa al solicitante.",
    DeskAction.RETRY: "Intenta de nuevo lo que falló.",
    DeskAction.CONFIRM_PC_BACKUP: "Confirma que la copia de seguridad del equipo está hecha.",
    DeskAction.CONFIRM_PC_WIPE: "Confirma que el equipo fue borrado.",
    DeskAction.CANCEL: "Cierra el caso sin hacer nada más.",
}


@dataclass(frozen=True, slots=True)
class CaseLine:
    """A case's row: the program's own cells, the desk's two, and those of columns that the desk added."""

    case: CaseNumber
    own: tuple[str, ...]
    action: str
    note: str
    extra: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Contents:
    """All that the board holds. `loose` are rows without a case, or that repeat one: kept below as they were."""

    lines: tuple[CaseLine, ...]
    extra_headers: tuple[str, ...]
    loose: tuple[tuple[str, ...], ...]


def workbook_bytes(contents: Contents, *, title: str, zone: ZoneInfo) -> bytes:
    """The whole file."""
    buffer = io.BytesIO()
    options = {
        "in_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "strings_to_numbers": False,
        "default_format_properties": {"font_name": _FONT, "font_size": 10},
    }
    with xlsxwriter.Workbook(buffer, options) as book:
        book.set_properties(
            {"title": title, "subject": "Seguimiento de solicitudes de cuentas de usuario", "created": _CREATED}
        )
        _table(book, contents, title)
        _legend(book, title, zone)
    return buffer.getvalue()


def _table(book: Any, contents: Contents, title: str) -> None:
    sheet = book.add_worksheet(TAB_TITLE)
    headers = (*HEADERS, *contents.extra_headers)
    rows = [(*line.own, line.action, line.note, *line.extra) for line in contents.lines] + list(contents.loose)
    last = max(len(rows), 1)
    room = last + _ROOM_ROWS
    sheet.set_row(0, 32)
    own_header = book.add_format(_HEADER)
    desk_header = book.add_format({**_HEADER, "bg_color": "#7A5B00"})
    for column, header in enumerate(headers):
        desk = OWN_COLUMNS <= column < len(HEADERS)
        sheet.write_string(0, column, header, desk_header if desk else own_header)
    plain, detail, desk, case = (book.add_format({**_BODY, **look}) for look in _LOOKS)
    formats = [plain] * len(headers)
    formats[0], formats[_DETAIL], formats[OWN_COLUMNS], formats[OWN_COLUMNS + 1] = case, detail, desk, desk
    widths = (*WIDTHS, *ACTION_WIDTHS, *([24] * len(contents.extra_headers)))
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width)
    for number, row in enumerate(rows, start=1):
        sheet.set_row(number, _height(row))
        for column, text in enumerate(row):
            if text:
                sheet.write_string(number, column, text, formats[column])
            else:
                sheet.write_blank(number, column, None, formats[column])
    for number in range(len(rows) + 1, room + 1):
        for column in (OWN_COLUMNS, OWN_COLUMNS + 1):
            sheet.write_blank(number, column, None, desk)
    sheet.freeze_panes(1, 1)
    sheet.autofilter(0, 0, last, len(headers) - 1)
    sheet.data_validation(1, OWN_COLUMNS, room, OWN_COLUMNS, _CHOICES)
    _colours(book, sheet, last, len(headers))
    _print(sheet, title, last, len(headers))


_HEADER = {
    "bold": True, "font_name": _FONT, "font_size": 10, "font_color": "#FFFFFF", "bg_color": HEADER_FILL, "valign": "vcenter",
    "text_wrap": True, "border": 1, "border_color": "#FFFFFF",
}  # fmt: skip
_BODY = {
    "font_name": _FONT, "font_size": 10, "valign": "top", "num_format": "@", "bottom": 1, "bottom_color": "#D9E1EA",
}  # fmt: skip
_LOOKS: tuple[dict[str, Any], ...] = (
    {"text_wrap": True},
    {"text_wrap": True},
    {"text_wrap": True, "bg_color": DESK_FILL, "left": 1, "left_color": "#E6D9A8", "quote_prefix": True},
    {"bold": True, "font_color": HEADER_FILL},
)
_CHOICES = {
    "validate": "list",
    "source": [action.value for action in DeskAction],
    "input_title": "Acción de la mesa",
    "input_message": "Elija qué debe hacer el programa con este caso. Guarde y cierre el archivo.",
    "error_title": "Acción desconocida",
    "error_message": "Elija una acción de la lista.",
}


def _colours(book: Any, sheet: Any, last: int, width: int) -> None:
    """States and SLA by their text, so that they stay right when a row is sorted; then the bands, below them."""
    for text, colour in STATE_COLOURS.items():
        look = book.add_format({"bg_color": colour.fill, "font_color": colour.text, "bold": True})
        rule = {"type": "cell", "criteria": "==", "value": f'"{text}"', "format": look}
        sheet.conditional_format(1, _STATE, last, _STATE, rule)
    for text, colour in SLA_COLOURS.items():
        look = book.add_format({"bg_color": colour.fill, "font_color": colour.text})
        rule = {"type": "text", "criteria": "begins with", "value": text, "format": look}
        sheet.conditional_format(1, _SLA, last, _SLA, rule)
    band = {"type": "formula", "criteria": "=MOD(ROW(),2)=1", "format": book.add_format({"bg_color": BAND_FILL})}
    sheet.conditional_format(1, 0, last, OWN_COLUMNS - 1, band)
    if width > len(HEADERS):
        sheet.conditional_format(1, len(HEADERS), last, width - 1, band)


def _print(sheet: Any, title: str, last: int, width: int) -> None:
    sheet.set_landscape()
    sheet.set_paper(5)  # "Oficio" is not among Excel's sizes; legal is the nearest
    sheet.set_margins(left=0.4, right=0.4, top=0.75, bottom=0.6)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)
    sheet.print_area(0, 0, last, width - 1)
    heading = cell_text(title, 120).replace("\n", " ").replace("&", "&&")
    sheet.set_header(f"&L&B{heading}&R{TAB_TITLE}")
    sheet.set_footer("&LGestión de Usuarios&CPágina &P de &N&R&D &T")
    sheet.set_zoom(90)


def _height(row: Sequence[str]) -> float:
    """Room for the longest text as wrapped: LibreOffice and Excel do not fit rows that a program wrote."""
    widths = (*WIDTHS, *ACTION_WIDTHS, *([24] * max(0, len(row) - len(HEADERS))))
    lines = max(
        sum(1 + int(len(part) / (width * 0.95)) for part in text.split("\n")) for text, width in zip(row, widths, strict=False)
    )
    return min(_LARGEST_ROW_POINTS, 4 + _LINE_POINTS * lines)


def _legend(book: Any, title: str, zone: ZoneInfo) -> None:
    sheet = book.add_worksheet(LEGEND_TITLE)
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, 30)
    sheet.set_column(1, 1, 95)
    heading = book.add_format({"bold": True, "font_name": _FONT, "font_size": 16, "font_color": HEADER_FILL})
    section = book.add_format({**_HEADER, "font_size": 11})
    text = book.add_format({"font_name": _FONT, "font_size": 10, "text_wrap": True, "valign": "top"})
    sheet.write_string(0, 0, cell_text(title, 200), heading)
    sheet.set_row(0, 26)
    sheet.merge_range(1, 0, 1, 1, "", text)
    sheet.write_string(1, 0, "Seguimiento de las solicitudes de cuentas de usuario.", text)
    row = 3
    row = _section(sheet, row, "Cómo se usa", section)
    for line in _usage(zone):
        sheet.merge_range(row, 0, row, 1, "", text)
        sheet.write_string(row, 0, line, text)
        row += 1
    row = _section(sheet, row + 1, "Estado", section)
    for state, colour in STATE_COLOURS.items():
        sheet.write_string(row, 0, state, _swatch(book, colour.fill, colour.text))
        sheet.write_string(row, 1, STATE_MEANINGS[state], text)
        row += 1
    row = _section(sheet, row + 1, "SLA", section)
    for sla, meaning in _SLA_MEANINGS.items():
        sheet.write_string(row, 0, sla, _swatch(book, SLA_COLOURS[sla].fill, SLA_COLOURS[sla].text))
        sheet.write_string(row, 1, meaning, text)
        row += 1
    row = _section(sheet, row + 1, "Acción", section)
    for action, meaning in _ACTION_MEANINGS.items():
        sheet.write_string(row, 0, action.value, _swatch(book, DESK_FILL, "#3C4043"))
        sheet.write_string(row, 1, meaning, text)
        row += 1
    sheet.set_landscape()
    sheet.fit_to_pages(1, 1)


_SLA_MEANINGS = {
    "a tiempo": "Horas hábiles que faltan para el vencimiento.",
    "por vencer": "Quedan pocas horas hábiles: atiéndala primero.",
    "vencida": "El plazo pasó y no se ha notificado.",
    "en pausa": "El reloj está detenido: se espera al solicitante, un buzón o la fecha pedida.",
    "cumplida": "Se notificó dentro del plazo.",
    "incumplida": "Se notificó después del plazo.",
}


def _usage(zone: ZoneInfo) -> tuple[str, ...]:
    desk = f"{column_letters(OWN_COLUMNS + 1)} y {column_letters(OWN_COLUMNS + 2)}"
    return (
        f"• «Acción» y «Observación» (columnas {desk}) son de la mesa de servicio; lo que se escriba en las demás se pierde.",
        "• Elija una acción de la lista, guarde y cierre el archivo: el programa no puede actualizarlo mientras esté abierto.",
        "• Cada acción se toma una sola vez: la respuesta queda en «Detalle» y la celda se limpia.",
        "• Puede filtrar y ordenar; en la siguiente actualización las filas vuelven al orden de los casos.",
        "• Las columnas y las filas que usted agregue se conservan como texto.",
        f"• Las fechas y horas son de {zone.key}.",
    )


def _section(sheet: Any, row: int, name: str, look: Any) -> int:
    sheet.write_string(row, 0, name, look)
    sheet.write_blank(row, 1, None, look)
    return row + 1


def _swatch(book: Any, fill: str, text: str) -> Any:
    return book.add_format(
        {"font_name": _FONT, "font_size": 10, "bold": True, "bg_color": fill, "font_color": text, "valign": "top", "border": 1,
         "border_color": "#FFFFFF"}
    )  # fmt: skip
