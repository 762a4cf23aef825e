"""What every section of the settings is made of."""

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, BeforeValidator, ConfigDict, Field

Seconds = Annotated[float, Field(gt=0, le=86_400)]
Text = Annotated[str, Field(min_length=1, max_length=500)]
GoogleId = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9_-]{3,100}$", description="el identificador que aparece en la dirección, sin la dirección")
]


def _not_a_number(value: object) -> object:
    # Pydantic would take 5 as five seconds after 1970, and attend every response there ever was.
    if isinstance(value, int | float):
        raise ValueError("debe ser una fecha con hora y zona, por ejemplo 2026-07-13T08:00:00-05:00")
    return value


Instant = Annotated[AwareDatetime, BeforeValidator(_not_a_number)]


class Section(BaseModel):
    """A table of the settings file: frozen, and unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)
