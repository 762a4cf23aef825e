"""The CSV file that Google Forms or Sheets exports, as rows of cells under known headers; every defect is named in Spanish."""

import csv
import errno
import io
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from config.errors import Misconfigured, Target, Transient

_DOWNLOAD_AGAIN = "Descargue de nuevo las respuestas como CSV desde Google y no las guarde con otro programa."


@dataclass(frozen=True, slots=True)
class Row:
    """One record. `number` is its place among the records of the file, the header being 1, as a spreadsheet shows it."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """Header and rows; blank rows are left out, every row has as many cells as the header."""

    header: tuple[str, ...]
    rows: tuple[Row, ...]


def read_table(path: Path, expected: frozenset[str]) -> Table:
    """Read a whole file; the delimiter is the one under which more of the `expected` headers (normalised) are found.

    Raises Misconfigured for what is no such CSV, with the row and the remedy; Transient for a failing disk or share.
    """
    text = _text(path)
    delimiter = max(",", ";", key=lambda candidate: _recognised(text, candidate, expected))
    records = _records(path, text, delimiter)
    header: tuple[str, ...] | None = None
    rows: list[Row] = []
    for number, cells in enumerate(records, start=1):
        if not any(cell.strip() for cell in cells):
            continue
        if header is None:
            header = cells
            continue
        if len(cells) != len(header):
            raise Misconfigured(
                Target.FORM,
                f"La fila {number} de {path} tiene {len(cells)} columnas y el encabezado tiene {len(header)}: el archivo está "
                "incompleto o dañado, y no se leyó ninguna fila.",
                remedy=_DOWNLOAD_AGAIN,
            )
        rows.append(Row(number, cells))
    if header is None:
        raise Misconfigured(Target.FORM, f"El archivo {path} está vacío: ni siquiera tiene encabezado.", remedy=_DOWNLOAD_AGAIN)
    return Table(header, tuple(rows))


def normalised_header(text: str) -> str:
    """A header as it is compared: without accents, capitals, double spaces or kinds of spaces."""
    plain = "".join(c for c in unicodedata.normalize("NFKD", text) if not unicodedata.combining(c) and c != "\ufeff")
    return " ".join(plain.casefold().split())


def _recognised(text: str, delimiter: str, expected: frozenset[str]) -> int:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        first = next((row for row in reader if any(cell.strip() for cell in row)), [])
    except csv.Error:
        return 0
    return len({normalised_header(cell) for cell in first} & expected)


def _records(path: Path, text: str, delimiter: str) -> Iterator[tuple[str, ...]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 0
    while True:
        number += 1
        try:
            cells = next(reader, None)
        except csv.Error as error:
            raise Misconfigured(
                Target.FORM,
                f"La fila {number} de {path} no se puede separar en columnas (¿comillas sin cerrar, archivo incompleto?), "
                "y no se leyó ninguna fila.",
                remedy=_DOWNLOAD_AGAIN,
            ) from error
        if cells is None:
            return
        yield tuple(cell.replace("\r\n", "\n").replace("\r", "\n") for cell in cells)


def _text(path: Path) -> str:
    raw = _bytes(path)
    problem = _not_csv(raw)
    if problem:
        raise Misconfigured(Target.FORM, f"El archivo {path} no es un CSV: {problem}.", remedy=_DOWNLOAD_AGAIN)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise Misconfigured(
            Target.FORM,
            f"El archivo {path} no está en UTF-8 (línea {raw[: error.start].count(10) + 1}): parece guardado por Excel, y se "
            "dañarían las tildes y las eñes.",
            remedy=_DOWNLOAD_AGAIN,
        ) from error


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            message, remedy = f"No existe el archivo de respuestas {path}.", "Revise la ruta en la configuración."
        elif error.errno in (errno.EACCES, errno.EPERM, errno.EISDIR):
            message = f"No se puede leer el archivo de respuestas {path}."
            remedy = "Verifique que sea un archivo y que el usuario que ejecuta el programa tenga permiso de lectura."
        else:
            raise Transient(Target.FORM, f"Falló la lectura del archivo de respuestas {path}: {error.strerror}.") from error
        raise Misconfigured(Target.FORM, message, remedy=remedy) from error


def _not_csv(raw: bytes) -> str | None:
    if raw.startswith(b"PK\x03\x04"):
        if b"xl/" in raw:
            return "es un libro de Excel (.xlsx)"
        return "es un archivo comprimido (.zip); descomprímalo y use el .csv que trae dentro"
    if raw.startswith(b"\xd0\xcf\x11\xe0"):
        return "es un libro de Excel (.xls)"
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "está en UTF-16 y debe estar en UTF-8"
    if raw.removeprefix(b"\xef\xbb\xbf").lstrip()[:5].lower() in (b"<!doc", b"<html"):
        return "es una página web (¿la de inicio de sesión de Google?)"
    if b"\x00" in raw:
        return "es un archivo binario"
    return None
