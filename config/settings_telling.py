"""Settings of how people are told: mail, and the service desk's tool."""

from typing import Annotated, Literal

from pydantic import Field, SecretStr, model_validator

from config.endpoints import HttpEndpoint, is_loopback
from config.institution import Address
from config.located import CertificateFile, ExistingFolder, LocatedPath, PasswordFile, read_secret
from config.sections import Seconds, Section, Text


class MailBySmtp(Section):
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


class MailByMaildir(Section):
    """Mails are left in a Maildir on this machine."""

    kind: Literal["maildir"]
    path: LocatedPath
    templates_dir: ExistingFolder | None = None


class DeskEmbedded(Section):
    """The program's own register of tickets."""

    kind: Literal["embedded"]
    path: LocatedPath


class BouncesNone(Section):
    """Nobody reads what comes back: only a refusal while sending is noticed."""

    kind: Literal["none"] = "none"


class BouncesByMaildir(Section):
    """Delivery-status mails that something else delivers into a Maildir on this machine."""

    kind: Literal["maildir"]
    path: LocatedPath


class BouncesByImap(Section):
    """Delivery-status mails, read from the service mailbox over IMAP with TLS."""

    kind: Literal["imap"]
    host: Annotated[str, Field(pattern=r"^[A-Za-z0-9.:-]{1,253}$", description="un nombre o una dirección de servidor")]
    port: Annotated[int, Field(ge=1, le=65535)] = 993
    user: Text
    password_file: PasswordFile
    folder: Text = "INBOX"
    ca_file: CertificateFile | None = None
    timeout_seconds: Seconds = 30

    def read_password(self) -> SecretStr:
        """The account's password. Raises CannotRun."""
        return read_secret(self.password_file)


class DeskByRequestTracker(Section):
    """Request Tracker 5, through its REST2."""

    kind: Literal["rt"]
    url: HttpEndpoint
    """The address of the web interface, without `/REST/2.0`."""
    token_file: PasswordFile
    queue: Text = "General"
    key_field: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9]{0,63}$", description="el nombre del campo")] = "IdSolicitud"
    """The custom field that carries the case number."""
    ca_file: CertificateFile | None = None
    timeout_seconds: Seconds = 30

    def read_token(self) -> SecretStr:
        """The service account's token. Raises CannotRun."""
        return read_secret(self.token_file)


class DeskByGlpi(Section):
    """GLPI through its legacy REST."""

    kind: Literal["glpi"]
    url: HttpEndpoint
    """The address of the API: `…/apirest.php` or `…/api.php/v1`."""
    app_token_file: PasswordFile | None = None
    user_token_file: PasswordFile
    entity: Annotated[int, Field(ge=0)] = 0
    category: Annotated[int, Field(ge=0)] | None = None
    ca_file: CertificateFile | None = None
    timeout_seconds: Seconds = 30


class DeskByGlpi11(Section):
    """GLPI 11 through its high-level API (off by default in GLPI: Configuración → General → API)."""

    kind: Literal["glpi11"]
    url: HttpEndpoint
    """The address of the API: `…/api.php`."""
    client_id: Text
    client_secret_file: PasswordFile
    user: Text
    password_file: PasswordFile
    entity: Annotated[int, Field(ge=0)] | None = None
    """Where tickets are opened; None: the account's own entity."""
    category: Annotated[int, Field(ge=0)] | None = None
    ca_file: CertificateFile | None = None
    timeout_seconds: Seconds = 30


class DeskByMail(Section):
    """Any other desk: one mail opens the ticket, and each change is a mail of the same conversation."""

    kind: Literal["mail"]
    address: Address
    path: LocatedPath
    """What was told to the desk, so that nothing is told twice."""
