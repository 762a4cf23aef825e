"""The metrics and the sign of life: figures for a machine, nobody's name, and only where they were asked for."""

import re
import stat
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from config.errors import Target, Unreachable
from config.log import configure
from config.settings import Log
from intake.run import run_once
from intake.watching import Watched, give_sign_of_life
from intake.wiring import Installation
from tests.command_line import gestion_of
from tests.world import CONTRACTOR, EMPLOYEE, World


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Three requests, one of them to be corrected, and metrics asked for."""
    world = World(tmp_path)
    world.sections = {"watching": {"metrics_file": "gestion.prom"}}
    world.submit(CONTRACTOR, "jefe.ogi@upme.gov.co")
    world.submit(EMPLOYEE, "talento.humano@upme.gov.co")
    world.submit(CONTRACTOR, "jefe.ogi@upme.gov.co", document_number="", given_names="Persona Secreta")
    return world


def figures(world: World) -> dict[str, float]:
    """Every sample of the file, by its name with labels."""
    lines = world.path("gestion.prom").read_text(encoding="utf-8").splitlines()
    return {line.rpartition(" ")[0]: float(line.rpartition(" ")[2]) for line in lines if not line.startswith("#")}


def test_what_a_run_leaves(world: World) -> None:
    """Cases, waits, clocks, effects, seats, the run itself and the daily count are in the file, readable by the exporter."""
    assert gestion_of(world, "run").code == 0
    found = figures(world)
    assert found["gestion_run_exit_code"] == 0
    assert found["gestion_last_success_timestamp_seconds"] == world.clock().timestamp()
    assert found['gestion_cases{operation="CREATE",state="NEEDS_CORRECTION"}'] == 1
    assert found['gestion_cases{operation="CREATE",state="WAITING"}'] == 2
    assert found['gestion_waiting_oldest_seconds{waiting_for="REQUESTER"}'] == 0
    assert sum(value for name, value in found.items() if name.startswith("gestion_sla_cases")) == 3
    assert found['gestion_effects{act="CREATE_ACCOUNT",outcome="done"}'] == 2
    assert found['gestion_effects{act="AWAIT_SYNC",outcome="open"}'] == 2
    assert (found["gestion_form_responses"], found["gestion_form_receipts"]) == (3, 3)
    assert found['gestion_problems{target="directory"}'] == 0
    path = world.path("gestion.prom")
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert list(path.parent.glob(".gestion.prom*")) == []
    world.clock.advance(timedelta(hours=3))
    gestion_of(world, "run")
    assert figures(world)['gestion_waiting_oldest_seconds{waiting_for="REQUESTER"}'] == 3 * 3600


@pytest.mark.postgres
def test_on_postgresql(world: World, postgres_journal_url: str) -> None:
    """The same figures come from a journal on PostgreSQL."""
    settings = world.settings()
    settings = settings.model_copy(update={"store": settings.store.model_copy(update={"url": postgres_journal_url})})
    installation = Installation(settings, world.policy, world.clock, configure(Log(file=world.path("gestion.log"))))
    watching = Watched(installation, world.clock())
    watching.ended(run_once(installation))
    installation.close()
    found = figures(world)
    assert found['gestion_effects{act="CREATE_ACCOUNT",outcome="done"}'] == 2
    assert found['gestion_waiting_oldest_seconds{waiting_for="REQUESTER"}'] == 0
    assert (found["gestion_form_responses"], found["gestion_form_receipts"]) == (3, 3)


def test_nobody_is_in_the_file(world: World) -> None:
    """No label holds a case, an address, a document or a name."""
    gestion_of(world, "run")
    text = world.path("gestion.prom").read_text(encoding="utf-8")
    assert not re.search(r"@|GU-\d|0012345678|52333444|Muñoz|Secreta|upme", text)


def test_a_run_that_could_not_run(world: World) -> None:
    """A problem is counted by its system, the code is 2, and the last success stays the former one."""
    gestion_of(world, "run")
    before = figures(world)["gestion_last_success_timestamp_seconds"]
    world.clock.advance(timedelta(minutes=30))
    world.path("respuestas.csv").unlink()
    assert gestion_of(world, "run").code == 2
    found = figures(world)
    assert (found["gestion_run_exit_code"], found['gestion_problems{target="form"}']) == (2, 1)
    assert found["gestion_last_success_timestamp_seconds"] == before


def test_a_run_that_was_stopped_at_once(world: World) -> None:
    """A matrix that cannot be used stops a run before anything else: the alerts hear of it all the same."""
    gestion_of(world, "run")
    before = figures(world)["gestion_last_success_timestamp_seconds"]
    world.clock.advance(timedelta(minutes=30))
    world.submit(CONTRACTOR, "jefe.ogi@upme.gov.co", document_number="77")
    world.path("matriz.csv").write_text("correo\n", encoding="utf-8")
    assert gestion_of(world, "run").code == 2
    found = figures(world)
    assert (found["gestion_run_exit_code"], found['gestion_problems{target="matrix"}']) == (2, 1)
    assert found["gestion_run_timestamp_seconds"] == world.clock().timestamp()
    assert found["gestion_last_success_timestamp_seconds"] == before


def test_a_run_that_found_another_one_at_work(world: World) -> None:
    """It leaves the metrics to the other one: nothing is wrong."""
    gestion_of(world, "run")
    before = figures(world)
    world.clock.advance(timedelta(minutes=5))
    installation = world.installation()
    with installation.run_lock():
        assert gestion_of(world, "run").code == 2
    installation.close()
    assert figures(world) == before


def test_a_folder_that_is_not_there(world: World) -> None:
    """Metrics that cannot be written are logged and change nothing else."""
    world.sections = {"watching": {"metrics_file": "no/hay/gestion.prom"}, "log": {"file": "bitacora.log"}}
    assert gestion_of(world, "run").code == 0
    assert "metrics.not_written" in world.path("bitacora.log").read_text(encoding="utf-8")


class Listener(HTTPServer):
    """Counts the signs of life."""

    asked: list[str]


class _Handler(BaseHTTPRequestHandler):
    server: Listener

    def do_GET(self) -> None:
        """One sign of life."""
        self.server.asked.append(self.path)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:
        """Nothing is written."""


@pytest.fixture
def listener() -> Iterator[Listener]:
    """Whoever expects the signs of life, on loopback."""
    server = Listener(("127.0.0.1", 0), _Handler)
    server.asked = []
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    yield server
    server.shutdown()
    thread.join()
    server.server_close()


def test_sign_of_life(world: World, listener: Listener) -> None:
    """Each run that could run gives one; one that could not is silent, since silence is the alarm."""
    world.sections = {"watching": {"heartbeat_url": f"http://127.0.0.1:{listener.server_port}/ping"}}
    assert gestion_of(world, "run").code == 0
    assert listener.asked == ["/ping"]
    installation = world.installation()
    report = world.run()
    report.problems.append(Unreachable(Target.DIRECTORY, "no responde"))
    Watched(installation, world.clock()).ended(report)
    installation.close()
    assert listener.asked == ["/ping"]


def test_sign_of_life_that_fails(tmp_path: Path) -> None:
    """Nobody answers: it is logged without the address, and nothing else happens."""
    log = tmp_path / "bitacora.log"
    give_sign_of_life("http://127.0.0.1:9/secreto", configure(Log(file=log)))
    text = log.read_text(encoding="utf-8")
    assert "heartbeat.failed" in text
    assert "secreto" not in text
