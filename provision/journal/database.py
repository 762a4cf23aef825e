"""Opening the journal: SQLite by default, PostgreSQL beyond one machine; its schema brought up to date."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Connection, Engine, create_engine, event, inspect, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError
from sqlalchemy.pool import ConnectionPoolEntry

from config.errors import CannotRun
from provision.journal.prepared import run_plain
from provision.journal.schema import SCHEMA_VERSION

BUSY_SECONDS = 10


def open_engine(url: str) -> Engine:
    """An engine whose transactions take the write lock at once (BEGIN IMMEDIATE) on SQLite, in WAL, synchronous=FULL.

    Raises CannotRun for an address that is none.
    """
    try:
        parsed = make_url(url)
    except ArgumentError as error:
        raise CannotRun(
            f"La dirección del almacén no es válida: {error}.",
            remedy="Use sqlite:///ruta/gestion.db o postgresql+psycopg://usuario@servidor/base.",
        ) from error
    if parsed.get_backend_name() != "sqlite":
        return create_engine(parsed, pool_pre_ping=True)
    if parsed.database and parsed.database != ":memory:":
        try:
            Path(parsed.database).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            Path(parsed.database).touch(mode=0o600)  # personal data: SQLite gives its -wal and -shm the same mode
        except OSError as error:
            raise CannotRun(f"No se puede crear la carpeta del almacén {parsed.database}: {error.strerror}.") from error
    engine = create_engine(parsed, connect_args={"timeout": BUSY_SECONDS})
    event.listen(engine, "connect", _prepare_sqlite)
    event.listen(engine, "begin", _begin_immediate)
    return engine


def _prepare_sqlite(connection: sqlite3.Connection, _: ConnectionPoolEntry) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "secure_delete=ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_immediate(connection: Connection) -> None:
    run_plain(connection, "BEGIN IMMEDIATE")


@contextmanager
def in_spanish(engine: Engine) -> Iterator[None]:
    """Translate what goes wrong with the store into CannotRun; nothing was committed when it is raised."""
    try:
        yield
    except DBAPIError as error:
        raise _translated(error, engine) from error


def _translated(error: DBAPIError, engine: Engine) -> CannotRun:
    where = engine.url.render_as_string(hide_password=True)
    said = str(error.orig).strip().splitlines()[0] if error.orig else str(error)
    if "locked" in said or "busy" in said:
        return CannotRun(
            f"El almacén {where} está ocupado por otro programa desde hace {BUSY_SECONDS} s.",
            remedy="Cierre el programa que lo tiene abierto y vuelva a ejecutar; no se perdió nada.",
        )
    if "full" in said or "No space" in said:
        return CannotRun(
            f"No hay espacio en el disco del almacén {where}.",
            remedy="Libere espacio y vuelva a ejecutar; no se perdió nada.",
        )
    if "disk I/O error" in said:
        return CannotRun(
            f"El disco del almacén {where} falló: {said}.",
            remedy="Revise el disco, su espacio y su cuota, y vuelva a ejecutar; no se perdió nada.",
        )
    if "readonly" in said or "unable to open" in said:
        return CannotRun(f"No se puede escribir en el almacén {where}: {said}.", remedy="Revise la ruta y los permisos.")
    if "not a database" in said or "malformed" in said:
        return CannotRun(
            f"El archivo del almacén {where} no es una base de datos válida: {said}.",
            remedy="No lo borre: restaure la copia de respaldo más reciente.",
        )
    if isinstance(error, OperationalError):
        return CannotRun(f"El almacén {where} no responde: {said}.", remedy="Revise que el servidor esté en marcha.")
    return CannotRun(f"El almacén {where} rechazó una operación: {said}.", remedy="Ejecute «gestion doctor».")


def schema_version(engine: Engine) -> str | None:
    """The revision of the journal's tables; None when there are none yet. Reads only."""
    with in_spanish(engine), engine.connect() as connection:
        if not inspect(connection).has_table("alembic_version"):
            return None
        found: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
        return found


def prepare_schema(engine: Engine) -> None:
    """Create or upgrade the tables; imports alembic only when there is something to do.

    Raises CannotRun for a journal written by a newer program.
    """
    found = schema_version(engine)
    if found == SCHEMA_VERSION:
        return
    if found is not None and found > SCHEMA_VERSION:
        raise CannotRun(
            f"El almacén fue escrito por una versión más nueva del programa (esquema {found}; este usa {SCHEMA_VERSION}).",
            remedy="Actualice el programa.",
        )
    _upgrade(engine)


def _upgrade(engine: Engine) -> None:
    from alembic import command
    from alembic.config import Config
    from alembic.util import CommandError

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    with in_spanish(engine), engine.begin() as connection:
        config.attributes["connection"] = connection
        try:
            command.upgrade(config, "head")
        except CommandError as error:
            raise CannotRun(
                "El almacén tiene un esquema que este programa no conoce.",
                remedy="Actualice el programa, o restaure la copia de respaldo del almacén.",
            ) from error
