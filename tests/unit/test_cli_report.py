"""`gestion report`: what it writes of a month, for whom, and that it only reads."""

import csv
import fcntl
import io
import json
import re
import stat
from datetime import timedelta
from pathlib import Path

import pytest

from config.clock import SimulatedClock
from intake.forms.port import Field
from intake.reporting.page import PAGE
from intake.reporting.writing import RECORD
from tests.command_line import Said, everything_in, gestion, gestion_of
from tests.world import CONTRACTOR, EMPLOYEE, World

HEAD, HR = "jefe.ogi@upme.gov.co", "talento.humano@upme.gov.co"
DANGEROUS = "=HYPERLINK(1)"
VACATION = {
    Field.REQUEST_TYPE: "Inactivación",
    Field.ACCOUNT_TYPE: "Contratista",
    Field.ACCOUNT: "jose.munoz@upme.gov.co",
    Field.REASON: "Vacaciones",
    Field.FROM_DATE: "24/11/2026",
    Field.UNTIL_DATE: "27/11/2026",
}


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A creation and then a vacation, a refusal, a correction that nobody answers; never changed by a test."""
    world = World(tmp_path_factory.mktemp("informada"))
    world.submit(CONTRACTOR, HEAD)
    world.submit(EMPLOYEE, "nadie@upme.gov.co")
    world.submit(CONTRACTOR, HEAD, document_number="", given_names=DANGEROUS)
    for _ in range(5):
        world.run()
        world.clock.advance(timedelta(minutes=15))
    world.submit(VACATION, HEAD)
    world.run()
    world.clock.advance(timedelta(days=1))
    world.run()
    world.run()
    world.settings()
    return world


def report(world: World, *arguments: str) -> Said:
    """The report of November into the installation's folder `informe`."""
    return gestion_of(world, "report", "--month", "2026-11", "--to", str(world.path("informe")), *arguments)


def rows_of(folder: Path, name: str) -> list[list[str]]:
    """A CSV as a spreadsheet in Spanish reads it."""
    text = (folder / name).read_bytes()
    assert text.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(text.decode("utf-8-sig"), newline=""), delimiter=";"))


@pytest.fixture(scope="module")
def folder(lived: World) -> Path:
    """The report of the month."""
    assert report(lived).code == 0
    return lived.path("informe")


def test_the_figures_are_for_programs_too(lived: World) -> None:
    """One JSON document with what happened in the month."""
    document = report(lived, "--json").document
    said = {key: document[key] for key in ("month", "received", "resolved", "refused", "corrections_asked", "late", "deleted")}
    expected = {"received": 4, "resolved": 3, "refused": 1, "corrections_asked": 1, "late": 0, "deleted": 0}
    assert said == {"month": "2026-11", **expected}
    assert document["received_by_operation"] == {"CREATE": 3, "DEACTIVATE": 1}
    assert document["accounts_inactive"] == 1
    assert set(map(str, document["files"] if isinstance(document["files"], list) else [])) >= {PAGE, "rechazos.csv"}


def test_only_its_owner_may_read_it(folder: Path) -> None:
    """It holds names: every file is 0600, every folder that was made 0700."""
    modes = {path.is_dir(): stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.rglob("*"))}
    assert modes == {True: 0o700, False: 0o600}


def test_no_personal_address_nor_document_is_in_it(folder: Path) -> None:
    """Of a document the last three figures at most, and no address outside the institution."""
    for path in folder.rglob("*.*"):
        text = path.read_text("utf-8")
        assert "gmail.com" not in text
        assert "outlook.com" not in text
        assert not re.search("0012345678|52333444|12345678", text)
    assert "···678" in (folder / "recertificacion/oficina-de-gestion-de-la-informacion.csv").read_text("utf-8")


def test_no_cell_is_a_formula(folder: Path) -> None:
    """What somebody typed to be run by a spreadsheet stays text in every table."""
    cells = [cell for path in folder.rglob("*.csv") for row in rows_of(folder, str(path.relative_to(folder))) for cell in row]
    assert any(DANGEROUS in cell for cell in cells)
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))] == []


def test_a_head_reviews_the_accounts_of_the_unit(folder: Path) -> None:
    """Who has the account, asked by whom, until when and how it stands, with room for the decision."""
    header, line = rows_of(folder, "recertificacion/oficina-de-gestion-de-la-informacion.csv")
    said = dict(zip(header, line, strict=True))
    assert said["cuenta"] == "jose.munoz@upme.gov.co"
    assert said["pedida por"] == HEAD
    assert said["contrato hasta"] == "31/12/2026"
    assert said["estado"] == "Inactiva: vacaciones hasta el 27/11/2026"
    assert [said[name] for name in ("decisión", "desde", "motivo")] == ["", "", ""]
    sheet = (folder / "recertificacion/oficina-de-gestion-de-la-informacion.html").read_text("utf-8")
    assert sheet.count('aria-label="Casilla: conservar"') == 1
    assert 'href="https://' in sheet


def test_who_authorised_what_names_requester_and_row(folder: Path) -> None:
    """Each case of the month with the row of the matrix."""
    header, *lines = rows_of(folder, "autorizaciones.csv")
    said = [dict(zip(header, line, strict=True)) for line in lines]
    assert [(each["Caso"][-1], each["Solicitante"], each["Matriz"]) for each in said] == [
        ("1", HEAD, "Fila 3"),
        ("2", "nadie@upme.gov.co", "No autorizada"),
        ("3", HEAD, "Fila 3"),
        ("4", HEAD, "Fila 3"),
    ]


