"""`gestion init`: makes what the API can make, once; says what it cannot; writes settings that the program reads."""

import io
import json
import re
import stat
from collections.abc import Mapping
from pathlib import Path

import pytest

from config.clock import SimulatedClock
from config.errors import CannotRun
from config.institution import Institution, built_in_policy, load_institution
from config.settings import load_settings
from config.vocabulary import OPERATION_LABELS
from intake.board.tracking_tab import TAB_TITLE
from intake.forms.port import Field
from intake.matrix_rows import Matrix
from intake.matrix_table import read_matrix
from intake.output import Output
from intake.setting_up.form_editor import MadeForm
from intake.setting_up.form_making import FORM, differences
from intake.setting_up.interview import Interview
from intake.setting_up.layout import SUBMIT, layout_of, question_id
from intake.setting_up.memory import NAME
from intake.setting_up.sheet_making import MATRIX, matrix_rows
from tests.command_line import Said, gestion
from tests.servers.google.faults import Cut, forbidden, unavailable
from tests.servers.google.forms import FormsApi
from tests.servers.google.grid import SheetTab, Spreadsheet
from tests.servers.google.new_books import NewBooks
from tests.servers.google.server import FakeGoogle
from tests.servers.google.sheets import SheetsApi
from tests.world import MONDAY


@pytest.fixture(params=["upme", "unidad-victimas"])
def policy(request: pytest.FixtureRequest) -> Institution:
    """Both institutions' own policies."""
    path = built_in_policy(str(request.param))
    assert path is not None
    return load_institution(path)


def test_every_field_has_its_question(policy: Institution) -> None:
    """Each field once, each id once and like Google's, only what the institution offers, every operation led somewhere."""
    layout = layout_of(policy)
    assert sorted(item.field for item in layout if item.field) == sorted(Field)
    ids = [item.item_id for item in layout]
    questions = [item.question_id for item in layout if item.field]
    assert len(set(ids)) == len(ids)
    assert len(set(questions)) == len(questions)
    assert all(re.fullmatch(r"[1-7][0-9a-f]{7}", each) for each in [*ids, *questions])
    by_field = {item.field: item for item in layout if item.field}
    asked = by_field[Field.REQUEST_TYPE].choices
    assert [choice.text for choice in asked] == [OPERATION_LABELS[operation] for operation in policy.operations]
    sections = {item.item_id for item in layout if item.field is None}
    assert {choice.leads_to for choice in asked} <= sections
    assert [choice.text for choice in by_field[Field.UNIT].choices] == [unit.name for unit in policy.units]
    assert {choice.leads_to for choice in by_field[Field.ON_PREMISES].choices} == {SUBMIT}


def test_the_example_authorises_nobody(policy: Institution) -> None:
    """The matrix as it is made is valid, and its one row is over since long ago."""
    matrix = read_matrix(matrix_rows(policy), policy)
    assert isinstance(matrix, Matrix)
    assert not any(row.in_force(MONDAY.date()) for row in matrix.rows)


@pytest.fixture
def sheets(fake_google: FakeGoogle) -> SheetsApi:
    """The Sheets service, which also makes spreadsheets."""
    api = SheetsApi()
    fake_google.add(api)
    fake_google.add(NewBooks(api))
    return api


@pytest.fixture
def options(
    tmp_path: Path, fake_google: FakeGoogle, forms_api: FormsApi, sheets: SheetsApi, key_file: Path
) -> Mapping[str, str]:
    """Answers for an installation that talks to the fake Google, and to nobody else."""
    del forms_api, sheets
    key_file.chmod(0o600)
    (tmp_path / "secretos").mkdir(mode=0o700)
    for name in ("directorio", "correo"):
        (tmp_path / "secretos" / name).touch(mode=0o600)
        (tmp_path / "secretos" / name).write_text("clave\n", encoding="utf-8")
    return {
        "--key-file": str(key_file),
        "--forms-endpoint": fake_google.url,
        "--sheets-endpoint": fake_google.url,
        "--ldap-url": "ldaps://127.0.0.1:9",
        "--mail-host": "127.0.0.1",
    }


def init(folder: Path, options: Mapping[str, str], *flags: str) -> Said:
    """`gestion init`, unattended."""
    given = [word for pair in options.items() for word in pair]
    return gestion("init", "--config", str(folder / "gestion.toml"), "--yes", *given, *flags, clock=SimulatedClock(MONDAY))


def link_a_sheet(forms_api: FormsApi, sheets: SheetsApi, form_id: str) -> None:
    """What the administrator clicks: Respuestas → Vincular con Hojas de cálculo."""
    forms_api.forms[form_id].document["linkedSheetId"] = "1HojaDeRespuestas"
    book = Spreadsheet()
    book.add(SheetTab(174_930_281, "Respuestas de formulario 1"))
    sheets.books["1HojaDeRespuestas"] = book


