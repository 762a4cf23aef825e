"""Reading Active Directory's accounts and groups, and what the program must not touch in it."""

from collections.abc import Callable, Iterable

from ldap3.utils.conv import escape_filter_chars

from config.errors import Misconfigured, NotFound, Target
from config.vocabulary import CaseNumber
from provision.directory.account_rules import folded
from provision.directory.ad_attributes import Entry, UserAccountControl, account_id, from_file_time, guid_filter_value
from provision.directory.ad_connection import ActiveDirectorySettings, DirectoryConnection
from provision.directory.ad_errors import Answer, Meaning, meaning
from provision.directory.ad_protection import Protection, inside, normal_dn
from provision.directory.port import Account, AccountId
from provision.directory.refusals import (
    NO_PERSON,
    OUTSIDE,
    OWN_ACCOUNT,
    PROTECTED,
    no_account,
    no_group,
    no_manager,
    refused,
    several,
)

PERSON = "(objectCategory=person)(objectClass=user)"
_ACCOUNT = (
    "objectGUID", "objectSid", "objectCategory", "sAMAccountName", "userPrincipalName", "mail", "displayName", "givenName",
    "sn", "title", "department", "mobile", "userAccountControl", "employeeID", "manager", "accountExpires", "memberOf",
    "pwdLastSet", "lockoutTime", "adminCount", "primaryGroupID", "proxyAddresses",
)  # fmt: skip
_FEW = 3
"""Up to so many accounts, one look each at who protects them is cheaper than asking for all the protected ones."""


class DirectoryAccounts:
    """Searches and their answers as the port shows them; remembers for the run which groups may be changed."""

    def __init__(self, settings: ActiveDirectorySettings, connection: DirectoryConnection, protection: Protection) -> None:
        self.base = settings.base_dn
        self.marker = settings.marker_attribute
        self._connection = connection
        self._protection = protection
        self._safe_groups: dict[str, str] = {}

    @property
    def attributes(self) -> tuple[str, ...]:
        """Those that `account` reads."""
        return (*_ACCOUNT, self.marker)

    def of_case(self, case: CaseNumber) -> Entry | None:
        """Who carries the marker, anywhere in the domain. Raises Rejected when several do."""
        if not case:
            return None
        found = self._in_domain(f"({self.marker}={escape_filter_chars(case)})")
        return self._only([entry for entry in found if entry.text(self.marker) == case], f"llevan la marca del caso {case}")

    def of_mail(self, mail: str) -> Entry | None:
        """Whose mail or UPN this is, anywhere in the domain. Raises Rejected when several share it."""
        if not mail.strip():
            return None
        text = escape_filter_chars(mail.strip())
        return self._only(
            self._in_domain(f"(|(mail={text})(userPrincipalName={text}))"), f"tienen el correo {mail.strip()[:80]}"
        )

    def of_login(self, login: str) -> Entry | None:
        """Whose login this is, anywhere in the domain."""
        if not login.strip():
            return None
        text = login.strip()
        return self._only(self._in_domain(f"(sAMAccountName={escape_filter_chars(text)})"), f"tienen el usuario {text[:40]}")

    def of_id(self, id: str) -> Entry | None:
        """The object of this GUID, whatever it is, anywhere in the domain."""
        value = guid_filter_value(AccountId(id))
        if not value:
            return None
        found = self._connection.search(self._protection.root, f"(objectGUID={value})", self.attributes)
        return found[0] if found else None

    def of_dn(self, dn: str | None) -> Entry | None:
        """The object of this DN, whatever it is; None for None and for one that is gone."""
        return self._connection.read(dn, self.attributes) if dn else None

    def in_base(self, where: str) -> tuple[Account, ...]:
        """People in the base, in the order of their logins."""
        return self.all(self._connection.search(self.base, f"(&{PERSON}{where})", self.attributes))

    def in_domain(self, where: str) -> tuple[Account, ...]:
        """People in the whole domain, in the order of their logins."""
        return self.all(self._in_domain(where))

    def existing(self, id: AccountId) -> Entry:
        """The object of this id, anywhere in the domain. Raises NotFound when it is gone."""
        entry = self.of_id(id)
        if entry is None:
            raise no_account(id, self.base)
        return entry

    def touchable(self, id: AccountId, doing: Callable[[str], str]) -> Entry:
        """The account of this id, which the program may write. `doing` makes the Spanish infinitive from its login.

        Raises WriteRefused in a dry run (before anything is asked), NotFound when it is gone, Rejected when it is no person's
        or not to be touched.
        """
        self._connection.refuse_in_dry_run(doing(id))
        entry = self.existing(id)
        self.refuse_untouchable(entry, doing(login_of(entry)))
        return entry

    def refuse_untouchable(self, entry: Entry, doing: str) -> None:
        """Raise Rejected for what the program must never write."""
        if not inside(entry.dn, self.base):
            raise refused(doing, OUTSIDE)
        if not is_person(entry):
            raise refused(doing, NO_PERSON)
        if self._protection.is_service_account(entry):
            raise refused(doing, OWN_ACCOUNT)
        if self._protection.protects(entry):
            raise refused(doing, PROTECTED)

    def manager_dn(self, mail: str) -> str:
        """The DN of whose mail this is. Raises NotFound."""
        entry = self.of_mail(mail)
        if entry is None:
            raise no_manager(mail)
        return entry.dn

    def group_to_join(self, dn: str) -> str:
        """See `group`; raises NotFound when there is no such group."""
        found = self.group(dn, lambda whole: f"agregar miembros a «{whole}»")
        if found is None:
            raise no_group(self.whole_dn(dn))
        return found

    def group(self, dn: str, doing: Callable[[str], str]) -> str | None:
        """The whole DN of a group whose members the program may change; None when there is no such group.

        Raises Rejected for one outside the base or protected.
        """
        if dn in self._safe_groups:
            return self._safe_groups[dn]
        whole = self.whole_dn(dn)
        if not inside(whole, self.base):
            raise refused(doing(whole), OUTSIDE)
        entry = self._connection.read(whole, ("adminCount", "objectSid", "primaryGroupID"), where="(objectClass=group)")
        if entry is None:
            return None
        if self._protection.protects(entry):
            raise refused(doing(whole), "es un grupo protegido del dominio")
        self._safe_groups[dn] = entry.dn
        return entry.dn

    def whole_dn(self, dn: str) -> str:
        """A DN that may be relative to the base, whole: only a whole one ends in the domain's components."""
        return dn if normal_dn(dn)[-1][0] == "dc" else f"{dn},{self.base}"

    def all(self, entries: Iterable[Entry]) -> tuple[Account, ...]:
        """These as accounts, in the order of their logins; of many, the protected ones are asked for together."""
        found = sorted(entries, key=lambda entry: folded(login_of(entry)))
        if len(found) <= _FEW:
            return tuple(map(self.account, found))
        protected = self._protection.among(found)
        return tuple(self.account(entry, protected=entry.dn in protected) for entry in found)

    def account(self, entry: Entry, protected: bool | None = None) -> Account:
        """The entry as the port shows it; `protected` where that is known already."""
        ticks = entry.number("pwdLastSet") or 0
        case = entry.text(self.marker)
        return Account(
            id=id_of(entry),
            login=login_of(entry),
            user_principal_name=entry.text("userPrincipalName") or "",
            mail=entry.text("mail") or "",
            display_name=entry.text("displayName") or "",
            dn=entry.dn,
            enabled=not flags_of(entry) & UserAccountControl.ACCOUNT_DISABLED,
            case=CaseNumber(case) if case else None,
            employee_id=entry.text("employeeID"),
            manager_dn=entry.text("manager"),
            expires_at=from_file_time(entry.number("accountExpires") or 0),
            group_dns=entry.texts("memberOf"),
            must_change_password=ticks == 0,
            password_set_at=from_file_time(ticks),
            protected=self._protection.protects(entry) if protected is None else protected,
            given_name=entry.text("givenName") or "",
            surname=entry.text("sn") or "",
            title=entry.text("title") or "",
            department=entry.text("department") or "",
            mobile=entry.text("mobile") or "",
            aliases=aliases_of(entry),
            locked=bool(entry.number("lockoutTime")),
        )

    def _in_domain(self, where: str) -> tuple[Entry, ...]:
        return self._connection.search(self._protection.root, f"(&{PERSON}{where})", self.attributes)

    def _only(self, found: Iterable[Entry], what: str) -> Entry | None:
        entries = list(found)
        if len(entries) > 1:
            raise several(what, [login_of(entry) for entry in entries])
        return entries[0] if entries else None


