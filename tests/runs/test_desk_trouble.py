"""The desk's tool when single tickets fail, or all of it: who is heard and told all the same, and what is not lost."""

import sqlite3
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update

from config.errors import Misconfigured, Rejected, TargetError
from config.vocabulary import CaseNumber
from intake.desk_following import follow_cases
from intake.desk_hearing import hear_desk
from intake.run import RunReport
from intake.wiring import Installation
from notify.desk.embedded import EmbeddedDesk
from notify.desk.port import TicketStatus
from provision.journal import schema
from provision.journal.desk_news import DeskNews, Known
from provision.journal.rows import request_values, tell
from provision.journal.views import Memory
from provision.procedure.acts import Act, WaitingFor
from provision.procedure.model import Advance, Entry, EntryKind, Request, State, StepKey, TicketTouch, TicketTouched
from tests.cases import NOW, enter
from tests.contract.desks import new_ticket
from tests.contract.glpis import GlpiWorld
from tests.runs.test_desk_glpi import section
from tests.servers.glpi.office import AGENT
from tests.servers.glpi.server import Answer, Fault
from tests.servers.google.certificates import self_signed
from tests.world import World

BUSY = Answer(500, ["ERROR", "base de datos ocupada"])
FORBIDDEN = Answer(401, ["ERROR_LOGIN", "no"])
STRANGE = Answer(418, ["ERROR", "tetera"])


class Office:
    """Cases with a ticket each in a GLPI, on which Ana wrote something; ticket 1 is no case's."""

    def __init__(self, world: World, glpi: GlpiWorld, count: int = 4) -> None:
        self.glpi = glpi
        self.installation = world.installation()
        self.news = DeskNews(self.installation.journal)
        self.clock = world.clock
        self.news.begin()
        self.cases = enter(self.installation.journal, range(1, count + 1))
        for case in self.cases:
            ticket = self.installation.desk.create(new_ticket(case))
            request = known(self.news, case).request
            enter_as(self.installation, replace(request, facts=replace(request.facts, ticket=ticket.id)), "Registrada")
            glpi.office.add_followup(int(ticket.id), f"<p>Ya vi {case}</p>", is_private=True, by=AGENT)

    def heard(self, minutes: int = 5) -> RunReport:
        """One run listens, so much later."""
        report = RunReport()
        self.clock.advance(timedelta(minutes=minutes))
        hear_desk(self.installation, report)
        return report

    def told(self, report: RunReport) -> list[CaseNumber]:
        """The same run tells the tickets; the cases of which something is left to tell."""
        now = self.clock()
        follow_cases(self.installation, report, self.news.behind(now))
        return [each.case for each in self.news.behind(now)]

    def of(self, case: CaseNumber) -> list[str]:
        """What the case was left from its ticket."""
        return [touch.text for touch in touches(self.installation, case)]

    def spoils(self, case: CaseNumber, answer: Answer) -> None:
        """The next reading of what was written on the ticket of this case fails."""
        (ticket,) = self.glpi.office.of_case(case)
        self.glpi.server.faults.append(Fault(f"GET Ticket/{ticket.id}/ITILFollowup", answer))


def known(news: DeskNews, case: CaseNumber) -> Known:
    """A case that there is."""
    found = news.known(case)
    assert found is not None
    return found


def touches(installation: Installation, case: CaseNumber) -> list[TicketTouched]:
    """What people did on its ticket, as the next advance of the case will hear it."""
    lines = installation.journal.lease_next("prueba", installation.clock(), timedelta(seconds=1))
    found: list[TicketTouched] = []
    while lines is not None:
        if lines.request.case == case:
            found = [signal for _, signal in lines.inbox if isinstance(signal, TicketTouched)]
        lines = installation.journal.lease_next("prueba", installation.clock(), timedelta(seconds=1))
    installation.journal.forget_leases()
    return found


def enter_as(installation: Installation, request: Request, title: str) -> None:
    """The case stands so from now on, with a line of its story that says it."""
    entry = Entry(title, kind=EntryKind.PROBLEM)
    with installation.journal.transaction() as connection:
        this = update(schema.request).where(schema.request.c.case_number == request.case)
        connection.execute(this.values(**request_values(request)))
        tell(connection, Advance(request, (entry,), None, None), installation.clock())


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The server's certificate and key, made once."""
    return self_signed(tmp_path_factory.mktemp("glpi"))


@pytest.fixture
def office(tmp_path: Path, certificate: tuple[Path, Path]) -> Iterator[Office]:
    """Four cases, each with a word of Ana's that nobody has heard."""
    world = World(tmp_path)
    world.clock.advance(NOW - world.clock())
    with GlpiWorld("glpi", *certificate) as glpi:
        glpi.office.clock = world.clock
        world.sections = {"desk": section(world, glpi, certificate[0])}
        office = Office(world, glpi)
        yield office
        office.installation.close()


