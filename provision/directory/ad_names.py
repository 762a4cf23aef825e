"""Which logins a domain has taken, in whatever way: as a login, a UPN, a mail or an alias; by the living and the deleted."""

from collections.abc import Iterable

from ldap3.utils.conv import escape_filter_chars

from provision.directory.account_rules import folded
from provision.directory.ad_attributes import Entry
from provision.directory.ad_connection import SHOW_DELETED, DirectoryConnection
from provision.directory.ad_protection import Protection

_ACCENTED = "áéíóúüñ"
"""The letters of Spanish that Microsoft's comparison takes for plain ones; Samba's does not."""
_NAMING = ("objectGUID", "sAMAccountName", "userPrincipalName", "mail", "proxyAddresses")


class TakenNames:
    """Answers for one run.

    Microsoft's servers compare without accents, so `pena` finds `peña`. Samba's do not: there the logins with accents are
    looked for once a run, in the whole domain, and compared here.
    """

    def __init__(self, connection: DirectoryConnection, protection: Protection, domains: tuple[str, ...]) -> None:
        self._domains = domains
        self._connection = connection
        self._protection = protection
        self._accented: frozenset[str] | None = None

    def among(self, names: Iterable[str]) -> frozenset[str]:
        """Which of these names are taken. One search, of the domain and of its deleted objects.

        What precedes @ is a name in the settings' `mail_domains`, or in any domain when they name none. Accounts that the
        service account may not read are not seen: `check` says when the deleted ones are such.
        """
        asked = {name: folded(name) for name in names if name}
        if not asked:
            return frozenset()
        taken = self._search("".join(map(self._naming, sorted({*asked, *asked.values()})))) | self.accented
        return frozenset(name for name, plain in asked.items() if plain in taken)

    def others_have(self, address: str, own: bytes) -> bool:
        """Whether this address, or the name before its @, is of anybody but the object of this GUID; the deleted count."""
        name = address.rpartition("@")[0]
        terms = [self._naming(name), self._naming(folded(name))]
        exact = escape_filter_chars(address)
        terms.append(f"(userPrincipalName={exact})(mail={exact})(proxyAddresses=smtp:{exact})")
        if any(entry.binary("objectGUID") != own for entry in self._entries("".join(terms))):
            return True
        if folded(name) not in self.accented:
            return False
        alike = self._entries("".join(f"(sAMAccountName=*{letter}*)" for letter in _ACCENTED))
        return any(entry.binary("objectGUID") != own and folded(name) in self._names_of(entry) for entry in alike)

    @property
    def accented(self) -> frozenset[str]:
        """Logins with accents, without them, where the server takes the two for different names; else none."""
        if self._accented is None:
            self._accented = frozenset()
            if self._protection.server_is_samba:
                self._accented = self._search("".join(f"(sAMAccountName=*{letter}*)" for letter in _ACCENTED))
        return self._accented

    def _naming(self, name: str) -> str:
        """The terms of a search for who has this name."""
        login = escape_filter_chars(name)
        terms = [f"(sAMAccountName={login})"]
        for domain in map(escape_filter_chars, self._domains) if self._domains else ("*",):
            address = f"{login}@{domain}"
            terms.append(f"(userPrincipalName={address})(mail={address})(proxyAddresses=smtp:{address})")
        return "".join(terms)

    def _search(self, terms: str) -> frozenset[str]:
        return frozenset(name for entry in self._entries(terms) for name in self._names_of(entry))

    def _entries(self, terms: str) -> tuple[Entry, ...]:
        return self._connection.search(self._protection.root, f"(|{terms})", _NAMING, controls=[SHOW_DELETED])

    def _names_of(self, entry: Entry) -> Iterable[str]:
        """Every name of an account as Active Directory compares it, without domains and address types (`smtp:`)."""
        for login in entry.texts("sAMAccountName"):
            yield folded(login)
        domains = {domain.casefold() for domain in self._domains}
        for attribute in ("userPrincipalName", "mail", "proxyAddresses"):
            for text in entry.texts(attribute):
                name, _, domain = text.rpartition(":")[2].rpartition("@")
                if name and (not domains or domain.casefold() in domains):
                    yield folded(name)
