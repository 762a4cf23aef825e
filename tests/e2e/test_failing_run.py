"""The scheduled command when something is wrong: one Spanish sentence, the right exit code, and nothing lost or done twice."""

import time

import pytest

from tests.e2e.office import Office, finished
from tests.e2e.people import ATTENDED, HEAD, STRANGER, contractor
from tests.secrecy import delivered
from tests.servers.certificates import Authority
from tests.servers.google.faults import ErrorReply, Slow
from tests.servers.google.server import FakeGoogle
from tests.servers.mail import Exim
from tests.servers.samba import DomainController

WRITE = "sheets.spreadsheets.batchUpdate"


def mails(office: Office) -> int:
    """How many mails went out."""
    return len(delivered(office.path("correo")))


def test_a_write_that_was_applied_and_answered_503(office: Office, fake_google: FakeGoogle) -> None:
    """503 after the tabs were made: exit 2; the next run's write is carried out three times, and nothing is there twice."""
    office.submit(contractor(), HEAD)
    fake_google.faults.add(WRITE, ErrorReply(503, retry_after="0", applied=True), times=3)
    ran = office.run()
    assert ran.exit_code == 2
    assert ran.said.count("Google Sheets no pudo atender la petición (HTTP 503)") == 1
    assert mails(office) == 2
    fake_google.calls.clear()
    assert office.run_later(minutes=0).exit_code == 0
    assert [row["Estado"] for row in office.table()] == [ATTENDED]
    assert [row["Estado"] for row in office.table("Respuestas de formulario 1")] == [ATTENDED]
    assert len(fake_google.calls_of(WRITE)) == 3
    assert [tab.title for tab in office.book.tabs].count("Seguimiento") == 1
    assert len(office.book.tab("Tablero").charts) == 4
    assert mails(office) == 2


def test_google_that_answers_503_to_the_form(office: Office, fake_google: FakeGoogle) -> None:
    """Exit 2, no request is lost: the next run attends it."""
    office.submit(contractor(), HEAD)
    fake_google.faults.add("forms.forms.responses.list", ErrorReply(503, retry_after="0"), times=3)
    ran = office.run()
    assert ran.exit_code == 2
    assert "Google Forms respondió con el error 503" in ran.said
    assert (ran.document["received"]["opened"], mails(office)) == ([], 0)
    assert office.run_later(minutes=0).exit_code == 0
    assert [row["Estado"] for row in office.table()] == [ATTENDED]


def test_a_form_without_verified_addresses_is_not_read(office: Office, fake_google: FakeGoogle) -> None:
    """Exit 2 and one sentence that says what to choose where; no response is listed, nothing is done."""
    office.submit(contractor(), HEAD)
    office.forms.set_email_collection(office.form.form_id, "RESPONDER_INPUT")
    ran = office.run()
    assert ran.exit_code == 2
    assert ran.said.count("no recopila direcciones de correo verificadas") == 1
    assert "Verificado" in ran.said
    assert "Traceback" not in ran.said
    assert fake_google.calls_of("forms.forms.responses.list") == []
    assert ran.document["requests"] == []
    assert mails(office) == 0


@pytest.mark.parametrize("shared", [True, False], ids=["an empty matrix", "no matrix"])
def test_without_a_valid_matrix_nothing_is_decided(office: Office, shared: bool) -> None:
    """An unreadable or empty matrix stops the run: exit 2, and the response is decided by the next run that can."""
    office.submit(contractor(), HEAD)
    matrix = office.book.tab("Matriz")
    kept = dict(matrix.cells)
    if shared:
        matrix.cells.clear()
    else:
        matrix.title = "Otra"
    ran = office.run()
    assert ran.exit_code == 2
    assert "matriz" in ran.said
    assert "Traceback" not in ran.said
    assert mails(office) == 0
    matrix.title, matrix.cells = "Matriz", kept
    assert office.run_later(minutes=0).exit_code == 0
    assert [row["Estado"] for row in office.table()] == [ATTENDED]


def test_a_second_poller_at_the_same_time(office: Office, fake_google: FakeGoogle) -> None:
    """It says that another run is going on and exits with 2; the first one is not disturbed."""
    office.submit(contractor(), HEAD)
    fake_google.faults.add("forms.forms.get", Slow(60))
    first = office.start("run", "--json")
    try:
        deadline = time.monotonic() + 30
        while not fake_google.calls_of("forms.forms.get") and time.monotonic() < deadline:
            time.sleep(0.02)
        second = office.run()
    finally:
        fake_google.stopping.set()
    assert second.exit_code == 2
    assert "Otra ejecución está en curso" in second.said
    assert finished(first).exit_code == 0
    assert [row["Estado"] for row in office.table()] == [ATTENDED]


@pytest.mark.samba
@pytest.mark.parametrize(("what", "sentence"), [("ca_file", "no es de confianza"), ("password_file", "no son correctos")])
def test_a_domain_that_must_not_be_trusted_or_does_not_trust_us(
    office: Office, samba: DomainController, exim_server: Exim, what: str, sentence: str
) -> None:
    """Exit 2 and one sentence; the request waits, no password is told, and a request that needs no domain is attended."""
    office.samba = samba
    wrong = {"ca_file": str(exim_server.ca_file), "password_file": office.secret("otra-clave", "No-Es-Esta-Clave-9")}
    office.write_settings(directory={what: wrong[what]})
    office.submit(contractor(), HEAD)
    office.submit(contractor(document_number="77665544"), STRANGER)
    ran = office.run()
    assert ran.exit_code == 2
    assert ran.said.count(sentence) == 1
    assert "Traceback" not in ran.said
    assert "No-Es-Esta-Clave-9" not in ran.said + office.path("gestion.log").read_text(encoding="utf-8")
    assert sorted(row["Estado"] for row in office.table()) == ["En espera", "Rechazada"]
    assert mails(office) == 1


@pytest.mark.exim
@pytest.mark.parametrize(("what", "sentence"), [("ca_file", "no es de fiar"), ("password_file", "no acepta el usuario")])
def test_a_mail_server_that_must_not_be_trusted_or_does_not_trust_us(
    office: Office, exim: Exim, what: str, sentence: str
) -> None:
    """Exit 2 and one sentence; the account waits without its mail, and a later run sends one password, the one that works."""
    office.exim = exim
    wrong = {"ca_file": "otra.pem", "password_file": office.secret("otra-clave", "No-Es-Esta-Clave-9")}
    office.path("otra.pem").write_bytes(Authority("Otra autoridad").certificate)
    office.write_settings(mail={what: wrong[what]})
    office.submit(contractor(), HEAD)
    ran = office.run()
    assert ran.exit_code == 2
    assert ran.said.count(sentence) == 1
    assert "Traceback" not in ran.said
    assert "No-Es-Esta-Clave-9" not in ran.said + office.path("gestion.log").read_text(encoding="utf-8")
    assert exim.messages() == []

    office.write_settings()
    assert office.run_later(minutes=2).exit_code == 0
    assert [row["Estado"] for row in office.table()] == [ATTENDED]
    assert len(exim.messages("jose.munoz@correo.example")) == 1
    assert len(exim.messages()) == 2
