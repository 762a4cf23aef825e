"""What every service desk does (activity 2 registers, activity 6 closes): the register, Request Tracker, a desk by mail."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from email.message import Message
from pathlib import Path

import pytest

from config.errors import Rejected, Transient, WriteRefused
from config.vocabulary import CaseNumber
from notify.desk.port import NO_CASE, Desk, Ticket, TicketFields, TicketId, TicketStatus
from tests.contract.desks import (
    FIELDS,
    HOSTILE,
    NOW,
    EmbeddedWorld,
    MailWorld,
    PeopledWorld,
    RequestTrackerWorld,
    World,
    new_ticket,
)

CASE = CaseNumber("GU-2026-000123")
RT = pytest.param("rt", marks=[pytest.mark.request_tracker, pytest.mark.xdist_group("request_tracker")])


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def stack() -> Iterator[ExitStack]:
    """Clients are closed at the end."""
    with ExitStack() as stack:
        yield stack


def opened(request: pytest.FixtureRequest, stack: ExitStack, tmp_path: Path) -> PeopledWorld:
    """The desk of this parameter."""
    if request.param == "rt":
        return RequestTrackerWorld(request.getfixturevalue("request_tracker"), stack)
    return EmbeddedWorld(tmp_path, stack)


@pytest.fixture(params=["embedded", "mail", RT])
def world(request: pytest.FixtureRequest, stack: ExitStack, tmp_path: Path) -> World:
    """Each desk in turn."""
    return MailWorld(tmp_path, stack) if request.param == "mail" else opened(request, stack, tmp_path)


@pytest.fixture(params=["embedded", RT])
def peopled(request: pytest.FixtureRequest, stack: ExitStack, tmp_path: Path) -> PeopledWorld:
    """Each desk of which we see what people do in it."""
    return opened(request, stack, tmp_path)


def found(desk: Desk, case: CaseNumber) -> Ticket:
    """The ticket of a case, which there is."""
    ticket = desk.find(case)
    assert ticket is not None
    return ticket


def test_an_unknown_case_has_no_ticket(world: World) -> None:
    """Asking for what was never registered is answered, not an error."""
    case = world.new_case()
    assert world.desk().find(case) is None
    assert world.desk(writable=False).find(case) is None


def test_the_doctor_finds_nothing_wrong_and_leaves_nothing(world: World) -> None:
    """Looking at a desk that works, before and after its first ticket, in a dry run too."""
    for writable in (True, False):
        assert world.desk(writable=writable).check() == ()
    world.desk().create(new_ticket(world.new_case()))
    assert world.desk(writable=False).check() == ()
    assert world.desk().find(NO_CASE) is None


def test_a_case_is_registered_once(world: World) -> None:
    """Creating again, even from another client and with other words, returns the first ticket unchanged; each has its id."""
    case = world.new_case()
    first = world.desk().create(new_ticket(case))
    again = world.desk().create(new_ticket(case, subject="otra cosa"))
    assert again == first == world.desk().find(case)
    assert (first.case, first.status, first.notes, first.solution) == (case, TicketStatus.NEW, (), None)
    assert (first.replies, first.closed_by) == ((), None)
    assert world.desk().create(new_ticket(world.new_case())).id != first.id


def test_a_note_is_added_once_by_key(world: World) -> None:
    """A crash between noting and recording makes no second note; notes keep their order."""
    desk, case = world.desk(), world.new_case()
    ticket = desk.create(new_ticket(case))
    desk.note(ticket.id, "matrix", "Autorizado por la fila 4 de la matriz.")
    desk.note(ticket.id, "account", "Cuenta ana.nunez creada.")
    world.desk().note(ticket.id, "matrix", "Autorizado por la fila 4 de la matriz.")
    assert found(desk, case).notes == ("Autorizado por la fila 4 de la matriz.", "Cuenta ana.nunez creada.")


def test_the_status_follows_the_case(world: World) -> None:
    """It moves, and repeating it changes nothing."""
    desk, case = world.desk(), world.new_case()
    ticket = desk.create(new_ticket(case))
    for status in (TicketStatus.PENDING, TicketStatus.PENDING, TicketStatus.IN_PROGRESS):
        desk.set_status(ticket.id, status)
        assert found(desk, case).status is status


def test_a_ticket_is_closed_with_its_solution_and_can_be_opened_again(world: World) -> None:
    """Activity 6: a closed ticket keeps its first solution; opened again by a bounce, its next solution replaces the former."""
    desk, case = world.desk(), world.new_case()
    ticket = desk.create(new_ticket(case))
    desk.close_with_solution(ticket.id, "Datos enviados.")
    desk.close_with_solution(ticket.id, "Otra solución.")
    closed = found(desk, case)
    assert (closed.status, closed.solution, closed.closed_by) == (TicketStatus.CLOSED, "Datos enviados.", None)
    desk.set_status(ticket.id, TicketStatus.PENDING)
    desk.close_with_solution(ticket.id, "Datos enviados a la dirección corregida.")
    assert found(desk, case).solution == "Datos enviados a la dirección corregida."


def test_closing_needs_a_solution(world: World) -> None:
    """`set_status` does not close."""
    desk = world.desk()
    ticket = desk.create(new_ticket(world.new_case()))
    with pytest.raises(Rejected, match="solución"):
        desk.set_status(ticket.id, TicketStatus.CLOSED)


def test_an_unknown_ticket_is_rejected(world: World) -> None:
    """Nothing is written to a ticket that does not exist, whatever its id looks like."""
    desk = world.desk()
    desk.create(new_ticket(world.new_case()))
    for unknown in ("T-999999", "999999", "", "T-1 OR 1=1", "1/comment", "../user/1", "T-" + "9" * 30, "T-²", "²"):
        with pytest.raises(Rejected, match="no existe"):
            desk.note(TicketId(unknown), "key", "texto")
        with pytest.raises(Rejected, match="no existe"):
            desk.close_with_solution(TicketId(unknown), "texto")


def test_hostile_text_is_only_text(world: World) -> None:
    """Quotes, formulas, tags and ten thousand characters are kept as they are; what cannot be text is made text."""
    desk, case = world.desk(), world.new_case()
    ticket = desk.create(new_ticket(case, subject=f"{HOSTILE}\ud83d", body=f"{HOSTILE}\ud83d"))
    for _ in range(2):
        desk.note(ticket.id, f"{HOSTILE}\x00\ud83d", HOSTILE)
    desk.note(ticket.id, "half", "a\ud83d")
    desk.close_with_solution(ticket.id, HOSTILE)
    kept = found(desk, case)
    assert kept.notes == (HOSTILE, "a?")
    assert kept.solution == HOSTILE


def test_dry_run_writes_nothing(world: World) -> None:
    """Each write says what it would do, and the desk stays as it was."""
    dry, case = world.desk(writable=False), world.new_case()
    with pytest.raises(WriteRefused, match=case):
        dry.create(new_ticket(case))
    ticket = world.desk().create(new_ticket(case))
    assert dry.find(case) == ticket
    writes: tuple[Callable[[], None], ...] = (
        lambda: dry.note(ticket.id, "key", "texto"),
        lambda: dry.set_status(ticket.id, TicketStatus.PENDING),
        lambda: dry.set_fields(ticket.id, FIELDS),
        lambda: dry.close_with_solution(ticket.id, "texto"),
    )
    for write in writes:
        with pytest.raises(WriteRefused):
            write()
    assert world.desk().find(case) == ticket


def test_eight_workers_at_once_make_one_ticket(world: World) -> None:
    """However many create it at the same time, the case ends with one open ticket, and all write to it."""
    case = world.new_case()

    def register(number: int) -> TicketId:
        desk = world.desk()
        ids: list[TicketId] = []
        while not ids:
            try:
                ids.append(desk.create(new_ticket(case)).id)
            except Transient:  # tried again, as the executor does: SQLite under RT lets one write at a time
                time.sleep(0.2)
        desk.close()
        return ids[0]

    with ThreadPoolExecutor(8) as pool:
        ids = set(pool.map(register, range(8)))
    desk = world.desk()
    for each in ids:
        desk.note(each, "nota", "La misma nota")
    ticket = found(desk, case)
    assert ticket.id in ids
    assert ticket.notes == ("La misma nota",)
    if isinstance(world, RequestTrackerWorld):
        assert len(world.server.tickets(f"Subject LIKE '{case}' AND Status = '__Active__'")) == 1
    elif isinstance(world, MailWorld):
        assert len(world.mails()) == 2


def test_killed_after_any_write_and_begun_again_the_ticket_is_the_same(world: World) -> None:
    """One ticket, each note once, closed with its solution, wherever the process died."""
    case, deaths = world.new_case(), 0
    while True:
        try:
            live_through(world.desk(stop_point=die), case)
        except Killed:
            deaths += 1
            continue
        break
    ticket = found(world.desk(), case)
    assert ticket.notes == ("Uno.",)
    assert (ticket.status, ticket.solution) == (TicketStatus.CLOSED, "Listo.")
    if isinstance(world, RequestTrackerWorld):
        assert deaths == 6
        assert len(world.server.tickets(f"Subject LIKE '{case}'")) == 1
    if isinstance(world, MailWorld):
        assert (deaths, len(world.mails())) == (3, 3)


def die(name: str) -> None:
    """Right after every write."""
    raise Killed(name)


def live_through(desk: Desk, case: CaseNumber) -> None:
    """A ticket's whole life; each step safe to be repeated."""
    ticket = desk.create(new_ticket(case))
    desk.set_fields(ticket.id, FIELDS)
    desk.note(ticket.id, "uno", "Uno.")
    desk.close_with_solution(ticket.id, "Listo.")


