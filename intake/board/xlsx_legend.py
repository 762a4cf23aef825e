"""The sheet "Leyenda" of the .xlsx board: how it is used, and what each word on it means."""

from typing import Any
from zoneinfo import ZoneInfo

from intake.board.cells import cell_text, column_letters
from intake.board.palette import DESK_FILL, HEADER_FILL, SLA_COLOURS, STATE_COLOURS, STATE_MEANINGS
from intake.board.tracking_tab import LAYOUT
from intake.board.xlsx_styles import FONT, HEADER_LOOK
from provision.procedure.desk import DeskAction

LEGEND_TITLE = "Leyenda"

_ACTION_MEANINGS = {
    DeskAction.APPROVE: "Autoriza lo que el caso está esperando.",
    DeskAction.REJECT: "Niega la solicitud; escriba el motivo en «Observación»: se le informa al solicitante.",
    DeskAction.RETRY: "Intenta de nuevo lo que falló.",
    DeskAction.CONFIRM_PC_BACKUP: "Confirma que la copia de seguridad del equipo está hecha.",
    DeskAction.CONFIRM_PC_WIPE: "Confirma que el equipo fue borrado.",
    DeskAction.CANCEL: "Cierra el caso sin hacer nada más.",
}


def legend(book: Any, title: str, zone: ZoneInfo) -> None:
    """Add the sheet."""
    sheet = book.add_worksheet(LEGEND_TITLE)
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, 30)
    sheet.set_column(1, 1, 95)
    heading = book.add_format({"bold": True, "font_name": FONT, "font_size": 16, "font_color": HEADER_FILL})
    section = book.add_format({**HEADER_LOOK, "font_size": 11})
    text = book.add_format({"font_name": FONT, "font_size": 10, "text_wrap": True, "valign": "top"})
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
    desk = " y ".join(column_letters(LAYOUT.index(header) + 1) for header in ("Acción", "Observación"))
    return (
        f"• «Acción» y «Observación» (columnas {desk}) son de la mesa de servicio; lo que se escriba en las demás se pierde.",
        "• La lista de «Acción» solo ofrece lo que ese caso admite ahora. Señale «Estado» o «Autorización» y lea el porqué.",
        "• La hoja «Hoy» lleva de un clic a lo que espera a la mesa; «Tablero» muestra cómo va la atención.",
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
        {"font_name": FONT, "font_size": 10, "bold": True, "bg_color": fill, "font_color": text, "valign": "top", "border": 1,
         "border_color": "#FFFFFF"}
    )  # fmt: skip
