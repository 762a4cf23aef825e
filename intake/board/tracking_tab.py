"""The tab "Seguimiento" as a table: where its columns and its cases stand, whatever an agent moved. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from config.errors import Misconfigured, Target
from config.vocabulary import CaseNumber
from intake.board.cells import Cell, folded, shown
from intake.board.port import HEADERS, BoardRow, RequestedAction

TAB_TITLE = "Seguimiento"
OWN_COLUMNS = len(HEADERS) - 2
"""The program's own columns; the two after them belong to the desk."""

_CASE = re.compile(r"[A-Z]{1,6}-\d{4}-\d{1,9}", re.ASCII)
HEADER_ROWS_SEARCHED = 5
"""An agent may have put a title or a note above the header."""


@dataclass(frozen=True, slots=True)
class Columns:
    """Where the header stands (1 is the first row) and the column (1 is A) of each of HEADERS, in their order."""

    header_row: int
    places: tuple[int, ...]

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

    @property
    def own_runs(self) -> tuple[tuple[int, int], ...]:
        """The program's own columns as runs of neighbours: (index of the first in HEADERS, how many)."""
        runs: list[tuple[int, int]] = []
        for index, place in enumerate(self.places[:OWN_COLUMNS]):
            if runs and place == self.places[index - 1] + 1:
                first, length = runs[-1]
                runs[-1] = (first, length + 1)
            else:
                runs.append((index, 1))
        return tuple(runs)


DEFAULT_COLUMNS = Columns(1, tuple(range(1, len(HEADERS) + 1)))
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
    twice = [header for header, text in zip(HEADERS, wanted, strict=True) if found.count(text) > 1]
    if missing or twice:
        faults = [f"falta la columna {_quoted(missing)}"] if missing else []
        faults += [f"está repetida la columna {_quoted(twice)}"] if twice else []
        raise Misconfigured(
            Target.SHEET,
            f"En {where} {' y '.join(faults)}.",
            remedy="Escriba en la fila de títulos cada nombre una sola vez, tal como estaba; el orden no importa.",
        )
    return Columns(header_row + 1, tuple(found.index(text) + 1 for text in wanted))


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
    """Cases with something in "Acción"."""

    def actions(self) -> tuple[RequestedAction, ...]:
        """What the desk asks for, in the order of the sheet.

        A case that stands on two rows has none: nobody can tell on which request the agent decided, and an approval must
        never pass from one request to another.
        """
        return tuple(action for case, action in self.requested.items() if case not in self.duplicates)

    def complaints(self) -> tuple[str, ...]:
        """What the desk has to mend, in Spanish."""
        return tuple(
            f"El caso {case} está repetido en «{TAB_TITLE}» (filas {self.rows[case]}, {', '.join(map(str, repeated))}): se "
            f"actualiza la primera y no se toma ninguna acción de ellas. Borre las filas que sobran."
            for case, repeated in self.duplicates.items()
        )


def index_cases(columns: Columns, cases: Sequence[Cell], actions: Sequence[Cell], notes: Sequence[Cell]) -> CaseRows:
    """Locate every case by the columns as read, each from row 1; a shorter column ends in empty cells."""
    rows: dict[CaseNumber, int] = {}
    duplicates: dict[CaseNumber, tuple[int, ...]] = {}
    requested: dict[CaseNumber, RequestedAction] = {}
    for number, cell in enumerate(cases, start=1):
        case = case_in(cell)
        if number <= columns.header_row or case is None:
            continue
        if case in rows:
            duplicates[case] = (*duplicates.get(case, ()), number)
            continue
        rows[case] = number
        if action := shown(_at(actions, number)):
            requested[case] = RequestedAction(case, action, shown(_at(notes, number)))
    return CaseRows(rows, duplicates, requested)


def _at(cells: Sequence[Cell], number: int) -> Cell:
    return cells[number - 1] if number <= len(cells) else None


def latest_of_each(rows: Sequence[BoardRow]) -> tuple[BoardRow, ...]:
    """One row for each case, the last given, in the order in which the cases were first named."""
    latest: dict[CaseNumber, BoardRow] = {}
    for row in rows:
        latest[row.case] = row
    return tuple(latest.values())
