"""A register of tickets in one SQLite file: what the embedded desk shows, and what the desk by mail remembers having told.

Each write is one transaction that is durable when it ends, so a crash leaves either all of it or nothing.
"""

import contextlib
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from config.errors import Misconfigured, Target, TargetError, Transient
from notify.desk.register_rows import Rows

_SCHEMA_VERSION = 2
_FIRST = """
CREATE TABLE ticket (
    number INTEGER PRIMARY KEY,
    case_number TEXT NOT NULL UNIQUE,
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    requester TEXT NOT NULL,
    status TEXT NOT NULL,
    solution TEXT
) STRICT;
CREATE TABLE note (
    ticket INTEGER NOT NULL REFERENCES ticket (number),
    key TEXT NOT NULL,
    position INTEGER NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (ticket, key)
) STRICT;
CREATE TABLE history (
    ticket INTEGER NOT NULL REFERENCES ticket (number),
    position INTEGER NOT NULL,
    at TEXT NOT NULL,
    event TEXT NOT NULL,
    PRIMARY KEY (ticket, position)
) STRICT
"""
_SECOND = """
ALTER TABLE ticket ADD COLUMN state TEXT NOT NULL DEFAULT '';
ALTER TABLE ticket ADD COLUMN account TEXT NOT NULL DEFAULT '';
ALTER TABLE ticket ADD COLUMN unit TEXT NOT NULL DEFAULT '';
ALTER TABLE ticket ADD COLUMN waiting_for TEXT NOT NULL DEFAULT '';
ALTER TABLE ticket ADD COLUMN due TEXT;
ALTER TABLE ticket ADD COLUMN closed_by TEXT;
ALTER TABLE ticket ADD COLUMN touched_at TEXT;
CREATE INDEX ticket_touched ON ticket (touched_at);
CREATE TABLE reply (
    ticket INTEGER NOT NULL REFERENCES ticket (number),
    position INTEGER NOT NULL,
    author TEXT NOT NULL,
    at TEXT NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (ticket, position)
) STRICT
"""
_UPGRADES = (_FIRST, _SECOND)
"""What makes each version of the one before it; the first one of an empty file."""


class Register:
    """One file, made (0600) at the first write; one of an older version is upgraded in place when it is opened for writing.

    A register that does not exist yet is empty. With `writable` false the file is opened read-only, and never upgraded.
    """

    def __init__(self, path: Path, *, writable: bool = True, patience_seconds: float = 10) -> None:
        self._path = path
        self._writable = writable
        self._patience_seconds = patience_seconds
        self._connection: sqlite3.Connection | None = None

    def close(self) -> None:
        """Close the file, if it was opened. Idempotent."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    @contextlib.contextmanager
    def reading(self) -> Iterator[Rows | None]:
        """A transaction that reads; None while there is nothing to read. Raises Misconfigured and Transient (Target.DESK)."""
        with self._translated():
            if self._connection is None and not self._path.exists():
                yield None
                return
            with self._transaction("BEGIN") as register:
                version = self._version(register)
                yield Rows(register, version) if version else None

    @contextlib.contextmanager
    def writing(self) -> Iterator[Rows]:
        """A transaction that writes, one at a time on the machine: committed at the end, rolled back by any error."""
        with self._translated(), self._transaction("BEGIN IMMEDIATE") as register:
            for upgrade in _UPGRADES[self._version(register) :]:
                for statement in upgrade.split(";"):
                    register.execute(statement)
                register.execute(f"PRAGMA user_version = {_SCHEMA_VERSION}")
            yield Rows(register, _SCHEMA_VERSION)

    @contextlib.contextmanager
    def _transaction(self, begin: str) -> Iterator[sqlite3.Connection]:
        register = self._connection = self._connection or self._open()
        register.execute(begin)
        try:
            yield register
            register.execute("COMMIT")
        finally:
            if register.in_transaction:
                register.execute("ROLLBACK")

    def _open(self) -> sqlite3.Connection:
        if self._writable:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            # SQLite would make it readable by all; tickets hold names and addresses.
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        mode = "rw" if self._writable else "ro"
        uri = f"{self._path.absolute().as_uri()}?mode={mode}"
        register = sqlite3.connect(uri, uri=True, timeout=self._patience_seconds, isolation_level=None)
        register.execute("PRAGMA foreign_keys = ON")
        register.execute("PRAGMA synchronous = FULL")
        if self._writable:
            # To make and remove the rollback journal for each write costs as much as the write itself; a copy of the one file
            # stays a whole copy, and a dry run leaves no file behind, which WAL would not grant.
            register.execute("PRAGMA journal_mode = PERSIST")
        return register

    @staticmethod
    def _version(register: sqlite3.Connection) -> int:
        version: int = register.execute("PRAGMA user_version").fetchone()[0]
        if version > _SCHEMA_VERSION:
            raise Misconfigured(
                Target.DESK,
                "El registro de solicitudes es de una versión más nueva de este programa.",
                remedy="Actualice el programa en este equipo.",
            )
        return version

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._error(error) from error
        except OSError as error:
            raise Misconfigured(
                Target.DESK,
                f"No se puede abrir el registro de solicitudes {self._path}: {error.strerror}.",
                remedy="Revise la ruta y los permisos.",
            ) from error

    def _error(self, error: sqlite3.Error) -> TargetError:
        name = getattr(error, "sqlite_errorname", "")
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            return Transient(Target.DESK, f"El registro de solicitudes {self._path} está ocupado por otro proceso.")
        if name == "SQLITE_FULL":
            return Misconfigured(
                Target.DESK,
                f"No hay espacio en el disco para el registro de solicitudes {self._path}.",
                remedy="Libere espacio.",
            )
        return Misconfigured(
            Target.DESK,
            f"El registro de solicitudes {self._path} no se puede usar ({name or type(error).__name__}).",
            remedy="Revise los permisos del archivo; si está dañado, recupere su última copia.",
        )
