"""The lists that a person gives to a campaign: accounts that are excepted, listed or given back, as text or CSV.

Nothing in them is ignored: what cannot be understood is an error that names its file and row.
"""

import csv
import io
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from config.errors import CannotRun
from intake.typed_dates import read_date
from intake.typed_text import FORMULA_STARTS, Wrong, clean, folded

LARGEST_BYTES = 5_000_000
LONGEST_REASON = 300
_ACCOUNT_HEADERS = ("cuenta", "correo", "usuario", "login")
_DOCUMENT_HEADERS = ("documento", "numero de documento")
_SAVE_AS = "Guárdelo de nuevo como «CSV UTF-8»."


@dataclass(frozen=True, slots=True)
class Entry:
    """An account that somebody wrote down: login, address or document. `row` is as a spreadsheet numbers it, from 1."""

    row: int
    text: str


@dataclass(frozen=True, slots=True)
class ListedAccount:
    """A row of a list of exactly the accounts that are meant. One of `account` and `document` is given."""

    row: int
    account: str
    document: str
    since: date | None
    """The first day without access; None: as the command says."""
    why: str

    @property
    def said(self) -> str:
        """As its row names it."""
        return self.account or f"documento {self.document}"


def read_accounts(path: Path) -> tuple[Entry, ...]:
    """One account a row: the column «cuenta» or «documento» where there is a header, else the first cell; `#` comments.

    Raises CannotRun for a file that cannot be read, is no text in UTF-8, or names nobody.
    """
    rows = _rows(path)
    columns = _columns(rows[0][1]) if rows else {}
    entries = []
    for number, cells in rows[1:] if columns else rows:
        texts = [_cell(cells, columns.get(name)) for name in ("account", "document")] if columns else [_plain(cells[0])]
        text = next((text for text in texts if text), "")
        if text:
            entries.append(Entry(number, text))
        elif any(map(_plain, cells)):
            raise CannotRun(f"{path}, fila {number}: no dice de qué cuenta se trata.", remedy="Escriba la cuenta o bórrela.")
    if not entries:
        raise CannotRun(f"{path} no nombra ninguna cuenta.", remedy="Escriba una por fila, o no use esta opción.")
    return tuple(entries)


def read_list(path: Path) -> tuple[ListedAccount, ...]:
    """The accounts of a CSV with the columns cuenta or documento, and perhaps desde and motivo; others are passed over.

    Raises CannotRun naming every row that is wrong, at once.
    """
    rows = _rows(path)
    columns = _columns(rows[0][1]) if rows else {}
    if not columns:
        raise CannotRun(
            f"{path} no tiene encabezado con la columna «cuenta» o «documento».",
            remedy="La primera fila lleva los nombres de las columnas: cuenta o documento, desde, motivo.",
        )
    listed, problems = [], []
    for number, cells in rows[1:]:
        account, document = _cell(cells, columns.get("account")), _cell(cells, columns.get("document"))
        typed = _cell(cells, columns.get("since"))
        since = read_date(typed) if typed else None
        why = _cell(cells, columns.get("why"))
        if not account and not document:
            problems.append(f"fila {number}: falta la cuenta o el documento.")
        if isinstance(since, Wrong):
            problems.append(f"fila {number}, columna «desde»: {since.message}")
        elif len(why) > LONGEST_REASON:
            problems.append(f"fila {number}, columna «motivo»: tiene {len(why)} caracteres; escriba {LONGEST_REASON} o menos.")
        elif account or document:
            listed.append(ListedAccount(number, account, document, since, why))
    refuse(path, problems)
    if not listed:
        raise CannotRun(f"{path} no nombra ninguna cuenta.", remedy="Escriba una por fila, debajo del encabezado.")
    return tuple(listed)


def refuse(path: Path, problems: list[str]) -> None:
    """Raise CannotRun with everything that is wrong in a file; nothing when nothing is."""
    if not problems:
        return
    shown = "".join(f"\n  - {problem}" for problem in problems[:20])
    more = f"\n  y {len(problems) - 20} más" if len(problems) > 20 else ""
    raise CannotRun(f"El archivo {path} tiene errores:{shown}{more}", remedy="Corríjalos; no se hizo nada.")


def _columns(header: list[str]) -> Mapping[str, int]:
    """Where each known column is; empty when this is no header."""
    names = [folded(cell) for cell in header]
    wanted = {"account": _ACCOUNT_HEADERS, "document": _DOCUMENT_HEADERS, "since": ("desde",), "why": ("motivo",)}
    found = {
        column: names.index(name) for column, known in wanted.items() if (name := next((n for n in known if n in names), None))
    }
    return found if "account" in found or "document" in found else {}


def _cell(cells: list[str], at: int | None) -> str:
    return _plain(cells[at]) if at is not None and at < len(cells) else ""


def _plain(cell: str) -> str:
    """A cell without its comment, and without the apostrophe that keeps a spreadsheet from running it as a formula."""
    text = clean(cell.split(" #", 1)[0])
    if text.startswith("#"):
        return ""
    return text[1:] if text.startswith("'") and text[1:].startswith(FORMULA_STARTS) else text


def _rows(path: Path) -> list[tuple[int, list[str]]]:
    """The rows that say something, each with its number."""
    text = _text(path)
    first = next((line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")), "")
    delimiter = max(";,\t", key=first.count)
    rows: list[tuple[int, list[str]]] = []
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    number = 0
    try:
        for number, cells in enumerate(reader, start=1):
            if cells and any(cell.strip() for cell in cells) and not cells[0].lstrip().startswith("#"):
                rows.append((number, cells))
    except csv.Error as error:
        raise CannotRun(
            f"{path}, fila {number + 1}: no se puede separar en columnas.", remedy="Revise las comillas y guárdelo de nuevo."
        ) from error
    return rows


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST_BYTES + 1)
    except OSError as error:
        raise CannotRun(f"No se puede leer {path}: {error.strerror}.", remedy="Revise la ruta y los permisos.") from error
    if len(content) > LARGEST_BYTES:
        raise CannotRun(f"{path} pasa de {LARGEST_BYTES // 1_000_000} MB.", remedy="Revise que sea el archivo que quería.")
    if content.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise CannotRun(f"{path} es un libro de Excel y no un CSV.", remedy=_SAVE_AS)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        row = content[: error.start].count(b"\n") + 1
        raise CannotRun(f"{path} no está en UTF-8 (fila {row}).", remedy=_SAVE_AS) from error
    if "\0" in text:
        raise CannotRun(f"{path} no es un archivo de texto.", remedy=_SAVE_AS)
    return text


def listed_twice(entries: tuple[tuple[int, str], ...]) -> list[str]:
    """What is wrong with a list in which two rows name the same account; (row, account id) each."""
    first: dict[str, int] = {}
    problems = []
    for row, account_id in entries:
        if account_id in first:
            problems.append(f"fila {row}: es la misma cuenta de la fila {first[account_id]}.")
        first.setdefault(account_id, row)
    return problems
