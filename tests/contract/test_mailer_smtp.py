"""What only a real SMTP server can refuse, and how it is told apart."""

from dataclasses import replace
from pathlib import Path

import pytest

from config.errors import Misconfigured, RecipientRefused, Rejected, Transient, Unreachable
from config.vocabulary import EmailAddress
from notify.mailer.smtp import SmtpMailer, SmtpSettings
from tests.contract.test_mailer import MESSAGE, NOW, smtp_settings
from tests.servers.mail import Exim


@pytest.mark.exim
@pytest.mark.parametrize(
    ("recipient", "error", "said"),
    [
        ("noexiste@ejemplo.co", RecipientRefused, "No such user here"),
        ("lleno@ejemplo.co", Transient, "Mailbox full"),
        ("repleto@ejemplo.co", Rejected, "exceeds its quota"),
        ("ana@ajeno.example", Misconfigured, "relay not permitted"),
    ],
)
def test_a_refused_recipient_is_told_apart(exim: Exim, recipient: str, error: type[Exception], said: str) -> None:
    """Wrong address, full mailbox and a relay that is closed to us are different errors; the next mail goes out."""
    mailer = SmtpMailer(smtp_settings(exim), clock=lambda: NOW)
    with pytest.raises(error, match=said) as raised:
        mailer.send(replace(MESSAGE, to=EmailAddress(recipient)))
    assert type(raised.value) is error
    mailer.send(MESSAGE)
    mailer.close()
    assert [mail["Envelope-to"] for mail in exim.messages()] == [MESSAGE.to]


@pytest.mark.exim
@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"password": "otra"}, Misconfigured, "usuario o la contraseña"),
        ({"user": None}, Misconfigured, "iniciar sesión"),
        ({"ca_file": None}, Misconfigured, "no es de fiar"),
        ({"host": "127.0.0.1"}, Misconfigured, "no es de fiar"),
        ({"ca_file": Path("/no/hay.pem")}, Misconfigured, "no se puede leer"),
        ({"ca_file": Path(__file__)}, Misconfigured, "PEM"),
        ({"security": "tls"}, Misconfigured, "cifrar"),
        ({"security": "none"}, Misconfigured, "no ofrece iniciar sesión"),
        ({"port": 1}, Unreachable, "No responde"),
        ({"host": "no-existe.invalid"}, Unreachable, "No se encuentra"),
        ({"host": "x" * 300}, Misconfigured, "no es válido"),
    ],
)
def test_a_wrong_setting_is_named(exim: Exim, changes: dict[str, object], error: type[Exception], said: str) -> None:
    """Certificate, name, password, port and security: each has a message, the same in `doctor`; nothing is sent."""
    mailer = SmtpMailer(smtp_settings(exim, **changes), clock=lambda: NOW)
    with pytest.raises(error, match=said) as raised:
        mailer.send(MESSAGE)
    assert exim.password not in str(raised.value)
    if changes != {"user": None}:
        assert mailer.check() == (str(raised.value),)
    mailer.close()
    assert exim.messages() == []


@pytest.mark.exim
def test_a_sender_that_the_server_refuses_is_our_fault(exim: Exim) -> None:
    """The institution's own address is to be mended, not the requester's."""
    mailer = SmtpMailer(smtp_settings(exim), clock=lambda: NOW)
    with pytest.raises(Misconfigured, match="remitente"):
        mailer.send(replace(MESSAGE, sender=EmailAddress("prohibido@entidad.gov.co")))
    mailer.close()


@pytest.mark.exim
def test_a_message_beyond_the_servers_limit_is_rejected(exim: Exim) -> None:
    """552 to the content: this one request is held, the others go on."""
    mailer = SmtpMailer(smtp_settings(exim), clock=lambda: NOW)
    with pytest.raises(Rejected, match="552"):
        mailer.send(replace(MESSAGE, text="x" * 1_100_000))
    mailer.send(MESSAGE)
    mailer.close()
    assert len(exim.messages()) == 1


def test_mail_never_travels_in_the_clear() -> None:
    """Without TLS only to this same machine."""
    with pytest.raises(Misconfigured, match="sin cifrar"):
        SmtpSettings("smtp.entidad.gov.co", 25, "none")
    assert "secreta" not in repr(SmtpSettings("::1", 25, "none", "u", "secreta"))
