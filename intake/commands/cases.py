"""Case numbers and states as people type them."""

import re

from config.errors import CannotRun
from intake.typed_text import folded, quoted
from provision.journal.views import Views
from provision.procedure.model import State

_CASE = re.compile(r"(?:gu[ -]?)?(?:([0-9]{4})[ -])?([0-9]{1,9})")


def case_called(typed: str, views: Views) -> str:
    """The case number that was meant: `GU-2026-000123`, `gu-2026-123`, `2026-123`, or `123` of the journal's newest year.

    Raises CannotRun for what is no case number.
    """
    found = _CASE.fullmatch(" ".join(typed.split()).lower())
    if found is None:
        raise CannotRun(f"{quoted(typed)} no es un número de caso.", remedy="Escríbalo como GU-2026-000123, gu-2026-123 o 123.")
    year = found[1] or views.newest_year()
    if year is None:
        raise CannotRun("Aún no hay ninguna solicitud en el registro.", remedy="Ejecute «gestion run».")
    return f"GU-{year}-{int(found[2]):06d}"


def state_called(typed: str) -> State:
    """The state that was meant, by its Spanish name or its code. Raises CannotRun naming all of them."""
    wanted = folded(typed)
    found = next((state for state in State if wanted in {folded(state.label), folded(state.value)}), None)
    if found is None:
        offered = ", ".join(f"«{state.label}»" for state in State)
        raise CannotRun(f"No existe el estado {quoted(typed)}.", remedy=f"Los estados son: {offered}.")
    return found
