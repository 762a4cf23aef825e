"""`gestion doctor` on Microsoft 365 and on each kind of desk: permissions, licences, and what does not answer."""

from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from config.log import configure
from config.settings import Log
from intake.doctor import examine
from intake.doctor_findings import Check, Health
from tests.servers.certificates import Authority
from tests.servers.graph.people import Sku
from tests.servers.graph.server import FakeGraph
from tests.servers.graph.tokens import CLIENT_ID, EVERY_PERMISSION, SECRET, TENANT
from tests.world import World


@pytest.fixture
def graph() -> Iterator[FakeGraph]:
    """A tenant with the licences of the UPME's policy."""
    with FakeGraph(Authority("Autoridad de las pruebas de Graph")) as server:
        server.tenant.people.skus += [Sku("STANDARDPACK", 2), Sku("EXCHANGESTANDARD", 0), Sku("SPE_F1", 1)]
        yield server
    assert server.violations == []


@pytest.fixture
def world(tmp_path: Path, graph: FakeGraph) -> World:
    """An installation whose licences are Microsoft's."""
    folder = tmp_path / "instalación"
    folder.mkdir()
    reach = graph.reach(folder)
    secret = folder / "secreto"
    secret.touch(mode=0o600)
    secret.write_text(f"{SECRET}\n", encoding="utf-8")
    world = World(folder)
    world.sections = {
        "microsoft": {
            "tenant": TENANT,
            "client_id": CLIENT_ID,
            "secret_file": "secreto",
            "authority": reach.authority,
            "endpoint": reach.endpoint,
            "ca_file": "graph-ca.pem",
        },
        "cloud": {"kind": "graph"},
        "backup": {"kind": "by-hand"},
    }
    return world


def examined(world: World) -> Mapping[str, list[Check]]:
    """Every check, by name."""
    found: dict[str, list[Check]] = {}
    for check in examine(world.settings(), world.policy, world.clock, configure(Log(level="error"))):
        found.setdefault(check.name, []).append(check)
    return found


def test_microsoft_with_all_it_needs(world: World) -> None:
    """Green: the tenant answers, every permission is there; a licence without free seats is yellow."""
    found = examined(world)
    assert [check.health for check in found["Microsoft 365"]] == [Health.GOOD]
    said = {check.message: check.health for check in found["Nube"]}
    assert said["Licencia STANDARDPACK: 2 cupos libres."] is Health.GOOD
    assert said["Licencia EXCHANGESTANDARD: 0 cupos libres."] is Health.DOUBTFUL


def test_microsoft_without_a_permission(world: World, graph: FakeGraph) -> None:
    """Each missing permission is a red line of its own, with where it is given."""
    graph.tokens.roles = EVERY_PERMISSION - {"LicenseAssignment.ReadWrite.All", "User.ReadWrite.All", "Directory.ReadWrite.All"}
    bad = [check for check in examined(world)["Microsoft 365"] if check.health is Health.BAD]
    assert any("assignLicense" in check.message for check in bad)
    assert all("Entra" in check.remedy for check in bad)


def test_a_licence_that_was_never_bought(world: World, graph: FakeGraph) -> None:
    """A SKU of the policy that the tenant does not have is red, and the others are still looked at."""
    graph.tenant.people.skus[:] = [sku for sku in graph.tenant.people.skus if sku.part_number != "EXCHANGESTANDARD"]
    found = examined(world)["Nube"]
    assert [check.health for check in found] == [Health.BAD, Health.GOOD, Health.GOOD]
    assert "EXCHANGESTANDARD" in found[0].message


def test_microsoft_that_refuses_the_application(world: World, graph: FakeGraph) -> None:
    """A wrong secret is red, and its text nowhere."""
    graph.tokens.secret = "otro"
    (check,) = examined(world)["Microsoft 365"]
    assert check.health is Health.BAD
    assert SECRET not in check.message + check.remedy


DESKS: Mapping[str, Mapping[str, object]] = {
    "rt": {"kind": "rt", "url": "https://127.0.0.1:9", "token_file": "secreto"},
    "glpi": {"kind": "glpi", "url": "https://127.0.0.1:9/apirest.php", "user_token_file": "secreto"},
    "glpi11": {
        "kind": "glpi11",
        "url": "https://127.0.0.1:9/api.php",
        "client_id": "x",
        "client_secret_file": "secreto",
        "user": "gestion",
        "password_file": "secreto",
    },
}


@pytest.mark.parametrize("kind", DESKS)
def test_a_desk_that_does_not_answer(tmp_path: Path, kind: str) -> None:
    """Red in one Spanish sentence, without the token, whatever the tool."""
    (tmp_path / "secreto").touch(mode=0o600)
    (tmp_path / "secreto").write_text("clave-muy-secreta\n", encoding="utf-8")
    world = World(tmp_path)
    world.sections = {"desk": DESKS[kind]}
    (check,) = examined(world)["Mesa de servicio"]
    assert check.health is Health.BAD
    assert "Error interno" not in check.message
    assert "clave-muy-secreta" not in check.message + check.remedy


def test_a_desk_by_mail(tmp_path: Path) -> None:
    """A desk that is told by mail is looked at without sending anything."""
    world = World(tmp_path)
    world.sections = {"desk": {"kind": "mail", "address": "mesa@upme.gov.co", "path": "mesa-correo.db"}}
    (check,) = examined(world)["Mesa de servicio"]
    assert check.health is Health.GOOD
    assert world.mails() == []


def test_a_bounce_mailbox_that_does_not_answer(tmp_path: Path) -> None:
    """Red in one Spanish sentence."""
    (tmp_path / "secreto").touch(mode=0o600)
    (tmp_path / "secreto").write_text("clave\n", encoding="utf-8")
    world = World(tmp_path)
    world.sections = {
        "bounces": {"kind": "imap", "host": "127.0.0.1", "port": 9, "user": "gestion", "password_file": "secreto"}
    }
    found = examined(world)["Rebotes"]
    assert [check.health for check in found] == [Health.BAD]
    assert "Error interno" not in found[0].message
