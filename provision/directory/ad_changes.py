"""Changing an account of Active Directory into what it is to be: attributes, place, name, alias, groups."""

from datetime import datetime

from ldap3.utils.dn import escape_rdn

from config.stop_point import StopPoint
from provision.directory.account_rules import refuse_malformed_changes
from provision.directory.ad_accounts import DirectoryAccounts, id_of, login_of, not_found
from provision.directory.ad_attributes import NEVER, Entry, file_time, from_file_time
from provision.directory.ad_connection import DirectoryConnection
from provision.directory.ad_errors import ATTRIBUTE_OR_VALUE_EXISTS, Meaning, error_of, meaning
from provision.directory.ad_groups import GroupMembers
from provision.directory.ad_names import TakenNames
from provision.directory.ad_protection import inside, name_and_parent, same_dn
from provision.directory.ad_values import Modification, add_value, replace_with
from provision.directory.change_words import in_words
from provision.directory.object_names import names_to_try
from provision.directory.port import Account, AccountChanges, AccountId
from provision.directory.refusals import OUTSIDE, alias_taken, name_taken, no_ou, refused

_TEXTS = (
    ("givenName", "given_name"),
    ("sn", "surname"),
    ("displayName", "display_name"),
    ("title", "title"),
    ("department", "department"),
    ("mobile", "mobile"),
)
_PLACES = "(|(objectClass=organizationalUnit)(objectClass=container))"


class Changes:
    """Writes only what differs. What was written before a crash no longer differs, so the same call completes the rest."""

    def __init__(
        self, connection: DirectoryConnection, accounts: DirectoryAccounts, names: TakenNames, stop_point: StopPoint
    ) -> None:
        self._connection = connection
        self._accounts = accounts
        self._names = names
        self._members = GroupMembers(connection, stop_point)
        self._stop_point = stop_point

    def change(self, id: AccountId, changes: AccountChanges) -> Account:
        """See the port. Everything that is needed is looked for before anything is written; groups are left before joined."""
        self._connection.refuse_in_dry_run(in_words(id, changes))
        entry = self._accounts.touchable(id, lambda who: f"modificar la cuenta {who}")
        login = login_of(entry)
        doing = f"modificar la cuenta {login}"
        refuse_malformed_changes(changes, login)
        different = self._different(entry, changes)
        parent = self._parent(entry, changes, doing)
        joined = [self._accounts.group_to_join(group) for group in changes.add_groups]
        left = [self._accounts.group(group, lambda whole: f"retirar miembros de «{whole}»") for group in changes.remove_groups]
        new_alias = self._new_alias(entry, changes)
        if different:
            self._modify(entry.dn, different, doing)
            self._stop_point("directory.attributes.changed")
        dn = self._rename(entry, changes, parent, doing)
        if new_alias:
            self._add_alias(dn, new_alias, doing)
        present = entry.texts("memberOf")
        for group in left:
            if group is not None and any(same_dn(group, other) for other in present):
                self._members.remove(dn, login, group)
        for group in joined:
            if not any(same_dn(group, other) for other in present):
                self._members.add(dn, login, group)
        return self._accounts.account(self._accounts.existing(id_of(entry)), protected=False)

    def _different(self, entry: Entry, changes: AccountChanges) -> Modification:
        """What is to be another value; an empty text removes the attribute."""
        different: Modification = {}
        for attribute, field in _TEXTS:
            text: str | None = getattr(changes, field)
            if text is not None and text != (entry.text(attribute) or ""):
                different[attribute] = replace_with(text) if text else replace_with()
        if changes.manager_mail is not None:
            manager = self._accounts.manager_dn(changes.manager_mail)
            if not same_dn(manager, entry.text("manager") or ""):
                different["manager"] = replace_with(manager)
        now = from_file_time(entry.number("accountExpires") or 0)
        wanted: datetime | None = None if changes.never_expires else changes.expires_at
        if (wanted is not None or changes.never_expires) and wanted != now:
            different["accountExpires"] = replace_with(str(file_time(wanted) if wanted else NEVER))
        return different

    def _parent(self, entry: Entry, changes: AccountChanges, doing: str) -> str:
        """Where the account is to be. Raises NotFound for an OU that does not exist."""
        if changes.ou is None:
            return name_and_parent(entry.dn)[1]
        parent = f"{changes.ou},{self._accounts.base}"
        if not inside(parent, self._accounts.base):
            raise refused(f"{doing} y pasarla a «{changes.ou}»", OUTSIDE)
        if self._connection.read(parent, ["cn"], where=_PLACES) is None:
            raise no_ou(changes.ou)
        return parent

    def _new_alias(self, entry: Entry, changes: AccountChanges) -> str | None:
        """The alias that is not there yet. Raises AlreadyExists when its name is somebody else's."""
        alias = changes.add_alias
        if alias is None:
            return None
        present = {text.partition(":")[2].casefold() for text in entry.texts("proxyAddresses")}
        if alias.casefold() in present | {(entry.text("mail") or "").casefold()}:
            return None
        if self._names.others_have(alias, entry.binary("objectGUID") or b""):
            raise alias_taken(changes)
        return alias

    def _rename(self, entry: Entry, changes: AccountChanges, parent: str, doing: str) -> str:
        """Move and rename in one operation, where either is needed. Returns the account's DN after it."""
        login = login_of(entry)
        name, old_parent = name_and_parent(entry.dn)
        moving = not same_dn(parent, old_parent)
        tries = names_to_try(login, name, changes.display_name, moving=moving)
        for wanted in tries:
            rdn = f"CN={escape_rdn(wanted)}"
            answer = self._connection.rename(entry.dn, rdn, parent=parent if moving else None, doing=doing)
            if answer.succeeded:
                self._stop_point("directory.account.moved" if moving else "directory.account.renamed")
                return f"{rdn},{parent}"
            if meaning(answer) is not Meaning.TAKEN:
                raise not_found(answer, f"la cuenta {login} o su nuevo lugar ya no existe") or error_of(answer, doing)
        if tries:
            raise name_taken(login, parent)
        return entry.dn

    def _add_alias(self, dn: str, alias: str, doing: str) -> None:
        answer = self._connection.modify(dn, {"proxyAddresses": add_value(f"smtp:{alias}")}, doing=doing)
        if not answer.succeeded and answer.code != ATTRIBUTE_OR_VALUE_EXISTS:
            raise not_found(answer, "la cuenta ya no existe") or error_of(answer, doing)
        self._stop_point("directory.alias.added")

    def _modify(self, dn: str, written: Modification, doing: str) -> None:
        answer = self._connection.modify(dn, written, doing=doing)
        if not answer.succeeded:
            raise not_found(answer, "la cuenta ya no existe") or error_of(answer, doing)
