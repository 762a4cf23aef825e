"""Dovecot, a real IMAP server: TLS from the first byte, and one Maildir into which the tests deliver."""

import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from string import Template

import pytest

from tests.servers.availability import missing_server
from tests.servers.certificates import Authority

_HOW_TO_ENABLE = "apt-get install dovecot-imapd, and run the tests as root"
_STARTING_SECONDS = 15


@dataclass(slots=True)
class Dovecot:
    """A running server; the certificate is for the name `localhost` and not for 127.0.0.1."""

    home: Path
    port: int
    host: str = "localhost"
    user: str = "servicio@entidad.gov.co"
    password: str = "Clave-del-buzón «ñ» 7"
    delivered: int = 0
    made: int = 0

    @property
    def ca_file(self) -> Path:
        """The authority that signed its certificate."""
        return self.home / "ca.pem"

    def deliver(self, octets: bytes, folder: str = "") -> Path:
        """Put a mail into the mailbox, as a delivery agent does."""
        self.delivered += 1
        maildir = self.home / "mail" / folder
        for name in ("tmp", "new", "cur"):
            (maildir / name).mkdir(parents=True, exist_ok=True)
        file = maildir / "tmp" / f"{int(time.time())}.{self.delivered:06}.pruebas"
        file.write_bytes(octets)
        for path in (maildir, *(maildir / name for name in ("tmp", "new", "cur")), file):
            os.chown(path, _owner().pw_uid, _owner().pw_gid)
        return file.rename(maildir / "new" / file.name)

    def files(self) -> list[str]:
        """The names of all mails, with the flags that a reading would leave on them."""
        return sorted(file.name for name in ("new", "cur") for file in (self.home / "mail" / name).glob("*.pruebas*"))

    def made_anew(self) -> None:
        """An empty mailbox with another UIDVALIDITY, as after a restoration."""
        shutil.rmtree(self.home / "mail")
        self._prepare_mailbox()

    def _prepare_mailbox(self) -> None:
        paths = [self.home / "mail" / name for name in ("", "tmp", "new", "cur")]
        for path in paths:
            path.mkdir()
        # Left to itself, Dovecot takes the second: two mailboxes made in one would look the same.
        self.made += 1
        uids = self.home / "mail" / "dovecot-uidlist"
        uids.write_text(f"3 V{int(time.time()) + self.made} N1 G{self.made:032x}\n", encoding="ascii")
        for path in (*paths, uids):
            os.chown(path, _owner().pw_uid, _owner().pw_gid)


def _owner() -> pwd.struct_passwd:
    return pwd.getpwnam("nobody")


@contextlib.contextmanager
def running_dovecot() -> Iterator[Dovecot]:
    """Start a server, and end it. Skips or fails the test (`missing_server`) where it cannot run."""
    program = shutil.which("dovecot") or shutil.which("dovecot", path="/usr/sbin:/sbin")
    if program is None or os.getuid() != 0:
        missing_server("Dovecot", _HOW_TO_ENABLE)
    with contextlib.ExitStack() as stack:
        home = Path(tempfile.mkdtemp(prefix="gestion-imap-"))
        stack.callback(shutil.rmtree, home, ignore_errors=True)
        server = _prepared(home)
        daemon = subprocess.Popen(
            [program, "-F", "-c", str(home / "dovecot.conf")],
            stdin=subprocess.DEVNULL,
            stdout=stack.enter_context((home / "output").open("wb")),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        stack.callback(_stop, daemon)
        _wait_until_it_listens(server, daemon)
        yield server


@pytest.fixture(scope="session")
def dovecot_server() -> Iterator[Dovecot]:
    """One Dovecot for the whole session."""
    with running_dovecot() as server:
        yield server


@pytest.fixture
def dovecot(dovecot_server: Dovecot) -> Dovecot:
    """The server with an empty mailbox."""
    dovecot_server.made_anew()
    return dovecot_server


def _prepared(home: Path) -> Dovecot:
    home.chmod(0o755)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        server = Dovecot(home, free.getsockname()[1])
    authority = Authority("Autoridad de las pruebas de IMAP")
    server.ca_file.write_bytes(authority.certificate)
    certificate, key = authority.issue("localhost")
    (home / "server.pem").write_bytes(certificate)
    (home / "server.key").write_bytes(key)
    (home / "users").write_text(f"{server.user}:{server.password}\n", encoding="utf-8")
    values = {"home": home, "port": server.port, "uid": _owner().pw_uid, "gid": _owner().pw_gid}
    template = Path(__file__).with_name("dovecot.conf").read_text(encoding="utf-8")
    (home / "dovecot.conf").write_text(Template(template).substitute(values), encoding="utf-8")
    server._prepare_mailbox()
    return server


def _wait_until_it_listens(server: Dovecot, daemon: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _STARTING_SECONDS
    while True:
        if daemon.poll() is not None or time.monotonic() > end:
            log = server.home / "dovecot.log"
            said = (server.home / "output").read_text(errors="replace") + (log.read_text() if log.exists() else "")
            missing_server(f"Dovecot (it did not start: {said.strip()[-800:]})", _HOW_TO_ENABLE)
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", server.port), 1):
            return
        time.sleep(0.02)


def _stop(daemon: subprocess.Popen[bytes]) -> None:
    """End the daemon and its processes: its own session, and nobody else."""
    for ending in (signal.SIGTERM, signal.SIGKILL):
        end = time.monotonic() + 5
        with contextlib.suppress(ProcessLookupError):
            os.killpg(daemon.pid, ending)
            while time.monotonic() < end:
                daemon.poll()
                os.killpg(daemon.pid, 0)  # raises once nobody is left
                time.sleep(0.01)
            continue
        return
