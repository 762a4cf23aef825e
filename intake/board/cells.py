"""Cells of a spreadsheet: what they hold, what is put into them, and how their places are written."""

import math
import unicodedata

Cell = str | int | float | bool | None
"""What a cell holds: text, a number (dates are numbers too), TRUE or FALSE, or nothing."""

TRUNCATED = "…"


def cell_text(text: str, limit: int) -> str:
    """Text as it may be put into a cell: no control characters but new lines, no lone surrogates, at most `limit` long.

    Whether it is then read as a formula depends on how it is written, never on the text: adapters write it as plain text.
    """
    if len(text) <= limit and text.isprintable():
        return text
    plain = text.replace("\r\n", "\n").replace("\r", "\n")
    cleaned = "".join(character if _allowed(character) else " " for character in plain)
    return cleaned if len(cleaned) <= limit else cleaned[: limit - len(TRUNCATED)] + TRUNCATED


def _allowed(character: str) -> bool:
    # U+FFFE and U+FFFF are no XML characters; Cs is half a surrogate pair, which is not even UTF-8.
    return character == "\n" or (unicodedata.category(character) not in ("Cc", "Cs") and character not in "\ufffe\uffff")


def shown(cell: Cell) -> str:
    """A cell as its reader sees it, without its outer spaces: whole numbers without decimals, nothing as ''."""
    match cell:
        case None:
            return ""
        case bool():
            return "VERDADERO" if cell else "FALSO"
        case float() if math.isfinite(cell) and cell == int(cell):
            return str(int(cell))
        case _:
            return str(cell).strip()


def folded(text: str) -> str:
    """A header as it is compared: without case, accents and outer spaces ("ACCION" is "Acción")."""
    decomposed = unicodedata.normalize("NFD", text.strip().casefold())
    return " ".join("".join(part for part in decomposed if not unicodedata.combining(part)).split())


def column_letters(column: int) -> str:
    """Letters of a column; 1 is A, 27 is AA."""
    letters = ""
    while column > 0:
        column, rest = divmod(column - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def column_number(letters: str) -> int:
    """Number of a column's letters; A is 1."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def tab_range(title: str, cells: str = "") -> str:
    """A1 notation of a tab, or of cells on it; a quote in the title is doubled, as in a formula."""
    quoted = "'" + title.replace("'", "''") + "'"
    return f"{quoted}!{cells}" if cells else quoted
