"""How much a poll asks of Google, and that it talks to nobody else."""

import json
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from google.oauth2.service_account import Credentials

from intake.google_access import RUN_SCOPES, RunCredentials
from tests.e2e.office import Office, finished
from tests.e2e.people import ATTENDED, HEAD, STRANGER, contractor
from tests.servers.google.accounts import ServiceAccountKey
from tests.servers.google.server import FakeGoogle

IDLE = ["token", "forms.forms.get", "forms.forms.responses.list"]
MATRIX, READ = (f"sheets.spreadsheets.values.{name}" for name in ("get", "batchGet"))
WRITE = "sheets.spreadsheets.batchUpdate"

WATCHED = """\
import json, sys
talked = open(sys.argv.pop(1), "a", buffering=1)
def watch(event, arguments):
    if event == "socket.connect":
        talked.write(json.dumps([event, list(arguments[1])]) + chr(10))
    elif event in ("socket.getaddrinfo", "socket.gethostbyname", "socket.sendto"):
        talked.write(json.dumps([event, str(arguments[0])]) + chr(10))
sys.addaudithook(watch)
from intake.cli import main
code = main()
import threading
talked.write(json.dumps(["threads", threading.active_count()]) + chr(10))
sys.exit(code)
"""
"""A run of the command in which every connection and every look-up of a name is written down, whoever makes it."""


def poll(office: Office, google: FakeGoogle) -> tuple[list[str], int]:
    """One run in this process: its calls, and the bytes that Google sent."""
    google.calls.clear()
    google.bytes_sent = 0
    assert office.run_later(minutes=0).exit_code == 0
    return [call.method_id for call in google.calls], google.bytes_sent


def test_a_hundred_responses_cost_the_calls_of_one(office: Office, fake_google: FakeGoogle) -> None:
    """Six calls, one of them a write, however many requests change."""
    poll(office, fake_google)
    office.submit(contractor(), HEAD)
    assert poll(office, fake_google)[0][-3:] == ["sheets.spreadsheets.get", WRITE, WRITE]
    office.submit(contractor(document_number="20000001"), HEAD)
    one, _ = poll(office, fake_google)
    for number in range(100):
        office.submit(contractor(document_number=str(30_000_000 + number)), HEAD if number % 10 == 0 else STRANGER)
    hundred, _ = poll(office, fake_google)
    assert one == hundred == [*IDLE, MATRIX, READ, WRITE]
    assert len(office.table()) == 102
    assert [row["Estado"] for row in office.table()].count(ATTENDED) == 12


def test_old_responses_cost_nothing(office: Office, fake_google: FakeGoogle) -> None:
    """A hundred thousand of them change neither the calls nor the bytes of a poll, nor of one with a new response."""
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    office.submit(contractor(), STRANGER)
    poll(office, fake_google)
    before = poll(office, fake_google)
    answers = {office.form.question_id(field): text for field, text in contractor().items()}
    for number in range(100_000):
        office.forms.add_response(office.form.form_id, answers, HEAD, long_ago + timedelta(minutes=number))
    assert poll(office, fake_google) == before
    assert before[0] == IDLE
    office.submit(contractor(document_number="20000001"), HEAD)
    assert poll(office, fake_google)[0] == [*IDLE, MATRIX, READ, WRITE]


def test_an_open_case_costs_one_call_more(office: Office, fake_google: FakeGoogle) -> None:
    """While a case is open, if only to be followed up, each poll asks the board whether the desk chose something."""
    office.submit(contractor(), HEAD)
    poll(office, fake_google)
    assert [row["Estado"] for row in office.table()] == [ATTENDED]
    assert poll(office, fake_google)[0] == [*IDLE, READ]
    office.choose(office.table()[0]["Caso"], "Cancelar")
    assert poll(office, fake_google)[0] == [*IDLE, READ, WRITE]
    assert "ya se atendió" in office.table()[0]["Detalle"]
    assert office.table()[0]["Acción"] == ""


def test_a_run_talks_to_google_and_to_nobody_else(office: Office, fake_google: FakeGoogle, tmp_path: Path) -> None:
    """No other connection, no look-up of another name, no thread left: for "allowed locations" or for anything else."""
    office.submit(contractor(), HEAD)
    talked = tmp_path / "talked"
    command = [sys.executable, "-c", WATCHED, str(talked), *office.command("run", "--json")[3:]]
    process = subprocess.Popen(
        command, cwd=office.folder, env=office.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    assert finished(process).exit_code == 0
    events = [tuple(json.loads(line)) for line in talked.read_text(encoding="utf-8").splitlines()]
    port = int(fake_google.url.rpartition(":")[2])
    assert {tuple(where) for event, where in events if event == "socket.connect"} == {("127.0.0.1", port)}
    assert {where for event, where in events if event.startswith("socket.g")} <= {"127.0.0.1"}
    assert [where for event, where in events if event == "threads"] == [1]


def test_what_the_run_avoids_is_there_to_be_avoided(service_account: ServiceAccountKey) -> None:
    """google-auth's own credentials do look for "allowed locations" after a token; those of the run do not."""
    info = service_account.info("https://oauth2.googleapis.com/token")
    made: dict[type[Credentials], bool] = {}
    for kind in (Credentials, RunCredentials):
        make: Callable[..., Credentials] = kind.from_service_account_info  # google-auth leaves it untyped
        asks: Callable[[], bool] = make(info, scopes=list(RUN_SCOPES))._is_regional_access_boundary_lookup_required
        made[kind] = asks()
    assert made == {Credentials: True, RunCredentials: False}
