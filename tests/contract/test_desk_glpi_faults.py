"""How the desk on GLPI fares when GLPI, or what is in between, does not do as it says; and a crash after each write."""

import itertools
import logging
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import pytest

from config.errors import Misconfigured, Rejected, TargetError, Transient, Unreachable
from config.vocabulary import CaseNumber, EmailAddress
from notify.desk.port import Desk, NewTicket, TicketFields, TicketId, TicketStatus
from tests.contract.glpis import KINDS, GlpiWorld
from tests.servers.glpi.highlevel import CLIENT_SECRET, PASSWORD
from tests.servers.glpi.legacy import APP_TOKEN, USER_TOKEN
from tests.servers.glpi.office import AGENT, ALL_FOLLOWUP_RIGHTS, ALL_TICKET_RIGHTS
from tests.servers.glpi.server import HTML, Answer, Fault
from tests.servers.google.certificates import self_signed

CASE = CaseNumber("GU-2026-000123")
TICKET = NewTicket(CASE, "Creación de cuenta", "Solicitada por el formulario.", EmailAddress("jefe@entidad.gov.co"))
SECRETS = (USER_TOKEN, APP_TOKEN, PASSWORD, CLIENT_SECRET)


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The server's certificate and key, made once."""
    return self_signed(tmp_path_factory.mktemp("glpi"))


@pytest.fixture(params=KINDS)
def world(request: pytest.FixtureRequest, certificate: tuple[Path, Path]) -> Iterator[GlpiWorld]:
    """Each interface in turn."""
    with GlpiWorld(request.param, *certificate) as opened:
        yield opened


def course(world: GlpiWorld, *, times: int = 1) -> None:
    """A whole case, as the program goes through it. A step that fails is taken again by another run, like one not recorded."""
    ours = TicketId("2")
    steps: tuple[Callable[[Desk], object], ...] = (
        lambda desk: desk.create(TICKET),
        lambda desk: desk.set_status(ours, TicketStatus.IN_PROGRESS),
        lambda desk: desk.note(ours, "account", "Cuenta creada."),
        lambda desk: desk.set_fields(ours, TicketFields("En curso", "ana", "OTI", "", None)),
        lambda desk: desk.set_fields(ours, TicketFields("Atendida", "ana", "OTI", "", datetime(2026, 11, 24, tzinfo=UTC))),
        lambda desk: desk.close_with_solution(ours, "Cuenta creada y datos enviados."),
    )
    desk = world.desk()
    for step in steps:
        done = 0
        while done < times:
            try:
                step(desk)
                done += 1
            except (Transient, Unreachable):
                desk = world.desk()
                assert len(world.server.calls) < 500


def picture(world: GlpiWorld) -> tuple[object, ...]:
    """All that the office holds of the case, without times and numbers."""
    office = world.office
    return (
        [(each.name, each.content, each.status, [(a.user, a.kind) for a in each.actors]) for each in office.of_case(CASE)],
        [(each.ticket, each.content, each.is_private) for each in office.followups.values()],
        [(each.ticket, each.content) for each in office.solutions.values()],
    )


@pytest.mark.parametrize("cut", ["before", "after"])
@pytest.mark.parametrize("kind", KINDS)
def test_a_crash_around_every_write_ends_in_the_same_world(
    certificate: tuple[Path, Path], kind: str, cut: Literal["before", "after"]
) -> None:
    """The connection is lost before or after GLPI did it, and another run takes the step again: nothing is there twice."""
    with GlpiWorld(kind, *certificate) as whole:
        course(whole)
        expected, writes = picture(whole), whole.writes
    assert len(writes) == (6 if kind == "glpi" else 7)
    with GlpiWorld(kind, *certificate) as world:
        world.server.cuts_writes = cut
        course(world)
        assert picture(world) == expected
        assert [call for call, _ in itertools.groupby(world.writes)] == [call for call, _ in itertools.groupby(writes)]


def test_an_expired_session_is_begun_again_once(world: GlpiWorld) -> None:
    """In the middle of the work, for a reading as for a write; what was asked is done once."""
    desk = world.desk()
    ticket = desk.create(TICKET)
    world.expire()
    desk.note(ticket.id, "account", "Cuenta creada.")
    world.expire()
    found = desk.find(CASE)
    assert found is not None
    assert found.notes == ("Cuenta creada.",)
    assert world.begun == 3