def test_from_nothing_to_settings(tmp_path: Path, options: Mapping[str, str], forms_api: FormsApi, sheets: SheetsApi) -> None:
    """The first run makes form and matrix and says what to click; the second goes on, writes the settings, examines them."""
    first = init(tmp_path, options)
    assert first.code == 1, first.out + first.err
    [(form_id, form)] = forms_api.forms.items()
    assert f"https://docs.google.com/forms/d/{form_id}/edit" in first.out
    assert "Vincular con Hojas de cálculo" in first.out
    assert "Después de la sección: Enviar formulario" in first.out
    assert form.document["settings"]["emailCollectionType"] == "VERIFIED"
    assert form.document["publishSettings"]["publishState"] == {"isPublished": True, "isAcceptingResponses": True}
    assert not (tmp_path / "gestion.toml").exists()
    link_a_sheet(forms_api, sheets, form_id)
    second = init(tmp_path, options)
    assert len(forms_api.forms) == 1
    assert len(sheets.books) == 2
    assert TAB_TITLE in {tab.title for tab in sheets.books["1HojaDeRespuestas"].tabs}
    path = tmp_path / "gestion.toml"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    settings = load_settings(path, {})
    assert settings.form.kind == "google"
    assert settings.board.kind == "google"
    assert settings.board.responses_gid == 174_930_281
    assert {name: bound.id for name, bound in settings.form.questions.items()} == {
        field.value: question_id(field) for field in Field
    }
    # The form gives no alarm: every question is bound, known and of its kind. The matrix is valid and lets nobody in.
    of_form = [line for line in second.out.splitlines() if "Formulario: " in line or "Tablero: " in line]
    assert [line[0] for line in of_form] == ["✔", "✔"]
    assert "1 filas válidas, 0 vigentes hoy" in second.out
    assert "✘ Directorio" in second.out  # nobody answers there: the doctor says it
    assert second.code == 2


def test_a_run_cut_while_making_the_form(
    tmp_path: Path, options: Mapping[str, str], fake_google: FakeGoogle, forms_api: FormsApi
) -> None:
    """The form was made and the answer lost: the next run makes no second one, and says how to go on; given its id, it does."""
    fake_google.faults.add("forms.forms.create", Cut())
    assert init(tmp_path, options).code == 2
    again = init(tmp_path, options)
    assert again.code == 2
    assert "--form-id" in again.err
    [form_id] = forms_api.forms
    assert init(tmp_path, {**options, "--form-id": form_id}).code == 1
    assert len(forms_api.forms) == 1
    assert len(fake_google.calls_of("forms.forms.create")) == 1


@pytest.mark.parametrize("refused", ["forms.forms.create", "sheets.spreadsheets.create"])
def test_what_google_refuses_was_not_made(
    tmp_path: Path, options: Mapping[str, str], fake_google: FakeGoogle, forms_api: FormsApi, sheets: SheetsApi, refused: str
) -> None:
    """No note is left of it: once the permission is mended, the next run goes on and makes one form and one matrix."""
    fake_google.faults.add(refused, forbidden())
    assert init(tmp_path, options).code == 2
    noted = json.loads((tmp_path / NAME).read_text(encoding="utf-8"))
    assert all(note.get("id") for what, note in noted.items() if what in {FORM, MATRIX})
    again = init(tmp_path, options)
    assert again.code == 1, again.err
    assert (len(forms_api.forms), len(sheets.books)) == (1, 1)


def test_a_run_cut_while_filling(
    tmp_path: Path, options: Mapping[str, str], fake_google: FakeGoogle, forms_api: FormsApi
) -> None:
    """Questions are made in one batch: a run that did not hear whether they were finds them and adds none."""
    fake_google.faults.add("forms.forms.batchUpdate", unavailable(applied=True))
    assert init(tmp_path, options).code == 2
    assert init(tmp_path, options).code == 1
    [form] = forms_api.forms.values()
    assert len(form.document["items"]) == len(layout_of(_upme()))
    assert len(fake_google.calls_of("forms.forms.batchUpdate")) == 1


def test_a_blank_form_and_one_that_is_not(tmp_path: Path, options: Mapping[str, str], forms_api: FormsApi) -> None:
    """A form made by hand is filled if it is blank, its untitled question taken away; one with questions is not touched."""
    untitled = {"itemId": "00000001", "questionItem": {"question": {"questionId": "00000001", "textQuestion": {}}}}
    blank = forms_api.add_form("formulario-en-blanco", [untitled])
    assert init(tmp_path, {**options, "--form-id": "formulario-en-blanco"}).code == 1
    assert len(blank.document["items"]) == len(layout_of(_upme()))
    asked = forms_api.add_form("formulario-con-preguntas", [{**untitled, "title": "¿Cómo le fue?"}])
    (tmp_path / "otra").mkdir()
    refused = init(tmp_path / "otra", {**options, "--form-id": "formulario-con-preguntas"})
    assert (refused.code, "otras preguntas" in refused.err) == (2, True)
    assert len(asked.document["items"]) == 1