def test_each_refusal_and_correction_has_its_outcome(folder: Path) -> None:
    """By reason, and what came of it."""
    assert rows_of(folder, "rechazos-por-causa.csv")[1:] == [["Quien pidió no está en la matriz de autorizadores", "1", "1"]]
    assert rows_of(folder, "correcciones-por-resultado.csv")[1:] == [["Espera la respuesta", "1"]]


def test_one_unit_by_itself(lived: World, tmp_path: Path) -> None:
    """By its short name: the other units' cases and accounts are not in it; a unit that there is not is said."""
    said = gestion_of(lived, "report", "--month", "2026-11", "--unit", "ogi", "--to", str(tmp_path / "ogi"), "--json")
    assert (said.code, said.document["received"], said.document["refused"]) == (0, 3, 0)
    assert said.document["unit"] == "Oficina de Gestión de la Información"
    assert [path.name for path in (tmp_path / "ogi/recertificacion").glob("*.csv")] == [
        "oficina-de-gestion-de-la-informacion.csv"
    ]
    unknown = gestion_of(lived, "report", "--month", "2026-11", "--unit", "Astronomía")
    assert (unknown.code, "No existe la dependencia «Astronomía»" in unknown.err) == (2, True)


def test_it_reads_while_a_run_is_in_progress(lived: World, tmp_path: Path) -> None:
    """Neither the run's lock nor a writer's transaction is in its way, and nothing of the installation changes."""
    before = everything_in(lived.folder)
    lock = lived.path("gestion.db.lock").open("a")
    fcntl.flock(lock, fcntl.LOCK_EX)
    try:
        assert gestion_of(lived, "report", "--month", "2026-11", "--to", str(tmp_path / "i")).code == 0
    finally:
        lock.close()
    assert {name: kept for name, kept in everything_in(lived.folder).items() if name in before} == before


@pytest.mark.parametrize(
    ("month", "said"),
    [
        ("noviembre", "«noviembre» no es un mes."),
        ("2026-13", "«2026-13» no es un mes."),
        ("11-2026", "«11-2026» no es un mes."),
        ("2027-01", "Enero de 2027 aún no ha comenzado"),
    ],
)
def test_a_month_that_is_none_is_one_clear_line(lived: World, month: str, said: str) -> None:
    """What is wrong and how to write it; nothing is made."""
    answered = gestion_of(lived, "report", "--month", month)
    assert (answered.code, answered.out) == (2, "")
    assert said in answered.err
    assert "como 2026-11" in answered.err


def test_a_month_without_cases_says_so(lived: World, tmp_path: Path) -> None:
    """A page all the same; without --month the last month that is over."""
    answered = gestion_of(lived, "report", "--to", str(tmp_path / "octubre"))
    assert answered.code == 0
    page = (tmp_path / "octubre" / PAGE).read_text("utf-8")
    assert "<strong>En octubre de 2026 no hubo ningún caso.</strong>" in page
    assert "En octubre de 2026 no hubo ningún caso." in answered.err


def test_the_same_moment_gives_the_same_bytes(lived: World, folder: Path, tmp_path: Path) -> None:
    """A report made again is the report."""
    again = gestion_of(lived, "report", "--month", "2026-11", "--to", str(tmp_path / "otra"))
    assert again.code == 0
    made = {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*.*")}
    assert made == {path.relative_to(tmp_path / "otra"): path.read_bytes() for path in (tmp_path / "otra").rglob("*.*")}


def test_a_report_over_a_former_one_leaves_nothing_of_it(lived: World, tmp_path: Path) -> None:
    """Not its tables, nor the sheets of its units; what somebody else put there stays, whatever the record says."""
    report(lived, "--to", str(tmp_path / "i"))
    theirs = [tmp_path / "i" / name for name in ("notas.csv", "recertificacion/firmada.pdf")]
    for path in (*theirs, tmp_path / "ajena.csv"):
        path.write_text("de otra persona", encoding="utf-8")
    record = tmp_path / "i" / RECORD
    forged = [*json.loads(record.read_bytes()), "../ajena.csv", str(tmp_path / "ajena.csv"), "recertificacion/firmada.pdf"]
    record.write_text(json.dumps(forged), encoding="utf-8")
    mining = ("report", "--month", "2026-10", "--unit", "Subdirección de Minería", "--to")
    assert gestion_of(lived, *mining, str(tmp_path / "i")).code == 0
    assert gestion_of(lived, *mining, str(tmp_path / "sola")).code == 0
    alone = {path.relative_to(tmp_path / "sola") for path in (tmp_path / "sola").rglob("*.*")}
    left = {path.relative_to(tmp_path / "i") for path in (tmp_path / "i").rglob("*.*")}
    assert left == alone | {path.relative_to(tmp_path / "i") for path in theirs}
    assert (tmp_path / "ajena.csv").exists()


def test_a_record_that_cannot_be_read_is_said(lived: World, tmp_path: Path) -> None:
    """Nothing is written: nobody knows what would be mixed."""
    (tmp_path / RECORD).write_text("{", encoding="utf-8")
    said = gestion_of(lived, "report", "--month", "2026-11", "--to", str(tmp_path))
    assert (said.code, [path.name for path in tmp_path.iterdir()]) == (2, [RECORD])
    assert "no se sabe qué archivos son del informe anterior" in said.err


def test_accounts_without_movement(lived: World, tmp_path: Path) -> None:
    """Seven months later nobody has asked anything of the account."""
    later = SimulatedClock(lived.clock() + timedelta(days=215))
    config = str(lived.path("gestion.toml"))
    said = gestion("report", "-c", config, "--month", "2027-06", "--to", str(tmp_path / "junio"), clock=later)
    assert said.code == 0
    header, line = rows_of(tmp_path / "junio", "sin-movimiento.csv")
    assert dict(zip(header, line, strict=True))["Cuenta"] == "jose.munoz@upme.gov.co"
