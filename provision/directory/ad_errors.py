"""What a directory's answers mean: its result codes, and the hexadecimal Windows error that begins its message.

The same refusal has other numbers on Samba than on Microsoft's servers, so both are told apart here, by code AND hexadecimal.
"""

import re
from dataclasses import dataclass
from enum import Enum, auto

from config.errors import Misconfigured, Rejected, Target, TargetError, Transient, Unreachable

SUCCESS = 0
OPERATIONS_ERROR = 1
SIZE_LIMIT_EXCEEDED = 4
ATTRIBUTE_OR_VALUE_EXISTS = 20
INVALID_SYNTAX = 21
NO_SUCH_OBJECT = 32
INVALID_DN = 34
NOT_ALLOWED_ON_NON_LEAF = 66
ENTRY_ALREADY_EXISTS = 68

_HEXADECIMAL = re.compile(r"\s*([0-9A-Fa-f]{8})\b")
_BIND_REASON = re.compile(r"\bdata ([0-9A-Fa-f]{1,8})\b")


@dataclass(frozen=True, slots=True)
class Answer:
    """The result of one LDAP operation: `code`, and `windows_error` ("0000052D") where the message begins with one."""

    code: int
    message: str

    @property
    def windows_error(self) -> str:
        """Eight upper-case hexadecimal digits, or empty."""
        found = _HEXADECIMAL.match(self.message)
        return found.group(1).upper() if found else ""

    @property
    def succeeded(self) -> bool:
        """Whether it was done."""
        return self.code == SUCCESS

    @property
    def connection_lost(self) -> bool:
        """The server no longer knows who we are (ERROR_NOT_AUTHENTICATED on a connection that was bound)."""
        return self.code == OPERATIONS_ERROR and self.windows_error == "000004DC"

    def __str__(self) -> str:
        return f"código {self.code}{', ' + self.windows_error if self.windows_error else ''}"


class Meaning(Enum):
    """What a refusal of a write says, whoever the vendor is."""

    TAKEN = auto()
    PARENT_MISSING = auto()
    REFERENCE_MISSING = auto()
    WEAK_PASSWORD = auto()
    BAD_NAME = auto()
    TOO_LONG = auto()
    NO_RIGHTS = auto()
    BUSY = auto()
    WRONG_SERVER = auto()
    NEEDS_TLS = auto()
    OTHER = auto()


_BY_CODE_AND_ERROR: dict[tuple[int, str], Meaning] = {
    (19, "0000052D"): Meaning.WEAK_PASSWORD,  # Samba
    (53, "0000052D"): Meaning.WEAK_PASSWORD,  # Microsoft
    (19, "0000202F"): Meaning.BAD_NAME,  # Samba: a duplicate UPN or a forbidden character; the adapter looks which
    (19, "000021C8"): Meaning.TAKEN,  # Microsoft: UPN
    (80, "00000523"): Meaning.BAD_NAME,  # Microsoft
    (80, "00000524"): Meaning.TAKEN,
    (21, "0000200B"): Meaning.TOO_LONG,  # Samba
    (19, "00002082"): Meaning.TOO_LONG,  # Microsoft
    (19, "000020B5"): Meaning.REFERENCE_MISSING,
    (80, "00002095"): Meaning.PARENT_MISSING,  # Samba: moved to a place that is not there
    (53, "00000005"): Meaning.NO_RIGHTS,
    (19, "00000005"): Meaning.NO_RIGHTS,
    (53, "0000001F"): Meaning.NEEDS_TLS,
}
_BY_CODE: dict[int, Meaning] = {
    3: Meaning.BUSY,
    8: Meaning.NEEDS_TLS,
    10: Meaning.WRONG_SERVER,
    11: Meaning.BUSY,
    32: Meaning.PARENT_MISSING,
    50: Meaning.NO_RIGHTS,
    51: Meaning.BUSY,
    52: Meaning.BUSY,
    68: Meaning.TAKEN,
}


def meaning(answer: Answer) -> Meaning:
    """What the answer to a write says."""
    exact = _BY_CODE_AND_ERROR.get((answer.code, answer.windows_error))
    return exact or _BY_CODE.get(answer.code, Meaning.OTHER)


