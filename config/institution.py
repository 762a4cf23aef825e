"""An institution's policy as a value: read once from its TOML, frozen, and named by a digest in every decision."""

import re
import string
import unicodedata
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from config.errors import CannotRun
from config.toml_file import read_toml
from config.validation import as_list, spanish_problems
from config.vocabulary import AccountType, Operation

LoginPattern = Literal["first.last", "initial+last", "first.last.second", "first+last", "initial.last", "first.second.last"]

BUILT_IN_INSTITUTIONS = ("upme", "unidad-victimas")
"""The two policies that come with the program, for `built_in_policy`."""

_RDN = re.compile(r"^\s*(OU|CN)\s*=\s*\S.*$", re.IGNORECASE | re.DOTALL)
_UNIT_OU = "unit_ou"
_ADDRESS = r"^[A-Za-z0-9._+-]+@([A-Za-z0-9-]+\.)+[A-Za-z]{2,}$"


def _dn(text: str) -> str:
    """A DN relative to the directory's base: OU and CN parts only, since the base supplies the DC ones."""
    wrong = [part for part in _dn_parts(text) if not _RDN.match(part)]
    if wrong or any(unicodedata.category(letter) == "Cc" for letter in text):
        raise ValueError(f"«{text}» no es una ruta del directorio relativa a la base, como OU=Contratistas,OU=Usuarios")
    return text


def _unit_ou(text: str) -> str:
    return _dn(text) if text else text


def _ou_template(text: str) -> str:
    try:
        fields = [name for _, name, _, _ in string.Formatter().parse(text) if name is not None]
    except ValueError as error:
        raise ValueError(f"«{text}» tiene llaves sin cerrar; la única variable es {{{_UNIT_OU}}}") from error
    unknown = [name for name in fields if name != _UNIT_OU]
    if unknown or (fields and f"{{{_UNIT_OU}}}" not in text):
        raise ValueError(f"«{text}»: la única variable que se puede usar es {{{_UNIT_OU}}}")
    _dn(text.replace(f"{{{_UNIT_OU}}}", "OU=X"))
    return text


def _dn_parts(text: str) -> list[str]:
    # RFC 4514: a comma preceded by a backslash belongs to the value.
    return re.split(r"(?<!\\),", text)


def _one_line(text: str) -> str:
    if any(unicodedata.category(letter) in {"Cc", "Zl", "Zp"} for letter in text):
        raise ValueError("debe caber en una sola línea, sin saltos ni caracteres de control")
    return text


def _zone_name(text: str) -> str:
    try:
        ZoneInfo(text)
    except (OSError, ValueError) as error:  # ZoneInfoNotFoundError is a KeyError, caught below
        raise ValueError(f"«{text}» no es una zona horaria; use por ejemplo America/Bogota") from error
    except KeyError as error:
        raise ValueError(f"«{text}» no es una zona horaria; use por ejemplo America/Bogota") from error
    return text


RelativeDn = Annotated[str, Field(max_length=500), AfterValidator(_dn)]
UnitOu = Annotated[str, Field(max_length=500), AfterValidator(_unit_ou)]
OuTemplate = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_ou_template)]
Line = Annotated[str, Field(max_length=250), AfterValidator(_one_line)]
Name = Annotated[
    str,
    Field(min_length=1, max_length=200, pattern=r"^\S(.*\S)?$", description="un texto sin espacios al comienzo ni al final"),
    AfterValidator(_one_line),
]
Domain = Annotated[
    str,
    Field(pattern=r"^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$", description="un dominio en minúsculas, como upme.gov.co"),
]
Address = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9._+-]+@([A-Za-z0-9-]+\.)+[A-Za-z]{2,}$",
        description="una dirección de correo, como mesa@upme.gov.co",
    ),
]
Link = Annotated[str, Field(pattern=r"^https://[^\s<>\"']+$", description="una dirección que empiece por https://")]
ClockTime = Annotated[str, Field(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="una hora de 00:00 a 23:59, como 07:30")]


Licence = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9_-]{2,64}$", description="el código (SKU) de una licencia, como STANDARDPACK")
]


