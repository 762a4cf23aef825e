"""The desk's contract on a real GLPI: only where the variables of docs/glpi.md say which one.

It is collected only then: a run without a GLPI must not look like one that only skipped it.
It opens tickets, of a year that no case of the institution has, and leaves them closed.
"""

import os
import secrets
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from config.vocabulary import CaseNumber, EmailAddress
from notify.desk.glpi import GlpiDesk
from notify.desk.glpi11 import Glpi11Desk
from notify.desk.glpi_settings import Glpi11Settings, GlpiSettings
from notify.desk.port import Desk, NewTicket, TicketFields, TicketStatus
from tests.contract.desks import BOGOTA

__test__ = bool(os.environ.get("GESTION_TEST_GLPI_URL"))
HOSTILE = 'Ñandú O\'Brien =HYPERLINK("http://evil.example") <script>&lt;&amp;\nsegunda línea'


def asked(name: str, default: str | None = None) -> str:
    """A variable; one without a default must be there."""
    value = os.environ.get(f"GESTION_TEST_GLPI_{name}", default)
    assert value is not None, f"GESTION_TEST_GLPI_{name} is missing"
    return value


def opened() -> Desk:
    """A client of the GLPI of the variables, by the interface that its address is of."""
    authority = asked("CA_FILE", "")
    ca_file = Path(authority) if authority else None
    if "GESTION_TEST_GLPI_USER_TOKEN" in os.environ:
        settings = GlpiSettings(
            asked("URL").rstrip("/"),
            asked("USER_TOKEN"),
            asked("APP_TOKEN", ""),
            entity=int(asked("ENTITY", "0")),
            ca_file=ca_file,
        )
        return GlpiDesk(settings, clock=lambda: datetime.now(UTC), zone=BOGOTA)
    settings11 = Glpi11Settings(
        asked("URL").rstrip("/"),
        asked("CLIENT_ID"),
        asked("CLIENT_SECRET"),
        asked("USER"),
        asked("PASSWORD"),
        ca_file=ca_file,
    )
    return Glpi11Desk(settings11, clock=lambda: datetime.now(UTC), zone=BOGOTA)


@pytest.fixture
def desk() -> Iterator[Desk]:
    """A client, whose session is ended."""
    client = opened()
    yield client
    client.close()


def test_a_case_goes_its_way_on_a_real_glpi(desk: Desk) -> None:
    """Registered once, noted once, shown, moved, closed once, opened again and closed, whatever the text."""
    case = CaseNumber(f"GU-1999-{secrets.randbelow(900_000) + 100_000}")
    began = datetime.now(UTC)
    assert desk.find(case) is None
    ticket = desk.create(NewTicket(case, f"{case} · Prueba de conexión", HOSTILE, EmailAddress("prueba@ejemplo.invalid")))
    assert desk.create(NewTicket(case, "otra cosa", "otra cosa", EmailAddress("prueba@ejemplo.invalid"))) == ticket
    for _ in range(2):
        desk.note(ticket.id, "hostile", HOSTILE)
        desk.set_fields(ticket.id, TicketFields("En curso", "ana.nunez", "OTI", "la mesa", began))
    for status in (TicketStatus.IN_PROGRESS, TicketStatus.PENDING):
        desk.set_status(ticket.id, status)
        found = desk.find(case)
        assert found is not None
        assert found.status is status
    for _ in range(2):
        desk.close_with_solution(ticket.id, HOSTILE)
    closed = desk.find(case)
    assert closed is not None
    assert (closed.status, closed.notes, closed.solution, closed.closed_by) == (TicketStatus.CLOSED, (HOSTILE,), HOSTILE, None)
    assert closed.replies == ()
    assert case in desk.changed_since(began - timedelta(minutes=1))
    desk.set_status(ticket.id, TicketStatus.PENDING)
    desk.close_with_solution(ticket.id, "Terminó la prueba.")
    again = desk.find(case)
    assert again is not None
    assert (again.status, again.solution) == (TicketStatus.CLOSED, "Terminó la prueba.")
