"""Whole creations with Microsoft Graph as the cloud: the real adapter and msal on the fake, over the embedded directory."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path

from config.clock import SimulatedClock
from config.institution import built_in_policy
from intake.wiring_accounts import policy_groups
from provision.procedure.acts import WaitingFor
from provision.procedure.model import State
from tests.contract.graph_cloud import LICENCE
from tests.runs.seen import board
from tests.secrecy import delivered, password_in
from tests.servers.certificates import Authority
from tests.servers.graph.people import OnPremises, Sku
from tests.servers.graph.server import FakeGraph
from tests.servers.graph.tenant import Tenant
from tests.servers.graph.tokens import CLIENT_ID, SECRET, TENANT
from tests.world import CONTRACTOR, MONDAY, World

GROUP = "CN=Licencias M365,OU=Grupos"
PAUSE = timedelta(minutes=35)


class GroupWorld(World):
    """The same institution, whose mailbox licence comes with a group of the directory."""

    def policy_file(self) -> str:
        """A copy of the policy with the group."""
        built_in = built_in_policy(self.institution)
        assert built_in is not None
        text = built_in.read_text(encoding="utf-8") + f'\n[licence_groups]\n{LICENCE} = "{GROUP}"\n'
        self.path("politica.toml").write_text(text, encoding="utf-8")
        return "politica.toml"


@contextmanager
def _graph(folder: Path, kind: type[World]) -> Iterator[tuple[World, FakeGraph]]:
    """An installation with `cloud = graph`, and the tenant that its directory is synchronised to."""
    clock = SimulatedClock(MONDAY)
    with FakeGraph(Authority("Autoridad de las pruebas de Graph"), Tenant(clock)) as graph:
        reach = graph.reach(folder)
        secret = folder / "secreto.txt"
        secret.write_text(SECRET + "\n")
        secret.chmod(0o600)
        microsoft = {
            "tenant": TENANT,
            "client_id": CLIENT_ID,
            "secret_file": "secreto.txt",
            "authority": reach.authority,
            "endpoint": reach.endpoint,
            "ca_file": str(reach.ca_file),
        }
        sections = {"cloud": {"kind": "graph"}, "microsoft": microsoft, "backup": {"kind": "by-hand"}}
        world = kind(folder, clock=clock, sections=sections)
        people = graph.tenant.people
        people.directory = lambda: _accounts(world)
        yield world, graph
    assert graph.violations == []


def _accounts(world: World) -> list[OnPremises]:
    """The directory as Entra Connect reads it."""
    with closing(sqlite3.connect(world.path("directorio.db"))) as directory:
        rows = directory.execute("SELECT id, login, mail, enabled FROM account WHERE deleted = 0").fetchall()
        members = directory.execute(
            "SELECT account_id, dn FROM membership JOIN user_group ON group_folded = dn_folded"
        ).fetchall()
    return [
        OnPremises(guid, login, mail, groups=tuple(dn for account, dn in members if account == guid), enabled=bool(enabled))
        for guid, login, mail, enabled in rows
    ]


def _live(world: World, graph: FakeGraph, runs: int) -> None:
    """Scheduled runs, while Entra Connect's own cycles come and go."""
    for _ in range(runs):
        assert world.run().exit_code == 0
        graph.tenant.people.begin_cycle()
        world.clock.advance(PAUSE)


def test_an_account_gets_its_seat_its_mailbox_and_then_its_access_data(tmp_path: Path) -> None:
    """Waiting first for a seat, then for the cycle, then for the mailbox; the password never goes to Graph."""
    with _graph(tmp_path, World) as (world, graph):
        people = graph.tenant.people
        people.skus.append(Sku(LICENCE, 1, elsewhere=1))
        people.skus += [Sku(name, 5) for name in ("EXCHANGESTANDARD", "SPE_F1")]
        world.submit(CONTRACTOR, "jefe.ogi@upme.gov.co")
        _live(world, graph, 2)
        (waiting,) = world.cases()
        assert (waiting.request.waiting_for, people.users and people.users[0].seats) == (WaitingFor.SEAT, [])
        people.sku(LICENCE).elsewhere = 0
        _live(world, graph, 1)
        assert world.cases()[0].request.waiting_for is WaitingFor.SYNC
        _live(world, graph, 2)
        (shown,) = world.cases()
        assert shown.request.state is State.FOLLOWED_UP
        user = people.alive("jose.munoz@upme.gov.co")
        assert (user.id, user.usage_location, len(user.seats)) == (shown.request.facts.cloud_user, "CO", 1)
        assert board(world)[shown.request.case]["Estado"] == "Atendida, en seguimiento"
        access = [mail for mail in delivered(world.path("correo")) if password_in(mail) is not None]
        assert len(access) == 1
        ready = graph.calls_of("GET", f"/users/{user.id}/mailFolders/inbox")
        assert len(ready) >= 2
        assert len(graph.calls_of("POST", ".*/assignLicense")) == 1


def test_a_licence_may_come_with_a_group_of_the_directory(tmp_path: Path) -> None:
    """The account joins the group, the next cycle brings the licence, and nothing is assigned directly."""
    with _graph(tmp_path, GroupWorld) as (world, graph):
        people = graph.tenant.people
        people.skus += [Sku(name, 5) for name in (LICENCE, "EXCHANGESTANDARD", "SPE_F1")]
        assert GROUP in policy_groups(world.policy)
        people.licence_groups = {f"{GROUP},DC=upme,DC=test": LICENCE}
        world.submit(CONTRACTOR, "jefe.ogi@upme.gov.co")
        _live(world, graph, 4)
        (shown,) = world.cases()
        assert shown.request.state is State.FOLLOWED_UP
        (seat,) = people.alive("jose.munoz@upme.gov.co").seats
        assert (seat.group, seat.error) == (f"{GROUP},DC=upme,DC=test", None)
        assert graph.calls_of("POST", ".*/assignLicense") == []
