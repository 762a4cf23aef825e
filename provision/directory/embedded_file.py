"""The embedded directory's file: its tables, how it is opened and brought up to date, and how its text is written."""

import contextlib
import hashlib
import hmac
import sqlite3
from collections.abc import Iterator
from pathlib import Path

from config.errors import Misconfigured, Target, Transient
from provision.directory.port import Password

_BUSY_SECONDS = 15.0
_SPECIAL = frozenset('\\,+"<>;=')
_VERSION = 2
"""Kept in the file (PRAGMA user_version). 2 brought locked accounts, aliases as addresses, and computers."""

_TABLES = (
    "CREATE TABLE IF NOT EXISTS container (dn_folded TEXT PRIMARY KEY, dn TEXT NOT NULL)",
    "CREATE TABLE IF NOT EXISTS user_group (dn_folded TEXT PRIMARY KEY, dn TEXT NOT NULL, protected INTEGER NOT NULL)",
    """CREATE TABLE IF NOT EXISTS account (
    id TEXT PRIMARY KEY,
    marker TEXT,
    login TEXT NOT NULL, login_folded TEXT NOT NULL,
    upn TEXT NOT NULL, upn_folded TEXT NOT NULL,
    mail TEXT NOT NULL, mail_folded TEXT NOT NULL,
    dn TEXT NOT NULL, dn_folded TEXT NOT NULL,
    given_name TEXT NOT NULL, surname TEXT NOT NULL, display_name TEXT NOT NULL,
    employee_id TEXT, manager_dn TEXT, expires_at TEXT,
    title TEXT NOT NULL, department TEXT NOT NULL, company TEXT NOT NULL, mobile TEXT NOT NULL,
    enabled INTEGER NOT NULL, protected INTEGER NOT NULL, deleted INTEGER NOT NULL DEFAULT 0,
    must_change INTEGER NOT NULL, password_set_at TEXT, salt BLOB NOT NULL, password_hash BLOB NOT NULL,
    locked INTEGER NOT NULL DEFAULT 0
    )""",
    "CREATE UNIQUE INDEX IF NOT EXISTS one_login ON account (login_folded) WHERE deleted = 0",
    "CREATE UNIQUE INDEX IF NOT EXISTS one_upn ON account (upn_folded) WHERE deleted = 0",
    "CREATE UNIQUE INDEX IF NOT EXISTS one_dn ON account (dn_folded) WHERE deleted = 0",
    "CREATE UNIQUE INDEX IF NOT EXISTS one_marker ON account (marker) WHERE deleted = 0",
    "CREATE INDEX IF NOT EXISTS by_document ON account (employee_id)",
    "CREATE INDEX IF NOT EXISTS by_mail ON account (mail_folded)",
    "CREATE INDEX IF NOT EXISTS by_manager ON account (manager_dn)",
    "CREATE INDEX IF NOT EXISTS by_expiry ON account (expires_at)",
    """CREATE TABLE IF NOT EXISTS account_name (
    account_id TEXT NOT NULL REFERENCES account, name_folded TEXT NOT NULL, PRIMARY KEY (name_folded, account_id)
    )""",
    """CREATE TABLE IF NOT EXISTS account_alias (
    account_id TEXT NOT NULL REFERENCES account, address_folded TEXT NOT NULL, address TEXT NOT NULL,
    PRIMARY KEY (account_id, address_folded)
    )""",
    """CREATE TABLE IF NOT EXISTS membership (
    group_folded TEXT NOT NULL REFERENCES user_group, account_id TEXT NOT NULL REFERENCES account,
    PRIMARY KEY (account_id, group_folded)
    )""",
    """CREATE TABLE IF NOT EXISTS computer (
    id TEXT PRIMARY KEY, name TEXT NOT NULL, name_folded TEXT NOT NULL, dn TEXT NOT NULL, dn_folded TEXT NOT NULL,
    managed_by TEXT REFERENCES account, enabled INTEGER NOT NULL, children INTEGER NOT NULL, controller INTEGER NOT NULL,
    deleted INTEGER NOT NULL
    )""",
    "CREATE UNIQUE INDEX IF NOT EXISTS one_computer ON computer (name_folded) WHERE deleted = 0",
)


def opened(path: Path, *, writable: bool, new: bool = False) -> sqlite3.Connection:
    """A connection to the file; a directory that is only read is opened so that SQLite itself refuses to write it.

    A file of an earlier version is brought up to date, once, by whoever may write it. `new` makes the tables in an empty file.
    Raises Misconfigured when there is no such file or it is something else.
    """
    if not path.is_file():
        raise unusable(path, "no existe")
    try:
        database = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={'rw' if writable else 'ro'}",
            uri=True,
            timeout=_BUSY_SECONDS,
            isolation_level=None,
        )
    except sqlite3.Error as error:
        raise unusable(path, str(error)) from error
    try:
        database.row_factory = sqlite3.Row
        _bring_up_to_date(database, path, writable=writable, new=new)
        database.execute("PRAGMA foreign_keys = ON")
    except sqlite3.OperationalError as error:
        database.close()
        raise Transient(Target.DIRECTORY, f"El directorio incorporado está ocupado ({error}).") from error
    except sqlite3.Error as error:
        database.close()
        raise unusable(path, str(error)) from error
    except (Misconfigured, Transient):
        database.close()
        raise
    return database


