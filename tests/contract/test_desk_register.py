"""The register of tickets as a file: what it keeps, who may read it, and what a damaged or an older one is."""

import sqlite3
import stat
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from config.errors import Misconfigured, Transient
from config.vocabulary import CaseNumber
from notify.desk.embedded import EmbeddedDesk
from notify.desk.port import Desk, Ticket, TicketFields, TicketStatus
from tests.contract.desks import FIELDS, NOW, new_ticket

CASE = CaseNumber("GU-2026-000123")


def found(desk: Desk, case: CaseNumber) -> Ticket:
    """The ticket of a case, which there is."""
    ticket = desk.find(case)
    assert ticket is not None
    return ticket


def test_the_register_tells_the_whole_story(tmp_path: Path) -> None:
    """Tickets in their order, with all that happened to each and when."""
    instants = (NOW + timedelta(minutes=minute) for minute in range(100))
    desk = EmbeddedDesk(tmp_path / "registro.db", clock=lambda: next(instants))
    assert desk.tickets() == ()
    first = desk.create(new_ticket(CASE))
    desk.create(new_ticket(CaseNumber("GU-2026-000124")))
    desk.set_status(first.id, TicketStatus.IN_PROGRESS)
    desk.note(first.id, "a", "Cuenta creada.")
    desk.note(first.id, "a", "Cuenta creada.")
    desk.close_with_solution(first.id, "Listo.")
    one, other = desk.tickets()
    desk.close()
    assert (one.ticket.id, other.ticket.id) == ("T-000001", "T-000002")
    assert one.requester == "jefe@entidad.gov.co"
    assert one.opened_at == NOW
    assert [entry.event for entry in one.history] == [
        "Solicitud registrada",
        "Estado: en curso",
        "Nota: Cuenta creada.",
        "Cerrado: Listo.",
    ]
    assert [entry.at for entry in one.history] == sorted(entry.at for entry in one.history)


def test_the_register_is_its_owners(tmp_path: Path) -> None:
    """Tickets hold names and addresses: the file is 0600."""
    desk = EmbeddedDesk(tmp_path / "registro.db", clock=lambda: NOW)
    desk.create(new_ticket(CASE))
    desk.close()
    assert stat.S_IMODE((tmp_path / "registro.db").stat().st_mode) == 0o600


def test_a_damaged_register_is_never_an_empty_one(tmp_path: Path) -> None:
    """A file that is no register, or that is of a newer version, stops the desk with a Spanish message."""
    file = tmp_path / "registro.db"
    file.write_text("no soy una base de datos" * 100)
    desk = EmbeddedDesk(file, clock=lambda: NOW)
    with pytest.raises(Misconfigured, match="no se puede usar"):
        desk.find(CASE)
    with pytest.raises(Misconfigured, match="no se puede usar"):
        desk.create(new_ticket(CASE))
    desk.close()
    file.unlink()
    newer = sqlite3.connect(file)
    newer.execute("PRAGMA user_version = 99")
    newer.close()
    desk = EmbeddedDesk(file, clock=lambda: NOW)
    with pytest.raises(Misconfigured, match="más nueva"):
        desk.find(CASE)
    desk.close()


def test_a_register_in_use_is_tried_again_later(tmp_path: Path) -> None:
    """Another process in the middle of a write makes this one transient."""
    file = tmp_path / "registro.db"
    desk = EmbeddedDesk(file, clock=lambda: NOW, patience_seconds=0.05)
    desk.create(new_ticket(CASE))
    other = sqlite3.connect(file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Transient, match="ocupado"):
        desk.create(new_ticket(CaseNumber("GU-2026-000124")))
    other.execute("ROLLBACK")
    other.close()
    assert desk.create(new_ticket(CaseNumber("GU-2026-000124"))).id == "T-000002"
    desk.close()


def test_processes_at_once_make_one_ticket(tmp_path: Path) -> None:
    """Four processes register the same case and the same note: one ticket, one note."""
    program = (
        "import sys; from datetime import UTC, datetime; from pathlib import Path;"
        "from notify.desk.embedded import EmbeddedDesk; from notify.desk.port import NewTicket;"
        "desk = EmbeddedDesk(Path(sys.argv[1]), clock=lambda: datetime.now(UTC));"
        "ticket = desk.create(NewTicket('GU-2026-000123', 's', 'b', 'a@b.co'));"
        "[desk.note(ticket.id, str(n), str(n)) for n in range(10)]; desk.close()"
    )
    file = tmp_path / "registro.db"
    running = [subprocess.Popen([sys.executable, "-c", program, str(file)]) for _ in range(4)]
    assert [process.wait(60) for process in running] == [0, 0, 0, 0]
    desk = EmbeddedDesk(file, clock=lambda: NOW)
    (registered,) = desk.tickets()
    desk.close()
    assert registered.ticket.notes == tuple(str(number) for number in range(10))


def test_a_register_of_the_first_version_is_upgraded_in_place(tmp_path: Path) -> None:
    """Its tickets, notes and histories stay; in a dry run it is read as it is; what is new works afterwards."""
    file = tmp_path / "registro.db"
    former = sqlite3.connect(file)
    former.executescript(FIRST_VERSION)
    former.close()
    dry = EmbeddedDesk(file, clock=lambda: NOW, writable=False)
    before = found(dry, CASE)
    assert (before.notes, before.replies, dry.changed_since(NOW)) == (("Nota.",), (), ())
    (shown,) = dry.tickets()
    assert shown.fields == TicketFields("", "", "", "", None)
    dry.close()
    desk = EmbeddedDesk(file, clock=lambda: NOW)
    desk.set_fields(before.id, FIELDS)
    desk.replied_by(before.id, "Ana", "Hola")
    (shown,) = desk.tickets()
    assert (shown.ticket.notes, shown.fields, shown.opened_at) == (("Nota.",), FIELDS, NOW)
    assert desk.changed_since(NOW) == (CASE,)
    desk.close()


FIRST_VERSION = """
CREATE TABLE ticket (
    number INTEGER PRIMARY KEY, case_number TEXT NOT NULL UNIQUE, subject TEXT NOT NULL, body TEXT NOT NULL,
    requester TEXT NOT NULL, status TEXT NOT NULL, solution TEXT) STRICT;
CREATE TABLE note (
    ticket INTEGER NOT NULL REFERENCES ticket (number), key TEXT NOT NULL, position INTEGER NOT NULL, text TEXT NOT NULL,
    PRIMARY KEY (ticket, key)) STRICT;
CREATE TABLE history (
    ticket INTEGER NOT NULL REFERENCES ticket (number), position INTEGER NOT NULL, at TEXT NOT NULL, event TEXT NOT NULL,
    PRIMARY KEY (ticket, position)) STRICT;
INSERT INTO ticket VALUES (1, 'GU-2026-000123', 'Asunto', 'Texto', 'jefe@entidad.gov.co', 'en curso', NULL);
INSERT INTO note VALUES (1, 'a', 1, 'Nota.');
INSERT INTO history VALUES (1, 1, '2026-11-24T15:30:00+00:00', 'Solicitud registrada');
PRAGMA user_version = 1;
"""
"""As the first version of the program wrote it."""
