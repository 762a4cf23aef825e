"""The directory of accounts, as the procedure needs it (activity 3: "configuración en el directorio activo")."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NewType, Protocol

from config.vocabulary import CaseNumber

AccountId = NewType("AccountId", str)
"""objectGUID as lower-case text with hyphens: it survives moves and renames."""


@dataclass(frozen=True, slots=True)
class Password:
    """A temporary password on its way to its owner: never stored, logged or shown, so its text hides from `repr`."""

    reveal: str

    def __repr__(self) -> str:
        return "Password(…)"

    __str__ = __repr__


@dataclass(frozen=True, slots=True)
class NewAccount:
    """All that a new account carries. OU and groups are DNs relative to the directory's base."""

    case: CaseNumber
    """The ownership marker: what the program created carries its case number."""
    login: str
    """sAMAccountName: at most 20 characters, also the part before @ of `user_principal_name` and `mail`."""
    user_principal_name: str
    mail: str
    given_name: str
    surname: str
    display_name: str
    ou: str
    groups: tuple[str, ...]
    employee_id: str | None
    """Document number with its leading zeros; at most 16 characters; None for generic accounts."""
    manager_mail: str | None
    """Institutional mail of the supervisor, boss or owner."""
    expires_at: datetime | None
    """Aware instant (UTC) from which the account no longer works; None: never."""
    title: str = ""
    department: str = ""
    company: str = ""
    mobile: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """An account as the directory has it now."""

    id: AccountId
    login: str
    user_principal_name: str
    mail: str
    display_name: str
    dn: str
    enabled: bool
    case: CaseNumber | None
    employee_id: str | None
    manager_dn: str | None
    expires_at: datetime | None
    group_dns: tuple[str, ...]
    must_change_password: bool
    """pwdLastSet = 0: nobody has chosen a password of their own since the last reset."""
    password_set_at: datetime | None
    protected: bool
    """adminCount=1 or nested in a protected group: never touched."""


class Directory(Protocol):
    """One connection a run, opened at the first use and closed by `close`.

    Every method may raise Unreachable, Misconfigured or Transient (Target.DIRECTORY).
    Each write refuses, with Rejected, accounts that are protected, outside the configured base, or the program's own
    service account; in a dry run each write raises WriteRefused before anything leaves the process.
    """

    def find_by_case(self, case: CaseNumber) -> Account | None:
        """The account that carries this case's marker."""
        ...

    def find_by_document(self, employee_id: str) -> tuple[Account, ...]:
        """Accounts of this document number, enabled or not, anywhere in the base."""
        ...

    def find_by_mail(self, mail: str) -> Account | None:
        """The account with this institutional mail or user principal name, e.g. a supervisor."""
        ...

    def names_in_use(self, names: Iterable[str]) -> frozenset[str]:
        """Which of these logins are taken: enabled, disabled, deleted, or an alias (mail, UPN, proxyAddresses) of somebody.

        Compared as Active Directory compares: case- and accent-insensitively. One search for all the names.
        """
        ...

    def create(self, account: NewAccount) -> Account:
        """Make the account, disabled, with a random password nobody knows, in its OU and groups. Idempotent by case marker.

        Called again after a crash at any point it completes what is missing (groups, manager) and returns the same account.
        Raises AlreadyExists when the login or UPN belongs to another account, NotFound when the OU, a group or the manager
        does not exist, Rejected for anything else the directory refuses for good.
        """
        ...

    def issue_password(self, id: AccountId, case: CaseNumber, password: Password) -> None:
        """Set the password, enable the account and require a change at next logon, in one modification.

        Refuses (Rejected) an account that does not carry `case`. Repeating it with another password replaces the former.
        """
        ...

    def check(self) -> tuple[str, ...]:
        """What `gestion doctor` should say is wrong (base, rights, marker attribute), in Spanish; empty when all is well."""
        ...

    def close(self) -> None:
        """Close the connection, if one was opened. Idempotent."""
        ...
