"""Whole runs: the four account types at both institutions, from the form to the first logon, and what people see of it."""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import pytest

from config.vocabulary import CaseNumber
from intake.forms.port import Field
from notify.desk.port import TicketStatus
from provision.procedure.model import State
from provision.procedure.submission import CreateGenericAccount, CreatePersonalAccount
from tests.runs.seen import board, later
from tests.secrecy import delivered, files_with, password_in, plain_text
from tests.world import CONTRACTOR, EMPLOYEE, GENERIC, World

NEW_PASSWORD = "Otra-Clave-Distinta-42"
SEATS = {"STANDARDPACK": 5, "EXCHANGESTANDARD": 2, "SPE_F1": 2, "ENTERPRISEPACK": 3}
OPERATOR: Mapping[Field, str] = {
    **CONTRACTOR,
    Field.ACCOUNT_TYPE: "Operador",
    Field.GIVEN_NAMES: "Ana",
    Field.SURNAMES: "Güiza de la Hoz",
    Field.DOCUMENT_NUMBER: "1098765432",
    Field.PERSONAL_EMAIL: "ana.guiza@correo.example",
}
VICTIMS_MATRIX = """correo,nombre,rol,dependencias,operaciones,tipos_de_cuenta,delegado_de,desde,hasta,aprobador
talento.humano@unidadvictimas.gov.co,Marta Lucía Rojas,Talento Humano,todas,,,,,,
jefe.ogi@unidadvictimas.gov.co,Carlos Peña,Jefe de área,todas,,,,,,
"""


@dataclass(frozen=True)
class Asked:
    """One creation and what is to come of it."""

    institution: str
    answers: Mapping[Field, str]
    by: str
    login: str
    in_ou: str
    licence: str | None


def at_victims(answers: Mapping[Field, str]) -> dict[Field, str]:
    """The same request at the other institution."""
    changed = {**answers, Field.UNIT: "Oficina de Tecnologías de la Información"}
    if Field.SUPERVISOR_EMAIL in changed:
        changed[Field.SUPERVISOR_EMAIL] = "jefe.ogi@unidadvictimas.gov.co"
    return changed


CREATIONS = [
    Asked("upme", CONTRACTOR, "jefe.ogi@upme.gov.co", "jose.munoz", "OU=Contratistas,OU=OGI", "STANDARDPACK"),
    Asked("upme", EMPLOYEE, "Talento.Humano@UPME.gov.co", "sofia.obrien", "OU=Funcionarios,OU=SM", "STANDARDPACK"),
    Asked("upme", GENERIC, "jefe.ogi@upme.gov.co", "convocatorias.ogi", "OU=Genericas,OU=OGI", "EXCHANGESTANDARD"),
    Asked("upme", OPERATOR, "jefe.ogi@upme.gov.co", "ana.guiza", "OU=Operadores,OU=OGI", "SPE_F1"),
    Asked("unidad-victimas", at_victims(CONTRACTOR), "jefe.ogi@unidadvictimas.gov.co", "jose.munoz", "OU=Contrato", "SPE_F1"),
    Asked(
        "unidad-victimas",
        at_victims(EMPLOYEE),
        "talento.humano@unidadvictimas.gov.co",
        "sofia.obrien",
        "OU=Planta",
        "ENTERPRISEPACK",
    ),
    Asked("unidad-victimas", at_victims(OPERATOR), "jefe.ogi@unidadvictimas.gov.co", "ana.guiza", "OU=Externos", None),
]


def a_world(folder: Path, institution: str) -> World:
    """An installation of this institution."""
    world = World(folder, institution=institution, seats=SEATS)
    if institution == "unidad-victimas":
        world.path("matriz.csv").write_text(VICTIMS_MATRIX, encoding="utf-8")
    return world


