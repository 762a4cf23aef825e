"""The options of `gestion report` as Typer shows them; what it does is imported when it is called."""

from typing import Annotated

from typer import Context, Option

from intake.commands.app import AsJson, Config, asked


def report(
    ctx: Context,
    config: Config = None,
    month: Annotated[
        str, Option("--month", metavar="MES", show_default=False, help="Año y mes, como 2026-11; si no, el último que terminó.")
    ] = "",
    to: Annotated[
        str,
        Option("--to", metavar="CARPETA", show_default=False, help="Donde queda; si no, informe-MES en la carpeta actual."),
    ] = "",
    unit: Annotated[
        str,
        Option("--unit", metavar="DEPENDENCIA", show_default=False, help="Solo lo de una dependencia: su nombre o su sigla."),
    ] = "",
    idle_months: Annotated[
        int,
        Option("--idle-months", metavar="N", min=1, max=120, help="Meses sin ningún caso para decir «sin movimiento»."),
    ] = 6,
    as_json: AsJson = False,
) -> int:
    """Escribe el informe de un mes: una página para leer e imprimir, tablas para Excel y las hojas que revisa cada jefatura.

    Solo lee el registro, también mientras hay una ejecución en curso. Lo que escribe contiene datos personales y solo lo puede
    abrir quien ejecuta el comando.

    Ejemplos: gestion report --month 2026-11 · gestion report --month 2026-11 --unit OGI --to informe-ogi
    """
    from intake.commands.reporting import report_command

    invocation = asked(ctx, as_json=as_json)
    return report_command(invocation, config, month=month, to=to, unit=unit, idle_months=idle_months)
