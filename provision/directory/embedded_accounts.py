"""Reading the embedded directory's accounts and groups, and what the program must not touch in it."""

import sqlite3
import uuid
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from config.errors import WriteRefused
from config.vocabulary import CaseNumber
from provision.directory.account_rules import folded
from provision.directory.embedded_file import opened, query, transaction
from provision.directory.port import Account, AccountId
from provision.directory.refusals import (
    NO_PERSON,
    OUTSIDE,
    OWN_ACCOUNT,
    PROTECTED,
    no_account,
    no_group,
    no_identifier,
    no_manager,
    refused,
    several,
)

IN_BASE = "substr(dn_folded, -length(?2)) = ?2"
"""With the base's suffix as the second value."""


class EmbeddedAccounts:
    """One connection to the file, opened at the first use; every transaction is one write, as to a domain controller."""

    def __init__(self, path: Path, base_dn: str, *, writable: bool, service_login: str) -> None:
        self.base = base_dn
        self._path = path
        self._writable = writable
        self._service_login = service_login
        self._connection: sqlite3.Connection | None = None

    @property
    def suffix(self) -> str:
        """How every folded DN in the base ends."""
        return "," + folded(self.base)

    def rows(self, where: str, *values: object) -> list[sqlite3.Row]:
        """Accounts that are not deleted, in the order of their logins."""
        return self.query(f"SELECT * FROM account WHERE deleted = 0 AND ({where}) ORDER BY login_folded", *values)

    def one(self, where: str, *values: object) -> sqlite3.Row | None:
        """The first of `rows`."""
        return next(iter(self.rows(where, *values)), None)

    def only(self, found: list[sqlite3.Row], what: str) -> sqlite3.Row | None:
        """The single one; Rejected when there are several."""
        if len(found) > 1:
            raise several(what, [row["login"] for row in found])
        return found[0] if found else None

    def of_mail(self, mail: str) -> sqlite3.Row | None:
        """Whose mail or user principal name this is. Raises Rejected when several accounts share it."""
        address = folded(mail.strip())
        found = self.rows("(mail_folded = ? OR upn_folded = ?)", address, address)
        return self.only(found, f"tienen el correo {mail.strip()[:80]}")

    def existing(self, id: AccountId) -> sqlite3.Row:
        """The account of this id anywhere in the domain. Raises NotFound, or Rejected for a computer."""
        row = self.one("id = ?", id)
        if row is None:
            if self.query("SELECT 1 FROM computer WHERE id = ? AND deleted = 0", id):
                raise refused("tocar un equipo como si fuera una cuenta", NO_PERSON)
            raise no_account(id, self.base)
        return row

    def touchable(self, id: AccountId, doing: Callable[[str], str]) -> sqlite3.Row:
        """The account of this id, which the program may write. `doing` makes the Spanish infinitive from its login.

        Raises WriteRefused in a dry run, NotFound when it is gone, Rejected when it is not to be touched.
        """
        self.refuse_in_dry_run(doing(id))
        row = self.existing(id)
        self.refuse_untouchable(row, doing(row["login"]))
        return row

    def manager_dn(self, mail: str) -> str:
        """The DN of whose mail this is. Raises NotFound."""
        row = self.of_mail(mail)
        if row is None:
            raise no_manager(mail)
        return str(row["dn"])

    def whole_dn(self, dn: str) -> str:
        """A DN that may be relative to the base, whole."""
        return dn if dn.rpartition(",")[2].strip().casefold().startswith("dc=") else f"{dn},{self.base}"

    def group(self, dn: str, doing: Callable[[str], str]) -> str | None:
        """The folded DN of a group whose members the program may change; None when there is no such group.

        Raises Rejected for one outside the base or protected.
        """
        whole = self.whole_dn(dn)
        if not folded(whole).endswith(self.suffix):
            raise refused(doing(whole), OUTSIDE)
        found = self.query("SELECT protected FROM user_group WHERE dn_folded = ?", folded(whole))
        if not found:
            return None
        if found[0]["protected"]:
            raise refused(doing(whole), "es un grupo protegido del dominio")
        return folded(whole)

    def group_to_join(self, dn: str) -> str:
        """See `group`; raises NotFound when there is no such group."""
        found = self.group(dn, lambda whole: f"agregar miembros a «{whole}»")
        if found is None:
            raise no_group(self.whole_dn(dn))
        return found

    def has_container(self, dn: str) -> bool:
        """Whether this OU exists."""
        return bool(self.query("SELECT 1 FROM container WHERE dn_folded = ?", folded(dn)))

    def groups_of(self, id: str) -> frozenset[str]:
        """Folded DNs."""
        return frozenset(row[0] for row in self.query("SELECT group_folded FROM membership WHERE account_id = ?", id))

    def aliases_of(self, row: sqlite3.Row) -> tuple[str, ...]:
        """Further addresses, the primary one not among them."""
        text = "SELECT address FROM account_alias WHERE account_id = ? AND address_folded <> ? ORDER BY address"
        return tuple(alias["address"] for alias in self.query(text, row["id"], row["mail_folded"]))

    def refuse_untouchable(self, row: sqlite3.Row, doing: str) -> None:
        """Raise Rejected for what the program must never write."""
        if not row["dn_folded"].endswith(self.suffix):
            raise refused(doing, OUTSIDE)
        if row["login_folded"] == folded(self._service_login):
            raise refused(doing, OWN_ACCOUNT)
        if self._protected(row):
            raise refused(doing, PROTECTED)

    def refuse_in_dry_run(self, doing: str) -> None:
        """Raise WriteRefused where nothing may be written."""
        if not self._writable:
            raise WriteRefused(f"Simulación: no se hizo lo siguiente en el directorio: {doing}.")

    def refuse_no_identifier(self, id: str) -> None:
        """Raise Rejected for text that never was an id: it must not be taken for an object that is gone."""
        try:
            uuid.UUID(id)
        except ValueError as error:
            raise no_identifier(id) from error

    def account(self, row: sqlite3.Row) -> Account:
        """The row as the port shows it."""
        groups = "SELECT dn FROM membership JOIN user_group ON dn_folded = group_folded WHERE account_id = ? ORDER BY dn"
        return Account(
            id=AccountId(row["id"]),
            login=row["login"],
            user_principal_name=row["upn"],
            mail=row["mail"],
            display_name=row["display_name"],
            dn=row["dn"],
            enabled=bool(row["enabled"]),
            case=CaseNumber(row["marker"]) if row["marker"] else None,
            employee_id=row["employee_id"],
            manager_dn=row["manager_dn"],
            expires_at=datetime.fromisoformat(row["expires_at"]) if row["expires_at"] else None,
            group_dns=tuple(group["dn"] for group in self.query(groups, row["id"])),
            must_change_password=bool(row["must_change"]),
            password_set_at=datetime.fromisoformat(row["password_set_at"]) if row["password_set_at"] else None,
            protected=self._protected(row),
            given_name=row["given_name"],
            surname=row["surname"],
            title=row["title"],
            department=row["department"],
            mobile=row["mobile"],
            aliases=self.aliases_of(row),
            locked=bool(row["locked"]),
        )

    def query(self, text: str, *values: object) -> list[sqlite3.Row]:
        """The rows of one SELECT, all of them."""
        return query(self._opened(), self._path, text, values)

    def execute(self, *statements: tuple[str, tuple[object, ...]]) -> None:
        """These statements in one transaction. `sqlite3.IntegrityError` passes."""
        database = self._opened()
        with transaction(database, self._path):
            for text, values in statements:
                database.execute(text, values)

    def close(self) -> None:
        """Close the connection, if one was opened. Idempotent."""
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _opened(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = opened(self._path, writable=self._writable)
        return self._connection

    def _protected(self, row: sqlite3.Row) -> bool:
        text = "SELECT 1 FROM membership JOIN user_group ON dn_folded = group_folded WHERE account_id = ? AND protected"
        return bool(row["protected"]) or bool(self.query(text, row["id"]))
