"""`gestion doctor`: every file and every connection looked at, one by one; nothing is written, no bad check stops another."""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from config.clock import Clock
from config.dates import local_date
from config.errors import GestionError
from config.institution import Institution
from config.log import Logger
from config.settings import (
    BoardByGoogle,
    BoardByXlsx,
    CloudEmbedded,
    CloudNone,
    DirectoryEmbedded,
    FormByCsv,
    MailByMaildir,
    MatrixBySheet,
    Settings,
)
from config.vocabulary import CaseNumber
from intake.forms.port import Cursor
from intake.wiring import Installation, store_url
from provision.journal.copying import journal_in_memory
from provision.journal.database import open_engine, schema_version
from provision.journal.schema import SCHEMA_VERSION
from provision.journal.store import Journal

FULL_BYTES, NEARLY_FULL_BYTES = 50_000_000, 500_000_000
EARLIEST = datetime(2025, 1, 1, tzinfo=UTC)
"""Before the program was written: a clock that says less was never set."""
CLOCK_TOLERANCE = timedelta(minutes=5)
NO_CASE = CaseNumber("GU-0000-000000")
"""A case that never exists, to ask the desk something without consequences."""


class Health(StrEnum):
    """How a check came out."""

    GOOD = "good"
    DOUBTFUL = "doubtful"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. `message` says what was found and `remedy` what to do; Spanish."""

    name: str
    health: Health
    message: str
    remedy: str = ""


Finding = tuple[Health, str, str]
"""Health, message, remedy: a check before it has its name."""


def good(message: str) -> Finding:
    """All is well."""
    return Health.GOOD, message, ""


def doubtful(message: str, remedy: str = "") -> Finding:
    """It works, and somebody should know this."""
    return Health.DOUBTFUL, message, remedy


def bad(message: str, remedy: str = "") -> Finding:
    """It does not work."""
    return Health.BAD, message, remedy


def examine(settings: Settings, policy: Institution, clock: Clock, log: Logger) -> Iterator[Check]:
    """Look at everything, one check at a time as it is done. Reads only; raises nothing of its own."""
    journal = _journal_for_reading(settings)
    installation = Installation(settings, policy, clock, log, writable=False, journal_at=journal)
    try:
        for name, look in _checks(installation):
            yield from _attempt(name, look, log)
    finally:
        installation.close()


def _checks(installation: Installation) -> Sequence[tuple[str, Callable[[], list[Finding]]]]:
    return (
        ("Almacén", lambda: store_findings(installation.settings)),
        ("Reloj", lambda: clock_findings(installation)),
        ("Bitácora", lambda: log_findings(installation.settings)),
        ("Formulario", lambda: _form(installation)),
        ("Matriz", lambda: _matrix(installation)),
        ("Tablero", lambda: _board(installation)),
        ("Directorio", lambda: _directory(installation)),
        ("Nube", lambda: _cloud(installation)),
        ("Correo", lambda: _mail(installation)),
        ("Plantillas", lambda: _templates(installation)),
        ("Mesa de servicio", lambda: _desk(installation)),
    )


def _attempt(name: str, look: Callable[[], list[Finding]], log: Logger) -> list[Check]:
    """One check; whatever goes wrong with it becomes its finding."""
    try:
        found = look()
    except GestionError as error:
        found = [bad(error.message.strip(), error.remedy)]
    except Exception as error:
        log.exception("doctor.defect", check=name, error=type(error).__name__)
        found = [bad(f"Error interno al comprobarlo ({type(error).__name__}).", "Repórtelo con el registro de esta ejecución.")]
    return [Check(name, *finding) for finding in found]


def _journal_for_reading(settings: Settings) -> Journal:
    """What adapters remember between runs, in memory; empty when there is no journal or it cannot be read."""
    path = _sqlite_path(settings)
    try:
        return journal_in_memory(path)
    except GestionError:
        return journal_in_memory(None)


def _sqlite_path(settings: Settings) -> Path | None:
    url = settings.store.url
    return Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite:///") else None


def store_findings(settings: Settings) -> list[Finding]:
    """The journal: there, whole, of this version, writable, and room to grow."""
    path = _sqlite_path(settings)
    if path is None:
        return _server_findings(settings)
    folder = _nearest_folder(path.parent)
    room = _room_findings(folder)
    if not os.access(folder, os.W_OK | os.X_OK):
        remedy = "Dé permiso de escritura a la cuenta con la que se ejecuta el programa."
        return [bad(f"No se puede escribir en la carpeta {folder}.", remedy), *room]
    if not path.exists():
        return [doubtful(f"Aún no existe {path}.", "Lo crea la primera ejecución de «gestion run»."), *room]
    if not os.access(path, os.R_OK | os.W_OK):
        return [bad(f"No se puede leer y escribir {path}.", "Revise de quién es el archivo y sus permisos."), *room]
    return [*_file_findings(path), *room]


def _file_findings(path: Path) -> list[Finding]:
    found: list[Finding] = []
    if path.stat().st_mode & 0o077:
        found.append(doubtful(f"Otras personas del equipo pueden leer {path}.", f"Protéjalo con: chmod 600 {path}"))
    # A copy in memory is of one instant and leaves nothing beside the file.
    copy = journal_in_memory(path)
    try:
        with copy.transaction() as connection:
            said = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA quick_check").all()]
    finally:
        copy.close()
    if said != ["ok"]:
        return [*found, bad(f"El archivo {path} está dañado: {said[0]}.", "Restaure la copia de respaldo más reciente.")]
    version = _version_in_file(path)
    if version != SCHEMA_VERSION:
        message = f"{path} tiene un esquema anterior ({version or 'ninguno'})."
        return [*found, doubtful(message, "Lo actualiza la próxima ejecución de «gestion run».")]
    return [good(f"{path}, esquema {version}, se puede leer y escribir."), *found]


def _version_in_file(path: Path) -> str | None:
    how = "mode=ro" if path.with_name(f"{path.name}-wal").exists() else "mode=ro&immutable=1"
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True)) as database:
            row = database.execute("SELECT version_num FROM alembic_version").fetchone()
    except sqlite3.Error:
        return None
    return str(row[0]) if row else None


def _server_findings(settings: Settings) -> list[Finding]:
    engine = open_engine(store_url(settings)).execution_options(postgresql_readonly=True)
    try:
        version = schema_version(engine)
    finally:
        engine.dispose()
    if version == SCHEMA_VERSION:
        return [good(f"{settings.store.url} responde; esquema {version}.")]
    if version is None:
        return [doubtful("La base de datos responde y está vacía.", "La prepara la primera ejecución de «gestion run».")]
    if version < SCHEMA_VERSION:
        message = f"La base de datos tiene un esquema anterior ({version})."
        return [doubtful(message, "Lo actualiza la próxima ejecución de «gestion run».")]
    return [bad(f"La base de datos tiene un esquema más nuevo ({version}).", "Actualice el programa en este equipo.")]


def _room_findings(folder: Path) -> list[Finding]:
    free = shutil.disk_usage(folder).free
    shown = f"{free // 1_000_000} MB"
    if free < FULL_BYTES:
        return [bad(f"Quedan {shown} libres en el disco de {folder}.", "Libere espacio: sin él no se puede registrar nada.")]
    if free < NEARLY_FULL_BYTES:
        return [doubtful(f"Quedan {shown} libres en el disco de {folder}.", "Libere espacio pronto.")]
    return []


def _nearest_folder(folder: Path) -> Path:
    return next(each for each in (folder, *folder.parents) if each.is_dir())


def clock_findings(installation: Installation) -> list[Finding]:
    """The machine's clock: set at all, and not before what the journal already knows."""
    now = installation.clock()
    zone = installation.policy.zone
    shown = f"{now.astimezone(zone):%d/%m/%Y %H:%M:%S} ({zone})"
    remedy = "Póngalo en hora y active la sincronización (NTP): de él dependen los plazos y los vencimientos."
    if now < EARLIEST:
        return [bad(f"El reloj del equipo dice {shown}.", remedy)]
    newest = max((each.updated_at for each in installation.views.cases()), default=EARLIEST)
    if newest > now + CLOCK_TOLERANCE:
        last = f"{newest.astimezone(zone):%d/%m/%Y %H:%M:%S}"
        return [bad(f"El reloj dice {shown}, antes de lo último registrado ({last}).", remedy)]
    return [good(f"{shown}.")]