def error_of(answer: Answer, doing: str) -> TargetError:
    """The error for an answer that the adapter cannot mend itself. `doing` is Spanish: "crear la cuenta ana.diaz"."""
    match meaning(answer):
        case Meaning.NO_RIGHTS:
            return Misconfigured(
                Target.DIRECTORY,
                f"La cuenta de servicio no tiene permiso para {doing} ({answer}).",
                remedy="Delegue el permiso en la unidad organizativa o el grupo y ejecute `gestion doctor`.",
            )
        case Meaning.NEEDS_TLS:
            return Misconfigured(
                Target.DIRECTORY,
                f"El Directorio Activo exige una conexión cifrada para {doing} ({answer}).",
                remedy="Use una dirección ldaps:// en la configuración.",
            )
        case Meaning.WRONG_SERVER:
            return Misconfigured(
                Target.DIRECTORY,
                f"El servidor no atiende el dominio pedido al {doing} ({answer}).",
                remedy="Revise la dirección del servidor y la base (base_dn) en la configuración.",
            )
        case Meaning.BUSY:
            return Transient(Target.DIRECTORY, f"El Directorio Activo está ocupado y no pudo {doing} ({answer}).")
        case Meaning.WEAK_PASSWORD:
            return Rejected(
                Target.DIRECTORY,
                f"El Directorio Activo no acepta la contraseña al {doing}: no cumple la directiva del dominio ({answer}).",
                remedy="Reintente; si se repite, revise la longitud mínima que exige el dominio.",
            )
        case Meaning.TOO_LONG:
            return Rejected(
                Target.DIRECTORY,
                f"Un dato es demasiado largo para el Directorio Activo al {doing} ({answer}).",
                remedy="Acorte el nombre, el cargo o la dependencia en la solicitud y reintente.",
            )
        case Meaning.BAD_NAME:
            return Rejected(
                Target.DIRECTORY,
                f"El nombre de usuario no es válido para el Directorio Activo al {doing} ({answer}).",
                remedy="Revise el nombre de la persona en la solicitud.",
            )
        case _:
            return Rejected(
                Target.DIRECTORY,
                f"El Directorio Activo se negó a {doing} ({answer}).",
                remedy="Pida al administrador del dominio que lo revise y reintente.",
            )


def read_error(answer: Answer) -> TargetError:
    """The error for a search that was not answered whole: never taken for "nothing found"."""
    doing = "consultar el directorio"
    if answer.code == SIZE_LIMIT_EXCEEDED:
        return Misconfigured(
            Target.DIRECTORY,
            f"El Directorio Activo no entrega completa una consulta ({answer}).",
            remedy="Pida al administrador del dominio que permita consultas paginadas a la cuenta de servicio.",
        )
    if meaning(answer) is Meaning.OTHER and answer.code not in (INVALID_SYNTAX, INVALID_DN):
        return Transient(Target.DIRECTORY, f"El Directorio Activo no pudo {doing} ({answer}).")
    return error_of(answer, doing)


_BIND_REFUSALS: dict[str, tuple[str, str]] = {
    "525": ("no existe en el dominio", "Revise el usuario en la configuración."),
    "52e": ("o su contraseña no son correctos", "Revise el usuario y su contraseña en la configuración."),
    "530": ("no puede entrar a esta hora", "Quite la restricción de horario a la cuenta de servicio."),
    "531": ("no puede entrar desde este equipo", "Quite la restricción de equipos a la cuenta de servicio."),
    "532": ("tiene la contraseña vencida", "Cambie la contraseña y actualice la configuración."),
    "533": ("está inhabilitada", "Habilite la cuenta de servicio."),
    "568": ("pertenece a demasiados grupos", "Retírele grupos a la cuenta de servicio."),
    "701": ("está vencida", "Amplíe la fecha de vencimiento de la cuenta de servicio."),
    "773": ("debe cambiar su contraseña", "Cambie la contraseña una vez y actualice la configuración."),
    "775": ("está bloqueada por intentos fallidos", "Desbloquee la cuenta de servicio y revise su contraseña."),
}


def bind_error(answer: Answer) -> TargetError:
    """Why the directory does not let the service account in (code 49 with "data X"), or does not take the connection."""
    if answer.code == 49:
        found = _BIND_REASON.search(answer.message)
        reason = found.group(1).lower() if found else ""
        sentence, remedy = _BIND_REFUSALS.get(
            reason, ("fue rechazada", "Revise el usuario, su contraseña y su estado en el dominio.")
        )
        shown = f" (motivo {reason})" if reason else ""
        subject = "El usuario de servicio" if reason == "52e" else "La cuenta de servicio del Directorio Activo"
        return Misconfigured(Target.DIRECTORY, f"{subject} {sentence}{shown}.", remedy=remedy)
    if meaning(answer) is Meaning.BUSY:
        return Unreachable(
            Target.DIRECTORY,
            f"El Directorio Activo no acepta conexiones en este momento ({answer}).",
            remedy="Se intentará de nuevo en la próxima ejecución.",
        )
    return error_of(answer, "iniciar la sesión de la cuenta de servicio")
