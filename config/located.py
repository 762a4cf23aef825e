"""Files and secrets that settings name: found from the folder of the settings file, checked when the settings are read.

A secret is never a value of the settings: they hold the path of its file, so no dump, log or error of theirs can show it.
"""

import json
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, SecretStr, ValidationInfo

from config.errors import CannotRun

_MOST_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Location:
    """Validation context: relative paths start at `folder`; `credentials` is systemd's $CREDENTIALS_DIRECTORY, if any."""

    folder: Path
    credentials: Path | None = None


def read_secret(path: Path) -> SecretStr:
    """The one line of a password file, exactly as it is written (`0123` keeps its zero), without its line end.

    Raises CannotRun when the file cannot be read any more or is not one line of text.
    """
    try:
        return SecretStr(_one_line(path))
    except ValueError as error:
        raise CannotRun(f"No se puede usar el archivo de clave {path}: {error}.") from error


def located(path: Path, info: ValidationInfo) -> Path:
    """A path of the settings file, made absolute from that file's folder. Raises ValueError for one that cannot be."""
    text = str(path)
    if text == ".":
        raise ValueError("falta la ruta")
    # What no file system takes is refused here, before anything asks the file system about it.
    if any(len(part.encode("utf-8", "replace")) > 255 for part in path.parts) or len(text) > 3000:
        raise ValueError("es una ruta demasiado larga")
    if not text.isprintable():
        raise ValueError("es una ruta con caracteres que no se ven; escríbala de nuevo")
    location = info.context
    return path if not isinstance(location, Location) else (location.folder / path)


def _folder(path: Path, info: ValidationInfo) -> Path:
    found = located(path, info)
    if not found.is_dir():
        raise ValueError(f"no existe la carpeta {found}")
    return found


def _certificates(path: Path, info: ValidationInfo) -> Path:
    found = located(path, info)
    if b"-----BEGIN CERTIFICATE-----" not in _content(found):
        raise ValueError(f"el archivo {found} no tiene certificados en formato PEM")
    return found


def _private(path: Path, info: ValidationInfo) -> Path:
    found = located(path, info)
    location = info.context
    # systemd hands credentials over in a folder only the service can enter, with its own (ACL) modes.
    if isinstance(location, Location) and location.credentials is not None and found.parent == location.credentials:
        return found
    try:
        mode = found.stat().st_mode
    except OSError:
        return found  # _content says it better
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise ValueError(f"otras personas pueden leer el archivo {found}; protéjalo con: chmod 600 {found}")
    return found


def _password(path: Path, info: ValidationInfo) -> Path:
    found = _private(path, info)
    _one_line(found)
    return found


def _service_account_key(path: Path, info: ValidationInfo) -> Path:
    found = _private(path, info)
    content = _content(found)
    try:
        key: object = json.loads(content)
    except ValueError:
        key = None
    if not isinstance(key, dict) or not {"client_email", "private_key"} <= key.keys():
        # `from None`: the parser's own error carries the text of the file.
        raise ValueError(f"el archivo {found} no es la clave JSON de una cuenta de servicio de Google") from None
    return found


def _private_key(path: Path, info: ValidationInfo) -> Path:
    found = _private(path, info)
    content = _content(found)
    if b"PRIVATE KEY-----" not in content or b"-----BEGIN CERTIFICATE-----" not in content:
        raise ValueError(f"el archivo {found} no tiene la clave privada y el certificado de la aplicación en formato PEM")
    return found


def _one_line(path: Path) -> str:
    try:
        text = _content(path).decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError(f"el archivo {path} no está en UTF-8") from None
    text = text.removesuffix("\n").removesuffix("\r")
    if not text:
        raise ValueError(f"el archivo {path} está vacío")
    if any(ending in text for ending in "\r\n\0"):
        raise ValueError(f"el archivo {path} tiene más de una línea; la clave va en una sola")
    return text


def _content(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise ValueError(f"no existe el archivo {path}")
        with path.open("rb") as file:
            content = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise ValueError(f"no se puede leer el archivo {path}; revise que la cuenta del programa tenga permiso") from error
    if len(content) > _MOST_BYTES:
        raise ValueError(f"el archivo {path} es demasiado grande")
    return content


LocatedPath = Annotated[Path, AfterValidator(located)]
"""Where something is or will be made; it need not exist."""
ExistingFolder = Annotated[Path, AfterValidator(_folder)]
CertificateFile = Annotated[Path, AfterValidator(_certificates)]
"""PEM certificates of the authority to trust; public, so anybody may read it."""
PasswordFile = Annotated[Path, AfterValidator(_password)]
"""One line that only the program's account may read."""
PrivateKeyFile = Annotated[Path, AfterValidator(_private_key)]
"""A certificate with its private key, in one PEM file that only the program's account may read."""
ServiceAccountKeyFile = Annotated[Path, AfterValidator(_service_account_key)]
"""Google's JSON key, which only the program's account may read."""