def login_of(entry: Entry) -> str:
    """sAMAccountName."""
    return entry.text("sAMAccountName") or ""


def flags_of(entry: Entry) -> UserAccountControl:
    """userAccountControl; none for what is no account."""
    return UserAccountControl(entry.number("userAccountControl") or 0)


def is_person(entry: Entry) -> bool:
    """Whether it is a person's account: no machine, trust, managed service account, contact or group."""
    return flags_of(entry).is_person and (entry.text("objectCategory") or "").casefold().startswith("cn=person,")


def aliases_of(entry: Entry) -> tuple[str, ...]:
    """Further mail addresses, in order, the primary one not among them; addresses of other kinds (sip:, x500:) are none."""
    primary = (entry.text("mail") or "").casefold()
    found = (text.partition(":") for text in entry.texts("proxyAddresses"))
    addresses = {address.casefold(): address for kind, _, address in found if kind.casefold() == "smtp"}
    return tuple(sorted(address for plain, address in addresses.items() if plain != primary))


def id_of(entry: Entry) -> AccountId:
    """objectGUID. Raises Misconfigured when the service account may not read it."""
    binary = entry.binary("objectGUID")
    if binary is None:
        raise Misconfigured(
            Target.DIRECTORY,
            "La cuenta de servicio no puede leer el identificador (objectGUID) de las cuentas.",
            remedy="Dele permiso de lectura sobre las cuentas de la base.",
        )
    return account_id(binary)


def not_found(answer: Answer, what: str) -> NotFound | None:
    """NotFound when that is what the answer to a write says; `what` is a Spanish sentence without its beginning."""
    if meaning(answer) is not Meaning.PARENT_MISSING:
        return None
    return NotFound(
        Target.DIRECTORY,
        f"En el Directorio Activo {what} ({answer}).",
        remedy="Créela o corrija la política de la institución, y reintente.",
    )
