"""The embedded register of requests, for an institution without a desk tool and for the demonstration: one SQLite file."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from config.errors import Rejected, Target, WriteRefused
from config.vocabulary import CaseNumber, EmailAddress
from notify.desk.port import NewTicket, Ticket, TicketFields, TicketId, TicketStatus
from notify.desk.register import Register
from notify.desk.register_rows import Rows


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


class EmbeddedDesk:
    """A `Desk` over one SQLite file, made (0600) at the first write. `clock` gives aware UTC.

    A register that does not exist yet is empty. With `writable` false the file is opened read-only.
    """

    def __init__(
        self, path: Path, *, clock: Callable[[], datetime], writable: bool = True, patience_seconds: float = 10
    ) -> None:
        self._register = Register(path, writable=writable, patience_seconds=patience_seconds)
        self._clock = clock
        self._writable = writable

    def find(self, case: CaseNumber) -> Ticket | None:
        """The ticket of this case."""
        with self._register.reading() as rows:
            return None if rows is None else rows.of_case(case)

    def create(self, ticket: NewTicket) -> Ticket:
        """Open the ticket; one of the same case is returned unchanged."""
        with self._writing(f"Se registraría el caso {ticket.case} en la mesa de servicio.") as rows:
            known = rows.of_case(ticket.case)
            if known is not None:
                return known
            number = rows.add(ticket)
            rows.remember(number, self._clock(), "Solicitud registrada")
            return rows.ticket(number)

    def note(self, id: TicketId, key: str, text: str) -> None:
        """Add a note, once for each key."""
        with self._writing(f"Se anotaría en el tiquete {id}: {text}") as rows:
            number = rows.number_of(id)
            if rows.note(number, key, text):
                rows.remember(number, self._clock(), f"Nota: {text}")

    def set_fields(self, id: TicketId, fields: TicketFields) -> None:
        """Show where the case stands."""
        with self._writing(f"El tiquete {id} mostraría el estado «{fields.state}».") as rows:
            rows.set_fields(rows.number_of(id), fields)

    def changed_since(self, at: datetime) -> tuple[CaseNumber, ...]:
        """Cases on whose ticket a person did something at or after `at`."""
        with self._register.reading() as rows:
            return () if rows is None else rows.touched_since(at)

    def set_status(self, id: TicketId, status: TicketStatus) -> None:
        """Move the ticket; from CLOSED this opens it again and keeps its solution until there is another one.

        Raises Rejected for CLOSED, which needs a solution.
        """
        refuse_closing(id, status)
        with self._writing(f"El tiquete {id} pasaría a «{status}».") as rows:
            number = rows.number_of(id)
            if rows.set_status(number, status):
                rows.remember(number, self._clock(), f"Estado: {status}")

    def close_with_solution(self, id: TicketId, solution: str) -> None:
        """Write the solution and close (activity 6); a closed ticket that has one stays as it is."""
        with self._writing(f"Se cerraría el tiquete {id}: {solution}") as rows:
            number = rows.number_of(id)
            if rows.close(number, solution):
                rows.remember(number, self._clock(), f"Cerrado: {solution}")

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

    def close(self) -> None:
        """Close the file, if it was opened. Idempotent."""
        self._register.close()

    def _by_hand(self, id: TicketId, status: TicketStatus, by: str | None, event: str) -> None:
        with self._writing(f"{event} (tiquete {id}).") as rows:
            number = rows.number_of(id)
            rows.by_hand(number, status, by, self._clock())
            rows.remember(number, self._clock(), event)

    @contextlib.contextmanager
    def _writing(self, what: str) -> Iterator[Rows]:
        if not self._writable:
            raise WriteRefused(what)
        with self._register.writing() as rows:
            yield rows


def refuse_closing(id: TicketId, status: TicketStatus) -> None:
    """Raise Rejected for CLOSED: a ticket is closed with a solution, and only so."""
    if status is TicketStatus.CLOSED:
        raise Rejected(Target.DESK, f"El tiquete {id} no se puede cerrar sin una solución.", remedy="Escriba la solución.")
