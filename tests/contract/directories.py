"""The two directories that the contract suite holds to one behaviour, each with the means to arrange and to look."""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol

import ldap3
from ldap3.utils.dn import escape_rdn

from config.vocabulary import CaseNumber
from provision.directory.active_directory import ActiveDirectory, ActiveDirectorySettings
from provision.directory.embedded import EmbeddedDirectory, SeededAccount, seed
from provision.directory.port import Directory, NewAccount
from tests.servers.samba import DomainController


def go_on(point: str) -> None:
    """Stop nowhere."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who is in the directory before the program comes. `ou` is relative to the base."""

    login: str
    display_name: str
    ou: str
    mail: str
    employee_id: str | None = None
    case: CaseNumber | None = None
    enabled: bool = True
    deleted: bool = False
    aliases: tuple[str, ...] = ()
    groups: tuple[str, ...] = ()


class World(Protocol):
    """One directory under test, with an OU and groups for this test alone."""

    base_dn: str
    domain: str
    ou: str
    groups: tuple[str, str]
    protected_group: str

    def directory(
        self, writable: bool = True, stop_point: Callable[[str], None] = go_on, base_dn: str | None = None
    ) -> Directory:
        """A directory of its own connection; the caller closes it."""
        ...

    def add(self, person: Person) -> None:
        """Have this person in the directory, as its administrator would."""
        ...

    def logs_on(self, login: str, password: str) -> bool:
        """Whether the user gets in."""
        ...

    def change_password(self, login: str, old: str, new: str) -> None:
        """As the user, who knows the old password; an error when it is wrong."""
        ...


def unique(prefix: str) -> str:
    """A login nobody has: the prefix and 6 characters of its own."""
    return f"{prefix}{uuid.uuid4().hex[:6]}"


def new_case() -> CaseNumber:
    """A case number nobody has."""
    return CaseNumber(f"GU-2026-{uuid.uuid4().int % 10**12:012}")


def an_account(world: World, login: str = "", **changes: Any) -> NewAccount:
    """A contractor's account in the test's OU and groups, with some values changed."""
    login = login or unique("ana.diaz")
    account = NewAccount(
        case=new_case(),
        login=login,
        user_principal_name=f"{login}@{world.domain}",
        mail=f"{login}@{world.domain}",
        given_name="Ana María",
        surname="Díaz Ñáñez",
        display_name=f"Ana María Díaz Ñáñez {login[-6:]}",
        ou=world.ou,
        groups=world.groups,
        employee_id=f"00{uuid.uuid4().int % 10**10:010}",
        manager_mail=None,
        expires_at=datetime(2026, 12, 31, 5, 0, tzinfo=UTC),
        title="Contratista",
        department="Energía Eléctrica",
        company="Entidad de prueba",
        mobile="3001234567",
    )
    return replace(account, **changes)


class EmbeddedWorld:
    """The embedded directory in a file."""

    def __init__(self, folder: Path) -> None:
        self.base_dn = "DC=gestion,DC=test"
        self.domain = "gestion.test"
        self.ou = "OU=prueba,OU=Usuarios"
        self.groups = ("CN=todos,OU=Grupos", "CN=contratistas,OU=Grupos")
        self.protected_group = "CN=Domain Admins,CN=Users"
        self._path = folder / "directory.db"
        self._seed(())

    def _seed(self, accounts: tuple[SeededAccount, ...]) -> None:
        seed(
            self._path,
            base_dn=self.base_dn,
            ous=(self.ou, "OU=Ajena"),
            groups=self.groups,
            accounts=accounts,
            protected_groups=(self.protected_group,),
        )

    def directory(
        self, writable: bool = True, stop_point: Callable[[str], None] = go_on, base_dn: str | None = None
    ) -> EmbeddedDirectory:
        """A directory of its own connection."""
        return EmbeddedDirectory(
            self._path, base_dn or self.base_dn, writable=writable, clock=_before_expiry, stop_point=stop_point
        )

    def add(self, person: Person) -> None:
        """Seed the person."""
        self._seed(
            (
                SeededAccount(
                    login=person.login,
                    display_name=person.display_name,
                    mail=person.mail,
                    ou=person.ou,
                    employee_id=person.employee_id,
                    case=person.case,
                    enabled=person.enabled,
                    deleted=person.deleted,
                    aliases=person.aliases,
                    groups=person.groups,
                ),
            )
        )

    def logs_on(self, login: str, password: str) -> bool:
        """As the user."""
        directory = self.directory()
        try:
            return directory.authenticate(login, password)
        finally:
            directory.close()

    def change_password(self, login: str, old: str, new: str) -> None:
        """As the user."""
        directory = self.directory()
        try:
            directory.change_password(login, old, new)
        finally:
            directory.close()


