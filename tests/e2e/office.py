"""One installation as in production: its settings, the form, the sheet, the domain and the mail server, and its people."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from config.institution import BUILT_IN_INSTITUTIONS, Institution, built_in_policy, load_institution
from config.log import configure
from config.settings import load_settings
from intake.forms.port import Field
from intake.forms.questions import DEFAULT_HEADERS
from intake.run import RunReport, run_once
from intake.wiring import Installation
from intake.wiring_accounts import policy_groups, policy_ous
from provision.directory.embedded_store import SeededAccount, seed
from tests.e2e.people import HEAD, TALENTO_HUMANO
from tests.servers.google.accounts import ServiceAccountKey, write_key_file
from tests.servers.google.forms import FormsApi
from tests.servers.google.gestion_form import GestionForm
from tests.servers.google.grid import SheetTab, Spreadsheet, Value, serial
from tests.servers.google.server import FakeGoogle
from tests.servers.google.sheets import SheetsApi
from tests.servers.mail import Exim
from tests.servers.samba import DomainController

ROOT = Path(__file__).resolve().parents[2]
BOOK = "1AbCdEfGhIjKlMnOpQrStUvWxYz0123456789"
RESPONSES_GID = 987_654_321
EMBEDDED_BASE = "DC=gestion,DC=test"

MATRIX: Sequence[Sequence[Value]] = (
    ("correo", "nombre", "rol", "dependencias", "operaciones", "tipos_de_cuenta", "delegado_de", "desde", "hasta", "aprobador"),
    ("talento.humano@upme.gov.co", "Marta Lucía Rojas", "Talento Humano", "todas"),
    ("jefe.ogi@upme.gov.co", "Carlos Peña", "Jefe de área", "Oficina de Gestión de la Información"),
)

_SETTINGS = """\
institution = "politica.toml"

[store]
url = "sqlite:///{folder}/estado/gestion.db"

[form]
kind = "google"
form_id = "{form_id}"
key_file = "cuenta-de-servicio.json"
endpoint = "{google}"
attend_since = {attend_since}

[form.questions]
{questions}

[matrix]
kind = "sheet"
spreadsheet_id = "{book}"
tab = "Matriz"
endpoint = "{google}"

[board]
kind = "google"
spreadsheet_id = "{book}"
responses_gid = {gid}
endpoint = "{google}"

[directory]
{directory}

[cloud]
kind = "embedded"
path = "nube.db"
seats = {{ STANDARDPACK = 500, EXCHANGESTANDARD = 10, SPE_F1 = 10 }}
sync_minutes = 0
mailbox_minutes = 0

[mail]
{mail}

[desk]
kind = "embedded"
path = "mesa.db"

