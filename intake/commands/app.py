"""The commands and their options as Typer shows them; what each does is in a module of its own, imported when it is called."""

from inspect import cleandoc
from typing import Annotated

from typer import Argument, Context, Exit, Option, Typer, echo

from intake.commands.invocation import Invocation
from intake.commands.places import PLACES, VARIABLE
from intake.commands.spanish import SpanishCommand, SpanishGroup

DAILY, CASES, STARTING = "Cada día", "Las solicitudes", "Para empezar y comprobar"
DECIDING = "Decidir, y actuar sobre muchas cuentas"

Config = Annotated[
    str | None,
    Option(
        "--config",
        "-c",
        metavar="ARCHIVO",
        show_default=False,
        help=f"Archivo de configuración. Si se omite: la variable {VARIABLE}, ./{PLACES[0]} o {PLACES[1]}.",
    ),
]
AsJson = Annotated[bool, Option("--json", metavar="", help="Escribe el resultado como un documento JSON, para otro programa.")]
Case = Annotated[
    str, Argument(metavar="CASO", show_default=False, help="Número del caso: GU-2026-000123, gu-2026-123 o solo 123.")
]

What = Annotated[
    str,
    Argument(
        metavar="QUÉ",
        show_default=False,
        help="Número de un caso, o la huella de un lote o de una campaña (sus primeros 8 caracteres o más).",
    ),
]
By = Annotated[
    str, Option("--by", metavar="CORREO", show_default=False, help="Correo completo de quien decide, como está en la matriz.")
]
Note = Annotated[str, Option("--note", metavar="TEXTO", show_default=False, help="Queda escrito en la historia.")]
Yes = Annotated[bool, Option("--yes", metavar="", help="No pregunta: para programas.")]


def make_app() -> Typer:
    """The program's commands; each returns its exit code."""
    from intake.commands.acknowledge_app import acknowledge  # these need what is defined here
    from intake.commands.init_app import init
    from intake.commands.report_app import report

    app = Typer(
        name="gestion",
        cls=SpanishGroup,
        add_completion=False,
        suggest_commands=False,
        pretty_exceptions_enable=False,
        rich_markup_mode="rich",
        invoke_without_command=True,
        subcommand_metavar="COMANDO [ARGUMENTOS]...",
        options_metavar="[OPCIONES]",
        context_settings={"help_option_names": ["--help", "-h"]},
    )
    app.callback(help=_flowing(_gestion.__doc__ or ""), epilog="Ayuda de cada comando: gestion COMANDO --help")(_gestion)
    for panel, command in (
        (DAILY, run),
        (DAILY, plan),
        (CASES, list_),
        (CASES, show),
        (CASES, retry),
        (CASES, cancel),
        (CASES, explain),
        (CASES, report),
        (CASES, acknowledge),
        (DECIDING, approve),
        (DECIDING, reject),
        (STARTING, demo),
        (STARTING, init),
        (STARTING, doctor),
    ):
        name = command.__name__.rstrip("_")
        text = _flowing(command.__doc__ or "")
        app.command(name, cls=SpanishCommand, help=text, options_metavar="[OPCIONES]", rich_help_panel=panel)(command)
    app.add_typer(campaign_app(), name="campaign", rich_help_panel=DECIDING)
    app.add_typer(backup_app(), name="backup", rich_help_panel=CASES)
    return app


def campaign_app() -> Typer:
    """The commands of a campaign, which are a group of their own."""
    from intake.commands.campaign_app import COMMANDS, campaign

    group = Typer(
        cls=SpanishGroup,
        help=_flowing(campaign.__doc__ or ""),
        no_args_is_help=True,
        subcommand_metavar="COMANDO [ARGUMENTOS]...",
        options_metavar="[OPCIONES]",
        rich_markup_mode="rich",
        context_settings={"help_option_names": ["--help", "-h"]},
    )
    for command in COMMANDS:
        name, text = command.__name__.rstrip("_"), _flowing(command.__doc__ or "")
        group.command(name, cls=SpanishCommand, help=text, options_metavar="[OPCIONES]")(command)
    return group


def backup_app() -> Typer:
    """The commands of a backup, which are a group of their own."""
    from intake.commands.backup_app import COMMANDS, BackupGroup, backup

    group = Typer(
        cls=BackupGroup,
        help=_flowing(backup.__doc__ or ""),
        no_args_is_help=True,
        subcommand_metavar="COMANDO [ARGUMENTOS]...",
        options_metavar="[OPCIONES]",
        rich_markup_mode="rich",
        context_settings={"help_option_names": ["--help", "-h"]},
    )
    for command in COMMANDS:
        text = _flowing(command.__doc__ or "")
        group.command(command.__name__, cls=SpanishCommand, help=text, options_metavar="[OPCIONES]")(command)
    return group


