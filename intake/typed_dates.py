"""Dates as a form (2026-02-13), its CSV or a spreadsheet (13/02/2026) gives them."""

import re
from datetime import date

from intake.typed_text import Wrong, clean, quoted

_MONTHS = (
    "enero", "febrero", "marzo", "abril", "mayo", "junio",
    "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre",
)  # fmt: skip
_TIME = r"(?:[ T][0-9]{1,2}:[0-9]{2}(?::[0-9]{2})?)?"
_YEAR_FIRST = re.compile(r"([0-9]{4})[-/]([0-9]{1,2})[-/]([0-9]{1,2})" + _TIME)
_DAY_FIRST = re.compile(r"([0-9]{1,2})[-/.]([0-9]{1,2})[-/.]([0-9]{1,4})" + _TIME)
_NO_YEAR = re.compile(r"[0-9]{1,2}[-/][0-9]{1,2}" + _TIME)

_HOW = "Escríbala con día, mes y año; por ejemplo: 31/12/2026."


def read_date(text: str) -> date | Wrong:
    """YYYY-MM-DD (the Forms API) or D/M/YYYY (a CSV or a sheet of Colombia); a time of the day behind it is not looked at.

    A year is named when it cannot be meant (0206), and a day that its month does not have (31/02).
    """
    typed = clean(text)
    if len(typed) > 30:
        return Wrong(f"{quoted(typed)} no es una fecha. {_HOW}")
    if match := _YEAR_FIRST.fullmatch(typed):
        year, month, day = match.groups()
    elif match := _DAY_FIRST.fullmatch(typed):
        day, month, year = match.groups()
    elif _NO_YEAR.fullmatch(typed):
        return Wrong(f"A la fecha {quoted(typed)} le falta el año. {_HOW}")
    else:
        return Wrong(f"{quoted(typed)} no es una fecha. {_HOW}")
    return _checked(typed, year, int(month), int(day))


def _checked(typed: str, year: str, month: int, day: int) -> date | Wrong:
    if len(year) != 4 or not 1900 <= int(year) <= 2199:
        return Wrong(f"El año {year} de la fecha {quoted(typed)} no es correcto: debe tener cuatro cifras. {_HOW}")
    if not 1 <= month <= 12:
        return Wrong(f"La fecha {quoted(typed)} no existe: no hay mes {month}; va primero el día y después el mes. {_HOW}")
    try:
        return date(int(year), month, day)
    except ValueError:
        return Wrong(f"La fecha {quoted(typed)} no existe: {_MONTHS[month - 1]} de {year} no tiene día {day}. {_HOW}")


def spoken_date(day: date) -> str:
    """A date as a person reads it: 05/03/2026."""
    return f"{day.day:02}/{day.month:02}/{day.year}"
