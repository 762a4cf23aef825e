"""`gestion doctor` on this machine: the journal, the disk, the clock, the log, and where metrics go."""

import os
import shutil
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from config.settings import Settings
from intake.doctor_findings import Finding, bad, doubtful, good, nearest_folder, unwritable
from intake.wiring import Installation, store_url
from provision.journal.copying import journal_in_memory
from provision.journal.database import open_engine, schema_version
from provision.journal.schema import SCHEMA_VERSION

FULL_BYTES, NEARLY_FULL_BYTES = 50_000_000, 500_000_000
EARLIEST = datetime(2025, 1, 1, tzinfo=UTC)
"""Before the program was written: a clock that says less was never set."""
CLOCK_TOLERANCE = timedelta(minutes=5)


def sqlite_path_of(settings: Settings) -> Path | None:
    """The file of a SQLite journal; None for a database server."""
    url = settings.store.url
    return Path(url.removeprefix("sqlite:///")) if url.startswith("sqlite:///") else None


def store_findings(settings: Settings) -> list[Finding]:
    """The journal: there, whole, of this version, writable, and room to grow."""
    path = sqlite_path_of(settings)
    if path is None:
        return _server_findings(settings)
    folder = nearest_folder(path.parent)
    room = room_findings(folder)
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


def room_findings(folder: Path) -> list[Finding]:
    """Nothing while the disk of a folder has room to grow."""
    free = shutil.disk_usage(folder).free
    shown = f"{free // 1_000_000} MB"
    if free < FULL_BYTES:
        return [bad(f"Quedan {shown} libres en el disco de {folder}.", "Libere espacio: sin él no se puede registrar nada.")]
    if free < NEARLY_FULL_BYTES:
        return [doubtful(f"Quedan {shown} libres en el disco de {folder}.", "Libere espacio pronto.")]
    return []


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


def server_clock_findings(installation: Installation, server: str, said: datetime) -> list[Finding]:
    """This machine's clock beside the one of a server (aware) that was asked anyway; `server` names it in Spanish."""
    apart = abs(installation.clock() - said)
    seconds = round(apart.total_seconds())
    if apart > CLOCK_TOLERANCE:
        message = f"El reloj de este equipo y el de {server} difieren en {seconds} segundos."
        return [bad(message, "Póngalo en hora y active la sincronización (NTP): de él dependen los plazos y las claves.")]
    return [good(f"Coincide con el de {server} (diferencia: {seconds} s).")]


def watching_findings(settings: Settings) -> list[Finding]:
    """Whether somebody would notice that runs no longer happen. The heartbeat is not asked for: it would say that one did."""
    watching = settings.watching
    found: list[Finding] = []
    if watching.metrics_file is not None:
        problem = unwritable(watching.metrics_file.parent)
        wrong_name = watching.metrics_file.suffix != ".prom"
        advice = "El recolector de Prometheus solo lee archivos que terminan en .prom: cámbiele el nombre en [watching]."
        if problem is not None:
            found.append(problem)
        elif wrong_name:
            found.append(doubtful(f"Las métricas se escriben en {watching.metrics_file}.", advice))
        else:
            found.append(good(f"Las métricas se escriben en {watching.metrics_file}."))
    if watching.heartbeat_url is not None:
        found.append(good("Cada ejecución que se pueda hacer da una señal de vida a la dirección configurada."))
    if not found:
        remedy = "Configure metrics_file o heartbeat_url en [watching], para que alguien se entere si el programa se detiene."
        return [doubtful("Nadie se enteraría si las ejecuciones dejaran de hacerse.", remedy)]
    return found
