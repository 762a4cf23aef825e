"""A signed-in connection to the mail server, or the error that says who must do what to get one."""

import contextlib
import smtplib
import socket
import ssl
from base64 import b64encode
from collections.abc import Iterator

from config.errors import Misconfigured, Target, Unreachable
from notify.mailer.mime import header_text
from notify.mailer.smtp_client import Client, TlsClient
from notify.mailer.smtp_replies import Reply, Step, error_for
from notify.mailer.smtp_settings import SmtpSettings


class ConnectionLost(Exception):
    """The connection is of no more use; the text continues the sentence "El servidor de correo …"."""


def connect(settings: SmtpSettings) -> smtplib.SMTP:
    """Open, encrypt, verify and sign in. Raises Unreachable, Misconfigured or Transient (Target.MAIL); leaves nothing open."""
    with _translated(settings), contextlib.ExitStack() as unless_ready:
        client = _open(settings)
        unless_ready.callback(client.close)
        # Without it each small command may wait some 40 ms for the acknowledgement of the one before.
        if client.sock is not None:
            client.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if settings.security == "starttls":
            client.starttls(context=settings.tls_context())
        client.ehlo_or_helo_if_needed()
        if settings.user is not None:
            _sign_in(client, settings.user, settings.password)
        unless_ready.pop_all()
    return client


def command(client: smtplib.SMTP, step: Step, line: str, hidden: tuple[str, ...] = ()) -> None:
    """Say one line and demand the step's answer. Raises ConnectionLost, or the error that the answer means."""
    try:
        code, text = client.docmd(line)
    except (smtplib.SMTPServerDisconnected, smtplib.SMTPResponseException) as error:
        raise ConnectionLost(how_it_ended(error)) from error
    reply = Reply.of(code, text, hidden)
    if code == 421:
        raise ConnectionLost(f"cerró la conexión ({reply.shown()})")
    if code // 100 != step.wanted // 100:
        raise error_for(step, reply)


def how_it_ended(error: smtplib.SMTPException) -> str:
    """Continues "El servidor de correo …" (smtplib keeps what really happened as the context of its own error)."""
    if isinstance(error, smtplib.SMTPResponseException):
        return "respondió una línea demasiado larga"
    return "no respondió a tiempo" if isinstance(error.__context__, TimeoutError) else "cortó la conexión"


def _open(settings: SmtpSettings) -> smtplib.SMTP:
    host, port, name, patience = settings.host, settings.port, settings.helo_name, settings.timeout_seconds
    if settings.security == "tls":
        return TlsClient(host, port, name, timeout=patience, context=settings.tls_context())
    return Client(host, port, name, patience)


def _sign_in(client: smtplib.SMTP, user: str, password: str) -> None:
    # Not smtplib's login(): it takes ASCII only, and offers a wrong password once for every mechanism, which locks accounts.
    offered = str(client.esmtp_features.get("auth", "")).upper().replace("=", " ").split()
    plain = _encoded(f"\0{user}\0{password}")
    hidden = (password, _encoded(password), plain)
    if "PLAIN" in offered:
        command(client, Step.SIGN_IN, f"AUTH PLAIN {plain}", hidden)
    elif "LOGIN" in offered:
        command(client, Step.CHALLENGE, "AUTH LOGIN", hidden)
        command(client, Step.CHALLENGE, _encoded(user), hidden)
        command(client, Step.SIGN_IN, _encoded(password), hidden)
    else:
        raise Misconfigured(
            Target.MAIL,
            "El servidor de correo no ofrece iniciar sesión con usuario y contraseña (AUTH PLAIN o LOGIN).",
            remedy="Habilítelo en el servidor, o quite user de la configuración si el servidor no pide sesión.",
        )


def _encoded(text: str) -> str:
    return b64encode(text.encode("utf-8")).decode("ascii")


@contextlib.contextmanager
def _translated(settings: SmtpSettings) -> Iterator[None]:
    where = f"el servidor de correo {settings.host}:{settings.port}"
    try:
        yield
    except ConnectionLost as error:
        raise Unreachable(Target.MAIL, f"No hay conexión con el correo: {where} {error}.") from error
    except ssl.SSLCertVerificationError as error:
        authority = f"la autoridad de {settings.ca_file}" if settings.ca_file else "las autoridades de este equipo"
        raise Misconfigured(
            Target.MAIL,
            f"El certificado de {where} no es de fiar para {authority} ({header_text(error.verify_message)}).",
            remedy="Use el nombre que figura en el certificado, o indique en ca_file la autoridad que lo firmó.",
        ) from error
    except (ssl.SSLEOFError, ssl.SSLZeroReturnError) as error:
        raise Unreachable(Target.MAIL, f"No hay conexión con el correo: {where} la cortó al cifrarla.") from error
    except ssl.SSLError as error:
        raise Misconfigured(
            Target.MAIL,
            f"No se pudo cifrar la conexión con {where} ({header_text(error.reason or 'TLS')}).",
            remedy="Revise el puerto y security: «tls» cifra desde el comienzo (465); «starttls», después de saludar (587).",
        ) from error
    except smtplib.SMTPNotSupportedError as error:
        raise Misconfigured(
            Target.MAIL,
            f"La conexión con {where} no se puede cifrar, porque no ofrece STARTTLS. No se envió nada.",
            remedy="Use el puerto y el valor de security que indique quien administra el servidor.",
        ) from error
    except smtplib.SMTPResponseException as error:
        raise error_for(Step.CONNECT, Reply.of(error.smtp_code, error.smtp_error)) from error
    except smtplib.SMTPServerDisconnected as error:
        raise Unreachable(Target.MAIL, f"No hay conexión con el correo: {where} {how_it_ended(error)}.") from error
    except socket.gaierror as error:
        raise Unreachable(
            Target.MAIL,
            f"No se encuentra {where}: ese nombre no existe o no se pudo consultar.",
            remedy="Revise host y el DNS.",
        ) from error
    except UnicodeError as error:  # a host name that IDNA cannot encode
        raise Misconfigured(Target.MAIL, f"El nombre de {where} no es válido.", remedy="Revise host.") from error
    except OSError as error:
        raise Unreachable(Target.MAIL, f"No responde {where} ({_reason(error)}).") from error


def _reason(error: OSError) -> str:
    if isinstance(error, TimeoutError):
        return "se agotó el tiempo de espera"
    if isinstance(error, ConnectionRefusedError):
        return "no hay nada escuchando en ese puerto"
    return header_text(error.strerror or type(error).__name__)