def test_the_ticket_shows_where_the_case_stands(peopled: PeopledWorld) -> None:
    """State, account, unit, what it waits for and when it is due; shown again, changed, and taken away."""
    desk, case = peopled.desk(), peopled.new_case()
    ticket = desk.create(new_ticket(case))
    for _ in range(2):
        desk.set_fields(ticket.id, FIELDS)
        assert peopled.fields(case) == FIELDS
    less = TicketFields("Requiere atención", "ana.nunez", "", "", None)
    desk.set_fields(ticket.id, less)
    assert peopled.fields(case) == less


def test_what_people_of_the_desk_write_is_told_from_what_we_note(peopled: PeopledWorld) -> None:
    """A reply has its author, its instant and always the same key; it is no note of ours, whatever it says."""
    desk, case = peopled.desk(), peopled.new_case()
    ticket = desk.create(new_ticket(case))
    desk.note(ticket.id, "a", "Nota del programa.")
    peopled.reply(ticket.id, 'Ya hablé con él: "mañana".')
    seen = found(desk, case)
    assert seen.notes == ("Nota del programa.",)
    (reply,) = seen.replies
    assert (reply.by, reply.text) == ("Ana Agente", 'Ya hablé con él: "mañana".')
    assert reply.at.utcoffset() == timedelta(0)
    peopled.reply(ticket.id, "Otra cosa.")
    assert found(desk, case).replies[0] == reply


