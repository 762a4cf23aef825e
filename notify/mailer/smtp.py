"""Mail over SMTP (RFC 5321) with verified TLS: one connection a run, opened when the first message needs it.

The protocol is spoken command by command, because what must be known when a line breaks is how far the message had got:
before its last byte left us nobody has it; after that, and without an answer, nobody knows.
"""

import smtplib
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime

from config.errors import Target, TargetError, Transient, WriteRefused
from config.stop_point import StopPoint, let_go
from notify.mailer.mime import Composed, checked_recipient, header_text, mime_message
from notify.mailer.port import Message
from notify.mailer.smtp_connection import ConnectionLost, command, connect, how_it_ended
from notify.mailer.smtp_replies import Reply, Step, error_for
from notify.mailer.smtp_settings import SmtpSettings

__all__ = ["SmtpMailer", "SmtpSettings"]


class SmtpMailer:
    """A `Mailer` that hands messages to the institution's mail server.

    It cannot know what an earlier run handed over, so `already_sent` is always None; the Message-ID is deterministic, and
    mail servers and readers recognise a repeated one. `stop_point` is called with "mail.sent" after each acceptance.
    """

    def __init__(
        self,
        settings: SmtpSettings,
        *,
        clock: Callable[[], datetime],
        writable: bool = True,
        stop_point: StopPoint = let_go,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._writable = writable
        self._stop_point = stop_point
        self._client: smtplib.SMTP | None = None

    def already_sent(self, message_id: str) -> bool | None:
        """None: SMTP cannot be asked."""
        return None

    def send(self, message: Message) -> None:
        """Hand the message over; returns once the server answered 250 to all of it.

        A connection that the server closed for idleness is opened again, once and only before the content was sent.
        A connection that broke after that is Transient: whether the message arrived is not known.
        """
        if not self._writable:
            raise WriteRefused(f"Se enviaría el correo «{header_text(message.subject)}» a {header_text(message.to)}.")
        recipient = checked_recipient(message.to)
        content = _octets(mime_message(message, self._clock()))
        try:
            client = self._ready_for_content(message.sender, recipient, confidential=message.confidential)
            _hand_over(client, content, confidential=message.confidential)
        except ConnectionLost as lost:
            self._abandon()
            raise Transient(Target.MAIL, f"El servidor de correo {lost}. Se intentará de nuevo.") from lost
        except TargetError:
            self._reset()
            raise
        except BaseException:  # interrupted halfway: whatever comes next must not continue this conversation
            self._abandon()
            raise
        self._stop_point("mail.sent")

    def check(self) -> tuple[str, ...]:
        """Connect, verify the certificate and sign in; says in Spanish what fails. Sends nothing."""
        try:
            command(self._connected(), Step.RESET, "RSET")
        except TargetError as error:
            self._abandon()
            return (str(error),)
        except ConnectionLost as lost:
            self._abandon()
            return (f"El servidor de correo {lost}.",)
        return ()

    def close(self) -> None:
        """Say goodbye and close, if a connection was opened. Idempotent."""
        client, self._client = self._client, None
        if client is not None:
            with suppress(OSError, smtplib.SMTPException):
                client.quit()
            client.close()

    def _connected(self) -> smtplib.SMTP:
        if self._client is None:
            self._client = connect(self._settings)
        return self._client

    def _ready_for_content(self, sender: str, recipient: str, *, confidential: bool) -> smtplib.SMTP:
        used_before = self._client is not None
        try:
            return _announced(self._connected(), sender, recipient, confidential=confidential)
        except ConnectionLost:
            if not used_before:
                raise
        self._abandon()
        return _announced(self._connected(), sender, recipient, confidential=confidential)

    def _reset(self) -> None:
        """Leave the connection ready for the next message, or leave it."""
        if self._client is not None:
            try:
                command(self._client, Step.RESET, "RSET")
            except (ConnectionLost, TargetError):
                self._abandon()

    def _abandon(self) -> None:
        client, self._client = self._client, None
        if client is not None:
            client.close()


def _announced(client: smtplib.SMTP, sender: str, recipient: str, *, confidential: bool) -> smtplib.SMTP:
    # RFC 3461 4.3: if it comes back, only its headers do, and no password lies in the mailbox of returned mails.
    headers_only = " RET=HDRS" if confidential and client.has_extn("dsn") else ""
    command(client, Step.SENDER, f"MAIL FROM:<{sender}>{headers_only}")
    command(client, Step.RECIPIENT, f"RCPT TO:<{recipient}>")
    command(client, Step.DATA, "DATA")
    return client


def _hand_over(client: smtplib.SMTP, content: bytes, *, confidential: bool) -> None:
    try:
        client.send(content)
    except smtplib.SMTPServerDisconnected as error:
        raise ConnectionLost(f"{how_it_ended(error)} antes de recibir el mensaje completo") from error
    try:
        code, text = client.getreply()
    except (smtplib.SMTPServerDisconnected, smtplib.SMTPResponseException) as error:
        raise ConnectionLost(f"{how_it_ended(error)} sin confirmar el mensaje: no se sabe si llegó") from error
    reply = Reply.of(code, text)
    if code == 421:
        raise ConnectionLost(f"cerró la conexión y no aceptó el mensaje ({reply.shown(confidential=confidential)})")
    if code != 250:
        raise error_for(Step.CONTENT, reply, confidential=confidential)


def _octets(content: Composed) -> bytes:
    """The message as DATA takes it: CRLF, a dot before each leading dot (RFC 5321 4.5.2), and the final line."""
    lines = content.as_bytes().replace(b"\r\n.", b"\r\n..")
    return lines + (b".\r\n" if lines.endswith(b"\r\n") else b"\r\n.\r\n")
