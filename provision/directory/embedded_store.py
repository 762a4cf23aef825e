"""How the embedded directory is filled for a demonstration or a test: who and what is there before the program comes."""

import contextlib
import secrets
import sqlite3
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from config.vocabulary import CaseNumber
from provision.directory.account_rules import COMMON_NAME_LENGTH, folded
from provision.directory.embedded_file import escaped_name, hashed, local_part, opened, transaction, unusable
from provision.directory.port import Password


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
    """Other addresses of the person, with or without `smtp:` before them (proxyAddresses)."""
    groups: tuple[str, ...] = ()
    password: Password | None = None
    given_name: str = ""
    surname: str = ""
    title: str = ""
    department: str = ""
    mobile: str = ""
    manager: str | None = None
    """Login of an account that is seeded too, now or before."""
    expires_at: datetime | None = None
    """Aware instant from which the account no longer works; None: never."""


@dataclass(frozen=True, slots=True)
class SeededComputer:
    """A computer of the domain. `ou` is relative to the base; `managed_by` is the login of a seeded account."""

    name: str
    managed_by: str | None = None
    children: int = 0
    """Objects below it, such as recovery keys."""
    ou: str = "CN=Computers"
    enabled: bool = True
    domain_controller: bool = False


def seed(
    path: Path,
    *,
    base_dn: str,
    ous: Iterable[str],
    groups: Iterable[str],
    accounts: Iterable[SeededAccount] = (),
    protected_groups: Iterable[str] = (),
    computers: Iterable[SeededComputer] = (),
) -> None:
    """Make the file of an embedded directory, or add to it what it does not have yet. Idempotent: nothing is overwritten.

    OUs (with all their parents) and groups are DNs relative to `base_dn`. Members of `protected_groups` are protected. The
    file is readable by its owner alone. Raises Misconfigured when it cannot be written, ValueError when a manager's login is
    nobody's.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600, exist_ok=True)
    except OSError as error:
        raise unusable(path, str(error.strerror)) from error
    with contextlib.closing(opened(path, writable=True, new=True)) as database, transaction(database, path):
        for ou in ("", *ous):
            for dn in _with_parents(ou, base_dn):
                database.execute("INSERT OR IGNORE INTO container VALUES (?, ?)", (folded(dn), dn))
        for relative, protected in [*((group, 0) for group in groups), *((group, 1) for group in protected_groups)]:
            dn = f"{relative},{base_dn}"
            database.execute("INSERT OR IGNORE INTO user_group VALUES (?, ?, ?)", (folded(dn), dn, protected))
        added = [account for account in accounts if _insert_account(database, account, base_dn)]
        for account in added:
            if account.manager is not None:
                manager = _account_of(database, account.manager)
                database.execute(
                    "UPDATE account SET manager_dn = ? WHERE login_folded = ? AND deleted = ?",
                    (manager and manager["dn"], folded(account.login), int(account.deleted)),
                )
        for computer in computers:
            _insert_computer(database, computer, base_dn)


def _with_parents(relative_dn: str, base_dn: str) -> Iterator[str]:
    yield base_dn
    parts = relative_dn.split(",") if relative_dn else []
    for start in range(len(parts)):
        yield ",".join([*parts[start:], base_dn])


def _account_of(database: sqlite3.Connection, login: str) -> sqlite3.Row | None:
    """The account of this login; None when it was deleted since."""
    text = "SELECT id, dn, deleted FROM account WHERE login_folded = ? ORDER BY deleted"
    row: sqlite3.Row | None = database.execute(text, (folded(login),)).fetchone()
    if row is None:
        raise ValueError(f"nobody has the login {login!r}")
    return None if row["deleted"] else row


def _insert_account(database: sqlite3.Connection, account: SeededAccount, base_dn: str) -> bool:
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
        "given_name": account.given_name,
        "surname": account.surname,
        "display_name": account.display_name,
        "employee_id": account.employee_id,
        "expires_at": account.expires_at.astimezone(UTC).isoformat() if account.expires_at else None,
        "title": account.title,
        "department": account.department,
        "company": "",
        "mobile": account.mobile,
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
        return False
    for name in {folded(local_part(text)) for text in (account.login, account.mail, *account.aliases)}:
        database.execute("INSERT INTO account_name VALUES (?, ?)", (account_id, name))
    for alias in account.aliases:
        address = alias.partition(":")[2] if alias.casefold().startswith("smtp:") else alias
        database.execute("INSERT OR IGNORE INTO account_alias VALUES (?, ?, ?)", (account_id, folded(address), address))
    for group in account.groups:
        database.execute("INSERT OR IGNORE INTO membership VALUES (?, ?)", (folded(f"{group},{base_dn}"), account_id))
    return True


def _insert_computer(database: sqlite3.Connection, computer: SeededComputer, base_dn: str) -> None:
    dn = f"CN={escaped_name(computer.name)},{computer.ou},{base_dn}"
    manager = _account_of(database, computer.managed_by) if computer.managed_by else None
    database.execute(
        "INSERT OR IGNORE INTO computer VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, 0)",
        (
            str(uuid.uuid5(uuid.NAMESPACE_X500, dn)), computer.name, folded(computer.name), dn, folded(dn),
            manager and manager["id"], int(computer.enabled), computer.children, int(computer.domain_controller),
        ),
    )  # fmt: skip
