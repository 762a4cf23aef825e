"""Accounts in Active Directory over LDAP (activity 3: "configuración en el directorio activo").

A creation survives a crash after any of its writes: the case's marker is written with the account in one operation, and
whoever comes next finds it by that marker and completes what is missing.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime

import ldap3
from ldap3.utils.conv import escape_filter_chars
from ldap3.utils.dn import escape_rdn

from config.errors import AlreadyExists, Misconfigured, NotFound, Rejected, Target, TargetError
from config.stop_point import StopPoint, let_go
from config.vocabulary import CaseNumber
from provision.directory.account_rules import common_name, folded, refuse_malformed, refuse_weak
from provision.directory.ad_attributes import (
    NEVER,
    Entry,
    UserAccountControl,
    account_id,
    file_time,
    from_file_time,
    guid_filter_value,
)
from provision.directory.ad_check import problems_of
from provision.directory.ad_connection import ActiveDirectorySettings, DirectoryConnection
from provision.directory.ad_errors import ATTRIBUTE_OR_VALUE_EXISTS, ENTRY_ALREADY_EXISTS, Answer, Meaning, error_of, meaning
from provision.directory.ad_names import TakenNames
from provision.directory.ad_protection import Protection, inside, same_dn
from provision.directory.port import Account, AccountId, NewAccount, Password
from provision.passwords import random_password

__all__ = ["ActiveDirectory", "ActiveDirectorySettings"]

_PERSON = "(objectCategory=person)(objectClass=user)"
_OPTIONAL = (
    ("givenName", "given_name"),
    ("sn", "surname"),
    ("employeeID", "employee_id"),
    ("title", "title"),
    ("department", "department"),
    ("company", "company"),
    ("mobile", "mobile"),
)


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
        self._base = settings.base_dn
        self._marker = settings.marker_attribute
        self._connection = DirectoryConnection(settings, writable=writable)
        self._protection = Protection(settings, self._connection)
        self._stop_point = stop_point
        self._clock = clock
        self._safe_groups: dict[str, str] = {}
        self._names = TakenNames(self._connection, self._protection, settings.mail_domains)

    def find_by_case(self, case: CaseNumber) -> Account | None:
        """See the port; looks in the whole domain, because an account moved out of the base must not be made a second time.

        Raises Rejected when several accounts carry the marker: a person must say which one it is.
        """
        entry = self._entry_of_case(case)
        return self._account(entry) if entry else None

    def find_by_document(self, employee_id: str) -> tuple[Account, ...]:
        """See the port. Exact text: leading zeros count."""
        if not employee_id:
            return ()
        found = self._connection.search(
            self._base, f"(&{_PERSON}(employeeID={escape_filter_chars(employee_id)}))", self._attributes
        )
        return tuple(self._account(entry) for entry in found)

    def find_by_mail(self, mail: str) -> Account | None:
        """See the port; looks in the whole domain. Raises Rejected when several accounts share the address."""
        entry = self._entry_of_mail(mail)
        return self._account(entry) if entry else None

    def names_in_use(self, names: Iterable[str]) -> frozenset[str]:
        """See the port, and `TakenNames` for what counts and how it is compared."""
        return self._names.among(names)

    def create(self, account: NewAccount) -> Account:
        """See the port. A group or a manager that is missing stops it before anything is written.

        Also sets pwdLastSet=0: "its owner has chosen no password yet" is true from the first moment. Raises Rejected when the
        case's marker is on an account with another login or document than this one's.
        """
        doing = f"crear la cuenta {account.login[:40]}"
        self._connection.refuse_in_dry_run(doing)
        refuse_malformed(account)
        manager_dn = self._manager(account.manager_mail) if account.manager_mail else None
        groups = [self._group(group) for group in account.groups]
        entry = self._entry_of_case(account.case)
        if entry is None:
            entry = self._add(account, manager_dn, doing)
        self._refuse_another_person(entry, account)
        return self._complete(entry, manager_dn, groups)

    def issue_password(self, id: AccountId, case: CaseNumber, password: Password) -> None:
        """See the port: one read, one look at its protection, one modification. Also unlocks an account that was locked."""
        self._connection.refuse_in_dry_run("asignar una contraseña")
        entry = self._entry_of_id(id)
        doing = f"asignar la contraseña de {entry.text('sAMAccountName')}"
        self._refuse_untouchable(entry, doing)
        if entry.text(self._marker) != case:
            raise Rejected(
                Target.DIRECTORY,
                f"La cuenta {entry.text('sAMAccountName')} no fue creada por el caso {case}: no se le asigna contraseña.",
                remedy="Revise a qué caso pertenece la cuenta antes de reintentar.",
            )
        flags = UserAccountControl(entry.number("userAccountControl") or 0)
        if not flags.is_person:
            raise _refused(doing, "no es la cuenta de una persona")
        refuse_weak(password, entry.text("sAMAccountName") or "", entry.text("displayName") or "")
        changes: dict[str, list[tuple[str, list[str | bytes]]]] = {
            "unicodePwd": _replace(_quoted(password)),
            "userAccountControl": _replace(str(int(flags.enabled))),
            "pwdLastSet": _replace("0"),
        }
        if entry.number("lockoutTime"):
            changes["lockoutTime"] = _replace("0")
        answer = self._connection.modify(entry.dn, changes, doing=doing)
        if not answer.succeeded:
            raise _not_found(answer, "la cuenta ya no existe") or error_of(answer, doing)
        self._stop_point("directory.password.issued")

    def check(self) -> tuple[str, ...]:
        """See the port. Reads only; looks at the OUs and groups that the settings name, and at the server's clock."""
        try:
            return problems_of(self._settings, self._connection, self._protection, self._clock())
        except TargetError as error:
            return (str(error),)

    def close(self) -> None:
        """See the port."""
        self._connection.close()

    @property
    def _attributes(self) -> tuple[str, ...]:
        return (*_ACCOUNT, self._marker)

    def _entry_of_case(self, case: CaseNumber) -> Entry | None:
        if not case:
            return None
        where = f"(&{_PERSON}({self._marker}={escape_filter_chars(case)}))"
        found = self._connection.search(self._protection.root, where, self._attributes)
        found = tuple(entry for entry in found if entry.text(self._marker) == case)
        return self._only(found, f"llevan la marca del caso {case}")

    def _entry_of_mail(self, mail: str) -> Entry | None:
        if not mail.strip():
            return None
        text = escape_filter_chars(mail.strip())
        where = f"(&{_PERSON}(|(mail={text})(userPrincipalName={text})))"
        found = self._connection.search(self._protection.root, where, self._attributes)
        return self._only(found, f"tienen el correo {mail.strip()[:80]}")

    def _entry_of_id(self, id: AccountId) -> Entry:
        value = guid_filter_value(id)
        found = self._connection.search(self._base, f"(objectGUID={value})", self._attributes) if value else ()
        if not found:
            raise NotFound(
                Target.DIRECTORY,
                f"La cuenta {id} no está en la base «{self._base}»: no existe o está fuera de lo que el programa puede tocar.",
                remedy="Revise la cuenta en el Directorio Activo.",
            )
        return found[0]

    def _only(self, found: tuple[Entry, ...], what: str) -> Entry | None:
        if len(found) > 1:
            logins = ", ".join(sorted(entry.text("sAMAccountName") or "" for entry in found)[:5])
            raise Rejected(
                Target.DIRECTORY,
                f"Varias cuentas {what}: {logins}.",
                remedy="Corrija el dato en el Directorio Activo para que sea de una sola cuenta y reintente.",
            )
        return found[0] if found else None

    def _manager(self, mail: str) -> str:
        entry = self._entry_of_mail(mail)
        if entry is None:
            raise NotFound(
                Target.DIRECTORY,
                f"Nadie tiene el correo {mail[:80]} en el Directorio Activo: no se puede registrar como jefe o supervisor.",
                remedy="Corrija el correo del supervisor o del responsable en la solicitud.",
            )
        return entry.dn

    def _group(self, relative_dn: str) -> str:
        """The group's whole DN. Raises NotFound, or Rejected for a protected group. Remembered for the run."""
        if relative_dn in self._safe_groups:
            return self._safe_groups[relative_dn]
        dn = f"{relative_dn},{self._base}"
        entry = self._connection.read(dn, ("adminCount", "objectSid", "primaryGroupID"), where="(objectClass=group)")
        if entry is None:
            raise NotFound(
                Target.DIRECTORY,
                f"El grupo «{dn}» no existe en el Directorio Activo.",
                remedy="Créelo o corrija la política de la institución, y reintente.",
            )
        if self._protection.protects(entry):
            raise _refused(f"agregar miembros a «{dn}»", "es un grupo protegido del dominio")
        self._safe_groups[relative_dn] = entry.dn
        return entry.dn

    def _add(self, account: NewAccount, manager_dn: str | None, doing: str) -> Entry:
        """One add: disabled, marked, with every attribute; a namesake in the OU gets the login after the name."""
        self._refuse_taken(account)
        password = random_password()
        attributes: dict[str, str | bytes | list[str]] = {
            "objectClass": ["top", "person", "organizationalPerson", "user"],
            "sAMAccountName": account.login,
            "userPrincipalName": account.user_principal_name,
            "mail": account.mail,
            "displayName": account.display_name,
            "userAccountControl": str(int(UserAccountControl.NORMAL_ACCOUNT | UserAccountControl.ACCOUNT_DISABLED)),
            "unicodePwd": _quoted(password),
            "pwdLastSet": "0",
            "accountExpires": str(file_time(account.expires_at) if account.expires_at else NEVER),
            self._marker: str(account.case),
        }
        attributes |= {name: text for name, field in _OPTIONAL if (text := getattr(account, field))}
        if manager_dn:
            attributes["manager"] = manager_dn
        for qualified in (False, True):
            dn = f"CN={escape_rdn(common_name(account, qualified=qualified))},{account.ou},{self._base}"
            answer = self._connection.add(dn, attributes, doing=doing)
            if answer.succeeded:
                self._stop_point("directory.account.added")
                break
            twin = self._entry_of_case(account.case)
            if twin is not None:
                return twin  # another process, or an answer that was lost
            self._refuse_taken(account)
            if meaning(answer) is not Meaning.TAKEN:
                raise _not_found(answer, f"no existe la unidad organizativa «{account.ou}»") or error_of(answer, doing)
        else:
            raise _taken(account.login, "otro objeto del dominio tiene ese nombre")
        entry = self._connection.read(dn, self._attributes)
        if entry is None:
            raise Misconfigured(
                Target.DIRECTORY,
                f"La cuenta de servicio no puede leer la cuenta {account.login} que acaba de crear.",
                remedy="Dele permiso de lectura en la unidad organizativa.",
            )
        return entry

    def _complete(self, entry: Entry, manager_dn: str | None, groups: list[str]) -> Account:
        """Manager and groups, where they are missing: nothing is sent for what is there."""
        login = entry.text("sAMAccountName") or ""
        doing = f"completar la cuenta {login}"
        self._refuse_untouchable(entry, doing)
        written = False
        if manager_dn and not entry.text("manager"):
            answer = self._connection.modify(entry.dn, {"manager": _replace(manager_dn)}, doing=doing)
            if not answer.succeeded:
                raise error_of(answer, doing)
            written = True
            self._stop_point("directory.manager.set")
        present = entry.texts("memberOf")
        for group in groups:
            if any(same_dn(group, other) for other in present):
                continue
            doing = f"agregar la cuenta {login} al grupo «{group}»"
            answer = self._connection.modify(group, {"member": [(ldap3.MODIFY_ADD, [entry.dn])]}, doing=doing)
            if not answer.succeeded and answer.code not in (ENTRY_ALREADY_EXISTS, ATTRIBUTE_OR_VALUE_EXISTS):
                raise _not_found(answer, f"el grupo «{group}» ya no existe") or error_of(answer, doing)
            written = True
            self._stop_point("directory.group.added")
        return self._account(self._entry_of_id(_id(entry)) if written else entry, protected=False)

    def _refuse_taken(self, account: NewAccount) -> None:
        login, principal = escape_filter_chars(account.login), escape_filter_chars(account.user_principal_name)
        where = f"(|(sAMAccountName={login})(userPrincipalName={principal}))"
        found = self._connection.search(self._protection.root, where, ["sAMAccountName", self._marker], at_most=2)
        if any(entry.text(self._marker) != account.case for entry in found):
            raise _taken(account.login, "otra cuenta del dominio lo tiene")
        if folded(account.login) in self._names.accented:
            raise _taken(account.login, "otra cuenta lo tiene con tildes")

    def _refuse_another_person(self, entry: Entry, account: NewAccount) -> None:
        """A marker alone is not enough: after a restored backup a case number may have been given twice."""
        login, document = entry.text("sAMAccountName") or "", entry.text("employeeID")
        if login.casefold() == account.login.casefold() and (document or None) == (account.employee_id or None):
            return
        raise Rejected(
            Target.DIRECTORY,
            f"El caso {account.case} ya tiene la cuenta {login}, que no es la que se pide crear ({account.login[:40]}).",
            remedy="Revise a quién pertenece esa cuenta; no se creó ni se cambió ninguna.",
        )

    def _refuse_untouchable(self, entry: Entry, doing: str) -> None:
        if not inside(entry.dn, self._base):
            raise _refused(doing, "está fuera de la base configurada")
        if self._protection.is_service_account(entry):
            raise _refused(doing, "es la cuenta de servicio del propio programa")
        if self._protection.protects(entry):
            raise _refused(doing, "es una cuenta protegida del dominio")

    def _account(self, entry: Entry, protected: bool | None = None) -> Account:
        ticks = entry.number("pwdLastSet") or 0
        case = entry.text(self._marker)
        flags = UserAccountControl(entry.number("userAccountControl") or 0)
        return Account(
            id=_id(entry),
            login=entry.text("sAMAccountName") or "",
            user_principal_name=entry.text("userPrincipalName") or "",
            mail=entry.text("mail") or "",
            display_name=entry.text("displayName") or "",
            dn=entry.dn,
            enabled=not flags & UserAccountControl.ACCOUNT_DISABLED,
            case=CaseNumber(case) if case else None,
            employee_id=entry.text("employeeID"),
            manager_dn=entry.text("manager"),
            expires_at=from_file_time(entry.number("accountExpires") or 0),
            group_dns=entry.texts("memberOf"),
            must_change_password=ticks == 0,
            password_set_at=from_file_time(ticks),
            protected=self._protection.protects(entry) if protected is None else protected,
        )


