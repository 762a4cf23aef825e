"""What goes wrong with a GLPI, in words for whoever mends it."""

from pydantic import JsonValue

from config.errors import Misconfigured, Rejected, Target, Transient
from config.redaction import shown_text
from notify.desk.glpi_http import Reply

_MOST_CHARACTERS = 300


def unknown_ticket(id: str) -> Rejected:
    """There is no such ticket, or it is not one of this program's."""
    return Rejected(
        Target.DESK,
        f"El ticket {shown_text(id, most=40)} no existe en GLPI, está en la papelera o no es de este programa.",
        remedy="Revise el número del ticket en GLPI; si está en la papelera, restáurelo.",
    )


def not_understood(what: str) -> Misconfigured:
    """A reply that is not what GLPI documents."""
    return Misconfigured(
        Target.DESK,
        f"GLPI respondió a {what} algo que el programa no entiende.",
        remedy="Revise que «url» en [desk] sea la de la API y que la versión de GLPI sea una de las que dice docs/glpi.md.",
    )


def lacking(rights: str) -> Misconfigured:
    """The account is in, and may not do what the program needs."""
    return Misconfigured(
        Target.DESK,
        f"A la cuenta del programa en GLPI le faltan derechos: {rights}.",
        remedy="Déselos al perfil de la cuenta en Administración → Perfiles; docs/glpi.md los enumera.",
    )


def refused(what: str, reply: Reply) -> Misconfigured | Rejected | Transient:
    """A call that GLPI did not carry out, or only in part: `what` is Spanish and follows «GLPI no aceptó»."""
    said = said_in(reply.body)
    if forbidden(reply):
        return lacking(f"no se le permite {what}")
    if reply.status == 401:
        return Misconfigured(
            Target.DESK,
            f"GLPI no reconoció la cuenta del programa ({reply.status} {said}).",
            remedy="Revise las credenciales de [desk] y que la cuenta esté activa en GLPI.",
        )
    # GLPI says 500 for what it declined (the interface of GLPI 11) as for what broke; only its own words tell them apart.
    if reply.status >= 500 and "Failed to" not in said:
        return Transient(Target.DESK, f"GLPI falló al {what} ({reply.status} {said}); se intentará de nuevo.")
    return Rejected(
        Target.DESK,
        f"GLPI no aceptó {what} ({reply.status} {said}).",
        remedy="Revise en GLPI el ticket, la plantilla de su categoría (campos obligatorios) y el ciclo de vida del perfil.",
    )


def forbidden(reply: Reply) -> bool:
    """Whether the account may not do this. GLPI 9.5 says 401 and means 403."""
    return reply.status == 403 or "ERROR_RIGHT_MISSING" in said_in(reply.body)


def hidden_ticket(path: str) -> Rejected:
    """One ticket that the account may not read, though its profile sees all: it is in an entity that is not the account's."""
    return Rejected(
        Target.DESK,
        f"GLPI no deja leer el ticket {path.split('/')[1]}.",
        remedy="Alguien lo pasó a una entidad que la cuenta del programa no ve: devuélvalo, o dé a la cuenta esa entidad.",
    )


def not_kept(what: str) -> Rejected:
    """GLPI answered success, and reading back shows something else."""
    return Rejected(
        Target.DESK,
        f"GLPI respondió que {what}, pero al leerlo de nuevo no quedó así.",
        remedy="Revise en GLPI las reglas de negocio, los campos de solo lectura de la plantilla y el ciclo de vida.",
    )


def said_in(body: JsonValue) -> str:
    """GLPI's own words in a failure, made safe to show: `["CODE", "text"]`, or an object with title and messages."""
    match body:
        case [str(code), *rest]:
            words = [code, *(each for each in rest if isinstance(each, str))]
        case {"title": str(heading), **others}:
            words = [heading, *(str(others[key]) for key in ("status", "detail") if isinstance(others.get(key), str))]
            messages = others.get("additional_messages")
            if isinstance(messages, list):
                words += [str(each["message"]) for each in messages if isinstance(each, dict) and "message" in each]
        case {"error": str(code), **others}:
            words = [code, str(others.get("error_description", ""))]
        case _:
            words = []
    return shown_text(" ".join(words).strip(), most=_MOST_CHARACTERS)
