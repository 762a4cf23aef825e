"""`list`, `show`, `retry`, `cancel` and `explain`: asking the journal and the matrix, and asking for something to be done."""

import shutil
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from config.clock import SimulatedClock
from intake.commands.asking import operating_user
from intake.forms.port import Field
from provision.directory.embedded_store import SeededAccount, seed
from provision.procedure.acts import MAILING_ACTS, Act
from provision.procedure.model import State
from tests.command_line import everything_in, gestion_of
from tests.secrecy import delivered, password_in
from tests.world import BASE_DN, CONTRACTOR, EMPLOYEE, World

HEAD, HR = "jefe.ogi@upme.gov.co", "talento.humano@upme.gov.co"
RESET = {
    Field.REQUEST_TYPE: "Cambio de clave",
    Field.ACCOUNT: "pedro.perez@upme.gov.co",
    Field.ON_PREMISES: "Sí",
}
VACATION = {
    Field.REQUEST_TYPE: "Inactivación",
    Field.ACCOUNT_TYPE: "Contratista",
    Field.ACCOUNT: "pedro.perez@upme.gov.co",
    Field.REASON: "Vacaciones",
    Field.FROM_DATE: "30/11/2026",
    Field.UNTIL_DATE: "04/12/2026",
}
EXPLAIN = ("explain", "--requester", HEAD, "--operation", "creación", "--account-type", "contratista", "--unit", "OGI")


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A case that is finished, one refused, one in correction; never changed, only copied."""
    world = World(tmp_path_factory.mktemp("vivida"))
    world.submit(CONTRACTOR, HEAD)
    world.submit(EMPLOYEE, "nadie@upme.gov.co")
    world.submit(CONTRACTOR, HEAD, document_number="", given_names="")
    for _ in range(6):
        world.run()
        world.clock.advance(timedelta(minutes=15))
    sign_in(world, "jose.munoz")
    world.clock.advance(timedelta(days=1))
    world.run()
    world.settings()
    return world


def sign_in(world: World, login: str) -> None:
    """The owner of a new account uses the access data that was mailed."""
    (password,) = (found for mail in delivered(world.path("correo")) if (found := password_in(mail)) is not None)
    directory = world.directory()
    directory.change_password(login, password, "Otra-Clave-Distinta-42")
    directory.close()


@pytest.fixture
def world(lived: World, tmp_path: Path) -> World:
    """A copy of it."""
    shutil.copytree(lived.folder, tmp_path / "copia")
    world = World(tmp_path / "copia", clock=SimulatedClock(lived.clock()))
    world.settings()
    return world


def cases_of(document: dict[str, object]) -> list[str]:
    """The case numbers of a list."""
    requests = document["requests"]
    assert isinstance(requests, list)
    return [request["case"] for request in requests]


def test_no_journal_yet(tmp_path: Path) -> None:
    """Before the first run every command that reads says so, and brings no journal into being."""
    world = World(tmp_path)
    world.settings()
    before = everything_in(tmp_path)
    for arguments in (["list"], ["show", "1"], ["retry", "1"], ["cancel", "1", "--reason", "x"]):
        said = gestion_of(world, *arguments)
        assert said.code == 2
        assert "Aún no hay registro de solicitudes" in said.err
        assert "gestion run" in said.err
    assert everything_in(tmp_path) == before


def test_reading_changes_nothing(world: World) -> None:
    """`list`, `show`, `explain` and `doctor` leave every file as it was, and nothing beside them."""
    before = everything_in(world.folder)
    for arguments in (["list"], ["show", "1"], list(EXPLAIN), ["doctor"]):
        assert gestion_of(world, *arguments).code == 0
    assert everything_in(world.folder) == before


def test_reading_an_older_journal_does_not_upgrade_it(world: World) -> None:
    """A journal that has no tables yet is read as an empty one, and left as it is."""
    world.path("gestion.db").unlink()
    world.path("gestion.db").touch(0o600)
    said = gestion_of(world, "list")
    assert (said.code, said.out) == (0, "Aún no hay solicitudes en el registro.\n")
    assert world.path("gestion.db").read_bytes() == b""


def test_a_journal_that_is_none(world: World) -> None:
    """A file that is no database is said to be none, and not to be deleted."""
    world.path("gestion.db").write_bytes(b"esto no es una base de datos" * 100)
    said = gestion_of(world, "list")
    assert said.code == 2
    assert "gestion.db" in said.err
    assert "Traceback" not in said.err


def test_reads_while_a_run_writes(world: World) -> None:
    """A reader neither waits for a writer nor holds it up."""
    with closing(sqlite3.connect(world.path("gestion.db"), isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("UPDATE request SET to_be_shown = 1")
        assert gestion_of(world, "list").code == 0
        writer.execute("ROLLBACK")


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], ["GU-2026-000001", "GU-2026-000002", "GU-2026-000003"]),
        (["--open"], ["GU-2026-000003"]),
        (["--state", "terminada"], ["GU-2026-000001"]),
        (["--state", "REQUIERE CORRECCION", "--state", "refused"], ["GU-2026-000002", "GU-2026-000003"]),
        (["--contains", "MUNOZ"], ["GU-2026-000001", "GU-2026-000003"]),
        (["--contains", "o'brien"], ["GU-2026-000002"]),
        (["--contains", "0012345678"], ["GU-2026-000001"]),
        (["--contains", "given_names"], []),
        (["--sort", "estado"], ["GU-2026-000002", "GU-2026-000003", "GU-2026-000001"]),
        (["--sort", "vence"], ["GU-2026-000001", "GU-2026-000002", "GU-2026-000003"]),
    ],
)
def test_list(world: World, arguments: list[str], expected: list[str]) -> None:
    """Filters by state and by anything a person knows of a case, without accents or capitals; sorted."""
    said = gestion_of(world, "list", "--json", *arguments)
    assert cases_of(said.document) == expected
    assert said.err == ""
    text = gestion_of(world, "list", *arguments)
    assert [line.split()[0] for line in text.out.splitlines() if line.startswith("GU-")] == expected


@pytest.mark.parametrize("arguments", [["--state", "perdida"], ["--sort", "color"]])
def test_list_with_an_unknown_word(world: World, arguments: list[str]) -> None:
    """The message names what can be written instead."""
    said = gestion_of(world, "list", *arguments)
    assert said.code == 2
    assert "Terminada" in said.err or "actualizado" in said.err


@pytest.mark.parametrize("typed", ["GU-2026-000001", "gu-2026-1", "1", " 000001 ", "2026-1", "GU 2026 1"])
def test_show_finds_the_case(world: World, typed: str) -> None:
    """A case is found by its number as people write it."""
    assert gestion_of(world, "show", "--json", "--", typed).document["case"] == "GU-2026-000001"


@pytest.mark.parametrize("typed", ["99", "GU-2025-000001", "hola", "", "'; DROP TABLE request; --", "١"])
def test_show_without_such_a_case(world: World, typed: str) -> None:
    """An unknown number, or none at all, is one message with what to do."""
    said = gestion_of(world, "show", "--", typed)
    assert said.code == 2
    assert said.err.startswith("Error: ")


def test_show_tells_the_whole_story(world: World) -> None:
    """Who asked, who allowed it by which row of which matrix, answers, clock, history in local time, actions and mails."""
    said = gestion_of(world, "show", "1").out
    for expected in (
        "GU-2026-000001  Creación de cuenta · Contratista",
        "Terminada",
        HEAD,
        "mesa@upme.gov.co",
        "Autorizada por la fila 3 de la matriz (jefe de área)",
        "23/11/2026 08:00",
        "Número de documento",
        "0012345678",
        "jose.munoz@gmail.com",
        "Plazo de atención",
        "cumplida",
        "En pausa",
        "que el buzón quede listo",
        "Enviar los datos de acceso",
        "Reportar al solicitante",
    ):
        assert expected in said


def test_show_as_a_document(world: World) -> None:
    """The same for programs: instants in UTC, codes and labels."""
    document = gestion_of(world, "show", "1", "--json").document
    assert document["received_at"] == "2026-11-23T13:00:00Z"
    assert document["state"] == "DONE"
    decision, history, mails = document["decision"], document["history"], document["mails"]
    assert isinstance(decision, dict)
    assert (decision["granted"], decision["row"]) == (True, 3)
    assert isinstance(history, list)
    assert history[0]["title"] == "Recibida"
    assert isinstance(mails, list)
    assert [mail["act"] for mail in mails] == ["ISSUE_ACCESS", "REPORT"]


def test_show_knows_no_password(world: World) -> None:
    """The password that was mailed is in no output."""
    text = next(text for to, _, text in world.mails() if to == "jose.munoz@gmail.com")
    words = {word.strip(".,:") for word in text.split()}
    shown = gestion_of(world, "show", "1").out + gestion_of(world, "show", "1", "--json").out
    secret = [word for word in words if any(c.isdigit() for c in word) and any(c.isupper() for c in word) and len(word) >= 12]
    assert any("GU-2026" not in word for word in secret)
    assert not [word for word in secret if word in shown and "GU-2026-000001" not in word]


def test_hostile_answers_stay_text(tmp_path: Path) -> None:
    """Markup, escape sequences, formulas and new lines of an answer reach the terminal as plain text on their line."""
    world = World(tmp_path)
    world.submit(CONTRACTOR, HEAD, notes="[red]rojo[/red] \x1b[2J\x1b]0;título\x07 fin\nError: falso", position="=HYPERLINK(1)")
    world.run()
    for said in (gestion_of(world, "show", "1"), gestion_of(world, "list"), gestion_of(world, "plan")):
        assert "\x1b" not in said.out + said.err
        assert not [line for line in said.out.splitlines() if line.startswith("Error")]
    assert "[red]rojo[/red]" in gestion_of(world, "show", "1").out


def test_retry_and_cancel_are_applied_by_the_next_run(world: World) -> None:
    """The action waits in the journal with who typed it; the run applies it and the story says so."""
    said = gestion_of(world, "cancel", "3", "--reason", "El contrato\nno se firmó")
    assert said.code == 0
    assert "próxima ejecución" in said.out
    world.clock.advance(timedelta(minutes=10))
    world.run()
    story = world.story("GU-2026-000003")
    assert story.shown.request.state is State.CANCELLED
    told = next(line for line in story.history if line.title == "Cancelación pedida")
    assert told.detail == f"{operating_user()}: El contrato no se firmó"


def test_retry_of_a_case_that_waits(tmp_path: Path) -> None:
    """A case that waits begins anew with the next run, whenever it would have been looked at."""
    world = World(tmp_path)
    world.submit(CONTRACTOR, HEAD)
    world.run()
    assert gestion_of(world, "retry", "1", "--reason", "ya sincronizó").code == 0
    assert "Reintento pedido" in [entry.title for advance in world.run().work.advanced for entry in advance.entries]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["retry", "1"], "ya está cerrado (Terminada)"),
        (["cancel", "2", "--reason", "x"], "ya está cerrado (Rechazada)"),
        (["retry", "3"], "no aplica en el estado «Requiere corrección»"),
        (["retry", "77"], "No existe el caso GU-2026-000077"),
        (["cancel", "3", "--reason", "  "], "Falta el motivo"),
        (["cancel", "3", "--reason", "x" * 600], "El motivo tiene 600 caracteres"),
    ],
)
def test_what_cannot_be_asked(world: World, arguments: list[str], expected: str) -> None:
    """What the next run would not apply is refused at once, with the reason, and nothing is left in the journal."""
    said = gestion_of(world, *arguments)
    assert said.code == 2
    assert expected in said.err
    with closing(sqlite3.connect(world.path("gestion.db"))) as journal:
        assert journal.execute("SELECT count(*) FROM signal").fetchone() == (0,)


def test_cancel_until_the_access_data_went_out(tmp_path: Path) -> None:
    """An account that nobody received may be cancelled; one that was delivered may not: the message says what to ask for."""
    world = World(tmp_path)
    world.submit(CONTRACTOR, HEAD)
    world.run()
    assert world.cases()[0].request.facts.account_id is not None
    world.run_until_quiet()
    said = gestion_of(world, "cancel", "1", "--reason", "x")
    assert said.code == 2
    assert "ya se atendió" in said.err
    assert "pida la operación contraria" in said.err
    world.submit(EMPLOYEE, HR)
    world.run()
    assert gestion_of(world, "cancel", "2", "--reason", "ya no viene").code == 0
    world.run()
    assert world.cases()[1].request.state is State.CANCELLED


def test_a_case_that_is_followed_up(tmp_path: Path) -> None:
    """Attended is not closed: it is listed as open, with what is still watched and the clock at a stand."""
    world = World(tmp_path)
    world.submit(CONTRACTOR, HEAD)
    world.run_until_quiet()
    assert cases_of(gestion_of(world, "list", "--open", "--json").document) == ["GU-2026-000001"]
    assert cases_of(gestion_of(world, "list", "--state", "atendida, en seguimiento", "--json").document) == ["GU-2026-000001"]
    said = gestion_of(world, "show", "1").out
    for expected in ("Atendida, en seguimiento", "el primer ingreso del usuario", "cumplida"):
        assert expected in said
    document = gestion_of(world, "show", "1", "--json").document
    assert (document["state"], document["waiting_for"], document["closed_at"]) == ("FOLLOWED_UP", "FIRST_USE", None)
    assert document["wake_at"] == "2026-11-24T12:30:00Z"


@pytest.mark.parametrize("answers", [RESET, VACATION])
def test_a_request_on_an_account_that_exists(tmp_path: Path, answers: dict[Field, str]) -> None:
    """Its account is the one that the directory named, in the list, in the story and for programs."""
    world = World(tmp_path)
    pedro = SeededAccount("pedro.perez", "Pedro Pérez", "pedro.perez@upme.gov.co", "OU=Contratistas,OU=OGI,OU=Usuarios")
    seed(world.path("directorio.db"), base_dn=BASE_DN, ous=[], groups=[], accounts=[pedro])
    world.submit(answers, HEAD)
    world.run()
    assert answers[Field.ACCOUNT] in gestion_of(world, "show", "1").out
    assert gestion_of(world, "show", "1", "--json").document["account"] == answers[Field.ACCOUNT]
    assert "GU-2026-000001" in gestion_of(world, "list").out


def test_who_typed_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """The account of the process, whatever the environment says; through sudo also the person behind it."""
    monkeypatch.setenv("USER", "otra")
    monkeypatch.setenv("LOGNAME", "otra")
    monkeypatch.delenv("SUDO_USER", raising=False)
    account = operating_user()
    assert account != "otra"
    monkeypatch.setenv("SUDO_USER", "ana\n")
    assert operating_user() == f"ana (como {account})"


def test_explain_granted(world: World) -> None:
    """0, the row, and each row's reason."""
    said = gestion_of(world, *EXPLAIN)
    assert said.code == 0
    assert "Sí: la matriz lo permite." in said.out
    assert "Fila 3 (jefe de área): concede." in said.out
    assert gestion_of(world, *EXPLAIN, "--on", "2026-11-23").code == 0