def log_findings(settings: Settings) -> list[Finding]:
    """The log's file can be written, without writing it."""
    file = settings.log.file
    if file is None:
        return [good("Se escribe en la salida de errores.")]
    target = file if file.exists() else file.parent
    if not target.exists() or not os.access(target, os.W_OK):
        remedy = "Revise [log] file: la carpeta debe existir y la cuenta del programa debe poder escribir en ella."
        return [bad(f"No se puede escribir {file}.", remedy)]
    return [good(f"Se escribe en {file}.")]


def _form(installation: Installation) -> list[Finding]:
    source, section = installation.source, installation.settings.form
    with installation.journal.receiving(installation.clock()) as receiving:
        known = receiving.cursor(source.form_id)
    batch = source.read(Cursor(*known) if known else None, installation.clock())
    alarms = [doubtful(alarm, "Revise el formulario y su enlace en la configuración.") for alarm in batch.alarms]
    count = f"{len(batch.responses)} {'respuesta leída' if len(batch.responses) == 1 else 'respuestas leídas'}"
    if isinstance(section, FormByCsv):
        message = f"{count} de {section.path}. Un CSV no prueba la identidad de quien responde; la avala {section.vouched_by}."
        return [doubtful(message, 'Para producción lea el formulario de Google: [form] kind = "google".'), *alarms]
    bound = len(section.questions)
    return [good(f"{count}; recopila correos verificados y sus {bound} preguntas están enlazadas."), *alarms]


