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
    given_name: str = ""
    surname: str = ""
    title: str = ""
    department: str = ""
    """The unit's name, as `NewAccount.department` wrote it."""
    mobile: str = ""
    aliases: tuple[str, ...] = ()
    """Further addresses of the same mailbox (proxyAddresses without their prefix), the primary one not among them."""
    locked: bool = False
    """Locked out by wrong passwords (lockoutTime)."""


@dataclass(frozen=True, slots=True)
class AccountChanges:
    """What is to become of an account; None, or an empty tuple, leaves a part as it is (activity 3, "modificación")."""

    given_name: str | None = None
    surname: str | None = None
    display_name: str | None = None
    """Renames the object too; a namesake in the OU gets the login after the name, as in a creation."""
    title: str | None = None
    department: str | None = None
    mobile: str | None = None
    ou: str | None = None
    """Relative to the directory's base; the account moves there and keeps its id."""
    manager_mail: str | None = None
    expires_at: datetime | None = None
    """Aware instant from which the account no longer works."""
    never_expires: bool = False
    add_groups: tuple[str, ...] = ()
    """DNs, whole or relative to the directory's base."""
    remove_groups: tuple[str, ...] = ()
    add_alias: str | None = None
    """A further address of the mailbox; it stays that of nobody else."""


ComputerId = NewType("ComputerId", str)
"""objectGUID of a computer, as lower-case text with hyphens."""


@dataclass(frozen=True, slots=True)
class Computer:
    """A computer of the domain as the directory has it now."""

    id: ComputerId
    name: str
    dn: str
    managed_by_dn: str | None
    enabled: bool
    children: int
    """Objects below it (recovery keys, print queues), which leave with it."""


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

    def find_by_id(self, id: AccountId) -> Account | None:
        """The account of this id within the base; None when it is gone."""
        ...

    def find_by_login(self, login: str) -> Account | None:
        """The account with this login (sAMAccountName), in the whole domain."""
        ...

    def disable(self, id: AccountId) -> None:
        """Nobody signs in with it any more. Idempotent. Raises NotFound when the account is gone."""
        ...

    def enable(self, id: AccountId) -> None:
        """It works again, with the password it had. Idempotent. Raises NotFound when the account is gone."""
        ...

    def reset_password(self, id: AccountId, password: Password) -> None:
        """Set the password, require a change at next logon and unlock, in one modification. Enables nothing.

        Raises Rejected for a disabled account. Repeating it with another password replaces the former.
        """
        ...

    def allow_password_change(self, id: AccountId) -> None:
        """Require a change at next logon and unlock; the password stays (activity 2.b, "en las instalaciones"). Idempotent."""
        ...

    def revoke_password(self, id: AccountId) -> None:
        """Replace the password by a random one that nobody knows, to be changed at next logon. Repeatable."""
        ...

    def change(self, id: AccountId, changes: AccountChanges) -> Account:
        """Make the account as `changes` say, writing only what differs. Idempotent; after a crash it completes the rest.

        Raises NotFound when the account, the OU, a group to be added or the manager does not exist, AlreadyExists when the
        alias belongs to somebody else. A group to be removed that is gone, or has not this member, is no error; one outside
        the base or protected is refused.
        """
        ...

    def manager_of(self, id: AccountId) -> Account | None:
        """The account's manager (the immediate boss, or the owner of a generic one); None: it has none, or he is gone."""
        ...

    def direct_reports(self, id: AccountId) -> tuple[Account, ...]:
        """Accounts whose manager is this one, persons' and generic ones, enabled or not, in the order of their logins."""
        ...

    def computers_of(self, id: AccountId) -> tuple[Computer, ...]:
        """Computers managed by (managedBy) this account, in the order of their names."""
        ...

    def find_computer(self, name: str) -> Computer | None:
        """The computer of this name (without the final $), in the base."""
        ...

    def remove_computer(self, id: ComputerId) -> None:
        """Take the computer out of the domain: disabled, then deleted with its children. Idempotent: gone is done.

        Refuses (Rejected) one outside the base, and a domain controller.
        """
        ...

    def delete(self, id: AccountId) -> None:
        """Delete the account (activity 3, "eliminación"). Idempotent: gone is done. Refuses (Rejected) an enabled one."""
        ...

    def expired(self, at: datetime) -> tuple[Account, ...]:
        """Enabled accounts in the base whose expiry is at or before this aware instant, in the order of their logins."""
        ...

    def expiring(self, since: datetime, until: datetime) -> tuple[Account, ...]:
        """Accounts in the base, enabled or not, whose expiry is after `since` and at or before `until` (aware)."""
        ...

    def population(self) -> int:
        """How many enabled accounts of people there are in the base: what a share of them is counted on."""
        ...

    def check(self) -> tuple[str, ...]:
        """What `gestion doctor` should say is wrong (base, rights, marker attribute), in Spanish; empty when all is well."""
        ...

    def close(self) -> None:
        """Close the connection, if one was opened. Idempotent."""
        ...
