"""The tab "Seguimiento" as a table: where its columns and its cases stand, whatever an agent moved. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from config.errors import Misconfigured, Target
from config.vocabulary import CaseNumber
from intake.board.cells import Cell, folded, shown
from intake.board.port import HEADERS, MISPLACED, BoardRow, RequestedAction

TAB_TITLE = "Seguimiento"
OWN_COLUMNS = len(HEADERS) - 2
"""The program's own columns of HEADERS; the two after them belong to the desk."""

PROGRESS, KEY, TURN, DUE_ON, PRINT = TECHNICAL = (
    "Avance SLA", "Clave (programa)", "Turno (programa)", "Vence el (programa)", "Huella (programa)",
)  # fmt: skip
"""Columns for machines. A board that was made before there were any gets them at its right end, and works without them.

The share of the SLA that ran (shown as a bar); the row's case once more, out of reach of whoever retypes "Caso" or sorts only
some columns: it, not "Caso", says whose row it is; whose turn it is and when it is due, for the filters; and a fingerprint of
the row's notes and choices, so that they are written only when they change.
"""

LAYOUT = (*HEADERS[:13], PROGRESS, *HEADERS[13:], KEY, TURN, DUE_ON, PRINT)
"""The order in which the program makes the columns; it finds them by their titles in any order."""

HIDDEN = (KEY, TURN, DUE_ON, PRINT)

NO_ACTIONS = "(sin acciones)"
"""The only choice beside a case that allows nothing: a list cannot be empty."""

_CASE = re.compile(r"[A-Z]{1,6}-\d{4}-\d{1,9}", re.ASCII)
HEADER_ROWS_SEARCHED = 5
"""An agent may have put a title or a note above the header."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Where the header stands (1 is the first row) and the column (1 is A) of each of HEADERS, in their order."""

    header_row: int
    places: tuple[int, ...]
    technical: tuple[int, ...] = (0,) * len(TECHNICAL)
    """The column of each of TECHNICAL, in their order; 0: it is not there."""

    @property
    def case(self) -> int:
        """Column "Caso"."""
        return self.places[0]

    @property
    def action(self) -> int:
        """Column "Acción"."""
        return self.places[OWN_COLUMNS]

    @property
    def note(self) -> int:
        """Column "Observación"."""
        return self.places[OWN_COLUMNS + 1]

    def of(self, header: str) -> int:
        """Column of one of LAYOUT; 0 for a technical one that is not there."""
        return self.technical[TECHNICAL.index(header)] if header in TECHNICAL else self.places[HEADERS.index(header)]

    @property
    def missing(self) -> tuple[str, ...]:
        """Technical columns that are not there."""
        return tuple(header for header, place in zip(TECHNICAL, self.technical, strict=True) if not place)

    @property
    def last(self) -> int:
        """The last column of the program's or the desk's control columns."""
        return max(*self.places, *self.technical)

    def with_missing_from(self, first: int) -> "Columns":
        """As it is once the missing technical columns stand from this column on."""
        added = iter(range(first, first + len(self.missing)))
        return replace(self, technical=tuple(place or next(added) for place in self.technical))


DEFAULT_COLUMNS = Columns(
    1, tuple(LAYOUT.index(header) + 1 for header in HEADERS), tuple(LAYOUT.index(header) + 1 for header in TECHNICAL)
)
"""As the program makes the tab."""


def find_columns(top: Sequence[Sequence[Cell]], where: str) -> Columns | None:
    """Locate the header among the first rows by its texts, in any order, among columns of others; None: all is empty.

    Raises Misconfigured naming every header that is missing or stands twice: a column is never guessed.
    """
    texts = [[folded(shown(cell)) for cell in row] for row in top[:HEADER_ROWS_SEARCHED]]
    if not any(any(row) for row in texts):
        return None
    wanted = [folded(header) for header in HEADERS]
    # The header is the row with most of the headers on it, so that a damaged one is named by what it lacks.
    header_row = max(range(len(texts)), key=lambda index: (len(set(wanted) & set(texts[index])), -index))
    found = texts[header_row]
    missing = [header for header, text in zip(HEADERS, wanted, strict=True) if text not in found]
    twice = [header for header in LAYOUT if found.count(folded(header)) > 1]
    if missing or twice:
        faults = [f"falta la columna {_quoted(missing)}"] if missing else []
        faults += [f"está repetida la columna {_quoted(twice)}"] if twice else []
        raise Misconfigured(
            Target.SHEET,
            f"En {where} {' y '.join(faults)}.",
            remedy="Escriba en la fila de títulos cada nombre una sola vez, tal como estaba; el orden no importa.",
        )
    technical = (folded(header) for header in TECHNICAL)
    return Columns(
        header_row + 1,
        tuple(found.index(text) + 1 for text in wanted),
        tuple(found.index(text) + 1 if text in found else 0 for text in technical),
    )


