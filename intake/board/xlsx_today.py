"""The sheet "Hoy" of the .xlsx board: what a Google Sheet has as filter views, as lists whose cases are links to their rows."""

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any, Protocol

from intake.board.dashboard import DESK_TURN
from intake.board.palette import HEADER_FILL, STATE_COLOURS
from intake.board.port import HEADERS
from intake.board.tracking_tab import TAB_TITLE
from intake.board.xlsx_styles import BODY_LOOK, FONT, HEADER_LOOK

TODAY_TITLE = "Hoy"
_SHOWN = ("Caso", "Usuario", "Operación", "Estado", "En espera de", "Vence", "Detalle")
_WIDTHS = (17, 30, 22, 22, 32, 17, 70)
_MOST = 200
"""Cases in one list; whoever has more works in the table."""


class Waiting(Protocol):
    """What of a row the lists go by."""

    @property
    def turn(self) -> str:
        """Whose turn it is; "" is closed."""
        ...

    @property
    def due_on(self) -> date | None:
        """When it falls due."""
        ...


Row = tuple[int, tuple[str, ...], Waiting]
"""The row's number in the table from 0, its own texts, and what it waits for."""


def today_sheet(book: Any, rows: Sequence[Row], today: date) -> None:
    """Add the sheet. A case may stand in several lists, as in filter views."""
    sheet = book.add_worksheet(TODAY_TITLE)
    sheet.hide_gridlines(2)
    for column, width in enumerate(_WIDTHS):
        sheet.set_column(column, column, width)
    heading = book.add_format({"bold": True, "font_name": FONT, "font_size": 16, "font_color": HEADER_FILL})
    section = book.add_format({"bold": True, "font_name": FONT, "font_size": 12, "font_color": HEADER_FILL})
    looks = _Looks(book)
    sheet.write_string(0, 0, f"Qué espera a la mesa · {today:%d/%m/%Y}", heading)
    sheet.set_row(0, 26)
    number = 2
    state = HEADERS.index("Estado")
    lists: tuple[tuple[str, Callable[[Row], bool]], ...] = (
        ("Vence hoy, o ya venció", lambda row: row[2].due_on is not None and row[2].due_on <= today),
        ("Espera a la mesa", lambda row: row[2].turn == DESK_TURN),
        ("Requiere corrección", lambda row: row[1][state] == "Requiere corrección"),
        ("Requiere atención", lambda row: row[1][state] == "Requiere atención"),
    )
    for title, belongs in lists:
        found = sorted((row for row in rows if belongs(row)), key=lambda row: (row[2].due_on or date.max, row[0]))
        sheet.write_string(number, 0, f"{title}: {len(found)}", section)
        number = _listed(sheet, number + 1, found[:_MOST], looks) + 1
    opened = sum(bool(row[2].turn) for row in rows)
    sheet.write_string(number, 0, f"Todo lo abierto: {opened}. Está en «{TAB_TITLE}», con su filtro.", section)
    sheet.freeze_panes(1, 0)
    sheet.set_landscape()
    sheet.fit_to_pages(1, 0)


class _Looks:
    """The formats of the lists, each made once."""

    def __init__(self, book: Any) -> None:
        self.header = book.add_format(HEADER_LOOK)
        self.text = book.add_format({**BODY_LOOK, "text_wrap": True})
        self.link = book.add_format({**BODY_LOOK, "font_color": "#1A56B0", "underline": 1, "bold": True})
        self.states = {
            state: book.add_format({**BODY_LOOK, "bg_color": colours.fill, "font_color": colours.text, "bold": True})
            for state, colours in STATE_COLOURS.items()
        }


def _listed(sheet: Any, number: int, rows: Sequence[Row], looks: _Looks) -> int:
    if not rows:
        sheet.write_string(number, 0, "Nada.", looks.text)
        return number + 1
    for column, header in enumerate(_SHOWN):
        sheet.write_string(number, column, header, looks.header)
    for place, own, _ in rows:
        number += 1
        for column, header in enumerate(_SHOWN):
            text = own[HEADERS.index(header)]
            if header == "Caso":
                # Only the row's number is in the link; its text is the case as shown.
                sheet.write_url(number, column, f"internal:'{TAB_TITLE}'!A{place + 1}", looks.link, text)
            else:
                sheet.write_string(
                    number, column, text, looks.states.get(text, looks.text) if header == "Estado" else looks.text
                )
    return number + 1
