"""Exim, a real SMTP server: STARTTLS and TLS from the first byte, authentication, and delivery into a Maildir."""

import contextlib
import email
import grp
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
from email.message import EmailMessage
from email.policy import default as modern
from pathlib import Path
from string import Template

import pytest

from tests.servers.availability import missing_server
from tests.servers.certificates import Authority
from tests.servers.hostile_mail import hostile_smtp

__all__ = ["Exim", "exim", "exim_server", "hostile_smtp", "parsed", "running_exim"]

_HOW_TO_ENABLE = "apt-get install exim4-daemon-light, and run the tests as root or as a user who may run exim4"
_STARTING_SECONDS = 15
_DELIVERING_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Exim:
    """A running server. Recipients: `noexiste@` 550, `lleno@` 452, `repleto@` 552, `@ajeno.example` no relay, others accepted;
    what goes to `rebota@` is accepted and comes back.

    The certificate is for the name `localhost` and not for 127.0.0.1, so a wrong name can be tried too.
    """

    port: int
    """Plain, then STARTTLS."""
    tls_port: int
    ca_file: Path
    home: Path
    host: str = "localhost"
    user: str = "gestion"
    password: str = "Contraseña-del-relé-7"

    def messages(self, to: str | None = None) -> list[EmailMessage]:
        """What was delivered (to one recipient), oldest first, once the server has nothing left to deliver."""
        self.settle()
        files = sorted((self.home / "maildir" / "new").iterdir(), key=lambda file: (file.stat().st_mtime_ns, file.name))
        mails = [parsed(file.read_bytes()) for file in files]
        return [mail for mail in mails if to is None or str(mail["Envelope-to"]) == to]

    def settle(self) -> None:
        """Wait until no accepted message waits for its delivery."""
        end = time.monotonic() + _DELIVERING_SECONDS
        while any((self.home / "spool" / "input").rglob("*-[HD]")):
            if time.monotonic() > end:
                pytest.fail("Exim still has messages in its queue")
            time.sleep(0.01)

    def forget(self) -> None:
        """Empty the Maildir between tests."""
        self.settle()
        for file in (self.home / "maildir" / "new").glob("*"):
            file.unlink()

    def log(self) -> str:
        """Exim's main log so far."""
        file = self.home / "log" / "mainlog"
        return file.read_text(errors="replace") if file.exists() else ""


@contextlib.contextmanager
def running_exim() -> Iterator[Exim]:
    """Start a server, and end it. Skips or fails the test (`missing_server`) where Exim is not installed."""
    program = shutil.which("exim4") or shutil.which("exim4", path="/usr/sbin:/sbin")
    if program is None:
        missing_server("Exim", _HOW_TO_ENABLE)
    with contextlib.ExitStack() as stack:
        # Not pytest's own folder: Exim works as another user, who may not enter it.
        home = Path(tempfile.mkdtemp(prefix="gestion-exim-"))
        stack.callback(shutil.rmtree, home, ignore_errors=True)
        server = _prepared(home, program)
        daemon = subprocess.Popen(
            [program, "-bdf", "-C", str(home / "exim.conf")],
            stdin=subprocess.DEVNULL,
            stdout=stack.enter_context((home / "output").open("wb")),
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        stack.callback(_stop, daemon)
        _wait_until_it_listens(server, daemon)
        yield server
        server.settle()


@pytest.fixture(scope="session")
def exim_server() -> Iterator[Exim]:
    """One Exim for the whole session."""
    with running_exim() as server:
        yield server


@pytest.fixture
def exim(exim_server: Exim) -> Exim:
    """The server with an empty Maildir."""
    exim_server.forget()
    return exim_server


def _prepared(home: Path, program: str) -> Exim:
    user = pwd.getpwuid(os.getuid())
    if user.pw_uid == 0:
        try:
            user = pwd.getpwnam("Debian-exim")
        except KeyError:
            missing_server("Exim's own user (Debian-exim)", _HOW_TO_ENABLE)
    port, tls_port = _free_ports()
    server = Exim(port=port, tls_port=tls_port, ca_file=home / "ca.pem", home=home)
    authority = Authority("Autoridad de las pruebas de correo")
    server.ca_file.write_bytes(authority.certificate)
    certificate, key = authority.issue("localhost")
    (home / "server.pem").write_bytes(certificate)
    (home / "server.key").write_bytes(key)
    values = {
        "program": program,
        "home": home,
        "port": port,
        "tls_port": tls_port,
        "user": user.pw_name,
        "group": grp.getgrgid(user.pw_gid).gr_name,
        "login": server.user,
        "password": server.password,
    }
    template = Path(__file__).with_name("exim.conf").read_text(encoding="utf-8")
    (home / "exim.conf").write_text(Template(template).substitute(values), encoding="utf-8")
    for folder in ("spool", "log", "maildir"):
        (home / folder).mkdir()
    for folder in ("new", "cur", "tmp"):
        (home / "maildir" / folder).mkdir()
    if os.getuid() == 0:
        # Exim gives its privileges up and reads these again as its own user.
        home.chmod(0o755)
        for path in (home, *home.rglob("*")):
            if path.name != "exim.conf":
                os.chown(path, user.pw_uid, user.pw_gid)
    return server


def _wait_until_it_listens(server: Exim, daemon: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + _STARTING_SECONDS
    while True:
        if daemon.poll() is not None or time.monotonic() > end:
            said = (server.home / "output").read_text(errors="replace")[-800:] + server.log()[-800:]
            missing_server(f"Exim (it did not start: {said.strip()})", _HOW_TO_ENABLE)
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", server.port), 1) as line:
            if line.recv(3) == b"220":
                return
        time.sleep(0.02)


def _stop(daemon: subprocess.Popen[bytes]) -> None:
    """End the daemon and the deliveries it started: its own session, and nobody else."""
    for ending in (signal.SIGTERM, signal.SIGKILL):
        end = time.monotonic() + 5
        with contextlib.suppress(ProcessLookupError):
            os.killpg(daemon.pid, ending)
            while time.monotonic() < end:
                daemon.poll()
                os.killpg(daemon.pid, 0)  # raises once nobody is left, who could still write into the folder
                time.sleep(0.01)
            continue
        return


def _free_ports() -> tuple[int, int]:
    with socket.socket() as one, socket.socket() as other:
        one.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        return one.getsockname()[1], other.getsockname()[1]


def parsed(octets: bytes) -> EmailMessage:
    """A message as a mail program reads it."""
    return email.message_from_bytes(octets, _class=EmailMessage, policy=modern)
