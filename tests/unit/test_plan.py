"""`gestion plan`: the same decisions as a run, and nothing changed anywhere."""

import sqlite3
import tempfile
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from config.errors import CannotRun, WriteRefused
from config.log import configure
from config.settings import Log
from config.vocabulary import CaseNumber, EmailAddress
from intake.plan import Plan, make_plan
from intake.show import board_row
from notify.desk.port import NewTicket
from notify.mailer.port import Message
from provision.directory.port import NewAccount
from provision.procedure.model import State
from tests.command_line import everything_in, gestion_of
from tests.world import CONTRACTOR, EMPLOYEE, GENERIC, World

HEAD = "jefe.ogi@upme.gov.co"


def planned(world: World) -> Plan:
    """A dry run of this installation."""
    return make_plan(world.settings(), world.policy, world.clock, configure(Log(level="error")))


@pytest.fixture
def world(tmp_path: Path) -> World:
    """An installation with one request under way, one refused, one to be corrected, and one that nobody has read."""
    folder = tmp_path / "instalación"
    folder.mkdir()
    world = World(folder)
    world.submit(CONTRACTOR, HEAD)
    world.submit(CONTRACTOR, "nadie@upme.gov.co", document_number="9999999")
    world.submit(CONTRACTOR, HEAD, document_number="", given_names="")
    world.run()
    world.clock.advance(timedelta(minutes=45))
    world.submit(GENERIC, HEAD)
    world.settings()
    return world


def test_changes_nothing(world: World) -> None:
    """Not a byte, a time of change, a mode or a file of the installation changes, -wal and -shm included."""
    before = everything_in(world.folder)
    plan = planned(world)
    assert [each.request.case for each in plan.requests if each.is_new] == ["GU-2026-000004"]
    assert everything_in(world.folder) == before


def test_changes_nothing_through_the_command_line(world: World) -> None:
    """The same holds for the command, and again when it is repeated."""
    gestion_of(world, "plan")
    before = everything_in(world.folder)
    first = gestion_of(world, "plan", "--json")
    second = gestion_of(world, "plan", "--json")
    assert first.out == second.out
    assert everything_in(world.folder) == before


def test_reads_a_journal_that_somebody_holds_open(world: World) -> None:
    """What another process has committed but not yet moved into the file is part of the plan, and stays where it was."""
    database = world.path("gestion.db")
    with closing(sqlite3.connect(database)) as other:
        other.execute("UPDATE request SET to_be_shown = 1")
        other.commit()
        wal = world.path("gestion.db-wal").read_bytes()
        kept = database.read_bytes()
        assert wal
        plan = planned(world)
        assert plan.board_rows == 4
        assert (database.read_bytes(), world.path("gestion.db-wal").read_bytes()) == (kept, wal)


def test_without_a_journal(tmp_path: Path) -> None:
    """Before the first run everything in the form would be new, and no journal comes into being."""
    world = World(tmp_path)
    world.submit(CONTRACTOR, HEAD)
    world.settings()
    before = everything_in(tmp_path)
    plan = planned(world)
    assert [each.request.state for each in plan.requests] == [State.WAITING]
    assert not world.path("gestion.db").exists()
    assert everything_in(tmp_path) == before


