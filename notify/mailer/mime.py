"""A message as it travels (RFC 5322, 2045, 3834): text and HTML alternatives, in ASCII only, with no way to inject a header."""

import hashlib
import re
import unicodedata
from binascii import b2a_qp
from dataclasses import dataclass, field
from datetime import datetime
from email.header import Header
from email.quoprimime import body_encode
from email.utils import format_datetime, formataddr
from functools import lru_cache

from config.errors import Misconfigured, RecipientRefused, Target
from config.vocabulary import EmailAddress
from notify.mailer.port import Message

# RFC 5321 4.1.2 without quoted local parts, comments, address literals or internationalised addresses: what the form
# accepts, and nothing that could carry a second command or header. One flat pattern a part: nothing to backtrack over.
_ATOM = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+")
_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?")
_MESSAGE_ID = re.compile(r"<[A-Za-z0-9.!#$%&'*+/=^_`{|}~@-]{3,200}>")

# What opens an encoded word (RFC 2047). The standard library decodes it wherever it reads a header value, its own included,
# and with it a line break that was hidden inside: "=?utf-8?q?=0D=0ABcc:_x?=" in a name added a header (found by the tests).
_ENCODED_WORD = "=?"


@dataclass(frozen=True, slots=True)
class Composed:
    """A message in its octets; the two questions are those of the standard library's message."""

    octets: bytes = field(repr=False)
    """With CRLF at every line's end."""
    boundary: str

    def as_bytes(self, *, linesep: str = "\r\n") -> bytes:
        """The octets as they travel, or with the line ends of a file."""
        return self.octets if linesep == "\r\n" else self.octets.replace(b"\r\n", linesep.encode("ascii"))

    def get_boundary(self) -> str:
        """What stands between the parts."""
        return self.boundary


def mime_message(message: Message, now: datetime) -> Composed:
    """The message with all its headers; the same message and `now` (aware) give the same bytes.

    Quoted-printable throughout, so that a server without 8BITMIME takes it unchanged. Raises RecipientRefused for an address
    that cannot be one, Misconfigured for a sender that cannot be one, and ValueError for a Message-ID that is not one (a fault
    of ours, not of the data).

    Every value that is written as it stands was matched whole against a pattern without spaces or line ends first; it is
    never folded, because as an encoded word a long identifier would be lost to the conversation.
    """
    answered = _message_id(message.in_reply_to) if message.in_reply_to else None
    # "=_" cannot stand in quoted-printable (RFC 2045 6.7), so no text can close a part before its end.
    boundary = f"=_{hashlib.sha256(message.message_id.encode()).hexdigest()[:32]}"
    head = [
        f"Message-ID: {_message_id(message.message_id)}",
        f"Date: {format_datetime(now)}",
        _sender(header_text(message.sender_name), _own(message.sender)),
        f"To: {checked_recipient(message.to)}",
        f"Subject: {_folded('Subject', header_text(message.subject))}",
        *([f"Reply-To: {_own(message.reply_to)}"] if message.reply_to else []),
        *([f"In-Reply-To: {answered}", f"References: {answered}"] if answered else []),
        # RFC 3834: no vacation reply may answer this. The second header tells Exchange; it leaves NDR out of the list on
        # purpose, because a bounce is how we learn that the report did not arrive (activity 4, "¿Reporte exitoso?").
        "Auto-Submitted: auto-generated",
        "X-Auto-Response-Suppress: OOF, AutoReply, DR, RN, NRN",
        "Content-Language: es",
        "MIME-Version: 1.0",
        f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"',
    ]
    parts = [_part("plain", message.text, boundary), _part("html", message.html, boundary)]
    octets = "\r\n".join(head).encode("ascii") + b"\r\n\r\n" + b"".join(parts) + f"--{boundary}--\r\n".encode("ascii")
    return Composed(octets, boundary)


def _part(subtype: str, text: str, boundary: str) -> bytes:
    head = (
        f"--{boundary}",
        f'Content-Type: text/{subtype}; charset="utf-8"',
        "Content-Transfer-Encoding: quoted-printable",
    )
    return "\r\n".join(head).encode("ascii") + b"\r\n\r\n" + _quoted_printable(text) + b"\r\n"


def _quoted_printable(text: str) -> bytes:
    """RFC 2045 6.7: lines of 76 characters at most, CRLF at each one's end, and one at the text's end."""
    lines = text.encode("utf-8", "replace").splitlines()
    octets = b"\r\n".join([*lines, b""])
    if b" \r\n" in octets or b"\t\r\n" in octets:
        # binascii makes a line of 78 characters of one of 76 that ends in a space (found by the tests).
        return body_encode(octets.decode("latin-1"), eol="\r\n").encode("ascii")
    return b2a_qp(octets)


def checked_recipient(address: EmailAddress) -> EmailAddress:
    """The address, if it can be given to a server as it is. Raises RecipientRefused (Target.MAIL)."""
    if is_address(address):
        return address
    raise RecipientRefused(
        Target.MAIL,
        f"«{header_text(address[:100])}» no es una dirección de correo a la que se pueda escribir.",
        remedy="Corrija la dirección; debe ser como nombre@dominio.com, sin espacios, tildes ni eñes.",
    )


def is_address(text: str) -> bool:
    """Whether the text is an ASCII address of RFC 5321's everyday form."""
    local_part, _, domain = text.partition("@")
    return (
        len(text) <= 254
        and _ENCODED_WORD not in text
        and len(local_part) <= 64
        and all(_ATOM.fullmatch(atom) for atom in local_part.split("."))
        and all(_LABEL.fullmatch(label) for label in domain.split("."))
    )


def header_text(text: str) -> str:
    """The text on one line, without control characters, halves of surrogate pairs or encoded words, as headers can carry it."""
    if not text.isprintable():
        spaced = (" " if unicodedata.category(letter) in {"Cc", "Zl", "Zp"} else letter for letter in text)
        text = "".join(spaced).encode("utf-8", "replace").decode("utf-8")
    return " ".join(text.replace(_ENCODED_WORD, "= ?").split())


def _own(address: EmailAddress) -> EmailAddress:
    if is_address(address):
        return address
    raise Misconfigured(
        Target.MAIL,
        f"La dirección de la institución «{header_text(address[:100])}» no es válida.",
        remedy="Corrija sender y reply_to en [mail] de la política de la institución.",
    )


@lru_cache(maxsize=16)
def _sender(name: str, address: EmailAddress) -> str:
    """`From:`, with the address on a line of its own when the name needs encoding; else the name is quoted if it must be."""
    if name.isascii():
        return f"From: {formataddr((name, address))}"
    return f"From: {_folded('From', name)}\r\n <{address}>"


def _folded(header: str, text: str) -> str:
    """In lines of 78 characters at most, where there are spaces or accents.

    By the older class: where the newer one of the standard library folds a long text with accents it loses spaces.
    """
    return Header(text, "us-ascii" if text.isascii() else "utf-8", header_name=header).encode(linesep="\r\n")


def _message_id(text: str) -> str:
    if not _MESSAGE_ID.fullmatch(text):
        raise ValueError(f"not a Message-ID in angle brackets: {text!r}")
    return text
