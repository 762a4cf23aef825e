"""Addresses of servers in settings: encrypted, unless the server is on this very machine."""

import ipaddress
from pathlib import Path
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, ValidationInfo

from config.located import Location

_MEMORY = ("sqlite://", "sqlite:///", "sqlite:///:memory:")


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine's own loopback."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def _http(value: str) -> str:
    parts = _split(value, "https://servidor")
    if parts.scheme not in {"https", "http"}:
        raise ValueError("debe ser una dirección que empiece por https://")
    if parts.scheme == "http" and not is_loopback(parts.hostname or ""):
        raise ValueError("debe empezar por https://; sin cifrar solo se admite un servidor de esta misma máquina")
    if parts.query or parts.fragment:
        raise ValueError("no debe llevar parámetros (? o #)")
    return value.rstrip("/")


def _ldap(value: str) -> str:
    parts = _split(value, "ldaps://dc1.upme.gov.co")
    if parts.scheme == "ldap":
        raise ValueError("ldap:// no cifra: use ldaps://servidor:636, o ldap+starttls://servidor:389")
    if parts.scheme not in {"ldaps", "ldap+starttls"} or parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise ValueError("debe tener la forma ldaps://dc1.upme.gov.co:636, o ldap+starttls://dc1.upme.gov.co:389")
    return value.rstrip("/")


def _store(value: str, info: ValidationInfo) -> str:
    if value in _MEMORY:
        raise ValueError("el registro no puede estar en memoria, porque se perdería; use por ejemplo sqlite:///gestion.db")
    if value.startswith("sqlite:///"):
        folder = info.context.folder if isinstance(info.context, Location) else Path()
        database = (folder / value.removeprefix("sqlite:///")).absolute()
        if "?" in str(database):
            raise ValueError("la ruta de la base de datos no puede tener el signo ?")
        return f"sqlite:///{database}"
    if value.startswith("postgresql+psycopg://"):
        parts = _split(value, "postgresql+psycopg://usuario@servidor/base")
        if not parts.path.strip("/"):
            raise ValueError("falta el nombre de la base de datos: postgresql+psycopg://usuario@servidor/base")
        return value
    raise ValueError("debe empezar por sqlite:/// o por postgresql+psycopg://")


def _split(value: str, example: str) -> SplitResult:
    # No message repeats the address: somebody may have written a password in it.
    try:
        parts = urlsplit(value)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError(f"no es una dirección válida; se escribe como {example}") from None
    if not host or any(letter.isspace() or not letter.isprintable() for letter in value):
        raise ValueError(f"no es una dirección válida; se escribe como {example}")
    if parts.password is not None:
        raise ValueError(
            "no escriba la clave en la dirección: guárdela en un archivo aparte y escriba su ruta en password_file"
        )
    return parts


HttpEndpoint = Annotated[str, AfterValidator(_http)]
LdapUrl = Annotated[str, AfterValidator(_ldap)]
StoreUrl = Annotated[str, AfterValidator(_store)]
"""SQLAlchemy's URL; a relative SQLite path starts at the settings file's folder. Never with a password."""
