"""Sending: drafts, Sent Items, `sendMail`, and a mailbox whose mails can be looked for (https://learn.microsoft.com/graph/api/user-sendmail).

What is sent is delivered at once, as octets, into `Post.delivered`; what `receive` brings lies in the addressee's mailbox.
"""

import base64
import binascii
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP

from tests.servers.graph.routing import Answer, Asked, Body, Refusal, Route
from tests.servers.graph.tenant import Tenant

_USER = r"/users/(?P<user>[^/]+)"
_OWN = rf"{_USER}/messages/(?P<message>correo-[0-9]+)"
_BY_ID = re.compile(r"internetMessageId eq '((?:[^']|'')*)'")
_SINCE = re.compile(r"receivedDateTime ge (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)")
_REPORTS = "singleValueExtendedProperties($filter=id eq 'String 0x001A')"


@dataclass
class Mail:
    """One item of a mailbox."""

    id: str
    octets: bytes
    at: datetime
    is_draft: bool = False
    message_class: str = "IPM.Note"

    @property
    def header(self) -> EmailMessage:
        """Parsed."""
        return message_from_bytes(self.octets, _class=EmailMessage, policy=SMTP)


@dataclass
class Post:
    """Of the tenant: mailboxes by address in small letters, and what went out."""

    mailboxes: dict[str, list[Mail]] = field(default_factory=dict)
    delivered: list[bytes] = field(default_factory=list)
    refused: set[str] = field(default_factory=set)
    """Addresses to which Exchange refuses to send."""
    made: int = 0

    def open(self, address: str) -> list[Mail]:
        """The mailbox of an address, made if it is not there."""
        return self.mailboxes.setdefault(address.lower(), [])

    def of(self, address: str) -> list[Mail]:
        """Raises Refusal for an address without a mailbox."""
        found = self.mailboxes.get(address.lower())
        if found is None:
            raise Refusal(404, "ErrorInvalidUser", f"The requested user '{address}' is invalid.")
        return found

    def put(self, mailbox: list[Mail], octets: bytes, at: datetime, *, is_draft: bool = False) -> Mail:
        """One more item."""
        self.made += 1
        report = b"report-type=delivery-status" in octets
        message_class = "REPORT.IPM.Note.NDR" if report else "IPM.Note"
        mail = Mail(f"correo-{self.made}", octets, at, is_draft, message_class)
        mailbox.append(mail)
        return mail

    def send(self, octets: bytes) -> None:
        """Deliver. Raises Refusal for an addressee who is refused."""
        to = str(message_from_bytes(octets)["To"]).lower()
        if to in self.refused:
            raise Refusal(400, "ErrorInvalidRecipients", "At least one recipient isn't valid.")
        self.delivered.append(octets)


def post_of(tenant: Tenant) -> Post:
    """The tenant's post."""
    return tenant.part(_Part).post


class _Part:
    def __init__(self, tenant: Tenant) -> None:
        self.post = Post()


