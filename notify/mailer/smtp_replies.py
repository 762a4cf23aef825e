"""What a mail server's answers mean for the procedure (RFC 5321 4.2; RFC 3463 for the enhanced codes)."""

import re
from dataclasses import dataclass
from enum import Enum

from config.errors import Misconfigured, RecipientRefused, Rejected, Target, TargetError, Transient, Unreachable
from notify.mailer.mime import header_text

_ENHANCED = re.compile(r"^([245])\.(\d{1,3})\.(\d{1,3})\b")
_LONGEST_QUOTE = 200


class Step(Enum):
    """Where in the conversation an answer was given, and the first digit's code that lets it go on."""

    CONNECT = "connect"
    SIGN_IN = "sign in"
    CHALLENGE = "challenge"
    SENDER = "sender"
    RECIPIENT = "recipient"
    DATA = "data"
    CONTENT = "content"
    RESET = "reset"

    @property
    def wanted(self) -> int:
        """A code of the class that means "go on"."""
        return {Step.SIGN_IN: 235, Step.CHALLENGE: 334, Step.DATA: 354}.get(self, 250)


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer of the server; its text is somebody else's, so it is quoted with care."""

    code: int
    text: str

    @classmethod
    def of(cls, code: int, text: bytes | str, hidden: tuple[str, ...] = ()) -> "Reply":
        """From what smtplib returns. The text is dropped if it holds any of `hidden` (a password sent back to us)."""
        said = header_text(text.decode("utf-8", "replace") if isinstance(text, bytes) else text)
        return cls(code, "" if any(secret and secret in said for secret in hidden) else said)

    @property
    def enhanced(self) -> str:
        """`5.1.1`, or nothing."""
        found = _ENHANCED.match(self.text)
        return found.group(0) if found else ""

    def shown(self, *, confidential: bool = False) -> str:
        """For a message: code and text, cut; of a confidential mail only the codes, lest the server quotes its content."""
        text = self.enhanced if confidential else self.text[:_LONGEST_QUOTE]
        return f"{self.code} {text}".strip() if self.code > 0 else "respuesta ilegible"


def error_for(step: Step, reply: Reply, *, confidential: bool = False) -> TargetError:
    """The error by what the caller must do, with the server's words and what to do about them."""
    said = f"el servidor de correo respondió «{reply.shown(confidential=confidential)}»"
    if step is Step.CONNECT:
        return _not_received(reply, said)
    if 400 <= reply.code < 500:
        return Transient(Target.MAIL, f"El correo no se pudo entregar por ahora: {said}. Se intentará de nuevo.")
    if reply.code < 500:
        return Transient(Target.MAIL, f"El correo no se entregó: {said}, que no es lo esperado. Se intentará de nuevo.")
    match step:
        case Step.SIGN_IN | Step.CHALLENGE:
            return Misconfigured(
                Target.MAIL,
                f"El servidor de correo no acepta el usuario o la contraseña: {said}.",
                remedy="Revise user y el archivo de la contraseña de [mail].",
            )
        case _ if reply.code == 530 or reply.enhanced == "5.7.0":
            return Misconfigured(
                Target.MAIL,
                f"El servidor de correo exige iniciar sesión o cifrar la conexión: {said}.",
                remedy="Configure user y contraseña, y security.",
            )
        case _ if reply.code == 552:
            return Rejected(
                Target.MAIL,
                f"El mensaje no cabe en el buzón o en los límites del servidor: {said}.",
                remedy="Pida liberar espacio en el buzón, o corrija la dirección.",
            )
        case Step.SENDER:
            return Misconfigured(
                Target.MAIL,
                f"El servidor de correo no acepta al remitente de la institución: {said}.",
                remedy="Autorice esa dirección en el servidor, o cambie sender en la política.",
            )
        case Step.RECIPIENT:
            return _recipient(reply, said)
        case _ if step is Step.CONTENT and reply.enhanced.startswith(("5.1.", "5.2.1")):
            return _recipient(reply, said)
        case _:
            return Rejected(
                Target.MAIL,
                f"El servidor de correo rechazó el mensaje: {said}.",
                remedy="Pida a quien administra el servidor que revise por qué, y reintente el caso.",
            )


def _recipient(reply: Reply, said: str) -> TargetError:
    # "Relaying denied" is said at the recipient but is about us: no other address would fare better, and asking the
    # requester to correct a right address would be wrong.
    if re.search(r"\brelay", reply.text, re.IGNORECASE):
        return Misconfigured(
            Target.MAIL,
            f"El servidor de correo no permite enviar a direcciones de otros dominios: {said}.",
            remedy="Pida que se le permita a este programa (relay), o configure user y contraseña.",
        )
    return RecipientRefused(
        Target.MAIL, f"La dirección no recibe correo: {said}.", remedy="Corrija la dirección en el formulario."
    )


def _not_received(reply: Reply, said: str) -> TargetError:
    if 400 <= reply.code < 500:
        return Unreachable(Target.MAIL, f"El servidor de correo no atiende por ahora: {said}.")
    if reply.code == 554:
        return Misconfigured(
            Target.MAIL,
            f"El servidor de correo no recibe a este equipo: {said}.",
            remedy="Pida a quien lo administra que permita la dirección de este equipo.",
        )
    return Misconfigured(
        Target.MAIL, f"Lo que responde no parece un servidor de correo: {said}.", remedy="Revise host, puerto y security."
    )