def _flowing(docstring: str) -> str:
    """A docstring's paragraphs, each in one line: Typer would break them where the source does."""
    paragraphs = cleandoc(docstring).split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def command_names(app: Typer) -> list[str]:
    """The names of all commands, groups of them included."""
    groups = [str(group.name) for group in app.registered_groups if group.name]
    return [*(command.name for command in app.registered_commands if command.name), *groups]


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import PackageNotFoundError, version

        try:
            number = version("gestion-de-usuarios")
        except PackageNotFoundError:
            number = "(sin instalar)"
        echo(f"gestion {number}")
        raise Exit


def _gestion(
    ctx: Context,
    config: Config = None,
    version: Annotated[
        bool,
        Option("--version", metavar="", callback=_version, is_eager=True, help="Muestra la versión y termina."),
    ] = False,
) -> None:
    """Gestión de Usuarios: de una respuesta del formulario a una cuenta en el Directorio Activo y un correo con sus datos.

    Lee las respuestas, comprueba en la matriz de autorizadores quién pide qué, crea las cuentas, envía los datos de acceso al
    correo personal, informa al solicitante y lleva el registro. Programe «gestion run» cada pocos minutos.
    """
    invocation = _invocation(ctx)
    invocation.asked = config
    if ctx.invoked_subcommand is None:
        ctx.get_help()


def _invocation(ctx: Context) -> Invocation:
    if not isinstance(ctx.obj, Invocation):
        raise TypeError("the app is called with an Invocation as obj")
    return ctx.obj


def asked(ctx: Context, *, as_json: bool = False) -> Invocation:
    """What this call of the program carries."""
    invocation = _invocation(ctx)
    invocation.output.as_json = as_json
    return invocation


def run(
    ctx: Context,
    config: Config = None,
    as_json: AsJson = False,
    verbose: Annotated[
        bool, Option("--verbose", "-v", metavar="", help="Cuenta lo que va haciendo, también sin terminal.")
    ] = False,
    watch: Annotated[
        bool,
        Option("--watch", metavar="", help="No termina: repite la ejecución cada poll_seconds segundos."),
    ] = False,
) -> int:
    """Atiende todo lo que está pendiente: una ejecución completa.

    Lee las respuestas nuevas y corregidas, avanza cada solicitud hasta donde se pueda hoy y actualiza el tablero. Puede
    interrumpirse en cualquier momento: la próxima ejecución continúa sin repetir nada.

    Termina en 0 si todo va bien, en 1 si alguna solicitud quedó para que la atienda una persona, y en 2 si no se pudo ejecutar.

    Ejemplos: gestion run --config /etc/gestion/gestion.toml  ·  gestion run --watch
    """
    if watch:
        from intake.commands.watching import watch_command

        return watch_command(asked(ctx, as_json=as_json), config, verbose=verbose)
    from intake.commands.running import run_command

    return run_command(asked(ctx, as_json=as_json), config, verbose=verbose)


def plan(ctx: Context, config: Config = None, as_json: AsJson = False) -> int:
    """Muestra qué haría «gestion run» ahora, sin cambiar nada en ninguna parte.

    Toma las mismas decisiones sobre una copia del registro; cada escritura se rechaza antes de salir del programa y se muestra.

    Ejemplo: gestion plan
    """
    from intake.commands.planning import plan_command

    return plan_command(asked(ctx, as_json=as_json), config)


def list_(
    ctx: Context,
    config: Config = None,
    only_open: Annotated[bool, Option("--open", metavar="", help="Solo las que no están cerradas.")] = False,
    state: Annotated[
        list[str] | None,
        Option("--state", metavar="ESTADO", show_default=False, help="Solo las que están así; puede repetirse."),
    ] = None,
    contains: Annotated[
        str,
        Option("--contains", metavar="TEXTO", show_default=False, help="Solo las que lo mencionan: nombre, cuenta, documento…"),
    ] = "",
    sort: Annotated[str, Option("--sort", metavar="ORDEN", help="caso, vence, estado o actualizado.")] = "caso",
    as_json: AsJson = False,
) -> int:
    """Lista las solicitudes registradas.

    Ejemplos: gestion list --open  ·  gestion list --state "requiere atención"  ·  gestion list --contains muñoz
    """
    from intake.commands.reading import list_command

    invocation = asked(ctx, as_json=as_json)
    return list_command(invocation, config, only_open=only_open, states=state or [], contains=contains, sort=sort)


def show(ctx: Context, case: Case, config: Config = None, as_json: AsJson = False) -> int:
    """Cuenta la historia completa de un caso: quién pidió qué, quién lo autorizó, qué se hizo y cuándo.

    Ejemplo: gestion show 123
    """
    from intake.commands.reading import show_command

    return show_command(asked(ctx, as_json=as_json), config, case)


def retry(
    ctx: Context,
    case: Case,
    config: Config = None,
    reason: Annotated[str, Option("--reason", metavar="TEXTO", show_default=False, help="Qué cambió; queda escrito.")] = "",
) -> int:
    """Pide que se intente de nuevo un caso que requiere atención o que espera.

    Ejemplo: gestion retry 123 --reason "Se creó la OU que faltaba"
    """
    from intake.commands.asking import ask_command
    from provision.procedure.desk import DeskAction

    return ask_command(asked(ctx), config, case, DeskAction.RETRY, reason)


