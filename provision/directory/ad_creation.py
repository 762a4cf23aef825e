"""Making an account in Active Directory.

A creation survives a crash after any of its writes: the case's marker is written with the account in one operation, and
whoever comes next finds it by that marker and completes what is missing.
"""

from ldap3.utils.conv import escape_filter_chars
from ldap3.utils.dn import escape_rdn

from config.errors import Misconfigured, Target
from config.stop_point import StopPoint
from provision.directory.account_rules import common_name, folded, refuse_malformed
from provision.directory.ad_accounts import DirectoryAccounts, id_of, login_of, not_found
from provision.directory.ad_attributes import NEVER, Entry, UserAccountControl, file_time
from provision.directory.ad_connection import DirectoryConnection
from provision.directory.ad_errors import Meaning, error_of, meaning
from provision.directory.ad_groups import GroupMembers
from provision.directory.ad_names import TakenNames
from provision.directory.ad_protection import Protection, same_dn
from provision.directory.ad_values import quoted, replace_with
from provision.directory.port import Account, NewAccount
from provision.directory.refusals import another_person, login_taken
from provision.directory.unknown_password import unknown_password

_OPTIONAL = (
    ("givenName", "given_name"),
    ("sn", "surname"),
    ("employeeID", "employee_id"),
    ("title", "title"),
    ("department", "department"),
    ("company", "company"),
    ("mobile", "mobile"),
)


class Creation:
    """One add, then one modification for each group."""

    def __init__(
        self,
        connection: DirectoryConnection,
        protection: Protection,
        accounts: DirectoryAccounts,
        names: TakenNames,
        stop_point: StopPoint,
    ) -> None:
        self._connection = connection
        self._protection = protection
        self._accounts = accounts
        self._names = names
        self._members = GroupMembers(connection, stop_point)
        self._stop_point = stop_point

    def create(self, account: NewAccount) -> Account:
        """See the port. A group or a manager that is missing stops it before anything is written.

        Also sets pwdLastSet=0: "its owner has chosen no password yet" is true from the first moment. Raises Rejected when the
        case's marker is on an account with another login or document than this one's.
        """
        doing = f"crear la cuenta {account.login[:40]}"
        self._connection.refuse_in_dry_run(doing)
        refuse_malformed(account)
        manager_dn = self._accounts.manager_dn(account.manager_mail) if account.manager_mail else None
        groups = [self._accounts.group_to_join(group) for group in account.groups]
        entry = self._accounts.of_case(account.case)
        if entry is None:
            entry = self._add(account, manager_dn, doing)
        login, document = login_of(entry), entry.text("employeeID")
        if login.casefold() != account.login.casefold() or (document or None) != (account.employee_id or None):
            raise another_person(account.case, login, account.login)
        return self._complete(entry, manager_dn, groups)

    def _add(self, account: NewAccount, manager_dn: str | None, doing: str) -> Entry:
        """One add: disabled, marked, with every attribute; a namesake in the OU gets the login after the name."""
        self._refuse_taken(account)
        attributes: dict[str, str | bytes | list[str]] = {
            "objectClass": ["top", "person", "organizationalPerson", "user"],
            "sAMAccountName": account.login,
            "userPrincipalName": account.user_principal_name,
            "mail": account.mail,
            "displayName": account.display_name,
            "userAccountControl": str(int(UserAccountControl.NORMAL_ACCOUNT | UserAccountControl.ACCOUNT_DISABLED)),
            "unicodePwd": quoted(unknown_password(account.login, account.display_name)),
            "pwdLastSet": "0",
            "accountExpires": str(file_time(account.expires_at) if account.expires_at else NEVER),
            self._accounts.marker: str(account.case),
        }
        attributes |= {name: text for name, field in _OPTIONAL if (text := getattr(account, field))}
        if manager_dn:
            attributes["manager"] = manager_dn
        for qualified in (False, True):
            dn = f"CN={escape_rdn(common_name(account, qualified=qualified))},{account.ou},{self._accounts.base}"
            answer = self._connection.add(dn, attributes, doing=doing)
            if answer.succeeded:
                self._stop_point("directory.account.added")
                break
            twin = self._accounts.of_case(account.case)
            if twin is not None:
                return twin  # another process, or an answer that was lost
            self._refuse_taken(account)
            if meaning(answer) is not Meaning.TAKEN:
                raise not_found(answer, f"no existe la unidad organizativa «{account.ou}»") or error_of(answer, doing)
        else:
            raise login_taken(account.login, "otro objeto del dominio tiene ese nombre")
        entry = self._connection.read(dn, self._accounts.attributes)
        if entry is None:
            raise Misconfigured(
                Target.DIRECTORY,
                f"La cuenta de servicio no puede leer la cuenta {account.login} que acaba de crear.",
                remedy="Dele permiso de lectura en la unidad organizativa.",
            )
        return entry

    def _complete(self, entry: Entry, manager_dn: str | None, groups: list[str]) -> Account:
        """Manager and groups, where they are missing: nothing is sent for what is there."""
        login = login_of(entry)
        doing = f"completar la cuenta {login}"
        self._accounts.refuse_untouchable(entry, doing)
        written = False
        if manager_dn and not entry.text("manager"):
            answer = self._connection.modify(entry.dn, {"manager": replace_with(manager_dn)}, doing=doing)
            if not answer.succeeded:
                raise error_of(answer, doing)
            written = True
            self._stop_point("directory.manager.set")
        present = entry.texts("memberOf")
        for group in groups:
            if not any(same_dn(group, other) for other in present):
                self._members.add(entry.dn, login, group)
                written = True
        return self._accounts.account(self._accounts.existing(id_of(entry)) if written else entry, protected=False)

    def _refuse_taken(self, account: NewAccount) -> None:
        login, principal = escape_filter_chars(account.login), escape_filter_chars(account.user_principal_name)
        where = f"(|(sAMAccountName={login})(userPrincipalName={principal}))"
        marker = self._accounts.marker
        found = self._connection.search(self._protection.root, where, ["sAMAccountName", marker], at_most=2)
        if any(entry.text(marker) != account.case for entry in found):
            raise login_taken(account.login, "otra cuenta del dominio lo tiene")
        if folded(account.login) in self._names.accented:
            raise login_taken(account.login, "otra cuenta lo tiene con tildes")
