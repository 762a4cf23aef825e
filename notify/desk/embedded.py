"""The embedded register of requests, for an institution without a desk tool and for the demonstration: one SQLite file."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from config.vocabulary import CaseNumber, EmailAddress
from notify.desk.port import Ticket, TicketFields, TicketId, TicketStatus
from notify.desk.register import Register
from notify.desk.registered import RegisteredDesk


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """What happened to a ticket (Spanish) and when (aware UTC)."""

    at: datetime
    event: str


@dataclass(frozen=True, slots=True)
class RegisteredTicket:
    """A ticket with all that the register keeps of it, oldest history first."""

    ticket: Ticket
    subject: str
    body: str
    requester: EmailAddress
    history: tuple[HistoryEntry, ...]
    fields: TicketFields

    @property
    def opened_at(self) -> datetime:
        """Aware UTC."""
        return self.history[0].at


class EmbeddedDesk(RegisteredDesk):
    """A `Desk` over one SQLite file, made (0600) at the first write. `clock` gives aware UTC.

    A register that does not exist yet is empty. With `writable` false the file is opened read-only.
    """

    def __init__(
        self, path: Path, *, clock: Callable[[], datetime], writable: bool = True, patience_seconds: float = 10
    ) -> None:
        register = Register(path, writable=writable, patience_seconds=patience_seconds)
        super().__init__(register, clock=clock, writable=writable)

    def changed_since(self, at: datetime) -> tuple[CaseNumber, ...]:
        """Cases on whose ticket a person did something at or after `at`."""
        with self._register.reading() as rows:
            return () if rows is None else rows.touched_since(at)

    def replied_by(self, id: TicketId, by: str, text: str) -> None:
        """A person of the desk writes on the ticket: the register has no screen of its own."""
        with self._writing(f"{by} respondería en el tiquete {id}.") as rows:
            number = rows.number_of(id)
            rows.reply(number, by, text, self._clock())
            rows.remember(number, self._clock(), f"Respuesta de {by}: {text}")

    def closed_by_hand(self, id: TicketId, by: str) -> None:
        """A person of the desk closes the ticket."""
        self._by_hand(id, TicketStatus.CLOSED, by, f"Cerrado por {by}")

    def reopened_by_hand(self, id: TicketId, by: str) -> None:
        """A person of the desk opens the ticket again."""
        self._by_hand(id, TicketStatus.IN_PROGRESS, None, f"Reabierto por {by}")

    def tickets(self) -> tuple[RegisteredTicket, ...]:
        """Every ticket, in the order in which they were opened."""
        with self._register.reading() as rows:
            if rows is None:
                return ()
            return tuple(
                RegisteredTicket(
                    ticket=rows.ticket(number),
                    subject=subject,
                    body=body,
                    requester=EmailAddress(requester),
                    history=tuple(HistoryEntry(at, event) for at, event in rows.history(number)),
                    fields=rows.fields(number),
                )
                for number, subject, body, requester in rows.opened()
            )

    def _by_hand(self, id: TicketId, status: TicketStatus, by: str | None, event: str) -> None:
        with self._writing(f"{event} (tiquete {id}).") as rows:
            number = rows.number_of(id)
            rows.by_hand(number, status, by, self._clock())
            rows.remember(number, self._clock(), event)
