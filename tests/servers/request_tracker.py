"""A throw-away Request Tracker 5 for one test session, on a loopback port of its own.

`request_tracker.sh` makes the database once (about 8 s) and keeps it as a tar; a server on a copy of it answers after some two
seconds. The server dies with the process that started it, even when that one is killed.
"""

import contextlib
import hashlib
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import filelock
import pytest
import requests
from pydantic import JsonValue, TypeAdapter

from config.vocabulary import CaseNumber
from tests.servers.availability import missing_server

HOW_TO_ENABLE = (
    "on Debian: apt-get install --no-install-recommends request-tracker5 rt5-db-sqlite rt5-standalone exim4-daemon-light"
)
QUEUE = "Mesa de Servicios"
_SCRIPT = Path(__file__).with_name("request_tracker.sh")
_PROGRAM = Path("/usr/share/request-tracker5/libexec/rt-server")
_STARTING_SECONDS = 60
_JSON: TypeAdapter[JsonValue] = TypeAdapter(JsonValue)


@dataclass(frozen=True, slots=True)
class RequestTracker:
    """One running server. The service account `svc-gestion` has the rights of docs/administrador.md and no others.

    `agente` (Ana Agente) is of the desk. Queues: "Mesa de Servicios" with every field, "Infraestructura" too, and "Sin campos".
    """

    port: int
    home: Path = field(repr=False)
    token: str = field(repr=False)
    agent_token: str = field(repr=False)

    @property
    def url(self) -> str:
        """Where the web interface answers."""
        return f"http://127.0.0.1:{self.port}"

    def new_case(self) -> CaseNumber:
        """A case number that no ticket has yet."""
        return CaseNumber(f"GU-2026-{uuid.uuid4().int % 10**12:012d}")

    def as_agent(self, method: str, path: str, body: Mapping[str, JsonValue] | None = None, **query: str) -> JsonValue:
        """A call of REST2 as somebody of the desk makes it, by its web interface or otherwise; it must succeed."""
        return self._call(self.agent_token, method, path, body, query)

    def as_service(self, method: str, path: str, body: Mapping[str, JsonValue] | None = None, **query: str) -> JsonValue:
        """The same as the program's own account."""
        return self._call(self.token, method, path, body, query)

    def _call(
        self, token: str, method: str, path: str, body: Mapping[str, JsonValue] | None, query: Mapping[str, str]
    ) -> JsonValue:
        answered = requests.request(
            method,
            f"{self.url}/REST/2.0{path}",
            headers={"Authorization": f"token {token}"},
            json=body,
            params=dict(query),
            timeout=30,
        )
        assert answered.status_code in (200, 201), answered.text
        return _JSON.validate_json(answered.content)

    def tickets(self, query: str) -> list[int]:
        """The tickets that a search finds, oldest first."""
        found = self.as_service("GET", "/tickets", query=query, orderby="id", per_page="100")
        assert isinstance(found, dict)
        items = found["items"]
        assert isinstance(items, list)
        return [int(str(item["id"])) for item in items if isinstance(item, dict)]

    def mails(self) -> str:
        """What RT mailed to anybody, as one mbox; it does not reach anybody."""
        boxes = [box for box in self.home.rglob("*") if box.is_file() and "mbox" in box.name.lower()]
        return "".join(box.read_text(errors="replace") for box in boxes)


def _archive() -> Path:
    """The fresh database, made at the first use and whenever the script changes."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gestion-tests"
    archive = cache / f"request-tracker-{hashlib.sha256(_SCRIPT.read_bytes()).hexdigest()[:12]}.tar"
    cache.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(f"{archive}.lock"):
        if not archive.exists():
            command = ["/bin/bash", str(_SCRIPT), str(archive)]
            made = subprocess.run(command, capture_output=True, text=True, check=False, timeout=160)
            if made.returncode:
                pytest.fail(f"Request Tracker's database could not be made: {made.stderr[-2000:]}", pytrace=False)
    return archive


@contextlib.contextmanager
def running_request_tracker() -> Iterator[RequestTracker]:
    """Start a fresh server, and end it. Skips or fails the test (`missing_server`) where Request Tracker is not installed."""
    if not _PROGRAM.exists():
        missing_server("Request Tracker", HOW_TO_ENABLE)
    archive = _archive()
    home = Path(tempfile.mkdtemp(prefix="gestion-rt-"))
    try:
        subprocess.run(["tar", "-xSf", str(archive), "-C", str(home)], check=True, capture_output=True, timeout=60)
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port: int = free.getsockname()[1]
        environment = {
            **os.environ,
            "GESTION_RT_HOME": str(home),
            "GESTION_RT_PORT": str(port),
            "RT_SITE_CONFIG": str(home / "RT_SiteConfig.pm"),
            "RT_SITE_CONFIG_DIR": str(home / "site.d"),
            "TMPDIR": str(home),
        }
        dies_too = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
        command = [*dies_too, str(_PROGRAM), "--host", "127.0.0.1", "--port", str(port), "--max-workers", "3"]
        with (home / "log" / "output").open("wb") as output:
            process = subprocess.Popen(
                command,
                cwd=home,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        server = RequestTracker(
            port, home, (home / "svc-gestion.token").read_text("ascii"), (home / "agente.token").read_text("ascii")
        )
        try:
            _wait_until_it_answers(process, server)
            yield server
        finally:
            _stop(process)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _wait_until_it_answers(process: "subprocess.Popen[bytes]", server: RequestTracker) -> None:
    end = time.monotonic() + _STARTING_SECONDS
    while process.poll() is None and time.monotonic() < end:
        with contextlib.suppress(requests.ConnectionError):
            server.as_service("GET", "/rt")
            return
        time.sleep(0.05)
    log = (server.home / "log" / "output").read_text(errors="replace")
    pytest.fail(f"Request Tracker did not start: {log[-2000:]}", pytrace=False)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    """The parent ends its workers when it is asked to; the rest of its own session, and nobody else, is ended after it."""
    process.terminate()
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=10)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait(timeout=10)


@pytest.fixture(scope="session")
def request_tracker() -> Iterator[RequestTracker]:
    """The session's server."""
    with running_request_tracker() as server:
        yield server
