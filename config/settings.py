"""The installation's settings: which systems it talks to and how. What the institution wants is its policy, not this.

One TOML file, `GESTION_…` environment variables over it (`GESTION_MAIL__HOST`), secrets only from files. Unknown keys are
errors. `config/example.toml` explains every key in Spanish.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from config.endpoints import HttpEndpoint, LdapUrl, StoreUrl, is_loopback
from config.errors import CannotRun
from config.institution import BUILT_IN_INSTITUTIONS, Address, Institution, Name, built_in_policy, load_institution
from config.located import (
    CertificateFile,
    ExistingFolder,
    LocatedPath,
    Location,
    PasswordFile,
    ServiceAccountKeyFile,
    located,
    read_secret,
)
from config.settings_sources import gather
from config.toml_file import read_toml
from config.validation import as_list, closest, spanish_problems

Seconds = Annotated[float, Field(gt=0, le=86_400)]
Text = Annotated[str, Field(min_length=1, max_length=500)]
GoogleId = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9_-]{3,100}$", description="el identificador que aparece en la dirección, sin la dirección")
]


def _not_a_number(value: object) -> object:
    # Pydantic would take 5 as five seconds after 1970, and attend every response there ever was.
    if isinstance(value, int | float):
        raise ValueError("debe ser una fecha con hora y zona, por ejemplo 2026-07-13T08:00:00-05:00")
    return value


Instant = Annotated[AwareDatetime, BeforeValidator(_not_a_number)]


def _edit_id(value: str) -> str:
    if value.startswith("1FAIpQL"):
        raise ValueError(
            "ese es el identificador público del formulario; use el que aparece en la dirección al editarlo (/d/…/edit)"
        )
    return value


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


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, defer_build=True)


class Store(_Section):
    """The journal's database."""

    url: Annotated[StoreUrl, Field(validate_default=True)] = "sqlite:///gestion.db"
    password_file: PasswordFile | None = None
    lease_seconds: Annotated[int, Field(ge=30, le=86_400)] = 300
    """How long one poller keeps a request before another may take it over."""

    def read_password(self) -> SecretStr | None:
        """The database's password; None when there is none (SQLite, or a local socket). Raises CannotRun."""
        return read_secret(self.password_file) if self.password_file else None


class Question(_Section):
    """A field's question on the form: bound by id; the title is only compared, to raise an alarm when it changes."""

    id: Annotated[str, Field(pattern=r"^[0-9a-f]{1,16}$", description="el questionId de la API, como 29369072")]
    title: Text


class FormByGoogle(_Section):
    """Google Forms, read with a service account. `attend_since`: responses before it are history, not requests."""

    kind: Literal["google"]
    form_id: Annotated[GoogleId, AfterValidator(_edit_id)]
    key_file: ServiceAccountKeyFile
    subject: Address | None = None
    """Whom the service account acts for (domain-wide delegation), where the form cannot be shared with it."""
    endpoint: HttpEndpoint = "https://forms.googleapis.com"
    token_uri: HttpEndpoint | None = None
    """Overrides the token address of the key file."""
    attend_since: Instant
    questions: Annotated[dict[str, Question], Field(min_length=1)]
    """Field of the form port (`request_type`, …) → its question."""
    overlap_minutes: Annotated[int, Field(ge=1, le=1440)] = 10
    sweep_hours: Annotated[int, Field(ge=1, le=720)] = 24
    timeout_seconds: Seconds = 30

    @field_validator("questions")
    @classmethod
    def _one_question_each(cls, questions: dict[str, Question]) -> dict[str, Question]:
        owners: dict[str, str] = {}
        for name, question in questions.items():
            other = owners.setdefault(question.id, name)
            if other != name:
                raise ValueError(f"{other} y {name} tienen el mismo id ({question.id}); cada pregunta es de un solo campo")
        return questions


class FormByCsv(_Section):
    """A CSV exported from the form: it proves nobody's identity, so somebody vouches for it."""

    kind: Literal["csv"]
    path: LocatedPath
    vouched_by: Name
    """Who answers for the requesters' addresses in the file: a person's name or address, named in every decision."""
    form_id: GoogleId | None = None
    """The form the file was exported from, so that its cases go on when the form is read directly; None: the file's name."""
    headers: dict[str, Text] = {}
    """Field of the form port → the column's header, where it is not the usual one."""


class MatrixBySheet(_Section):
    """The authorizer matrix as a tab of a spreadsheet. `key_file`, `subject` and `token_uri` are the form's unless given."""

    kind: Literal["sheet"]
    spreadsheet_id: GoogleId
    tab: Text = "Matriz"
    key_file: ServiceAccountKeyFile
    subject: Address | None = None
    endpoint: HttpEndpoint = "https://sheets.googleapis.com"
    token_uri: HttpEndpoint | None = None
    timeout_seconds: Seconds = 30


class MatrixByCsv(_Section):
    """The authorizer matrix as a CSV file."""

    kind: Literal["csv"]
    path: LocatedPath


class BoardByGoogle(_Section):
    """The sheet behind the form. `key_file`, `subject` and `token_uri` are the form's unless given."""

    kind: Literal["google"]
    spreadsheet_id: GoogleId
    responses_gid: Annotated[int, Field(ge=0)] | None = None
    """The tab of the responses, as in the address (`gid=`); without it nothing is written beside the responses."""
    key_file: ServiceAccountKeyFile
    subject: Address | None = None
    endpoint: HttpEndpoint = "https://sheets.googleapis.com"
    token_uri: HttpEndpoint | None = None
    timeout_seconds: Seconds = 30


