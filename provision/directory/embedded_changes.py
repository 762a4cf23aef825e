"""The life of an account in the embedded directory: in use or not, changed, moved, deleted."""

import sqlite3
from datetime import UTC

from config.stop_point import StopPoint
from provision.directory.account_rules import folded, refuse_malformed_changes
from provision.directory.change_words import in_words
from provision.directory.embedded_accounts import EmbeddedAccounts
from provision.directory.embedded_file import escaped_name, local_part, name_and_parent
from provision.directory.object_names import names_to_try
from provision.directory.port import Account, AccountChanges, AccountId
from provision.directory.refusals import alias_taken, name_taken, no_ou, still_enabled

_TEXTS = ("given_name", "surname", "display_name", "title", "department", "mobile")


class EmbeddedChanges:
    """Writes only what differs, one transaction for each write of `ActiveDirectory`, with the same stop points."""

    def __init__(self, accounts: EmbeddedAccounts, stop_point: StopPoint) -> None:
        self._accounts = accounts
        self._stop_point = stop_point

    def disable(self, id: AccountId) -> None:
        """See the port."""
        row = self._accounts.touchable(id, lambda who: f"inhabilitar la cuenta {who}")
        if row["enabled"]:
            self._accounts.execute(("UPDATE account SET enabled = 0 WHERE id = ?", (id,)))
            self._stop_point("directory.account.disabled")

    def enable(self, id: AccountId) -> None:
        """See the port."""
        row = self._accounts.touchable(id, lambda who: f"habilitar la cuenta {who}")
        if not row["enabled"]:
            self._accounts.execute(("UPDATE account SET enabled = 1 WHERE id = ?", (id,)))
            self._stop_point("directory.account.enabled")

    def delete(self, id: AccountId) -> None:
        """See the port; the name stays taken, as in Active Directory's deleted objects."""
        accounts = self._accounts
        accounts.refuse_in_dry_run(f"eliminar la cuenta {id}")
        accounts.refuse_no_identifier(id)
        if not accounts.query("SELECT 1 FROM account WHERE id = ? AND deleted = 0", id) and not accounts.query(
            "SELECT 1 FROM computer WHERE id = ? AND deleted = 0", id
        ):
            return
        row = accounts.touchable(id, lambda who: f"eliminar la cuenta {who}")
        if row["enabled"]:
            raise still_enabled(row["login"])
        accounts.execute(
            ("UPDATE account SET deleted = 1, manager_dn = NULL WHERE id = ?", (id,)),
            ("DELETE FROM membership WHERE account_id = ?", (id,)),
            ("UPDATE account SET manager_dn = NULL WHERE manager_dn = ?", (row["dn"],)),
            ("UPDATE computer SET managed_by = NULL WHERE managed_by = ?", (id,)),
        )
        self._stop_point("directory.account.deleted")

    def change(self, id: AccountId, changes: AccountChanges) -> Account:
        """See the port. Everything that is needed is looked for before anything is written."""
        accounts = self._accounts
        accounts.refuse_in_dry_run(in_words(id, changes))
        row = accounts.touchable(id, lambda who: f"modificar la cuenta {who}")
        refuse_malformed_changes(changes, row["login"])
        values = self._different(row, changes)
        parent = f"{changes.ou},{accounts.base}" if changes.ou is not None else name_and_parent(row["dn"])[1]
        if changes.ou is not None and not accounts.has_container(parent):
            raise no_ou(changes.ou)
        joined = [accounts.group_to_join(group) for group in changes.add_groups]
        left = [accounts.group(group, lambda whole: f"retirar miembros de «{whole}»") for group in changes.remove_groups]
        new_alias = self._new_alias(row, changes)
        if values:
            assignments = ", ".join(f"{name} = ?" for name in values)
            accounts.execute((f"UPDATE account SET {assignments} WHERE id = ?", (*values.values(), id)))
            self._stop_point("directory.attributes.changed")
        self._rename(row, changes, parent)
        if new_alias:
            accounts.execute(
                ("INSERT OR IGNORE INTO account_alias VALUES (?, ?, ?)", (id, folded(new_alias), new_alias)),
                ("INSERT OR IGNORE INTO account_name VALUES (?, ?)", (id, folded(local_part(new_alias)))),
            )
            self._stop_point("directory.alias.added")
        present = accounts.groups_of(id)
        for group in left:
            if group in present:
                accounts.execute(("DELETE FROM membership WHERE account_id = ? AND group_folded = ?", (id, group)))
                self._stop_point("directory.group.removed")
        for group in joined:
            if group not in present:
                accounts.execute(("INSERT OR IGNORE INTO membership VALUES (?, ?)", (group, id)))
                self._stop_point("directory.group.added")
        return accounts.account(accounts.existing(id))

    def _different(self, row: sqlite3.Row, changes: AccountChanges) -> dict[str, object]:
        """Columns whose values are to be others."""
        wanted: dict[str, object] = {name: text for name in _TEXTS if (text := getattr(changes, name)) is not None}
        if changes.manager_mail is not None:
            wanted["manager_dn"] = self._accounts.manager_dn(changes.manager_mail)
        if changes.never_expires:
            wanted["expires_at"] = None
        if changes.expires_at is not None:
            wanted["expires_at"] = changes.expires_at.astimezone(UTC).isoformat()
        return {name: value for name, value in wanted.items() if row[name] != value}

    def _new_alias(self, row: sqlite3.Row, changes: AccountChanges) -> str | None:
        """The alias that is not there yet. Raises AlreadyExists when its name is somebody else's."""
        alias = changes.add_alias
        if alias is None or folded(alias) in {row["mail_folded"], *map(folded, self._accounts.aliases_of(row))}:
            return None
        text = "SELECT 1 FROM account_name WHERE name_folded = ? AND account_id <> ?"
        if self._accounts.query(text, folded(local_part(alias)), row["id"]):
            raise alias_taken(changes)
        return alias

    def _rename(self, row: sqlite3.Row, changes: AccountChanges, parent: str) -> None:
        """Move and rename in one write, where either is needed; those who have this manager see the new name."""
        name, old_parent = name_and_parent(row["dn"])
        moving = folded(parent) != folded(old_parent)
        tries = names_to_try(row["login"], name, changes.display_name, moving=moving)
        for wanted in tries:
            dn = f"CN={escaped_name(wanted)},{parent}"
            try:
                self._accounts.execute(
                    ("UPDATE account SET dn = ?, dn_folded = ? WHERE id = ?", (dn, folded(dn), row["id"])),
                    ("UPDATE account SET manager_dn = ? WHERE manager_dn = ?", (dn, row["dn"])),
                )
            except sqlite3.IntegrityError:
                continue
            self._stop_point("directory.account.moved" if moving else "directory.account.renamed")
            return
        if tries:
            raise name_taken(row["login"], parent)
