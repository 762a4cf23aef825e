"""Computers of an Active Directory domain (UPME procedure, deletion: the computer leaves the domain)."""

from ldap3.utils.conv import escape_filter_chars

from config.stop_point import StopPoint
from provision.directory.account_rules import folded
from provision.directory.ad_accounts import DirectoryAccounts, flags_of, id_of, login_of, not_found
from provision.directory.ad_attributes import Entry, UserAccountControl, guid_filter_value
from provision.directory.ad_connection import DirectoryConnection
from provision.directory.ad_errors import NO_SUCH_OBJECT, error_of
from provision.directory.ad_protection import Protection, inside
from provision.directory.ad_values import replace_with
from provision.directory.port import AccountId, Computer, ComputerId
from provision.directory.refusals import CONTROLLER, NO_COMPUTER, OUTSIDE, PROTECTED, no_identifier, refused

_COMPUTER = "(objectCategory=computer)"
_ATTRIBUTES = (
    "objectGUID", "objectSid", "objectCategory", "sAMAccountName", "managedBy", "userAccountControl", "adminCount",
    "primaryGroupID",
)  # fmt: skip


class Computers:
    """Found by who manages them or by name; removed with what is below them."""

    def __init__(
        self, connection: DirectoryConnection, protection: Protection, accounts: DirectoryAccounts, stop_point: StopPoint
    ) -> None:
        self._connection = connection
        self._protection = protection
        self._accounts = accounts
        self._stop_point = stop_point

    def of(self, id: AccountId) -> tuple[Computer, ...]:
        """See the port; in the whole domain, because one outside the base is something that a person has to see to."""
        manager = self._accounts.of_id(id)
        if manager is None:
            return ()
        found = self._search(self._protection.root, f"(managedBy={escape_filter_chars(manager.dn)})")
        return tuple(map(self._computer, sorted(found, key=lambda entry: folded(login_of(entry)))))

    def find(self, name: str) -> Computer | None:
        """See the port."""
        plain = name.strip().removesuffix("$")
        if not plain:
            return None
        found = self._search(self._accounts.base, f"(sAMAccountName={escape_filter_chars(plain)}$)")
        return self._computer(found[0]) if found else None

    def remove(self, id: ComputerId) -> None:
        """See the port: userAccountControl 4098, then the deletion."""
        self._connection.refuse_in_dry_run(f"retirar del dominio el equipo {id}")
        value = guid_filter_value(AccountId(id))
        if not value:
            raise no_identifier(id)
        found = self._connection.search(self._protection.root, f"(objectGUID={value})", _ATTRIBUTES)
        if not found:
            return
        entry = found[0]
        doing = f"retirar del dominio el equipo {_name(entry)}"
        self._refuse_untouchable(entry, doing)
        flags = flags_of(entry)
        if not flags & UserAccountControl.ACCOUNT_DISABLED:
            written = {"userAccountControl": replace_with(str(int(flags | UserAccountControl.ACCOUNT_DISABLED)))}
            answer = self._connection.modify(entry.dn, written, doing=doing)
            if not answer.succeeded:
                raise not_found(answer, "el equipo ya no existe") or error_of(answer, doing)
            self._stop_point("directory.computer.disabled")
        answer = self._connection.delete(entry.dn, doing=doing)
        if not answer.succeeded and answer.code != NO_SUCH_OBJECT:
            raise error_of(answer, doing)
        self._stop_point("directory.computer.removed")

    def _refuse_untouchable(self, entry: Entry, doing: str) -> None:
        if not (entry.text("objectCategory") or "").casefold().startswith("cn=computer,"):
            raise refused(doing, NO_COMPUTER)
        if flags_of(entry).is_controller:
            raise refused(doing, CONTROLLER)
        if not inside(entry.dn, self._accounts.base):
            raise refused(doing, OUTSIDE)
        if self._protection.protects(entry):
            raise refused(doing, PROTECTED)

    def _search(self, base: str, where: str) -> tuple[Entry, ...]:
        return self._connection.search(base, f"(&{_COMPUTER}{where})", _ATTRIBUTES)

    def _computer(self, entry: Entry) -> Computer:
        below = self._connection.search(entry.dn, "(objectClass=*)", ["1.1"])
        return Computer(
            id=ComputerId(id_of(entry)),
            name=_name(entry),
            dn=entry.dn,
            managed_by_dn=entry.text("managedBy"),
            enabled=not flags_of(entry) & UserAccountControl.ACCOUNT_DISABLED,
            children=len(below) - 1,
        )


def _name(entry: Entry) -> str:
    return login_of(entry).removesuffix("$")
