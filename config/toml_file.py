"""Reading a TOML file written by a person: every way it can be wrong is said in Spanish, with line and column."""

import hashlib
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from config.errors import CannotRun

_PLACE = re.compile(r"\(at line (\d+), column (\d+)\)")


@dataclass(frozen=True, slots=True)
class TomlFile:
    """A parsed file. `digest` names its exact bytes, so that a decision can say which text it was taken under."""

    values: Mapping[str, object]
    digest: str


def read_toml(path: Path, what: str) -> TomlFile:
    """Parse `path`; `what` names it in messages ("la política de la institución"). Raises CannotRun."""
    try:
        raw = path.read_bytes()
    except FileNotFoundError as error:
        raise CannotRun(f"No existe el archivo {path} ({what}).", remedy="Revise la ruta.") from error
    except IsADirectoryError as error:
        raise CannotRun(f"{path} ({what}) es una carpeta y debe ser un archivo TOML.", remedy="Revise la ruta.") from error
    except OSError as error:
        raise CannotRun(
            f"No se puede leer el archivo {path} ({what}).",
            remedy="Revise la ruta y que la cuenta que ejecuta el programa tenga permiso de lectura.",
        ) from error
    try:
        # Notepad begins UTF-8 files with a byte order mark, which TOML does not allow.
        return TomlFile(tomllib.loads(raw.decode("utf-8-sig")), hashlib.sha256(raw).hexdigest()[:12])
    except UnicodeDecodeError as error:
        raise CannotRun(
            f"El archivo {path} ({what}) no está guardado en UTF-8.", remedy="Guárdelo de nuevo con codificación UTF-8."
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise CannotRun(
            f"El archivo {path} ({what}) no es TOML válido{_where(str(error))}.",
            remedy="Los textos van entre comillas, cada clave aparece una sola vez y las secciones van entre corchetes.",
        ) from error


def _where(message: str) -> str:
    # The library's own words may quote the line, and the line may hold what should not be shown: only the place is used.
    place = _PLACE.search(message)
    if place:
        return f": revise la línea {place[1]}, columna {place[2]}"
    return ": revise el final del archivo" if "end of document" in message else ""
