"""`gestion doctor` on how people are told: mail, its templates, what comes back, the desk's ticket tool."""

import dataclasses
from collections.abc import Callable, Mapping
from datetime import date
from types import UnionType
from typing import Union, assert_never, get_args, get_origin, get_type_hints

from config.errors import GestionError
from config.settings_microsoft import BouncesByGraph, MailByGraph
from config.settings_telling import (
    BouncesByImap,
    BouncesByMaildir,
    BouncesNone,
    DeskByGlpi,
    DeskByGlpi11,
    DeskByMail,
    DeskByRequestTracker,
    DeskEmbedded,
    MailByMaildir,
    MailBySmtp,
)
from config.vocabulary import CaseNumber
from intake.doctor_findings import Finding, bad, doubtful, good, nearest_folder, unwritable
from intake.wiring import Installation

_SAMPLE_CASE = "GU-2026-000123"


def mail_findings(installation: Installation) -> list[Finding]:
    """The server answers and would take mail from the program; nothing is sent."""
    problems = installation.mailer.check()
    if problems:
        return [bad(problem) for problem in problems]
    section = installation.settings.mail
    match section:
        case MailByMaildir():
            message = f"Los correos se guardan en {section.path} y no se envían."
            return [doubtful(message, 'Para producción use [mail] kind = "smtp" o "graph".')]
        case MailBySmtp():
            return [good(f"{section.host}:{section.port} responde y acepta enviar.")]
        case MailByGraph():
            return [good(f"Microsoft 365 responde por el buzón {installation.policy.mail.sender}.")]
        case _ as never:
            assert_never(never)


def template_findings(installation: Installation) -> list[Finding]:
    """Every template compiles and can be filled: with all that a mail may carry, and with as little as it may."""
    from notify.mails import Mail
    from notify.render import TEMPLATE_OF

    renderer = installation.renderer
    problems = list(renderer.check())
    if not problems:
        for kind in TEMPLATE_OF:
            make: Callable[..., Mail] = kind
            for full in (True, False):
                try:
                    renderer.render(make(**sample_values(kind, full=full)))
                except GestionError as error:
                    problems.append(str(error))
                    break
    if problems:
        return [bad(problem) for problem in problems]
    folder = installation.settings.mail.templates_dir
    own = f"; las propias están en {folder}" if folder else ""
    return [good(f"Las {len(TEMPLATE_OF)} se pudieron llenar con datos de muestra{own}.")]


def sample_values(kind: type, *, full: bool) -> Mapping[str, object]:
    """Harmless values for every field of a kind of mail; `full`: also for those that may be empty."""
    hints = get_type_hints(kind)
    return {item.name: _sample(item.name, hints[item.name], full=full) for item in dataclasses.fields(kind)}


def _sample(name: str, hint: object, *, full: bool) -> object:
    origin, inner = get_origin(hint), get_args(hint)
    if origin in {Union, UnionType}:
        some = next(each for each in inner if each is not type(None))
        return _sample(name, some, full=full) if full else None
    if origin is tuple:
        if len(inner) == 2 and inner[1] is Ellipsis:
            return (_sample(name, inner[0], full=full),) if full else ()
        return tuple(_sample(name, each, full=full) for each in inner)
    plain = getattr(hint, "__supertype__", hint)
    if plain is bool:
        return full
    if plain is int:
        return 3
    if plain is date:
        return date(2026, 11, 27)
    if name.endswith("_url"):
        return "https://example.org/formulario"
    return _SAMPLE_CASE if hint is CaseNumber else "Ejemplo"


def bounces_findings(installation: Installation) -> list[Finding]:
    """What comes back can be read; nothing is marked or moved."""
    section = installation.settings.bounces
    match section:
        case BouncesNone():
            remedy = "Configure [bounces], para que un correo devuelto reabra su caso."
            return [doubtful("Nadie lee los correos devueltos: solo se nota un rechazo en el momento del envío.", remedy)]
        case BouncesByImap() | BouncesByGraph() | BouncesByMaildir():
            where = _mailbox_of(section)
            problems = installation.bounces.check()
            return [bad(problem) for problem in problems] or [good(f"Se pueden leer los correos devueltos de {where}.")]
        case _ as never:
            assert_never(never)


def _mailbox_of(section: BouncesByImap | BouncesByGraph | BouncesByMaildir) -> str:
    match section:
        case BouncesByImap():
            return f"{section.user} en {section.host}"
        case BouncesByGraph():
            return section.mailbox
        case BouncesByMaildir():
            return str(section.path)
        case _ as never:
            assert_never(never)


def desk_findings(installation: Installation) -> list[Finding]:
    """The ticket tool answers a search, and has what the program needs in it."""
    problems = installation.desk.check()
    if problems:
        return [bad(problem) for problem in problems]
    section = installation.settings.desk
    match section:
        case DeskEmbedded():
            return [good(f"Registro propio del programa ({section.path}).")]
        case DeskByMail():
            problem = unwritable(nearest_folder(section.path.parent))
            return [problem or good(f"Cada caso se informa por correo a {section.address}.")]
        case DeskByRequestTracker():
            return [good(f"{section.url} responde y deja buscar en la cola {section.queue}.")]
        case DeskByGlpi() | DeskByGlpi11():
            return [good(f"{section.url} responde y deja buscar casos.")]
        case _ as never:
            assert_never(never)
