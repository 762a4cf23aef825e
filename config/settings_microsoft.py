"""Settings of Microsoft 365: one tenant, and what the program does in it through Microsoft Graph.

Microsoft's own clouds have different addresses (https://learn.microsoft.com/graph/deployments): both can be set.
"""

from typing import Annotated, Literal

from pydantic import Field, SecretStr, model_validator

from config.endpoints import HttpEndpoint
from config.errors import CannotRun
from config.institution import Address
from config.located import CertificateFile, ExistingFolder, LocatedPath, PasswordFile, PrivateKeyFile, read_secret
from config.sections import Seconds, Section, Text

TenantName = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9.-]{2,100}$", description="el identificador o el dominio del inquilino (tenant)")
]
ClientId = Annotated[
    str, Field(pattern=r"^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$", description="el identificador de la aplicación")
]


class Microsoft(Section):
    """The application that the tenant's administrator registered. A certificate is preferred to a secret."""

    tenant: TenantName
    client_id: ClientId
    certificate_file: PrivateKeyFile | None = None
    """PEM with the private key and the certificate whose public part was uploaded to the application."""
    secret_file: PasswordFile | None = None
    authority: HttpEndpoint = "https://login.microsoftonline.com"
    endpoint: HttpEndpoint = "https://graph.microsoft.com"
    ca_file: CertificateFile | None = None
    """The authority behind a proxy's or a test server's certificates; None: the machine's own store."""
    timeout_seconds: Seconds = 30

    @model_validator(mode="after")
    def _one_credential(self) -> "Microsoft":
        if (self.certificate_file is None) == (self.secret_file is None):
            raise ValueError("escriba certificate_file (preferible) o secret_file, y solo uno de los dos")
        return self

    def read_secret(self) -> SecretStr | None:
        """The application's secret; None when it uses a certificate. Raises CannotRun."""
        return read_secret(self.secret_file) if self.secret_file else None

    def read_certificate(self) -> str | None:
        """Private key and certificate as PEM; None when it uses a secret. Raises CannotRun."""
        if self.certificate_file is None:
            return None
        try:
            return self.certificate_file.read_text(encoding="ascii")
        except (OSError, UnicodeDecodeError) as error:
            raise CannotRun(
                f"No se puede leer el certificado de la aplicación {self.certificate_file}.",
                remedy="Revise que el archivo exista, sea PEM y que la cuenta del programa pueda leerlo.",
            ) from error


class SyncByWinRm(Section):
    """The server with Entra Connect, asked over WinRM (HTTPS) to start a delta cycle."""

    host: Annotated[str, Field(pattern=r"^[A-Za-z0-9.:-]{1,253}$", description="un nombre o una dirección de servidor")]
    port: Annotated[int, Field(ge=1, le=65535)] = 5986
    user: Text
    password_file: PasswordFile
    auth: Literal["negotiate", "basic"] = "negotiate"
    session: Annotated[
        str, Field(pattern=r"^[A-Za-z0-9_.-]{1,100}$", description="el nombre de una configuración de sesión de PowerShell")
    ] = "Microsoft.PowerShell"
    """The session configuration to enter; a constrained one (JEA) that only starts a cycle is best."""
    ca_file: CertificateFile | None = None
    timeout_seconds: Seconds = 60

    def read_password(self) -> SecretStr:
        """The account's password. Raises CannotRun."""
        return read_secret(self.password_file)


class CloudByGraph(Section):
    """Microsoft 365: licences named by their skuPartNumber, as the institution's policy names them."""

    kind: Literal["graph"]
    sync: SyncByWinRm | None = None
    """None: wait for Connect's own cycle (30 minutes)."""


class BackupByGraph(Section):
    """Copies of mail, calendars, contacts and OneDrive, in a folder of this machine."""

    kind: Literal["graph"]
    path: LocatedPath
    minutes_per_run: Annotated[float, Field(gt=0, le=1440)] = 20
    """A run copies for so long, and the next one goes on."""


class MailByGraph(Section):
    """Mail from the policy's sender, through its mailbox."""

    kind: Literal["graph"]
    templates_dir: ExistingFolder | None = None
    """The institution's own mail templates; None: those of the program."""


class BouncesByGraph(Section):
    """Delivery-status mails, read from the service mailbox."""

    kind: Literal["graph"]
    mailbox: Address
