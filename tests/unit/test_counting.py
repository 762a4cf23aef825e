"""The daily count: "responses in the form = cases", shouted when it is not so, and nothing done about it."""

from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from intake.counting import acknowledge, count, last_count, missing
from intake.forms.port import ResponseId
from provision.journal.schema import acknowledged_response
from provision.journal.store import Journal
from tests.cases import NOW, enter, version_of
from tests.command_line import gestion_of
from tests.world import CONTRACTOR, World


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Two responses, received."""
    world = World(tmp_path)
    for document in ("0012345678", "77"):
        world.submit(CONTRACTOR, "jefe.ogi@upme.gov.co", document_number=document)
    assert not world.run().reception.alarms
    return world


def test_agreement_is_silent(world: World) -> None:
    """As many responses as receipts: no alarm, and the count is remembered for the metrics."""
    installation = world.installation()
    found = last_count(installation.journal)
    installation.close()
    assert found is not None
    assert (found.on, found.responses, found.receipts, found.agrees) == ("2026-11-23", 2, 2, True)


def test_a_deleted_response_is_an_alarm_and_no_reason(world: World) -> None:
    """Somebody deletes a response: the next day's count names the case and the run ends in 1; the case goes on untouched."""
    before = [shown.request.state for shown in world.cases()]
    del world.rows[0]
    world.write_responses()
    assert not world.run().reception.alarms  # counted today already
    world.clock.advance(timedelta(days=1))
    said = gestion_of(world, "run")
    assert said.code == 1
    assert "1 respuesta en el registro y ya no en el formulario (GU-2026-000001)" in said.err.replace("\n", " ")
    assert [shown.request.state for shown in world.cases()][1:] == before[1:]
    assert not world.run().reception.alarms  # once a day, not every five minutes
    assert "Conteo del 24/11/2026: 1 respuestas, 2 recibidas. Faltan en el formulario 1." in gestion_of(world, "doctor").out


def test_what_was_deleted_on_purpose_is_acknowledged(world: World) -> None:
    """Once somebody says so, the alarm, the doctor and the metrics are quiet; another response that goes is told by itself."""
    world.sections = {"watching": {"metrics_file": "gestion.prom"}}
    del world.rows[0]
    world.write_responses()
    world.clock.advance(timedelta(days=1))
    assert gestion_of(world, "run").code == 1
    said = gestion_of(world, "acknowledge", "--note", "Era una prueba")
    assert (said.code, "GU-2026-000001" in said.out, "Si falta otra" in said.out) == (0, True, True)
    assert gestion_of(world, "run").code == 0
    assert 'gestion_form_missing{where="form"} 0.0' in world.path("gestion.prom").read_text(encoding="utf-8")
    assert "Borradas y ya revisadas: 1." in gestion_of(world, "doctor").out
    world.clock.advance(timedelta(days=1))
    assert gestion_of(world, "run").code == 0
    del world.rows[0]
    world.write_responses()
    world.clock.advance(timedelta(days=1))
    again = gestion_of(world, "run")
    assert again.code == 1
    assert "1 respuesta en el registro y ya no en el formulario (GU-2026-000002)" in again.err.replace("\n", " ")


def test_who_acknowledged_is_written_down(world: World) -> None:
    """Who typed it, when, why, and which case; twice is once, and nothing to acknowledge is said."""
    nothing = gestion_of(world, "acknowledge", "--note", "Nada")
    assert (nothing.code, "no hay nada que dar por revisado" in nothing.out) == (0, True)
    del world.rows[0]
    world.write_responses()
    world.clock.advance(timedelta(days=1))
    world.run()
    assert gestion_of(world, "acknowledge", "--note", "  ").code == 2
    for _ in range(2):
        assert gestion_of(world, "acknowledge", "--note", "Era una prueba").code == 0
    installation = world.installation()
    with installation.journal.transaction() as connection:
        (row,) = connection.execute(select(acknowledged_response)).all()
    installation.close()
    assert (row.case_number, row.acknowledged_at, row.note) == ("GU-2026-000001", world.clock(), "Era una prueba")
    assert row.acknowledged_by


def test_a_response_that_came_back_may_go_again(world: World) -> None:
    """What was acknowledged was its absence then, not any later one."""
    deleted = world.rows[0]
    del world.rows[0]
    world.write_responses()
    world.clock.advance(timedelta(days=1))
    world.run()
    gestion_of(world, "acknowledge", "--note", "Era una prueba")
    world.rows.insert(0, deleted)
    world.write_responses()
    world.clock.advance(timedelta(days=1))
    assert not world.run().reception.alarms
    del world.rows[0]
    world.write_responses()
    world.clock.advance(timedelta(days=1))
    assert len(world.run().reception.alarms) == 1


def test_what_was_not_told_is_not_acknowledged(tmp_path: Path) -> None:
    """A count that comes between the telling and the acknowledgement, with one more, keeps that one."""
    with closing(Journal.open(f"sqlite:///{tmp_path / 'gestion.db'}")) as journal:
        enter(journal, [1, 2])
        one, two = (ResponseId(version_of(number).response_id) for number in (1, 2))
        form, day = version_of(1).form_id, NOW.date()
        count(journal, form, frozenset({two}), frozenset(), on=day)
        told = missing(journal)
        assert told is not None
        assert set(told.cases) == {one}
        count(journal, form, frozenset(), frozenset(), on=day)
        acknowledge(journal, told, by="ana", note="prueba", now=NOW)
        left, newest = missing(journal), last_count(journal)
        assert left is not None
        assert set(left.cases) == {two}
        assert newest is not None
        assert (newest.gone, newest.acknowledged) == (1, 1)
        assert len(count(journal, form, frozenset(), frozenset(), on=day)) == 1


def test_a_response_that_never_entered(tmp_path: Path) -> None:
    """A response of the form that the journal has not after a run is shouted as what it is: requests that nobody attends."""
    journal = Journal.open(f"sqlite:///{tmp_path / 'gestion.db'}")
    lost = frozenset({ResponseId("perdida")})
    (alarm,) = count(journal, "formulario", lost, lost, on=datetime(2026, 11, 23, tzinfo=UTC).date())
    journal.close()
    assert "1 respuesta en el formulario y no en el registro" in alarm


def test_history_is_no_difference(tmp_path: Path) -> None:
    """Responses from before `attend_since` stand in the form and not in the journal, and that is right."""
    journal = Journal.open(f"sqlite:///{tmp_path / 'gestion.db'}")
    alarms = count(
        journal, "formulario", frozenset({ResponseId("vieja")}), frozenset(), on=datetime(2026, 1, 1, tzinfo=UTC).date()
    )
    journal.close()
    assert alarms == ()
