"""The files that a demonstration starts from: who and what is there before the program comes."""

import csv
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from config.dates import end_of_day
from config.errors import CannotRun
from config.institution import Institution, Unit, built_in_policy
from config.settings_accounts import CloudEmbedded, DirectoryEmbedded
from config.vocabulary import AccountType, EmailAddress
from intake.forms.csv_times import parse_form_timestamp
from intake.wiring import Installation
from intake.wiring_accounts import policy_groups, policy_ous
from provision.backup.port import BackupPart
from provision.cloud.embedded import EmbeddedCloud
from provision.directory.embedded_store import SeededAccount, SeededComputer, seed
from provision.journal.accounts import Accounts

DATA = Path(__file__).parent.parent / "config" / "demo"
SETTINGS = "gestion.toml"
RESPONSES = "respuestas.csv"
PEOPLE = "personas.csv"
POLICY = "politica.toml"
STARTING_FILES = (SETTINGS, RESPONSES, "matriz.csv")
FURTHER_FILES = ("excepciones.csv",)
"""Those that only one of the institutions has."""
MARK = ".demostracion-de-gestion"
"""A folder that holds this file was made by the demonstration, and may be made anew by it."""

UNPLACED = "OU=Temporales,OU=Usuarios"
"""An OU that the policy does not know: an account in it waits for a person."""
RECOVERY_KEYS = 2
"""Objects below each computer, which leave the domain with it."""

_USUAL_CAP, _LOWERED_CAP = "destructive_per_run = 10", "destructive_per_run = 4"


def prepare_folder(folder: Path) -> None:
    """Make an empty folder for a demonstration; one of a former demonstration is emptied first.

    Raises CannotRun for a folder with anything else in it: nothing of somebody's is ever deleted.
    """
    try:
        if folder.exists() and any(folder.iterdir()):
            if not (folder / MARK).exists():
                raise CannotRun(
                    f"La carpeta {folder} no está vacía y no es de una demostración anterior.",
                    remedy="Indique otra con --folder; no se borró nada.",
                )
            shutil.rmtree(folder)
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (folder / MARK).write_text(
            "Carpeta de la demostración: «gestion demo» la vacía y la vuelve a llenar.\n", encoding="utf-8"
        )
    except OSError as error:
        raise _unusable(folder, error) from error


def put_starting_files(data: Path, folder: Path) -> None:
    """Settings, responses and matrix of one institution, and for the UPME its policy with a lower cap."""
    try:
        folder.mkdir(exist_ok=True, mode=0o700)
        further = [name for name in FURTHER_FILES if (data / name).exists()]
        for name in (*STARTING_FILES, *further):
            shutil.copyfile(data / name, folder / name)
        if POLICY in (folder / SETTINGS).read_text(encoding="utf-8"):
            (folder / POLICY).write_text(_policy_with_lower_cap(), encoding="utf-8")
    except OSError as error:
        raise _unusable(folder, error) from error


def _unusable(folder: Path, error: OSError) -> CannotRun:
    return CannotRun(f"No se puede preparar la carpeta {folder}: {error.strerror}.", remedy="Revise el disco y los permisos.")


def _policy_with_lower_cap() -> str:
    built_in = built_in_policy("upme")
    text = built_in.read_text(encoding="utf-8") if built_in is not None else ""
    if _USUAL_CAP not in text:
        raise ValueError("the policy of the UPME has another cap than the one that the demonstration lowers")
    return text.replace(_USUAL_CAP, _LOWERED_CAP)


def submission_times(path: Path, zone: ZoneInfo) -> list[datetime]:
    """When the responses of the export were submitted, edits included, in order (aware)."""
    with path.open(encoding="utf-8", newline="") as file:
        return sorted(parse_form_timestamp(row["Marca temporal"], zone) for row in csv.DictReader(file))


@dataclass(frozen=True, slots=True)
class Resident:
    """Somebody, or a generic account, that is there before; a row of personas.csv."""

    login: str
    given_names: str
    surnames: str
    document: str
    unit: Unit | None
    """None: in an OU that the policy does not know."""
    account_type: AccountType
    position: str
    manager: str
    contract_number: str
    contract_end: date | None
    personal_email: str
    enabled: bool
    protected: bool
    computer: str
    messages: int

    @property
    def name(self) -> str:
        """As it is shown."""
        return f"{self.given_names} {self.surnames}".strip()


