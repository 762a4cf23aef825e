"""Which accounts and groups nobody but a domain administrator may touch, and who the program itself is in the directory."""

from collections.abc import Iterable

from ldap3.core.exceptions import LDAPInvalidDnError
from ldap3.utils.conv import escape_filter_chars
from ldap3.utils.dn import parse_dn

from config.errors import Misconfigured, Target
from provision.directory.ad_attributes import Entry, sid_text
from provision.directory.ad_connection import ActiveDirectorySettings, DirectoryConnection

_IN_CHAIN = "1.2.840.113556.1.4.1941"
"""LDAP_MATCHING_RULE_IN_CHAIN: membership at any depth."""
_PROTECTED_RIDS = frozenset({500, 502})
"""Administrator and krbtgt, whatever they are called."""


def same_dn(one: str, other: str) -> bool:
    """Whether two DNs name one object: capitals, spaces around separators and forms of escaping do not matter."""
    return normal_dn(one) == normal_dn(other)


def normal_dn(dn: str) -> tuple[tuple[str, str], ...]:
    """A DN as comparable parts; text that is no DN is one part, equal only to itself."""
    try:
        parts = parse_dn(dn, escape=True, strip=True)
    except LDAPInvalidDnError:
        return (("", dn.casefold()),)
    return tuple((name.casefold(), _unescaped(value).casefold()) for name, value, _ in parts)


def inside(dn: str, base: str) -> bool:
    """Whether the object lies beneath the base."""
    inner, outer = normal_dn(dn), normal_dn(base)
    return len(inner) > len(outer) and inner[-len(outer) :] == outer


def name_and_parent(dn: str) -> tuple[str, str]:
    """The first value of a DN, unescaped, and the DN of what holds the object, escaped as it was."""
    start = position = dn.index("=") + 1
    while position < len(dn) and dn[position] != ",":
        position += 2 if dn[position] == "\\" else 1
    return _unescaped(dn[start:position]), dn[position + 1 :].lstrip()


def _unescaped(value: str) -> str:
    """`\\,` and `\\2C` are both a comma."""
    result = bytearray()
    position = 0
    while position < len(value):
        character = value[position]
        pair = value[position + 1 : position + 3]
        if character == "\\" and len(pair) == 2 and all(digit in "0123456789abcdefABCDEF" for digit in pair):
            result.append(int(pair, 16))
            position += 3
        elif character == "\\" and pair:
            result += pair[0].encode()
            position += 2
        else:
            result += character.encode("utf-8", "surrogatepass")
            position += 1
    return result.decode("utf-8", "replace")