def test_leaves_no_copy_behind(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The copy of the journal is in a folder that only its owner can enter, and it is gone afterwards, error or not."""
    copies = tmp_path / "copias"
    copies.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(copies))
    modes: list[int] = []

    def looking_around() -> datetime:
        modes.extend(path.stat().st_mode & 0o777 for path in copies.iterdir())
        return world.clock()

    make_plan(world.settings(), world.policy, looking_around, configure(Log(level="error")))
    assert set(modes) == {0o700}
    assert list(copies.iterdir()) == []
    world.path("matriz.csv").write_text("no es una matriz\n", encoding="utf-8")
    with pytest.raises(CannotRun):
        planned(world)
    assert list(copies.iterdir()) == []


def test_decides_as_the_run_does(world: World) -> None:
    """Each request ends up where the run then takes it, as far as can be foreseen, under the same number."""
    foreseen = {each.request.case: each for each in planned(world).requests}
    world.run()
    for shown in world.cases():
        each = foreseen.get(shown.request.case)
        if each is not None and each.foreseen:
            assert (each.request.state, each.request.course) == (shown.request.state, shown.request.course)
    new = foreseen[CaseNumber("GU-2026-000004")]
    run_again = world.story("GU-2026-000004").shown.request
    assert new.request.facts.login == run_again.facts.login
    assert new.request.authorisation == run_again.authorisation


def test_says_what_would_be_written_and_what_comes_after(world: World) -> None:
    """A creation: the ticket and the account are refused writes; licence, mails and closing come after."""
    plan = planned(world)
    new = next(each for each in plan.requests if each.is_new)
    assert len(new.writes) == 2
    assert "mesa de servicio" in new.writes[0]
    assert "crear la cuenta" in new.writes[1]
    assert new.later[-1] == "Cerrar la solicitud en la mesa de servicio"
    assert "Crear la cuenta en el Directorio Activo" not in new.later
    assert not new.foreseen
    assert not any("(simulado)" in entry.detail for each in plan.requests for entry in each.entries)


def test_refuses_at_the_transport(world: World) -> None:
    """Each adapter of a dry run refuses to write by itself, whoever calls it."""
    installation = world.installation(writable=False)
    case = CaseNumber("GU-2026-999999")
    account = NewAccount(
        case, "x.y", "x.y@upme.gov.co", "x.y@upme.gov.co", "X", "Y", "X Y", "OU=Usuarios", (), "1020345678", None, None
    )
    message = Message("<a@b.co>", "N", EmailAddress("a@b.co"), EmailAddress("c@d.co"), "S", "t", "<p>t</p>")
    row = replace(board_row(world.cases()[0], installation.rules(world.clock())), state="Otra cosa")
    before = everything_in(world.folder)
    try:
        with pytest.raises(WriteRefused):
            installation.directory.create(account)
        with pytest.raises(WriteRefused):
            installation.cloud.request_sync()
        with pytest.raises(WriteRefused):
            installation.mailer.send(message)
        with pytest.raises(WriteRefused):
            installation.desk.create(NewTicket(case, "S", "B", EmailAddress("a@b.co")))
        with pytest.raises(WriteRefused):
            installation.board.write([row])
    finally:
        installation.close()
    assert everything_in(world.folder) == before


def test_log_of_the_installation_is_not_touched(world: World) -> None:
    """What never happened is not written where an auditor reads what did."""
    log = world.path("bitácora.log")
    world.sections = {"log": {"file": "bitácora.log"}}
    gestion_of(world, "plan")
    assert not log.exists()


def test_exit_code_is_the_run_s(world: World) -> None:
    """An alarm of the form is 1, an unreachable target 2, as in the run; text and document say it."""
    assert gestion_of(world, "plan").code == 0
    world.path("directorio.db").rename(world.path("otro.db"))
    said = gestion_of(world, "plan", "--json")
    assert said.code == 2
    assert said.document["exit_code"] == 2
    assert said.document["problems"]
    assert "Error:" in said.err


def test_an_edit_is_planned_on_its_case(world: World) -> None:
    """A corrected answer goes on with its case instead of opening another one."""
    world.submit(EMPLOYEE, "talento.humano@upme.gov.co")
    world.run()
    world.submit(CONTRACTOR, HEAD, response_id="R3", document_number="1020345678")
    plan = planned(world)
    assert plan.report.reception.opened == []
    assert plan.report.reception.continued == ["GU-2026-000003"]
    assert "Respuesta corregida" in [entry.title for each in plan.requests for entry in each.entries]


def test_reads_well(world: World) -> None:
    """The text names the case, who may, what would be written, and ends with the board."""
    said = gestion_of(world, "plan")
    assert "Simulación: no se cambió nada." in said.out
    assert "GU-2026-000004  Creación de cuenta · Institucional o genérica · Convocatorias OGI  (nueva)" in said.out
    assert "Autorizada por la fila 3 de la matriz" in said.out
    assert "→ " in said.out
    assert "Después, según lo que resulte: " in said.out
    assert "En el tablero se escribirían" in said.out
    assert "(simulado)" not in said.out
