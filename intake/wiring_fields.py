"""Tables of the settings whose keys are fields of the form."""

from collections.abc import Mapping
from typing import TypeVar

from config.errors import CannotRun
from intake.forms.port import Field

Bound = TypeVar("Bound")


def by_field(named: Mapping[str, Bound]) -> dict[Field, Bound]:
    """A table of the settings by field of the form. Raises CannotRun naming the keys that are no field."""
    fields = {field.value: field for field in Field}
    unknown = sorted(named.keys() - fields.keys())
    if unknown:
        raise CannotRun(
            f"La configuración nombra campos del formulario que no existen: {', '.join(unknown)}.",
            remedy=f"Los campos son: {', '.join(fields)}.",
        )
    return {fields[name]: bound for name, bound in named.items()}
