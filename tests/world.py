"""A whole installation on the embedded adapters, in a folder, with a clock that moves only when told."""

import csv
import json
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from mailbox import Maildir
from pathlib import Path

from config.clock import SimulatedClock
from config.institution import Institution, built_in_policy
from config.log import configure
from config.settings import Log, Settings, load_settings
from config.stop_point import StopPoint, let_go
from intake.board.port import Board
from intake.forms.port import Field
from intake.forms.questions import DEFAULT_HEADERS
from intake.run import RunReport, run_once
from intake.wiring import Installation
from intake.wiring_accounts import policy_groups, policy_ous
from notify.desk.embedded import EmbeddedDesk
from notify.render import Renderer
from provision.directory.embedded import EmbeddedDirectory
from provision.directory.embedded_store import SeededAccount, seed
from provision.journal.views import Shown, Story
from provision.procedure.acts import WaitingFor

BASE_DN = "DC=upme,DC=test"
MONDAY = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
"""08:00 in Bogota on a business day."""

MATRIX = """correo,nombre,rol,dependencias,operaciones,tipos_de_cuenta,delegado_de,desde,hasta,aprobador
talento.humano@upme.gov.co,Marta Lucía Rojas,Talento Humano,todas,,,,,,
jefe.ogi@upme.gov.co,Carlos Peña,Jefe de área,Oficina de Gestión de la Información,,,,,,
supervisor.see@upme.gov.co,Ana María Ríos,Supervisor,Subdirección de Energía Eléctrica,,,,,,
aprobadora@upme.gov.co,Laura Gómez,Mesa de servicio,todas,,,,,,sí
"""

SUPERVISORS = ("talento.humano", "jefe.ogi", "supervisor.see", "aprobadora")

CONTRACTOR: Mapping[Field, str] = {
    Field.REQUEST_TYPE: "Creación de cuenta de usuario",
    Field.ACCOUNT_TYPE: "Contratista",
    Field.GIVEN_NAMES: "José Ángel",
    Field.SURNAMES: "Muñoz Peña",
    Field.DOCUMENT_TYPE: "Cédula de ciudadanía",
    Field.DOCUMENT_NUMBER: "0012345678",
    Field.PERSONAL_EMAIL: "jose.munoz@gmail.com",
    Field.MOBILE: "3001234567",
    Field.UNIT: "Oficina de Gestión de la Información",
    Field.POSITION: "Ingeniero de sistemas",
    Field.CONTRACT_NUMBER: "CPS-123-2026",
    Field.CONTRACT_START: "20/11/2026",
    Field.CONTRACT_END: "31/12/2026",
    Field.SUPERVISOR_EMAIL: "jefe.ogi@upme.gov.co",
}
"""A response that has nothing wrong with it, from the head of the unit."""

EMPLOYEE: Mapping[Field, str] = {
    Field.REQUEST_TYPE: "Creación de cuenta de usuario",
    Field.ACCOUNT_TYPE: "Funcionario",
    Field.GIVEN_NAMES: "Sofía",
    Field.SURNAMES: "O'Brien Ñáñez",
    Field.DOCUMENT_TYPE: "Cédula de ciudadanía",
    Field.DOCUMENT_NUMBER: "52333444",
    Field.PERSONAL_EMAIL: "sofia.obrien@outlook.com",
    Field.UNIT: "Subdirección de Minería",
    Field.POSITION: "Profesional especializado",
}

GENERIC: Mapping[Field, str] = {
    Field.REQUEST_TYPE: "Creación de cuenta de usuario",
    Field.ACCOUNT_TYPE: "Institucional o genérica",
    Field.GENERIC_NAME: "Convocatorias OGI",
    Field.OWNER_EMAIL: "jefe.ogi@upme.gov.co",
    Field.PERSONAL_EMAIL: "carlos.pena@gmail.com",
    Field.UNIT: "Oficina de Gestión de la Información",
}