def test_a_session_that_expires_at_once_is_no_endless_loop(world: GlpiWorld) -> None:
    """A second refusal is told."""
    desk = world.desk()
    desk.find(CASE)
    refusal = (
        Answer(401, ["ERROR_SESSION_TOKEN_INVALID", "session_token parece no ser válido"])
        if world.kind == "glpi"
        else Answer(401, {"status": "ERROR_UNAUTHENTICATED", "title": "You are not authenticated"})
    )
    reading = "GET search/Ticket" if world.kind == "glpi" else "GET v2/Assistance/Ticket"
    world.server.fail(Fault(reading, refusal), Fault(reading, refusal))
    with pytest.raises(Misconfigured, match="no reconoció"):
        desk.find(CASE)


def test_the_session_is_ended(world: GlpiWorld) -> None:
    """GLPI keeps none of the program's; closing twice, or after the server has gone, is no error."""
    desk = world.desk()
    desk.find(CASE)
    desk.close()
    desk.close()
    assert world.legacy.sessions == set()
    assert world.legacy.killed == world.legacy.begun
    late = world.desk()
    late.find(CASE)
    world.server.fail(Fault("GET killSession"))
    late.close()


def test_wrong_credentials_say_what_to_do(world: GlpiWorld, caplog: pytest.LogCaptureFixture) -> None:
    """And no secret is in the message or in a log."""
    caplog.set_level(logging.DEBUG)
    wrong = "una-clave-equivocada-77"
    with pytest.raises(Misconfigured, match=r"no dejó entrar.*\[desk\]") as raised:
        world.desk(secret=wrong).find(CASE)
    world.desk().find(CASE)
    told = str(raised.value) + repr(raised.value.__cause__) + caplog.text
    assert not any(secret in told for secret in (wrong, *SECRETS))


def test_a_busy_glpi_is_asked_again(world: GlpiWorld) -> None:
    """A reading waits as Retry-After asks; a write is left to the next run, which looks first."""
    desk = world.desk()
    reading = "GET search/Ticket" if world.kind == "glpi" else "GET v2/Assistance/Ticket"
    world.server.fail(Fault(reading, Answer(429, ["x"], {"Retry-After": "2.5"})), Fault(reading, HTML))
    assert desk.find(CASE) is None
    assert world.slept == [2.5, 2.0]
    world.server.fail(Fault(reading, Answer(503, ["x"], {"Retry-After": "300"})))
    with pytest.raises(Transient) as raised:
        desk.find(CASE)
    assert raised.value.retry_after_seconds == 300
    world.server.fail(Fault(world.creates, Answer(429, ["x"])))
    with pytest.raises(Transient):
        desk.create(TICKET)
    assert world.server.called(world.creates) == 1


@pytest.mark.parametrize(
    ("answer", "error", "match"),
    [
        (Answer(200, raw=b"<html>Iniciar sesi\xc3\xb3n</html>", content_type="text/html"), Misconfigured, "no es la de su API"),
        (Answer(404, raw=b"<html>Not Found</html>", content_type="text/html"), Misconfigured, "no es la de su API"),
        (Answer(500, raw=b"<html>Fatal error</html>", content_type="text/html"), Transient, "falló"),
        (Answer(302, raw=b"", headers={"Location": "http://169.254.169.254/"}), Misconfigured, "redirección"),
        (Answer(200, {"otra": "cosa"}), Misconfigured, "no entiende"),
        (Answer(200, None), Misconfigured, "no entiende"),
    ],
)
def test_what_is_no_reply_of_glpi_is_never_an_empty_one(
    world: GlpiWorld, answer: Answer, error: type[TargetError], match: str
) -> None:
    """A web page, a redirection, a proxy's words or other data: an error that says where to look, at any moment."""
    first = "GET initSession" if world.kind == "glpi" else "POST token"
    reading = "GET search/Ticket" if world.kind == "glpi" else "GET v2/Assistance/Ticket"
    for call in (first, reading):
        world.server.fail(Fault(call, answer))
        with pytest.raises(error, match=match):
            world.desk().find(CASE)
    assert world.desk().find(CASE) is None


def test_a_slow_or_dead_glpi_is_told_apart(world: GlpiWorld) -> None:
    """No answer in time may have been done; nobody there was not."""
    desk = world.desk(timeout_seconds=0.2)
    desk.find(CASE)
    world.server.fail(Fault(world.creates, Answer(200), seconds=5))
    with pytest.raises(Transient, match="se cortó"):
        desk.create(TICKET)
    with pytest.raises(Unreachable, match="No hay comunicación"):
        world.desk(url="https://127.0.0.1:9").find(CASE)


