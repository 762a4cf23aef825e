"""What every service desk does (activity 2 registers, activity 6 closes). A desk is one more parameter of `desks`."""

import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import pytest

from config.errors import Misconfigured, Rejected, Transient, WriteRefused
from config.vocabulary import CaseNumber, EmailAddress
from notify.desk.embedded import EmbeddedDesk
from notify.desk.port import Desk, NewTicket, TicketId, TicketStatus

NOW = datetime(2026, 11, 24, 15, 30, tzinfo=UTC)
CASE = CaseNumber("GU-2026-000123")
HOSTILE = "Ñandú O'Brien'; DROP TABLE ticket; -- =HYPERLINK(\"http://evil.example\") <script>\n\x00" + "x" * 10_000


def new_ticket(case: CaseNumber = CASE, subject: str = "Creación de cuenta: Ana Núñez") -> NewTicket:
    """A ticket as the procedure opens it."""
    return NewTicket(case, subject, "Solicitada por el formulario.", EmailAddress("jefe@entidad.gov.co"))


class DeskFactory(Protocol):
    """Opens one more client of the same desk; all are closed at the end of the test."""

    def __call__(self, *, writable: bool = True) -> Desk:
        """A client of its own."""
        ...


@pytest.fixture(params=["embedded"])
def desks(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DeskFactory]:
    """Each desk in turn."""
    assert request.param == "embedded"
    with ExitStack() as stack:

        def embedded(*, writable: bool = True) -> Desk:
            desk = EmbeddedDesk(tmp_path / "mesa" / "registro.db", clock=lambda: NOW, writable=writable)
            stack.callback(desk.close)
            return desk

        yield embedded


def test_an_unknown_case_has_no_ticket(desks: DeskFactory) -> None:
    """Asking for what was never registered is answered, not an error."""
    assert desks().find(CASE) is None
    assert desks(writable=False).find(CASE) is None


def test_a_case_is_registered_once(desks: DeskFactory) -> None:
    """Creating again, even from another client and with other words, returns the first ticket unchanged."""
    first = desks().create(new_ticket())
    again = desks().create(new_ticket(subject="otra cosa"))
    assert again == first == desks().find(CASE)
    assert first.case == CASE
    assert first.status is TicketStatus.NEW
    assert first.notes == ()
    assert first.solution is None


def test_tickets_are_told_apart(desks: DeskFactory) -> None:
    """Each case has an id of its own."""
    desk = desks()
    ids = {desk.create(new_ticket(CaseNumber(f"GU-2026-{number:06}"))).id for number in range(5)}
    assert len(ids) == 5


def test_a_note_is_added_once_by_key(desks: DeskFactory) -> None:
    """A crash between noting and recording makes no second note; notes keep their order."""
    desk = desks()
    ticket = desk.create(new_ticket())
    desk.note(ticket.id, "matrix", "Autorizado por la fila 4 de la matriz.")
    desk.note(ticket.id, "account", "Cuenta ana.nunez creada.")
    desks().note(ticket.id, "matrix", "Autorizado por la fila 4 de la matriz.")
    found = desk.find(CASE)
    assert found is not None
    assert found.notes == ("Autorizado por la fila 4 de la matriz.", "Cuenta ana.nunez creada.")


def test_the_status_follows_the_case(desks: DeskFactory) -> None:
    """It moves and repeating it changes nothing."""
    desk = desks()
    ticket = desk.create(new_ticket())
    for status in (TicketStatus.IN_PROGRESS, TicketStatus.PENDING, TicketStatus.PENDING, TicketStatus.IN_PROGRESS):
        desk.set_status(ticket.id, status)
        found = desk.find(CASE)
        assert found is not None
        assert found.status is status


def test_a_closed_ticket_keeps_its_first_solution(desks: DeskFactory) -> None:
    """Activity 6: closing is done once, with the solution written."""
    desk = desks()
    ticket = desk.create(new_ticket())
    desk.close_with_solution(ticket.id, "Cuenta creada y datos enviados.")
    desk.close_with_solution(ticket.id, "Otra solución.")
    found = desk.find(CASE)
    assert found is not None
    assert found.status is TicketStatus.CLOSED
    assert found.solution == "Cuenta creada y datos enviados."