def test_explain_refused(world: World) -> None:
    """1, and what the requester would read."""
    said = gestion_of(world, *EXPLAIN[:-1], "Subdirección de Minería", "--json")
    assert said.code == 1
    decision = said.document["decision"]
    assert isinstance(decision, dict)
    assert (decision["granted"], decision["code"]) == (False, "UNIT")
    assert said.document["exit_code"] == 1
    assert gestion_of(world, *EXPLAIN, "--for", "Peña Carlos").code == 1


@pytest.mark.parametrize(
    ("option", "typed", "expected"),
    [
        ("--unit", "Ofisina de Gestión de la Informasión", "¿Quiso decir «Oficina de Gestión de la Información»"),
        ("--operation", "hacer magia", "«Creación de cuenta»"),
        ("--account-type", "marciano", "«Contratista»"),
        ("--on", "31/02/2026", "no tiene día 31"),
        ("--requester", "jefe", "no es un correo"),
    ],
)
def test_explain_with_an_unknown_word(world: World, option: str, typed: str, expected: str) -> None:
    """What is not understood is refused with what was probably meant, or with all that can be written."""
    said = gestion_of(world, *EXPLAIN, option, typed)
    assert said.code == 2
    assert expected in said.err


def test_every_act_has_a_name() -> None:
    """No act is shown to a person as a code."""
    assert all(act.label for act in Act)
    assert {Act.REPORT, Act.ISSUE_ACCESS, Act.MAIL_REFUSAL} <= MAILING_ACTS