def _list(tenant: Tenant, asked: Asked) -> Answer:
    mails = post_of(tenant).of(asked.match["user"])
    where = asked.query.get("$filter", "")
    by_id, since = _BY_ID.fullmatch(where), _SINCE.fullmatch(where)
    if where and not by_id and not since:
        raise Refusal(400, "BadRequest", "Invalid filter clause.")
    if by_id:
        wanted = by_id[1].replace("''", "'")
        mails = [mail for mail in mails if mail.header["Message-ID"] == wanted]
    if since:
        begin = datetime.strptime(since[1], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
        mails = [mail for mail in mails if mail.at >= begin]
    if asked.query.get("$orderby") == "receivedDateTime asc":
        if not since:
            raise Refusal(400, "InefficientFilter", "The restriction or sort order is too complex for this operation.")
        mails = sorted(mails, key=lambda mail: mail.at)
    top, skip = int(asked.query.get("$top", 10)), int(asked.query.get("$skip", 0))
    page: dict[str, object] = {"value": [_described(mail, asked.query) for mail in mails[skip : skip + top]]}
    if skip + top < len(mails):
        query = "&".join(f"{name}={value}" for name, value in {**asked.query, "$skip": str(skip + top)}.items())
        page["@odata.nextLink"] = f"{asked.base}{asked.path}?{query}".replace(" ", "%20")
    return Answer(200, page)


def _described(mail: Mail, query: Mapping[str, str]) -> Body:
    header = mail.header
    sender = re.search(r"[^<\s]+@[^>\s]+", str(header["From"] or ""))
    whole: dict[str, object] = {
        "id": mail.id,
        "isDraft": mail.is_draft,
        "internetMessageId": str(header["Message-ID"] or ""),
        "receivedDateTime": f"{mail.at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "from": {"emailAddress": {"address": sender[0] if sender else ""}},
    }
    chosen = {"id", *query["$select"].split(",")} if "$select" in query else whole.keys()
    told = {name: value for name, value in whole.items() if name in chosen}
    if query.get("$expand") == _REPORTS:
        told["singleValueExtendedProperties"] = [{"id": "String 0x1a", "value": mail.message_class}]
    return told


def _draft(tenant: Tenant, asked: Asked) -> Answer:
    if asked.headers.get("content-type") != "text/plain":
        raise Refusal(415, "UnsupportedMediaType", "This fake takes drafts as MIME only.")
    try:
        octets = base64.b64decode(asked.body, validate=True)
    except binascii.Error as error:
        raise Refusal(400, "ErrorMimeContentInvalidBase64String", "Invalid base64 string for MIME content.") from error
    post = post_of(tenant)
    mail = post.put(post.of(asked.match["user"]), octets, tenant.clock(), is_draft=True)
    return Answer(201, _described(mail, {}))


def _send_draft(tenant: Tenant, asked: Asked) -> Answer:
    post = post_of(tenant)
    mail = _found(post, asked)
    if not mail.is_draft:
        raise Refusal(400, "ErrorItemNotDraft", "The item is not a draft.")
    post.send(mail.octets)
    mail.is_draft = False
    return Answer(202)


def _send_mail(tenant: Tenant, asked: Asked) -> Answer:
    post, body = post_of(tenant), asked.json()
    mailbox = post.of(asked.match["user"])
    octets = _mime(body["message"])
    post.send(octets)
    if body.get("saveToSentItems", True):
        post.put(mailbox, octets, tenant.clock())
    return Answer(202)


def _mime(message: object) -> bytes:
    """What Exchange makes of a JSON message: with a Message-ID of its own, and only the headers that begin with X-."""
    if not isinstance(message, dict):
        raise Refusal(400, "ErrorInvalidRequest", "A message is an object.")
    made = EmailMessage(policy=SMTP)
    made["Message-ID"] = "<exchange@prod.outlook.example>"
    made["Subject"] = message["subject"]
    sender = message["from"]["emailAddress"]
    made["From"] = f'"{sender["name"]}" <{sender["address"]}>'
    made["To"] = message["toRecipients"][0]["emailAddress"]["address"]
    for header in message.get("internetMessageHeaders", ()):
        if not header["name"].lower().startswith("x-"):
            raise Refusal(400, "InvalidInternetMessageHeader", "The internet message header name should start with 'x-'.")
        made[header["name"]] = header["value"]
    made.set_content(message["body"]["content"], subtype="html")
    return made.as_bytes()


def _value(tenant: Tenant, asked: Asked) -> Answer:
    return Answer(200, body=_found(post_of(tenant), asked).octets, headers={"Content-Type": "text/plain"})


def _found(post: Post, asked: Asked) -> Mail:
    for mail in post.of(asked.match["user"]):
        if mail.id == asked.match["message"]:
            return mail
    raise Refusal(404, "ErrorItemNotFound", "The specified object was not found in the store.")


ROUTES: tuple[Route, ...] = (
    Route("GET", rf"{_USER}/messages", _list, ("Mail.Read", "Mail.ReadWrite")),
    Route("POST", rf"{_USER}/messages", _draft, ("Mail.ReadWrite",)),
    Route("POST", rf"{_OWN}/send", _send_draft, ("Mail.Send",)),
    Route("POST", rf"{_USER}/sendMail", _send_mail, ("Mail.Send",)),
    Route("GET", rf"{_OWN}/\$value", _value, ("Mail.Read", "Mail.ReadWrite")),
)
