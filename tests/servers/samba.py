"""A throw-away Active Directory domain controller (Samba) for one test session, on a loopback address of its own.

`samba.sh` makes the domain once (about 10 s) and keeps it as a tar; starting from that takes half a second. The controller
dies with the process that started it, even when that one is killed.
"""

import contextlib
import hashlib
import os
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import filelock
import ldap3
import pytest
from ldap3.utils.dn import escape_rdn, to_dn

from tests.servers.availability import missing_server

REALM = "GESTION.TEST"
ADMIN_PASSWORD = "Adm1n-Passw0rd!"
SERVICE_PASSWORD = "Svc-Gesti0n-Passw0rd"
HOW_TO_ENABLE = "as root on Debian: apt-get install --no-install-recommends samba samba-dsdb-modules samba-ad-provision openssl"
_SCRIPT = Path(__file__).with_name("samba.sh")
_DACL_ONLY = ("1.2.840.113556.1.4.801", True, b"\x30\x03\x02\x01\x04")
"""LDAP_SERVER_SD_FLAGS with DACL_SECURITY_INFORMATION: read and write the access control list alone."""


@dataclass(frozen=True, slots=True)
class DomainController:
    """One running domain controller. DNs given to its methods are relative to `base_dn`.

    The service account has the rights of docs/administrador.md and no others: under `OU=Usuarios` it may create, move and
    delete users with what is below them, write the attributes that are named there and reset passwords; under `OU=Equipos`
    disable computers and delete them with what is below them; change the members of groups under `OU=Usuarios` and
    `OU=Grupos`; and read deleted objects.
    """

    address: str
    base_dn: str
    ca_file: Path
    ca_key_file: Path
    home: Path = field(repr=False)
    pid: int
    upn_suffix: str = REALM.lower()
    admin_user: str = f"Administrator@{REALM.lower()}"
    admin_password: str = field(default=ADMIN_PASSWORD, repr=False)
    service_user: str = f"svc-gestion@{REALM.lower()}"
    service_password: str = field(default=SERVICE_PASSWORD, repr=False)

    @property
    def url(self) -> str:
        """Where LDAPS answers."""
        return f"ldaps://{self.address}:636"

    @contextlib.contextmanager
    def administrator(self) -> Iterator[ldap3.Connection]:
        """A connection as the domain's administrator, to arrange and to look at what the service account did."""
        with self.connection(self.admin_user, self.admin_password) as connection:
            connection.bind()
            assert connection.bound, connection.result
            yield connection

    @contextlib.contextmanager
    def connection(self, user: str, password: str) -> Iterator[ldap3.Connection]:
        """An open connection of this user, not bound yet: `bind()` and look at `result`."""
        server = ldap3.Server(
            self.address,
            636,
            use_ssl=True,
            get_info=ldap3.NONE,
            connect_timeout=10,
            tls=ldap3.Tls(validate=ssl.CERT_REQUIRED, ca_certs_file=str(self.ca_file), valid_names=["dc1.gestion.test"]),
        )
        connection = ldap3.Connection(server, user, password, receive_timeout=20, check_names=False, auto_referrals=False)
        connection.open(read_server_info=False)
        try:
            yield connection
        finally:
            connection.unbind()

    def accepts(self, login: str, password: str) -> str:
        """Bind as this user: "" when accepted, else the hexadecimal reason ("773": the password must be changed)."""
        with self.connection(f"{login}@{self.upn_suffix}", password) as connection:
            if connection.bind(read_server_info=False):
                return ""
            message = str(connection.result["message"])
            return message.partition("data ")[2].partition(",")[0].strip()

    def prepare(self, ous: tuple[str, ...] = (), groups: tuple[str, ...] = ()) -> None:
        """Make these OUs and groups with all their parents, and delegate new top-level OUs like "OU=Usuarios". Idempotent."""
        with self.administrator() as admin:
            for ou in ous:
                self._make_ous(admin, ou)
            for group in groups:
                name, _, parent = group.partition(",")
                self._make_ous(admin, parent)
                self._add(admin, group, "group", {"sAMAccountName": name.partition("=")[2].replace("\\", "")[:64]})

    def _make_ous(self, admin: ldap3.Connection, relative_dn: str) -> None:
        components = to_dn(relative_dn) if relative_dn else []
        for start in range(len(components) - 1, -1, -1):
            if not components[start].upper().startswith("OU="):
                continue
            made = self._add(admin, ",".join(components[start:]), "organizationalUnit", {})
            if made and start == len(components) - 1:
                self._delegate(admin, components[start])

    def _add(self, admin: ldap3.Connection, relative_dn: str, kind: str, attributes: dict[str, str]) -> bool:
        add: Callable[..., object] = admin.add  # ldap3's stubs leave it untyped
        add(f"{relative_dn},{self.base_dn}", kind, attributes)
        assert admin.result["result"] in (0, 68), admin.result
        return bool(admin.result["result"] == 0)

    def _delegate(self, admin: ldap3.Connection, relative_dn: str) -> None:
        name = "nTSecurityDescriptor"
        model = f"OU=Usuarios,{self.base_dn}"
        assert admin.search(model, "(objectClass=*)", ldap3.BASE, attributes=[name], controls=[_DACL_ONLY]), admin.result
        assert admin.response
        descriptor = admin.response[0]["raw_attributes"][name]
        change = {name: [(ldap3.MODIFY_REPLACE, descriptor)]}
        modify: Callable[..., object] = admin.modify  # ldap3's stubs leave it untyped
        assert modify(f"{relative_dn},{self.base_dn}", change, controls=[_DACL_ONLY]), admin.result


