"""`gestion backup` and `gestion backup verify`, on the embedded cloud and on Microsoft 365."""

import io
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from config.errors import WriteRefused
from config.vocabulary import CaseNumber
from intake.commands.backing_up import folder_name
from intake.commands.backup_bar import copying_bar, shown
from intake.output import Output
from provision.backup.port import BackupPart, Manifest, Pace
from provision.cloud.embedded import EmbeddedCloud
from provision.cloud.port import CloudUserId
from tests.command_line import gestion, gestion_of
from tests.contract.graph_backups import GraphBackupWorld, authority
from tests.servers.graph.contents import Content
from tests.servers.graph.mailboxes import Mailboxes
from tests.servers.graph.people import OnPremises, User
from tests.servers.graph.server import FakeGraph
from tests.servers.graph.tenant import Tenant
from tests.servers.graph.tokens import CLIENT_ID, SECRET, TENANT
from tests.world import SUPERVISORS, World

ADDRESS = f"{next(iter(SUPERVISORS))}@upme.gov.co"


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A supervisor with a mailbox in the embedded cloud, and something in it."""
    world = World(tmp_path)
    with closing(world.installation()) as installation:
        cloud, account = installation.cloud, installation.directory.find_by_mail(ADDRESS)
        assert isinstance(cloud, EmbeddedCloud)
        assert account is not None
        cloud.find_user(account.id)
        cloud.request_sync()
        world.clock.advance(timedelta(hours=1))
        user = cloud.find_user(account.id)
        assert user is not None
        cloud.assign_licence(user, "STANDARDPACK")
        world.clock.advance(timedelta(hours=1))
        cloud.put_item(user, BackupPart.MAIL, "Acta.eml", b"Subject: Acta\r\n\r\n")
    return world


def test_a_backup_on_demand(world: World) -> None:
    """Outside any case: verified, told, and the same again costs nothing; its folder may be carried elsewhere."""
    said = gestion_of(world, "backup", ADDRESS.upper(), "--to", str(world.path("copias")))
    assert (said.code, "2 elementos" in said.out, "verificados" in said.out) == (0, True, True), said.err
    kept = world.path("copias") / folder_name(ADDRESS)
    assert sorted(path.name for path in kept.glob("correo/*")) == ["000001-Bienvenida.eml", "000002-Acta.eml"]
    again = gestion_of(world, "backup", "take", ADDRESS, "--to", str(world.path("copias")), "--json")
    assert (again.code, again.document["items"], again.document["not_converted"]) == (0, 2, [])
    kept.rename(world.path("copias") / "llevada")
    verified = gestion("backup", "verify", str(world.path("copias")))
    assert (verified.code, "llevada" in verified.out, "coincide" in verified.out) == (0, True, True)


def test_damage_is_found(world: World) -> None:
    """Named, with what to do, and the exit code says it; the other backups are verified all the same."""
    gestion_of(world, "backup", ADDRESS, "--to", str(world.path("copias")))
    kept = world.path("copias") / folder_name(ADDRESS)
    (kept / "correo" / "000002-Acta.eml").write_bytes(b"otra cosa")
    said = gestion("backup", "verify", str(kept))
    assert (said.code, "Acta.eml" in said.err, "no coincide" in said.out) == (1, True, True)
    document = gestion("backup", "verify", str(kept), "--json").document
    assert document["exit_code"] == 1


def test_what_cannot_be_done_is_said(world: World, tmp_path: Path) -> None:
    """No such account, no address, no backup, no folder: each with what to do, and nothing is made."""
    for arguments, expected in (
        (["ana", "--to", "x"], "no es un correo"),
        (["nadie@upme.gov.co", "--to", str(tmp_path / "x")], "no tiene una cuenta"),
        ([f"{list(SUPERVISORS)[1]}@upme.gov.co"], "--to"),
        (["verify", str(tmp_path / "nada")], "No se puede leer"),
        (["verify", str(world.folder)], "No hay ningún backup"),
    ):
        said = gestion_of(world, "backup", *arguments)
        assert (said.code, expected in said.err) == (2, True), said.err
    assert not (tmp_path / "x").exists()


@pytest.fixture
def graph(world: World) -> Iterator[FakeGraph]:
    """The same supervisor's mailbox in Microsoft 365."""
    with FakeGraph(authority(), Tenant(world.clock)) as graph:
        with closing(world.installation()) as installation:
            account = installation.directory.find_by_mail(ADDRESS)
        assert account is not None
        now = world.clock()
        user = User(
            "u-1", OnPremises(str(account.id), account.login, ADDRESS), now, "CO", mailbox_since=now - timedelta(days=9)
        )
        graph.tenant.people.users.append(user)
        secret = world.path("secreto")
        secret.write_text(SECRET)
        secret.chmod(0o600)
        graph.reach(world.folder)
        world.sections = {
            "microsoft": {
                "tenant": TENANT,
                "client_id": CLIENT_ID,
                "authority": graph.url,
                "endpoint": graph.url,
                "secret_file": "secreto",
                "ca_file": "graph-ca.pem",
            },
            "cloud": {"kind": "graph"},
            "backup": {"kind": "graph", "path": "backups"},
        }
        yield graph
        assert graph.violations == []


