"""What the desk on GLPI does over each of its interfaces, against servers built from GLPI's documents (no GLPI was run)."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from config.errors import Rejected, WriteRefused
from config.vocabulary import CaseNumber, EmailAddress
from notify.desk.glpi_text import storable
from notify.desk.port import Desk, NewTicket, TicketFields, TicketId, TicketStatus
from tests.contract.desks import PeopledWorld
from tests.contract.glpis import CASE, KINDS, GlpiWorld, new_ticket
from tests.contract.test_desk import (
    test_a_case_is_registered_once,
    test_a_note_is_added_once_by_key,
    test_a_person_who_closes_or_opens_a_ticket_is_noticed,
    test_a_ticket_is_closed_with_its_solution_and_can_be_opened_again,
    test_an_unknown_case_has_no_ticket,
    test_an_unknown_ticket_is_rejected,
    test_closing_needs_a_solution,
    test_dry_run_writes_nothing,
    test_hostile_text_is_only_text,
    test_killed_after_any_write_and_begun_again_the_ticket_is_the_same,
    test_the_doctor_finds_nothing_wrong_and_leaves_nothing,
    test_the_status_follows_the_case,
    test_the_ticket_shows_where_the_case_stands,
    test_what_people_of_the_desk_write_is_told_from_what_we_note,
    test_what_people_touched_is_found_by_one_question,
)
from tests.servers.glpi.office import AGENT, BOSS, OWN_USER, WATCHER, Actor
from tests.servers.google.certificates import self_signed

__all__ = [
    "test_a_case_is_registered_once",
    "test_a_note_is_added_once_by_key",
    "test_a_person_who_closes_or_opens_a_ticket_is_noticed",
    "test_a_ticket_is_closed_with_its_solution_and_can_be_opened_again",
    "test_an_unknown_case_has_no_ticket",
    "test_an_unknown_ticket_is_rejected",
    "test_closing_needs_a_solution",
    "test_dry_run_writes_nothing",
    "test_hostile_text_is_only_text",
    "test_killed_after_any_write_and_begun_again_the_ticket_is_the_same",
    "test_the_doctor_finds_nothing_wrong_and_leaves_nothing",
    "test_the_status_follows_the_case",
    "test_the_ticket_shows_where_the_case_stands",
    "test_what_people_of_the_desk_write_is_told_from_what_we_note",
    "test_what_people_touched_is_found_by_one_question",
]
"""The suite of every desk runs here on GLPI's worlds; what follows it is of GLPI alone."""
HOSTILE = (
    "Ñandú O'Brien'; DROP TABLE ticket; -- =HYPERLINK(\"http://evil.example\") <script>&lt;&amp; 😀\n\x00"
    "[GU-2026-000123 · x]\n" + "x" * 10_000
)
FIELDS = TicketFields("En curso", "ana.nunez", "OTI", "la mesa", datetime(2026, 11, 24, 15, 30, tzinfo=UTC))


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The server's certificate and key, made once."""
    return self_signed(tmp_path_factory.mktemp("glpi"))


@pytest.fixture(params=KINDS)
def world(request: pytest.FixtureRequest, certificate: tuple[Path, Path]) -> Iterator[GlpiWorld]:
    """Each interface in turn; what the client sends that GLPI does not know is a failure."""
    with GlpiWorld(request.param, *certificate) as opened:
        yield opened


@pytest.fixture
def peopled(world: GlpiWorld) -> PeopledWorld:
    """The same: in both we see what people do."""
    return world


def test_a_ticket_is_opened_as_asked(world: GlpiWorld) -> None:
    """Under its title, with the requester in words, and only once."""
    world.desk().create(new_ticket())
    world.desk().create(new_ticket(subject="otra cosa"))
    (ticket,) = world.office.of_case(CASE)
    assert ticket.name == "Creación de cuenta: Ana Núñez"
    assert "Solicitante: jefe@entidad.gov.co" in ticket.content


def test_tickets_are_told_apart(world: GlpiWorld) -> None:
    """Each case has an id of its own, and a key that differs in letter case alone is another key."""
    desk = world.desk()
    world.office.open_by_hand("de otro programa", "gu-2026-000001")
    ids = {desk.create(new_ticket(CaseNumber(f"GU-2026-{number:06}"))).id for number in range(5)}
    assert len(ids) == 5


