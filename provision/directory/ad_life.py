"""Whether an account of Active Directory is in use, and with which password; and its end."""

from config.stop_point import StopPoint
from config.vocabulary import CaseNumber
from provision.directory.account_rules import refuse_weak
from provision.directory.ad_accounts import DirectoryAccounts, flags_of, login_of, not_found
from provision.directory.ad_attributes import Entry, UserAccountControl, guid_filter_value
from provision.directory.ad_connection import DirectoryConnection
from provision.directory.ad_errors import NO_SUCH_OBJECT, error_of
from provision.directory.ad_values import Modification, quoted, replace_with
from provision.directory.port import AccountId, Password
from provision.directory.refusals import disabled, no_identifier, not_of_case, still_enabled
from provision.directory.unknown_password import unknown_password


class AccountLife:
    """One read, one look at its protection, one modification."""

    def __init__(self, connection: DirectoryConnection, accounts: DirectoryAccounts, stop_point: StopPoint) -> None:
        self._connection = connection
        self._accounts = accounts
        self._stop_point = stop_point

    def issue_password(self, id: AccountId, case: CaseNumber, password: Password) -> None:
        """See the port. Also unlocks an account that was locked."""
        entry = self._accounts.touchable(id, lambda who: f"asignar la contraseña de {who}")
        login = login_of(entry)
        if entry.text(self._accounts.marker) != case:
            raise not_of_case(login, case)
        refuse_weak(password, login, entry.text("displayName") or "")
        written: Modification = {
            "unicodePwd": replace_with(quoted(password)),
            "userAccountControl": replace_with(str(int(flags_of(entry).enabled))),
            "pwdLastSet": replace_with("0"),
        }
        if entry.number("lockoutTime"):
            written["lockoutTime"] = replace_with("0")
        self._modify(entry, written, f"asignar la contraseña de {login}")
        self._stop_point("directory.password.issued")

    def reset_password(self, id: AccountId, password: Password) -> None:
        """See the port."""
        entry = self._accounts.touchable(id, lambda who: f"cambiar la contraseña de {who}")
        login = login_of(entry)
        if flags_of(entry) & UserAccountControl.ACCOUNT_DISABLED:
            raise disabled(login)
        refuse_weak(password, login, entry.text("displayName") or "")
        written = {"unicodePwd": replace_with(quoted(password))} | _to_be_changed(entry) | _unlocked(entry)
        self._modify(entry, written, f"cambiar la contraseña de {login}")
        self._stop_point("directory.password.reset")

    def revoke_password(self, id: AccountId) -> None:
        """See the port. Leaves a lock as it is."""
        entry = self._accounts.touchable(id, lambda who: f"anular la contraseña de {who}")
        login = login_of(entry)
        password = unknown_password(login, entry.text("displayName") or "")
        written = {"unicodePwd": replace_with(quoted(password))} | _to_be_changed(entry)
        self._modify(entry, written, f"anular la contraseña de {login}")
        self._stop_point("directory.password.revoked")

    def allow_password_change(self, id: AccountId) -> None:
        """See the port."""
        entry = self._accounts.touchable(id, lambda who: f"exigir el cambio de contraseña de {who}")
        flags = flags_of(entry)
        if entry.number("pwdLastSet") == 0 and not entry.number("lockoutTime") and flags == flags.with_ageing_password:
            return
        self._modify(entry, _to_be_changed(entry) | _unlocked(entry), f"exigir el cambio de contraseña de {login_of(entry)}")
        self._stop_point("directory.change.allowed")

    def disable(self, id: AccountId) -> None:
        """See the port."""
        entry = self._accounts.touchable(id, lambda who: f"inhabilitar la cuenta {who}")
        flags = flags_of(entry)
        if flags & UserAccountControl.ACCOUNT_DISABLED:
            return
        written = {"userAccountControl": replace_with(str(int(flags | UserAccountControl.ACCOUNT_DISABLED)))}
        self._modify(entry, written, f"inhabilitar la cuenta {login_of(entry)}")
        self._stop_point("directory.account.disabled")

    def enable(self, id: AccountId) -> None:
        """See the port. A password that was not required is required again; one that never expires stays so."""
        entry = self._accounts.touchable(id, lambda who: f"habilitar la cuenta {who}")
        flags = flags_of(entry)
        if not flags & UserAccountControl.ACCOUNT_DISABLED:
            return
        written = {"userAccountControl": replace_with(str(int(flags.enabled_again)))}
        self._modify(entry, written, f"habilitar la cuenta {login_of(entry)}")
        self._stop_point("directory.account.enabled")

    def delete(self, id: AccountId) -> None:
        """See the port; with what is below it, such as the telephones that read its mail."""
        self._connection.refuse_in_dry_run(f"eliminar la cuenta {id}")
        if not guid_filter_value(id):
            raise no_identifier(id)
        if self._accounts.of_id(id) is None:
            return
        entry = self._accounts.touchable(id, lambda who: f"eliminar la cuenta {who}")
        login = login_of(entry)
        if not flags_of(entry) & UserAccountControl.ACCOUNT_DISABLED:
            raise still_enabled(login)
        doing = f"eliminar la cuenta {login}"
        answer = self._connection.delete(entry.dn, doing=doing)
        if not answer.succeeded and answer.code != NO_SUCH_OBJECT:
            raise error_of(answer, doing)
        self._stop_point("directory.account.deleted")

    def _modify(self, entry: Entry, written: Modification, doing: str) -> None:
        answer = self._connection.modify(entry.dn, written, doing=doing)
        if not answer.succeeded:
            raise not_found(answer, "la cuenta ya no existe") or error_of(answer, doing)


def _to_be_changed(entry: Entry) -> Modification:
    """Its owner must choose another password at the next logon."""
    flags = flags_of(entry)
    written: Modification = {"pwdLastSet": replace_with("0")}
    if flags != flags.with_ageing_password:
        written["userAccountControl"] = replace_with(str(int(flags.with_ageing_password)))
    return written


def _unlocked(entry: Entry) -> Modification:
    """Setting a password does not unlock."""
    return {"lockoutTime": replace_with("0")} if entry.number("lockoutTime") else {}
