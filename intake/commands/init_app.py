"""The options of `gestion init` as Typer shows them; every question it asks can be answered by one of them."""

from typing import Annotated

from typer import Context, Option

from intake.commands.app import Config, asked


def _answer(name: str, metavar: str, text: str) -> object:
    return Option(f"--{name}", metavar=metavar, show_default=False, help=text)


Institution = Annotated[str, _answer("institution", "NOMBRE", "upme, unidad-victimas o la ruta de una política.")]
KeyFile = Annotated[str, _answer("key-file", "ARCHIVO", "Clave JSON de la cuenta de servicio de Google.")]
Subject = Annotated[str, _answer("subject", "CORREO", "En nombre de quién se trabaja en Google (delegación).")]
FormId = Annotated[str, _answer("form-id", "ID", "Un formulario en blanco ya compartido; si no, se crea.")]
Title = Annotated[str, _answer("title", "TEXTO", "Título del formulario.")]
Since = Annotated[str, _answer("attend-since", "INSTANTE", "Desde cuándo se atienden respuestas; si no, desde ahora.")]
MatrixBook = Annotated[str, _answer("matrix-spreadsheet", "ID", "Hoja de cálculo de la matriz; si no, se crea.")]
MatrixTab = Annotated[str, _answer("matrix-tab", "TEXTO", "Pestaña de la matriz.")]
BoardBook = Annotated[str, _answer("board-spreadsheet", "ID", "Hoja del tablero; si no, la vinculada al formulario.")]
Gid = Annotated[str, _answer("responses-gid", "NÚMERO", "«gid=» de la pestaña de las respuestas.")]
LdapUrl = Annotated[str, _answer("ldap-url", "DIRECCIÓN", "Controlador de dominio, como ldaps://dc1.entidad.gov.co:636.")]
BaseDn = Annotated[str, _answer("base-dn", "DN", "Base del directorio.")]
LdapUser = Annotated[str, _answer("ldap-user", "CUENTA", "Cuenta de servicio en el directorio.")]
Tenant = Annotated[str, _answer("tenant", "INQUILINO", "Microsoft 365, si el programa asigna licencias en él.")]
ClientId = Annotated[str, _answer("client-id", "ID", "La aplicación registrada en el inquilino.")]
MailHost = Annotated[str, _answer("mail-host", "SERVIDOR", "Servidor de correo.")]
MailUser = Annotated[str, _answer("mail-user", "CORREO", "Buzón desde el que se envía.")]
Data = Annotated[str, _answer("data-folder", "CARPETA", "Donde el programa guarda lo que escribe.")]
FormsEndpoint = Annotated[str, _answer("forms-endpoint", "DIRECCIÓN", "Solo para un proxy: la API de Forms.")]
SheetsEndpoint = Annotated[str, _answer("sheets-endpoint", "DIRECCIÓN", "Solo para un proxy: la API de Sheets.")]


def init(
    ctx: Context,
    *,
    ensayo: Annotated[
        bool, Option("--ensayo", metavar="", help="Una instalación de ensayo, sin otros sistemas, lista para ejecutar.")
    ] = False,
    institution: Institution = "",
    key_file: KeyFile = "",
    subject: Subject = "",
    form_id: FormId = "",
    title: Title = "",
    attend_since: Since = "",
    matrix_spreadsheet: MatrixBook = "",
    matrix_tab: MatrixTab = "",
    board_spreadsheet: BoardBook = "",
    responses_gid: Gid = "",
    ldap_url: LdapUrl = "",
    base_dn: BaseDn = "",
    ldap_user: LdapUser = "",
    tenant: Tenant = "",
    client_id: ClientId = "",
    mail_host: MailHost = "",
    mail_user: MailUser = "",
    data_folder: Data = "",
    forms_endpoint: FormsEndpoint = "",
    sheets_endpoint: SheetsEndpoint = "",
    dry_run: Annotated[bool, Option("--dry-run", metavar="", help="Solo dice qué haría.")] = False,
    overwrite: Annotated[bool, Option("--overwrite", metavar="", help="Reemplaza la configuración; queda copia.")] = False,
    yes: Annotated[bool, Option("--yes", metavar="", help="No pregunta: lo que falte toma su valor usual.")] = False,
    config: Config = None,
) -> int:
    """Pone en marcha una instalación: crea el formulario y las hojas, y escribe la configuración.

    Pregunta lo que hace falta y propone una respuesta; cada una puede darse también como opción. Repetido, continúa donde
    quedó y nunca hace un segundo formulario. Lo que la API no puede, lo dice, con el clic que lo hace. Al final ejecuta
    «gestion doctor».

    Ejemplos: gestion init --ensayo --config ensayo/gestion.toml  ·  gestion init --config /etc/gestion/gestion.toml
    """
    from intake.commands.setting_up import InitOptions, init_command

    given = {
        "institution": institution,
        "key-file": key_file,
        "subject": subject,
        "form-id": form_id,
        "title": title,
        "attend-since": attend_since,
        "matrix-spreadsheet": matrix_spreadsheet,
        "matrix-tab": matrix_tab,
        "board-spreadsheet": board_spreadsheet,
        "responses-gid": responses_gid,
        "ldap-url": ldap_url,
        "base-dn": base_dn,
        "ldap-user": ldap_user,
        "tenant": tenant,
        "client-id": client_id,
        "mail-host": mail_host,
        "mail-user": mail_user,
        "data-folder": data_folder,
        "forms-endpoint": forms_endpoint,
        "sheets-endpoint": sheets_endpoint,
    }
    options = InitOptions(given, dry_run=dry_run, rehearsal=ensayo, overwrite=overwrite, unattended=yes)
    return init_command(asked(ctx), config, options)