def test_a_ticket_that_somebody_else_opened_is_not_ours(world: GlpiWorld) -> None:
    """Whoever writes a case number in a ticket of his own gets none of its notes, where the interface tells who opened it."""
    desk = world.desk()
    theirs = world.office.open_by_hand("Mío", CASE)
    told = world.kind == "glpi"
    assert (desk.find(CASE) is None) is told
    ticket = desk.create(new_ticket())
    desk.note(ticket.id, "account", "Cuenta creada.")
    noted = {each.ticket for each in world.office.followups.values()}
    assert (theirs.id in noted) is not told
    assert world.found(CASE).notes == ("Cuenta creada.",)
    assert theirs.status == 1


def test_a_key_of_another_alphabet_is_never_searched(world: GlpiWorld) -> None:
    """What could mean something to a search is refused before GLPI is asked."""
    desk = world.desk()
    for key in ("", "GU-2026-000123 or 1==1", "GU-2026-000123,id=gt=0", "²²-2026-000123"):
        with pytest.raises(Rejected, match="no es un número de caso"):
            desk.find(CaseNumber(key))
    assert world.server.calls == []


def test_notes_are_private_and_marked(world: GlpiWorld) -> None:
    """A crash between noting and recording makes no second note; notes keep their order and are private."""
    desk = world.desk()
    ticket = desk.create(new_ticket())
    desk.note(ticket.id, "matrix", "Autorizado por la fila 4 de la matriz.")
    desk.note(ticket.id, "account", "Cuenta ana.nunez creada.")
    world.desk().note(ticket.id, "matrix", "Autorizado por la fila 4 de la matriz.")
    assert world.found(CASE).notes == ("Autorizado por la fila 4 de la matriz.", "Cuenta ana.nunez creada.")
    assert all(each.is_private for each in world.office.followups.values())
    assert "[GU-2026-000123 · account]" in world.office.followups[2].content


def test_a_state_is_sent_once(world: GlpiWorld) -> None:
    """It moves and repeating it sends nothing."""
    desk = world.desk()
    ticket = desk.create(new_ticket())
    for status in (TicketStatus.IN_PROGRESS, TicketStatus.PENDING, TicketStatus.IN_PROGRESS, TicketStatus.NEW):
        desk.set_status(ticket.id, status)
        assert world.found(CASE).status is status
    written = len(world.writes)
    desk.set_status(ticket.id, TicketStatus.NEW)
    assert len(world.writes) == written


@pytest.mark.parametrize("closes_at_once", [False, True])
def test_a_closed_ticket_keeps_its_first_solution(world: GlpiWorld, *, closes_at_once: bool) -> None:
    """Activity 6: closing is done once, whether GLPI then says solved or closed."""
    world.office.closes_at_once = closes_at_once
    desk = world.desk()
    ticket = desk.create(new_ticket())
    desk.close_with_solution(ticket.id, "Cuenta creada y datos enviados.")
    desk.close_with_solution(ticket.id, "Otra solución.")
    closed = world.found(CASE)
    assert (closed.status, closed.solution) == (TicketStatus.CLOSED, "Cuenta creada y datos enviados.")
    assert (closed.closed_by, closed.replies, closed.notes) == (None, (), ())
    assert world.office.of_case(CASE)[0].status == (6 if closes_at_once else 5)


def test_a_case_can_be_opened_again(world: GlpiWorld) -> None:
    """A bounce after closing opens the ticket, even a closed one; its next solution, in the same words, closes it again."""
    world.office.closes_at_once = True
    desk = world.desk()
    ticket = desk.create(new_ticket())
    for solution in ("Datos enviados.", "Datos enviados."):
        desk.close_with_solution(ticket.id, solution)
        assert (world.found(CASE).status, world.found(CASE).solution) == (TicketStatus.CLOSED, solution)
        desk.set_status(ticket.id, TicketStatus.PENDING)
        assert (world.found(CASE).status, world.found(CASE).solution) == (TicketStatus.PENDING, solution)