@pytest.mark.parametrize(("answer", "kind"), [(BUSY, None), (FORBIDDEN, Misconfigured), (STRANGE, Rejected)])
def test_a_ticket_that_cannot_be_read_stops_no_other(office: Office, answer: Answer, kind: type[TargetError] | None) -> None:
    """The others are heard and told; its own words are heard once they can be, though nobody touched it again."""
    second = office.cases[1]
    office.spoils(second, answer)
    report = office.heard()
    assert [type(problem) for problem in report.problems] == ([] if kind is None else [kind])
    assert [office.of(case) for case in office.cases] == [[f"Ya vi {case}"] if case != second else [] for case in office.cases]
    assert office.told(report) == []
    office.spoils(second, answer)
    office.heard(minutes=30)
    assert office.heard(minutes=60).problems == []
    assert office.of(second) == [f"Ya vi {second}"]


def test_what_the_tool_rejects_is_said_once(office: Office) -> None:
    """And tried at every run."""
    second = office.cases[1]
    for expected in (1, 0, 0):
        office.spoils(second, STRANGE)
        assert len(office.heard().problems) == expected
    office.heard()
    assert office.of(second) == [f"Ya vi {second}"]


def test_a_tool_that_is_busy_is_not_asked_for_every_ticket(office: Office) -> None:
    """Each may have waited for its time limit: the rest is heard by the next run."""
    for case in office.cases:
        office.spoils(case, BUSY)
    assert office.heard().problems == []
    assert len(office.glpi.server.faults) == 1
    office.glpi.server.faults.clear()
    office.heard()
    assert [office.of(case) for case in office.cases] == [[f"Ya vi {case}"] for case in office.cases]


def test_a_ticket_that_cannot_be_told_stops_no_other(office: Office) -> None:
    """It is the only one of which something is left to tell, and the next run tells it."""
    second = office.cases[1]
    report = office.heard()
    office.spoils(second, FORBIDDEN)
    assert office.told(report) == [second]
    assert [type(problem) for problem in report.problems] == [Misconfigured]
    assert office.told(RunReport()) == []


def test_a_desk_by_mail_is_never_listened_to(tmp_path: Path) -> None:
    """Nothing comes back from it, so nothing is made, asked or remembered."""
    world = World(tmp_path)
    world.sections = {"desk": {"kind": "mail", "address": "mesa@upme.gov.co", "path": "mesa-correo.db"}}
    installation = world.installation()
    enter(installation.journal, [1])
    hear_desk(installation, RunReport())
    assert "desk" not in installation.__dict__
    assert Memory(installation.journal).get("desk.heard") is None
    installation.close()


def test_a_ticket_that_we_could_not_close_again_was_not_opened_by_a_person(tmp_path: Path) -> None:
    """We opened it, and closing it again fails: «Reabrieron el ticket» would be wrong, and the next run closes it."""
    world = World(tmp_path)
    installation = world.installation()
    desk = EmbeddedDesk(world.path("mesa.db"), clock=world.clock, patience_seconds=0.05)
    installation.desk = desk
    news = DeskNews(installation.journal)
    news.begin()
    (case,) = enter(installation.journal, [1])
    ticket = desk.create(new_ticket(case))
    desk.close_with_solution(ticket.id, "Datos enviados.")
    request = known(news, case).request
    facts = replace(request.facts, ticket=ticket.id)
    attended = replace(
        request, facts=facts, done=request.done | {StepKey(Act.CLOSE_TICKET)}, state=State.FOLLOWED_UP, attended_at=NOW
    )
    held = replace(attended, state=State.NEEDS_ATTENTION, waiting_for=WaitingFor.DESK, reason="Mírelo.")
    enter_as(installation, held, "Requiere atención")
    follow_cases(installation, RunReport(), news.behind(world.clock()))
    assert known(news, case).told.reopened
    enter_as(installation, attended, "Se sigue")
    other = sqlite3.connect(world.path("mesa.db"), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    follow_cases(installation, RunReport(), news.behind(world.clock()))
    other.execute("ROLLBACK")
    other.close()
    desk.replied_by(ticket.id, "Ana Agente", "¿Y esto?")
    hear_desk(installation, RunReport())
    assert [touch.what for touch in touches(installation, case)] == [TicketTouch.REPLIED]
    follow_cases(installation, RunReport(), news.behind(world.clock()))
    found = desk.find(case)
    assert found is not None
    assert found.status is TicketStatus.CLOSED
    desk.reopened_by_hand(ticket.id, "Ana Agente")
    hear_desk(installation, RunReport())
    assert [touch.what for touch in touches(installation, case)] == [TicketTouch.REPLIED, TicketTouch.REOPENED]
    installation.close()