class _Policy(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Naming(_Policy):
    """How logins are made of a person's names; patterns are tried in order, then the first one with 2, 3, …"""

    patterns: Annotated[tuple[LoginPattern, ...], Field(min_length=1)] = ("first.last", "first.last.second")
    particles: tuple[str, ...] = ("de", "del", "la", "las", "los", "el", "y", "da", "do", "dos", "van", "von", "san", "santa")
    keep_particles: bool = False
    max_length: Annotated[int, Field(ge=6, le=20)] = 20
    generic_prefix: Annotated[
        str, Field(pattern=r"^[a-z0-9._-]{0,10}$", description="hasta 10 letras minúsculas, números, puntos o guiones")
    ] = ""


class Unit(_Policy):
    """A unit (dependencia, GIT): its place in the directory, relative to the directory's base."""

    name: Name
    aliases: tuple[Name, ...] = ()
    ou: UnitOu = ""
    groups: tuple[RelativeDn, ...] = ()


class AccountRules(_Policy):
    """What one account type gets. `ou` may hold `{unit_ou}`; groups are DNs relative to the directory's base."""

    ou: OuTemplate
    groups: tuple[RelativeDn, ...] = ()
    licence: Licence | None = None
    """SKU of the mailbox licence; None: no mailbox, so no seat, sync, licence and mailbox steps."""
    title: Annotated[Line, Field(max_length=64)] = ""


class Mail(_Policy):
    """Who the mails come from and how they close."""

    sender_name: Name
    sender: Address
    reply_to: Annotated[
        str, Field(pattern=rf"^$|{_ADDRESS}", description="una dirección de correo, como mesa@upme.gov.co, o nada")
    ] = ""
    signature: tuple[Line, ...]
    help_contact: Line
    """One line: where a person finds help (extension, mail, hours)."""
    form_url: Link
    portal_url: Link = "https://outlook.office.com"
    colour: Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$", description="un color como #1F4E79")] = "#1F4E79"


class Deadlines(_Policy):
    """Times of the procedure: business hours and business days of the institution's calendar."""

    attend_business_hours: Annotated[float, Field(gt=0, le=2000)] = 10
    warn_business_hours: Annotated[float, Field(ge=0, le=2000)] = 2
    lead_business_days: int = 1
    """A contract that begins later is attended this many business days before its first day."""
    correction_business_days: Annotated[int, Field(ge=1, le=250)] = 5
    reminder_business_days: tuple[Annotated[int, Field(ge=1)], ...] = (2, 4)
    pickup_reminder_business_days: Annotated[int, Field(ge=1, le=250)] = 3
    """Access data that nobody used is remembered after so many business days, and revoked after so many more or fewer."""
    pickup_business_days: Annotated[int, Field(ge=1, le=250)] = 8
    confirmations_stop_clock: bool = True
    """Whether the 10 business hours stand still while a person must confirm or approve something."""

    @model_validator(mode="after")
    def _in_order(self) -> "Deadlines":
        if self.warn_business_hours >= self.attend_business_hours:
            raise ValueError("warn_business_hours debe ser menor que attend_business_hours: se avisa antes del vencimiento")
        if list(self.reminder_business_days) != sorted(set(self.reminder_business_days)):
            raise ValueError("reminder_business_days debe ir de menor a mayor y sin repetir")
        if self.reminder_business_days and self.reminder_business_days[-1] >= self.correction_business_days:
            raise ValueError("cada día de reminder_business_days debe ser menor que correction_business_days")
        if self.pickup_reminder_business_days >= self.pickup_business_days:
            raise ValueError("pickup_reminder_business_days debe ser menor que pickup_business_days: antes se recuerda")
        return self


class BusinessHours(_Policy):
    """Monday to Friday; holidays of the country, with the institution's additions and removals."""

    opens: ClockTime = "07:30"
    closes: ClockTime = "17:00"
    holidays_country: Annotated[str, Field(pattern=r"^[A-Z]{2}$", description="el código de un país, como CO")] = "CO"
    extra_holidays: tuple[date, ...] = ()
    working_holidays: tuple[date, ...] = ()

    @model_validator(mode="after")
    def _consistent(self) -> "BusinessHours":
        if self.opens >= self.closes:
            raise ValueError(f"opens ({self.opens}) debe ser antes que closes ({self.closes})")
        weekend = [day for day in self.working_holidays if day.weekday() >= 5]
        if weekend:
            raise ValueError(f"working_holidays: {weekend[0].isoformat()} cae en fin de semana; se trabaja de lunes a viernes")
        both = sorted(set(self.extra_holidays) & set(self.working_holidays))
        if both:
            raise ValueError(f"{both[0].isoformat()} está a la vez en extra_holidays y en working_holidays")
        return self


class Caps(_Policy):
    """More destructive effects than both of these in one run, or one campaign, stop for approval of that exact plan.

    The number is for an institution of 40 people, where a share would stop every vacation; the share for one of 4,000.
    """

    destructive_per_run: Annotated[int, Field(ge=0)] = 10
    destructive_share: Annotated[float, Field(ge=0, le=1)] = 0.05

    def allowed(self, population: int) -> int:
        """How many destructive effects need no approval, among so many enabled accounts."""
        return max(self.destructive_per_run, int(self.destructive_share * population))


class Approvals(_Policy):
    """What a second person must approve: neither the requester nor the person concerned, and an approver of the matrix.

    A change of the recorded address and a campaign always need one.
    """

    operations: tuple[Operation, ...] = (Operation.DELETE,)
    on_board: bool = True
    """Whether the desk may record an approval on the board (the approver's address in Observación); else only the command."""


class Leaving(_Policy):
    """What becomes of the account of somebody who leaves for good: retirement, contract's end, termination, cession."""

    back_up_and_remove_licence: bool = False
    """Once the account is disabled and its mailbox backed up and verified, its licence goes back (Unidad, 5)."""
    remove_groups: bool = True
    """Group memberships are recorded and removed; they come back when the person returns."""
    report_loose_ends: bool = True
    """Direct reports and generic accounts that the person leaves behind are told to the head of the unit and the desk."""


class Renaming(_Policy):
    """What a change of name does to the address; the login stays in any case."""

    adds_alias: bool = False
    """Whether the new name's address is added to the mailbox."""


def _told_apart(units: tuple[Unit, ...]) -> tuple[Unit, ...]:
    problems = [] if units else ["la institución necesita al menos una dependencia en [[units]]"]
    owners: dict[str, int] = {}
    for index, unit in enumerate(units):
        for text in dict.fromkeys((unit.name, *unit.aliases)):
            owner = owners.setdefault(_folded(text), index)
            if owner != index:
                problems.append(f"«{text}» nombra a la vez a «{units[owner].name}» y a «{unit.name}»")
    if problems:
        raise ValueError("; ".join(problems))
    return units


class Institution(_Policy):
    """One institution's whole policy."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,30}$", description="minúsculas, números y guiones, como upme")]
    name: Name
    short_name: Name
    mail_domain: Domain
    upn_suffix: Domain
    timezone: Annotated[str, AfterValidator(_zone_name)] = "America/Bogota"
    deletes_accounts: bool
    operations: Annotated[tuple[Operation, ...], Field(min_length=1)] = tuple(Operation)
    naming: Naming = Naming()
    accounts: Annotated[dict[AccountType, AccountRules], Field(min_length=1)]
    """An account type that is not here is not offered by the institution."""
    units: Annotated[tuple[Unit, ...], AfterValidator(_told_apart)]
    mail: Mail
    licence_groups: dict[Licence, RelativeDn] = {}
    """Licences that come with a group of the directory (group-based licensing); every other one is assigned directly."""
    deadlines: Deadlines = Deadlines()
    business_hours: BusinessHours = BusinessHours()
    caps: Caps = Caps()
    approvals: Approvals = Approvals()
    leaving: Leaving = Leaving()
    renaming: Renaming = Renaming()
    version: str = ""
    """Digest of the file it was read from; recorded with every decision."""

    @model_validator(mode="after")
    def _licences_apart(self) -> "Institution":
        # Whoever were in such a group by another rule would have a licence that nobody promised, and lose it before its backup.
        given = {group for rules in self.accounts.values() for group in rules.groups}
        given |= {group for unit in self.units for group in unit.groups}
        licensing = [_folded(group) for group in self.licence_groups.values()]
        both = sorted(group for group in given if _folded(group) in licensing)
        if both:
            raise ValueError(f"«{both[0]}» está en licence_groups y también en los groups de un tipo de cuenta o dependencia")
        if len(set(licensing)) < len(licensing):
            raise ValueError("dos licencias de licence_groups usan el mismo grupo; cada una necesita el suyo")
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which the institution's dates are decided."""
        return ZoneInfo(self.timezone)

    def unit_called(self, text: str) -> Unit | None:
        """The unit that a person means by its name or an alias; capitals, accents and extra spaces do not matter."""
        wanted = _folded(text)
        return next((unit for unit in self.units if wanted in {_folded(name) for name in (unit.name, *unit.aliases)}), None)

    def ou_of(self, account_type: AccountType, unit: Unit) -> str:
        """Where an account of this type and unit is created, relative to the directory's base.

        A unit without an OU of its own leaves no trace in the template. Raises KeyError for a type that is not offered.
        """
        return _filled(self.accounts[account_type].ou, unit.ou)


@lru_cache(maxsize=4096)
def _filled(template: str, unit_ou: str) -> str:
    parts = _dn_parts(template.replace(f"{{{_UNIT_OU}}}", unit_ou))
    return ",".join(part.strip() for part in parts if part.strip())


def built_in_policy(name: str) -> Path | None:
    """The file of a policy that comes with the program; None when there is none of that name."""
    return Path(__file__).with_name("institutions") / f"{name}.toml" if name in BUILT_IN_INSTITUTIONS else None


def load_institution(path: Path) -> Institution:
    """Read and check a policy file. Raises CannotRun naming every wrong key at once."""
    file = read_toml(path, "la política de la institución")
    values = dict(file.values)
    problems = ["version: no se escribe; el programa la calcula"] if values.pop("version", None) is not None else []
    try:
        institution = Institution.model_validate({**values, "version": file.digest})
    except ValidationError as error:
        problems.extend(spanish_problems(error, Institution))
    else:
        if not problems:
            return institution
    raise CannotRun(f"La política de la institución {path} tiene errores; corríjalos y vuelva a intentarlo:{as_list(problems)}")


def _folded(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", " ".join(text.split()).casefold())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))