def residents(path: Path, policy: Institution) -> list[Resident]:
    """The rows of personas.csv."""
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Resident(
                login=row["login"],
                given_names=row["nombres"],
                surnames=row["apellidos"],
                document=row["documento"],
                unit=policy.unit_called(row["dependencia"]),
                account_type=AccountType(row["tipo"]),
                position=row["cargo"],
                manager=row["jefe"],
                contract_number=row["contrato"],
                contract_end=datetime.strptime(row["fin_contrato"], "%d/%m/%Y").replace(tzinfo=policy.zone).date()
                if row["fin_contrato"]
                else None,
                personal_email=row["correo_personal"],
                enabled=row["activa"] != "no",
                protected=row["activa"] == "protegida",
                computer=row["equipo"],
                messages=int(row["mensajes"] or 0),
            )
            for row in csv.DictReader(file)
        ]


def furnish(installation: Installation, people: Sequence[Resident], missing_groups: Sequence[str]) -> None:
    """The directory with its OUs, groups (but the missing ones), people and computers; their mailboxes; the register."""
    settings, policy = installation.settings, installation.policy
    directory, cloud = settings.directory, settings.cloud
    if not isinstance(directory, DirectoryEmbedded) or not isinstance(cloud, CloudEmbedded):
        raise TypeError("a demonstration lives on the embedded adapters")
    seed(
        directory.path,
        base_dn=directory.base_dn,
        ous=(*policy_ous(policy), UNPLACED),
        groups=[group for group in policy_groups(policy) if group not in missing_groups],
        accounts=[_account(each, policy) for each in people],
        computers=[SeededComputer(each.computer, each.login, RECOVERY_KEYS) for each in people if each.computer],
    )
    _give_mailboxes(installation, cloud, people)
    _register(installation, people)


def _account(resident: Resident, policy: Institution) -> SeededAccount:
    personal = resident.account_type is not AccountType.GENERIC
    unit = resident.unit
    groups = (*policy.accounts[resident.account_type].groups, *(unit.groups if unit else ()))
    return SeededAccount(
        login=resident.login,
        display_name=resident.name,
        mail=f"{resident.login}@{policy.mail_domain}",
        ou=policy.ou_of(resident.account_type, unit) if unit else UNPLACED,
        employee_id=resident.document or None,
        enabled=resident.enabled,
        protected=resident.protected,
        groups=groups if resident.enabled else (),
        given_name=resident.given_names if personal else "",
        surname=resident.surnames if personal else "",
        title=resident.position,
        department=unit.name if unit else "",
        manager=resident.manager or None,
        expires_at=end_of_day(resident.contract_end, policy.zone) if resident.contract_end else None,
    )


def _give_mailboxes(installation: Installation, cloud: CloudEmbedded, people: Sequence[Resident]) -> None:
    """Who works has had a mailbox since the day before, with what the row says in it."""
    now, policy = installation.clock(), installation.policy
    asked, synchronised = now - timedelta(days=2), now - timedelta(days=1)
    early = EmbeddedCloud(cloud.path, cloud.seats, lambda: asked)
    late = EmbeddedCloud(cloud.path, cloud.seats, lambda: synchronised)
    ids = {
        each.login: found.id
        for each in people
        if each.enabled and not each.protected
        if (found := installation.directory.find_by_login(each.login)) is not None
    }
    for account_id in ids.values():
        early.find_user(account_id)
    early.request_sync()
    for each in people:
        licence = policy.accounts[each.account_type].licence
        user = late.find_user(ids[each.login]) if each.login in ids else None
        if user is None or licence is None:
            continue
        late.assign_licence(user, licence)
        parts = tuple(BackupPart)
        for number in range(each.messages):
            part = parts[number % len(parts)]
            late.put_item(user, part.value, f"{part.value} {number + 1}.txt", f"Contenido {number + 1}\n".encode())


def _register(installation: Installation, people: Sequence[Resident]) -> None:
    """Those whose account the program made in an earlier year: the address on record, the supervisor, the contract."""
    register, policy = Accounts(installation.journal), installation.policy
    for each in people:
        found = installation.directory.find_by_login(each.login) if each.personal_email else None
        if found is None:
            continue
        register.remember(
            found.id,
            each.login,
            account_type=each.account_type,
            unit=each.unit.name if each.unit else None,
            personal_email=EmailAddress(each.personal_email),
            supervisor_email=EmailAddress(f"{each.manager}@{policy.mail_domain}") if each.manager else None,
            contract_number=each.contract_number or None,
            contract_end=each.contract_end,
        )
