"""Accounts in Active Directory over LDAP (activity 3: "configuración en el directorio activo")."""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

from ldap3.utils.conv import escape_filter_chars

from config.errors import TargetError
from config.stop_point import StopPoint, let_go
from config.vocabulary import CaseNumber
from provision.directory.ad_accounts import PERSON, DirectoryAccounts, is_person
from provision.directory.ad_attributes import NEVER, file_time
from provision.directory.ad_changes import Changes
from provision.directory.ad_check import problems_of
from provision.directory.ad_computers import Computers
from provision.directory.ad_connection import ActiveDirectorySettings, DirectoryConnection
from provision.directory.ad_creation import Creation
from provision.directory.ad_life import AccountLife
from provision.directory.ad_names import TakenNames
from provision.directory.ad_protection import Protection, inside
from provision.directory.port import Account, AccountChanges, AccountId, Computer, ComputerId, NewAccount, Password

__all__ = ["ActiveDirectory", "ActiveDirectorySettings"]

_ENABLED = "(!(userAccountControl:1.2.840.113556.1.4.803:=2))"
"""LDAP_MATCHING_RULE_BIT_AND with ACCOUNT_DISABLED."""


def _now() -> datetime:
    return datetime.now(UTC)


class ActiveDirectory:
    """`provision.directory.port.Directory` on a domain controller, as a least-privilege service account.

    `stop_point` is called with a name after each write that reached the directory; `clock` only serves `check`.
    """

    def __init__(
        self,
        settings: ActiveDirectorySettings,
        writable: bool = True,
        stop_point: StopPoint = let_go,
        clock: Callable[[], datetime] = _now,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._connection = DirectoryConnection(settings, writable=writable)
        self._protection = Protection(settings, self._connection)
        self._names = TakenNames(self._connection, self._protection, settings.mail_domains)
        self._accounts = DirectoryAccounts(settings, self._connection, self._protection)
        self._creation = Creation(self._connection, self._protection, self._accounts, self._names, stop_point)
        self._life = AccountLife(self._connection, self._accounts, stop_point)
        self._changes = Changes(self._connection, self._accounts, self._names, stop_point)
        self._computers = Computers(self._connection, self._protection, self._accounts, stop_point)

    def find_by_case(self, case: CaseNumber) -> Account | None:
        """See the port; looks in the whole domain, because an account moved out of the base must not be made a second time.

        Raises Rejected when several accounts carry the marker: a person must say which one it is.
        """
        entry = self._accounts.of_case(case)
        return self._accounts.account(entry) if entry else None

    def find_by_document(self, employee_id: str) -> tuple[Account, ...]:
        """See the port. Exact text: leading zeros count."""
        return self._accounts.in_base(f"(employeeID={escape_filter_chars(employee_id)})") if employee_id else ()

    def find_by_mail(self, mail: str) -> Account | None:
        """See the port; looks in the whole domain. Raises Rejected when several accounts share the address."""
        entry = self._accounts.of_mail(mail)
        return self._accounts.account(entry) if entry else None

    def find_by_id(self, id: AccountId) -> Account | None:
        """See the port."""
        entry = self._accounts.of_id(id)
        if entry is None or not inside(entry.dn, self._accounts.base) or not is_person(entry):
            return None
        return self._accounts.account(entry)

    def find_by_login(self, login: str) -> Account | None:
        """See the port."""
        entry = self._accounts.of_login(login)
        return self._accounts.account(entry) if entry else None

    def names_in_use(self, names: Iterable[str]) -> frozenset[str]:
        """See the port, and `TakenNames` for what counts and how it is compared."""
        return self._names.among(names)

    def create(self, account: NewAccount) -> Account:
        """See the port, and `Creation`."""
        return self._creation.create(account)

    def issue_password(self, id: AccountId, case: CaseNumber, password: Password) -> None:
        """See the port. Also unlocks an account that was locked."""
        self._life.issue_password(id, case, password)

    def disable(self, id: AccountId) -> None:
        """See the port."""
        self._life.disable(id)

    def enable(self, id: AccountId) -> None:
        """See the port. A password that was not required is required again; one that never expires stays so."""
        self._life.enable(id)

    def reset_password(self, id: AccountId, password: Password) -> None:
        """See the port."""
        self._life.reset_password(id, password)

    def allow_password_change(self, id: AccountId) -> None:
        """See the port."""
        self._life.allow_password_change(id)

    def revoke_password(self, id: AccountId) -> None:
        """See the port. Leaves a lock as it is."""
        self._life.revoke_password(id)

    def change(self, id: AccountId, changes: AccountChanges) -> Account:
        """See the port, and `Changes`."""
        return self._changes.change(id, changes)

    def manager_of(self, id: AccountId) -> Account | None:
        """See the port; in the whole domain. A contact or a group that is named as the manager is nobody."""
        entry = self._accounts.of_id(id)
        manager = self._accounts.of_dn(entry.text("manager")) if entry else None
        return self._accounts.account(manager) if manager and is_person(manager) else None

    def direct_reports(self, id: AccountId) -> tuple[Account, ...]:
        """See the port; in the whole domain."""
        manager = self._accounts.of_id(id)
        return self._accounts.in_domain(f"(manager={escape_filter_chars(manager.dn)})") if manager else ()

    def computers_of(self, id: AccountId) -> tuple[Computer, ...]:
        """See the port; in the whole domain, because one outside the base is something that a person has to see to."""
        return self._computers.of(id)

    def find_computer(self, name: str) -> Computer | None:
        """See the port."""
        return self._computers.find(name)

    def remove_computer(self, id: ComputerId) -> None:
        """See the port."""
        self._computers.remove(id)

    def delete(self, id: AccountId) -> None:
        """See the port; with what is below it, such as the telephones that read its mail."""
        self._life.delete(id)

    def expired(self, at: datetime) -> tuple[Account, ...]:
        """See the port."""
        return self._accounts.in_base(f"{_expiry_within(0, file_time(at))}{_ENABLED}")

    def expiring(self, since: datetime, until: datetime) -> tuple[Account, ...]:
        """See the port."""
        return self._accounts.in_base(_expiry_within(file_time(since), file_time(until)))

    def population(self) -> int:
        """See the port."""
        return len(self._connection.search(self._accounts.base, f"(&{PERSON}{_ENABLED})", ["1.1"]))

    def check(self) -> tuple[str, ...]:
        """See the port. Reads only; looks at the OUs and groups that the settings name, and at the server's clock."""
        try:
            return problems_of(self._settings, self._connection, self._protection, self._clock())
        except TargetError as error:
            return (str(error),)

    def close(self) -> None:
        """See the port."""
        self._connection.close()


def _expiry_within(after: int, until: int) -> str:
    """The terms for an expiry after the one FILETIME and at or before the other; neither 0 nor "never" is an expiry."""
    return f"(accountExpires>={max(after, 0) + 1})(accountExpires<={min(until, NEVER - 1)})"
