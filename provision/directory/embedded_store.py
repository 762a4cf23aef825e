"""The embedded directory's file: its tables, how it is opened, and how it is filled for a demonstration or a test."""

import contextlib
import hashlib
import hmac
import secrets
import sqlite3
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from config.errors import Misconfigured, Target, Transient
from config.vocabulary import CaseNumber
from provision.directory.account_rules import COMMON_NAME_LENGTH, folded
from provision.directory.port import Password

_BUSY_SECONDS = 15.0
_SPECIAL = frozenset('\\,+"<>;=')

SCHEMA = """
CREATE TABLE IF NOT EXISTS container (dn_folded TEXT PRIMARY KEY, dn TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS user_group (
    dn_folded TEXT PRIMARY KEY, dn TEXT NOT NULL, protected INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS account (
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
    must_change INTEGER NOT NULL, password_set_at TEXT, salt BLOB NOT NULL, password_hash BLOB NOT NULL
);
CREATE UNIQUE INDEX IF NOT EXISTS one_login ON account (login_folded) WHERE deleted = 0;
CREATE UNIQUE INDEX IF NOT EXISTS one_upn ON account (upn_folded) WHERE deleted = 0;
CREATE UNIQUE INDEX IF NOT EXISTS one_dn ON account (dn_folded) WHERE deleted = 0;
CREATE UNIQUE INDEX IF NOT EXISTS one_marker ON account (marker) WHERE deleted = 0;
CREATE INDEX IF NOT EXISTS by_document ON account (employee_id);
CREATE INDEX IF NOT EXISTS by_mail ON account (mail_folded);
CREATE TABLE IF NOT EXISTS account_name (
    account_id TEXT NOT NULL REFERENCES account, name_folded TEXT NOT NULL, PRIMARY KEY (name_folded, account_id)
);
CREATE TABLE IF NOT EXISTS membership (
    group_folded TEXT NOT NULL REFERENCES user_group, account_id TEXT NOT NULL REFERENCES account,
    PRIMARY KEY (account_id, group_folded)
);
"""


@dataclass(frozen=True, slots=True)
class SeededAccount:
    """An account that is there before the program: a supervisor, somebody's old login, an administrator.

    `ou` is relative to the base. Without `password` nobody can enter with it. `mail` is the user principal name too.
    """

    login: str
    display_name: str
    mail: str
    ou: str
    employee_id: str | None = None
    case: CaseNumber | None = None
    enabled: bool = True
    deleted: bool = False
    protected: bool = False
    aliases: tuple[str, ...] = ()
    """Other addresses of the person (proxyAddresses)."""
    groups: tuple[str, ...] = ()
    password: Password | None = None