def test_a_ticket_that_is_not_ours_is_rejected(world: GlpiWorld) -> None:
    """Nothing is written to a ticket that does not exist, nor to one of somebody else's (number 1)."""
    desk = world.desk()
    desk.create(new_ticket())
    written = len(world.writes)
    acts: tuple[Callable[[TicketId], None], ...] = (
        lambda unknown: desk.note(unknown, "key", "texto"),
        lambda unknown: desk.set_fields(unknown, FIELDS),
        lambda unknown: desk.set_status(unknown, TicketStatus.PENDING),
        lambda unknown: desk.close_with_solution(unknown, "texto"),
    )
    for unknown in ("999", "", "1", "T-1", "2 OR 1=1", "-1", "9" * 30, "²", "2/../1"):
        for act in acts:
            with pytest.raises(Rejected, match="no existe"):
                act(TicketId(unknown))
    assert len(world.writes) == written


def test_a_ticket_in_the_trash_is_gone(world: GlpiWorld) -> None:
    """It is neither found nor written to; its number says what to do."""
    desk = world.desk()
    ticket = desk.create(new_ticket())
    world.office.of_case(CASE)[0].is_deleted = True
    assert desk.find(CASE) is None
    with pytest.raises(Rejected, match="papelera"):
        desk.note(ticket.id, "key", "texto")


def test_hostile_text_leaves_no_tag(world: GlpiWorld) -> None:
    """Quotes, formulas, tags, entities, marks and ten thousand characters come back, and GLPI holds no tag of theirs."""
    desk = world.desk()
    ticket = desk.create(NewTicket(CASE, HOSTILE, HOSTILE, EmailAddress("o'brien@entidad.gov.co")))
    desk.note(ticket.id, HOSTILE, HOSTILE)
    desk.note(ticket.id, HOSTILE, HOSTILE)
    desk.close_with_solution(ticket.id, HOSTILE)
    closed = world.found(CASE)
    assert closed.notes == (storable(HOSTILE),)
    assert closed.solution == storable(HOSTILE)
    assert closed.replies == ()
    office = world.office
    kept = [
        office.of_case(CASE)[0].content,
        *(each.content for each in (*office.followups.values(), *office.solutions.values())),
    ]
    assert not any("<script" in content or "\x00" in content for content in kept)
    assert len(office.of_case(CASE)[0].name) == 255


def test_a_dry_run_sends_nothing(world: GlpiWorld) -> None:
    """Each write says what it would do, and nothing of it is sent."""
    dry = world.desk(writable=False)
    with pytest.raises(WriteRefused, match=CASE):
        dry.create(new_ticket())
    ticket = world.desk().create(new_ticket())
    written = len(world.writes)
    assert dry.find(CASE) == ticket
    acts: tuple[Callable[[], None], ...] = (
        lambda: dry.note(ticket.id, "key", "texto"),
        lambda: dry.set_fields(ticket.id, FIELDS),
        lambda: dry.set_status(ticket.id, TicketStatus.PENDING),
        lambda: dry.close_with_solution(ticket.id, "texto"),
    )
    for act in acts:
        with pytest.raises(WriteRefused):
            act()
    assert len(world.writes) == written


def test_fields_are_shown_in_one_place(world: GlpiWorld) -> None:
    """One private followup says where the case stands, is changed in its place, and is no note."""
    desk = world.desk()
    ticket = desk.create(new_ticket())
    desk.set_fields(ticket.id, FIELDS)
    world.desk().set_fields(ticket.id, FIELDS)
    (shown,) = world.office.followups.values()
    assert "Estado: En curso<br>Cuenta: ana.nunez<br>Dependencia: OTI<br>En espera de: la mesa" in shown.content
    assert "Vence: 24/11/2026 10:30" in shown.content
    assert shown.is_private
    desk.set_fields(ticket.id, TicketFields("Atendida", "ana.nunez", "", "", None))
    written = len(world.writes)
    desk.set_fields(ticket.id, TicketFields("Atendida", "ana.nunez", "", "", None))
    assert len(world.writes) == written
    assert list(world.office.followups) == [shown.id]
    assert "Atendida" in shown.content
    assert "espera" not in shown.content
    assert world.found(CASE).notes == ()


