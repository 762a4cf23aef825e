"""A contractor in a real domain, whose installation is killed at a named stop point and then runs on."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import ldap3
from sqlalchemy import insert

from config.clock import SimulatedClock
from config.dates import local_date
from config.stop_point import let_go
from intake.forms.port import Field
from notify.desk.port import TicketStatus
from provision.journal import schema as s
from tests.crash.acting import SEATS, UPME
from tests.crash.afterwards import OWN_PASSWORD, access_mails, mails_sent, newest_password
from tests.crash.killing import die, forked, was_killed
from tests.crash.office import TEN_MINUTES, Office
from tests.secrecy import files_with
from tests.servers.samba import DomainController
from tests.world import CONTRACTOR

OU, OTHER_OU, COMPUTERS = "OU=Contratistas,OU=OGI,OU=Usuarios", "OU=Contratistas,OU=SEE,OU=Usuarios", "OU=Equipos"
GROUPS = frozenset({"GG_Todos_UPME", "GG_Contratistas", "GG_OGI"})
OTHER_GROUPS = frozenset({"GG_Todos_UPME", "GG_Contratistas", "GG_SEE"})
MUST_CHANGE, WRONG = "773", "52e"
"""Why a controller refuses a logon: the password is right and has to be changed first; it is not right."""


@dataclass(frozen=True, slots=True)
class Entry:
    """An account as the domain has it."""

    enabled: bool
    ou: str
    groups: frozenset[str]
    manager: str
    must_change: bool


def furnish(domain: DomainController) -> None:
    """UPME's OUs and groups, and the two supervisors. Idempotent."""
    groups = tuple(f"CN={group},OU=Grupos" for group in GROUPS | OTHER_GROUPS)
    domain.prepare(ous=(OU, OTHER_OU, COMPUTERS), groups=groups)
    with domain.administrator() as admin:
        add: Callable[..., object] = admin.add  # ldap3's stubs leave it untyped
        for name, login in (("Jefe OGI", "jefe.ogi"), ("Supervisor SEE", "supervisor.see")):
            add(f"CN={name},{OU},{domain.base_dn}", "user", {"sAMAccountName": login, "mail": f"{login}@{UPME.domain}"})
            assert admin.result["result"] in (0, 68), admin.result