def test_a_backup_from_microsoft_365(world: World, graph: FakeGraph) -> None:
    """Real connection, real adapter: what could not be converted is told, and ends in 1."""
    box = graph.tenant.part(Mailboxes).of("u-1")
    box.bulk(3, 300)
    box.put("Dañado", Content.of(b""), unconvertible="ErrorMimeContentConversionFailed")
    said = gestion_of(world, "backup", ADDRESS, "--to", str(world.path("copias")))
    assert (said.code, "4 elementos" in said.out, "Dañado" in said.err) == (1, True, True), said.err
    assert gestion("backup", "verify", str(world.path("copias"))).code == 0


def test_a_case_uses_the_same_copies(world: World, graph: FakeGraph) -> None:
    """`[backup] kind = "graph"` in the settings; a dry run copies nothing."""
    graph.tenant.part(Mailboxes).of("u-1").bulk(2, 100)
    case, user = CaseNumber("GU-2026-000001"), CloudUserId("u-1")
    with closing(world.installation(writable=False)) as installation, pytest.raises(WriteRefused):
        installation.backup.take(case, user, ADDRESS)
    with closing(world.installation()) as installation:
        taken = installation.backup.take(case, user, ADDRESS)
        assert isinstance(taken, Manifest)
        assert installation.backup.verify(case) == taken
    assert taken.location == str(world.path("backups") / case)


def test_it_stops_and_says_how_to_go_on(world: World, graph: FakeGraph) -> None:
    """A missing permission is said with the call that needs it, and what was copied is kept."""
    graph.tokens.roles -= {"Files.Read.All"}
    said = gestion_of(world, "backup", ADDRESS, "--to", str(world.path("copias")))
    assert (said.code, "repita el mismo comando" in said.err, "drive" in said.err) == (2, True, True), said.err


class Terminal(io.StringIO):
    """A standard error that somebody looks at."""

    def isatty(self) -> bool:
        """Yes."""
        return True


def test_the_bar_tells_items_bytes_rate_and_time(tmp_path: Path) -> None:
    """Where a person looks; elsewhere nothing."""
    screen = Terminal()
    with copying_bar(Output(io.StringIO(), screen), ADDRESS) as watch:
        watch(Pace(1, 10, 1_000))
        watch(Pace(5, 10, 2_500_000))
    assert "5/10" in screen.getvalue()
    assert "2,5 MB" in screen.getvalue()
    quiet = io.StringIO()
    with copying_bar(Output(io.StringIO(), quiet), ADDRESS) as watch:
        watch(Pace(1, 10, 1_000))
    assert quiet.getvalue() == ""
    assert [shown(size) for size in (0, 999, 1000, 1_250_000_000)] == ["0 bytes", "999 bytes", "1,0 kB", "1,2 GB"]


def test_watching_a_backup(tmp_path: Path) -> None:
    """Told after each item, never further than all of them."""
    seen: list[Pace] = []
    with closing(GraphBackupWorld(tmp_path)) as world:
        world.mailbox.bulk(4, 100)
        backup = world.backup(items_a_turn=None)
        backup._watch = seen.append
        backup.take(folder_name("x"), world.ana, ADDRESS)
    assert [pace.items for pace in seen] == [1, 2, 3, 4, 5]
    assert {pace.of_items for pace in seen} == {5}