def test_a_case_can_be_opened_again(desks: DeskFactory) -> None:
    """A bounce after closing opens the ticket; its next solution replaces the former."""
    desk = desks()
    ticket = desk.create(new_ticket())
    desk.close_with_solution(ticket.id, "Datos enviados.")
    desk.set_status(ticket.id, TicketStatus.PENDING)
    desk.close_with_solution(ticket.id, "Datos enviados a la dirección corregida.")
    found = desk.find(CASE)
    assert found is not None
    assert found.solution == "Datos enviados a la dirección corregida."


def test_closing_needs_a_solution(desks: DeskFactory) -> None:
    """`set_status` does not close."""
    desk = desks()
    ticket = desk.create(new_ticket())
    with pytest.raises(Rejected, match="solución"):
        desk.set_status(ticket.id, TicketStatus.CLOSED)


@pytest.mark.parametrize("id", ["T-000999", "999", "", "T-1 OR 1=1", "T-" + "9" * 30, "T-²"])
def test_an_unknown_ticket_is_rejected(desks: DeskFactory, id: str) -> None:
    """Nothing is written to a ticket that does not exist."""
    desk = desks()
    desk.create(new_ticket())
    with pytest.raises(Rejected, match="no existe"):
        desk.note(TicketId(id), "key", "texto")
    with pytest.raises(Rejected, match="no existe"):
        desk.close_with_solution(TicketId(id), "texto")


def test_hostile_text_is_only_text(desks: DeskFactory) -> None:
    """Quotes, formulas, tags and ten thousand characters are kept as they are."""
    desk = desks()
    ticket = desk.create(NewTicket(CASE, HOSTILE, HOSTILE, EmailAddress("o'brien@entidad.gov.co")))
    desk.note(ticket.id, HOSTILE, HOSTILE)
    desk.note(ticket.id, HOSTILE, HOSTILE)
    desk.close_with_solution(ticket.id, HOSTILE)
    found = desk.find(CASE)
    assert found is not None
    assert found.notes == (HOSTILE,)
    assert found.solution == HOSTILE


def test_half_a_surrogate_pair_does_not_stop_the_case(desks: DeskFactory) -> None:
    """What UTF-8 cannot say is replaced."""
    desk = desks()
    ticket = desk.create(new_ticket(subject="a\ud83d"))
    desk.note(ticket.id, "k\ud83d", "a\ud83d")
    desk.note(ticket.id, "k\ud83d", "a\ud83d")
    desk.close_with_solution(ticket.id, "a\ud83d")
    found = desk.find(CASE)
    assert found is not None
    assert found.notes == ("a?",)


def test_dry_run_writes_nothing(desks: DeskFactory) -> None:
    """Each write says what it would do, and the desk stays as it was."""
    dry = desks(writable=False)
    with pytest.raises(WriteRefused, match=CASE):
        dry.create(new_ticket())
    ticket = desks().create(new_ticket())
    assert dry.find(CASE) == ticket
    with pytest.raises(WriteRefused):
        dry.note(ticket.id, "key", "texto")
    with pytest.raises(WriteRefused):
        dry.set_status(ticket.id, TicketStatus.PENDING)
    with pytest.raises(WriteRefused):
        dry.close_with_solution(ticket.id, "texto")
    assert desks().find(CASE) == ticket


# Only the embedded register


def test_the_register_tells_the_whole_story(tmp_path: Path) -> None:
    """Tickets in their order, with all that happened to each and when."""
    instants = (NOW + timedelta(minutes=minute) for minute in range(100))
    desk = EmbeddedDesk(tmp_path / "registro.db", clock=lambda: next(instants))
    assert desk.tickets() == ()
    first = desk.create(new_ticket())
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
    desk.create(new_ticket())
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
        desk.create(new_ticket())
    desk.close()
    file.unlink()
    newer = sqlite3.connect(file)
    newer.execute("PRAGMA user_version = 99")
    newer.close()
    desk = EmbeddedDesk(file, clock=lambda: NOW)
    with pytest.raises(Misconfigured, match="más nueva"):
        desk.find(CASE)
    desk.close()


def test_a_register_in_use_is_tried_again_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process in the middle of a write makes this one transient."""
    monkeypatch.setattr("notify.desk.embedded._PATIENCE_SECONDS", 0.05)
    file = tmp_path / "registro.db"
    desk = EmbeddedDesk(file, clock=lambda: NOW)
    desk.create(new_ticket())
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