def test_a_person_who_closes_or_opens_a_ticket_is_noticed(peopled: PeopledWorld) -> None:
    """Closed or rejected by a person says by whom; opened again says nothing any more; our own closing is nobody's."""
    desk, case = peopled.desk(), peopled.new_case()
    ticket = desk.create(new_ticket(case))
    peopled.close(ticket.id)
    closed = found(desk, case)
    assert (closed.status, closed.closed_by, closed.solution) == (TicketStatus.CLOSED, "Ana Agente", None)
    peopled.reopen(ticket.id)
    assert (found(desk, case).status, found(desk, case).closed_by) == (TicketStatus.IN_PROGRESS, None)
    peopled.close(ticket.id)
    desk.close_with_solution(ticket.id, "Atendida.")
    assert found(desk, case).solution == "Atendida."
    assert found(desk, case).status is TicketStatus.CLOSED


def test_what_people_touched_is_found_by_one_question(peopled: PeopledWorld) -> None:
    """Cases touched since an instant are named; the future has none."""
    desk, case = peopled.desk(), peopled.new_case()
    ticket = desk.create(new_ticket(case))
    before = (NOW if isinstance(peopled, EmbeddedWorld) else datetime.now(UTC)) - timedelta(minutes=1)
    peopled.reply(ticket.id, "Hola")
    assert case in desk.changed_since(before)
    assert desk.changed_since(before + timedelta(minutes=3)) == ()


# Only the desk by mail


def test_each_change_is_a_mail_of_one_conversation(tmp_path: Path, stack: ExitStack) -> None:
    """Message-ID, In-Reply-To and References tie them; the body says where the case stands; nothing is told twice."""
    world = MailWorld(tmp_path, stack)
    for _ in range(2):
        live_through(world.desk(), CASE)
    mails = {str(mail["Message-ID"]): mail for mail in world.mails()}
    assert len(mails) == 3
    first = f"<{CASE.lower()}.mesa@entidad.gov.co>"
    assert {str(mail["To"]) for mail in mails.values()} == {"mesa@entidad.gov.co"}
    assert {str(mail["References"]) for message_id, mail in mails.items() if message_id != first} == {first}
    texts = [text_of(mail) for mail in mails.values()]
    assert any("Uno." in text and "En espera de: un cupo de licencia" in text and "24/11/2026 10:30" in text for text in texts)
    assert any("Solución: Listo." in text for text in texts)
    assert world.desk().changed_since(NOW - timedelta(days=9)) == ()


def text_of(mail: Message) -> str:
    """Its plain text."""
    part = next(part for part in mail.walk() if part.get_content_type() == "text/plain")
    payload = part.get_payload(decode=True)
    assert isinstance(payload, bytes)
    return payload.decode()
