"""One creation in a real domain, with mails in a Maildir, killed at every stop point, those of the LDAP adapter included."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import ldap3
import pytest
from sqlalchemy import insert

from config.clock import SimulatedClock
from config.dates import local_date
from intake.forms.port import Field
from provision.journal import schema as s
from tests.crash.aftermath import wrong_with
from tests.crash.killing import KillAt, live, live_and_die, the_case, two_at_a_time
from tests.servers.samba import DomainController
from tests.world import CONTRACTOR, World
from tests.year.plain_board import PlainBoard

pytestmark = [pytest.mark.crash, pytest.mark.samba]

REQUESTER = "jefe.ogi@upme.gov.co"
MARKER = "msDS-cloudExtensionAttribute1"
MUST_CHANGE = "773"
"""The controller's reason for refusing a logon whose password is right and has to be changed first."""
OU = "OU=Contratistas,OU=OGI,OU=Usuarios"
GROUPS = ("CN=GG_Todos_UPME,OU=Grupos", "CN=GG_Contratistas,OU=Grupos", "CN=GG_OGI,OU=Grupos")


@pytest.fixture(scope="module")
def domain(samba: DomainController) -> DomainController:
    """The session's controller with UPME's OU, groups and the supervisor."""
    samba.prepare(ous=(OU,), groups=GROUPS)
    with samba.administrator() as admin:
        add: Callable[..., object] = admin.add  # ldap3's stubs leave it untyped
        attributes = {"sAMAccountName": "jefe.ogi", "mail": REQUESTER}
        add(f"CN=Jefe OGI,{OU},{samba.base_dn}", "user", attributes)
        assert admin.result["result"] in (0, 68), admin.result
    return samba


def a_world(folder: Path, domain: DomainController, number: int) -> World:
    """An installation over the domain with one creation submitted: its person and case number are of this trial alone."""
    folder.mkdir()
    (folder / "clave").write_text(domain.service_password, encoding="utf-8")
    (folder / "clave").chmod(0o600)
    # The controller lives in real time, and so does the contract: a logon after its end would be refused.
    world = World(folder, SimulatedClock(datetime.now(UTC)))
    today = local_date(world.clock(), world.policy.zone)
    seats = dict(world.seats)
    world.sections = {
        "directory": {
            "kind": "active_directory",
            "url": domain.url,
            "base_dn": domain.base_dn,
            "user": domain.service_user,
            "password_file": "clave",
            "ca_file": str(domain.ca_file),
        },
        "cloud": {"kind": "embedded", "path": "nube.db", "seats": seats, "sync_minutes": 0, "mailbox_minutes": 0},
    }
    world.board = PlainBoard(world.path("tablero.json"))
    installation = world.installation()
    with installation.journal.transaction() as connection:
        connection.execute(insert(s.case_counter).values(year=today.year, last=number))
    installation.close()
    person = {
        **CONTRACTOR,
        Field.SURNAMES: "Ñuñoa " + "".join("abcdefghij"[int(digit)] for digit in f"{number:04d}").title(),
        Field.DOCUMENT_NUMBER: f"{50_000_000 + number}",
        Field.CONTRACT_START: f"{today:%d/%m/%Y}",
        Field.CONTRACT_END: f"{today + timedelta(days=300):%d/%m/%Y}",
    }
    world.submit(person, REQUESTER)
    return world


def wrong_in(world: World, domain: DomainController, most_repeated: int = 1) -> list[str]:
    """All that differs from a creation that nobody interrupted."""

    def accepts(login: str, password: str) -> bool:
        return domain.accepts(login, password) == MUST_CHANGE

    case = the_case(world)
    wrong = list(wrong_with(world, REQUESTER, accepts, most_repeated))
    with domain.administrator() as admin:
        wanted = ["memberOf", "manager", "userAccountControl"]
        admin.search(domain.base_dn, f"({MARKER}={case})", ldap3.SUBTREE, attributes=wanted)
        entries = [entry["attributes"] for entry in admin.response or [] if entry["type"] == "searchResEntry"]
    if len(entries) != 1:
        return [*wrong, f"{len(entries)} accounts carry the case"]
    (entry,) = entries
    if sorted(entry["memberOf"]) != sorted(f"{group},{domain.base_dn}" for group in GROUPS):
        wrong.append(f"member of {entry['memberOf']}")
    if not entry["manager"] or int(entry["userAccountControl"][0]) & 2:
        wrong.append(f"manager {entry['manager']}, flags {entry['userAccountControl']}")
    return wrong


def test_a_kill_at_any_stop_point_changes_nothing_in_a_real_domain(tmp_path: Path, domain: DomainController) -> None:
    """For each of them: killed there, then run again, one account, one ticket, one report, and the last password works."""
    world = a_world(tmp_path / "entera", domain, 9000)
    counting = world.stop_point = KillAt()
    live(world)
    assert wrong_in(world, domain, most_repeated=0) == []

    def trial(number: int) -> list[str]:
        world = a_world(tmp_path / str(number), domain, number)
        complaint = tmp_path / f"{number}.complaint"
        killed = live_and_die(world, [number, None], complaint)
        said = [complaint.read_text()] if complaint.exists() else []
        return [*said, *([] if killed == [True, False] else [f"killed: {killed}"]), *wrong_in(world, domain)]

    assert {"directory.account.added", "directory.group.added", "directory.password.issued"} <= set(counting.passed)
    assert two_at_a_time(counting.different(), trial, tmp_path) == []