def _before_expiry() -> datetime:
    return datetime(2026, 11, 1, tzinfo=UTC)


class SambaWorld:
    """A real domain controller, as the least-privilege service account."""

    def __init__(self, samba: DomainController) -> None:
        name = uuid.uuid4().hex[:10]
        self.samba = samba
        self.base_dn = samba.base_dn
        self.domain = samba.upn_suffix
        self.ou = f"OU=prueba-{name},OU=Usuarios"
        self.groups = (f"CN=todos-{name},OU=Grupos", f"CN=contratistas-{name},OU=Grupos")
        self.protected_group = "CN=Domain Admins,CN=Users"
        samba.prepare(ous=(self.ou,), groups=self.groups)

    def directory(
        self, writable: bool = True, stop_point: Callable[[str], None] = go_on, base_dn: str | None = None
    ) -> ActiveDirectory:
        """A directory of its own connection."""
        settings = ActiveDirectorySettings(
            url=self.samba.url,
            base_dn=base_dn or self.base_dn,
            user=self.samba.service_user,
            password=self.samba.service_password,
            ca_file=self.samba.ca_file,
        )
        return ActiveDirectory(settings, writable=writable, stop_point=stop_point)

    def add(self, person: Person) -> None:
        """Add the person as the domain's administrator."""
        dn = f"CN={escape_rdn(person.display_name)},{person.ou},{self.base_dn}"
        attributes: dict[str, object] = {
            "sAMAccountName": person.login,
            "userPrincipalName": person.mail,
            "mail": person.mail,
            "displayName": person.display_name,
            "unicodePwd": f'"{uuid.uuid4()}-Aa1"'.encode("utf-16-le"),
            "userAccountControl": "512" if person.enabled else "514",
        }
        attributes |= {"employeeID": person.employee_id} if person.employee_id else {}
        attributes |= {"msDS-cloudExtensionAttribute1": str(person.case)} if person.case else {}
        attributes |= {"proxyAddresses": list(person.aliases)} if person.aliases else {}
        with self.samba.administrator() as admin:
            add: Callable[..., bool] = admin.add  # ldap3's stubs leave these untyped
            modify: Callable[..., bool] = admin.modify
            delete: Callable[..., bool] = admin.delete
            assert add(dn, ["top", "person", "organizationalPerson", "user"], attributes), admin.result
            for group in person.groups:
                assert modify(f"{group},{self.base_dn}", {"member": [(ldap3.MODIFY_ADD, [dn])]}), admin.result
            if person.deleted:
                assert delete(dn), admin.result

    def logs_on(self, login: str, password: str) -> bool:
        """As the user: a simple bind."""
        return self.samba.accepts(login, password) == ""

    def change_password(self, login: str, old: str, new: str) -> None:
        """As the user: who knows the old password may change it."""
        with self.samba.administrator() as admin:
            admin.search(self.base_dn, f"(sAMAccountName={login})", attributes=["cn"])
            assert admin.response
            values = [f'"{text}"'.encode("utf-16-le") for text in (old, new)]
            change = [(ldap3.MODIFY_DELETE, values[:1]), (ldap3.MODIFY_ADD, values[1:])]
            modify: Callable[..., bool] = admin.modify
            assert modify(admin.response[0]["dn"], {"unicodePwd": change}), admin.result
