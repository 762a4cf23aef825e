"""What the SMTP mailer makes of servers and lines that fail: who has to do something, and whether the mail may have arrived."""

import time
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from config.errors import Misconfigured, RecipientRefused, Rejected, TargetError, Transient, Unreachable
from config.vocabulary import EmailAddress
from notify.mailer.port import Message
from notify.mailer.smtp import SmtpMailer, SmtpSettings
from tests.servers.hostile_mail import Faults, HostileServer, HostileSmtp

NOW = datetime(2026, 11, 24, 15, 30, tzinfo=UTC)

MESSAGE = Message(
    message_id="<GU-2026-000123.access-data.1@entidad.gov.co>",
    sender_name="Gestión de Usuarios",
    sender=EmailAddress("gestion.usuarios@entidad.gov.co"),
    to=EmailAddress("ana@ejemplo.co"),
    subject="[GU-2026-000123] Datos de acceso",
    text="Contraseña temporal:\n\n    Casa-Nube-Perro47\n",
    html="<p>Casa-Nube-Perro47</p>",
    confidential=True,
)


def mailer_for(server: HostileServer, user: str | None = None, password: str = "", patience: float = 5) -> SmtpMailer:
    """A mailer without TLS, which this machine's own address allows."""
    settings = SmtpSettings(server.host, server.port, "none", user, password, None, patience, "pruebas.localhost")
    return SmtpMailer(settings, clock=lambda: NOW)


def error_of(mailer: SmtpMailer, message: Message = MESSAGE) -> TargetError:
    """What sending raises; the mailer is closed."""
    with pytest.raises(TargetError) as raised:
        mailer.send(message)
    mailer.close()
    return raised.value


def test_a_line_cut_after_the_content_is_an_unknown_outcome(hostile_smtp: HostileSmtp) -> None:
    """The server has the message and did not say so: transient, and the operator reads that it may have arrived."""
    server = hostile_smtp(Faults(drops_at="DATA"))
    error = error_of(mailer_for(server))
    assert isinstance(error, Transient)
    assert "no se sabe si llegó" in error.message
    assert len(server.accepted) == 1  # it was not sent a second time on a new connection


@pytest.mark.parametrize("stage", ["MAIL", "RCPT"])
def test_a_line_cut_before_the_content_is_transient(hostile_smtp: HostileSmtp, stage: str) -> None:
    """Nobody has the message: it is tried again in the next run."""
    server = hostile_smtp(Faults(drops_at=stage))
    error = error_of(mailer_for(server))
    assert isinstance(error, Transient)
    assert "no se sabe" not in error.message
    assert server.accepted == []


@pytest.mark.parametrize("how", ["421", "silent"])
def test_an_idle_connection_that_was_closed_is_opened_once_more(hostile_smtp: HostileSmtp, how: str) -> None:
    """The second mail goes out on a new connection, and each mail exactly once."""
    server = hostile_smtp(Faults(drops_idle=how))
    mailer = mailer_for(server)
    mailer.send(MESSAGE)
    mailer.send(replace(MESSAGE, message_id="<GU-2026-000124.access-data.1@entidad.gov.co>"))
    mailer.close()
    assert server.connections == 2
    assert len(server.accepted) == 2


def test_one_connection_serves_a_whole_run(hostile_smtp: HostileSmtp) -> None:
    """Ten mails, one connection, refused recipients in between included."""
    server = hostile_smtp(Faults(replies={"RCPT": "250 ok|550 5.1.1 no|250 ok"}))
    mailer = mailer_for(server)
    mailer.send(MESSAGE)
    with pytest.raises(RecipientRefused):
        mailer.send(MESSAGE)
    for _ in range(8):
        mailer.send(MESSAGE)
    mailer.close()
    assert server.connections == 1
    assert len(server.accepted) == 9