class BoardByXlsx(_Section):
    """A workbook on disk."""

    kind: Literal["xlsx"]
    path: LocatedPath


class DirectoryByActiveDirectory(_Section):
    """Active Directory over TLS with a verified certificate: `ldaps://`, or `ldap+starttls://`."""

    kind: Literal["active_directory"]
    url: LdapUrl
    base_dn: Annotated[
        str,
        Field(pattern=r"(?i)^((OU|CN|DC)=[^,]+,)*DC=[^,]+$", description="la base del directorio, como DC=upme,DC=gov,DC=co"),
    ]
    """Accounts outside it are never touched."""
    user: Text
    """The service account: user principal name, DN or DOMAIN\\name."""
    password_file: PasswordFile
    ca_file: CertificateFile | None = None
    """The authority that signed the controllers' certificates; None: the machine's own store."""
    marker_attribute: Annotated[
        str,
        Field(
            pattern=r"^[A-Za-z][A-Za-z0-9-]{0,63}$", description="el nombre de un atributo, como msDS-cloudExtensionAttribute1"
        ),
    ] = "msDS-cloudExtensionAttribute1"
    timeout_seconds: Annotated[int, Field(ge=1, le=600)] = 15

    def read_password(self) -> SecretStr:
        """The service account's password. Raises CannotRun."""
        return read_secret(self.password_file)


class DirectoryEmbedded(_Section):
    """The program's own directory, for demonstrations and tests."""

    kind: Literal["embedded"]
    path: LocatedPath
    base_dn: Text = "DC=gestion,DC=local"


class CloudEmbedded(_Section):
    """The program's own cloud: seats of each licence, and how long a synchronisation and a mailbox take."""

    kind: Literal["embedded"]
    path: LocatedPath
    seats: dict[str, Annotated[int, Field(ge=0)]]
    sync_minutes: Annotated[float, Field(ge=0, le=1440)] = 30
    mailbox_minutes: Annotated[float, Field(ge=0, le=1440)] = 10


class CloudNone(_Section):
    """No cloud: only for policies whose accounts carry no licence."""

    kind: Literal["none"]


class BackupEmbedded(_Section):
    """The program's own copies of the embedded cloud's mailboxes, in a folder."""

    kind: Literal["embedded"]
    path: LocatedPath


class BackupByHand(_Section):
    """The desk copies mailboxes with its own tools, and confirms it on the board."""

    kind: Literal["by-hand"] = "by-hand"


class MailBySmtp(_Section):
    """A mail server. `none` sends in clear, so it is for a server on this very machine only."""

    kind: Literal["smtp"]
    host: Annotated[str, Field(pattern=r"^[A-Za-z0-9.:-]{1,253}$", description="un nombre o una dirección de servidor")]
    port: Annotated[int, Field(ge=1, le=65535)] = 587
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: Text | None = None
    password_file: PasswordFile | None = None
    ca_file: CertificateFile | None = None
    timeout_seconds: Seconds = 30
    templates_dir: ExistingFolder | None = None
    """The institution's own mail templates; None: those of the program."""

    @model_validator(mode="after")
    def _consistent(self) -> "MailBySmtp":
        if (self.user is None) != (self.password_file is None):
            raise ValueError("user y password_file van juntos: escriba los dos o ninguno")
        if self.security == "none" and not is_loopback(self.host):
            raise ValueError('security = "none" enviaría las claves sin cifrar; use starttls o tls')
        return self

    def read_password(self) -> SecretStr | None:
        """The account's password; None when the server asks for none. Raises CannotRun."""
        return read_secret(self.password_file) if self.password_file else None


class MailByMaildir(_Section):
    """Mails are left in a Maildir on this machine."""

    kind: Literal["maildir"]
    path: LocatedPath
    templates_dir: ExistingFolder | None = None


class DeskEmbedded(_Section):
    """The program's own register of tickets."""

    kind: Literal["embedded"]
    path: LocatedPath


class Run(_Section):
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


class Log(_Section):
    """Where and how events are written."""

    level: Literal["debug", "info", "warning", "error"] = "info"
    file: LocatedPath | None = None
    """None: standard error."""
    format: Literal["json", "text"] = "json"


class Settings(_Section):
    """All settings of one installation, checked: files named here existed and could be read when they were loaded."""

    institution: Annotated[Path, BeforeValidator(_policy_file)]
    """The policy's file."""
    store: Store
    form: Annotated[FormByGoogle | FormByCsv, Field(discriminator="kind")]
    matrix: Annotated[MatrixBySheet | MatrixByCsv, Field(discriminator="kind")]
    board: Annotated[BoardByGoogle | BoardByXlsx, Field(discriminator="kind")]
    directory: Annotated[DirectoryByActiveDirectory | DirectoryEmbedded, Field(discriminator="kind")]
    cloud: Annotated[CloudEmbedded | CloudNone, Field(discriminator="kind")]
    mail: Annotated[MailBySmtp | MailByMaildir, Field(discriminator="kind")]
    desk: DeskEmbedded
    backup: Annotated[BackupEmbedded | BackupByHand, Field(discriminator="kind")] = BackupByHand()
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
