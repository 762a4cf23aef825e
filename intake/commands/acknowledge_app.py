"""The options of `gestion acknowledge` as Typer shows them; what it does is imported when it is called."""

from typing import Annotated

from typer import Context, Option

from intake.commands.app import Config, Yes, asked


def acknowledge(
    ctx: Context,
    note: Annotated[str, Option("--note", metavar="MOTIVO", show_default=False, help="Por qué se borraron; queda escrito.")],
    config: Config = None,
    yes: Yes = False,
) -> int:
    """Da por revisadas las respuestas que el conteo diario echó de menos en el formulario, si se borraron a propósito.

    Queda escrito quién, cuándo y por qué. No cambia ningún caso; si después falta otra respuesta, el conteo avisa de nuevo.

    Ejemplo: gestion acknowledge --note "Prueba del formulario, borrada por la OGI"
    """
    from intake.commands.acknowledging import acknowledge_command

    return acknowledge_command(asked(ctx), config, note, yes=yes)