def test_a_closed_ticket_gets_no_new_state(world: GlpiWorld) -> None:
    """Adding to it could open it again; the state that it already shows is kept up to date."""
    desk = world.desk()
    first, second = desk.create(new_ticket()), desk.create(new_ticket(CaseNumber("GU-2026-000124")))
    desk.set_fields(second.id, FIELDS)
    for ticket in (first, second):
        desk.close_with_solution(ticket.id, "Listo.")
        desk.set_fields(ticket.id, TicketFields("Cerrada", "", "", "", None))
        assert world.found(ticket.case).status is TicketStatus.CLOSED
    assert [("Cerrada" in each.content) for each in world.office.followups.values()] == [True]


@pytest.mark.parametrize("closes_at_once", [False, True])
def test_a_closed_ticket_can_be_noted_on(world: GlpiWorld, *, closes_at_once: bool) -> None:
    """The note is there and the ticket still closed, even where this program is the requester, whose words open it again."""
    world.office.closes_at_once = closes_at_once
    desk = world.desk()
    ticket = desk.create(new_ticket())
    world.office.of_case(CASE)[0].actors[0].user = OWN_USER
    desk.close_with_solution(ticket.id, "Datos enviados.")
    desk.note(ticket.id, "bounce", "El correo rebotó.")
    noted = world.found(CASE)
    assert (noted.status, noted.notes, noted.solution) == (TicketStatus.CLOSED, ("El correo rebotó.",), "Datos enviados.")
    assert noted.closed_by is None


def test_replies_are_what_people_wrote(world: GlpiWorld) -> None:
    """Not this program, the requester, an observer or a mail; an agent's words are a reply under whatever mark."""
    desk = world.desk()
    ticket = desk.create(new_ticket())
    number = int(ticket.id)
    desk.note(ticket.id, "account", "Cuenta creada.")
    desk.set_fields(ticket.id, FIELDS)
    before = datetime.now(UTC) - timedelta(seconds=2)
    office = world.office
    office.add_followup(number, "<p>Soy quien lo pidió</p>", is_private=False, by=BOSS)
    office.add_followup(number, "<p>Desde un correo sin usuario</p>", is_private=False, by=0)
    office.add_followup(number, "<p>Solo estoy en copia</p>", is_private=False, by=WATCHER)
    office.of_case(CASE)[0].actors += [Actor(WATCHER, 3), Actor(AGENT, 3), Actor(AGENT, 2)]
    office.add_followup(number, "<p>No le llegó&nbsp;la <b>clave</b></p><ul><li>uno</li></ul>", is_private=False, by=AGENT)
    office.add_followup(number, "<p>Listo</p><p>[GU-2026-000123 · phone]</p>", is_private=True, by=AGENT)
    first, second = world.found(CASE).replies
    assert (first.text, second.text) == ("No le llegó la clave\nuno", "Listo\n[GU-2026-000123 · phone]")
    assert first.key != second.key
    assert before <= first.at <= second.at <= datetime.now(UTC)
    assert second.by == "Ana Agente"
    assert world.found(CASE).replies == (first, second)
    desk.note(ticket.id, "phone", "Se llamó por teléfono.")
    assert world.found(CASE).notes == ("Cuenta creada.", "Se llamó por teléfono.")


def test_a_person_who_closes_is_named(world: GlpiWorld) -> None:
    """With a solution of theirs it is also a reply; the program's own solution is not written over it."""
    desk = world.desk()
    ticket = desk.create(new_ticket())
    world.office.add_solution(int(ticket.id), "<p>No procede.</p>", by=AGENT)
    closed = world.found(CASE)
    assert closed.closed_by == "Ana Agente"
    assert [reply.text for reply in closed.replies] == ["No procede."]
    assert closed.solution is None
    for _ in range(2):
        desk.close_with_solution(ticket.id, "Cuenta creada.")
    closed = world.found(CASE)
    assert (closed.status, closed.solution, closed.notes) == (TicketStatus.CLOSED, "Cuenta creada.", ())
    assert (closed.closed_by, len(world.office.solutions), len(world.office.followups)) == ("Ana Agente", 1, 1)


