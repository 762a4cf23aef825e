"""Delivery reports as mail servers write them, for the tests of whatever reads them."""

from textwrap import dedent

MESSAGE_ID = "<gu-2026-000123.issue-access.1.1.0123456789abcdef01234567@entidad.gov.co>"
TO = "jose.munoz@gmail.com"


def _crlf(text: str) -> bytes:
    return dedent(text).lstrip("\n").replace("\n", "\r\n").encode()


def exim(message_id: str = MESSAGE_ID, to: str = TO, *, action: str = "failed", status: str = "5.0.0") -> bytes:
    """Exim 4.96: the whole mail comes back."""
    return _crlf(f"""
        Return-path: <>
        Received: from Debian-exim by mail.example with local (Exim 4.96)
        X-Failed-Recipients: {to}
        Auto-Submitted: auto-replied
        From: Mail Delivery System <Mailer-Daemon@mail.example>
        To: gestion@entidad.gov.co
        Content-Type: multipart/report; report-type=delivery-status; boundary=1763818800-eximdsn-1
        MIME-Version: 1.0
        Subject: Mail delivery failed: returning message to sender
        Message-Id: <E1vM0a-0001@mail.example>

        --1763818800-eximdsn-1
        Content-type: text/plain; charset=us-ascii

        This message was created automatically by mail delivery software.

        --1763818800-eximdsn-1
        Content-type: message/delivery-status

        Reporting-MTA: dns; mail.example

        Action: {action}
        Final-Recipient: rfc822;{to}
        Status: {status}

        --1763818800-eximdsn-1
        Content-type: message/rfc822

        Message-ID: {message_id}
        From: Gestion <gestion@entidad.gov.co>
        To: {to}
        Subject: =?utf-8?q?Datos_de_acceso?=
        Content-Type: text/plain

        Clave temporal: Rio-Mesa-Luna47
        --1763818800-eximdsn-1--
        """)


def postfix(message_id: str = MESSAGE_ID, to: str = TO, *, action: str = "failed", status: str = "5.1.1") -> bytes:
    """Postfix: only the headers come back."""
    return _crlf(f"""
        Return-Path: <>
        From: MAILER-DAEMON@mx.example (Mail Delivery System)
        To: gestion@entidad.gov.co
        Subject: Undelivered Mail Returned to Sender
        Auto-Submitted: auto-replied
        MIME-Version: 1.0
        Content-Type: multipart/report; report-type=delivery-status;
        \tboundary="4XxYz.1763818800/mx.example"

        This is a MIME-encapsulated message.

        --4XxYz.1763818800/mx.example
        Content-Description: Notification
        Content-Type: text/plain; charset=us-ascii

        I'm sorry to have to inform you that your message could not be delivered.

        --4XxYz.1763818800/mx.example
        Content-Description: Delivery report
        Content-Type: message/delivery-status

        Reporting-MTA: dns; mx.example
        X-Postfix-Queue-ID: 4XxYz
        Arrival-Date: Sun, 22 Nov 2026 08:00:00 -0500 (-05)

        Final-Recipient: rfc822; {to}
        Original-Recipient: rfc822;{to}
        Action: {action}
        Status: {status}
        Diagnostic-Code: smtp; 550 5.1.1 <{to}> user unknown

        --4XxYz.1763818800/mx.example
        Content-Description: Undelivered Message Headers
        Content-Type: text/rfc822-headers

        Message-ID: {message_id}
        To: {to}
        Subject: Datos de acceso

        --4XxYz.1763818800/mx.example--
        """)


