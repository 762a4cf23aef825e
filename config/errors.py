"""One tree of errors, by what the caller must do; adapters translate into it with `raise … from`.

Every message is one Spanish sentence for the person who can mend it; `remedy` says what to do.
No message may carry a password, a token or the body of a form.
"""

from enum import StrEnum


class Target(StrEnum):
    """An outside system; a failure of one stops only what needs it. The value is its Spanish name."""

    FORM = "el formulario de Google"
    SHEET = "la hoja de cálculo"
    MATRIX = "la matriz de autorizadores"
    DIRECTORY = "el Directorio Activo"
    CLOUD = "la nube (licencias y buzones)"
    MAIL = "el servidor de correo"
    BOUNCES = "el buzón de los correos devueltos"
    DESK = "la herramienta de mesa de servicio"
    BACKUP = "la carpeta de los backups"


class GestionError(Exception):
    """Base: a Spanish message and what to do about it."""

    def __init__(self, message: str, *, remedy: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        return f"{self.message} {self.remedy}".strip()


class CannotRun(GestionError):
    """Nothing can be done until somebody mends the installation: stop, say it, exit 2."""


class TargetError(GestionError):
    """Something went wrong with one outside system."""

    def __init__(self, target: Target, message: str, *, remedy: str = "") -> None:
        super().__init__(message, remedy=remedy)
        self.target = target


class Misconfigured(TargetError):
    """The target refuses us or was set up wrongly: stop all that needs it in this run, exit 2; requests keep waiting."""


class Unreachable(TargetError):
    """The target does not answer at all: like Misconfigured for this run, tried again in the next one by itself."""


class Transient(TargetError):
    """This one operation failed and may succeed later: back off and try again, across runs.

    `retry_after_seconds` is what the target asked for, if it did.
    """

    def __init__(self, target: Target, message: str, *, retry_after_seconds: float | None = None) -> None:
        super().__init__(target, message)
        self.retry_after_seconds = retry_after_seconds


class Rejected(TargetError):
    """The target refused this one operation for good: hold this request for a person and say why."""


class RecipientRefused(Rejected):
    """The mail server refuses the recipient for good (5xx): activity 4, "¿Reporte exitoso? No"."""


class AlreadyExists(Rejected):
    """The name is taken by something that is not ours: choose another one."""


class NotFound(Rejected):
    """What the operation needs is not there (an OU, a group, a manager, an account)."""


class NoSeat(TargetError):
    """No free licence at the moment of assigning: wait for one; it is not a failure."""


class WriteRefused(GestionError):
    """A write was about to leave the program during a dry run: the transport refused it. Says what would be written."""