def _needed() -> None:
    missing = [program for program in ("samba", "openssl", "setpriv") if not shutil.which(program)]
    if missing or not Path("/usr/share/samba/setup").is_dir():
        missing_server("Samba", HOW_TO_ENABLE)
    if os.geteuid() != 0:
        missing_server("Samba", "run the tests as root, Samba's domain controller needs it")


def _archive() -> Path:
    """The fresh domain, made at the first use and whenever the script changes."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "gestion-tests"
    digest = hashlib.sha256(_SCRIPT.read_bytes() + f"{REALM}{ADMIN_PASSWORD}{SERVICE_PASSWORD}".encode()).hexdigest()[:12]
    archive = cache / f"samba-{digest}.tar"
    cache.mkdir(parents=True, exist_ok=True)
    with filelock.FileLock(str(archive) + ".lock"):
        if not archive.exists():
            command = ["/bin/bash", str(_SCRIPT), str(archive), REALM, ADMIN_PASSWORD, SERVICE_PASSWORD]
            made = subprocess.run(command, capture_output=True, text=True, check=False, timeout=160)
            if made.returncode:
                pytest.fail(f"Samba's domain could not be made: {made.stderr[-2000:]}", pytrace=False)
    return archive


def _free_address() -> str:
    """A loopback address on which nobody listens on LDAP's ports."""
    for number in range(os.getpid(), os.getpid() + 200):
        address = f"127.77.{number // 250 % 250}.{number % 250 + 1}"
        with socket.socket() as ldap, socket.socket() as ldaps:
            try:
                ldap.bind((address, 389))
                ldaps.bind((address, 636))
            except OSError:
                continue
            return address
    pytest.fail("no free loopback address for Samba", pytrace=False)


def issue_certificate(ca_file: Path, ca_key_file: Path, folder: Path, names: str) -> tuple[Path, Path]:
    """A server certificate of the domain's authority for these subject alternative names: (certificate, key)."""
    certificate, key, request = folder / "cert.pem", folder / "key.pem", folder / "request.pem"
    extensions = folder / "extensions.txt"
    extensions.write_text(f"subjectAltName={names}\nextendedKeyUsage=serverAuth\n", encoding="ascii")
    elliptic = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    signing = ["-days", "30", "-set_serial", str(uuid.uuid4().int >> 1), "-extfile", extensions]
    for command in (
        ["req", *elliptic, "-subj", "/CN=dc1.gestion.test", "-keyout", key, "-out", request],
        ["x509", "-req", "-in", request, "-CA", ca_file, "-CAkey", ca_key_file, *signing, "-out", certificate],
    ):
        subprocess.run(["openssl", *map(str, command)], check=True, capture_output=True, timeout=30)
    key.chmod(0o600)
    return certificate, key