def test_dry_run(tmp_path: Path, options: Mapping[str, str], fake_google: FakeGoogle) -> None:
    """Says what it would do; nobody is called and nothing is written."""
    before = sorted(tmp_path.rglob("*"))
    said = init(tmp_path, options, "--dry-run")
    assert said.code == 0
    assert "Crearía el formulario «Gestión de Usuarios · UPME», con 30 preguntas en 6 secciones" in said.out
    assert fake_google.calls == []
    assert sorted(tmp_path.rglob("*")) == before


def test_settings_are_not_written_over(
    tmp_path: Path, options: Mapping[str, str], forms_api: FormsApi, sheets: SheetsApi
) -> None:
    """Settings that say something else stay, with the proposal beside them; --overwrite replaces them and keeps a copy."""
    (tmp_path / "gestion.toml").write_text("# lo que alguien escribió\n", encoding="utf-8")
    init(tmp_path, options)
    link_a_sheet(forms_api, sheets, next(iter(forms_api.forms)))
    init(tmp_path, options)
    assert (tmp_path / "gestion.toml").read_text(encoding="utf-8") == "# lo que alguien escribió\n"
    assert "form_id" in (tmp_path / "gestion.toml.propuesta").read_text(encoding="utf-8")
    init(tmp_path, options, "--overwrite")
    assert "form_id" in (tmp_path / "gestion.toml").read_text(encoding="utf-8")
    assert (tmp_path / "gestion.toml.anterior").read_text(encoding="utf-8") == "# lo que alguien escribió\n"
    assert "ya está así" in init(tmp_path, options).out


def test_what_differs_is_said() -> None:
    """Reading back finds what Google made otherwise: addresses not verified, unpublished, an option that leads elsewhere."""
    layout = layout_of(_upme())
    found = list(differences(MadeForm.model_validate({"formId": "x"}), layout))
    assert len(found) == len(layout) + 2
    assert "verificadas" in found[0]


def test_answers_that_are_of_no_use(tmp_path: Path, options: Mapping[str, str]) -> None:
    """A wrong option is named with what is wrong; a key that is not there too."""
    assert "--institution" in init(tmp_path, {**options, "--institution": "marte"}).err
    assert "--attend-since" in init(tmp_path, {**options, "--attend-since": "ayer"}).err
    assert "consola de Google Cloud" in init(tmp_path, {**options, "--key-file": "no-hay.json"}).err


def test_questions_at_a_terminal() -> None:
    """Enter takes the proposal, an answer of no use is asked again, an option is not asked, and yes is only "sí"."""
    typed = iter(["\n", "once\n", "11\n", "sí\n", "\n"])
    said = io.StringIO()
    interview = Interview(Output(io.StringIO(), said), {"host": "dado.example"}, lambda: next(typed))

    def number(text: str) -> str:
        if not text.isdigit():
            raise ValueError("escriba un número")
        return text

    assert interview.ask("title", "Título", "Gestión") == "Gestión"
    assert interview.ask("gid", "Número", None, number) == "11"
    assert interview.ask("host", "Servidor", None) == "dado.example"
    assert (interview.confirm("¿Reemplazarlo?"), interview.confirm("¿Reemplazarlo?")) == (True, False)
    assert "Título [Gestión]:" in said.getvalue()
    assert "escriba un número." in said.getvalue()


def test_nobody_to_answer() -> None:
    """Without a terminal what has no usual value must be given: the option is named."""
    interview = Interview(Output(io.StringIO(), io.StringIO()), {})
    with pytest.raises(CannotRun, match="--client-id"):
        interview.ask("client-id", "Identificador de la aplicación", None)


@pytest.mark.parametrize("institution", ["upme", "unidad-victimas"])
def test_rehearsal(tmp_path: Path, institution: str) -> None:
    """A rehearsal is written and can be run at once: its one response becomes an account; nothing is ever written over."""
    path = str(tmp_path / "ensayo" / "gestion.toml")
    clock = SimulatedClock(MONDAY)
    made = gestion("init", "--ensayo", "--yes", "--config", path, "--institution", institution, clock=clock)
    assert made.code == 0, made.out + made.err
    run = gestion("run", "--config", path, "--json", clock=clock)
    assert run.code == 0, run.out
    (request,) = run.document["requests"] if isinstance(run.document["requests"], list) else []
    assert request["state"] == "WAITING"
    again = gestion("init", "--ensayo", "--yes", "--config", path, clock=clock)
    assert (again.code, "no reemplaza nada" in again.err) == (2, True)


def _upme() -> Institution:
    path = built_in_policy("upme")
    assert path is not None
    return load_institution(path)