def test_the_certificate_is_always_verified(world: GlpiWorld, tmp_path: Path) -> None:
    """Another authority's word does not count."""
    other, _ = self_signed(tmp_path)
    with pytest.raises(Misconfigured, match="certificado"):
        world.desk(ca_file=other).find(CASE)
    assert world.server.calls == []


def test_an_account_that_sees_nothing_is_refused(world: GlpiWorld) -> None:
    """Without the right to read, GLPI says `[]`: the case would be opened once more in every run."""
    world.desk().create(TICKET)
    world.office.ticket_rights = ALL_TICKET_RIGHTS & ~1024
    with pytest.raises(Misconfigured, match=r"[Vv]er todos los tickets"):
        world.desk().find(CASE)
    with pytest.raises(Misconfigured, match=r"[Vv]er todos los tickets"):
        world.desk().create(TICKET)
    assert len(world.office.of_case(CASE)) == 1


def test_a_ticket_that_is_not_seen_after_opening_stops_the_desk(world: GlpiWorld) -> None:
    """It says which ticket it opened and what is missing."""
    world.office.hidden = {2}
    with pytest.raises(Misconfigured, match="el ticket 2"):
        world.desk().create(TICKET)


def test_one_hidden_ticket_holds_one_case(world: GlpiWorld) -> None:
    """A ticket that an agent moved where the account does not see stops its own case, and no other."""
    desk = world.desk()
    ticket = desk.create(TICKET)
    world.office.hidden = {int(ticket.id)}
    with pytest.raises(Rejected, match=r"no deja leer el ticket 2|no existe"):
        desk.note(ticket.id, "account", "Cuenta creada.")
    other = desk.create(NewTicket(CaseNumber("GU-2026-000124"), "otra", "otra", EmailAddress("")))
    desk.note(other.id, "account", "Cuenta creada.")


def test_an_entity_that_is_not_the_accounts_is_told(world: GlpiWorld) -> None:
    """Nothing is opened anywhere else."""
    with pytest.raises((Misconfigured, Rejected), match=r"entidad 9|no aceptó registrar"):
        world.desk(entity=9).create(TICKET)
    assert world.office.of_case(CASE) == []


@pytest.mark.parametrize(
    ("rights", "named"),
    [({"followup_rights": ALL_FOLLOWUP_RIGHTS & ~8192}, "privados"), ({"ticket_rights": ALL_TICKET_RIGHTS & ~4}, "crear")],
)
def test_each_missing_right_is_named(certificate: tuple[Path, Path], rights: dict[str, int], named: str) -> None:
    """The legacy REST tells the profile's rights: all that are missing are named at once, before anything is done."""
    with GlpiWorld("glpi", *certificate) as world:
        for name, value in rights.items():
            setattr(world.office, name, value)
        with pytest.raises(Misconfigured, match=named):
            world.desk().create(TICKET)
        world.office.interface = "helpdesk"
        with pytest.raises(Misconfigured, match="simplificada"):
            world.desk().create(TICKET)
        assert world.writes == []


def test_a_note_that_cannot_be_read_back_is_told(certificate: tuple[Path, Path]) -> None:
    """The high-level API gives `[]` to who may not see followups."""
    with GlpiWorld("glpi11", *certificate) as world:
        ticket = world.desk().create(TICKET)
        world.office.followup_rights = 0
        with pytest.raises(Misconfigured, match="no se deja leer"):
            world.desk().note(ticket.id, "account", "Cuenta creada.")


def test_a_state_that_glpi_does_not_keep_is_told(world: GlpiWorld) -> None:
    """200, and nothing changed: a read-only field of the template."""
    desk = world.desk()
    ticket = desk.create(TICKET)
    world.office.keeps_status = True
    with pytest.raises(Rejected, match="no quedó así"):
        desk.set_status(ticket.id, TicketStatus.PENDING)
    with pytest.raises(Rejected, match="no quedó así"):
        desk.close_with_solution(ticket.id, "Listo.")


def test_partly_done_is_not_done(world: GlpiWorld) -> None:
    """207 carries GLPI's reason."""
    world.server.fail(Fault(world.creates, Answer(207, ["ERROR_GLPI_PARTIAL_ADD", "Complete los campos obligatorios"])))
    with pytest.raises(Rejected, match="campos obligatorios"):
        world.desk().create(TICKET)
    assert world.office.of_case(CASE) == []