@dataclass
class Member:
    """One contractor, who works with a password of his own: the installation that made his account, and the domain."""

    world: Office
    domain: DomainController
    login: str

    @classmethod
    def joins(cls, folder: Path, domain: DomainController, number: int) -> "Member":
        """His person and his case numbers are of this test alone: the domain serves all of them."""
        folder.mkdir()
        (folder / "clave").write_text(domain.service_password, encoding="utf-8")
        (folder / "clave").chmod(0o600)
        # The controller lives in real time, and so does the contract: a logon after its end would be refused.
        world = Office(
            folder,
            SimulatedClock(datetime.now(UTC)),
            seats=SEATS,
            matrix=UPME.matrix,
            sections={
                "directory": {
                    "kind": "active_directory",
                    "url": domain.url,
                    "base_dn": domain.base_dn,
                    "user": domain.service_user,
                    "password_file": "clave",
                    "ca_file": str(domain.ca_file),
                },
                "cloud": {"kind": "embedded", "path": "nube.db", "seats": SEATS, "sync_minutes": 0, "mailbox_minutes": 0},
            },
        )
        member = cls(world, domain, "")
        installation = world.installation()
        with installation.journal.transaction() as connection:
            year = local_date(world.clock(), world.policy.zone).year
            connection.execute(insert(s.case_counter).values(year=year, last=number))
        installation.close()
        name = "".join("bcdfghjklm"[int(digit)] + "a" for digit in f"{number:04d}").title()
        made = {**CONTRACTOR, Field.SURNAMES: name, Field.DOCUMENT_NUMBER: f"{60_000_000 + number}"}
        world.submit({**made, Field.CONTRACT_START: member.day(), Field.CONTRACT_END: member.day(300)}, UPME.head)
        world.live_on()
        member.login = world.cases()[0].request.facts.login or ""
        member.signs_in(member.login)
        return member

    def day(self, later: int = 0) -> str:
        """Today, or so many days later, as people write it."""
        return f"{local_date(self.world.clock(), self.world.policy.zone) + timedelta(days=later):%d/%m/%Y}"

    def asks(self, kind: str, **more: str) -> None:
        """The head fills in the form about him."""
        account = {Field.ACCOUNT_TYPE: "Contratista", Field.ACCOUNT: f"{self.login}@{UPME.domain}", Field.UNIT: UPME.unit}
        self.world.submit({Field.REQUEST_TYPE: kind, **account}, UPME.head, **more)

    def dies_at(self, name: str) -> None:
        """Scheduled runs until one is killed there; then others, until nothing is due."""

        def stop(passed: str) -> None:
            if passed == name:
                die()

        for _ in range(10):
            self.world.stop_point = stop
            complaint = self.world.folder / "queja"
            killed = was_killed(forked(self.world.run_well, complaint))
            assert not complaint.exists(), complaint.read_text()
            self.world.stop_point = let_go
            self.world.clock.advance(TEN_MINUTES)
            if killed:
                self.world.live_on()
                return
        raise AssertionError(f"no run passed {name}: {[shown.request.reason for shown in self.world.cases()]}")

    def newest_case(self) -> str:
        """The number of the case that was opened last."""
        return self.world.cases()[-1].request.case

    def signs_in(self, login: str) -> None:
        """With the password that was mailed last, choosing one of his own."""
        with self.domain.administrator() as admin:
            values = [f'"{text}"'.encode("utf-16-le") for text in (newest_password(self.world, login), OWN_PASSWORD)]
            change = [(ldap3.MODIFY_DELETE, values[:1]), (ldap3.MODIFY_ADD, values[1:])]
            modify: Callable[..., bool] = admin.modify
            assert modify(self._dn(admin, login), {"unicodePwd": change}), admin.result

    def has_computer(self, name: str) -> None:
        """A computer in his charge, with two objects below it."""
        with self.domain.administrator() as admin:
            add: Callable[..., bool] = admin.add
            dn = f"CN={name},{COMPUTERS},{self.domain.base_dn}"
            attributes = {"sAMAccountName": f"{name}$", "userAccountControl": "4096", "managedBy": self._dn(admin, self.login)}
            assert add(dn, "computer", attributes), admin.result
            for number in range(2):
                assert add(f"CN=hijo{number},{dn}", "serviceConnectionPoint", {}), admin.result

    def computer_is_there(self, name: str) -> bool:
        """Whether it is in the domain."""
        with self.domain.administrator() as admin:
            admin.search(self.domain.base_dn, f"(sAMAccountName={name}$)", attributes=["cn"])
            return bool(_entries(admin))

    def entry(self, login: str = "") -> Entry | None:
        """His account, or another one; None when it is gone."""
        wanted = ["memberOf", "manager", "userAccountControl", "pwdLastSet"]
        with self.domain.administrator() as admin:
            admin.search(self.domain.base_dn, f"(sAMAccountName={login or self.login})", attributes=wanted)
            found = _entries(admin)
        if not found:
            return None
        ((dn, values),) = found
        return Entry(
            enabled=not int(values["userAccountControl"][0]) & 2,
            ou=dn.partition(",")[2].removesuffix(f",{self.domain.base_dn}"),
            groups=frozenset(_name(group) for group in values["memberOf"]),
            manager=_name(values["manager"][0]) if values["manager"] else "",
            must_change=values["pwdLastSet"][0] == "0",
        )

    def wrong(self) -> Iterator[str]:
        """What is not as after a life that nobody interrupted, whatever was asked for."""
        for shown in self.world.cases():
            story = self.world.story(shown.request.case)
            titles = [told.title for told in story.history]
            yield from (f"told twice: {title}" for title, times in Counter(titles).items() if times > 1)
            yield from (f"open: {effect}" for effect in story.effects if effect.status not in {"SETTLED", "SUPERSEDED"})
            ticket = self.world.desk().find(shown.request.case)
            if ticket is None or ticket.status is not TicketStatus.CLOSED:
                yield f"ticket: {ticket}"
        yield from (f"{mail[:2]} went out {times} times" for mail, times in mails_sent(self.world).items() if times > 1)
        passwords = access_mails(self.world)
        for place, (login, password) in enumerate(passwords):
            if found := files_with(self.world.folder, password):
                yield f"a password lies in {found}"
            newer = login in dict(passwords[place + 1 :])
            if newer and self.domain.accepts(login, password) != WRONG:
                yield f"a password of {login} mailed earlier still works"

    def accepts_newest_password(self, login: str = "") -> str:
        """What the controller says to the password that was mailed last."""
        login = login or self.login
        return self.domain.accepts(login, newest_password(self.world, login))

    def _dn(self, admin: ldap3.Connection, login: str) -> str:
        admin.search(self.domain.base_dn, f"(sAMAccountName={login})", attributes=["cn"])
        ((dn, _),) = _entries(admin)
        return dn


def _entries(admin: ldap3.Connection) -> list[tuple[str, dict[str, list[str]]]]:
    found = [entry for entry in admin.response or [] if entry["type"] == "searchResEntry"]
    return [(str(entry["dn"]), entry["attributes"]) for entry in found]


def _name(dn: str) -> str:
    return dn.partition(",")[0].partition("=")[2]
