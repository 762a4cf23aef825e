"""Who lives in the year: accounts that the program made, one that it did not, newcomers, and what people type for them."""

import atexit
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from config.institution import built_in_policy
from intake.forms.port import Field
from provision.directory.embedded_store import SeededAccount, SeededComputer, seed
from tests.secrecy import delivered, password_in
from tests.world import BASE_DN, CONTRACTOR, EMPLOYEE, GENERIC
from tests.year.office import MEMORY, Office

HEAD, TALENT, SUPERVISOR, APPROVER = (
    f"{login}@upme.gov.co" for login in ("jefe.ogi", "talento.humano", "supervisor.see", "aprobadora")
)
STRANGER = "curioso@gmail.com"
OGI, SEE = "Oficina de Gestión de la Información", "Subdirección de Energía Eléctrica"
MINING = "Subdirección de Minería"

OPERATOR: Mapping[Field, str] = {
    **CONTRACTOR,
    Field.ACCOUNT_TYPE: "Operador",
    Field.GIVEN_NAMES: "Luis",
    Field.SURNAMES: "Ñáñez Díaz",
    Field.DOCUMENT_NUMBER: "79555666",
    Field.PERSONAL_EMAIL: "luis.nanez@gmail.com",
    Field.UNIT: SEE,
    Field.CONTRACT_NUMBER: "OP-9-2026",
    Field.CONTRACT_END: "15/01/2027",
    Field.SUPERVISOR_EMAIL: SUPERVISOR,
}


@dataclass(frozen=True, slots=True)
class Somebody:
    """A person of the year as those who ask for something know him."""

    account: str
    document: str
    account_type: str
    unit: str
    usual: str
    """Who may ask for most things for him."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """What is asked for such an account."""
        contract = ("suspensión", "terminación", "cesión") if self.account_type in {"Contratista", "Operador"} else ()
        return ("inactivación", "activación", "inactivación", "activación", "modificación", "clave", "eliminación", *contract)


JOSE = Somebody("jose.munoz@upme.gov.co", "0012345678", "Contratista", OGI, HEAD)
SOFIA = Somebody("sofia.obrien@upme.gov.co", "52333444", "Funcionario", MINING, TALENT)
LUIS = Somebody("luis.nanez@upme.gov.co", "79555666", "Operador", SEE, SUPERVISOR)
TENDERS = Somebody("convocatorias.ogi@upme.gov.co", "", "Institucional o genérica", OGI, HEAD)
PEDRO = Somebody("pedro.viejo@upme.gov.co", "19000111", "Contratista", OGI, HEAD)
"""Made by hand, before the program: nobody knows a personal address of his, and he has a computer."""
ADMIN = Somebody("admin.dominio@upme.gov.co", "80111222", "Funcionario", MINING, TALENT)
"""Protected: never touched."""
PEOPLE = (JOSE, SOFIA, LUIS, TENDERS, PEDRO, ADMIN)
REQUESTERS = (HEAD, TALENT, SUPERVISOR, APPROVER, STRANGER, JOSE.account, SOFIA.account)

NEWCOMERS: tuple[Mapping[Field, str], ...] = (
    {
        **CONTRACTOR,
        Field.GIVEN_NAMES: "Ana Lucía",
        Field.SURNAMES: "=HYPERLINK Peña",
        Field.DOCUMENT_NUMBER: "1020304050",
        Field.PERSONAL_EMAIL: "ana.pena@gmail.com",
    },
    {
        **CONTRACTOR,
        Field.GIVEN_NAMES: "José Ángel",
        Field.SURNAMES: "Muñoz Ruiz",
        Field.DOCUMENT_NUMBER: "1020304051",
        Field.PERSONAL_EMAIL: "jose.ruiz@gmail.com",
        Field.CONTRACT_END: "30/06/2027",
    },
    {**EMPLOYEE, Field.GIVEN_NAMES: "Sofía", Field.DOCUMENT_NUMBER: "52999888", Field.PERSONAL_EMAIL: "sofia2@gmail.com"},
    {**GENERIC, Field.GENERIC_NAME: "Buzón O'Brien"},
    {**CONTRACTOR},
)
"""The last one has an account already; the first one has a name that is none."""

VARIANTS: Mapping[str, tuple[tuple[str, str], ...]] = {
    "upme": (),
    "estricta": (
        ("back_up_and_remove_licence = false", "back_up_and_remove_licence = true"),
        ("destructive_per_run = 10", "destructive_per_run = 1"),
        ('operations = ["DELETE"]', 'operations = ["DELETE", "ACTIVATE"]'),
    ),
}
"""The UPME's policy, and one that takes licences from leavers, lets little in at once and approves more."""


