"""How to reach the mail server. TLS is verified always; plain text only to this same machine."""

import ipaddress
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from config.errors import Misconfigured, Target


@dataclass(frozen=True, slots=True)
class SmtpSettings:
    """`security`: "starttls" (587), "tls" from the first byte (465), or "none", which is refused unless host is loopback.

    `ca_file` (PEM) replaces the machine's authorities; `helo_name` the machine's own name in EHLO. Raises Misconfigured.
    """

    host: str
    port: int
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: str | None = None
    """None: do not sign in."""
    password: str = field(default="", repr=False)
    ca_file: Path | None = None
    timeout_seconds: float = 30
    """For the connection and for each answer."""
    helo_name: str | None = None

    def __post_init__(self) -> None:
        if self.security == "none" and not _is_loopback(self.host):
            raise Misconfigured(
                Target.MAIL,
                f"No se envía correo sin cifrar a {self.host}.",
                remedy="Use security «starttls» o «tls»; «none» solo se admite con un servidor en este mismo equipo.",
            )

    def tls_context(self) -> ssl.SSLContext:
        """Verifies certificate and name, TLS 1.2 at least. Raises Misconfigured for a `ca_file` that cannot be used."""
        try:
            return ssl.create_default_context(cafile=self.ca_file)
        except (OSError, ValueError) as error:  # SSLError is an OSError
            reason = "no es un certificado en formato PEM" if isinstance(error, ssl.SSLError) else "no se puede leer"
            raise Misconfigured(
                Target.MAIL, f"El archivo de autoridades {self.ca_file} {reason}.", remedy="Revise ca_file y sus permisos."
            ) from error


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
