"""Whole runs with GLPI as the desk, over each of its interfaces, on servers built from its documents (no GLPI was run)."""

from datetime import timedelta
from pathlib import Path

import pytest

from config.clock import SimulatedClock, system_clock
from intake.forms.port import Field
from provision.procedure.model import State
from tests.contract.glpis import KINDS, GlpiWorld
from tests.runs.seen import later, requests
from tests.servers.glpi.highlevel import CLIENT_ID, CLIENT_SECRET, PASSWORD, USER
from tests.servers.glpi.legacy import APP_TOKEN, USER_TOKEN
from tests.servers.glpi.office import AGENT
from tests.servers.google.certificates import self_signed
from tests.world import CONTRACTOR, World

BOSS = "jefe.ogi@upme.gov.co"
NO_SEATS = {"STANDARDPACK": 0, "EXCHANGESTANDARD": 0, "SPE_F1": 0}


def section(world: World, glpi: GlpiWorld, certificate: Path) -> dict[str, object]:
    """The desk's section for this server, its secrets in files."""
    secrets = (
        {"app_token_file": APP_TOKEN, "user_token_file": USER_TOKEN}
        if glpi.kind == "glpi"
        else {"client_secret_file": CLIENT_SECRET, "password_file": PASSWORD}
    )
    for name, secret in secrets.items():
        world.path(name).write_text(secret + "\n", encoding="ascii")
        world.path(name).chmod(0o600)
    names = {} if glpi.kind == "glpi" else {"client_id": CLIENT_ID, "user": USER}
    return {"kind": glpi.kind, "url": glpi.server.url, "ca_file": str(certificate), **names, **{each: each for each in secrets}}


@pytest.mark.parametrize("kind", KINDS)
def test_a_creation_seen_from_glpi(tmp_path: Path, kind: str) -> None:
    """Waiting for a seat, solved with the solution; an agent's words are in the story, the requester's are not."""
    certificate, key = self_signed(tmp_path)
    world = World(tmp_path, seats=NO_SEATS, clock=SimulatedClock(system_clock()))
    with GlpiWorld(kind, certificate, key) as glpi:
        glpi.office.clock = world.clock
        world.sections = {"desk": section(world, glpi, certificate)}
        start = world.clock().astimezone(world.policy.zone)
        days = {
            Field.CONTRACT_START: f"{start - timedelta(days=2):%d/%m/%Y}",
            Field.CONTRACT_END: f"{start + timedelta(days=60):%d/%m/%Y}",
        }
        world.submit({**CONTRACTOR, **days}, BOSS)
        world.run()
        (request,) = requests(world)
        assert request.state is State.WAITING
        (ticket,) = glpi.office.of_case(request.case)
        assert (str(ticket.id), ticket.status) == (request.facts.ticket, 4)
        assert glpi.fields(request.case).state == "En espera"
        glpi.office.add_followup(ticket.id, "<p>Ya pedí más cupos.</p>", is_private=True, by=AGENT)
        later(world, minutes=1)
        later(world, minutes=1)
        told = [f"{each.title}: {each.detail}" for each in world.story(request.case).history]
        assert [line for line in told if "Ya pedí" in line] == ["Respuesta en el ticket: Ana Agente: Ya pedí más cupos."]
        world.seats = {**NO_SEATS, "STANDARDPACK": 1}
        world.run_until_quiet(minutes=30, most=6)
        assert ticket.status == 5
        assert len(glpi.office.of_case(request.case)) == 1
        (solution,) = glpi.office.solutions.values()
        assert "Solicitante informado." in solution.content
        assert glpi.legacy.sessions == set()
