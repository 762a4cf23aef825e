"""What the pages and tables that the program leaves on disk have in common: whole files that only their owner reads, a policy
that lets a page run and fetch nothing but its own, text that hides nothing, and cells that are no formulas.
"""

import csv
import io
import os
import tempfile
from base64 import b64encode
from collections.abc import Iterable, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING

from config.errors import CannotRun
from config.redaction import visible_text
from intake.typed_dates import spoken_date
from intake.typed_text import looks_like_formula

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

MOST_CHARACTERS = 2_000
"""Of one text on a page; what is longer is cut and says so."""


def templates() -> "Environment":
    """The templates of the pages, with the filters that every page uses. Escapes all values; a missing one is an error."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined  # 0.1 s that an idle poll does without

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["clean"] = clean_text
    environment.filters["csp_source"] = csp_source
    environment.filters["fecha"] = spoken_date
    environment.filters["breakable"] = breakable
    return environment


def clean_text(text: str, most: int = MOST_CHARACTERS) -> str:
    """The text with what is invisible spelled out, and cut when it is too long to be read."""
    cut = text if len(text) <= most else f"{text[:most]}… ({len(text)} caracteres)"
    return visible_text(cut, lines=True)


def breakable(text: str) -> "Markup":
    """HTML of a text whose addresses may break after "@" where there is little room, rather than in mid-word."""
    from markupsafe import Markup

    return Markup("@<wbr>").join(clean_text(text).split("@"))


def csp_source(content: str) -> str:
    """How a Content-Security-Policy names exactly this style or script."""
    return f"'sha256-{b64encode(sha256(content.encode('utf-8')).digest()).decode('ascii')}'"


def spreadsheet(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A CSV for Excel in Spanish: UTF-8 with its byte order mark, and semicolons, since the comma is for decimals.

    No cell is a formula: what could be taken for one is preceded by an apostrophe, which says that what follows is text.
    """
    file = io.StringIO()
    writer = csv.writer(file, delimiter=";", lineterminator="\r\n")
    writer.writerow([_cell(text) for text in columns])
    writer.writerows([_cell(text) for text in row] for row in rows)
    return f"\ufeff{file.getvalue()}"


def _cell(text: str) -> str:
    return f"'{text}" if looks_like_formula(text) else text


def make_folder(folder: Path) -> None:
    """The folder and those above it, for its owner alone where it is new. Raises CannotRun when it cannot be made."""
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        raise CannotRun(f"No se puede crear la carpeta {folder}: {error.strerror}.", remedy="Revise la ruta.") from error


def write_whole(path: Path, text: str) -> None:
    """Write a file, to the disk, whole or not at all, that only its owner may read. Raises CannotRun. Idempotent."""
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:80]}.")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(text.encode("utf-8"))
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except OSError:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise CannotRun(
            f"No se puede escribir {path}: {error.strerror}.", remedy="Revise el espacio y los permisos de la carpeta."
        ) from error
