"""Reading delivery reports: the shapes that servers write, what is none, and what somebody hostile may send."""

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from notify.bounces.report import MOST_BYTES, OWN_ID_HEADER, read_report, reason_of
from tests.delivery_reports import MESSAGE_ID, OUT_OF_OFFICE, READ, TO, exchange, exim, gmail, postfix

SHAPES = [exim, postfix, exchange, gmail]


@pytest.mark.parametrize("shape", SHAPES)
def test_a_failure_says_which_mail_and_to_whom(shape: Callable[..., bytes]) -> None:
    """Exim, Postfix, Exchange and Gmail: our Message-ID, the address, for good, and the status."""
    reported = read_report(shape(status="5.1.1"))
    assert reported is not None
    assert (reported.message_id, reported.recipient) == (MESSAGE_ID, TO)
    assert (reported.permanent, reported.status) == (True, "5.1.1")


@pytest.mark.parametrize("shape", SHAPES)
def test_a_delay_is_told_apart(shape: Callable[..., bytes]) -> None:
    """The servers still try."""
    reported = read_report(shape(action="delayed", status="4.4.1"))
    assert reported is not None
    assert not reported.permanent


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("action", ["delivered", "relayed", "expanded", "cualquiera"])
def test_what_did_arrive_is_no_bounce(shape: Callable[..., bytes], action: str) -> None:
    """A report of success is passed over."""
    assert read_report(shape(action=action, status="2.0.0")) is None


def test_the_address_is_the_one_that_we_wrote_to() -> None:
    """Where the mail was forwarded, the report names an address that we never knew; the returned mail has ours."""
    reported = read_report(postfix().replace(f"rfc822; {TO}".encode(), b"rfc822; buzon@otro.example"))
    assert reported is not None
    assert reported.recipient == TO
    forwarded = exchange().replace(b"Final-Recipient: rfc822;" + TO.encode(), b"Final-Recipient: rfc822;buzon@otro.example")
    reported = read_report(forwarded)
    assert reported is not None
    assert reported.recipient == TO


def test_our_own_header_counts_more_than_the_message_id() -> None:
    """A transport that puts its own Message-ID in the place of ours keeps the header that repeats it."""
    mail = postfix("<otro@exchange.example>").replace(b"Subject: Datos de acceso", f"{OWN_ID_HEADER}: {MESSAGE_ID}".encode())
    reported = read_report(mail)
    assert reported is not None
    assert reported.message_id == MESSAGE_ID


@pytest.mark.parametrize(
    "mail",
    [
        b"",
        b"\x00" * 1000,
        OUT_OF_OFFICE,
        READ,
        exim().replace(b"multipart/report", b"multipart/mixed"),
        exim().replace(b"message/delivery-status", b"text/plain"),
        exim().replace(MESSAGE_ID.encode(), b"<con espacios@x>"),
        exim().replace(b"Status: 5.0.0", b"Status: muy mal"),
        exim().replace(b"Status: 5.0.0", b"Status: 2.0.0"),
        exim().replace(b"Status: 5.0.0", b"X: y"),
        exim().replace(TO.encode(), b"no es una direcci\xc3\xb3n"),
        exim().replace(b"--1763818800-eximdsn-1", b"--otra"),
        b"Content-Type: multipart/report\r\n\r\n",
        b"Content-Type: multipart/report; boundary=\r\n\r\n",
    ],
)
def test_what_is_no_delivery_report_is_passed_over(mail: bytes) -> None:
    """Automatic answers, reading receipts, and whatever is malformed."""
    assert read_report(mail) is None


def test_hostile_sizes_are_bounded() -> None:
    """Thousands of parts, of recipients, of nested parts, or of megabytes: an answer, at once, and never an error."""
    nested = b"".join(b'Content-Type: multipart/report; boundary="%d"\r\n\r\n--%d\r\n' % (n, n) for n in range(5_000))
    assert read_report(nested) is None
    many = exim().replace(b"--1763818800-eximdsn-1\r\n", b"--1763818800-eximdsn-1\r\n\r\nx\r\n" * 2_000, 1)
    assert read_report(many) is None
    blocks = b"\r\n\r\nAction: delivered\r\nStatus: 2.0.0" * 5_000
    assert read_report(exim().replace(b"Reporting-MTA: dns; mail.example", b"Reporting-MTA: x" + blocks)) is None
    assert read_report(exchange().replace(b"<otra-cosa@entidad.gov.co>", b"<x@y.co>\r\n\t" * 20_000)) is not None
    assert read_report(exim() + b"x" * (3 * MOST_BYTES)) is not None


@settings(max_examples=50, deadline=None, derandomize=True, database=None)
@given(st.sampled_from(SHAPES), st.data())
def test_nothing_that_is_cut_or_mixed_raises(shape: Callable[..., bytes], data: st.DataObject) -> None:
    """Any damage: either the truth of the mail, or nothing."""
    octets = bytearray(shape())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(octets) - 1))
        octets[at : at + data.draw(st.integers(0, 60))] = data.draw(st.binary(max_size=40))
        if not octets:
            break
    reported = read_report(bytes(octets))
    assert reported is None or (reported.recipient.isascii() and reason_of(reported.status).isprintable())


def test_the_reason_is_made_of_the_status_alone() -> None:
    """No text of a report reaches anybody: it would be a stranger's words in our mail."""
    assert reason_of("5.1.1") == "la dirección no existe (5.1.1)"
    assert reason_of("5.2.2") == "el buzón está lleno (5.2.2)"
    assert reason_of("5.7.133").startswith("el servidor del destinatario lo rechazó")
    assert reason_of("5.9.9") == "no se pudo entregar (5.9.9)"
