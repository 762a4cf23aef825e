"""A directory in one SQLite file that refuses what Active Directory refuses: for the demonstration and for tests.

Not for an institution's accounts: nobody logs on with it, except through `authenticate`, `change_password` and `lock`, which
let a test or the demonstration act as the person who got the access data.
"""

import sqlite3
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path

from config.errors import Rejected, Target, TargetError
from config.stop_point import StopPoint, let_go
from config.vocabulary import CaseNumber
from provision.directory.account_rules import folded, refuse_weak
from provision.directory.embedded_accounts import IN_BASE, EmbeddedAccounts
from provision.directory.embedded_changes import EmbeddedChanges
from provision.directory.embedded_computers import EmbeddedComputers
from provision.directory.embedded_creation import EmbeddedCreation
from provision.directory.embedded_file import matches
from provision.directory.embedded_store import SeededAccount, SeededComputer, seed
from provision.directory.port import Account, AccountChanges, AccountId, Computer, ComputerId, NewAccount, Password

__all__ = ["EmbeddedDirectory", "SeededAccount", "SeededComputer", "seed"]


def _now() -> datetime:
    return datetime.now(UTC)


class EmbeddedDirectory:
    """`provision.directory.port.Directory` on a file that `seed` made. One instance belongs to one thread.

    Names are unique as in Active Directory: without regard to case and accents. `stop_point` is called with the same names and
    at the same places as by `ActiveDirectory`; `clock` decides when an account has expired.
    """

    def __init__(
        self,
        path: Path,
        base_dn: str,
        writable: bool = True,
        clock: Callable[[], datetime] = _now,
        stop_point: StopPoint = let_go,
        service_login: str = "svc-gestion",
    ) -> None:
        self._path = path
        self._clock = clock
        self._accounts = EmbeddedAccounts(path, base_dn, writable=writable, service_login=service_login)
        self._creation = EmbeddedCreation(self._accounts, stop_point)
        self._changes = EmbeddedChanges(self._accounts, stop_point)
        self._computers = EmbeddedComputers(self._accounts, stop_point)

    def find_by_case(self, case: CaseNumber) -> Account | None:
        """See the port; also an account outside the base, which is then refused instead of made a second time."""
        return self._found(self._accounts.one("marker = ?", case))

    def find_by_document(self, employee_id: str) -> tuple[Account, ...]:
        """See the port. Exact text: leading zeros count."""
        return self._all("employee_id = ? AND " + IN_BASE, employee_id, self._accounts.suffix)

    def find_by_mail(self, mail: str) -> Account | None:
        """See the port. Raises Rejected when several accounts share the address."""
        return self._found(self._accounts.of_mail(mail))

    def find_by_id(self, id: AccountId) -> Account | None:
        """See the port."""
        return self._found(self._accounts.one("id = ? AND " + IN_BASE, id, self._accounts.suffix))

    def find_by_login(self, login: str) -> Account | None:
        """See the port; compared as Active Directory compares."""
        return self._found(self._accounts.one("login_folded = ?", folded(login.strip())))

    def names_in_use(self, names: Iterable[str]) -> frozenset[str]:
        """See the port; deleted accounts count."""
        asked = {name: folded(name) for name in names}
        marks = ", ".join("?" * len(asked))
        text = f"SELECT DISTINCT name_folded FROM account_name WHERE name_folded IN ({marks})"
        taken = {row[0] for row in self._accounts.query(text, *asked.values())}
        return frozenset(name for name, plain in asked.items() if plain in taken)

    def create(self, account: NewAccount) -> Account:
        """See the port."""
        return self._creation.create(account)

    def issue_password(self, id: AccountId, case: CaseNumber, password: Password) -> None:
        """See the port. Also unlocks an account that was locked."""
        self._creation.issue_password(id, case, password)

    def disable(self, id: AccountId) -> None:
        """See the port."""
        self._changes.disable(id)

    def enable(self, id: AccountId) -> None:
        """See the port."""
        self._changes.enable(id)

    def reset_password(self, id: AccountId, password: Password) -> None:
        """See the port."""
        self._creation.reset_password(id, password)

    def allow_password_change(self, id: AccountId) -> None:
        """See the port."""
        self._creation.allow_password_change(id)

    def revoke_password(self, id: AccountId) -> None:
        """See the port."""
        self._creation.revoke_password(id)

    def change(self, id: AccountId, changes: AccountChanges) -> Account:
        """See the port."""
        return self._changes.change(id, changes)

    def manager_of(self, id: AccountId) -> Account | None:
        """See the port; in the whole domain."""
        row = self._accounts.one("id = ?", id)
        return self._found(self._accounts.one("dn = ?", row["manager_dn"])) if row else None

    def direct_reports(self, id: AccountId) -> tuple[Account, ...]:
        """See the port; in the whole domain."""
        manager = self._accounts.one("id = ?", id)
        return self._all("manager_dn = ?", manager["dn"]) if manager else ()

    def computers_of(self, id: AccountId) -> tuple[Computer, ...]:
        """See the port; in the whole domain."""
        return self._computers.of(id)

    def find_computer(self, name: str) -> Computer | None:
        """See the port."""
        return self._computers.find(name)

    def remove_computer(self, id: ComputerId) -> None:
        """See the port."""
        self._computers.remove(id)

    def delete(self, id: AccountId) -> None:
        """See the port."""
        self._changes.delete(id)

    def expired(self, at: datetime) -> tuple[Account, ...]:
        """See the port."""
        return self._all(f"expires_at <= ? AND {IN_BASE} AND enabled = 1", _text(at), self._accounts.suffix)

    def expiring(self, since: datetime, until: datetime) -> tuple[Account, ...]:
        """See the port."""
        where = f"expires_at <= ? AND {IN_BASE} AND expires_at > ?"
        return self._all(where, _text(until), self._accounts.suffix, _text(since))

    def population(self) -> int:
        """See the port."""
        text = f"SELECT count(*) FROM account WHERE deleted = 0 AND enabled = ? AND {IN_BASE}"
        return int(self._accounts.query(text, 1, self._accounts.suffix)[0][0])

    def authenticate(self, login: str, password: str) -> bool:
        """Whether this person could log on now: right password, enabled, not expired, not locked, not obliged to change it."""
        row = self._row_of_login(login)
        return row is not None and not row["must_change"] and self._may_enter(row, Password(password))

    def change_password(self, login: str, old: str, new: str) -> None:
        """As the user at the logon screen. Raises Rejected for a wrong old password, a weak or repeated new one."""
        row = self._row_of_login(login)
        if row is None or not self._may_enter(row, Password(old)):
            raise Rejected(Target.DIRECTORY, "El usuario o la contraseña no son correctos.", remedy="Escríbalos de nuevo.")
        refuse_weak(Password(new), row["login"], row["display_name"])
        if new == old:
            raise Rejected(Target.DIRECTORY, "La contraseña nueva es igual a la anterior.", remedy="Escoja otra.")
        self._accounts.refuse_in_dry_run("cambiar la contraseña")
        self._creation.set_by_owner(row["id"], Password(new), self._clock())

    def lock(self, login: str) -> None:
        """As somebody who types wrong passwords until the account locks. Raises Rejected for a login that is nobody's."""
        row = self._row_of_login(login)
        if row is None:
            raise Rejected(Target.DIRECTORY, f"Nadie tiene el usuario {login[:40]}.", remedy="Escríbalo de nuevo.")
        self._accounts.refuse_in_dry_run(f"bloquear la cuenta {row['login']}")
        self._accounts.execute(("UPDATE account SET locked = 1 WHERE id = ?", (row["id"],)))

    def check(self) -> tuple[str, ...]:
        """See the port."""
        base = self._accounts.base
        try:
            found = self._accounts.has_container(base)
        except TargetError as error:
            return (str(error),)
        if found:
            return ()
        return (f"La base «{base}» no existe en el directorio incorporado {self._path}. Corrija la configuración.",)

    def close(self) -> None:
        """See the port."""
        self._accounts.close()

    def _found(self, row: sqlite3.Row | None) -> Account | None:
        return self._accounts.account(row) if row else None

    def _all(self, where: str, *values: object) -> tuple[Account, ...]:
        return tuple(map(self._accounts.account, self._accounts.rows(where, *values)))

    def _row_of_login(self, login: str) -> sqlite3.Row | None:
        return self._accounts.one("(login_folded = ? OR upn_folded = ?)", folded(login), folded(login))

    def _may_enter(self, row: sqlite3.Row, password: Password) -> bool:
        expired = row["expires_at"] is not None and datetime.fromisoformat(row["expires_at"]) <= self._clock()
        return bool(row["enabled"] and not row["locked"] and not expired) and matches(
            password, row["salt"], row["password_hash"]
        )


def _text(instant: datetime) -> str:
    if instant.tzinfo is None:
        raise ValueError("an aware datetime is needed")
    return instant.astimezone(UTC).isoformat()
