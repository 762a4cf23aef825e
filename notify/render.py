"""Mails as people read them: subject, plain text and HTML, in Spanish, from templates an institution may override.

A folder per kind of mail (`access_data/{subject.txt,body.txt,body.html}`) over a common `base.txt` and `base.html`.
Values never bring line breaks or control characters with them; HTML is escaped; a variable that is missing is an error.
"""

import dataclasses
import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from urllib.parse import quote, urlsplit

import css_inline
import jinja2
from markupsafe import Markup

from config.errors import Misconfigured, Target
from config.institution import Institution
from notify.colours import Palette
from notify.mails import (
    AccessData,
    AccessRevoked,
    AddressChangeNotice,
    AlreadyHasAccount,
    ApprovalRecorded,
    BatchHeld,
    CampaignReport,
    Cancelled,
    ClosedUnanswered,
    ContractEnded,
    Correction,
    DeletionUndone,
    Duplicate,
    LooseEnds,
    Mail,
    NothingToDo,
    PickupReminder,
    Refusal,
    Report,
    Returned,
    Scheduled,
    UserNotice,
)

TEMPLATE_OF: dict[type[Mail], str] = {
    AccessData: "access_data",
    Report: "report",
    Refusal: "refusal",
    Correction: "correction",
    ClosedUnanswered: "closed_unanswered",
    Duplicate: "duplicate",
    AlreadyHasAccount: "already_has_account",
    Cancelled: "cancelled",
    Scheduled: "scheduled",
    Returned: "returned",
    NothingToDo: "nothing_to_do",
    ContractEnded: "contract_ended",
    LooseEnds: "loose_ends",
    DeletionUndone: "deletion_undone",
    UserNotice: "user_notice",
    AddressChangeNotice: "address_change_notice",
    ApprovalRecorded: "approval_recorded",
    PickupReminder: "pickup_reminder",
    AccessRevoked: "access_revoked",
    CampaignReport: "campaign_report",
    BatchHeld: "batch_held",
}
"""The folder of each kind of mail."""

STATE_OF: dict[type[Mail], str] = {
    Report: "atendida",
    Refusal: "rechazada",
    Correction: "necesita su corrección",
    ClosedUnanswered: "cerrada sin respuesta",
    Duplicate: "cerrada, porque está repetida",
    AlreadyHasAccount: "cerrada, porque ya tiene cuenta",
    Cancelled: "cancelada",
    Scheduled: "programada",
    Returned: "terminada",
    NothingToDo: "cerrada, porque no hacía falta",
    DeletionUndone: "cancelada",
    ApprovalRecorded: "aprobada, en trámite",
    AccessRevoked: "atendida, con los datos de acceso anulados",
}
"""How the request stands, for those who follow it; the mails to others tell of their account and not of the request."""

PARTS = ("subject.txt", "body.txt", "body.html")

LONGEST_VALUE = 1_000
"""Characters of one value; what is longer is cut with "…": nobody reads it, and a mail must stay deliverable."""
LONGEST_SUBJECT = 180

_DAYS = ("lunes", "martes", "miércoles", "jueves", "viernes", "sábado", "domingo")
_MONTHS = (
    "enero", "febrero", "marzo", "abril", "mayo", "junio",
    "julio", "agosto", "septiembre", "octubre", "noviembre", "diciembre",
)  # fmt: skip

# Everything RFC 3986 allows in a URL that is already encoded; all else is percent-encoded once more for safety.
_URL_CHARACTERS = ":/?#[]@!$&'()*+,;=-._~%"


@dataclass(frozen=True, slots=True)
class Rendered:
    """One mail, ready to be sent. The bodies hide from `repr`: they may carry a password."""

    subject: str
    """One line, with the case number."""
    text: str = field(repr=False)
    html: str = field(repr=False)


def one_line(text: str, longest: int = LONGEST_VALUE) -> str:
    """The text without line breaks, control, invisible or direction-changing characters; cut to `longest` characters.

    Directional overrides (U+202E and others) could make an address or a reason read as something else.
    """
    beginning = text[: 4 * longest]
    # What Python calls printable is shown as it is: it holds no control, format, unassigned or separating character.
    shown = beginning if beginning.isprintable() else "".join(_shown(character) for character in beginning)
    line = " ".join(shown.split())
    return line if len(line) <= longest else f"{line[: longest - 1].rstrip()}…"


def _shown(character: str) -> str:
    match unicodedata.category(character):
        case "Cc" | "Zl" | "Zp":
            return " "
        case "Cf":
            return ""
        case "Cs" | "Co" | "Cn":
            return "\N{REPLACEMENT CHARACTER}"
        case _:
            return character


