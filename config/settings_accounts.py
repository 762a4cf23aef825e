"""Settings of what happens to accounts: the directory, the cloud behind it, and the backups."""

from typing import Annotated, Literal

from pydantic import Field, SecretStr

from config.endpoints import LdapUrl
from config.located import CertificateFile, LocatedPath, PasswordFile, read_secret
from config.sections import Section, Text


class DirectoryByActiveDirectory(Section):
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


class DirectoryEmbedded(Section):
    """The program's own directory, for demonstrations and tests."""

    kind: Literal["embedded"]
    path: LocatedPath
    base_dn: Text = "DC=gestion,DC=local"


class CloudEmbedded(Section):
    """The program's own cloud: seats of each licence, and how long a synchronisation and a mailbox take."""

    kind: Literal["embedded"]
    path: LocatedPath
    seats: dict[str, Annotated[int, Field(ge=0)]]
    sync_minutes: Annotated[float, Field(ge=0, le=1440)] = 30
    mailbox_minutes: Annotated[float, Field(ge=0, le=1440)] = 10


class CloudNone(Section):
    """No cloud: only for policies whose accounts carry no licence."""

    kind: Literal["none"]


class BackupEmbedded(Section):
    """The program's own copies of the embedded cloud's mailboxes, in a folder."""

    kind: Literal["embedded"]
    path: LocatedPath


class BackupByHand(Section):
    """The desk copies mailboxes with its own tools, and confirms it on the board."""

    kind: Literal["by-hand"] = "by-hand"
