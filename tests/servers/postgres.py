"""A throw-away PostgreSQL for one test session, on a Unix socket of its own; a fresh database for each test.

The cluster is made once by `initdb` and kept; each session copies it. The server ends with the process that started it, even
when that one is killed.
"""

import contextlib
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import filelock
import psycopg
import pytest

from provision.journal.store import Journal
from tests.servers.availability import missing_server

HOW_TO_ENABLE = "on Debian: apt-get install --no-install-recommends postgresql-15"
_STARTING_SECONDS = 20
_SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "32MB",
    "max_connections": "60",
    "lc_messages": "C",
}


@dataclass(slots=True)
class PostgresServer:
    """A running server; only this machine's processes reach its socket."""

    sockets: Path
    log: Path
    _templates: set[str] = field(default_factory=set)

    def url(self, database: str) -> str:
        """The SQLAlchemy address of one of its databases."""
        return f"postgresql+psycopg://postgres@/{database}?host={self.sockets}"

    def new_database(self) -> str:
        """An empty database: its address."""
        return self.url(self._made("template0"))

    def new_journal(self) -> str:
        """A database with the journal's tables, copied from one on which the migrations ran: its address."""
        template = "journal_template"
        if template not in self._templates:
            self._made("template0", template)
            Journal.open(self.url(template)).close()
            self._templates.add(template)
        return self.url(self._made(template))

    def _made(self, template: str, name: str = "") -> str:
        name = name or f"prueba_{uuid.uuid4().hex[:12]}"
        with psycopg.connect(f"host={self.sockets} user=postgres dbname=postgres", autocommit=True) as connection:
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE {template}')
        return name


def _programs() -> Path:
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda path: int(path.parts[-3]))
    if installed:
        return installed[-1].parent
    found = shutil.which("postgres")
    if found is None or shutil.which("initdb") is None:
        missing_server("PostgreSQL", HOW_TO_ENABLE)
    return Path(found).parent


def _as_server_user() -> tuple[list[str], pwd.struct_passwd]:
    """PostgreSQL refuses to run as root: the words that begin a command of it, and whose files it needs."""
    if os.geteuid() != 0:
        return [], pwd.getpwuid(os.geteuid())
    try:
        user = pwd.getpwnam("postgres")
    except KeyError:
        missing_server("PostgreSQL's own user (postgres)", HOW_TO_ENABLE)
    return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"], user


def _give(path: Path, user: pwd.struct_passwd) -> None:
    if os.geteuid() == 0:
        for each in (path, *path.rglob("*")):
            os.chown(each, user.pw_uid, user.pw_gid, follow_symlinks=False)


def _fresh_cluster(programs: Path) -> Path:
    """The cluster that `initdb` made, once for each version installed."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gestion-tests"
    cluster = cache / f"postgres-{programs.parent.name}-1"
    cache.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(f"{cluster}.lock"):
        if not cluster.exists():
            prefix, user = _as_server_user()
            # Not in the cache yet: the server's user may not enter root's home.
            place = Path(tempfile.mkdtemp(prefix="gestion-initdb-"))
            try:
                _give(place, user)
                command = [*prefix, str(programs / "initdb"), "-D", str(place / "data"), "-U", "postgres", "-A", "trust"]
                options = ["-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
                made = subprocess.run([*command, *options], capture_output=True, text=True, check=False, timeout=120)
                if made.returncode:
                    pytest.fail(f"initdb failed: {made.stderr[-2000:]}", pytrace=False)
                shutil.copytree(place / "data", cache / "making", dirs_exist_ok=True)
                (cache / "making").rename(cluster)
            finally:
                shutil.rmtree(place, ignore_errors=True)
    return cluster


@contextlib.contextmanager
def running_postgres() -> Iterator[PostgresServer]:
    """Start a fresh server, and end it. Skips or fails the test (`missing_server`) where PostgreSQL is not installed."""
    programs = _programs()
    prefix, user = _as_server_user()
    home = Path(tempfile.mkdtemp(prefix="gestion-pg-"))
    try:
        shutil.copytree(_fresh_cluster(programs), home / "data")
        _give(home, user)
        (home / "data").chmod(0o700)
        options = [part for key, value in _SETTINGS.items() for part in ("-c", f"{key}={value}")]
        dies_too = ["setpriv", "--pdeathsig=QUIT"] if shutil.which("setpriv") else []
        command = [*prefix, *dies_too, str(programs / "postgres"), "-D", str(home / "data"), "-k", str(home), *options]
        log = home / "log"
        with log.open("wb") as output:
            process = subprocess.Popen(
                command, cwd=home, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True
            )
        try:
            _wait_until_it_answers(process, home, log)
            yield PostgresServer(home, log)
        finally:
            process.send_signal(signal.SIGQUIT)
            process.wait(timeout=20)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _wait_until_it_answers(process: "subprocess.Popen[bytes]", sockets: Path, log: Path) -> None:
    end = time.monotonic() + _STARTING_SECONDS
    while process.poll() is None and time.monotonic() < end:
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(f"host={sockets} user=postgres dbname=postgres").close()
            return
        time.sleep(0.03)
    pytest.fail(f"PostgreSQL did not start: {log.read_text(errors='replace')[-2000:]}", pytrace=False)


@pytest.fixture(scope="session")
def postgres() -> Iterator[PostgresServer]:
    """The session's server."""
    with running_postgres() as server:
        yield server


@pytest.fixture
def postgres_url(postgres: PostgresServer) -> str:
    """The address of an empty database for one test."""
    return postgres.new_database()


@pytest.fixture
def postgres_journal_url(postgres: PostgresServer) -> str:
    """The address of a database with the journal's tables, for one test."""
    return postgres.new_journal()
