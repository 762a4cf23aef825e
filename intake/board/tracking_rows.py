"""The rows of "Seguimiento" as changes of the sheet: only the cells that differ from what was read. Pure.

A row is compared cell by cell where it was read whole; on a long board, of which only key columns are read, by its fingerprint.
The fingerprint also holds the row's number: notes and drop-downs do not follow every way in which people move rows, so they
are written again wherever the row now stands.
"""

import hashlib
from collections.abc import Callable, Container, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from intake.board.cells import Cell, cell_text
from intake.board.port import HEADERS, BoardRow
from intake.board.sheet_requests import SheetRequest, Value, cell, choices, put, same
from intake.board.tracking_tab import KEY, NO_ACTIONS, OWN_COLUMNS, PRINT, PROGRESS, TECHNICAL, Columns, technical_values

CELL_LIMIT = 50_000
"""Characters in one cell (Google: "Files you can store in Google Drive", spreadsheets)."""
NOTE_LIMIT = 2_000
BLOCK_ROWS = 10
"""Rows in one change at most, so that a large write can be cut between changes."""
HINT = "Elija qué debe hacer el programa con este caso. Solo están las acciones que admite ahora."


@dataclass(frozen=True, slots=True)
class KnownRow:
    """A row as read: its cells from column A on, None when only its fingerprint was read."""

    cells: tuple[Cell, ...] | None
    fingerprint: str
    key: str = ""


def look_digest(row: BoardRow) -> str:
    """A short digest of what stands beside the cells: notes and choices."""
    return _digest((*row.actions, "", row.authorisation_note, row.state_note))


def _digest(texts: Sequence[str]) -> str:
    return hashlib.sha256("\x1f".join(texts).encode("utf-8", "replace")).hexdigest()[:10]


def row_changes(
    sheet_id: int,
    columns: Columns,
    rows: Mapping[int, BoardRow],
    known: Mapping[int, KnownRow],
    *,
    added: Container[int] = (),
    whole: bool = False,
) -> list[SheetRequest]:
    """What makes these rows, by the number where each stands, say what they should. `whole`: whatever was read.

    A key that was read is not written again: were the row another's by now, the key must go on saying so. `added` are rows
    that are new: should one be somebody's by now, the action chosen there must not become the new case's, so it is emptied.
    """
    runs: dict[tuple[int, int], dict[int, list[dict[str, Any]]]] = {}
    looks: dict[int, BoardRow] = {}
    for place, row in sorted(rows.items()):
        before = known.get(place)
        values = _values(columns, row)
        text = _fingerprint(place, columns, row, values)
        fingerprint = columns.of(PRINT)
        alike = _alike(before.fingerprint if before is not None else "", text) if fingerprint and not whole else 0
        if alike < _LOOK_ALIKE:
            looks[place] = row
        cells = before.cells if before is not None else None
        if cells is None and alike == _ALL_ALIKE:
            continue
        if fingerprint:
            values[fingerprint] = text
        if before is not None and before.key == row.case:
            values.pop(columns.of(KEY), None)
        if place in added:
            values[columns.action] = ""
            cells = None
        if cells is None and alike == _BUT_THE_CLOCK:
            values = {column: value for column, value in values.items() if column in {*_clock(columns), fingerprint}}
        changed = [column for column, value in sorted(values.items()) if cells is None or not same(value, _at(cells, column))]
        if changed:
            # The case goes along with every change of its row: should the row be another's by then, the next read sees it.
            values[columns.case] = str(row.case)
            changed = sorted({columns.case, *changed})
        for first, length in _runs(changed):
            written = [cell(values[column]) for column in range(first, first + length)]
            runs.setdefault((first, length), {})[place] = written
    changes = [
        put(sheet_id, first_row, column, [by_row[number] for number in range(first_row, last_row + 1)], "userEnteredValue")
        for (column, _), by_row in sorted(runs.items())
        for first_row, last_row in neighbours(by_row)
    ]
    return changes + _look(sheet_id, columns, looks)


_LOOK_ALIKE, _BUT_THE_CLOCK, _ALL_ALIKE = 2, 3, 4
"""How many leading parts of two fingerprints are alike: row and look; all but the SLA, which nearly every run changes; all."""


def _fingerprint(place: int, columns: Columns, row: BoardRow, values: Mapping[int, Value]) -> str:
    clock = _clock(columns)
    still = [f"{column}={value}" for column, value in sorted(values.items()) if column not in clock]
    running = [f"{column}={value}" for column, value in sorted(values.items()) if column in clock]
    return f"{place}.{look_digest(row)}.{_digest(still)}.{_digest(running)}"


def _clock(columns: Columns) -> frozenset[int]:
    """The columns that change with the time alone."""
    return frozenset({columns.of("SLA"), columns.of(PROGRESS)})


def _alike(one: str, other: str) -> int:
    parts = list(zip(one.split("."), other.split("."), strict=False))
    return next((number for number, (mine, theirs) in enumerate(parts) if mine != theirs), len(parts))


def _values(columns: Columns, row: BoardRow) -> dict[int, Value]:
    """Each of the program's columns that is there, with what it holds; without the fingerprint."""
    own = (cell_text(text, CELL_LIMIT) for text in row.cells())
    values: dict[int, Value] = {columns.of(header): text for header, text in zip(HEADERS[:OWN_COLUMNS], own, strict=True)}
    for header, value in zip(TECHNICAL, technical_values(row, ""), strict=True):
        if columns.of(header) and header != PRINT:
            values[columns.of(header)] = value
    return values


def _look(sheet_id: int, columns: Columns, rows: Mapping[int, BoardRow]) -> list[SheetRequest]:
    notes: tuple[tuple[str, Callable[[BoardRow], str]], ...] = (
        ("Autorización", lambda row: row.authorisation_note),
        ("Estado", lambda row: row.state_note),
    )
    changes = [
        put(
            sheet_id,
            first,
            columns.of(header),
            [[{"note": cell_text(note_of(rows[number]), NOTE_LIMIT)}] for number in range(first, last + 1)],
            "note",
        )
        for header, note_of in notes
        for first, last in neighbours(rows)
    ]
    offered: dict[tuple[str, ...], dict[int, BoardRow]] = {}
    for number, row in rows.items():
        offered.setdefault(row.actions or (NO_ACTIONS,), {})[number] = row
    for values, by_row in offered.items():
        changes += [
            choices(sheet_id, (first, last), columns.action, values, HINT) for first, last in neighbours(by_row, most=1_000)
        ]
    return changes


def _at(cells: Sequence[Cell], column: int) -> Cell:
    return cells[column - 1] if len(cells) >= column else None


def _runs(columns: Sequence[int]) -> Iterator[tuple[int, int]]:
    """Neighbouring columns together: (first, how many)."""
    for first, last in neighbours(columns, most=len(columns) + 1):
        yield first, last - first + 1


def neighbours(numbers: Sequence[int] | Mapping[int, object], *, most: int = BLOCK_ROWS) -> Iterator[tuple[int, int]]:
    """First and last of each stretch of neighbouring numbers, at most so many in one."""
    first = last = 0
    for number in sorted(numbers):
        if first and number == last + 1 and number - first < most:
            last = number
            continue
        if first:
            yield first, last
        first = last = number
    if first:
        yield first, last
