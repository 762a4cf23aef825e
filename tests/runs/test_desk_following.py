"""Whole runs seen from the desk's own tool: what its ticket shows of a case, and what people's words in it are worth."""

import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from config.clock import SimulatedClock, system_clock
from config.vocabulary import CaseNumber
from intake.desk_following import follow_cases
from intake.forms.port import Field
from intake.run import COULD_NOT_RUN, RunReport
from intake.wiring import Installation
from notify.desk.embedded import RegisteredTicket
from notify.desk.port import Ticket, TicketId, TicketStatus
from provision.journal import schema
from provision.journal.desk_news import DeskNews
from provision.journal.rows import request_values, tell
from provision.journal.store import Journal
from provision.procedure.acts import WaitingFor
from provision.procedure.model import Advance, Entry, EntryKind, Request, State
from tests.runs.seen import board, choose, later, requests
from tests.servers.request_tracker import RequestTracker
from tests.world import CONTRACTOR, World
from tests.year.plain_board import PlainBoard

BOSS = "jefe.ogi@upme.gov.co"
NO_SEATS = {"STANDARDPACK": 0, "EXCHANGESTANDARD": 0, "SPE_F1": 0}
SEATS = {**NO_SEATS, "STANDARDPACK": 5}


def world_of(folder: Path, *, seats: Mapping[str, int] = NO_SEATS) -> World:
    """An installation whose board is a small file: a workbook would take most of these tests' time."""
    world = World(folder, seats=seats)
    world.board = PlainBoard(folder / "tablero.json")
    return world


def registered(world: World) -> RegisteredTicket:
    """The only ticket of the register."""
    desk = world.desk()
    (ticket,) = desk.tickets()
    desk.close()
    return ticket


def titles(world: World, case: CaseNumber) -> list[str]:
    """The story of a case."""
    return [f"{told.title}: {told.detail}" for told in world.story(case).history]


def waiting_for_a_seat(world: World) -> CaseNumber:
    """A creation that waits, because no licence is left."""
    world.submit(CONTRACTOR, BOSS)
    world.run()
    (request,) = requests(world)
    assert request.state is State.WAITING
    return request.case


def test_the_ticket_follows_the_case_to_its_solution(tmp_path: Path) -> None:
    """Pending while it waits for a seat, in progress after it, resolved with the solution; each change noted, none twice."""
    world = world_of(tmp_path)
    case = waiting_for_a_seat(world)
    first = registered(world)
    assert first.ticket.status is TicketStatus.PENDING
    assert (first.fields.state, first.fields.waiting_for) == ("En espera", "un cupo de licencia de buzón")
    assert first.fields.unit == "Oficina de Gestión de la Información"
    assert len(first.ticket.notes) == 1
    assert "En espera: un cupo de licencia de buzón" in first.ticket.notes[0]
    for _ in range(3):
        later(world, minutes=10)
    assert registered(world) == first
    world.seats = {**NO_SEATS, "STANDARDPACK": 1}
    world.run_until_quiet(minutes=30)
    last = registered(world)
    assert last.ticket.status is TicketStatus.CLOSED
    assert last.ticket.solution is not None
    assert "Cuenta jose.munoz creada" in last.ticket.solution
    assert last.fields.state == "Atendida, en seguimiento"
    assert last.fields.due is None
    lines = "\n".join(last.ticket.notes).splitlines()
    assert len([line for line in lines if line.startswith("Crear la cuenta")]) == 1
    assert case in last.ticket.notes[-1]
    assert "jose.munoz@gmail.com" not in repr(last.ticket)


def test_a_reply_in_the_tool_is_a_line_of_the_story(tmp_path: Path) -> None:
    """Once, with who wrote it; it changes nothing, even when it says the name of an action; a password in it is not kept."""
    world = world_of(tmp_path)
    case = waiting_for_a_seat(world)
    desk = world.desk()
    ticket = desk.find(case)
    assert ticket is not None
    desk.replied_by(ticket.id, "Ana Agente", "Cancelar")
    desk.replied_by(ticket.id, "Ana Agente", "La clave: Secreta-99 no llegó")
    desk.close()
    for _ in range(3):
        later(world, minutes=5)
    told = titles(world, case)
    assert [line for line in told if "Cancelar" in line] == ["Respuesta en el ticket: Ana Agente: Cancelar"]
    assert not any("Secreta-99" in line for line in told)
    assert [request.state for request in requests(world)] == [State.WAITING]
    assert not any("Respuesta en el ticket" in note for note in registered(world).ticket.notes)