def _configure(home: Path, address: str) -> Path:
    """Write the controller's configuration.

    Active Directory lets a former password in for an hour (OldPasswordAllowedPeriod); a test of which one works wants none.
    """
    folders = {name: home / name for name in ("etc", "private", "state", "cache", "lock", "run", "log")}
    for folder in folders.values():
        folder.mkdir(exist_ok=True)
    tls = folders["private"] / "tls"
    issue_certificate(tls / "ca.pem", tls / "ca-key.pem", tls, f"IP:{address},IP:127.0.0.1,DNS:dc1.gestion.test")
    configuration = folders["etc"] / "smb.conf"
    configuration.write_text(
        f"""[global]
  netbios name = DC1
  workgroup = {REALM.partition(".")[0]}
  realm = {REALM}
  server role = active directory domain controller
  server services = ldap
  interfaces = {address}/8
  bind interfaces only = yes
  private dir = {folders["private"]}
  state directory = {folders["state"]}
  cache directory = {folders["cache"]}
  lock directory = {folders["lock"]}
  pid directory = {folders["run"]}
  ncalrpc dir = {folders["run"]}/ncalrpc
  winbindd socket directory = {folders["run"]}/winbindd
  ntp signd socket directory = {folders["run"]}/ntp_signd
  logging = file
  log file = {folders["log"]}/samba.log
  ldb:nosync = true
  old password allowed period = 0
""",
        encoding="utf-8",
    )
    return configuration


@contextlib.contextmanager
def running_domain_controller() -> Iterator[DomainController]:
    """Start a fresh domain controller, and end it. Skips or fails the test (`missing_server`) where Samba is not installed."""
    _needed()
    archive = _archive()
    home = Path(tempfile.mkdtemp(prefix="gestion-samba-"))
    try:
        subprocess.run(["tar", "-xSf", str(archive), "-C", str(home)], check=True, capture_output=True, timeout=60)
        address = _free_address()
        configuration = _configure(home, address)
        command = [
            "setpriv",
            "--pdeathsig",
            "KILL",
            "samba",
            "-s",
            str(configuration),
            "-F",
            "--no-process-group",
            "-M",
            "single",
        ]
        with (home / "log" / "stdout").open("wb") as output:
            process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True)
        try:
            _wait_for_ldaps(process, home, address)
            tls = home / "private" / "tls"
            base_dn = ",".join(f"DC={part}" for part in REALM.lower().split("."))
            yield DomainController(address, base_dn, tls / "ca.pem", tls / "ca-key.pem", home, process.pid)
        finally:
            process.send_signal(signal.SIGCONT)
            process.kill()
            process.wait(timeout=20)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _wait_for_ldaps(process: "subprocess.Popen[bytes]", home: Path, address: str) -> None:
    context = ssl.create_default_context(cafile=str(home / "private" / "tls" / "ca.pem"))
    for _ in range(400):
        if process.poll() is not None:
            break
        with (
            contextlib.suppress(OSError),
            socket.create_connection((address, 636), timeout=5) as plain,
            context.wrap_socket(plain, server_hostname=address),
        ):
            return
        time.sleep(0.03)
    log = "\n".join(path.read_text(errors="replace")[-1500:] for path in sorted((home / "log").glob("*")))
    pytest.fail(f"Samba did not start: {log}", pytrace=False)


@pytest.fixture(scope="session")
def samba() -> Iterator[DomainController]:
    """The session's domain controller."""
    with running_domain_controller() as controller:
        yield controller


@pytest.fixture
def samba_ou(samba: DomainController) -> str:
    """A fresh OU for one test, relative to the base, under the delegated "OU=Usuarios"."""
    ou = f"OU={escape_rdn('prueba-' + uuid.uuid4().hex[:10])},OU=Usuarios"
    samba.prepare(ous=(ou,))
    return ou
