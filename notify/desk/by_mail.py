"""The ticket of any other desk, by e-mail: one mail opens it, and each note and its closing are mails of the same conversation.

Nothing comes back: what people write in their tool is not seen here. What was told is kept in a register of its own.
"""

import hashlib
import html
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

from config.errors import Misconfigured, RecipientRefused, Rejected, Target, TargetError, Transient, Unreachable
from config.stop_point import StopPoint, let_go
from config.vocabulary import CaseNumber, EmailAddress
from notify.desk.port import NewTicket
from notify.desk.register import Register
from notify.desk.register_rows import Rows
from notify.desk.registered import RegisteredDesk
from notify.mailer.port import Message


class SendsMail(Protocol):
    """The part of a `Mailer` that is needed here."""

    def already_sent(self, message_id: str) -> bool | None:
        """Whether this very message was handed over before; None: this transport cannot know."""
        ...

    def send(self, message: Message) -> None:
        """Hand the message over. Raises TargetError (Target.MAIL)."""
        ...


class MailDesk(RegisteredDesk):
    """A `Desk` that writes to one address, with a register of what it wrote: a mail goes out inside the register's transaction.

    So nothing is remembered that was not sent. A crash between the two sends the same mail again under the same Message-ID,
    unless the transport knows what it sent. A change of state, or of what is shown, sends nothing: the next note tells it.
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
        super().__init__(Register(path, writable=writable, patience_seconds=30), clock=clock, writable=writable)
        self._mailer = mailer
        self._desk = desk
        self._sender_name = sender_name
        self._sender = sender
        self._zone = zone
        self._stop_point = stop_point

    def changed_since(self, at: datetime) -> tuple[CaseNumber, ...]:
        """None: a desk by mail cannot tell."""
        return ()

    def _opened(self, ticket: NewTicket) -> None:
        self._send(ticket.case, ticket.subject, "", ticket.body)

    def _noted(self, rows: Rows, number: int, key: str, text: str) -> None:
        self._send(rows.ticket(number).case, rows.subject(number), f"nota {key}", self._with_state(rows, number, text))

    def _closed(self, rows: Rows, number: int, solution: str) -> None:
        # A case that is opened again is closed again: each closing is another mail.
        key = f"cierre {len(rows.history(number))}"
        self._send(rows.ticket(number).case, rows.subject(number), key, f"Solución: {solution}\n\nPuede cerrar el ticket.")

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
