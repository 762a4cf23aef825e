"""The options of `gestion backup` as Typer shows them; what each command does is imported when it is called."""

from collections.abc import Callable
from typing import Annotated, Any

from typer import Argument, Context, Option

from intake.commands.app import AsJson, Config, asked
from intake.commands.spanish import SpanishGroup

_HELP = frozenset({"--help", "-h"})


class BackupGroup(SpanishGroup):
    """`gestion backup ana@entidad.gov.co --to DIR` is `gestion backup take ana@entidad.gov.co --to DIR`."""

    # The context is typed Any: the class that Typer's own methods take for it is private to Typer.
    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Whatever is no command of the group is what to copy."""
        if args and args[0] not in self.commands and not _HELP & set(args[:1]):
            args = ["take", *args]
        return super().parse_args(ctx, args)


def backup() -> None:
    """Copia el correo, los calendarios, los contactos y el OneDrive de una persona en una carpeta, fuera de cualquier caso.

    «gestion backup CORREO --to CARPETA» es lo mismo que «gestion backup take CORREO --to CARPETA». Si se interrumpe, repita el
    mismo comando: continúa donde quedó.

    Ejemplos: gestion backup ana.perez@upme.gov.co --to /backups/retiros  ·  gestion backup verify /backups/retiros
    """


def take(
    ctx: Context,
    user: Annotated[str, Argument(metavar="CORREO", show_default=False, help="Correo institucional de la persona.")],
    to: Annotated[
        str,
        Option("--to", metavar="CARPETA", show_default=False, help="Donde queda: en una carpeta con el nombre de la cuenta."),
    ],
    config: Config = None,
    as_json: AsJson = False,
) -> int:
    """Hace el backup y lo verifica leyéndolo de nuevo. Si se interrumpe, repita el mismo comando: continúa donde quedó.

    Termina en 0 si todo quedó copiado, en 1 si algo no se pudo convertir o copiar (lo dice), y en 2 si no se pudo.

    Ejemplo: gestion backup ana.perez@upme.gov.co --to /backups/retiros
    """
    from intake.commands.backing_up import backup_command

    return backup_command(asked(ctx, as_json=as_json), config, user, to)


def verify(
    ctx: Context,
    folder: Annotated[
        str, Argument(metavar="CARPETA", show_default=False, help="La carpeta de un backup, o una con varios backups.")
    ],
    as_json: AsJson = False,
) -> int:
    """Lee de nuevo cada copia y la compara con su manifiesto. No necesita configuración ni conexión.

    Termina en 0 si todo coincide, en 1 si algún backup no coincide con su manifiesto, y en 2 si no hay ninguno.

    Ejemplo: gestion backup verify /backups/retiros
    """
    from intake.commands.backing_up import verify_backups_command

    return verify_backups_command(asked(ctx, as_json=as_json), folder)


COMMANDS: tuple[Callable[..., int], ...] = (take, verify)
