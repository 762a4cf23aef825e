"""Reading delivery reports (RFC 3464) as Exim, Postfix, Exchange and Gmail write them. Pure; every input may be hostile.

A mail is a delivery report when it says so in its structure: `multipart/report` with a `message/delivery-status` that names a
recipient as failed or delayed, and something that tells which mail it is about. Automatic answers ("Fuera de la oficina"),
reading receipts, complaints and whatever is malformed are not. No text of a report is used but what matches a narrow pattern.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from email import message_from_bytes
from email.message import Message
from email.parser import HeaderParser
from email.utils import getaddresses

from config.vocabulary import EmailAddress
from notify.bounces.port import Bounce
from notify.mailer.mime import is_address

MOST_BYTES = 512 * 1024
"""More of a report is not read: what it reports comes first, and our own mails are small."""
_MOST_PARTS = 40
_MOST_MULTIPARTS = 8
_MOST_RECIPIENTS = 20

OWN_ID_HEADER = "X-Gestion-Message-ID"
"""Repeats our Message-ID, for a transport that may put its own in the place of it."""

_MESSAGE_ID = re.compile(r"<[A-Za-z0-9.!#$%&'*+/=^_`{|}~@-]{3,200}>")
_STATUS = re.compile(r"\s*([245]\.\d{1,3}\.\d{1,3})(?![\d.])")
_REPORTED = re.compile(r"\s*(?:rfc822|utf-8)\s*;\s*<?([^<>\s;]{3,254})>?\s*", re.IGNORECASE)
_RETURNED = frozenset(
    {"message/rfc822", "message/global", "text/rfc822-headers", "message/rfc822-headers", "message/global-headers"}
)
_STATUSES = frozenset({"message/delivery-status", "message/global-delivery-status"})


@dataclass(frozen=True, slots=True)
class Reported:
    """What a delivery report claims; the fields are those of a `Bounce`."""

    message_id: str
    recipient: EmailAddress
    permanent: bool
    status: str


def bounce_of(octets: bytes, arrived_at: datetime, key: str) -> Bounce | None:
    """The mail as a bounce that arrived then (aware UTC); None when it is none. Never raises."""
    reported = read_report(octets)
    if reported is None:
        return None
    reason = reason_of(reported.status)
    return Bounce(reported.message_id, reported.recipient, reported.permanent, reported.status, reason, arrived_at, key)


def read_report(octets: bytes) -> Reported | None:
    """What the mail reports; None when it is no delivery report, or says nothing that can be used. Never raises."""
    octets = octets[:MOST_BYTES]
    # Before anything is parsed: nested parts are parsed by recursion.
    if octets.lower().count(b"multipart/") > _MOST_MULTIPARTS:
        return None
    mail = message_from_bytes(octets)
    if mail.get_content_type() != "multipart/report" or not mail.is_multipart():
        return None
    parts = [part for _, part in zip(range(_MOST_PARTS), _parts_of(mail), strict=False)]
    failure = next((found for part in parts if part.get_content_type() in _STATUSES for found in _failures(part)), None)
    if failure is None:
        return None
    permanent, status, reported_to = failure
    headers = next((found for part in parts if (found := _returned_headers(part)) is not None), None)
    message_id = _identity(headers, mail)
    recipient = _addressee(headers) or reported_to
    if message_id is None or recipient is None:
        return None
    return Reported(message_id, recipient, permanent, status)


def _parts_of(mail: Message) -> Iterator[Message]:
    """The report's own parts, not those of the mail that it returns."""
    payload = mail.get_payload()
    for part in payload if isinstance(payload, list) else []:
        if isinstance(part, Message):
            yield part


def _failures(part: Message) -> Iterator[tuple[bool, str, EmailAddress | None]]:
    """Whether for good, status and recipient of each block that tells of one who did not get it; failures come first."""
    found = [each for _, block in zip(range(_MOST_RECIPIENTS), _parts_of(part), strict=False) if (each := _failure(block))]
    yield from sorted(found, key=lambda each: not each[0])


def _failure(block: Message) -> tuple[bool, str, EmailAddress | None] | None:
    action = _text(block, "Action").strip().lower()
    status = _STATUS.match(_text(block, "Status"))
    if action not in {"failed", "delayed"} or status is None or status[1].startswith("2"):
        return None
    named = (_REPORTED.fullmatch(_text(block, field)) for field in ("Original-Recipient", "Final-Recipient"))
    address = next((match[1] for match in named if match is not None and is_address(match[1])), None)
    return action == "failed", status[1], EmailAddress(address) if address else None


def _returned_headers(part: Message) -> Message | None:
    """The headers of the mail that came back, whole or in part."""
    if part.get_content_type() not in _RETURNED:
        return None
    if part.is_multipart():
        return next(_parts_of(part), None)
    payload = part.get_payload(decode=True)
    if not isinstance(payload, bytes):
        return None
    return HeaderParser().parsestr(payload.decode("ascii", "replace"))


def _identity(returned: Message | None, report: Message) -> str | None:
    """The mail's Message-ID: as it came back, or as the report refers to it (Exchange)."""
    claims = [_text(returned, OWN_ID_HEADER), _text(returned, "Message-ID")] if returned is not None else []
    claims += [_text(report, "In-Reply-To"), *reversed(_text(report, "References")[-2000:].split())]
    return next((match[0] for claim in claims if (match := _MESSAGE_ID.fullmatch(claim.strip()))), None)


def _addressee(returned: Message | None) -> EmailAddress | None:
    """To whom we wrote: where a mail is forwarded, the report names an address that we never knew."""
    if returned is None:
        return None
    addresses = [address for _, address in getaddresses([_text(returned, "To")[:1000]])]
    return EmailAddress(addresses[0]) if len(addresses) == 1 and is_address(addresses[0]) else None


def _text(message: Message, header: str) -> str:
    return str(message.get(header, ""))[:4000]


_REASONS = (
    ("5.1.2", "el dominio de la dirección no existe o no recibe correo"),
    ("5.1.", "la dirección no existe"),
    ("5.2.2", "el buzón está lleno"),
    ("4.2.2", "el buzón está lleno"),
    ("5.2.1", "el buzón está deshabilitado"),
    ("5.2.3", "el buzón no admite un mensaje de ese tamaño"),
    ("5.3.4", "el servidor no admite un mensaje de ese tamaño"),
    ("5.4.1", "el servidor del destinatario no lo recibe"),
    ("5.4.", "no se encontró el servidor del destinatario"),
    ("4.4.", "el servidor del destinatario no respondió a tiempo"),
    ("5.6.", "el servidor del destinatario no admite el contenido"),
    ("5.7.", "el servidor del destinatario lo rechazó por sus reglas de seguridad"),
    ("4.7.", "el servidor del destinatario lo rechazó por sus reglas de seguridad"),
)


def reason_of(status: str) -> str:
    """What an enhanced status code (RFC 3463) means, in Spanish."""
    said = next((reason for prefix, reason in _REASONS if status.startswith(prefix)), "no se pudo entregar")
    return f"{said} ({status})"
