"""An institution's policy as a value: read once from its TOML, frozen, and named by a digest in every decision."""

import hashlib
import tomllib
from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from config.errors import CannotRun
from config.validation import spanish_problems
from config.vocabulary import AccountType, Operation

LoginPattern = Literal["first.last", "initial+last", "first.last.second", "first+last", "initial.last", "first.second.last"]


class _Policy(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=False)


class Naming(_Policy):
    """How logins are made of a person's names; patterns are tried in order, then the first one with 2, 3, …"""

    patterns: tuple[LoginPattern, ...] = ("first.last", "first.last.second")
    particles: tuple[str, ...] = ("de", "del", "la", "las", "los", "el", "y", "da", "do", "dos", "van", "von", "san", "santa")
    keep_particles: bool = False
    max_length: Annotated[int, Field(ge=6, le=20)] = 20
    generic_prefix: str = ""


class Unit(_Policy):
    """A unit (dependencia, GIT): its place in the directory, relative to the directory's base."""

    name: str
    aliases: tuple[str, ...] = ()
    ou: str = ""
    groups: tuple[str, ...] = ()


class AccountRules(_Policy):
    """What one account type gets. `ou` may hold `{unit_ou}`; groups are DNs relative to the directory's base."""

    ou: str
    groups: tuple[str, ...] = ()
    licence: str | None = None
    """SKU of the mailbox licence; None: no mailbox, so no seat, sync, licence and mailbox steps."""
    title: str = ""


class Mail(_Policy):
    """Who the mails come from and how they close."""

    sender_name: str
    sender: str
    reply_to: str = ""
    signature: tuple[str, ...]
    help_contact: str
    """One line: where a person finds help (extension, mail, hours)."""
    form_url: str
    portal_url: str = "https://outlook.office.com"
    colour: Annotated[str, Field(pattern=r"^#[0-9a-fA-F]{6}$")] = "#1F4E79"


class Deadlines(_Policy):
    """Times of the procedure: business hours and business days of the institution's calendar."""

    attend_business_hours: float = 10
    warn_business_hours: float = 2
    correction_business_days: int = 5
    reminder_business_days: tuple[int, ...] = (2, 4)


class BusinessHours(_Policy):
    """Monday to Friday; holidays of the country, with the institution's additions and removals (ISO dates)."""

    opens: str = "07:30"
    closes: str = "17:00"
    holidays_country: str = "CO"
    extra_holidays: tuple[str, ...] = ()
    working_holidays: tuple[str, ...] = ()


class Caps(_Policy):
    """More destructive effects than this in one run stop for approval."""

    destructive_per_run: int = 10
    destructive_share: float = 0.05


class Institution(_Policy):
    """One institution's whole policy."""

    id: Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,30}$")]
    name: str
    short_name: str
    mail_domain: str
    upn_suffix: str
    timezone: str = "America/Bogota"
    deletes_accounts: bool
    operations: tuple[Operation, ...] = tuple(Operation)
    naming: Naming = Naming()
    accounts: dict[AccountType, AccountRules]
    """An account type that is not here is not offered by the institution."""
    units: tuple[Unit, ...]
    mail: Mail
    deadlines: Deadlines = Deadlines()
    business_hours: BusinessHours = BusinessHours()
    caps: Caps = Caps()
    version: str = ""
    """Digest of the file it was read from; recorded with every decision."""

    @model_validator(mode="after")
    def _consistent(self) -> "Institution":
        if not self.units:
            raise ValueError("la institución necesita al menos una dependencia en [[units]]")
        return self

    @property
    def zone(self) -> ZoneInfo:
        """The zone in which the institution's dates are decided."""
        return ZoneInfo(self.timezone)


def load_institution(path: Path) -> Institution:
    """Read and check a policy file. Raises CannotRun naming every wrong key at once."""
    try:
        raw = path.read_bytes()
        values = tomllib.loads(raw.decode("utf-8"))
    except OSError as error:
        raise CannotRun(f"No se puede leer la política de la institución {path}: {error.strerror}.", remedy="Revise la ruta y los permisos.") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CannotRun(f"La política de la institución {path} no es TOML válido: {error}.") from error
    try:
        return Institution.model_validate({**values, "version": hashlib.sha256(raw).hexdigest()[:12]})
    except ValidationError as error:
        problems = "; ".join(spanish_problems(error))
        raise CannotRun(f"La política de la institución {path} tiene errores: {problems}.", remedy="Corrija el archivo.") from error
