"""Graph's replies of failure as the program's errors (https://learn.microsoft.com/graph/errors)."""

import json
from collections.abc import Mapping

from config.errors import Misconfigured, Rejected, Target, TargetError, Transient
from config.http_times import retry_after_seconds

_PASSING_STATUSES = frozenset({408, 423, 429, 500, 502, 503, 504, 509})
_NEVER_PASSING_CODES = frozenset({"ErrorMimeContentConversionFailed", "ErrorItemCorrupt", "ErrorCorruptData"})
"""Answered with 500 and yet for good: the item itself cannot be read."""
_PASSING_CODES = frozenset(
    {
        "ConcurrencyViolation",
        "Directory_ConcurrencyViolation",
        "Request_ConcurrencyViolation",
        "TooManyRequests",
        "ApplicationThrottled",
        "ErrorMailboxMoveInProgress",
        "ErrorServerBusy",
        "serviceNotAvailable",
    }
)
_MOST_CHARACTERS = 200


class GraphRefusal(Rejected):
    """Graph refused this one request for good; `code` is its own word for why, empty when it gave none."""

    def __init__(self, target: Target, message: str, *, status: int, code: str, remedy: str = "") -> None:
        super().__init__(target, message, remedy=remedy)
        self.status = status
        self.code = code


class GraphForbidden(Misconfigured):
    """Graph knows the application and does not let it do this: a permission is missing, or the mailbox is out of its scope."""

    def __init__(self, target: Target, message: str, *, status: int, code: str, remedy: str = "") -> None:
        super().__init__(target, message, remedy=remedy)
        self.status = status
        self.code = code


def error_of(status: int, headers: Mapping[str, str], content: bytes, *, target: Target, asked: str) -> TargetError:
    """What a reply of failure means for whoever asked (`asked`: method and path, without the query)."""
    code, text = _code_and_text(content)
    said = f"{status} {code}".strip() + (f": {text}" if text else "")
    if (status in _PASSING_STATUSES and code not in _NEVER_PASSING_CODES) or code in _PASSING_CODES:
        return Transient(
            target,
            f"Microsoft 365 no pudo atender {asked} ({said}); se intentará de nuevo.",
            retry_after_seconds=retry_after_seconds(headers),
        )
    if status == 401:
        return Misconfigured(
            target,
            f"Microsoft 365 no aceptó la identidad de la aplicación en {asked} ({said}).",
            remedy="Revise en Entra que la aplicación siga activa y sea de este inquilino, y ejecute «gestion doctor».",
        )
    if status == 403:
        return GraphForbidden(
            target,
            f"Microsoft 365 no permite a la aplicación {asked} ({said}).",
            status=status,
            code=code,
            remedy="Ejecute «gestion doctor», que nombra los permisos que faltan, y revise el alcance de los buzones "
            "(RBAC for Applications); vea docs/microsoft-365.md.",
        )
    if 300 <= status < 400:
        return Misconfigured(
            target,
            f"La dirección de Microsoft Graph respondió a {asked} con una redirección ({status}).",
            remedy="Revise «endpoint» en [microsoft] y el proxy de salida.",
        )
    return GraphRefusal(target, f"Microsoft 365 rechazó {asked} ({said}).", status=status, code=code)


def _code_and_text(content: bytes) -> tuple[str, str]:
    """The code and the first words of an error's body; empty when a gateway answered in something else than Graph's JSON."""
    try:
        details: object = json.loads(content)
    except ValueError:
        return "", ""
    error = details.get("error") if isinstance(details, dict) else None
    if not isinstance(error, dict):
        return "", ""
    text = " ".join(str(error.get("message") or "").split())
    return str(error.get("code") or "")[:_MOST_CHARACTERS], text[:_MOST_CHARACTERS].rstrip(".")
