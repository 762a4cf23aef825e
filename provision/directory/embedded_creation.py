"""Making an account in the embedded directory, and giving its owner a password."""

import secrets
import sqlite3
import uuid
from datetime import UTC, datetime

from config.stop_point import StopPoint
from config.vocabulary import CaseNumber
from provision.directory.account_rules import common_name, folded, refuse_malformed, refuse_weak
from provision.directory.embedded_accounts import EmbeddedAccounts
from provision.directory.embedded_file import escaped_name, hashed, local_part
from provision.directory.port import Account, AccountId, NewAccount, Password
from provision.directory.refusals import another_person, disabled, login_taken, no_ou, not_of_case
from provision.directory.unknown_password import unknown_password

_FRESH = "must_change = 1, password_set_at = NULL, locked = 0"


class EmbeddedCreation:
    """Accounts and passwords; the stop points are `ActiveDirectory`'s."""

    def __init__(self, accounts: EmbeddedAccounts, stop_point: StopPoint) -> None:
        self._accounts = accounts
        self._stop_point = stop_point

    def create(self, account: NewAccount) -> Account:
        """One transaction for the account, then one for each group, like the writes to a domain controller."""
        accounts = self._accounts
        accounts.refuse_in_dry_run(f"crear la cuenta {account.login[:40]}")
        refuse_malformed(account)
        manager_dn = accounts.manager_dn(account.manager_mail) if account.manager_mail else None
        groups = [accounts.group_to_join(group) for group in account.groups]
        row = accounts.one("marker = ?", account.case)
        if row is None:
            row = self._add(account, manager_dn)
        if row["login_folded"] != folded(account.login) or (row["employee_id"] or None) != (account.employee_id or None):
            raise another_person(account.case, row["login"], account.login)
        accounts.refuse_untouchable(row, f"completar la cuenta {row['login']}")
        if manager_dn and not row["manager_dn"]:
            accounts.execute(("UPDATE account SET manager_dn = ? WHERE id = ?", (manager_dn, row["id"])))
            self._stop_point("directory.manager.set")
        present = accounts.groups_of(row["id"])
        for group in groups:
            if group not in present:
                accounts.execute(("INSERT OR IGNORE INTO membership VALUES (?, ?)", (group, row["id"])))
                self._stop_point("directory.group.added")
        return accounts.account(accounts.existing(AccountId(row["id"])))

    def issue_password(self, id: AccountId, case: CaseNumber, password: Password) -> None:
        """See the port. Also unlocks."""
        row = self._accounts.touchable(id, lambda who: f"asignar la contraseña de {who}")
        if row["marker"] != case:
            raise not_of_case(row["login"], case)
        refuse_weak(password, row["login"], row["display_name"])
        self.set_password(row["id"], password, f"enabled = 1, {_FRESH}")
        self._stop_point("directory.password.issued")

    def reset_password(self, id: AccountId, password: Password) -> None:
        """See the port."""
        row = self._accounts.touchable(id, lambda who: f"cambiar la contraseña de {who}")
        if not row["enabled"]:
            raise disabled(row["login"])
        refuse_weak(password, row["login"], row["display_name"])
        self.set_password(row["id"], password, _FRESH)
        self._stop_point("directory.password.reset")

    def revoke_password(self, id: AccountId) -> None:
        """See the port."""
        row = self._accounts.touchable(id, lambda who: f"anular la contraseña de {who}")
        password = unknown_password(row["login"], row["display_name"])
        self.set_password(row["id"], password, "must_change = 1, password_set_at = NULL")
        self._stop_point("directory.password.revoked")

    def allow_password_change(self, id: AccountId) -> None:
        """See the port."""
        row = self._accounts.touchable(id, lambda who: f"exigir el cambio de contraseña de {who}")
        if row["must_change"] and not row["locked"]:
            return
        self._accounts.execute((f"UPDATE account SET {_FRESH} WHERE id = ?", (row["id"],)))
        self._stop_point("directory.change.allowed")

    def set_by_owner(self, id: str, password: Password, now: datetime) -> None:
        """As its owner, who knew the one before."""
        self.set_password(id, password, "must_change = 0, password_set_at = ?", now.astimezone(UTC).isoformat())

    def set_password(self, id: str, password: Password, assignments: str, *values: str) -> None:
        """The password and these columns, in one write."""
        salt = secrets.token_bytes(16)
        text = f"UPDATE account SET salt = ?, password_hash = ?, {assignments} WHERE id = ?"
        self._accounts.execute((text, (salt, hashed(password, salt), *values, id)))

    def _add(self, account: NewAccount, manager_dn: str | None) -> sqlite3.Row:
        accounts, parent = self._accounts, f"{account.ou},{self._accounts.base}"
        if not accounts.has_container(parent):
            raise no_ou(account.ou)
        salt = secrets.token_bytes(16)
        password = unknown_password(account.login, account.display_name)
        fields: dict[str, object] = {
            "id": str(uuid.uuid4()), "marker": account.case,
            "login": account.login, "login_folded": folded(account.login),
            "upn": account.user_principal_name, "upn_folded": folded(account.user_principal_name),
            "mail": account.mail, "mail_folded": folded(account.mail),
            "given_name": account.given_name, "surname": account.surname, "display_name": account.display_name,
            "employee_id": account.employee_id, "manager_dn": manager_dn,
            "expires_at": account.expires_at.astimezone(UTC).isoformat() if account.expires_at else None,
            "title": account.title, "department": account.department, "company": account.company, "mobile": account.mobile,
            "enabled": 0, "protected": 0, "must_change": 1, "salt": salt, "password_hash": hashed(password, salt),
        }  # fmt: skip
        for qualified in (False, True):
            dn = f"CN={escaped_name(common_name(account, qualified=qualified))},{parent}"
            row = self._insert(fields | {"dn": dn, "dn_folded": folded(dn)})
            if row is not None:
                self._stop_point("directory.account.added")
                return row
            twin = accounts.one("marker = ?", account.case)
            if twin is not None:
                return twin
            if accounts.one("login_folded = ? OR upn_folded = ?", folded(account.login), folded(account.user_principal_name)):
                break
        raise login_taken(account.login, "otra cuenta del directorio lo tiene")

    def _insert(self, fields: dict[str, object]) -> sqlite3.Row | None:
        """None when a name or the marker is taken."""
        names, marks = ", ".join(fields), ", ".join("?" * len(fields))
        taken = {folded(local_part(str(fields[key]))) for key in ("login", "upn", "mail")}
        try:
            self._accounts.execute(
                (f"INSERT INTO account ({names}) VALUES ({marks})", tuple(fields.values())),
                *(("INSERT INTO account_name VALUES (?, ?)", (fields["id"], name)) for name in taken),
            )
        except sqlite3.IntegrityError:
            return None
        return self._accounts.one("id = ?", fields["id"])
