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
from provision.directory.ad_attributes import file_time
from provision.directory.embedded import EmbeddedDirectory, SeededAccount, SeededComputer, seed
from provision.directory.port import Account, Directory, NewAccount, Password
from tests.servers.samba import DomainController


def go_on(point: str) -> None:
    """Stop nowhere."""


class Killed(BaseException):
    """The process ends here."""


def stopping_at(number: int, points: list[str]) -> Callable[[str], None]:
    """Kill at the n-th stop point (counted from 1), noting those that were passed."""

    def stop(point: str) -> None:
        points.append(point)
        if len(points) == number:
            raise Killed(point)

    return stop


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
    protected: bool = False
    """adminCount=1."""
    password: str | None = None
    given_name: str = ""
    surname: str = ""
    title: str = ""
    department: str = ""
    mobile: str = ""
    manager: str | None = None
    """Login of somebody who was added before."""
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Machine:
    """A computer that is in the domain before the program comes. `ou` is relative to the base."""

    name: str
    managed_by: str | None = None
    children: int = 0
    ou: str = "OU=Equipos"


class World(Protocol):
    """One directory under test, with an OU and groups for this test alone."""

    base_dn: str
    domain: str
    ou: str
    other_ou: str
    groups: tuple[str, str]
    protected_group: str
    foreign_group: str
    """A group that the program may not write, where the base is `OU=Usuarios`."""

    def directory(
        self, writable: bool = True, stop_point: Callable[[str], None] = go_on, base_dn: str | None = None
    ) -> Directory:
        """A directory of its own connection; the caller closes it."""
        ...

    def add(self, person: Person) -> None:
        """Have this person in the directory, as its administrator would."""
        ...

    def add_computer(self, machine: Machine) -> None:
        """Have this computer in the domain."""
        ...

    def lock(self, login: str) -> None:
        """Wrong passwords until the account is locked."""
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


def added(world: World, directory: Directory, prefix: str = "ana.diaz", **values: Any) -> Account:
    """A person who is in the test's OU with a login of their own and these values, as the directory shows them."""
    login = unique(prefix)
    values = {"display_name": f"Persona {login}", "ou": world.ou} | values
    world.add(Person(login=login, mail=f"{login}@{world.domain}", **values))
    found = directory.find_by_login(login)
    assert found is not None
    return found


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
        self.other_ou = "OU=otra,OU=Usuarios"
        self.foreign_group = "CN=ajeno,OU=Ajena"
        self._path = folder / "directory.db"
        service = SeededAccount("svc-gestion", "svc-gestion", f"svc-gestion@{self.domain}", "OU=Servicios")
        controller = SeededComputer("DC1", ou="OU=Domain Controllers", domain_controller=True)
        self._seed((service,), (controller,))

    def _seed(self, accounts: tuple[SeededAccount, ...], computers: tuple[SeededComputer, ...] = ()) -> None:
        seed(
            self._path,
            base_dn=self.base_dn,
            ous=(self.ou, self.other_ou, "OU=Ajena"),
            groups=(*self.groups, self.foreign_group),
            accounts=accounts,
            protected_groups=(self.protected_group,),
            computers=computers,
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
                    protected=person.protected,
                    password=Password(person.password) if person.password else None,
                    given_name=person.given_name,
                    surname=person.surname,
                    title=person.title,
                    department=person.department,
                    mobile=person.mobile,
                    manager=person.manager,
                    expires_at=person.expires_at,
                ),
            )
        )

    def add_computer(self, machine: Machine) -> None:
        """Seed the computer."""
        self._seed((), (SeededComputer(machine.name, machine.managed_by, machine.children, machine.ou),))

    def lock(self, login: str) -> None:
        """As somebody who guesses."""
        directory = self.directory()
        directory.lock(login)
        directory.close()

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
        self.other_ou = f"OU=otra-{name},OU=Usuarios"
        self.foreign_group = f"CN=ajeno-{name},OU=Ajena"
        samba.prepare(ous=(self.ou, self.other_ou), groups=(*self.groups, self.foreign_group))

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
            "unicodePwd": f'"{person.password or f"{uuid.uuid4()}-Aa1"}"'.encode("utf-16-le"),
            "userAccountControl": "512" if person.enabled else "514",
        }
        attributes |= {"employeeID": person.employee_id} if person.employee_id else {}
        attributes |= {"msDS-cloudExtensionAttribute1": str(person.case)} if person.case else {}
        attributes |= {"proxyAddresses": list(person.aliases)} if person.aliases else {}
        texts = {"givenName": person.given_name, "sn": person.surname, "title": person.title, "department": person.department}
        attributes |= {name: text for name, text in {**texts, "mobile": person.mobile}.items() if text}
        attributes |= {"adminCount": "1"} if person.protected else {}
        attributes |= {"accountExpires": str(file_time(person.expires_at))} if person.expires_at else {}
        attributes |= {"manager": self._dn_of(person.manager)} if person.manager else {}
        with self.samba.administrator() as admin:
            add: Callable[..., bool] = admin.add  # ldap3's stubs leave these untyped
            modify: Callable[..., bool] = admin.modify
            delete: Callable[..., bool] = admin.delete
            assert add(dn, ["top", "person", "organizationalPerson", "user"], attributes), admin.result
            for group in person.groups:
                assert modify(f"{group},{self.base_dn}", {"member": [(ldap3.MODIFY_ADD, [dn])]}), admin.result
            if person.deleted:
                assert delete(dn), admin.result

    def add_computer(self, machine: Machine) -> None:
        """Join the computer, with recovery keys' worth of children."""
        dn = f"CN={machine.name},{machine.ou},{self.base_dn}"
        attributes = {"sAMAccountName": f"{machine.name}$", "userAccountControl": "4096"}
        attributes |= {"managedBy": self._dn_of(machine.managed_by)} if machine.managed_by else {}
        with self.samba.administrator() as admin:
            add: Callable[..., bool] = admin.add  # ldap3's stubs leave it untyped
            assert add(dn, "computer", attributes), admin.result
            for number in range(machine.children):
                assert add(f"CN=hijo{number},{dn}", "serviceConnectionPoint", {}), admin.result

    def lock(self, login: str) -> None:
        """Three wrong passwords while the domain allows two; the lock outlives the rule."""
        with self.samba.administrator() as admin:
            modify: Callable[..., bool] = admin.modify  # ldap3's stubs leave it untyped
            assert modify(self.base_dn, {"lockoutThreshold": [(ldap3.MODIFY_REPLACE, ["2"])]}), admin.result
            answers = [self.samba.accepts(login, "no es esta") for _ in range(3)]
            assert modify(self.base_dn, {"lockoutThreshold": [(ldap3.MODIFY_REPLACE, ["0"])]}), admin.result
        assert answers[-1] == "775", answers

    def _dn_of(self, login: str) -> str:
        with self.samba.administrator() as admin:
            admin.search(self.base_dn, f"(sAMAccountName={login})", attributes=["cn"])
            assert admin.response
            return str(admin.response[0]["dn"])

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
