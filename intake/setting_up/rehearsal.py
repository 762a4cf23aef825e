"""An installation for rehearsing, runnable at once: everything it talks to is the program's own, in one folder."""

import csv
import io
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

from config.errors import CannotRun
from config.institution import Institution
from config.vocabulary import ACCOUNT_TYPE_LABELS, DOCUMENT_TYPE_LABELS, OPERATION_LABELS, AccountType, DocumentType, Operation
from intake.forms.port import Field
from intake.forms.questions import DEFAULT_HEADERS
from intake.matrix_rows import Role
from intake.matrix_table import COLUMNS
from intake.paper import write_whole
from intake.setting_up.settings_text import rehearsal_text
from intake.wiring_accounts import policy_groups, policy_ous
from provision.directory.embedded_store import SeededAccount, seed

FILES = ("respuestas.csv", "matriz.csv", "directorio.db")
_HUMAN_RESOURCES, _HEAD, _APPROVER = "talento.humano", "jefe.area", "mesa.aprobadora"


def base_dn_of(policy: Institution) -> str:
    """The base that a domain of this name usually has: `DC=upme,DC=gov,DC=co`."""
    return ",".join(f"DC={part}" for part in policy.upn_suffix.split("."))


def make_rehearsal(settings: Path, institution: str, policy: Institution, now: datetime, told: Callable[[str], None]) -> None:
    """Write the settings, one response, the matrix and the directory. Raises CannotRun rather than touch what is there."""
    folder = settings.parent
    there = [name for name in (settings.name, *FILES) if (folder / name).exists()]
    if there:
        raise CannotRun(
            f"En {folder} ya está {', '.join(there)}, y un ensayo no reemplaza nada.",
            remedy="Indique con --config un archivo en otra carpeta.",
        )
    base_dn = base_dn_of(policy)
    write_whole(folder / "respuestas.csv", _responses(policy, now))
    write_whole(folder / "matriz.csv", _matrix(policy))
    _seed(folder / "directorio.db", base_dn, policy)
    write_whole(settings, rehearsal_text(institution, policy, base_dn))
    told(f"Ensayo listo en {folder}: una respuesta por atender, una matriz y un directorio con sus OU y grupos.")
    told(f"Atiéndala con: gestion run --config {settings}")


def _responses(policy: Institution, now: datetime) -> str:
    """What the form would export: one request of a head, for a contractor, or whom the institution offers."""
    account_type = AccountType.CONTRACTOR if AccountType.CONTRACTOR in policy.accounts else next(iter(policy.accounts))
    local = now.astimezone(policy.zone)
    year = local.year + (local.month == 12)
    answers: Mapping[Field, str] = {
        Field.REQUEST_TYPE: OPERATION_LABELS[Operation.CREATE],
        Field.ACCOUNT_TYPE: ACCOUNT_TYPE_LABELS[account_type],
        Field.GIVEN_NAMES: "Persona",
        Field.SURNAMES: "De Ensayo",
        Field.DOCUMENT_TYPE: DOCUMENT_TYPE_LABELS[DocumentType.CC],
        Field.DOCUMENT_NUMBER: "1000000001",
        Field.PERSONAL_EMAIL: "persona.ensayo@gmail.com",
        Field.UNIT: policy.units[0].name,
        Field.POSITION: "Profesional",
        Field.CONTRACT_NUMBER: "ENSAYO-1",
        Field.CONTRACT_START: f"{local:%d/%m/%Y}",
        Field.CONTRACT_END: f"31/12/{year}",
        Field.SUPERVISOR_EMAIL: f"{_HEAD}@{policy.mail_domain}",
    }
    row = {
        "Marca temporal": f"{local:%d/%m/%Y %H:%M:%S}",
        "Dirección de correo electrónico": f"{_HEAD}@{policy.mail_domain}",
        "ID de respuesta": "ensayo-1",
        **{DEFAULT_HEADERS[field]: text for field, text in answers.items()},
    }
    headers = ["Marca temporal", "Dirección de correo electrónico", *DEFAULT_HEADERS.values(), "ID de respuesta"]
    return _as_csv(headers, [row])


def _matrix(policy: Institution) -> str:
    people = (
        (_HUMAN_RESOURCES, "Talento Humano", Role.HUMAN_RESOURCES, "todas", ""),
        (_HEAD, "Jefe de Área", Role.HEAD, policy.units[0].name, ""),
        (_APPROVER, "Aprobadora", Role.SERVICE_DESK, "todas", "sí"),
    )
    rows = [
        {
            "correo": f"{login}@{policy.mail_domain}",
            "nombre": name,
            "rol": role.value,
            "dependencias": units,
            "aprobador": approver,
        }
        for login, name, role, units, approver in people
    ]
    return _as_csv(list(COLUMNS), rows)


def _seed(path: Path, base_dn: str, policy: Institution) -> None:
    ous = policy_ous(policy)
    people = [
        SeededAccount(login, login.replace(".", " ").title(), f"{login}@{policy.mail_domain}", ous[0])
        for login in (_HUMAN_RESOURCES, _HEAD, _APPROVER)
    ]
    seed(path, base_dn=base_dn, ous=ous, groups=policy_groups(policy), accounts=people)


def _as_csv(headers: list[str], rows: list[dict[str, str]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, headers, restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