class Protection:
    """Answers for one run; the protected groups are looked up once, by SID, because their names differ by language."""

    def __init__(self, settings: ActiveDirectorySettings, connection: DirectoryConnection) -> None:
        self._settings = settings
        self._connection = connection
        self._facts: Entry | None = None
        self._group_dns: tuple[str, ...] | None = None
        self._normal_group_dns: frozenset[tuple[tuple[str, str], ...]] = frozenset()

    @property
    def root(self) -> str:
        """DN of the domain's root, from the server itself. Raises Misconfigured when it does not say."""
        root = self._server.text("defaultNamingContext")
        if not root:
            raise Misconfigured(
                Target.DIRECTORY,
                f"El servidor {self._settings.url} no es un controlador de dominio: no dice cuál es su dominio.",
                remedy="Revise la dirección del Directorio Activo en la configuración.",
            )
        return root

    @property
    def schema(self) -> str:
        """DN of the domain's schema; empty when the server does not say."""
        return self._server.text("schemaNamingContext") or ""

    @property
    def server_is_samba(self) -> bool:
        """Samba says who made it, Microsoft's servers do not."""
        return "samba" in (self._server.text("vendorName") or "").casefold()

    @property
    def _server(self) -> Entry:
        """What the server says of itself, asked once."""
        if self._facts is None:
            self._facts = self._connection.read("", ("defaultNamingContext", "schemaNamingContext", "vendorName"))
        return self._facts or Entry("", {})

    def protects(self, entry: Entry) -> bool:
        """Whether an account or group is protected: adminCount=1, a built-in administrator, or a protected group's member.

        Needs `adminCount`, `objectSid` and `primaryGroupID` among the entry's attributes; one read. The primary group counts:
        it is in nobody's memberOf. What hides its SID from the service account counts as protected.
        """
        sid = entry.binary("objectSid")
        if sid is None:
            return True
        groups = self.group_dns
        if self._protects_by_itself(entry, sid) or normal_dn(entry.dn) in self._normal_group_dns:
            return True
        chain = "".join(f"(memberOf:{_IN_CHAIN}:={escape_filter_chars(group)})" for group in groups)
        return bool(chain) and self._connection.read(entry.dn, ["cn"], where=f"(|{chain})") is not None

    def _protects_by_itself(self, entry: Entry, sid: bytes) -> bool:
        """What the entry says without a look at who is in which group."""
        rid = int(sid_text(sid).rpartition("-")[2])
        named = {int(group) for group in self._settings.protected_groups if group.isdigit()}
        return entry.number("adminCount") == 1 or rid in _PROTECTED_RIDS | named or entry.number("primaryGroupID") in named

    def among(self, entries: Iterable[Entry]) -> frozenset[str]:
        """DNs of these accounts that are protected: what `protects` says of each, with a few searches for all of them.

        Needs `memberOf` among the attributes too.
        """
        groups = self._nested_group_dns
        found = set()
        for entry in entries:
            sid = entry.binary("objectSid")
            joined = groups.intersection(map(str.casefold, entry.texts("memberOf")))
            if sid is None or joined or self._protects_by_itself(entry, sid):
                found.add(entry.dn)
        return frozenset(found)

    @property
    def _nested_group_dns(self) -> frozenset[str]:
        """The protected groups and those in them at any depth, folded; asked level by level, each group once."""
        level = self.group_dns
        found = {group.casefold() for group in level}
        while level:
            terms = "".join(f"(memberOf={escape_filter_chars(group)})" for group in level)
            inner = self._connection.search(self.root, f"(&(objectClass=group)(|{terms}))", ["cn"])
            level = tuple(entry.dn for entry in inner if entry.dn.casefold() not in found)
            found.update(map(str.casefold, level))
        return frozenset(found)

    def is_service_account(self, entry: Entry) -> bool:
        """Whether this is the account as which the program itself acts, however the settings write it. When in doubt, yes."""
        user = self._settings.user.casefold()
        name = user.rpartition("\\")[2].partition("@")[0]
        principal = (entry.text("userPrincipalName") or "").casefold()
        login = (entry.text("sAMAccountName") or "").casefold()
        return user == principal or name == login or ("=" in user and same_dn(user, entry.dn))

    @property
    def group_dns(self) -> tuple[str, ...]:
        """DNs of the protected groups that exist in this domain. Raises Misconfigured when none is found."""
        if self._group_dns is None:
            self._group_dns = self._resolve(self._settings.protected_groups)
            self._normal_group_dns = frozenset(map(normal_dn, self._group_dns))
        return self._group_dns

    def _resolve(self, groups: Iterable[str]) -> tuple[str, ...]:
        wanted = tuple(groups)
        domain = self._connection.read(self.root, ["objectSid"])
        sid = domain.binary("objectSid") if domain else None
        if sid is None:
            raise Misconfigured(
                Target.DIRECTORY,
                "La cuenta de servicio no puede leer el identificador (SID) del dominio.",
                remedy="Dele permiso de lectura sobre la raíz del dominio.",
            )
        terms = []
        for group in wanted:
            full = f"{sid_text(sid)}-{group}" if group.isdigit() else group
            attribute = "objectSid" if full.upper().startswith("S-1-") else "distinguishedName"
            terms.append(f"({attribute}={escape_filter_chars(full)})")
        found = self._connection.search(self.root, f"(&(objectClass=group)(|{''.join(terms)}))", ["cn"]) if terms else ()
        if wanted and not found:
            raise Misconfigured(
                Target.DIRECTORY,
                "No se encontró ninguno de los grupos protegidos en el dominio.",
                remedy="Revise protected_groups en la configuración y que la cuenta de servicio pueda leer los grupos.",
            )
        return tuple(entry.dn for entry in found)