def test_a_silent_server_does_not_hold_the_run(hostile_smtp: HostileSmtp) -> None:
    """No answer within the patience set: an unknown outcome after the content, nothing delivered before it."""
    started = time.monotonic()
    assert "no se sabe si llegó" in error_of(mailer_for(hostile_smtp(Faults(silent_at="DATA")), patience=0.3)).message
    assert "no respondió a tiempo" in error_of(mailer_for(hostile_smtp(Faults(silent_at="MAIL")), patience=0.3)).message
    assert isinstance(error_of(mailer_for(hostile_smtp(Faults(silent_at="EHLO")), patience=0.3)), Unreachable)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("stage", ["EHLO", "RCPT", "DATA"])
def test_a_tarpit_does_not_hold_the_run(hostile_smtp: HostileSmtp, stage: str) -> None:
    """An answer that comes letter by letter, or never ends, is given up when its whole time is over."""
    started = time.monotonic()
    error = error_of(mailer_for(hostile_smtp(Faults(stutters_at=stage)), patience=0.4))
    assert isinstance(error, (Unreachable, Transient))
    assert "no respondió a tiempo" in error.message
    assert time.monotonic() - started < 3


def test_an_answer_without_end_is_given_up(hostile_smtp: HostileSmtp) -> None:
    """Neither memory nor patience is spent on it."""
    endless = "\r\n".join(["250-más"] * 10_000)
    error = error_of(mailer_for(hostile_smtp(Faults(replies={"RCPT": endless}))))
    assert isinstance(error, Transient)
    assert "demasiado larga" in error.message


@pytest.mark.parametrize(
    ("banner", "error"),
    [
        ("421 4.3.2 demasiadas conexiones", Unreachable),
        ("554 5.7.1 no recibimos su dirección", Misconfigured),
        ("HTTP/1.1 400 Bad Request", Misconfigured),
        ("\x00\xff\x1b[31mbasura", Misconfigured),
        ("220" + "x" * 20_000, Misconfigured),
    ],
)
def test_a_banner_that_is_no_welcome(hostile_smtp: HostileSmtp, banner: str, error: type[TargetError]) -> None:
    """Too busy, refused, or no mail server at all; control characters do not reach the operator's terminal."""
    raised = error_of(mailer_for(hostile_smtp(Faults(banner=banner))))
    assert type(raised) is error
    assert raised.message.isprintable()
    assert len(raised.message) < 500


@pytest.mark.parametrize(
    ("stage", "reply", "error"),
    [
        ("MAIL", "451 4.3.0 más tarde", Transient),
        ("MAIL", "550 5.7.1 remitente no permitido", Misconfigured),
        ("MAIL", "530 5.7.0 Authentication required", Misconfigured),
        ("MAIL", "552 5.3.4 demasiado grande", Rejected),
        ("RCPT", "450 4.2.0 lista gris", Transient),
        ("RCPT", "452 4.2.2 lleno", Transient),
        ("RCPT", "550 no existe", RecipientRefused),
        ("RCPT", "551 no es de aquí", RecipientRefused),
        ("RCPT", "553 5.1.3 mal escrita", RecipientRefused),
        ("RCPT", "554 5.1.1 no existe", RecipientRefused),
        ("RCPT", "501 5.1.3 mal escrita", RecipientRefused),
        ("RCPT", "552 5.2.2 lleno", Rejected),
        ("RCPT", "554 5.7.1 <ana@ejemplo.co>: Relay access denied", Misconfigured),
        ("RCPT", "530 5.7.0 Authentication required", Misconfigured),
        ("DATA", "451 4.3.0 más tarde", Transient),
        ("DATA", "421 4.3.2 me apago", Transient),
        ("DATA", "552 5.2.2 lleno", Rejected),
        ("DATA", "554 5.7.1 parece correo no deseado", Rejected),
        ("DATA", "550 5.1.1 no existe", RecipientRefused),
        ("DATA", "550 5.2.1 buzón deshabilitado", RecipientRefused),
        ("DATA", "no es SMTP", Transient),
    ],
)
def test_each_answer_becomes_the_error_that_says_what_to_do(
    hostile_smtp: HostileSmtp, stage: str, reply: str, error: type[TargetError]
) -> None:
    """The code and the stage decide; the message quotes the server."""
    raised = error_of(mailer_for(hostile_smtp(Faults(replies={stage: reply}))))
    assert type(raised) is error
    if reply[:3].isdigit() and reply[:3] != "421":
        assert reply[:3] in raised.message


