"""A message as it travels: for any text, exactly our headers, in ASCII, and never one more."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from email import message_from_bytes
from email.header import decode_header, make_header
from email.policy import compat32
from email.utils import parseaddr

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from config.errors import Misconfigured, RecipientRefused
from config.vocabulary import EmailAddress
from notify.mailer.mime import checked_recipient, header_text, is_address, mime_message
from notify.mailer.port import Message
from tests.servers.mail import parsed

NOW = datetime(2026, 11, 24, 15, 30, tzinfo=UTC)
MESSAGE = Message(
    message_id="<GU-2026-000123.report.1@entidad.gov.co>",
    sender_name="Gestión de Usuarios EPN",
    sender=EmailAddress("gestion.usuarios@entidad.gov.co"),
    to=EmailAddress("ana@ejemplo.co"),
    subject="[GU-2026-000123] Solicitud atendida",
    text="Buen día\n",
    html="<p>Buen día</p>\n",
    reply_to=EmailAddress("mesa@entidad.gov.co"),
    in_reply_to="<GU-2026-000123.correction.1@entidad.gov.co>",
)
HEADERS = [
    "Message-ID", "Date", "From", "To", "Subject", "Reply-To", "In-Reply-To", "References", "Content-Language",
    "Auto-Submitted", "X-Auto-Response-Suppress", "MIME-Version", "Content-Type",
]  # fmt: skip


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=300), st.text(max_size=100))
@example("Ana\r\nBcc: x@evil.example\r\n\r\ncuerpo", "Mesa\nBcc: x@evil.example")
@example("=?utf-8?q?=0D=0ABcc:_x@evil.example?=", "=?utf-8?b?DQpCY2M6IHhAZXZpbC5leGFtcGxl?=")
@example("ñ" * 300, 'Peña, "la" <x@evil.example>')
@example("x" * 300, "\\")
@example("\ud83d", "\udc80")
def test_no_text_adds_a_header(subject: str, name: str) -> None:
    """Line breaks, encoded words and quotes stay inside the header they were given for."""
    octets = mime_message(replace(MESSAGE, subject=subject, sender_name=name), NOW).as_bytes()
    assert octets.isascii()
    assert b"\n" not in octets.replace(b"\r\n", b"")
    assert b"\r" not in octets.replace(b"\r\n", b"")
    assert max(len(line) for line in octets.split(b"\r\n")) <= 998
    mail = parsed(octets)
    assert sorted(mail) == sorted(HEADERS)
    assert [address.addr_spec for address in mail["From"].addresses] == [MESSAGE.sender]
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]


@given(st.text(alphabet="áéíóúñÑü,.;:«»—'\"()<>@[] aeiouAEIOU0123", max_size=200))
@example(" ".join(["ñáé éá"] * 20))
@settings(deadline=None)
def test_spanish_text_comes_back_letter_by_letter(text: str) -> None:
    """Subject and display name, with accents and all punctuation."""
    octets = mime_message(replace(MESSAGE, subject=text, sender_name=text), NOW).as_bytes()
    # Not with the modern parser of Python 3.11, which puts spaces between the encoded words of a name.
    mail = message_from_bytes(octets.replace(b"\r\n ", b" "), policy=compat32)
    name, address = parseaddr(mail["From"])
    assert str(make_header(decode_header(name))) == header_text(text)
    assert address == MESSAGE.sender
    assert str(make_header(decode_header(mail["Subject"]))) == header_text(text)


@given(st.text(), st.text())
@example("\ud83d", "\ud83d")
@settings(deadline=None)
def test_no_text_closes_its_part(text: str, html: str) -> None:
    """Boundaries and lines with a single dot inside a body are only text."""
    boundary = mime_message(MESSAGE, NOW).get_boundary()
    hostile = replace(MESSAGE, text=f"--{boundary}--\r\n.\r\n{text}", html=f"\n--{boundary}\n{html}")
    mail = parsed(mime_message(hostile, NOW).as_bytes())
    assert len(list(mail.iter_parts())) == 2


def test_the_same_message_gives_the_same_bytes() -> None:
    """Message-ID, boundary and date depend on the message and the instant alone; the date is the instant in UTC."""
    assert mime_message(MESSAGE, NOW).as_bytes() == mime_message(MESSAGE, NOW).as_bytes()
    bogota = NOW.astimezone(timezone(timedelta(hours=-5)))
    assert parsed(mime_message(MESSAGE, bogota).as_bytes())["Date"].datetime == NOW


def test_long_identifiers_stay_whole() -> None:
    """A Message-ID is never folded into an encoded word, or the conversation would be lost."""
    long = f"<{'a' * 150}@entidad.gov.co>"
    mail = parsed(mime_message(replace(MESSAGE, message_id=long, in_reply_to=long), NOW).as_bytes())
    assert mail["Message-ID"] == mail["In-Reply-To"] == mail["References"] == long


@pytest.mark.parametrize("text", ["", "a@b.co", "<a b@c.co>", "<a@b.co>\r\nBcc: x@y.z", "<>", "<ñ@b.co>"])
def test_an_identifier_that_is_none_is_our_own_fault(text: str) -> None:
    """It never reaches a server."""
    with pytest.raises(ValueError, match="Message-ID"):
        mime_message(replace(MESSAGE, message_id=text), NOW)


def test_a_wrong_sender_is_the_institutions_to_mend() -> None:
    """Sender and reply address come from the policy, not from the request."""
    with pytest.raises(Misconfigured, match="sender"):
        mime_message(replace(MESSAGE, sender=EmailAddress("nadie")), NOW)
    with pytest.raises(Misconfigured, match="reply_to"):
        mime_message(replace(MESSAGE, reply_to=EmailAddress("a@b\r\n.co")), NOW)


@pytest.mark.parametrize("address", ["ana@ejemplo.co", "o'brien+x@sub.ejemplo.com.co", "a_b.c@x", "A@B.CO", "1@2.co"])
def test_everyday_addresses_are_accepted(address: str) -> None:
    """As the form accepts them."""
    assert checked_recipient(EmailAddress(address)) == address


@given(st.text())
@example("a@" + "b" * 63 + "." * 200)
@example("a@" + "a" * 60 + "!")
@example("a@b.co\n")
@example("=?utf-8?q?=0D=0ABcc=3Ax?=@b.co")
@example("a@b@c.co")
@example("<a@b.co>")
@example("a@b.co,c@d.co")
def test_what_is_no_address_is_refused(text: str) -> None:
    """Whatever passes has one @, no space, no control character, nothing beyond ASCII, nothing that SMTP gives meaning to."""
    if is_address(text):
        assert text.isascii()
        assert text.isprintable()
        assert text.count("@") == 1
        assert not set(text) & set(' <>,;:"\\()[]')
    else:
        with pytest.raises(RecipientRefused):
            checked_recipient(EmailAddress(text))