def _bring_up_to_date(database: sqlite3.Connection, path: Path, *, writable: bool, new: bool) -> None:
    version, has_accounts = _state(database)
    if not has_accounts and not new:
        raise unusable(path, "no es un directorio incorporado")
    if version > _VERSION:
        raise unusable(path, "lo hizo una versión más reciente del programa")
    if version == _VERSION:
        return
    if not writable:
        raise Misconfigured(
            Target.DIRECTORY,
            f"El archivo del directorio incorporado {path} es de una versión anterior y una simulación no lo puede actualizar.",
            remedy="Ejecute una vez `gestion run`, que lo actualiza, o vuelva a crearlo con `gestion demo`.",
        )
    with transaction(database, path):
        version, has_accounts = _state(database)  # another process may have done it while this one waited
        if has_accounts and version < _VERSION:
            columns = {column["name"] for column in database.execute("PRAGMA table_info(account)")}
            if "locked" not in columns:
                database.execute("ALTER TABLE account ADD COLUMN locked INTEGER NOT NULL DEFAULT 0")
        for table in _TABLES:
            database.execute(table)
        database.execute(f"PRAGMA user_version = {_VERSION}")


def _state(database: sqlite3.Connection) -> tuple[int, bool]:
    version = int(database.execute("PRAGMA user_version").fetchone()[0])
    has_accounts = bool(database.execute("SELECT count(*) FROM sqlite_master WHERE name = 'account'").fetchone()[0])
    return version, has_accounts


@contextlib.contextmanager
def transaction(database: sqlite3.Connection, path: Path) -> Iterator[None]:
    """All or nothing, one writer at a time. Raises Transient when the file stays locked, Misconfigured when it is damaged.

    `sqlite3.IntegrityError` passes: only the caller knows which rule it broke.
    """
    try:
        database.execute("BEGIN IMMEDIATE")
        with database:
            yield
    except sqlite3.IntegrityError:
        raise
    except sqlite3.OperationalError as error:
        raise Transient(Target.DIRECTORY, f"El directorio incorporado está ocupado ({error}).") from error
    except sqlite3.DatabaseError as error:
        raise unusable(path, str(error)) from error


def query(database: sqlite3.Connection, path: Path, text: str, values: tuple[object, ...]) -> list[sqlite3.Row]:
    """The rows of one SELECT, all of them. Raises Transient when the file stays locked, Misconfigured when it is damaged."""
    try:
        return database.execute(text, values).fetchall()
    except sqlite3.OperationalError as error:
        raise Transient(Target.DIRECTORY, f"El directorio incorporado está ocupado ({error}).") from error
    except sqlite3.DatabaseError as error:
        raise unusable(path, str(error)) from error


def hashed(password: Password, salt: bytes) -> bytes:
    """scrypt with cheap parameters: enough for a demonstration's file, which holds nobody's real password."""
    return hashlib.scrypt(password.reveal.encode(), salt=salt, n=1024, r=8, p=1)


def matches(password: Password, salt: bytes, stored: bytes) -> bool:
    """Whether this is the stored password, in constant time."""
    return hmac.compare_digest(hashed(password, salt), stored)


def escaped_name(name: str) -> str:
    """A value for a DN (RFC 4514, 2.4)."""
    text = "".join(f"\\{character}" if character in _SPECIAL else character for character in name)
    return f"\\{text}" if text.startswith(("#", " ")) else text


def name_and_parent(dn: str) -> tuple[str, str]:
    """The first value of a DN that `escaped_name` wrote, unescaped, and the DN of what holds the object."""
    name, position = [], dn.index("=") + 1
    while position < len(dn) and dn[position] != ",":
        position += dn[position] == "\\"
        name.append(dn[position : position + 1])
        position += 1
    return "".join(name), dn[position + 1 :]


def local_part(address: str) -> str:
    """What precedes @, without an address type (`smtp:`)."""
    return address.rpartition(":")[2].rpartition("@")[0] or address


def unusable(path: Path, why: str) -> Misconfigured:
    """The error for a file that cannot be used."""
    return Misconfigured(
        Target.DIRECTORY,
        f"No se puede usar el archivo del directorio incorporado {path}: {why}.",
        remedy="Revise la ruta y los permisos, o vuelva a crearlo con `gestion demo`.",
    )
