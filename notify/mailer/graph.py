"""Mail through Microsoft Graph, from the mailbox of the policy's sender.

A mail is made as a draft with our own Message-ID and then sent: after a crash the draft, or the sent item, is found by it, and
nothing goes out twice (https://learn.microsoft.com/graph/api/user-post-messages, "MIME content"). What carries a password
leaves by `sendMail` without a copy in Sent Items, which takes no MIME: it has our Message-ID in a header of its own.
"""

from base64 import b64encode
from collections.abc import Callable, Mapping
from datetime import datetime

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from config.errors import Misconfigured, RecipientRefused, Target, TargetError, Transient, WriteRefused
from config.graph.connection import GraphConnection
from config.graph.errors import GraphRefusal
from config.graph.odata import quoted, segment
from config.stop_point import StopPoint, let_go
from notify.bounces.report import OWN_ID_HEADER
from notify.mailer.mime import checked_recipient, header_text, mime_message
from notify.mailer.port import Message

_REFUSED_RECIPIENT = frozenset({"ErrorInvalidRecipients", "ErrorInvalidRecipientsFound", "InvalidRecipients"})
_NO_MAILBOX = frozenset(
    {
        "ErrorInvalidUser",
        "ErrorNonExistentMailbox",
        "MailboxNotEnabledForRESTAPI",
        "ResourceNotFound",
        "Request_ResourceNotFound",
    }
)
_LOOKED_AT = {"$select": "id,isDraft,internetMessageId", "$top": "10"}


class _Found(BaseModel):
    model_config = ConfigDict(extra="ignore")

    id: str = Field(min_length=1)
    is_draft: bool = Field(default=False, alias="isDraft")
    message_id: str | None = Field(default=None, alias="internetMessageId")


_FOUND = TypeAdapter(_Found)


class GraphMailer:
    """A `Mailer` over one mailbox; `sender` is its address. `stop_point` is called with "mail.sent" after each acceptance."""

    def __init__(
        self,
        graph: GraphConnection,
        sender: str,
        *,
        clock: Callable[[], datetime],
        writable: bool = True,
        stop_point: StopPoint = let_go,
    ) -> None:
        self._graph = graph
        self._sender = sender
        self._mailbox = f"/users/{segment(sender)}"
        self._clock = clock
        self._writable = writable
        self._stop_point = stop_point

    def already_sent(self, message_id: str) -> bool | None:
        """True when it is among the sent items; else None: it may have been one without a copy, or somebody removed it."""
        return True if any(not found.is_draft for found in self._find(message_id)) else None

    def send(self, message: Message) -> None:
        """See the port. Sent again after a crash, a mail without a password goes out once."""
        if not self._writable:
            raise WriteRefused(f"Se enviaría el correo «{header_text(message.subject)}» a {header_text(message.to)}.")
        checked_recipient(message.to)
        try:
            if message.confidential:
                self._send_without_copy(message)
            else:
                self._send_once(message)
        except GraphRefusal as refusal:
            raise self._told(refusal) from refusal
        self._stop_point("mail.sent")

    def check(self) -> tuple[str, ...]:
        """Whether the sender's mailbox answers; says in Spanish what fails. Sends nothing."""
        try:
            self._graph.get(f"{self._mailbox}/messages", target=Target.MAIL, query={"$select": "id", "$top": "1"})
        except GraphRefusal as refusal:
            return (str(self._told(refusal)),)
        except TargetError as error:
            return (str(error),)
        return ()

    def close(self) -> None:
        """The connection is the installation's, who closes it."""

    def _find(self, message_id: str) -> tuple[_Found, ...]:
        query = {"$filter": f"internetMessageId eq {quoted(message_id)}", **_LOOKED_AT}
        try:
            items = tuple(self._graph.pages(f"{self._mailbox}/messages", target=Target.MAIL, query=query))
        except GraphRefusal as refusal:
            raise self._told(refusal) from refusal
        found = [_read(item) for item in items]
        return tuple(each for each in found if each.message_id == message_id)

    def _send_once(self, message: Message) -> None:
        found = self._find(message.message_id)
        if any(not each.is_draft for each in found):
            return
        draft = found[0].id if found else self._drafted(message)
        self._graph.write("POST", f"{self._mailbox}/messages/{segment(draft)}/send", target=Target.MAIL)

    def _drafted(self, message: Message) -> str:
        own = f"{OWN_ID_HEADER}: {message.message_id}\r\n".encode("ascii")
        octets = b64encode(own + mime_message(message, self._clock()).octets)
        made = self._graph.write(
            "POST", f"{self._mailbox}/messages", target=Target.MAIL, octets=octets, content_type="text/plain"
        )
        if made is None:
            raise Transient(Target.MAIL, "Microsoft 365 no confirmó el borrador del correo.")
        self._stop_point("mail.drafted")
        return _read(made).id

    def _send_without_copy(self, message: Message) -> None:
        mime_message(message, self._clock())  # the same checks of every address
        body = {"message": _as_json(message), "saveToSentItems": False}
        self._graph.write("POST", f"{self._mailbox}/sendMail", target=Target.MAIL, body=body)

    def _told(self, refusal: GraphRefusal) -> TargetError:
        if refusal.code in _REFUSED_RECIPIENT:
            return RecipientRefused(
                Target.MAIL,
                f"La dirección no recibe correo: Microsoft 365 la rechazó ({refusal.code}).",
                remedy="Corrija la dirección en el formulario.",
            )
        if refusal.code in _NO_MAILBOX:
            return Misconfigured(
                Target.MAIL,
                f"El remitente {self._sender} no tiene un buzón en Microsoft 365 ({refusal.code}).",
                remedy="Corrija sender en [mail] de la política de la institución, o dele un buzón (puede ser compartido).",
            )
        return refusal


def _read(item: Mapping[str, object]) -> _Found:
    try:
        return _FOUND.validate_python(item)
    except ValidationError as error:
        raise Transient(Target.MAIL, "Microsoft 365 respondió algo que no es un mensaje.") from error


def _as_json(message: Message) -> dict[str, object]:
    sender = {"name": header_text(message.sender_name), "address": message.sender}
    headers = {
        OWN_ID_HEADER: message.message_id,
        "X-Auto-Response-Suppress": "OOF, AutoReply, DR, RN, NRN",
    }
    body: dict[str, object] = {
        "subject": header_text(message.subject),
        "body": {"contentType": "html", "content": message.html},
        "from": {"emailAddress": sender},
        "toRecipients": [{"emailAddress": {"address": message.to}}],
        "internetMessageHeaders": [{"name": name, "value": value} for name, value in headers.items()],
    }
    if message.reply_to:
        body["replyTo"] = [{"emailAddress": {"address": message.reply_to}}]
    return body
