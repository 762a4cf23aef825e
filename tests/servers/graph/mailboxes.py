"""Mail folders and messages (https://learn.microsoft.com/graph/api/resources/message): listed in pages, told as MIME.

Identifiers change when a message moves, but for whoever prefers immutable ones.
"""

import base64
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from urllib.parse import unquote

from tests.servers.graph.contents import Content
from tests.servers.graph.paging import chosen, paged
from tests.servers.graph.people import instant
from tests.servers.graph.routing import Answer, Asked, Body, Refusal, Route
from tests.servers.graph.tenant import Tenant

_FIRST_ARRIVAL = datetime(2026, 1, 5, 13, 0, tzinfo=UTC)


@dataclass
class Attachment:
    """`kind` is `file`, `item` or `reference`."""

    id: str
    name: str
    content: Content
    kind: str = "file"

    @property
    def described(self) -> Body:
        """As a reply."""
        return {
            "@odata.type": f"#microsoft.graph.{self.kind}Attachment",
            "id": self.id,
            "name": self.name,
            "contentType": "application/octet-stream",
            "size": self.content.size,
            "isInline": False,
        }


@dataclass
class Message:
    """`unconvertible`: the code with which its MIME is refused for good."""

    id: str
    subject: str
    content: Content
    folder: "Folder"
    received: datetime
    is_read: bool = True
    unconvertible: str = ""
    attachments: list[Attachment] = field(default_factory=list)

    @property
    def passing_id(self) -> str:
        """Its identifier as long as it stays in its folder; with what only an escaped address can carry."""
        return base64.b64encode(f"{self.id}\0{self.folder.id}".encode()).decode()


@dataclass
class Folder:
    """`kind` is `Folder` or `SearchFolder`."""

    id: str
    name: str
    parent: "Folder | None" = None
    hidden: bool = False
    kind: str = "Folder"
    messages: list[Message] = field(default_factory=list)


class Mailbox:
    """One user's; there is always an inbox."""

    def __init__(self, user: str) -> None:
        self.inbox = Folder(f"inbox-{user}", "Bandeja de entrada")
        self.folders = [self.inbox]
        self._made = 0
        self._by_id: dict[str, Message] = {}

    def folder(self, name: str, parent: Folder | None = None, *, hidden: bool = False, search: bool = False) -> Folder:
        """A new folder."""
        self._made += 1
        made = Folder(f"folder=/+{self._made}", name, parent, hidden, "SearchFolder" if search else "Folder")
        self.folders.append(made)
        return made

    def put(
        self,
        subject: str,
        content: Content,
        folder: Folder | None = None,
        *,
        is_read: bool = True,
        unconvertible: str = "",
        attachments: Sequence[Attachment] = (),
    ) -> Message:
        """A message arrives, a minute after the one before."""
        self._made += 1
        into, at = folder or self.inbox, _FIRST_ARRIVAL + timedelta(minutes=self._made)
        made = Message(f"message-{self._made}", subject, content, into, at, is_read, unconvertible, list(attachments))
        into.messages.append(made)
        self._by_id[made.id] = made
        return made

    def bulk(self, count: int, octets: int, folder: Folder | None = None) -> None:
        """So many messages of so many bytes each."""
        for number in range(count):
            self.put(f"Mensaje {number}", mime_of(f"Mensaje {number}", octets), folder)

    def move(self, message: Message, folder: Folder) -> None:
        """To another folder."""
        message.folder.messages.remove(message)
        message.folder = folder
        folder.messages.append(message)

    def renew_ids(self) -> None:
        """Every message is another one for Graph, as after a mailbox was moved to another server."""
        for message in self.messages():
            message.id = f"renewed-{message.id}"
        self._by_id = {message.id: message for message in self.messages()}

    def remove(self, message: Message) -> None:
        """It is deleted."""
        message.folder.messages.remove(message)
        del self._by_id[message.id]

    def messages(self) -> list[Message]:
        """All of them, folder by folder."""
        return [message for folder in self.folders for message in folder.messages]

    def message(self, id: str) -> Message:
        """By either identifier. Raises Refusal."""
        found = self._by_id.get(id) or self._by_id.get(_lasting(id))
        if found is not None and id in {found.id, found.passing_id}:
            return found
        raise Refusal(404, "ErrorItemNotFound", "The specified object was not found in the store.")

    def folder_of(self, id: str) -> Folder:
        """Raises Refusal."""
        for folder in self.folders:
            if folder.id == id:
                return folder
        raise Refusal(404, "ErrorItemNotFound", "The specified object was not found in the store.")


def _lasting(passing: str) -> str:
    try:
        return base64.b64decode(passing).decode().partition("\0")[0]
    except ValueError:
        return ""


class Mailboxes:
    """Of the tenant, by user."""

    def __init__(self, tenant: Tenant) -> None:
        self._by_user: dict[str, Mailbox] = {}

    def of(self, user: str) -> Mailbox:
        """The user's mailbox, by the user's identifier."""
        return self._by_user.setdefault(user, Mailbox(user))


