"""The daily count: "responses in the form = cases", shouted when it is not so, and nothing done about it."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from intake.counting import count, last_count
from intake.forms.port import ResponseId
from provision.journal.store import Journal
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