def _quoted(headers: Sequence[str]) -> str:
    return ", ".join(f"«{header}»" for header in headers)


def case_in(cell: Cell) -> CaseNumber | None:
    """The case number in a cell, however an agent retyped it; None for anything else (a total, a note)."""
    text = shown(cell).upper()
    return CaseNumber(text) if _CASE.fullmatch(text) else None


@dataclass(frozen=True, slots=True)
class CaseRows:
    """Where each case stands, as read. `action` and `note` are the desk's two cells of that row."""

    rows: Mapping[CaseNumber, int]
    duplicates: Mapping[CaseNumber, tuple[int, ...]]
    """Rows that repeat a case which already stood above them."""
    requested: Mapping[CaseNumber, RequestedAction]
    """Cases with something in "Acción", as it was typed."""
    misplaced: frozenset[CaseNumber] = frozenset()
    """Cases on whose row "Caso" says something else than the key: retyped, or sorted without the rest of the row."""

    def actions(self) -> tuple[RequestedAction, ...]:
        """What the desk asks for, in the order of the sheet.

        A case that stands on two rows has none, and on a misplaced row it is marked as not to be taken: nobody can tell on
        which request the agent decided, and an approval must never pass from one request to another.
        """
        return tuple(
            replace(asked, action=asked.action + MISPLACED) if case in self.misplaced else asked
            for case, asked in self.requested.items()
            if case not in self.duplicates
        )

    def complaints(self) -> tuple[str, ...]:
        """What the desk has to mend, in Spanish."""
        return tuple(
            f"El caso {case} está repetido en «{TAB_TITLE}» (filas {self.rows[case]}, {', '.join(map(str, repeated))}): se "
            f"actualiza la primera y no se toma ninguna acción de ellas. Borre las filas que sobran."
            for case, repeated in self.duplicates.items()
        )


def index_cases(
    columns: Columns, cases: Sequence[Cell], actions: Sequence[Cell], notes: Sequence[Cell], keys: Sequence[Cell] = ()
) -> CaseRows:
    """Locate every case by the columns as read, each from row 1; a shorter column ends in empty cells.

    A row is its key's, and its "Caso"'s when it has no key. Of two rows of one case the one with the key is the first.
    """
    rows: dict[CaseNumber, int] = {}
    duplicates: dict[CaseNumber, tuple[int, ...]] = {}
    misplaced: set[CaseNumber] = set()
    found: list[tuple[int, CaseNumber]] = []
    for number in range(columns.header_row + 1, max(len(cases), len(keys)) + 1):
        key, case = case_in(_at(keys, number)), case_in(_at(cases, number))
        whose = key or case
        if whose is None:
            continue
        found.append((number, whose))
        if key is not None and case != key:
            misplaced.add(key)
    keyed = {number for number, whose in found if case_in(_at(keys, number)) is not None}
    for number, whose in sorted(found, key=lambda item: (item[0] not in keyed, item[0])):
        if whose in rows:
            duplicates[whose] = (*duplicates.get(whose, ()), number)
        else:
            rows[whose] = number
    requested = {
        whose: RequestedAction(whose, action, shown(_at(notes, number)))
        for number, whose in found
        if rows[whose] == number and (action := shown(_at(actions, number)))
    }
    return CaseRows(rows, duplicates, requested, frozenset(misplaced))


def _at(cells: Sequence[Cell], number: int) -> Cell:
    return cells[number - 1] if number <= len(cells) else None


def latest_of_each(rows: Sequence[BoardRow]) -> tuple[BoardRow, ...]:
    """One row for each case, the last given, in the order in which the cases were first named."""
    latest: dict[CaseNumber, BoardRow] = {}
    for row in rows:
        latest[row.case] = row
    return tuple(latest.values())


def technical_values(row: BoardRow, print_text: str) -> tuple[str | float | date | None, ...]:
    """What a row's TECHNICAL columns hold, in their order; None is an empty cell."""
    return (row.progress, str(row.case), row.turn, row.due_on, print_text)