def test_what_glpi_declines_is_rejected_with_its_words(world: GlpiWorld) -> None:
    """400 of the one interface and 500 of the other are a no; 500 without GLPI's words is tried again."""
    desk = world.desk()
    no = (
        Answer(400, ["ERROR_GLPI_ADD", "Los campos obligatorios no están completos: Ubicación"])
        if world.kind == "glpi"
        else Answer(
            500,
            {"status": "ERROR", "title": "Failed to create item(s)", "additional_messages": [{"message": "falta Ubicación"}]},
        )
    )
    world.server.fail(Fault(world.creates, no), Fault(world.creates, Answer(500, ["ERROR_SQL", "An internal error occurred"])))
    with pytest.raises(Rejected, match="Ubicación"):
        desk.create(TICKET)
    with pytest.raises(Transient):
        desk.create(TICKET)
    world.server.fail(Fault(world.creates, Answer(403, ["ERROR_RIGHT_MISSING", "no"])))
    with pytest.raises(Misconfigured, match="faltan derechos"):
        desk.create(TICKET)
    assert desk.create(TICKET).id == "2"


def test_a_filter_that_is_ignored_finds_no_wrong_ticket(certificate: tuple[Path, Path]) -> None:
    """GLPI then lists all tickets, over several pages: each is compared."""
    with GlpiWorld("glpi11", *certificate) as world:
        world.high.knows_external_id = False
        for number in range(1, 151):
            world.office.open_by_hand("otro", f"GU-2025-{number:06}")
        assert world.desk().find(CASE) is None
        ticket = world.desk().create(TICKET)
        assert world.desk().find(CASE) == ticket


def lies(world: GlpiWorld, name: str) -> None:
    """One of the differences between versions."""
    match name:
        case "ids ignored":
            world.high.understands = "plain"
        case "numbers ignored":
            world.high.understands = "id"
        case "no authors":
            world.high.tells_authors = False
        case "bare timeline":
            world.high.wraps = False
        case "encoded":
            world.legacy.encodes = True
        case "no equals":
            world.legacy.key_searchtypes = ["contains", "notcontains"]


@pytest.mark.parametrize(
    ("kind", "version"),
    [
        ("glpi11", "ids ignored"),
        ("glpi11", "numbers ignored"),
        ("glpi11", "no authors"),
        ("glpi11", "bare timeline"),
        ("glpi", "encoded"),
        ("glpi", "no equals"),
    ],
)
def test_versions_that_differ_do_the_same(certificate: tuple[Path, Path], kind: str, version: str) -> None:
    """The case goes its way twice and everything is there once; an agent's words are a reply, where GLPI says that they are."""
    with GlpiWorld(kind, *certificate) as world:
        lies(world, version)
        course(world, times=2)
        (ticket,) = world.office.of_case(CASE)
        content = "&#60;p&#62;a &#38;lt; b&#60;/p&#62;" if version == "encoded" else "<p>a &lt; b</p>"
        world.office.add_followup(ticket.id, content, is_private=False, by=AGENT)
        found = world.desk().find(CASE)
        assert found is not None
        assert (found.notes, found.solution) == (("Cuenta creada.",), "Cuenta creada y datos enviados.")
        assert [reply.text for reply in found.replies] == ([] if version == "no authors" else ["a < b"])
        assert found.closed_by is None
        assert len(world.office.followups) == 3
        assert len(world.office.solutions) == 1


def test_long_timelines_are_read_whole(world: GlpiWorld) -> None:
    """The note of three hundred entries ago is still known; more than GLPI hands out is an error, never a second note."""
    desk = world.desk()
    ticket = desk.create(TICKET)
    desk.note(ticket.id, "first", "La primera.")
    for _ in range(450):
        world.office.add_followup(int(ticket.id), "<p>x</p>", is_private=False, by=AGENT)
    desk.note(ticket.id, "last", "La última.")
    desk.note(ticket.id, "first", "La primera.")
    found = desk.find(CASE)
    assert found is not None
    assert found.notes == ("La primera.", "La última.")
    assert len(found.replies) == 450
    if world.kind == "glpi11":
        for _ in range(600):
            world.office.add_followup(int(ticket.id), "<p>x</p>", is_private=False, by=AGENT)
        with pytest.raises(Rejected, match="no las entrega todas"):
            desk.note(ticket.id, "first", "La primera.")