def spanish_date(day: date) -> str:
    """`viernes 27 de noviembre de 2026`, whatever the machine's locale."""
    return f"{_DAYS[day.weekday()]} {day.day} de {_MONTHS[day.month - 1]} de {day.year}"


def web_link(url: str) -> str:
    """The address, fit for `href` and for a line of its own. Raises Misconfigured unless it is http or https."""
    encoded = quote(url.strip(), safe=_URL_CHARACTERS)
    try:
        parts = urlsplit(encoded)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in {"http", "https"} or not parts.netloc:
        raise Misconfigured(
            Target.MAIL,
            f"«{one_line(url, 80)}» no puede ir como enlace en un correo.",
            remedy="Revise form_url y portal_url en la política de la institución: deben empezar por https://.",
        )
    return encoded


def breakable(value: str) -> Markup:
    """HTML of a value that may break after "@" on a narrow screen, rather than in the middle of a word; copies unchanged."""
    return Markup("@<wbr>").join(value.split("@"))


class Renderer:
    """The templates of one institution, read and compiled once for a whole run. Holds no mail."""

    def __init__(self, institution: Institution, templates_dir: Path | None = None) -> None:
        own = jinja2.FileSystemLoader(Path(__file__).parent / "templates")
        self._environment = jinja2.Environment(
            loader=own if templates_dir is None else jinja2.ChoiceLoader([jinja2.FileSystemLoader(templates_dir), own]),
            undefined=jinja2.StrictUndefined,
            autoescape=jinja2.select_autoescape(("html",), default=False),
            auto_reload=False,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.filters["fecha"] = spanish_date
        self._environment.filters["enlace"] = web_link
        self._environment.filters["con_cortes"] = breakable
        self._environment.globals["institution"] = institution
        self._environment.globals["colours"] = Palette.of(institution.mail.colour)
        # Mail clients drop <style>; what a client reads nonetheless (dark mode) is marked to be kept. Nothing is fetched.
        self._inliner = css_inline.CSSInliner(load_remote_stylesheets=False)

    def render(self, mail: Mail) -> Rendered:
        """Subject, text and HTML of a mail. Deterministic. Raises Misconfigured for a template that cannot be used."""
        folder = TEMPLATE_OF[type(mail)]
        values = {**_values(mail), "state": STATE_OF.get(type(mail), "")}
        subject = one_line(self._fill(f"{folder}/subject.txt", values), LONGEST_SUBJECT)
        html = self._fill(f"{folder}/body.html", {**values, "subject": subject})
        text = self._fill(f"{folder}/body.txt", values)
        return Rendered(subject, _tidy(text), self._inliner.inline(html))

    def check(self) -> tuple[str, ...]:
        """What `gestion doctor` should say is wrong with the templates, in Spanish; empty when all of them compile."""
        problems = []
        for name in ("base.txt", "base.html", *(f"{folder}/{part}" for folder in TEMPLATE_OF.values() for part in PARTS)):
            try:
                self._environment.get_template(name)
            except (jinja2.TemplateError, OSError, UnicodeDecodeError) as error:
                problems.append(str(_unusable(name, error)))
        return tuple(problems)

    def _fill(self, name: str, values: dict[str, object]) -> str:
        try:
            return self._environment.get_template(name).render(values)
        except (jinja2.TemplateError, OSError, UnicodeDecodeError) as error:
            raise _unusable(name, error) from error


def render(mail: Mail, institution: Institution, templates_dir: Path | None = None) -> Rendered:
    """One mail by itself; for many, keep a `Renderer`."""
    return Renderer(institution, templates_dir).render(mail)


def _values(mail: Mail) -> dict[str, object]:
    return {item.name: _clean(item.name, getattr(mail, item.name)) for item in dataclasses.fields(mail)}


def _clean(name: str, value: object) -> object:
    match value:
        case str() if name == "password":
            # Said exactly as it was set, or not at all.
            if value != one_line(value):
                raise ValueError("a password that does not fit on one line of a mail")
            return value
        case str() if name.endswith("_url"):
            return value  # the filter `enlace` is what makes it harmless
        case str():
            return one_line(value)
        case tuple():
            return tuple(_clean(name, item) for item in value)
        case _:
            return value


def _tidy(text: str) -> str:
    lines = "\n".join(line.rstrip() for line in text.strip().split("\n"))
    return re.sub(r"\n{3,}", "\n\n", lines) + "\n"


def _unusable(name: str, error: Exception) -> Misconfigured:
    where = f", línea {error.lineno}" if isinstance(error, jinja2.TemplateSyntaxError) else ""
    return Misconfigured(
        Target.MAIL,
        f"La plantilla de correo {name}{where} no se puede usar: {one_line(str(error), 200)}.",
        remedy="Corríjala o bórrela de la carpeta de plantillas de la institución para usar la del programa.",
    )
