"""The ticket of any other desk, by e-mail: one mail opens it, and each change is a mail of the same conversation.

Nothing comes back: what people write in their tool is not seen here. What was told is kept in a register of its own.
"""

import contextlib
import hashlib
import html
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from config.errors import Misconfigured, RecipientRefused, Rejected, Target, TargetError, Transient, Unreachable, WriteRefused
from config.stop_point import StopPoint, let_go
from config.vocabulary import CaseNumber, EmailAddress
from notify.desk.embedded import refuse_closing
from notify.desk.port import NewTicket, Ticket, TicketFields, TicketId, TicketStatus
from notify.desk.register import Register
from notify.desk.register_rows import Rows
from notify.mailer.port import Message


class SendsMail(Protocol):
    """The part of a `Mailer` that is needed here."""

    def already_sent(self, message_id: str) -> bool | None:
        """Whether this very message was handed over before; None: this transport cannot know."""
        ...

    def send(self, message: Message) -> None:
        """Hand the message over. Raises TargetError (Target.MAIL)."""
        ...


class MailDesk:
    """A `Desk` that writes to one address. A mail and the memory of it are one transaction of the register.

    The mail goes out before the transaction ends, so a crash in between sends it again, with the same Message-ID: once at the
    most, where the transport knows what it sent. A change of state or of what is shown is told by the next note, which the
    program always writes with it.
    """

    def __init__(
        self,
        path: Path,
        mailer: Callable[[], SendsMail],
        *,
        desk: EmailAddress,
        sender_name: str,
        sender: EmailAddress,
        zone: ZoneInfo,
        clock: Callable[[], datetime],
        writable: bool = True,
        stop_point: StopPoint = let_go,
    ) -> None:
        self._register = Register(path, writable=writable, patience_seconds=30)
        self._mailer = mailer
        self._desk = desk
        self._sender_name = sender_name
        self._sender = sender
        self._zone = zone
        self._clock = clock
        self._writable = writable
        self._stop_point = stop_point

    def find(self, case: CaseNumber) -> Ticket | None:
        """What the desk was told of this case."""
        with self._register.reading() as rows:
            return None if rows is None else rows.of_case(case)

    def create(self, ticket: NewTicket) -> Ticket:
        """Open the ticket by a mail; a case that was told is returned unchanged."""
        with self._writing(f"Se escribiría a {self._desk} para registrar el caso {ticket.case}.") as rows:
            known = rows.of_case(ticket.case)
            if known is not None:
                return known
            number = rows.add(ticket)
            rows.remember(number, self._clock(), "Solicitud registrada")
            self._send(ticket.case, ticket.subject, "", ticket.body)
            return rows.ticket(number)

    def note(self, id: TicketId, key: str, text: str) -> None:
        """Tell it, once for each key, with where the case stands."""
        with self._writing(f"Se escribiría a {self._desk} en el tiquete {id}: {text}") as rows:
            number = rows.number_of(id)
            if rows.note(number, key, text):
                rows.remember(number, self._clock(), f"Nota: {text}")
                self._send(rows.ticket(number).case, rows.subject(number), f"nota {key}", self._with_state(rows, number, text))

    def set_fields(self, id: TicketId, fields: TicketFields) -> None:
        """Where the case stands, told by the next note."""
        with self._writing(f"El tiquete {id} mostraría el estado «{fields.state}».") as rows:
            rows.set_fields(rows.number_of(id), fields)

    def changed_since(self, at: datetime) -> tuple[CaseNumber, ...]:
        """None: a desk by mail cannot tell."""
        return ()

    def set_status(self, id: TicketId, status: TicketStatus) -> None:
        """The ticket's state, told by the next note. Raises Rejected for CLOSED, which needs a solution."""
        refuse_closing(id, status)
        with self._writing(f"El tiquete {id} pasaría a «{status}».") as rows:
            number = rows.number_of(id)
            if rows.set_status(number, status):
                rows.remember(number, self._clock(), f"Estado: {status}")

    def close_with_solution(self, id: TicketId, solution: str) -> None:
        """Tell the solution and ask to close the ticket (activity 6); a closed ticket stays as it is."""
        with self._writing(f"Se escribiría a {self._desk} para cerrar el tiquete {id}: {solution}") as rows:
            number = rows.number_of(id)
            if rows.close(number, solution):
                rows.remember(number, self._clock(), f"Cerrado: {solution}")
                # A case that is opened again is closed again: each closing is another mail.
                key = f"cierre {len(rows.history(number))}"
                self._send(
                    rows.ticket(number).case, rows.subject(number), key, f"Solución: {solution}\n\nPuede cerrar el ticket."
                )

    def close(self) -> None:
        """Close the register; the mailer is its owner's. Idempotent."""
        self._register.close()

    def _with_state(self, rows: Rows, number: int, text: str) -> str:
        fields = rows.fields(number)
        due = fields.due.astimezone(self._zone).strftime("%d/%m/%Y %H:%M") if fields.due else ""
        shown = (
            ("Ticket", rows.ticket(number).status.value),
            ("Estado del caso", fields.state),
            ("En espera de", fields.waiting_for),
            ("Cuenta", fields.account),
            ("Dependencia", fields.unit),
            ("Vence", due),
        )
        return "\n".join([text, "", *(f"{label}: {value}" for label, value in shown if value)])

    def _send(self, case: CaseNumber, subject: str, key: str, text: str) -> None:
        first = self._message_id(case, "")
        lines = "<br>\n".join(html.escape(line) for line in text.splitlines())
        message = Message(
            message_id=self._message_id(case, key),
            sender_name=self._sender_name,
            sender=self._sender,
            to=self._desk,
            subject=subject if not key else f"Re: {subject}",
            text=text,
            html=f'<html lang="es"><body><p>{lines}</p></body></html>',
            in_reply_to=first if key else None,
        )
        mailer = self._mailer()
        try:
            if mailer.already_sent(message.message_id):
                return
            mailer.send(message)
        except TargetError as error:
            raise _of_desk(error, self._desk) from error
        self._stop_point("desk.mailed")

    def _message_id(self, case: CaseNumber, key: str) -> str:
        local_part = f"{case}.mesa" + (f".{hashlib.sha256(key.encode('utf-8', 'replace')).hexdigest()[:24]}" if key else "")
        return f"<{local_part}@{self._sender.rpartition('@')[2]}>".lower()

    @contextlib.contextmanager
    def _writing(self, what: str) -> Iterator[Rows]:
        if not self._writable:
            raise WriteRefused(what)
        with self._register.writing() as rows:
            yield rows


def _of_desk(error: TargetError, desk: EmailAddress) -> TargetError:
    """The desk cannot be told: what is wrong with mail is wrong with this desk."""
    match error:
        case RecipientRefused():
            remedy = "Revise «address» en [desk]."
            return Rejected(Target.DESK, f"El correo de la mesa de servicio, {desk}, rechaza los mensajes.", remedy=remedy)
        case Transient():
            return Transient(Target.DESK, error.message, retry_after_seconds=error.retry_after_seconds)
        case Unreachable():
            return Unreachable(Target.DESK, error.message, remedy=error.remedy)
        case Misconfigured():
            return Misconfigured(Target.DESK, error.message, remedy=error.remedy)
        case _:
            return Rejected(Target.DESK, error.message, remedy=error.remedy)