def test_the_content_is_never_quoted(hostile_smtp: HostileSmtp) -> None:
    """A server that sends a confidential mail back to us does not make its password appear in an error."""
    server = hostile_smtp(Faults(replies={"DATA": "554 5.6.0 rechazado: {content}"}))
    error = error_of(mailer_for(server))
    assert "Casa-Nube" in server.accepted[0].decode("ascii")
    assert "Casa-Nube" not in str(error)
    assert "554 5.6.0" in str(error)


def test_a_server_without_8bitmime_gets_plain_ascii(hostile_smtp: HostileSmtp) -> None:
    """Every byte is ASCII and every line short, whatever the texts hold."""
    server = hostile_smtp(Faults(without=frozenset({"8BITMIME", "SMTPUTF8"})))
    mailer = mailer_for(server)
    mailer.send(replace(MESSAGE, text="ñ" * 3000, subject="Ñandú " * 40, sender_name="Gestión — «Usuarios», EPN"))
    mailer.close()
    content = server.accepted[0]
    assert content.isascii()
    assert max(len(line) for line in content.split(b"\r\n")) <= 78
    assert b"\n" not in content.replace(b"\r\n", b"")


def test_a_password_that_is_not_ascii_signs_in(hostile_smtp: HostileSmtp) -> None:
    """Accents in the password travel as UTF-8 (RFC 4616)."""
    server = hostile_smtp(Faults(password="contraseña"))
    mailer = mailer_for(server, "gestión", "contraseña")
    mailer.send(MESSAGE)
    mailer.close()
    assert len(server.accepted) == 1


@pytest.mark.parametrize("hidden", [frozenset[str](), frozenset({"PLAIN"})])
def test_a_wrong_password_is_offered_once(hostile_smtp: HostileSmtp, hidden: frozenset[str]) -> None:
    """535 is for the administrator; trying every mechanism would lock the account. It is not said which password."""
    server = hostile_smtp(Faults(password="buena", without=hidden))
    error = error_of(mailer_for(server, "gestion", "equivocada"))
    assert type(error) is Misconfigured
    assert server.passwords == [b"equivocada"] or hidden
    assert len(server.passwords) <= 1
    assert "equivocada" not in str(error)


def test_after_a_failure_the_next_mail_starts_afresh(hostile_smtp: HostileSmtp) -> None:
    """One bad mail never spoils the following one, not even when it broke the line."""
    server = hostile_smtp(Faults(replies={"DATA": "421 4.3.2 me apago|250 ok"}))
    mailer = mailer_for(server)
    with pytest.raises(Transient):
        mailer.send(MESSAGE)
    mailer.send(MESSAGE)
    mailer.close()
    assert len(server.accepted) == 2


def test_an_interruption_leaves_no_half_conversation(hostile_smtp: HostileSmtp) -> None:
    """Stopped at the stop point, the mailer can still be used and closed."""
    server = hostile_smtp(Faults())
    calls: list[str] = []

    def stop(name: str) -> None:
        calls.append(name)
        if len(calls) == 1:
            raise KeyboardInterrupt

    mailer = SmtpMailer(SmtpSettings(server.host, server.port, "none"), clock=lambda: NOW, stop_point=stop)
    with pytest.raises(KeyboardInterrupt):
        mailer.send(MESSAGE)
    mailer.send(MESSAGE)
    mailer.close()
    assert calls == ["mail.sent", "mail.sent"]
    assert len(server.accepted) == 2