def _matrix(installation: Installation) -> list[Finding]:
    matrix = installation.matrix()
    today = local_date(installation.clock(), installation.policy.zone)
    in_force = sum(row.in_force(today) for row in matrix.rows)
    message = f"{len(matrix.rows)} filas válidas, {in_force} vigentes hoy; versión {matrix.version}."
    if in_force == 0:
        return [doubtful(message, "Con ninguna fila vigente toda solicitud se rechaza: revise las columnas «desde» y «hasta».")]
    match installation.settings.matrix, installation.settings.board:
        case MatrixBySheet(spreadsheet_id=of_matrix), BoardByGoogle(spreadsheet_id=of_board) if of_matrix == of_board:
            shared = "Está en la misma hoja de cálculo que el tablero: quien edite el tablero puede autorizarse a sí mismo."
            return [good(message), doubtful(shared, "Pásela a otra hoja, que solo edite quien administra los autorizadores.")]
        case _:
            return [good(message)]


def _board(installation: Installation) -> list[Finding]:
    section = installation.settings.board
    actions = len(installation.board.read())
    waiting = f" Acciones por tomar: {actions}." if actions else ""
    if isinstance(section, BoardByXlsx):
        folder = section.path.parent
        if not folder.is_dir() or not os.access(folder, os.W_OK | os.X_OK):
            return [bad(f"No se puede escribir en la carpeta {folder}.", "Créela o dé permiso a la cuenta del programa.")]
        return [good(f"{section.path}{'' if section.path.exists() else ', que se creará'}.{waiting}")]
    return [good(f"La hoja responde.{waiting}")]


def _directory(installation: Installation) -> list[Finding]:
    problems = installation.directory.check()
    if problems:
        return [bad(problem) for problem in problems]
    section = installation.settings.directory
    if isinstance(section, DirectoryEmbedded):
        message = f"Es un directorio de demostración ({section.path}): no crea cuentas de verdad."
        return [doubtful(message, 'Para producción use [directory] kind = "active_directory".')]
    return [good(f"{section.url} responde y la cuenta {section.user} tiene lo que necesita.")]


def _cloud(installation: Installation) -> list[Finding]:
    section = installation.settings.cloud
    if isinstance(section, CloudNone):
        return [good("No hay nube: la política no da licencias.")]
    found = [_cloud_kind(section)]
    licences = sorted({rules.licence for rules in installation.policy.accounts.values() if rules.licence})
    for licence in licences:
        free = installation.cloud.free_seats(licence)
        message = f"Licencia {licence}: {free} cupos libres."
        found.append(good(message) if free else doubtful(message, "Las solicitudes que la necesiten esperarán un cupo."))
    return found


def _cloud_kind(section: CloudEmbedded) -> Finding:
    return doubtful(
        f"Es una nube de demostración ({section.path}): las licencias se asignan y los buzones se crean por fuera.",
        "Compruebe en la nube real que cada cuenta quede con su licencia.",
    )


def _mail(installation: Installation) -> list[Finding]:
    problems = installation.mailer.check()
    if problems:
        return [bad(problem) for problem in problems]
    section = installation.settings.mail
    if isinstance(section, MailByMaildir):
        return [
            doubtful(f"Los correos se guardan en {section.path} y no se envían.", 'Para producción use [mail] kind = "smtp".')
        ]
    return [good(f"{section.host}:{section.port} responde y acepta enviar.")]


def _templates(installation: Installation) -> list[Finding]:
    problems = installation.renderer.check()
    if problems:
        return [bad(problem) for problem in problems]
    folder = installation.settings.mail.templates_dir
    return [good(f"Todas se pueden usar{f'; las propias están en {folder}' if folder else ''}.")]


def _desk(installation: Installation) -> list[Finding]:
    installation.desk.find(NO_CASE)
    return [good(f"Registro propio del programa ({installation.settings.desk.path}).")]
