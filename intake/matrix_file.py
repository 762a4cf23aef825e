"""The authorizer matrix from a CSV file, as a spreadsheet saves it ("CSV UTF-8")."""

import csv
import io
from pathlib import Path

from config.errors import Misconfigured, Target

_LARGEST_BYTES = 5_000_000
_SAVE_AS = "Guárdelo de nuevo como «CSV UTF-8 (delimitado por comas)»."


class CsvMatrix:
    """A CSV in UTF-8, with or without a byte order mark, separated by commas, semicolons or tabs."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> list[list[str]]:
        """The whole table. Raises Misconfigured (Target.MATRIX) for a file that is missing, too large, or no CSV in UTF-8."""
        text = self._text()
        header = next((line for line in text.splitlines() if line.strip()), "")
        delimiter = max(",;\t", key=header.count)
        try:
            return [list(row) for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)]
        except csv.Error as error:
            raise self._wrong(f"no es un CSV bien formado ({error})", "Revise las comillas y guárdelo de nuevo.") from error

    def close(self) -> None:
        """Nothing to free."""

    def _text(self) -> str:
        try:
            with self._path.open("rb") as file:
                content = file.read(_LARGEST_BYTES + 1)
        except OSError as error:
            raise self._wrong(f"no se puede leer ({error.strerror})", "Revise la ruta y los permisos.") from error
        if len(content) > _LARGEST_BYTES:
            raise self._wrong(f"pasa de {_LARGEST_BYTES // 1_000_000} MB", "Revise que la ruta sea la de la matriz.")
        if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
            raise self._wrong("es un libro de Excel y no un CSV", _SAVE_AS)
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            if content.startswith((b"\xff\xfe", b"\xfe\xff")):
                raise self._wrong("está en UTF-16 y no en UTF-8", _SAVE_AS) from error
            row = content[: error.start].count(b"\n") + 1
            raise self._wrong(
                f"no está en UTF-8 (fila {row}): parece guardado en Windows-1252, y perdería las tildes", _SAVE_AS
            ) from error
        if "\0" in text:
            raise self._wrong("no es un archivo de texto", _SAVE_AS)
        return text

    def _wrong(self, what: str, remedy: str) -> Misconfigured:
        return Misconfigured(Target.MATRIX, f"El archivo de la matriz de autorizadores {self._path} {what}.", remedy=remedy)