@dataclass
class World:
    """The folder, the clock, and what somebody outside the program can do and see."""

    folder: Path
    clock: SimulatedClock = field(default_factory=lambda: SimulatedClock(MONDAY))
    institution: str = "upme"
    seats: Mapping[str, int] = field(default_factory=lambda: {"STANDARDPACK": 5, "EXCHANGESTANDARD": 2, "SPE_F1": 2})
    sections: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    """Sections of the settings to be used instead of the embedded ones."""
    stop_point: StopPoint = let_go
    matrix: str = MATRIX
    policy_changes: Mapping[str, object] = field(default_factory=dict)
    """Values of the institution's policy by section and key ("caps.destructive_per_run"), in a copy of its file."""
    board: Board | None = None
    """Used by every run instead of one of its own; the same holds for `renderer`."""
    renderer: Renderer | None = None

    def __post_init__(self) -> None:
        self.rows: list[dict[str, str]] = []
        self.path("matriz.csv").write_text(self.matrix, encoding="utf-8")
        self.write_responses()
        self.policy = self.settings().load_policy()
        seed_directory(self.path("directorio.db"), self.policy)

    def path(self, name: str) -> Path:
        """A file of the installation."""
        return self.folder / name

    def settings(self) -> Settings:
        """Write the settings file and load it, as a command would."""
        lines = [f"institution = {json.dumps(self.policy_file())}"]
        for name, section in {**self.embedded_sections(), **self.sections}.items():
            lines.append(f"[{name}]")
            for key, value in section.items():
                if isinstance(value, Mapping):
                    lines.append(f"{key} = {{ {', '.join(f'{inner} = {json.dumps(it)}' for inner, it in value.items())} }}")
                else:
                    lines.append(f"{key} = {json.dumps(value, ensure_ascii=False)}")
        self.path("gestion.toml").write_text("\n".join(lines) + "\n", encoding="utf-8")
        return load_settings(self.path("gestion.toml"), {})

    def policy_file(self) -> str:
        """The institution's policy as the settings name it: a built-in one, or a copy of it with the changes."""
        built_in = built_in_policy(self.institution)
        if not self.policy_changes or built_in is None:
            return self.institution
        text = changed_policy(built_in.read_text(encoding="utf-8"), self.policy_changes)
        self.path("politica.toml").write_text(text, encoding="utf-8")
        return "politica.toml"

    def embedded_sections(self) -> dict[str, Mapping[str, object]]:
        """Every port on its embedded adapter."""
        return {
            "form": {"kind": "csv", "path": "respuestas.csv", "vouched_by": "mesa@upme.gov.co"},
            "matrix": {"kind": "csv", "path": "matriz.csv"},
            "board": {"kind": "xlsx", "path": "seguimiento.xlsx"},
            "directory": {"kind": "embedded", "path": "directorio.db", "base_dn": BASE_DN},
            "cloud": {"kind": "embedded", "path": "nube.db", "seats": dict(self.seats)},
            "backup": {"kind": "embedded", "path": "backups"},
            "mail": {"kind": "maildir", "path": "correo"},
            "desk": {"kind": "embedded", "path": "mesa.db"},
        }

    def submit(self, answers: Mapping[Field, str], requester: str, *, response_id: str = "", **changes: str) -> str:
        """A response to the form, now; `changes` by field name. Returns its response id; the same id again is an edit."""
        filled = {**answers, **{Field(name): text for name, text in changes.items()}}
        response_id = response_id or f"R{len(self.rows) + 1}"
        local = self.clock().astimezone(self.policy.zone)
        row = {DEFAULT_HEADERS[question]: text for question, text in filled.items()}
        row |= {"Marca temporal": f"{local:%d/%m/%Y %H:%M:%S}", "Dirección de correo electrónico": requester}
        self.rows.append({**row, "ID de respuesta": response_id})
        self.write_responses()
        return response_id

    def write_responses(self) -> None:
        """The export of the form, with all responses so far."""
        headers = ["Marca temporal", "Dirección de correo electrónico", *DEFAULT_HEADERS.values(), "ID de respuesta"]
        with self.path("respuestas.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, headers, restval="")
            writer.writeheader()
            writer.writerows(self.rows)

    def installation(self, *, writable: bool = True) -> Installation:
        """The program, put together anew as each scheduled run does."""
        settings = self.settings()
        log = configure(Log(file=self.path("gestion.log")))
        # A built-in policy is the same value each time: it is read and checked against these settings once, in `__post_init__`.
        policy = settings.load_policy() if self.policy_changes else self.policy
        made = Installation(settings, policy, self.clock, log, writable=writable, stop_point=self.stop_point)
        if self.board is not None:
            made.board = self.board
        if self.renderer is not None:
            made.renderer = self.renderer
        return made

    def run(self) -> RunReport:
        """One scheduled run."""
        installation = self.installation()
        try:
            return run_once(installation)
        finally:
            installation.close()

    def run_until_quiet(self, *, minutes: int = 10, most: int = 40) -> list[RunReport]:
        """Scheduled runs, so many minutes apart, until nothing more happens for an hour."""
        reports: list[RunReport] = []
        quiet = timedelta(0)
        while quiet < timedelta(hours=1) and len(reports) < most:
            reports.append(self.run())
            happened = reports[-1].reception.opened or any(advance.entries for advance in reports[-1].work.advanced)
            quiet = timedelta(0) if happened else quiet + timedelta(minutes=minutes)
            self.clock.advance(timedelta(minutes=minutes))
        return reports

    def wakes(self) -> tuple[tuple[WaitingFor | None, datetime], ...]:
        """When each open request is to be looked at again (aware UTC), and what it waits for; soonest first."""
        if not self.path("gestion.db").exists():
            return ()
        with closing(sqlite3.connect(self.path("gestion.db"))) as journal:
            wanted = "SELECT waiting_for, wake_at FROM request WHERE wake_at IS NOT NULL ORDER BY wake_at"
            found = journal.execute(wanted).fetchall()
        return tuple(
            (WaitingFor(waits) if waits else None, datetime.fromisoformat(at).replace(tzinfo=UTC)) for waits, at in found
        )

    def cases(self) -> tuple[Shown, ...]:
        """Every request in the journal."""
        installation = self.installation()
        try:
            return installation.views.cases()
        finally:
            installation.close()

    def story(self, case: str) -> Story:
        """The story of one request."""
        installation = self.installation()
        try:
            return installation.views.story(case)
        finally:
            installation.close()

    def mails(self) -> list[tuple[str, str, str]]:
        """Every mail that went out: to, subject, text."""
        found = []
        for message in Maildir(self.path("correo"), create=True):
            part = next(part for part in message.walk() if part.get_content_type() == "text/plain")
            payload = part.get_payload(decode=True)
            text = payload.decode() if isinstance(payload, bytes) else str(payload)
            found.append((str(message["To"]), str(message["Subject"]), text))
        return found

    def directory(self) -> EmbeddedDirectory:
        """The directory, as the user or an administrator uses it."""
        return EmbeddedDirectory(self.path("directorio.db"), BASE_DN, clock=self.clock)

    def desk(self) -> EmbeddedDesk:
        """The desk's register."""
        return EmbeddedDesk(self.path("mesa.db"), clock=self.clock)


def changed_policy(text: str, changes: Mapping[str, object]) -> str:
    """A policy's text with other values for keys that it has. Raises ValueError for one that it has not."""
    lines, section = text.splitlines(), ""
    wanted = dict(changes)
    for place, line in enumerate(lines):
        if line.startswith("["):
            section = line.strip("[] ")
        key = line.partition("=")[0].strip()
        name = f"{section}.{key}" if section else key
        if "=" in line and name in wanted:
            lines[place] = f"{key} = {json.dumps(wanted.pop(name), ensure_ascii=False)}"
    if wanted:
        raise ValueError(f"the policy has no {', '.join(wanted)}")
    return "\n".join(lines) + "\n"


def seed_directory(path: Path, policy: Institution) -> None:
    """The OUs and groups of the policy, and the supervisors of MATRIX."""
    ous, groups = policy_ous(policy), policy_groups(policy)
    home = ous[0]
    people = [
        SeededAccount(login, login.replace(".", " ").title(), f"{login}@{policy.mail_domain}", home) for login in SUPERVISORS
    ]
    seed(path, base_dn=BASE_DN, ous=ous, groups=groups, accounts=people)