def mime_of(subject: str, octets: int) -> Content:
    """A message of about so many bytes."""
    head = (
        f"Subject: {subject}\r\nFrom: origen@example.org\r\nTo: ana@entidad.gov.co\r\nMIME-Version: 1.0\r\n"
        "Content-Type: text/plain; charset=us-ascii\r\n\r\n"
    ).encode("ascii")
    return Content(max(octets, len(head)), "mime", head)


def mailbox_asked(tenant: Tenant, asked: Asked) -> Mailbox:
    """The mailbox of the path's user, where it answers. Raises Refusal."""
    return tenant.part(Mailboxes).of(tenant.people.mailbox_of(asked.match["user"]).id)


def _described_folder(mailbox: Mailbox, folder: Folder) -> Body:
    whole: dict[str, object] = {
        "id": folder.id,
        "displayName": folder.name,
        "childFolderCount": sum(1 for each in mailbox.folders if each.parent is folder),
        "totalItemCount": len(folder.messages),
        "unreadItemCount": sum(not message.is_read for message in folder.messages),
        "isHidden": folder.hidden,
    }
    return {"@odata.type": "#microsoft.graph.mailSearchFolder", **whole} if folder.kind == "SearchFolder" else whole


def _folders(tenant: Tenant, asked: Asked) -> Answer:
    mailbox = mailbox_asked(tenant, asked)
    key = asked.match.groupdict().get("folder")
    parent = mailbox.folder_of(unquote(key)) if key else None
    everything = asked.query.get("includeHiddenFolders") == "true"
    found = [each for each in mailbox.folders if each.parent is parent and (everything or not each.hidden)]
    return paged(asked, found, lambda folder: _described_folder(mailbox, folder))


def _described_message(asked: Asked, message: Message) -> Body:
    immutable = 'IdType="ImmutableId"' in asked.headers.get("prefer", "")
    whole = {
        "@odata.etag": 'W/"1"',
        "id": message.id if immutable else message.passing_id,
        "subject": message.subject,
        "receivedDateTime": instant(message.received),
        "isRead": message.is_read,
        "hasAttachments": bool(message.attachments),
        "parentFolderId": message.folder.id,
        "body": {"contentType": "text", "content": f"Cuerpo de {message.subject}"},
    }
    return chosen(asked, whole)


def _messages(tenant: Tenant, asked: Asked) -> Answer:
    folder = mailbox_asked(tenant, asked).folder_of(unquote(asked.match["folder"]))
    return paged(asked, folder.messages, lambda message: _described_message(asked, message))


def _message(tenant: Tenant, asked: Asked) -> Answer:
    message = mailbox_asked(tenant, asked).message(unquote(asked.match["message"]))
    return Answer(200, _described_message(asked, message))


def _value(tenant: Tenant, asked: Asked) -> Answer:
    message = mailbox_asked(tenant, asked).message(unquote(asked.match["message"]))
    if message.unconvertible:
        raise Refusal(500, message.unconvertible, "Content conversion failed.")
    return streamed(message.content, "text/plain")


def streamed(content: Content, content_type: str = "application/octet-stream") -> Answer:
    """A whole content, in pieces."""
    headers = {"Content-Length": str(content.size), "Content-Type": content_type}
    return Answer(200, headers=headers, stream=content.pieces())


def _attachments(tenant: Tenant, asked: Asked) -> Answer:
    message = mailbox_asked(tenant, asked).message(unquote(asked.match["message"]))
    return paged(asked, message.attachments, lambda attachment: attachment.described)


def _attachment(tenant: Tenant, asked: Asked) -> Answer:
    message = mailbox_asked(tenant, asked).message(unquote(asked.match["message"]))
    return attachment_value(message.attachments, unquote(asked.match["attachment"]))


def attachment_value(attachments: Sequence[Attachment], id: str) -> Answer:
    """The raw attachment. Raises Refusal; there is nothing raw in a reference."""
    for attachment in attachments:
        if attachment.id == id:
            if attachment.kind == "reference":
                raise Refusal(405, "ErrorInvalidRequest", "A reference attachment has no content.")
            return streamed(attachment.content)
    raise Refusal(404, "ErrorItemNotFound", "The specified object was not found in the store.")


_READ = ("Mail.Read", "Mail.ReadWrite")
_USER = r"/users/(?P<user>[^/]+)"
_MESSAGE = rf"{_USER}/messages/(?P<message>[^/]+)"

ROUTES: tuple[Route, ...] = (
    Route("GET", rf"{_USER}/mailFolders", _folders, _READ),
    Route("GET", rf"{_USER}/mailFolders/(?P<folder>[^/]+)/childFolders", _folders, _READ),
    Route("GET", rf"{_USER}/mailFolders/(?P<folder>[^/]+)/messages", _messages, _READ),
    Route("GET", rf"{_MESSAGE}/\$value", _value, _READ),
    Route("GET", rf"{_MESSAGE}/attachments", _attachments, _READ),
    Route("GET", rf"{_MESSAGE}/attachments/(?P<attachment>[^/]+)/\$value", _attachment, _READ),
    Route("GET", _MESSAGE, _message, _READ),
)
