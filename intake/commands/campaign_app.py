"""The options of `gestion campaign` as Typer shows them; what each command does is imported when it is called."""

from collections.abc import Callable
from typing import Annotated

from typer import Argument, Context, Option

from intake.commands.app import AsJson, By, Config, Note, Yes, asked

Digest = Annotated[
    str, Argument(metavar="HUELLA", show_default=False, help="La huella del plan, o sus primeros 8 caracteres o más.")
]
Wave = Annotated[int, Option("--wave", metavar="N", help="Cuántas cuentas lleva cada ola.")]


def campaign() -> None:
    """Inactiva muchas cuentas a la vez: el cierre de vigencia. Se planea, otra persona lo aprueba, y se aplica por olas.

    Puede detenerse y continuar en cualquier momento, y deshacerse.

    Ejemplo: gestion campaign plan --contracts-ending-by 31/12/2026 --out cierre --by jefe.ogi@upme.gov.co
    """


def plan(
    ctx: Context,
    *,
    until: Annotated[
        str,
        Option(
            "--contracts-ending-by",
            metavar="FECHA",
            show_default=False,
            help="Contratos que terminan ese día o antes: 31/12/2026.",
        ),
    ] = "",
    exceptions: Annotated[
        str,
        Option(
            "--except",
            metavar="ARCHIVO",
            show_default=False,
            help="Cuentas que no entran: usuario, correo o documento, una por línea.",
        ),
    ] = "",
    listed: Annotated[
        str,
        Option(
            "--list",
            metavar="ARCHIVO.csv",
            show_default=False,
            help="Exactamente estas cuentas: cuenta o documento, desde, motivo.",
        ),
    ] = "",
    title: Annotated[str, Option("--title", metavar="TEXTO", show_default=False, help="Cómo se llama la campaña.")] = "",
    out: Annotated[
        str, Option("--out", metavar="CARPETA", show_default=False, help="Donde quedan plan.csv y plan.html, para revisarlos.")
    ],
    by: Annotated[
        str,
        Option(
            "--by",
            metavar="CORREO",
            show_default=False,
            help="Correo completo de quien responde por el plan; está en la matriz.",
        ),
    ],
    config: Config = None,
    as_json: AsJson = False,
) -> int:
    """Escribe el plan que se revisa: quién, por qué, desde cuándo y qué perdería. No cambia ninguna cuenta.

    Ejemplo: gestion campaign plan --contracts-ending-by 31/12/2026 --except siguen.txt --out cierre --by jefe.ogi@upme.gov.co
    """
    from intake.commands.campaigning import PlanOptions, plan_campaign_command

    options = PlanOptions(until, exceptions, listed, title, out, by)
    return plan_campaign_command(asked(ctx, as_json=as_json), config, options)


def approve(ctx: Context, digest: Digest, by: By, note: Note = "", config: Config = None, yes: Yes = False) -> int:
    """Aprueba exactamente el plan de esa huella. Debe hacerlo un aprobador de la matriz que no lo haya planeado.

    Ejemplo: gestion campaign approve 3f9a1c0b7d21 --by aprobadora@upme.gov.co
    """
    from intake.commands.campaigning import approve_campaign_command

    return approve_campaign_command(asked(ctx), config, digest, by, note, yes=yes)


def apply(
    ctx: Context,
    digest: Digest,
    wave: Wave = 200,
    waves: Annotated[
        int | None, Option("--waves", metavar="N", min=1, show_default=False, help="Cuántas olas; si no, todas.")
    ] = None,
    config: Config = None,
    as_json: AsJson = False,
) -> int:
    """Aplica una campaña aprobada, ola por ola. Con Ctrl-C termina lo que tiene entre manos; repetido, continúa.

    Cada cuenta se mira de nuevo justo antes de su turno: quien renovó su contrato sale de la campaña, y se dice.

    Termina en 0 si todo va bien, en 1 si algo quedó para que lo atienda una persona o se detuvo, y en 2 si no se pudo.

    Ejemplo: gestion campaign apply 3f9a1c0b7d21 --wave 200
    """
    from intake.commands.campaigning import apply_command

    return apply_command(asked(ctx, as_json=as_json), config, digest, wave, waves)


def rollback(
    ctx: Context,
    digest: Digest,
    only: Annotated[
        str,
        Option(
            "--only",
            metavar="ARCHIVO",
            show_default=False,
            help="Solo estas cuentas: usuario, correo o documento, una por línea.",
        ),
    ] = "",
    note: Note = "",
    wave: Wave = 200,
    config: Config = None,
    as_json: AsJson = False,
    yes: Yes = False,
) -> int:
    """Deshace una campaña: levanta su inactivación y devuelve los grupos y la licencia de cada cuenta, o solo de algunas.

    Sin --only la campaña ya no se puede aplicar más. Con Ctrl-C se detiene; repetido, continúa.

    Ejemplo: gestion campaign rollback 3f9a1c0b7d21 --only renovados.txt --note "Contratos prorrogados"
    """
    from intake.commands.campaigning import rollback_command

    return rollback_command(asked(ctx, as_json=as_json), config, digest, only, note, wave, yes=yes)


def list_(ctx: Context, config: Config = None, as_json: AsJson = False) -> int:
    """Lista las campañas, con su huella y su estado.

    Ejemplo: gestion campaign list
    """
    from intake.commands.campaign_reading import list_campaigns_command

    return list_campaigns_command(asked(ctx, as_json=as_json), config)


def show(ctx: Context, digest: Digest, config: Config = None, as_json: AsJson = False) -> int:
    """Cuenta cómo va una campaña: cuántas cuentas en cada punto, quién decidió qué, y quién quedó fuera y por qué.

    Ejemplo: gestion campaign show 3f9a1c0b7d21
    """
    from intake.commands.campaign_reading import show_campaign_command

    return show_campaign_command(asked(ctx, as_json=as_json), config, digest)


COMMANDS: tuple[Callable[..., int], ...] = (plan, approve, apply, rollback, list_, show)
"""In the order in which a campaign goes."""
