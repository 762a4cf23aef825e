"""The embedded cloud's file: its tables, and how a file of any age is opened."""

import contextlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

from config.errors import Target, Unreachable
from provision.cloud.embedded_mailboxes import welcome

_LAYOUT = 2
"""`user_version` of a file with all the tables and columns below; files of the first version carry 0."""

_TABLES = """
CREATE TABLE IF NOT EXISTS sync_cycle (started_at TEXT PRIMARY KEY, ends_at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS awaited (account TEXT PRIMARY KEY, since TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS user (id TEXT PRIMARY KEY, account TEXT UNIQUE NOT NULL, sessions_ended INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS assignment (
    user TEXT NOT NULL REFERENCES user (id), licence TEXT NOT NULL, assigned_at TEXT NOT NULL,
    PRIMARY KEY (user, licence)
);
CREATE TABLE IF NOT EXISTS mailbox (
    user TEXT PRIMARY KEY REFERENCES user (id), connected_at TEXT NOT NULL, disconnected_at TEXT
);
CREATE TABLE IF NOT EXISTS item (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    user TEXT NOT NULL REFERENCES mailbox (user) ON DELETE CASCADE,
    part TEXT NOT NULL, name TEXT NOT NULL, bytes INTEGER NOT NULL, sha256 TEXT NOT NULL, content BLOB NOT NULL,
    UNIQUE (user, part, name)
)
"""
_ADDED = (
    ("sync_cycle", "asked_again", "INTEGER NOT NULL DEFAULT 0"),
    ("sync_cycle", "settled", "INTEGER NOT NULL DEFAULT 0"),
    ("user", "missed_at", "TEXT"),
    ("user", "deleted_at", "TEXT"),
)


def instant_text(at: datetime) -> str:
    """An instant as text that sorts as time does."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


class CloudFile:
    """Connections to the file, one a use. Raises Unreachable when it cannot be used."""

    def __init__(self, path: Path, *, writable: bool) -> None:
        self._path = path
        self._writable = writable

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection | None]:
        """A connection to read with; None when the tenant is still empty.

        It may write where the program may: SQLite has to undo there what a crash left half written.
        """
        if not self._path.exists():
            yield None
            return
        with self._connected("rw" if self._writable else "ro") as connection:
            made = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'assignment'").fetchone()
            yield connection if made else None

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A connection inside a transaction of its own: all or nothing."""
        with contextlib.suppress(OSError):  # connecting says it better
            self._path.touch(mode=0o600)
        with self._connected("rwc") as connection, connection:
            connection.execute("BEGIN IMMEDIATE")
            yield connection

    @contextmanager
    def _connected(self, mode: str) -> Iterator[sqlite3.Connection]:
        try:
            uri = f"{self._path.absolute().as_uri()}?mode={mode}"
            with closing(sqlite3.connect(uri, uri=True, timeout=10, isolation_level=None)) as file:
                (layout,) = file.execute("PRAGMA user_version").fetchone()
                if layout >= _LAYOUT:
                    yield _ready(file)
                elif mode != "ro":
                    _upgrade(file)
                    yield _ready(file)
                else:
                    # What may not be written is upgraded in memory: a dry run reads an older file as the next run will.
                    with closing(sqlite3.connect(":memory:", isolation_level=None)) as copy:
                        file.backup(copy)
                        _upgrade(copy)
                        yield _ready(copy)
        except sqlite3.Error as error:
            raise Unreachable(
                Target.CLOUD,
                f"No se puede usar la nube embebida {self._path}: {error}.",
                remedy="Revise el disco y los permisos.",
            ) from error


def _ready(connection: sqlite3.Connection) -> sqlite3.Connection:
    connection.execute("PRAGMA foreign_keys = ON")
    return connection


def _upgrade(connection: sqlite3.Connection) -> None:
    """Give a new file, or one of an older version, its tables and columns: all in one transaction, or nothing."""
    with connection:
        connection.execute("BEGIN IMMEDIATE")
        (layout,) = connection.execute("PRAGMA user_version").fetchone()
        if layout >= _LAYOUT:  # another process was faster
            return
        for statement in _TABLES.split(";"):  # a script would end the transaction
            connection.execute(statement)
        for table, column, kind in _ADDED:
            columns = {row[1] for row in connection.execute(f"PRAGMA table_info({table})")}
            if column not in columns:
                connection.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind}")
        # The first version knew a mailbox by its licence alone.
        for user, since in connection.execute("SELECT user, min(assigned_at) FROM assignment GROUP BY user").fetchall():
            connection.execute("INSERT OR IGNORE INTO mailbox (user, connected_at) VALUES (?, ?)", (user, since))
            welcome(connection, user)
        connection.execute(f"PRAGMA user_version = {_LAYOUT}")