def test_a_ticket_closed_by_a_person_asks_for_a_decision_and_undoes_nothing(tmp_path: Path) -> None:
    """The case needs attention and the ticket stays closed; «Reintentar» on the board goes on and opens it again."""
    world = World(tmp_path, seats=NO_SEATS)
    case = waiting_for_a_seat(world)
    desk = world.desk()
    ticket = registered(world).ticket
    desk.closed_by_hand(ticket.id, "Ana Agente")
    assert later(world, minutes=5).exit_code == 1
    assert later(world, minutes=5).exit_code == 0
    row = board(world)[case]
    assert row["Estado"] == "Requiere atención"
    assert "Ana Agente cerró el ticket" in row["Detalle"]
    assert registered(world).ticket.status is TicketStatus.CLOSED
    choose(world, case, "Reintentar")
    later(world, minutes=5)
    assert [request.state for request in requests(world)] == [State.WAITING]
    assert registered(world).ticket.status is TicketStatus.PENDING
    desk.closed_by_hand(ticket.id, "Luis Agente")
    later(world, minutes=5)
    choose(world, case, "Cancelar", "ya no viene")
    later(world, minutes=5)
    desk.close()
    assert [request.state for request in requests(world)] == [State.CANCELLED]
    assert sum("cerró el ticket" in line for line in titles(world, case)) == 2
    closed = registered(world).ticket
    assert closed.status is TicketStatus.CLOSED
    assert closed.solution is not None


def test_a_reopened_ticket_is_said(tmp_path: Path) -> None:
    """The case was attended: it stays so, and its story says that somebody opened the ticket, once."""
    world = world_of(tmp_path, seats=SEATS)
    world.submit(CONTRACTOR, BOSS)
    world.run_until_quiet(minutes=30)
    (request,) = requests(world)
    assert request.state is State.FOLLOWED_UP
    desk = world.desk()
    desk.reopened_by_hand(registered(world).ticket.id, "Ana Agente")
    desk.close()
    later(world, minutes=5)
    later(world, minutes=5)
    assert sum("Reabrieron el ticket" in line for line in titles(world, request.case)) == 1
    assert [request.state for request in requests(world)] == [State.FOLLOWED_UP]


def test_a_ticket_opened_again_by_a_later_problem_is_closed_again(tmp_path: Path) -> None:
    """Attended and closed; then something needs a person, so the ticket is open; once that is over it is closed as it was."""
    world = world_of(tmp_path, seats=SEATS)
    world.submit(CONTRACTOR, BOSS)
    world.run_until_quiet(minutes=30, most=6)
    (request,) = requests(world)
    closed = registered(world).ticket
    assert closed.status is TicketStatus.CLOSED
    installation = world.installation()
    held = replace(request, state=State.NEEDS_ATTENTION, waiting_for=WaitingFor.DESK, wake_at=None, reason="Mírelo.")
    enter_as(installation.journal, held, "Requiere atención")
    follow(installation)
    assert registered(world).ticket.status is TicketStatus.IN_PROGRESS
    enter_as(installation.journal, request, "Se sigue")
    follow(installation)
    installation.close()
    assert registered(world).ticket.status is TicketStatus.CLOSED
    assert registered(world).ticket.solution == closed.solution


def follow(installation: Installation) -> None:
    """As a run does."""
    follow_cases(installation, RunReport(), DeskNews(installation.journal).behind(installation.clock()))


def enter_as(journal: Journal, request: Request, title: str) -> None:
    """The case stands so from now on, with a line of its story that says it."""
    now = request.received_at
    entry = Entry(title, kind=EntryKind.PROBLEM)
    with journal.transaction() as connection:
        connection.execute(update(schema.request).values(**request_values(request)))
        tell(connection, Advance(request, (entry,), None, None), now)


def test_a_desk_that_is_down_stops_nobody_and_is_told_later(tmp_path: Path) -> None:
    """A run without the desk ends with the problem said once; with the desk back nothing is missing and nothing is twice."""
    world = world_of(tmp_path)
    waiting_for_a_seat(world)
    file = world.path("mesa.db")
    file.rename(tmp_path / "aparte")
    file.mkdir()
    world.seats = {**NO_SEATS, "STANDARDPACK": 1}
    report = later(world, hours=2)
    assert report.exit_code == COULD_NOT_RUN
    assert len(report.problems) == 1
    (request,) = requests(world)
    assert request.facts.account_id is not None
    file.rmdir()
    (tmp_path / "aparte").rename(file)
    world.run_until_quiet(minutes=30)
    last = registered(world).ticket
    assert last.status is TicketStatus.CLOSED
    lines = "\n".join(last.notes).splitlines()
    assert len([line for line in lines if line.startswith("Crear la cuenta")]) == 1


