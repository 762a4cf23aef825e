"""`doctor` and `plan` against a form on Google: verified identities, bound questions, and nothing but reads."""

from datetime import timedelta
from pathlib import Path

import pytest

from config.clock import SimulatedClock
from config.log import configure
from config.settings import Log
from intake.doctor import examine
from intake.doctor_findings import Check, Health
from intake.forms.port import Field
from tests.command_line import gestion_of
from tests.servers.google.faults import TOKEN
from tests.servers.google.forms import FormsApi
from tests.servers.google.gestion_form import FORM_ID, GestionForm
from tests.servers.google.server import FakeGoogle
from tests.world import CONTRACTOR, MONDAY, World

CONTRACTOR_IN_GOOGLE = {
    **CONTRACTOR,
    Field.CONTRACT_START: "2026-11-20",
    Field.CONTRACT_END: "2026-12-31",
}
"""Google's dates are ISO dates."""


@pytest.fixture
def world(tmp_path: Path, fake_google: FakeGoogle, gestion_form: GestionForm, key_file: Path) -> World:
    """An embedded installation that reads its form from Google."""
    folder = tmp_path / "instalación"
    folder.mkdir()
    key_file.chmod(0o600)
    world = World(folder)
    world.sections = {
        "form": {
            "kind": "google",
            "form_id": FORM_ID,
            "key_file": str(key_file),
            "endpoint": fake_google.url,
            "attend_since": (MONDAY - timedelta(days=1)).isoformat(),
        },
        "form.questions": {
            field.value: {"id": bound.question_id, "title": bound.title} for field, bound in gestion_form.binding.items()
        },
    }
    return world


def form_checks(world: World) -> list[Check]:
    """What doctor says of the form."""
    checks = examine(world.settings(), world.policy, world.clock, configure(Log(level="error")))
    return [check for check in checks if check.name == "Formulario"]


def test_a_form_that_verifies(world: World, gestion_form: GestionForm) -> None:
    """Green: responses read, identities verified, every question bound."""
    gestion_form.submit(CONTRACTOR_IN_GOOGLE, "jefe.ogi@upme.gov.co", MONDAY - timedelta(minutes=5))
    (check,) = form_checks(world)
    assert check.health is Health.GOOD
    assert "1 respuesta leída; recopila correos verificados y sus 30 preguntas están enlazadas." in check.message


def test_a_clock_beside_google_s(world: World, gestion_form: GestionForm) -> None:
    """Google's replies carry its own time: a machine that is years away from it is red, with what to do."""
    del gestion_form
    world.clock = SimulatedClock(MONDAY + timedelta(days=900))
    checks = examine(world.settings(), world.policy, world.clock, configure(Log(level="error")))
    found = [check for check in checks if check.name == "Reloj"]
    assert [check.health for check in found] == [Health.GOOD, Health.BAD]
    assert "Google" in found[1].message
    assert "NTP" in found[1].remedy


def test_a_form_that_proves_no_identity(world: World, forms_api: FormsApi) -> None:
    """Red, with where to change it, as soon as the form collects addresses that nobody verified."""
    forms_api.set_email_collection(FORM_ID, "RESPONDER_INPUT")
    (check,) = form_checks(world)
    assert check.health is Health.BAD
    assert "Verificado" in check.remedy


def test_a_question_that_is_gone(world: World, forms_api: FormsApi, gestion_form: GestionForm) -> None:
    """Red, naming the question, when one that the settings bind is no longer on the form."""
    forms_api.remove_question(FORM_ID, gestion_form.question_id(Field.UNIT))
    (check,) = form_checks(world)
    assert check.health is Health.BAD
    assert "«Dependencia o GIT»" in check.message


def test_a_plan_only_reads_google(world: World, fake_google: FakeGoogle, gestion_form: GestionForm) -> None:
    """A dry run decides on what Google has, and asks it nothing but to be read."""
    gestion_form.submit(CONTRACTOR_IN_GOOGLE, "jefe.ogi@upme.gov.co", MONDAY - timedelta(minutes=5))
    said = gestion_of(world, "plan")
    assert said.code == 0, said.err
    assert "GU-2026-000001  Creación de cuenta · Contratista · José Ángel Muñoz Peña  (nueva)" in said.out
    assert {call.method_id for call in fake_google.calls} <= {TOKEN, "forms.forms.get", "forms.forms.responses.list"}
