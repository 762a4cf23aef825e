"""Colours and widths of the board, the same in Google Sheets and in the .xlsx file."""

from collections.abc import Mapping
from dataclasses import dataclass

HEADER_FILL = "#1F4E79"
BAND_FILL = "#F3F7FB"
DESK_FILL = "#FFF8E1"
"""The two columns in which the desk writes."""


@dataclass(frozen=True, slots=True)
class Colours:
    """Background and text; each pair has a contrast of at least 4.5:1 (WCAG 2.1, AA)."""

    fill: str
    text: str


_QUIET = Colours("#E8EAED", "#3C4043")
_WORKING = Colours("#D2E3FC", "#174EA6")
_WAITING = Colours("#FEEFC3", "#7A4F01")
_URGENT = Colours("#FAD2CF", "#8C1D18")
_DONE = Colours("#CEEAD6", "#0D652D")

STATE_COLOURS: Mapping[str, Colours] = {
    "Recibida": Colours("#E8F0FE", "#1A56B0"),
    "En trámite": _WORKING,
    "En espera": _WAITING,
    "Requiere corrección": Colours("#FDE2C4", "#7A3E00"),
    "Requiere atención": _URGENT,
    "Atendida, en seguimiento": Colours("#E6F4EA", "#0D652D"),
    "Terminada": _DONE,
    "Rechazada": Colours("#F1D6DE", "#7B1538"),
    "Duplicada": _QUIET,
    "Cerrada sin respuesta": _QUIET,
    "Cancelada": _QUIET,
}
"""By the whole text of "Estado"."""

STATE_MEANINGS: Mapping[str, str] = {
    "Recibida": "La respuesta llegó y todavía no se ha decidido nada.",
    "En trámite": "El programa la está atendiendo.",
    "En espera": "Falta algo que no depende del solicitante: un buzón, una fecha, una confirmación.",
    "Requiere corrección": "Se le pidió al solicitante corregir o completar el formulario.",
    "Requiere atención": "El programa no puede seguir solo: lea «Detalle» y responda en «Acción».",
    "Atendida, en seguimiento": "Se hizo y se informó; el programa vigila el regreso o el primer ingreso.",
    "Terminada": "Se hizo lo pedido y se informó.",
    "Rechazada": "Quien la pidió no está autorizado, o la mesa la rechazó.",
    "Duplicada": "Ya había otro caso abierto por lo mismo.",
    "Cerrada sin respuesta": "Venció el plazo para corregir y nadie contestó.",
    "Cancelada": "La mesa de servicio la canceló.",
}

SLA_COLOURS: Mapping[str, Colours] = {
    "a tiempo": _DONE,
    "por vencer": _WAITING,
    "vencida": _URGENT,
    "incumplida": _URGENT,
    "en pausa": _QUIET,
    "cumplida": Colours("#E6F4EA", "#0D652D"),
}
"""By the beginning of the text of "SLA"."""

CHART_COLOURS: Mapping[str, str] = {
    "Creación de cuenta": "#1F4E79",
    "Cambio de clave": "#D97706",
    "Modificación": "#2E8B7A",
    "Activación": "#7CB342",
    "Inactivación": "#8E5EA2",
    "Eliminación": "#B3261E",
    "Cesión de contrato": "#5C9BD5",
    "Suspensión de contrato": "#A1887F",
    "Terminación anticipada": "#546E7A",
    "En el plazo": "#2E7D32",
    "Fuera del plazo": "#C62828",
    "Mesa de servicio": "#C62828",
    "Quien aprueba": "#D97706",
    "Solicitante": "#1F4E79",
    "Nadie": "#9AA0A6",
    "Libres": "#2E7D32",
    "Prometidos": "#5C9BD5",
    "En espera": "#D97706",
}
"""By the name of the series, so that a colour means the same every day."""
OTHER_CHART_COLOUR = "#9AA0A6"

PROGRESS_SCALE: tuple[tuple[float, str], ...] = ((0.0, "#CEEAD6"), (0.6, "#FEEFC3"), (1.0, "#F28B82"))
"""The share of the SLA that ran, and its colour; beyond 1 it stays the last."""
PROGRESS_BAR = "#6B8FB5"
PROGRESS_WIDTH = 9

WIDTHS = (16, 16, 27, 19, 24, 27, 21, 24, 21, 20, 20, 16, 16, 16, 50)
"""In characters, of the program's own columns."""

ACTION_WIDTHS = (25, 32)
"""In characters, of "Acción" and "Observación"."""
