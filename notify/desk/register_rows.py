"""The rows of a register of tickets: what is read and written inside one of its transactions."""

import sqlite3
from datetime import UTC, datetime

from config.errors import Rejected, Target
from config.vocabulary import CaseNumber
from notify.desk.port import NewTicket, Reply, Ticket, TicketFields, TicketId, TicketStatus

_FIELD_COLUMNS = ("state", "account", "unit", "waiting_for", "due")


class Rows:
    """The rows of a register, inside one transaction. A ticket's number is what its id carries."""

    def __init__(self, connection: sqlite3.Connection, version: int) -> None:
        self._connection = connection
        self._version = version

    def number_of(self, id: TicketId) -> int:
        """The number of the ticket with this id. Raises Rejected when there is none."""
        digits = id.removeprefix("T-")
        row = None
        if digits.isascii() and digits.isdigit() and len(digits) < 16:
            row = self._connection.execute("SELECT number FROM ticket WHERE number = ?", (int(digits),)).fetchone()
        if row is None:
            problem = f"El tiquete {storable(id[:40])} no existe en el registro de solicitudes."
            raise Rejected(Target.DESK, problem, remedy="Revise el número del tiquete.")
        number: int = row[0]
        return number

    def of_case(self, case: CaseNumber) -> Ticket | None:
        """The ticket of this case."""
        row = self._connection.execute("SELECT number FROM ticket WHERE case_number = ?", (case,)).fetchone()
        return self.ticket(row[0]) if row is not None else None

    def ticket(self, number: int) -> Ticket:
        """A ticket that is there."""
        closed_by = "closed_by" if self._version > 1 else "NULL"
        wanted = f"SELECT case_number, status, solution, {closed_by} FROM ticket WHERE number = ?"
        case, status, solution, by = self._connection.execute(wanted, (number,)).fetchone()
        notes = self._connection.execute("SELECT text FROM note WHERE ticket = ? ORDER BY position", (number,))
        return Ticket(
            id=TicketId(f"T-{number:06}"),
            case=CaseNumber(case),
            status=TicketStatus(status),
            notes=tuple(text for (text,) in notes),
            solution=solution,
            replies=self._replies(number),
            closed_by=by,
        )

    def _replies(self, number: int) -> tuple[Reply, ...]:
        if self._version == 1:
            return ()
        wanted = "SELECT position, author, at, text FROM reply WHERE ticket = ? ORDER BY position"
        rows = self._connection.execute(wanted, (number,)).fetchall()
        return tuple(Reply(f"T-{number:06}/{place}", by, datetime.fromisoformat(at), text) for place, by, at, text in rows)

    def add(self, ticket: NewTicket) -> int:
        """A new ticket: its number."""
        added = self._connection.execute(
            "INSERT INTO ticket (case_number, subject, body, requester, status) VALUES (?, ?, ?, ?, ?) RETURNING number",
            (ticket.case, storable(ticket.subject), storable(ticket.body), ticket.requester, TicketStatus.NEW),
        )
        number: int = added.fetchone()[0]
        return number

    def subject(self, number: int) -> str:
        """What the ticket was opened with."""
        found: str = self._connection.execute("SELECT subject FROM ticket WHERE number = ?", (number,)).fetchone()[0]
        return found

    def note(self, number: int, key: str, text: str) -> bool:
        """Add a note; False when one of this key is there."""
        adding = (
            "INSERT INTO note (ticket, key, position, text)"
            " SELECT ?, ?, count(*) + 1, ? FROM note WHERE ticket = ? ON CONFLICT (ticket, key) DO NOTHING"
        )
        return bool(self._connection.execute(adding, (number, storable(key), storable(text), number)).rowcount)

    def set_status(self, number: int, status: TicketStatus) -> bool:
        """Move an open ticket, or open a closed one; False when it stands so already."""
        moving = "UPDATE ticket SET status = ?, closed_by = NULL WHERE number = ? AND status <> ?"
        return bool(self._connection.execute(moving, (status, number, status)).rowcount)

    def fields(self, number: int) -> TicketFields:
        """What is shown of the case."""
        if self._version == 1:
            return TicketFields("", "", "", "", None)
        wanted = f"SELECT {', '.join(_FIELD_COLUMNS)} FROM ticket WHERE number = ?"
        state, account, unit, waiting_for, due = self._connection.execute(wanted, (number,)).fetchone()
        return TicketFields(state, account, unit, waiting_for, datetime.fromisoformat(due) if due else None)

    def set_fields(self, number: int, fields: TicketFields) -> None:
        """Show where the case stands."""
        texts = (storable(text) for text in (fields.state, fields.account, fields.unit, fields.waiting_for))
        assigned = ", ".join(f"{column} = ?" for column in _FIELD_COLUMNS)
        due = instant(fields.due) if fields.due else None
        self._connection.execute(f"UPDATE ticket SET {assigned} WHERE number = ?", (*texts, due, number))

    def close(self, number: int, solution: str) -> bool:
        """Close with a solution; one that a person closed without any gets it; False when it is closed with one already."""
        closing = "UPDATE ticket SET status = ?, solution = ? WHERE number = ? AND (status <> ? OR solution IS NULL)"
        closed = TicketStatus.CLOSED
        return bool(self._connection.execute(closing, (closed, storable(solution), number, closed)).rowcount)

    def by_hand(self, number: int, status: TicketStatus, by: str | None, at: datetime) -> None:
        """A person moved the ticket."""
        moving = "UPDATE ticket SET status = ?, closed_by = ?, touched_at = ? WHERE number = ?"
        self._connection.execute(moving, (status, by, instant(at), number))

    def reply(self, number: int, by: str, text: str, at: datetime) -> None:
        """A person wrote on the ticket."""
        adding = (
            "INSERT INTO reply (ticket, position, author, at, text) SELECT ?, count(*) + 1, ?, ?, ? FROM reply WHERE ticket = ?"
        )
        self._connection.execute(adding, (number, storable(by), instant(at), storable(text), number))
        self._connection.execute("UPDATE ticket SET touched_at = ? WHERE number = ?", (instant(at), number))

    def touched_since(self, at: datetime) -> tuple[CaseNumber, ...]:
        """Cases on whose ticket a person did something at or after this instant."""
        if self._version == 1:
            return ()
        rows = self._connection.execute("SELECT case_number FROM ticket WHERE touched_at >= ?", (instant(at),))
        return tuple(CaseNumber(case) for (case,) in rows)

    def remember(self, number: int, at: datetime, event: str) -> None:
        """Add to the history of a ticket."""
        adding = "INSERT INTO history (ticket, position, at, event) SELECT ?, count(*) + 1, ?, ? FROM history WHERE ticket = ?"
        self._connection.execute(adding, (number, instant(at), storable(event), number))

    def history(self, number: int) -> tuple[tuple[datetime, str], ...]:
        """When what happened to a ticket, oldest first."""
        rows = self._connection.execute("SELECT at, event FROM history WHERE ticket = ? ORDER BY position", (number,))
        return tuple((datetime.fromisoformat(at), event) for at, event in rows.fetchall())

    def opened(self) -> list[tuple[int, str, str, str]]:
        """Number, subject, body and requester of each ticket, oldest first."""
        return self._connection.execute("SELECT number, subject, body, requester FROM ticket ORDER BY number").fetchall()


def storable(text: str) -> str:
    """The text as a database can keep it: half of a surrogate pair is legal in JSON and in Python, and in no UTF-8 text."""
    return text.encode("utf-8", "replace").decode("utf-8")


def instant(at: datetime) -> str:
    """An instant so written that earlier ones sort before later ones."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")