[log]
file = "gestion.log"
"""


@dataclass(frozen=True, slots=True)
class Ran:
    """One run of the command, as cron sees it."""

    exit_code: int
    document: Mapping[str, Any]
    said: str
    """The standard error."""


@dataclass
class Office:
    """An installation in a folder. What has no server here is embedded: the directory, the mail."""

    folder: Path
    google: FakeGoogle
    account: ServiceAccountKey
    samba: DomainController | None = None
    exim: Exim | None = None
    licences: bool = True
    """False: the policy gives no mailbox licences, so that an account is complete in one run."""
    attend_since: datetime = field(default_factory=lambda: datetime.now(UTC) - timedelta(days=1))

    def __post_init__(self) -> None:
        self.forms, self.sheets, self.book = FormsApi(), SheetsApi(), Spreadsheet()
        self.google.add(self.forms)
        self.google.add(self.sheets)
        self.sheets.books[BOOK] = self.book
        self.form = GestionForm(self.forms)
        self.responses = self.book.add(SheetTab(RESPONSES_GID, "Respuestas de formulario 1", columns=40))
        self.responses.append(["Marca temporal", "Dirección de correo electrónico", *DEFAULT_HEADERS.values()])
        self.book.add(SheetTab(1, "Matriz", columns=12)).append(*MATRIX)
        self._rows: dict[str, int] = {}
        write_key_file(self.account, self.path("cuenta-de-servicio.json"), self.google.token_uri)
        self._write_policy()
        self.policy: Institution = load_institution(self.path("politica.toml"))
        self.write_settings()
        if self.samba is None:
            self._seed_embedded_directory()

    def path(self, name: str) -> Path:
        """A file of the installation."""
        return self.folder / name

    def _write_policy(self) -> None:
        built_in = built_in_policy(next(name for name in BUILT_IN_INSTITUTIONS if name == "upme"))
        assert built_in is not None
        lines = built_in.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [line for line in lines if self.licences or not line.startswith("licence = ")]
        self.path("politica.toml").write_text("".join(kept), encoding="utf-8")

    def write_settings(
        self, *, directory: Mapping[str, object] | None = None, mail: Mapping[str, object] | None = None
    ) -> None:
        """The settings file, with some values of the directory's or the mail's section changed."""
        questions = (f"{name} = {{ id = {_toml(it.question_id)}, title = {_toml(it.title)} }}" for name, it in self._binding())
        text = _SETTINGS.format(
            folder=self.folder,
            form_id=self.form.form_id,
            google=self.google.url,
            attend_since=self.attend_since.isoformat(timespec="seconds"),
            questions="\n".join(questions),
            book=BOOK,
            gid=RESPONSES_GID,
            directory=_section({**self._directory(), **(directory or {})}),
            mail=_section({**self._mail(), **(mail or {})}),
        )
        self.path("gestion.toml").write_text(text, encoding="utf-8")

    def _binding(self) -> list[tuple[str, Any]]:
        return [(name.value, bound) for name, bound in self.form.binding.items()]

    def _directory(self) -> dict[str, object]:
        if self.samba is None:
            return {"kind": "embedded", "path": "directorio.db", "base_dn": EMBEDDED_BASE}
        return {
            "kind": "active_directory",
            "url": self.samba.url,
            "base_dn": self.samba.base_dn,
            "user": self.samba.service_user,
            "password_file": self.secret("clave-del-directorio", self.samba.service_password),
            "ca_file": str(self.samba.ca_file),
        }

    def _mail(self) -> dict[str, object]:
        if self.exim is None:
            return {"kind": "maildir", "path": "correo"}
        return {
            "kind": "smtp",
            "host": self.exim.host,
            "port": self.exim.port,
            "security": "starttls",
            "user": self.exim.user,
            "password_file": self.secret("clave-del-correo", self.exim.password),
            "ca_file": str(self.exim.ca_file),
        }

    def secret(self, name: str, text: str) -> str:
        """A file that only its owner reads. Returns its name."""
        self.path(name).touch(mode=0o600)
        self.path(name).write_text(text + "\n", encoding="utf-8")
        return name

    def prepare_domain(self, *, without_groups: Sequence[str] = ()) -> None:
        """What the administrator of the domain made before: OUs, groups, and the accounts of the supervisors."""
        assert self.samba is not None
        groups = tuple(group for group in policy_groups(self.policy) if group not in without_groups)
        self.samba.prepare(policy_ous(self.policy), groups)
        with self.samba.administrator() as admin:
            add: Callable[..., object] = admin.add  # ldap3's stubs leave it untyped
            for mail in (HEAD, TALENTO_HUMANO):
                login = mail.partition("@")[0]
                dn = f"CN={login},OU=Usuarios,{self.samba.base_dn}"
                add(dn, "user", {"sAMAccountName": login, "mail": mail})
                assert admin.result["result"] == 0, admin.result

    def _seed_embedded_directory(self) -> None:
        people = [SeededAccount(mail.partition("@")[0], mail, mail, "OU=Usuarios") for mail in (HEAD, TALENTO_HUMANO)]
        ous, groups = ("OU=Usuarios", *policy_ous(self.policy)), policy_groups(self.policy)
        seed(self.path("directorio.db"), base_dn=EMBEDDED_BASE, ous=ous, groups=groups, accounts=people)

    def submit(self, answers: Mapping[Field, str], requester: str, *, at: datetime | None = None) -> str:
        """Somebody fills the form in; Google puts the response on the sheet too. Returns the responseId."""
        at = at or datetime.now(UTC)
        response_id = self.form.submit(answers, requester, at)
        self._rows[response_id] = self.responses.append(self._row(answers, requester, at))
        return response_id

    def edit(self, response_id: str, answers: Mapping[Field, str], requester: str, *, at: datetime | None = None) -> None:
        """The same person corrects the response; Google changes its row too."""
        at = at or datetime.now(UTC)
        self.form.edit(response_id, answers, at)
        for column, value in enumerate(self._row(answers, requester, at), start=1):
            self.responses.put(self._rows[response_id], column, value)

    def _row(self, answers: Mapping[Field, str], requester: str, at: datetime) -> list[Value]:
        return [serial(at, "America/Bogota"), requester, *(answers.get(name, "") for name in DEFAULT_HEADERS)]

    def command(self, *arguments: str) -> list[str]:
        """The command line of `gestion` with these arguments on this installation."""
        return [sys.executable, "-m", "intake.cli", *arguments, "--config", str(self.path("gestion.toml"))]

    def environment(self) -> dict[str, str]:
        """What cron gives to a command: next to nothing."""
        return {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(self.folder), "LC_ALL": "C.UTF-8"}

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        """Start the command and do not wait for it."""
        return subprocess.Popen(
            self.command(*arguments),
            cwd=self.folder,
            env=self.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self) -> Ran:
        """One scheduled run of the command, to its end."""
        return finished(self.start("run", "--json"))

    def run_later(self, minutes: float) -> RunReport:
        """One run within this process, whose clock is so many minutes ahead: a test cannot wait for a back-off."""
        settings = load_settings(self.path("gestion.toml"), {})
        policy, ahead = settings.load_policy(), timedelta(minutes=minutes)
        installation = Installation(settings, policy, lambda: datetime.now(UTC) + ahead, configure(settings.log))
        try:
            return run_once(installation)
        finally:
            installation.close()

    def table(self, title: str = "Seguimiento") -> list[dict[str, str]]:
        """A tab as an agent reads it, by header."""
        headers, *rows = self.book.tab(title).table()
        return [dict(zip(map(str, headers), map(str, [*row, *[""] * len(headers)]), strict=False)) for row in rows]

    def choose(self, case: str, action: str, note: str = "") -> None:
        """An agent of the desk chooses an action beside a case."""
        tab = self.book.tab("Seguimiento")
        row = next(number for (number, column), value in tab.cells.items() if column == tab.header("Caso") and value == case)
        tab.put(row, tab.header("Acción"), action)
        tab.put(row, tab.header("Observación"), note)


def finished(process: "subprocess.Popen[str]") -> Ran:
    """Wait for a command started with --json."""
    out, err = process.communicate(timeout=60)
    return Ran(process.returncode, json.loads(out) if out.strip() else {}, err)


def _toml(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _section(values: Mapping[str, object]) -> str:
    return "\n".join(f"{key} = {_toml(value)}" for key, value in values.items())
