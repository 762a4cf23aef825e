"""A spreadsheet as Google keeps it: tabs of cells, and what agents and Forms do to them by hand."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

Value = str | int | float | bool
_EPOCH = datetime.combine(date(1899, 12, 30), time())


def serial(instant: datetime, zone: str) -> float:
    """An aware instant as a spreadsheet of that zone keeps it."""
    return (instant.astimezone(ZoneInfo(zone)).replace(tzinfo=None) - _EPOCH) / timedelta(days=1)


@dataclass(slots=True)
class SheetTab:
    """One tab: a grid of cells by (row, column), both from 1."""

    sheet_id: int
    title: str
    rows: int = 1000
    columns: int = 26
    frozen_rows: int = 0
    frozen_columns: int = 0
    cells: dict[tuple[int, int], Value] = field(default_factory=dict)
    formulas: set[tuple[int, int]] = field(default_factory=set)
    """Cells that hold a formula: text that somebody's answer turned into a program."""
    furniture: list[Mapping[str, Any]] = field(default_factory=list)
    """Formats, rules, filters and protections asked for, as they came."""
    notes: dict[tuple[int, int], str] = field(default_factory=dict)
    choices: dict[tuple[int, int], tuple[str, ...]] = field(default_factory=dict)
    """The drop-down of each cell that has one."""
    hidden: bool = False
    hidden_columns: set[int] = field(default_factory=set)
    widths: dict[int, int] = field(default_factory=dict)
    """Pixels by column."""
    rules: list[Mapping[str, Any]] = field(default_factory=list)
    """Conditional formats in their order."""
    filter_views: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    protections: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    charts: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    metadata: dict[int, Mapping[str, Any]] = field(default_factory=dict)
    basic_filter: Mapping[str, Any] | None = None

    def table(self) -> list[list[Value]]:
        """All rows down to the last one that is not empty."""
        rows: list[list[Value]] = [[] for _ in range(self.last_row())]
        for (number, column), value in sorted(self.cells.items(), key=lambda item: item[0]):
            row = rows[number - 1]
            row += [""] * (column - 1 - len(row))
            row.append(value)
        return rows

    def last_row(self) -> int:
        """The last row with anything in it; 0 for none."""
        return max((row for row, _ in self.cells), default=0)

    def put(self, row: int, column: int, value: Value) -> None:
        """Set a cell, as an agent or Forms would; "" empties it. The grid grows as it does in the editor."""
        self.rows, self.columns = max(self.rows, row), max(self.columns, column)
        self.formulas.discard((row, column))
        if value == "":
            self.cells.pop((row, column), None)
        else:
            self.cells[row, column] = value

    def append(self, *rows: Sequence[Value]) -> int:
        """Put rows after the last one, as Forms does. Returns the number of the last."""
        number = self.last_row()
        for values in rows:
            number += 1
            for column, value in enumerate(values, start=1):
                self.put(number, column, value)
        return number

    def header(self, title: str) -> int:
        """The column whose first cell is this text."""
        return next(column for (row, column), value in self.cells.items() if row == 1 and value == title)

    def insert_rows(self, before: int, count: int = 1) -> None:
        """Insert empty rows, as an agent would."""
        self._move(lambda row, column: (row + count if row >= before else row, column))
        self.rows += count

    def delete_row(self, number: int) -> None:
        """Delete a row, as an agent would."""
        self._move(lambda row, column: None if row == number else (row - 1 if row > number else row, column))
        self.rows -= 1

    def insert_column(self, before: int) -> None:
        """Insert an empty column, as an agent would."""
        self._move(lambda row, column: (row, column + 1 if column >= before else column))
        self.columns += 1

    def delete_column(self, number: int) -> None:
        """Delete a column, as an agent would."""
        self._move(lambda row, column: (row, column - (column > number)) if column != number else None)
        self.columns -= 1

    def move_column(self, source: int, target: int) -> None:
        """Swap two columns, as dragging one over its neighbour does."""
        swap = {source: target, target: source}
        self._move(lambda row, column: (row, swap.get(column, column)))

    def sort(self, column: int, *, descending: bool = False) -> None:
        """Sort all rows below the header by a column; empty cells come last, as in Google."""
        body = self.table()[1:]
        filled = [row for row in body if len(row) >= column and row[column - 1] != ""]
        empty = [row for row in body if len(row) < column or row[column - 1] == ""]
        filled.sort(key=lambda row: str(row[column - 1]), reverse=descending)
        self.cells = {place: value for place, value in self.cells.items() if place[0] == 1}
        for number, row in enumerate([*filled, *empty], start=2):
            for place, value in enumerate(row, start=1):
                self.put(number, place, value)

    def _move(self, to: Callable[[int, int], tuple[int, int] | None]) -> None:
        self.cells = {place: value for old, value in self.cells.items() if (place := to(*old)) is not None}
        self.notes = {place: note for old, note in self.notes.items() if (place := to(*old)) is not None}
        self.choices = {place: choice for old, choice in self.choices.items() if (place := to(*old)) is not None}
        self.formulas = {place for old in self.formulas if (place := to(*old)) is not None}


@dataclass(slots=True)
class Spreadsheet:
    """A spreadsheet and its tabs."""

    time_zone: str = "America/Bogota"
    tabs: list[SheetTab] = field(default_factory=list)

    def duplicate(self, title: str, copy_title: str, sheet_id: int) -> SheetTab:
        """Duplicate a tab, as an agent would: its cells, notes and choices, under a number of its own."""
        source = self.tab(title)
        copied = SheetTab(sheet_id, copy_title, source.rows, source.columns, source.frozen_rows, source.frozen_columns)
        copied.cells, copied.notes, copied.choices = dict(source.cells), dict(source.notes), dict(source.choices)
        return self.add(copied)

    def tab(self, title: str) -> SheetTab:
        """The tab of this title."""
        return next(tab for tab in self.tabs if tab.title == title)

    def add(self, tab: SheetTab) -> SheetTab:
        """Add a tab at the end. Returns it."""
        self.tabs.append(tab)
        return tab