_ACCOUNT = (
    "objectGUID", "objectSid", "sAMAccountName", "userPrincipalName", "mail", "displayName", "userAccountControl",
    "employeeID", "manager", "accountExpires", "memberOf", "pwdLastSet", "lockoutTime", "adminCount", "primaryGroupID",
)  # fmt: skip


def _id(entry: Entry) -> AccountId:
    binary = entry.binary("objectGUID")
    if binary is None:
        raise Misconfigured(
            Target.DIRECTORY,
            "La cuenta de servicio no puede leer el identificador (objectGUID) de las cuentas.",
            remedy="Dele permiso de lectura sobre las cuentas de la base.",
        )
    return account_id(binary)


def _replace(value: str | bytes) -> list[tuple[str, list[str | bytes]]]:
    return [(ldap3.MODIFY_REPLACE, [value])]


def _quoted(password: Password) -> bytes:
    """As unicodePwd takes it (MS-ADTS 3.1.1.3.1.5.1): in quotation marks, UTF-16LE."""
    return f'"{password.reveal}"'.encode("utf-16-le")


def _not_found(answer: Answer, what: str) -> NotFound | None:
    if meaning(answer) is not Meaning.PARENT_MISSING:
        return None
    return NotFound(
        Target.DIRECTORY,
        f"En el Directorio Activo {what} ({answer}).",
        remedy="Créela o corrija la política de la institución, y reintente.",
    )


def _taken(login: str, why: str) -> AlreadyExists:
    return AlreadyExists(
        Target.DIRECTORY,
        f"El nombre de usuario {login} ya está en uso: {why}.",
        remedy="Reintente: se escoge otro nombre.",
    )


def _refused(doing: str, why: str) -> Rejected:
    return Rejected(
        Target.DIRECTORY,
        f"El programa se niega a {doing}: {why}.",
        remedy="Si el cambio es correcto, lo debe hacer el administrador del dominio.",
    )