def test_a_ticket_closed_by_hand_keeps_our_words(world: GlpiWorld) -> None:
    """Somebody set it to closed without a solution: nothing opens it, and what was done is on it, once."""
    desk = world.desk()
    ticket = desk.create(new_ticket())
    world.office.set_status(int(ticket.id), 6, by=AGENT)
    for _ in range(2):
        desk.close_with_solution(ticket.id, "Cuenta creada.")
    closed = world.found(CASE)
    assert (closed.status, closed.solution, len(world.office.followups)) == (TicketStatus.CLOSED, "Cuenta creada.", 1)
    # The high-level API does not tell who changed a ticket last.
    assert closed.closed_by == ("Ana Agente" if world.kind == "glpi" else None)


def test_changes_since_then_are_told(world: GlpiWorld) -> None:
    """By the ticket's own date of change, in the server's zone, over several pages; a few more are no harm."""
    now = datetime(2026, 11, 24, 15, 30, tzinfo=UTC)
    world.office.clock = lambda: now - timedelta(days=2)
    desk = world.desk(clock=lambda: now)
    old = [world.office.open_by_hand("viejo", f"GU-2026-{number:06}") for number in range(1, 211)]
    world.office.clock = lambda: now
    world.office.open_by_hand("sin caso")
    new = [world.office.open_by_hand("nuevo", f"GU-2026-{number:06}") for number in range(500, 711)]
    world.office.add_followup(old[7].id, "<p>hola</p>", is_private=False, by=AGENT)
    told = desk.changed_since(now - timedelta(minutes=5))
    assert sorted(told) == sorted([old[7].externalid, *(each.externalid for each in new)])
    assert desk.changed_since(now + timedelta(hours=1)) == ()


@pytest.mark.parametrize("address", ["jefe@entidad.gov.co", "JEFE@OTRO.GOV.CO", "nadie@entidad.gov.co", "o'brien@x.co", ""])
def test_the_requester_is_the_user_with_the_address(world: GlpiWorld, address: str) -> None:
    """A user when GLPI knows the address; else the address, where the interface can, and never a mail of GLPI's."""
    world.desk().create(new_ticket(requester=address))
    actors = [(each.user, each.email) for each in world.office.of_case(CASE)[0].actors]
    known = address.lower() in {"jefe@entidad.gov.co", "jefe@otro.gov.co"}
    by_address = [(0, address)] if address and world.kind == "glpi" else []
    assert actors == ([(BOSS, "")] if known else by_address)


def test_without_the_right_to_read_users_the_address_stands(world: GlpiWorld) -> None:
    """The ticket is opened all the same."""
    world.office.reads_users = False
    world.desk().create(new_ticket())
    actors = [(each.user, each.email) for each in world.office.of_case(CASE)[0].actors]
    assert actors == ([(0, "jefe@entidad.gov.co")] if world.kind == "glpi" else [])
    world.office.add_followup(world.office.of_case(CASE)[0].id, "<p>hola</p>", is_private=False, by=AGENT)
    assert world.found(CASE).replies[0].by == (f"el usuario {AGENT} de GLPI" if world.kind == "glpi" else "aagente")


def test_entity_and_category_are_as_configured(world: GlpiWorld) -> None:
    """A ticket is opened where the institution said."""
    world.desk(entity=3, category=44).create(new_ticket())
    (ticket,) = world.office.of_case(CASE)
    assert (ticket.entity, ticket.category) == (3, 44)


def test_eight_at_once_leave_one_open_ticket(world: GlpiWorld) -> None:
    """All answer the oldest; the others are closed as its duplicates."""
    start = threading.Barrier(8)
    desks = [world.desk() for _ in range(8)]

    def register(desk: Desk) -> str:
        desk.find(CASE)
        start.wait(20)
        return desk.create(new_ticket()).id

    with ThreadPoolExecutor(8) as racers:
        ids = list(racers.map(register, desks))
    assert len(set(ids)) == 1
    tickets = world.office.of_case(CASE)
    assert [each.id for each in tickets if each.status not in {5, 6}] == [int(ids[0])] == [tickets[0].id]
    assert world.found(CASE).id == ids[0]
    duplicates = [each for each in world.office.solutions.values() if "Duplicado del ticket" in each.content]
    assert {each.ticket for each in duplicates} == {each.id for each in tickets[1:]}