@cache
def moved_into(variant: str) -> Office:
    """An office in which four people got their accounts by the program and use them; made once, copied for each year."""
    folder = Path(tempfile.mkdtemp(prefix=f"gestion-{variant}-", dir=MEMORY))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    base = built_in_policy("upme")
    assert base is not None
    text = base.read_text(encoding="utf-8")
    for before, after in VARIANTS[variant]:
        assert before in text
        text = text.replace(before, after)
    (folder / "politica.toml").write_text(text, encoding="utf-8")
    office = Office(folder, institution="politica.toml")
    seed(
        office.path("directorio.db"),
        base_dn=BASE_DN,
        ous=(),
        groups=(),
        accounts=[
            SeededAccount(
                "pedro.viejo", "Pedro Viejo", PEDRO.account, "OU=Contratistas,OU=OGI,OU=Usuarios", PEDRO.document,
                given_name="Pedro", surname="Viejo", department=OGI, manager="jefe.ogi", groups=("CN=GG_OGI,OU=Grupos",),
            ),
            SeededAccount(
                "admin.dominio", "Admin Dominio", ADMIN.account, "OU=Funcionarios,OU=SM,OU=Usuarios", ADMIN.document,
                department=MINING, protected=True,
            ),
        ],
        computers=[SeededComputer("UPME-PC-17", managed_by="pedro.viejo", children=1)],
    )  # fmt: skip
    office.submit(CONTRACTOR, HEAD, contract_end="31/03/2027")
    office.submit(EMPLOYEE, TALENT)
    office.submit(GENERIC, HEAD)
    office.submit(OPERATOR, SUPERVISOR)
    office.settle()
    directory = office.directory()
    for number, mail in enumerate(delivered(office.path("correo"))):
        password = password_in(mail)
        if password is not None:
            login = next(line for line in login_lines(mail.as_string()) if line)
            directory.change_password(login, password, f"Segura-{number}-Inicial")
    directory.close()
    office.settle()
    office.journal.close()
    return office


def login_lines(text: str) -> list[str]:
    """Logins of the people of the year that a mail names."""
    return [login for each in PEOPLE if (login := each.account.partition("@")[0]) in text]


def spoken(day: date) -> str:
    """As people type a date."""
    return f"{day:%d/%m/%Y}"


def asked(kind: str, who: Somebody, day: date, days_long: int, detail: int) -> dict[Field, str]:
    """What somebody types to ask for this for a person; `detail` chooses among the variations of each kind."""
    answers = {Field.ACCOUNT_TYPE: who.account_type, Field.UNIT: who.unit, Field.ACCOUNT: who.account}
    until = spoken(day + timedelta(days=days_long))
    more: dict[Field, str]
    match kind:
        case "clave":
            typed: tuple[dict[Field, str], ...] = (
                {},
                {Field.PERSONAL_EMAIL: "otro.correo@hotmail.com"},
                {Field.PERSONAL_EMAIL: "jose.munoz@gmail.com"},
            )
            more = {
                Field.REQUEST_TYPE: "Cambio de clave",
                Field.ON_PREMISES: "Sí" if detail % 4 == 3 else "No",
                **typed[detail % 3],
            }
        case "modificación":
            changes: tuple[dict[Field, str], ...] = (
                {Field.POSITION: "Asesora, nivel 2", Field.REASON: "cambio de cargo"},
                {Field.UNIT: MINING if who.unit != MINING else OGI, Field.REASON: "traslado"},
                {Field.GIVEN_NAMES: "María", Field.SURNAMES: "O'Brien, Ñuñez", Field.REASON: "cambio de nombre"},
                {Field.CONTRACT_END: until, Field.REASON: "prórroga del contrato"},
                {Field.SUPERVISOR_EMAIL: SUPERVISOR, Field.REASON: "nuevo supervisor"},
                {Field.SUPERVISOR_EMAIL: "nadie@upme.gov.co", Field.REASON: "nuevo supervisor"},
            )
            more = {Field.REQUEST_TYPE: "Modificación", Field.FROM_DATE: spoken(day), **changes[detail % 6]}
        case "inactivación":
            reason = ("Vacaciones", "Licencia de maternidad", "Retiro", "terminación del contrato")[detail % 4]
            more = {Field.REQUEST_TYPE: "Inactivación", Field.REASON: reason, Field.FROM_DATE: spoken(day)}
            more |= {Field.UNTIL_DATE: until} if detail % 4 < 2 else {}
        case "activación":
            contract = {
                Field.CONTRACT_NUMBER: "CPS-7-2027",
                Field.CONTRACT_START: spoken(day),
                Field.CONTRACT_END: until,
            }
            more = {Field.REQUEST_TYPE: "Activación", **(contract if detail % 2 else {})}
        case "suspensión":
            more = {
                Field.REQUEST_TYPE: "Suspensión de contrato",
                Field.CONTRACT_NUMBER: "CPS-123-2026",
                Field.FROM_DATE: spoken(day),
                Field.UNTIL_DATE: until,
            }
        case "terminación":
            more = {
                Field.REQUEST_TYPE: "Terminación anticipada",
                Field.CONTRACT_NUMBER: "CPS-123-2026",
                Field.FROM_DATE: spoken(day),
                Field.REASON: "mutuo acuerdo",
            }
        case "cesión":
            more = {
                Field.REQUEST_TYPE: "Cesión de contrato",
                Field.CONTRACT_NUMBER: "CPS-123-2026",
                Field.CONTRACT_END: until,
                Field.FROM_DATE: spoken(day),
                Field.SUPERVISOR_EMAIL: who.usual,
                Field.ASSIGNEE_GIVEN_NAMES: "Beatriz",
                Field.ASSIGNEE_SURNAMES: "Cárdenas O'Neil",
                Field.ASSIGNEE_DOCUMENT_TYPE: "Cédula de ciudadanía",
                Field.ASSIGNEE_DOCUMENT_NUMBER: f"2030405{detail % 3}",
                Field.ASSIGNEE_PERSONAL_EMAIL: "beatriz@gmail.com",
            }
        case "eliminación":
            more = {Field.REQUEST_TYPE: "Eliminación", Field.REASON: "retiro de la entidad"}
            more |= {Field.COMPUTER: "UPME-PC-17"} if detail % 2 else {}
        case _:
            raise ValueError(kind)
    return {**answers, **more}


KINDS = (
    "clave", "modificación", "inactivación", "activación", "suspensión", "terminación", "cesión", "eliminación",
)  # fmt: skip