def exchange(message_id: str = MESSAGE_ID, to: str = TO, *, action: str = "failed", status: str = "5.1.10") -> bytes:
    """Exchange Online: nothing of the mail but a reference to it."""
    return _crlf(f"""
        From: Microsoft Outlook <MicrosoftExchange329e71ec88ae4615bbc36ab6ce41109e@entidad.gov.co>
        To: <gestion@entidad.gov.co>
        Date: Sun, 22 Nov 2026 13:00:00 +0000
        MIME-Version: 1.0
        Content-Type: multipart/report; report-type=delivery-status;
        \tboundary="64f7f3a0-2a6a-4b0e-8d2e-1e5f1f0a0b0c"
        X-MS-Exchange-Message-Is-Ndr:
        Content-Language: es-ES
        Message-ID: <0a1b2c3d@entidad.onmicrosoft.com>
        In-Reply-To: {message_id}
        References: <otra-cosa@entidad.gov.co>
        \t{message_id}
        Subject: No se puede entregar: Datos de acceso

        --64f7f3a0-2a6a-4b0e-8d2e-1e5f1f0a0b0c
        Content-Type: multipart/alternative; differences=Content-Type; boundary="b2"

        --b2
        Content-Type: text/plain; charset="utf-8"

        No se pudo entregar.
        --b2--

        --64f7f3a0-2a6a-4b0e-8d2e-1e5f1f0a0b0c
        Content-Type: message/delivery-status

        Reporting-MTA: dns;DM6PR01MB0001.prod.exchangelabs.com
        Received-From-MTA: dns;DM6PR01MB0002.prod.exchangelabs.com
        Arrival-Date: Sun, 22 Nov 2026 12:59:58 +0000

        Original-Recipient: rfc822;{to}
        Final-Recipient: rfc822;{to}
        Action: {action}
        Status: {status}
        Diagnostic-Code: smtp;550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient not found by SMTP address lookup

        --64f7f3a0-2a6a-4b0e-8d2e-1e5f1f0a0b0c--
        """)


def gmail(message_id: str = MESSAGE_ID, to: str = TO, *, action: str = "failed", status: str = "5.2.2") -> bytes:
    """Gmail: text and HTML beside each other, a picture, and the whole mail."""
    return _crlf(f"""
        Return-Path: <>
        Content-Type: multipart/report; boundary="00000000000054e3a1"; report-type=delivery-status
        To: gestion@entidad.gov.co
        From: Mail Delivery Subsystem <mailer-daemon@googlemail.com>
        Subject: Delivery Status Notification (Failure)
        In-Reply-To: {message_id}
        References: {message_id}
        Message-ID: <6561a7b8.050a0220@mx.google.com>
        X-Failed-Recipients: {to}
        MIME-Version: 1.0

        --00000000000054e3a1
        Content-Type: multipart/related; boundary="00000000000054e4b2"

        --00000000000054e4b2
        Content-Type: multipart/alternative; boundary="00000000000054e4c3"

        --00000000000054e4c3
        Content-Type: text/plain; charset="UTF-8"

        ** Message blocked **
        --00000000000054e4c3--
        --00000000000054e4b2--

        --00000000000054e3a1
        Content-Type: message/delivery-status

        Reporting-MTA: dns; googlemail.com
        Received-From-MTA: dns; gestion@entidad.gov.co
        X-Original-Message-ID: {message_id}

        Final-Recipient: rfc822; {to}
        Action: {action}
        Status: {status}
        Remote-MTA: dns; gmail-smtp-in.l.google.com.

        --00000000000054e3a1
        Content-Type: message/rfc822

        From: gestion@entidad.gov.co
        To: {to}
        Message-ID: {message_id}
        Subject: Datos de acceso

        --00000000000054e3a1--
        """)


OUT_OF_OFFICE = _crlf(f"""
    From: {TO}
    To: gestion@entidad.gov.co
    Subject: Fuera de la oficina
    In-Reply-To: {MESSAGE_ID}
    Auto-Submitted: auto-replied
    Content-Type: text/plain

    Estoy de vacaciones hasta el lunes.
    """)
"""An automatic answer."""

READ = exim().replace(b"report-type=delivery-status", b"report-type=disposition-notification").replace(b"delivery-status", b"x")
"""A reading receipt has the same outer form."""