def seed(
    path: Path,
    *,
    base_dn: str,
    ous: Iterable[str],
    groups: Iterable[str],
    accounts: Iterable[SeededAccount] = (),
    protected_groups: Iterable[str] = (),
) -> None:
    """Make the file of an embedded directory, or add to it what it does not have yet. Idempotent: nothing is overwritten.

    OUs (with all their parents) and groups are DNs relative to `base_dn`. Members of `protected_groups` are protected. The
    file is readable by its owner alone. Raises Misconfigured when it cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600, exist_ok=True)
    except OSError as error:
        raise _unusable(path, str(error.strerror)) from error
    with contextlib.closing(opened(path, writable=True)) as database:
        database.executescript(SCHEMA)
        with transaction(database, path):
            for ou in ("", *ous):
                for dn in _with_parents(ou, base_dn):
                    database.execute("INSERT OR IGNORE INTO container VALUES (?, ?)", (folded(dn), dn))
            for relative, protected in [*((group, 0) for group in groups), *((group, 1) for group in protected_groups)]:
                dn = f"{relative},{base_dn}"
                database.execute("INSERT OR IGNORE INTO user_group VALUES (?, ?, ?)", (folded(dn), dn, protected))
            for account in accounts:
                _insert_seeded(database, account, base_dn)


def opened(path: Path, *, writable: bool) -> sqlite3.Connection:
    """A connection to the file; a directory that is only read is opened so that SQLite itself refuses to write it.

    Raises Misconfigured when there is no such file or it is something else.
    """
    if not path.is_file():
        raise _unusable(path, "no existe")
    try:
        database = sqlite3.connect(
            f"{path.absolute().as_uri()}?mode={'rw' if writable else 'ro'}",
            uri=True,
            timeout=_BUSY_SECONDS,
            isolation_level=None,
        )
        database.row_factory = sqlite3.Row
        database.execute("PRAGMA foreign_keys = ON")
        database.execute("SELECT count(*) FROM sqlite_master")
    except sqlite3.Error as error:
        raise _unusable(path, str(error)) from error
    return database


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
        raise _unusable(path, str(error)) from error


def query(database: sqlite3.Connection, path: Path, text: str, values: tuple[object, ...]) -> list[sqlite3.Row]:
    """The rows of one SELECT, all of them. Raises Transient when the file stays locked, Misconfigured when it is damaged."""
    try:
        return database.execute(text, values).fetchall()
    except sqlite3.OperationalError as error:
        raise Transient(Target.DIRECTORY, f"El directorio incorporado está ocupado ({error}).") from error
    except sqlite3.DatabaseError as error:
        raise _unusable(path, str(error)) from error


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


def local_part(address: str) -> str:
    """What precedes @, without an address type (`smtp:`)."""
    return address.rpartition(":")[2].rpartition("@")[0] or address


def _with_parents(relative_dn: str, base_dn: str) -> Iterator[str]:
    yield base_dn
    parts = relative_dn.split(",") if relative_dn else []
    for start in range(len(parts)):
        yield ",".join([*parts[start:], base_dn])


def _insert_seeded(database: sqlite3.Connection, account: SeededAccount, base_dn: str) -> None:
    dn = f"CN={escaped_name(account.display_name[:COMMON_NAME_LENGTH])},{account.ou},{base_dn}"
    if account.deleted:
        name = f"{escaped_name(account.display_name[:20])}\\0ADEL:{uuid.uuid5(uuid.NAMESPACE_X500, dn)}"
        dn = f"CN={name},CN=Deleted Objects,{base_dn}"
    account_id = str(uuid.uuid5(uuid.NAMESPACE_X500, f"{account.login},{dn}"))
    salt = secrets.token_bytes(16)
    row = {
        "id": account_id,
        "marker": account.case,
        "login": account.login,
        "login_folded": folded(account.login),
        "upn": account.mail,
        "upn_folded": folded(account.mail),
        "mail": account.mail,
        "mail_folded": folded(account.mail),
        "dn": dn,
        "dn_folded": folded(dn),
        "given_name": "",
        "surname": "",
        "display_name": account.display_name,
        "employee_id": account.employee_id,
        "title": "",
        "department": "",
        "company": "",
        "mobile": "",
        "enabled": int(account.enabled),
        "protected": int(account.protected),
        "deleted": int(account.deleted),
        "must_change": 0,
        "password_set_at": datetime(2020, 1, 1, tzinfo=UTC).isoformat(),
        "salt": salt,
        "password_hash": hashed(account.password, salt) if account.password else b"",
    }
    names, marks = ", ".join(row), ", ".join(f":{name}" for name in row)
    added = database.execute(f"INSERT OR IGNORE INTO account ({names}) VALUES ({marks})", row)
    if not added.rowcount:
        return
    for name in {folded(local_part(text)) for text in (account.login, account.mail, *account.aliases)}:
        database.execute("INSERT INTO account_name VALUES (?, ?)", (account_id, name))
    for group in account.groups:
        database.execute("INSERT OR IGNORE INTO membership VALUES (?, ?)", (folded(f"{group},{base_dn}"), account_id))


def _unusable(path: Path, why: str) -> Misconfigured:
    return Misconfigured(
        Target.DIRECTORY,
        f"No se puede usar el archivo del directorio incorporado {path}: {why}.",
        remedy="Revise la ruta y los permisos, o vuelva a crearlo con `gestion demo`.",
    )
