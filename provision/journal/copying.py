"""Copies of the journal, for a dry run and for whoever only reads: nothing of the original is touched, not even beside it."""

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import URL, Engine, StaticPool, create_engine, insert, select
from sqlalchemy.engine import make_url

from config.errors import CannotRun
from provision.journal.database import in_spanish, open_engine, prepare_schema, schema_version
from provision.journal.schema import SCHEMA_VERSION, metadata
from provision.journal.store import Journal

ROWS_AT_ONCE = 500
BUSY_SECONDS = 10
MOST_COPIES = 5
"""How often a copy is begun anew because somebody wrote meanwhile."""


def copy_of_journal(url: str, folder: Path) -> Journal:
    """Open a copy of the journal at `url`, in a SQLite file in `folder`; an empty one where there is no journal yet.

    The original is read and never written, not even to upgrade its tables. Raises CannotRun when it cannot be read.
    """
    target = folder / "journal-copy.db"
    source = make_url(url)
    if source.get_backend_name() == "sqlite":
        if source.database and Path(source.database).exists():
            with closing(sqlite3.connect(target)) as copy:
                _back_up(Path(source.database), copy)
        return Journal.open(f"sqlite:///{target}")
    opened = open_engine(f"sqlite:///{target}")
    prepare_schema(opened)
    _copy_rows(source, opened)
    return Journal(opened)


def _copy_rows(source: URL, copy: Engine) -> None:
    """Copy every row of one instant from a database server, in a transaction that cannot write."""
    original = create_engine(source).execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
    try:
        version = schema_version(original)
        if version is None:
            return
        refuse_other_schema(version)
        with in_spanish(original), original.connect() as reading, copy.begin() as writing:
            for table in metadata.sorted_tables:
                for rows in reading.execution_options(yield_per=ROWS_AT_ONCE).execute(select(table)).mappings().partitions():
                    writing.execute(insert(table), [dict(row) for row in rows])
    finally:
        original.dispose()


def refuse_other_schema(version: str) -> None:
    """Raise CannotRun unless tables of this version can be read by this program without changing them."""
    if version != SCHEMA_VERSION:
        raise CannotRun(
            f"El almacén tiene el esquema {version} y este programa usa el {SCHEMA_VERSION}.",
            remedy="Si el programa es más nuevo que el almacén, lo actualiza la próxima ejecución de «gestion run»; "
            "si no, actualice el programa.",
        )


def journal_in_memory(path: Path | None) -> Journal:
    """A copy in memory of the SQLite journal at `path`, brought up to date there; an empty one for None or no file.

    For whoever only reads: the copy is of one instant, holds up no run, and dies with the process. Raises CannotRun.
    """
    # One connection for all: a second one would be another, empty database.
    engine = create_engine("sqlite://", poolclass=StaticPool)
    if path is not None and path.exists():
        with closing(engine.raw_connection()) as pooled:
            copy = pooled.driver_connection
            if not isinstance(copy, sqlite3.Connection):
                raise TypeError("the memory copy is not SQLite's")
            _back_up(path, copy)
    prepare_schema(engine)
    return Journal(engine)


def _back_up(path: Path, copy: sqlite3.Connection) -> None:
    """Copy the pages of one instant.

    A database in WAL mode that nobody has open is opened as immutable: otherwise SQLite would leave `-wal` and `-shm` files
    beside it, owned by whoever looked, and the program's own account could not write them. When somebody wrote meanwhile the
    copy is begun anew.
    """
    for _ in range(MOST_COPIES):
        before = _state_of(path)
        at_rest = not _wal(path).exists()
        try:
            with closing(_opened(path, at_rest=at_rest)) as original:
                original.backup(copy)
        except sqlite3.Error as error:
            if at_rest and _state_of(path) != before:
                continue
            raise _unreadable(path, str(error)) from error
        if not at_rest or _state_of(path) == before:
            return
    raise _unreadable(path, "otro programa lo escribe sin cesar")


def _opened(path: Path, *, at_rest: bool) -> sqlite3.Connection:
    how = "mode=ro&immutable=1" if at_rest else "mode=ro"
    return sqlite3.connect(f"{path.absolute().as_uri()}?{how}", uri=True, timeout=BUSY_SECONDS)


def _wal(path: Path) -> Path:
    return path.with_name(f"{path.name}-wal")


def _state_of(path: Path) -> tuple[int, int, int, bool]:
    try:
        status = path.stat()
    except OSError as error:
        raise _unreadable(path, str(error.strerror)) from error
    return status.st_ino, status.st_size, status.st_mtime_ns, _wal(path).exists()


def _unreadable(path: Path, why: str) -> CannotRun:
    return CannotRun(f"No se puede leer el almacén {path}: {why}.", remedy="Revise la ruta y los permisos.")