@pytest.mark.parametrize("asked", CREATIONS, ids=lambda asked: f"{asked.institution}-{asked.login}")
def test_an_account_is_created_and_its_owner_can_enter(tmp_path: Path, asked: Asked) -> None:
    """Account, seat, mails, ticket and board as the procedure asks; and the password lies nowhere but in its mail."""
    world = a_world(tmp_path, asked.institution)
    world.submit(asked.answers, asked.by)
    reports = world.run_until_quiet()
    assert {report.exit_code for report in reports} == {0}
    (shown,) = world.cases()
    request = shown.request
    assert (request.state, request.facts.login, request.facts.licence) == (State.FOLLOWED_UP, asked.login, asked.licence)

    directory = world.directory()
    account = directory.find_by_case(request.case)
    assert account is not None
    assert f",{asked.in_ou}," in account.dn
    assert account.mail == f"{asked.login}@{world.policy.mail_domain}"
    assert isinstance(request.content, CreatePersonalAccount | CreateGenericAccount)
    rules = world.policy.accounts[request.content.account_type]
    assert set(account.group_dns) == {
        f"{group},DC=upme,DC=test"
        for unit in world.policy.units
        if unit.name == asked.answers[Field.UNIT]
        for group in (*rules.groups, *unit.groups)
    }
    access, report = sorted(delivered(world.path("correo")), key=lambda mail: password_in(mail) is None)
    password = password_in(access)
    assert password is not None
    assert access["To"] == asked.answers[Field.PERSONAL_EMAIL]
    assert report["To"] == asked.by
    assert password not in plain_text(report)
    row = board(world)[request.case]
    assert (row["Estado"], row["En espera de"]) == ("Atendida, en seguimiento", "el primer ingreso del usuario")
    assert row["SLA"].startswith("cumplida")
    directory.change_password(asked.login, password, NEW_PASSWORD)
    assert directory.authenticate(asked.login, NEW_PASSWORD)
    directory.close()
    assert files_with(tmp_path, password) == []

    ticket = world.desk().find(request.case)
    assert ticket is not None
    assert (ticket.status, asked.login in (ticket.solution or "")) == (TicketStatus.CLOSED, True)
    mails = len(world.mails())
    later(world, days=1)
    row = board(world)[request.case]
    assert (row["Estado"], len(world.mails())) == ("Terminada", mails)
    assert "Primer ingreso: 23/11/2026." in row["Detalle"]
    assert row["Solicitante"] == asked.by
    assert row["Cuenta"] == f"{asked.login}@{world.policy.mail_domain}"
    assert row["En espera de"] == ""
    assert "fila" in row["Autorización"].lower()
    assert row["SLA"].startswith("cumplida")


def fingerprint(world: World) -> dict[str, object]:
    """All that a run could change: every row of the journal and of the desk, mails, accounts, the board's cells."""
    found: dict[str, object] = {"mails": len(world.mails()), "board": board(world)}
    for name in ("gestion.db", "mesa.db", "directorio.db", "nube.db"):
        with closing(sqlite3.connect(world.path(name))) as file:
            tables = [row[0] for row in file.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
            tables = [table for table in tables if table != "form_cursor"]  # when the form was last read
            found |= {f"{name}/{table}": sorted(map(repr, file.execute(f"SELECT * FROM {table}"))) for table in tables}
    memory = found["gestion.db/memory"]
    assert isinstance(memory, list)
    found["gestion.db/memory"] = [row for row in memory if "'desk.heard'" not in row]  # until when the desk was heard
    return found


def test_another_run_changes_nothing(tmp_path: Path) -> None:
    """Not a row, not a cell, not a mail: a month of runs after the end leaves the world as it was."""
    world = World(tmp_path)
    world.submit(CONTRACTOR, "jefe.ogi@upme.gov.co")
    world.submit(EMPLOYEE, "nadie@upme.gov.co")
    world.run_until_quiet()
    before = fingerprint(world)
    for _ in range(3):
        world.clock.advance(world.clock().resolution)
        world.run()
        assert fingerprint(world) == before


def test_two_people_of_one_name_get_two_accounts(tmp_path: Path) -> None:
    """The second login is another one; both people enter with their own."""
    world = World(tmp_path)
    for number in ("0012345678", "1000000077", "1000000078"):
        answers = {**CONTRACTOR, Field.DOCUMENT_NUMBER: number, Field.PERSONAL_EMAIL: f"p{number}@correo.example"}
        world.submit(answers, "jefe.ogi@upme.gov.co")
    world.run_until_quiet()
    logins = [shown.request.facts.login for shown in world.cases()]
    assert logins[0] == "jose.munoz"
    assert len(set(logins)) == 3
    assert {shown.request.state for shown in world.cases()} == {State.FOLLOWED_UP}
    directory = world.directory()
    for mail in delivered(world.path("correo")):
        if (password := password_in(mail)) is not None:
            login = next(
                line.removeprefix("Usuario: ") for line in plain_text(mail).splitlines() if line.startswith("Usuario: ")
            )
            directory.change_password(login, password, NEW_PASSWORD)
    directory.close()


def test_hostile_answers_stay_text_everywhere(tmp_path: Path) -> None:
    """A formula, quotes and angle brackets in a name end as a correction or as plain text, never as code."""
    world = World(tmp_path)
    hostile = {
        **CONTRACTOR,
        Field.POSITION: '=HYPERLINK("http://malo.example";"clic")',
        Field.NOTES: "<script>\r\nBcc: x@y" * 500,
    }
    world.submit(hostile, "jefe.ogi@upme.gov.co")
    world.submit({**CONTRACTOR, Field.SURNAMES: '=CMD|"/c calc"!A1', Field.DOCUMENT_NUMBER: "55"}, "jefe.ogi@upme.gov.co")
    world.run_until_quiet()
    sheet = openpyxl.load_workbook(world.path("seguimiento.xlsx")).worksheets[0]
    assert not [cell.value for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    for mail in delivered(world.path("correo")):
        assert "Bcc" not in mail
        assert b"<script>" not in mail.as_bytes()
    assert world.directory().find_by_case(CaseNumber("GU-2026-000001")) is not None or world.mails()