def cancel(
    ctx: Context,
    case: Case,
    reason: Annotated[str, Option("--reason", metavar="TEXTO", show_default=False, help="Por qué; lo lee el solicitante.")],
    config: Config = None,
) -> int:
    """Pide que se cancele un caso cuya cuenta aún no existe; el solicitante recibe el motivo.

    Ejemplo: gestion cancel 123 --reason "El contrato no se firmó"
    """
    from intake.commands.asking import ask_command
    from provision.procedure.desk import DeskAction

    return ask_command(asked(ctx), config, case, DeskAction.CANCEL, reason)


def approve(ctx: Context, what: What, by: By, note: Note = "", config: Config = None, yes: Yes = False) -> int:
    """Registra la aprobación de una segunda persona: de un caso, de un lote detenido o de una campaña.

    Quien aprueba debe tener «sí» en la columna aprobador de la matriz, y no ser quien pidió ni el titular de la cuenta. Queda
    escrito también quién teclea el comando. La próxima ejecución de «gestion run» lo aplica.

    Ejemplos: gestion approve 123 --by aprobadora@upme.gov.co · gestion approve 3f9a1c0b7d21 --by aprobadora@upme.gov.co
    """
    from intake.commands.approving import decide_command

    return decide_command(asked(ctx), config, what, by, note, yes=yes, approves=True)


def reject(
    ctx: Context,
    what: What,
    by: By,
    note: Annotated[str, Option("--note", metavar="MOTIVO", show_default=False, help="Por qué; lo lee el solicitante.")],
    config: Config = None,
    yes: Yes = False,
) -> int:
    """Registra que una segunda persona no aprueba: un caso, un lote detenido (se cancelan todos sus casos) o una campaña.

    Ejemplo: gestion reject 123 --by aprobadora@upme.gov.co --note "La persona sigue en la entidad"
    """
    from intake.commands.approving import decide_command

    return decide_command(asked(ctx), config, what, by, note, yes=yes, approves=False)


def explain(
    ctx: Context,
    *,
    requester: Annotated[
        str, Option("--requester", metavar="CORREO", show_default=False, help="Quien diligenciaría el formulario.")
    ],
    operation: Annotated[
        str, Option("--operation", metavar="OPERACIÓN", show_default=False, help='Como en el formulario: "creación".')
    ],
    account_type: Annotated[
        str, Option("--account-type", metavar="TIPO", show_default=False, help="funcionario, contratista, genérica u operador.")
    ],
    unit: Annotated[str, Option("--unit", metavar="DEPENDENCIA", show_default=False, help="Su nombre o su sigla.")],
    on: Annotated[
        str, Option("--on", metavar="FECHA", show_default=False, help="Día de la solicitud, como 31/12/2026; si no, hoy.")
    ] = "",
    user: Annotated[str, Option("--for", metavar="NOMBRE", show_default=False, help="Para quién es la cuenta.")] = "",
    personal_email: Annotated[
        str, Option("--personal-email", metavar="CORREO", show_default=False, help="Correo personal de esa persona.")
    ] = "",
    account: Annotated[
        str, Option("--account", metavar="CUENTA", show_default=False, help="La cuenta de la que se trata, si ya existe.")
    ] = "",
    config: Config = None,
    as_json: AsJson = False,
) -> int:
    """Dice si la matriz de autorizadores permite una solicitud, y por qué, fila por fila.

    Termina en 0 si la permite y en 1 si no.

    Ejemplo: gestion explain --requester jefe.ogi@upme.gov.co --operation creación --account-type contratista --unit OGI
    """
    from intake.commands.explaining import Question, explain_command

    question = Question(requester, operation, account_type, unit, on, user, personal_email, account)
    return explain_command(asked(ctx, as_json=as_json), config, question)


def doctor(ctx: Context, config: Config = None, as_json: AsJson = False) -> int:
    """Comprueba la configuración y cada conexión, sin cambiar nada, y dice qué hacer con lo que falle.

    Termina en 0 si no hay nada en rojo, y en 2 si lo hay.

    Ejemplo: gestion doctor --config /etc/gestion/gestion.toml
    """
    from intake.commands.examining import doctor_command

    return doctor_command(asked(ctx, as_json=as_json), config)


def demo(
    ctx: Context,
    folder: Annotated[
        str, Option("--folder", metavar="CARPETA", help="Donde queda la demostración; se hace de nuevo cada vez.")
    ] = "demo-out",
) -> int:
    """Muestra el programa en marcha sobre un directorio, un correo y un tablero de ensayo. No necesita configuración.

    Ejemplo: gestion demo
    """
    from intake.commands.running import demo_command

    return demo_command(asked(ctx), folder)
