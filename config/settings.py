"""The installation's settings: which systems it talks to and how. What the institution wants is its policy, not this.

One TOML file, `GESTION_…` environment variables over it (`GESTION_MAIL__HOST`), secrets only from files. Unknown keys are
errors. `config/example.toml` explains every key in Spanish.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, SecretStr, ValidationError, ValidationInfo, model_validator

from config.endpoints import HttpEndpoint, StoreUrl
from config.errors import CannotRun
from config.institution import BUILT_IN_INSTITUTIONS, Institution, built_in_policy, load_institution
from config.located import LocatedPath, Location, PasswordFile, located, read_secret
from config.sections import Seconds, Section
from config.settings_accounts import (
    BackupByHand,
    BackupEmbedded,
    CloudEmbedded,
    CloudNone,
    DirectoryByActiveDirectory,
    DirectoryEmbedded,
)
from config.settings_intake import BoardByGoogle, BoardByXlsx, FormByCsv, FormByGoogle, MatrixByCsv, MatrixBySheet
from config.settings_microsoft import BackupByGraph, BouncesByGraph, CloudByGraph, MailByGraph, Microsoft
from config.settings_sources import gather
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
from config.toml_file import read_toml
from config.validation import as_list, closest, spanish_problems


def _policy_file(value: object, info: ValidationInfo) -> object:
    if not isinstance(value, str):
        return value
    built_in = built_in_policy(value)
    if built_in is not None:
        return built_in
    path = located(Path(value), info)
    if not path.is_file():
        suggestion = closest(value, list(BUILT_IN_INSTITUTIONS))
        asked = f"; ¿quiso decir {suggestion}?" if suggestion else ""
        raise ValueError(f"no existe el archivo {path}, ni es una de las incluidas: {' o '.join(BUILT_IN_INSTITUTIONS)}{asked}")
    return path


class Store(Section):
    """The journal's database."""

    url: Annotated[StoreUrl, Field(validate_default=True)] = "sqlite:///gestion.db"
    password_file: PasswordFile | None = None
    lease_seconds: Annotated[int, Field(ge=30, le=86_400)] = 300
    """How long one poller keeps a request before another may take it over."""

    def read_password(self) -> SecretStr | None:
        """The database's password; None when there is none (SQLite, or a local socket). Raises CannotRun."""
        return read_secret(self.password_file) if self.password_file else None


class Run(Section):
    """Limits of one run, and how failed effects are tried again across runs."""

    max_attempts: Annotated[int, Field(ge=1, le=1000)] = 12
    backoff_first_seconds: Seconds = 60
    backoff_max_seconds: Seconds = 3600
    effects_per_run: Annotated[int, Field(ge=1, le=1_000_000)] = 2000
    """What is left over waits for the next run."""

    @model_validator(mode="after")
    def _consistent(self) -> "Run":
        if self.backoff_first_seconds > self.backoff_max_seconds:
            raise ValueError("backoff_first_seconds no puede ser mayor que backoff_max_seconds")
        return self


class Watching(Section):
    """What lets somebody notice that runs no longer happen, or that something is not as it should be."""

    metrics_file: LocatedPath | None = None
    """Where Prometheus's node exporter reads a textfile (`….prom`); None: no metrics."""
    heartbeat_url: HttpEndpoint | None = None
    """Asked for (GET) after each run that could run: a dead man's switch. None: none."""
    poll_seconds: Seconds = 300
    """Pause between two runs of `gestion run --watch`."""


class Log(Section):
    """Where and how events are written."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    file: LocatedPath | None = None
    """None: standard error."""
    format: Literal["json", "text"] = "json"


class Settings(Section):
    """All settings of one installation, checked: files named here existed and could be read when they were loaded."""

    institution: Annotated[Path, BeforeValidator(_policy_file)]
    """The policy's file."""
    store: Store
    form: Annotated[FormByGoogle | FormByCsv, Field(discriminator="kind")]
    matrix: Annotated[MatrixBySheet | MatrixByCsv, Field(discriminator="kind")]
    board: Annotated[BoardByGoogle | BoardByXlsx, Field(discriminator="kind")]
    directory: Annotated[DirectoryByActiveDirectory | DirectoryEmbedded, Field(discriminator="kind")]
    microsoft: Microsoft | None = None
    """The tenant that every `kind = "graph"` uses."""
    cloud: Annotated[CloudByGraph | CloudEmbedded | CloudNone, Field(discriminator="kind")]
    mail: Annotated[MailBySmtp | MailByGraph | MailByMaildir, Field(discriminator="kind")]
    bounces: Annotated[BouncesByGraph | BouncesByImap | BouncesByMaildir | BouncesNone, Field(discriminator="kind")] = (
        BouncesNone()
    )
    desk: Annotated[DeskByRequestTracker | DeskByGlpi | DeskByGlpi11 | DeskByMail | DeskEmbedded, Field(discriminator="kind")]
    backup: Annotated[BackupByGraph | BackupEmbedded | BackupByHand, Field(discriminator="kind")] = BackupByHand()
    watching: Watching = Watching()
    run: Run = Run()
    log: Log = Log()

    def load_policy(self) -> Institution:
        """Read the institution's policy. Raises CannotRun with all that is wrong in it, or between it and these settings."""
        institution = load_institution(self.institution)
        problems = list(contradictions(self, institution))
        if problems:
            raise CannotRun(f"La configuración no corresponde a la política de {institution.short_name}:{as_list(problems)}")
        return institution


def contradictions(settings: Settings, institution: Institution) -> tuple[str, ...]:
    """What settings and policy, each right by itself, get wrong together; Spanish."""
    licences = {rules.licence for rules in institution.accounts.values() if rules.licence}
    by_graph = [name for name in ("cloud", "mail", "bounces", "backup") if getattr(settings, name).kind == "graph"]
    if by_graph and settings.microsoft is None:
        return (f'falta la sección [microsoft], que necesita kind = "graph" de {", ".join(by_graph)}',)
    if isinstance(settings.backup, BackupEmbedded) and not isinstance(settings.cloud, CloudEmbedded):
        return ('backup: kind = "embedded" copia solo los buzones de cloud kind = "embedded"; use "by-hand"',)
    match settings.cloud:
        case CloudNone() if licences:
            return (f'cloud: kind = "none" no sirve, porque la política da licencias ({", ".join(sorted(licences))})',)
        case CloudEmbedded(seats=seats):
            return tuple(
                f"cloud.seats: falta la licencia {name}, que la política usa" for name in sorted(licences - seats.keys())
            )
        case _:
            return ()


def load_settings(path: Path, environ: Mapping[str, str]) -> Settings:
    """Read the settings file with the environment over it. Relative paths start at the file's folder.

    Raises CannotRun with every problem at once, in Spanish and without any secret.
    """
    path = path.absolute()
    gathered = gather(read_toml(path, "la configuración").values, environ)
    directory = environ.get("CREDENTIALS_DIRECTORY")
    location = Location(path.parent, Path(directory) if directory else None)
    problems = list(gathered.problems)
    try:
        settings = Settings.model_validate({"store": {}, **gathered.values}, context=location)
    except ValidationError as error:
        problems.extend(text for problem in spanish_problems(error, Settings) if (text := gathered.explain(problem)))
    else:
        if not problems:
            return settings
    # Not chained to pydantic's error, which holds the values that were read.
    raise CannotRun(f"La configuración {path} tiene errores; corríjalos y vuelva a intentarlo:{as_list(problems)}")