class Died(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("at", ["desk.told", "board.written", "RESERVE_SEAT.done-not-recorded"])
def test_killed_while_telling_the_ticket_is_told_once(tmp_path: Path, at: str) -> None:
    """Whatever was written when the process died, the next run tells the rest and nothing again."""
    world = world_of(tmp_path)

    def die(name: str) -> None:
        if name == at:
            world.stop_point = lambda name: None
            raise Died(name)

    world.stop_point = die
    world.submit(CONTRACTOR, BOSS)
    with pytest.raises(Died):
        world.run()
    world.run()
    world.run()
    (note,) = registered(world).ticket.notes
    assert note.count("En espera: un cupo de licencia de buzón") == 1


def test_nothing_is_asked_of_the_tool_when_no_case_is_open(tmp_path: Path) -> None:
    """An idle poll leaves the desk alone: its file is not even made."""
    world = world_of(tmp_path, seats=SEATS)
    world.run()
    later(world, minutes=5)
    assert not world.path("mesa.db").exists()


IDLE_POLL = """
import sys
from pathlib import Path
from config.clock import system_clock
from config.log import configure
from config.settings import Log, load_settings
from intake.run import run_once
from intake.wiring import Installation
settings = load_settings(Path(sys.argv[1]), {})
report = run_once(Installation(settings, settings.load_policy(), system_clock, configure(Log(file=Path(sys.argv[2])))))
print(report.exit_code, {"requests", "notify.desk.request_tracker", "intake.desk_following"} & sys.modules.keys())
"""


def test_an_idle_poll_loads_no_http(tmp_path: Path) -> None:
    """With a desk over HTTP and no case, a poll imports nothing of it."""
    world = World(tmp_path)
    token = world.path("rt.token")
    token.write_text("1-27-x", encoding="ascii")
    token.chmod(0o600)
    world.sections = {"desk": {"kind": "rt", "url": "http://127.0.0.1:9", "token_file": "rt.token"}}
    world.settings()
    command = [sys.executable, "-c", IDLE_POLL, str(world.path("gestion.toml")), str(world.path("gestion.log"))]
    assert subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout == "0 set()\n"


# Against a real Request Tracker


def by_request_tracker(world: World, server: RequestTracker) -> Mapping[str, Mapping[str, object]]:
    """The desk's section for this server."""
    token = world.path("rt.token")
    token.write_text(server.token, encoding="ascii")
    token.chmod(0o600)
    return {"desk": {"kind": "rt", "url": server.url, "token_file": "rt.token", "queue": "Mesa de Servicios"}}


def ticket_in(world: World, case: CaseNumber) -> Ticket:
    """The ticket as the program's own adapter finds it."""
    installation = world.installation()
    try:
        ticket = installation.desk.find(case)
    finally:
        installation.close()
    assert ticket is not None
    return ticket


@pytest.mark.request_tracker
@pytest.mark.xdist_group("request_tracker")
def test_a_creation_seen_from_request_tracker(tmp_path: Path, request_tracker: RequestTracker) -> None:
    """Stalled for a seat, resolved with the solution; an agent's comment is in the story, the requester's mail is not."""
    world = world_of(tmp_path)
    world.clock = SimulatedClock(system_clock())
    world.sections = by_request_tracker(world, request_tracker)
    start = world.clock().astimezone(world.policy.zone)
    days = {
        Field.CONTRACT_START: f"{start - timedelta(days=2):%d/%m/%Y}",
        Field.CONTRACT_END: f"{start + timedelta(days=60):%d/%m/%Y}",
    }
    world.submit({**CONTRACTOR, **days}, BOSS)
    world.run()
    (request,) = requests(world)
    assert request.facts.ticket is not None
    ticket = ticket_in(world, request.case)
    assert (ticket.id, ticket.status) == (TicketId(request.facts.ticket), TicketStatus.PENDING)
    request_tracker.as_agent(
        "POST", f"/ticket/{ticket.id}/comment", {"Content": "Ya pedí más cupos.", "ContentType": "text/plain"}
    )
    later(world, minutes=1)
    later(world, minutes=1)
    told = titles(world, request.case)
    assert [line for line in told if "Ya pedí" in line] == ["Respuesta en el ticket: Ana Agente: Ya pedí más cupos."]
    world.seats = {**NO_SEATS, "STANDARDPACK": 1}
    world.run_until_quiet(minutes=30, most=6)
    closed = ticket_in(world, request.case)
    assert closed.status is TicketStatus.CLOSED
    assert closed.solution is not None
    assert "Cuenta jose.munoz creada" in closed.solution
    assert closed.closed_by is None
    assert len(closed.notes) == len(set(closed.notes))
    assert "jose.munoz@gmail.com" not in repr(closed)
