"""A message as it travels (RFC 5322, 2045, 3834): text and HTML alternatives, in ASCII only, with no way to inject a header."""

import hashlib
import re
import unicodedata
from datetime import datetime
from email.header import Header
from email.headerregistry import Address, BaseHeader, HeaderRegistry, MessageIDHeader
from email.message import EmailMessage
from email.policy import SMTP, Policy
from email.utils import format_datetime, formataddr
from typing import Any

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


def mime_message(message: Message, now: datetime) -> EmailMessage:
    """The message with all its headers; the same message and `now` (aware) give the same bytes.

    Quoted-printable throughout, so that a server without 8BITMIME takes it unchanged. Raises RecipientRefused for an address
    that cannot be one, Misconfigured for a sender that cannot be one, and ValueError for a Message-ID that is not one (a fault
    of ours, not of the data).
    """
    mail = EmailMessage(policy=SMTP.clone(header_factory=_headers()))
    mail["Message-ID"] = _message_id(message.message_id)
    mail["Date"] = format_datetime(now)
    mail["From"] = f"{header_text(message.sender_name)} <{_own(message.sender)}>"
    mail["To"] = Address(addr_spec=checked_recipient(message.to))
    mail["Subject"] = header_text(message.subject)
    if message.reply_to:
        mail["Reply-To"] = Address(addr_spec=_own(message.reply_to))
    if message.in_reply_to:
        mail["In-Reply-To"] = _message_id(message.in_reply_to)
        mail["References"] = _message_id(message.in_reply_to)
    # RFC 3834: no vacation reply may answer this. The second header tells Exchange; it leaves NDR out of the list on
    # purpose, because a bounce is how we learn that the report did not arrive (activity 4, "¿Reporte exitoso?").
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "OOF, AutoReply, DR, RN, NRN"
    mail.set_content(_utf8(message.text), charset="utf-8", cte="quoted-printable")
    mail.add_alternative(_utf8(message.html), subtype="html", charset="utf-8", cte="quoted-printable")
    mail["Content-Language"] = "es"  # after the parts, which would have taken it with them
    # "=_" cannot stand in quoted-printable (RFC 2045 6.7), so no text can close a part before its end.
    mail.set_boundary(f"=_{hashlib.sha256(message.message_id.encode()).hexdigest()[:32]}")
    return mail


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
    shown = (" " if unicodedata.category(letter) in {"Cc", "Zl", "Zp"} else letter for letter in text)
    return " ".join(_utf8("".join(shown)).replace(_ENCODED_WORD, "= ?").split())


def _utf8(text: str) -> str:
    return text.encode("utf-8", "replace").decode("utf-8")


def _own(address: EmailAddress) -> EmailAddress:
    if is_address(address):
        return address
    raise Misconfigured(
        Target.MAIL,
        f"La dirección de la institución «{header_text(address[:100])}» no es válida.",
        remedy="Corrija sender y reply_to en [mail] de la política de la institución.",
    )


class _MadeHere(BaseHeader):
    """A header encoded in this module: where the standard library folds a long text with accents it loses spaces."""

    max_count = 1

    @classmethod
    def parse(cls, value: str, kwds: dict[str, Any]) -> None:
        """Nothing to understand."""
        kwds["decoded"], kwds["parse_tree"] = value, None


class _Subject(_MadeHere):
    def fold(self, *, policy: Policy) -> str:
        """In lines of 78 characters at most, where there are spaces or accents."""
        return f"{self.name}: {_folded(self.name, self, policy)}{policy.linesep}"


class _Sender(_MadeHere):
    """`name <address>`."""

    def fold(self, *, policy: Policy) -> str:
        """The address on a line of its own when the name needs encoding; else the name is quoted if it must be."""
        name, _, address = str(self).rpartition(" ")
        if name.isascii():
            return f"{self.name}: {formataddr((name, address.strip('<>')))}{policy.linesep}"
        return f"{self.name}: {_folded(self.name, name, policy)}{policy.linesep} {address}{policy.linesep}"


def _folded(header: str, text: str, policy: Policy) -> str:
    return Header(text, "us-ascii" if text.isascii() else "utf-8", header_name=header).encode(linesep=policy.linesep)


def _message_id(text: str) -> str:
    if not _MESSAGE_ID.fullmatch(text):
        raise ValueError(f"not a Message-ID in angle brackets: {text!r}")
    return text


def _headers() -> HeaderRegistry:
    registry = HeaderRegistry()
    registry.map_to_type("from", _Sender)
    registry.map_to_type("subject", _Subject)
    # As unstructured text a long identifier would be folded into an encoded word, and the conversation would be lost.
    # (Made by type() because typeshed does not know that MessageIDHeader is meant to be mixed with BaseHeader.)
    identifier = type("Identifier", (MessageIDHeader, BaseHeader), {})
    registry.map_to_type("in-reply-to", identifier)
    registry.map_to_type("references", identifier)
    return registry
