"""A desk whose tickets are the rows of a register of its own: the embedded one, and what the desk by mail remembers."""

import contextlib
from collections.abc import Callable, Iterator
from datetime import datetime

from config.errors import WriteRefused
from config.vocabulary import CaseNumber
from notify.desk.port import NewTicket, Ticket, TicketFields, TicketId, TicketStatus, refuse_closing
from notify.desk.register import Register
from notify.desk.register_rows import Rows


class RegisteredDesk:
    """What a `Desk` over a register does; each write is one transaction of it. `clock` gives aware UTC.

    `_opened`, `_noted` and `_closed` are called inside that transaction, once for what they are named after: what they raise
    undoes it.
    """

    def __init__(self, register: Register, *, clock: Callable[[], datetime], writable: bool) -> None:
        self._register = register
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
            self._opened(ticket)
            return rows.ticket(number)

    def note(self, id: TicketId, key: str, text: str) -> None:
        """Add a note, once for each key."""
        with self._writing(f"Se anotaría en el tiquete {id}: {text}") as rows:
            number = rows.number_of(id)
            if rows.note(number, key, text):
                rows.remember(number, self._clock(), f"Nota: {text}")
                self._noted(rows, number, key, text)

    def set_fields(self, id: TicketId, fields: TicketFields) -> None:
        """Show where the case stands."""
        with self._writing(f"El tiquete {id} mostraría el estado «{fields.state}».") as rows:
            rows.set_fields(rows.number_of(id), fields)

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
                self._closed(rows, number, solution)

    def check(self) -> tuple[str, ...]:
        """Nothing, when the register can be read."""
        with self._register.reading():
            return ()

    def close(self) -> None:
        """Close the file, if it was opened. Idempotent."""
        self._register.close()

    def _opened(self, ticket: NewTicket) -> None:
        """A ticket was opened."""

    def _noted(self, rows: Rows, number: int, key: str, text: str) -> None:
        """A note was added."""

    def _closed(self, rows: Rows, number: int, solution: str) -> None:
        """A ticket was closed."""

    @contextlib.contextmanager
    def _writing(self, what: str) -> Iterator[Rows]:
        if not self._writable:
            raise WriteRefused(what)
        with self._register.writing() as rows:
            yield rows
