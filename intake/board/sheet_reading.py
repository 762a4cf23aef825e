"""Reading the spreadsheet: both tabs in one call, and never more of a long tab than is needed.

A short tab is read whole. Of a long one (more than 1,000 rows) the header, the five key columns of "Seguimiento" and the
last rows are read; where the last rows begin is remembered with a margin of 500 rows. All hints are checked against what comes
back: a tab that was renamed, a column that was moved or rows that were deleted cost one more call, and are then remembered.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from config.errors import Misconfigured, Target, Transient
from intake.board.cells import Cell, column_letters, column_number, shown, tab_range
from intake.board.memory import BoardMemory, Remembered, remembered_from
from intake.board.response_rows import ResponseRow, Shown, same_second, serial_of, timestamp_column
from intake.board.sheets_client import BadRequest, ReadRange, SheetsClient, Tab
from intake.board.tracking_look import TabLook
from intake.board.tracking_rows import KnownRow
from intake.board.tracking_tab import (
    DEFAULT_COLUMNS,
    HEADER_ROWS_SEARCHED,
    KEY,
    PRINT,
    TAB_TITLE,
    CaseRows,
    Columns,
    find_columns,
    index_cases,
)

LONG_TAB_ROWS = 1_000
MARGIN_ROWS = 500
_OLD_ROWS_AT_ONCE = 100


@dataclass(frozen=True, slots=True)
class Tracking:
    """The tab "Seguimiento" as read. `last_row` is the last one with anything in it; the grid ends at `grid_rows`."""

    title: str
    columns: Columns
    cases: CaseRows
    last_row: int
    grid_rows: int
    known: Mapping[int, KnownRow]
    """What was read of each row, by its number: whole where it was, its fingerprint elsewhere."""
    raw_actions: Mapping[int, str] = field(default_factory=dict)
    """The text of "Acción" by row, to the letter."""
    grid_columns: int = 0


@dataclass(frozen=True, slots=True)
class Responses:
    """The form's own tab as read, from some row on. `width` is the last column with anything in it."""

    title: str
    headers: tuple[Cell, ...]
    rows: tuple[ResponseRow, ...]
    width: int
    grid_columns: int


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The spreadsheet at one moment; None: there is no such tab, or nothing on it."""

    tracking: Tracking | None
    responses: Responses | None


@dataclass(frozen=True, slots=True)
class _Grid:
    first_row: int
    last_column: int
    last_row: int


class SheetReader:
    """Reads one spreadsheet. Raises what its client raises, and Misconfigured for a tab or a column that is not there."""

    def __init__(
        self, client: SheetsClient, spreadsheet_id: str, memory: BoardMemory, responses_gid: int | None, zone: ZoneInfo
    ) -> None:
        self._client = client
        self._memory = memory
        self._key = f"board:{spreadsheet_id}"
        self.responses_gid = responses_gid
        self._institution_zone = zone
        self._known: Remembered | None = None
        self.tracking_tab: Tab | None = None
        """The tab "Seguimiento", once `refresh` found it."""
        self.tracking_missing = False
        """True once Google said that there is no tab "Seguimiento"."""
        self.gids: frozenset[int] = frozenset()
        """Of all tabs, once `refresh` was called."""
        self.titles: frozenset[str] = frozenset()
        """Of all tabs, without case, once `refresh` was called."""
        self.looks: Mapping[int, TabLook] = {}
        """By gid, once `refresh(looks=True)` was called."""

    @property
    def known(self) -> Remembered:
        """The hints, read from the memory once."""
        if self._known is None:
            self._known = remembered_from(self._memory.get(self._key))
        return self._known

    @property
    def zone(self) -> ZoneInfo:
        """The spreadsheet's zone, in which its timestamps are; the institution's while it is not known."""
        try:
            return ZoneInfo(self.known.time_zone) if self.known.time_zone else self._institution_zone
        except (ZoneInfoNotFoundError, ValueError):
            return self._institution_zone

    def remember(self, known: Remembered) -> None:
        """Keep hints for the next run."""
        if known != self.known:
            self._known = known
            self._memory.put(self._key, known.to_text())

    def refresh(self, *, looks: bool = False) -> bool:
        """Ask Google for titles, grid sizes and time zone: one call. True when something that was remembered is different.

        With `looks` also for what of the tabs' look somebody may have deleted.
        """
        info = self._client.info(looks=looks)
        tracking = next((tab for tab in info.tabs if tab.title.casefold() == TAB_TITLE.casefold()), None)
        if tracking is None:  # Somebody gave the tab another name: it is still the desk's board, with what was typed on it.
            tracking = next((tab for tab in info.tabs if tab.sheet_id == self.known.tracking_gid), None)
        responses = next((tab for tab in info.tabs if tab.sheet_id == self.responses_gid), None)
        if self.responses_gid is not None and responses is None:
            raise Misconfigured(
                Target.SHEET,
                f"La hoja de cálculo no tiene ninguna pestaña con el identificador (gid) {self.responses_gid}.",
                remedy="Copie en la configuración el número que sigue a «gid=» en la dirección de la pestaña de respuestas.",
            )
        before = self.known
        self.gids = frozenset(tab.sheet_id for tab in info.tabs)
        self.titles = frozenset(tab.title.casefold() for tab in info.tabs)
        self.looks = info.looks
        self.tracking_tab, self.tracking_missing = tracking, tracking is None
        after = Remembered(
            responses_title=responses.title if responses else "",
            time_zone=info.time_zone,
            tracking_title=tracking.title if tracking else "",
            tracking_gid=tracking.sheet_id if tracking else -1,
            tracking_columns=before.tracking_columns,
            # A tab that was never read and is long already: begin near the end of its grid.
            responses_from=max(0, responses.rows - MARGIN_ROWS) if responses and responses.rows > LONG_TAB_ROWS else 0,
            responses_width=responses.columns if responses else 0,
            look_checked=before.look_checked if tracking is not None else "",
            dashboard_shape=before.dashboard_shape,
            dashboard_digest=before.dashboard_digest,
        )
        self.remember(after)
        return (before.responses_title, before.time_zone) != (after.responses_title, after.time_zone)

    def read(self) -> Snapshot:
        """Both tabs: one call, and one or two more only when a hint was wrong or there was none."""
        refreshed = False
        if self.responses_gid is not None and not self.known.responses_title:
            self.refresh()
            refreshed = True
        for _ in range(4):
            tracking_ranges, responses_ranges = self._tracking_ranges(), self._responses_ranges()
            if not tracking_ranges and not responses_ranges:
                return Snapshot(None, None)
            try:
                parts = self._client.read(tracking_ranges + responses_ranges)
            except BadRequest as error:
                if refreshed:
                    raise Misconfigured(
                        Target.SHEET, "Google no entiende qué parte de la hoja de cálculo se quiere leer.", remedy=_REPORT
                    ) from error
                self.refresh()
                refreshed = True
                continue
            responses = self._responses(parts[len(tracking_ranges) :])
            if not tracking_ranges:
                return Snapshot(None, responses)
            columns, tracking = self._tracking(parts[: len(tracking_ranges)])
            keys = (columns.case, columns.action, columns.note, columns.of(KEY), columns.of(PRINT))
            if len(tracking_ranges) > 1 and keys != self.known.tracking_columns:
                self.remember(replace(self.known, tracking_columns=keys))
                continue
            self._remember_sizes(keys, tracking, parts[0], responses)
            return Snapshot(tracking, responses)
        raise Transient(Target.SHEET, "La hoja de cálculo cambia mientras se lee.")

    def older(self, wanted: Sequence[Shown]) -> tuple[ResponseRow, ...]:
        """Rows of the responses' tab, wherever they are, that have the timestamp of one of these: two calls at most.

        Only the column of timestamps is read whole, and then the rows of the instants sought (at most 100 of them).
        """
        title = self.known.responses_title
        headers = self._client.read([tab_range(title, "1:1"), tab_range(title, "A:A")])
        column = timestamp_column(headers[0].rows[0] if headers[0].rows else ())
        if column > 1:
            headers = self._client.read([tab_range(title, "1:1"), tab_range(title, f"{(c := column_letters(column))}:{c}")])
        serials = [serial_of(shown.mark.submitted_at, self.zone) for shown in wanted]
        numbers = [
            number
            for number, row in enumerate(headers[1].rows, start=1)
            if row and any(same_second(row[0], serial) for serial in serials)
        ][:_OLD_ROWS_AT_ONCE]
        if not numbers:
            return ()
        parts = self._client.read([tab_range(title, f"{number}:{number}") for number in numbers])
        return tuple(
            ResponseRow(number, part.rows[0] if part.rows else ()) for number, part in zip(numbers, parts, strict=True)
        )

    def _tracking_ranges(self) -> list[str]:
        known = self.known
        if self.tracking_missing:
            return []
        title = known.tracking_title or TAB_TITLE
        if not known.tracking_from or not known.tracking_width or not all(known.tracking_columns):
            return [tab_range(title)]
        letters = [column_letters(column) for column in known.tracking_columns]
        tail = f"A{known.tracking_from}:{column_letters(known.tracking_width)}"
        cells = [f"1:{HEADER_ROWS_SEARCHED}", *(f"{letter}:{letter}" for letter in letters), tail]
        return [tab_range(title, place) for place in cells]

    def _responses_ranges(self) -> list[str]:
        known = self.known
        if self.responses_gid is None:
            return []
        if not known.responses_from or not known.responses_width:
            return [tab_range(known.responses_title)]
        tail = f"A{known.responses_from}:{column_letters(known.responses_width)}"
        return [tab_range(known.responses_title, cells) for cells in ("1:1", tail)]

    def _tracking(self, parts: Sequence[ReadRange]) -> tuple[Columns, Tracking | None]:
        grid = _grid(parts[-1])
        top = parts[0].rows[:HEADER_ROWS_SEARCHED]
        columns = find_columns(top, f"la pestaña «{TAB_TITLE}»")
        if columns is None:
            if any(any(cell not in ("", None) for cell in row) for row in parts[-1].rows):
                raise Misconfigured(
                    Target.SHEET, f"La pestaña «{TAB_TITLE}» no tiene fila de títulos.", remedy="Escriba de nuevo los títulos."
                )
            return DEFAULT_COLUMNS, None
        if len(parts) == 1:
            places = (columns.case, columns.action, columns.note, columns.of(KEY), columns.of(PRINT))
            cases, actions, notes, keys, prints = (_column(parts[0].rows, place) for place in places)
        else:
            cases, actions, notes, keys, prints = (_column(part.rows, 1) for part in parts[1:6])
        last = max(_last_row(parts[-1]), *(_last_filled(cells) for cells in (cases, actions, notes)), columns.header_row)
        whole = dict(enumerate(parts[-1].rows, start=grid.first_row))
        known = {
            number: KnownRow(whole.get(number), shown(_at(prints, number)), shown(_at(keys, number)))
            for number in range(1, max(len(prints), len(keys), *whole, 0) + 1)
        }
        return columns, Tracking(
            self.known.tracking_title or TAB_TITLE,
            columns,
            index_cases(columns, cases, actions, notes, keys),
            last,
            grid.last_row,
            known,
            {number: cell for number, cell in enumerate(actions, start=1) if isinstance(cell, str) and cell},
            grid.last_column,
        )

    def _responses(self, parts: Sequence[ReadRange]) -> Responses | None:
        if not parts:
            return None
        tail, grid = parts[-1], _grid(parts[-1])
        headers = parts[0].rows[0] if parts[0].rows else ()
        rows = tuple(
            ResponseRow(number, cells)
            for number, cells in enumerate(tail.rows, start=grid.first_row)
            if number > 1 and any(cells)
        )
        width = max([len(headers), *(len(row.cells) for row in rows)])
        return Responses(self.known.responses_title, headers, rows, width, grid.last_column)

    def _remember_sizes(
        self, keys: tuple[int, int, int, int, int], tracking: Tracking | None, part: ReadRange, responses: Responses | None
    ) -> None:
        known = self.known
        if tracking is not None:
            begin = tracking.last_row - MARGIN_ROWS if tracking.last_row > LONG_TAB_ROWS else 0
            known = replace(known, tracking_columns=keys, tracking_from=begin, tracking_width=_grid(part).last_column)
        if responses is not None:
            # Nothing came back: rows were deleted, or the hint was the grid's end. Walk back; `older` finds what is not read.
            last = responses.rows[-1].number if responses.rows else known.responses_from
            begin = last - MARGIN_ROWS if last > LONG_TAB_ROWS else 0
            known = replace(known, responses_from=begin, responses_width=responses.grid_columns)
        self.remember(known)


_REPORT = "Revise que la configuración nombre la hoja correcta y que sus pestañas existan."
_RESOLVED = re.compile(r"!([A-Z]+)(\d+)(?::([A-Z]+)(\d+))?$")


def _grid(part: ReadRange) -> _Grid:
    """Where a range begins and ends on the grid, from the range that Google says it read."""
    found = _RESOLVED.search(part.resolved)
    if found is None:
        raise Transient(Target.SHEET, "Google Sheets devolvió una respuesta que no se entiende.")
    first_column, first_row, last_column, last_row = found.groups()
    return _Grid(int(first_row), column_number(last_column or first_column), int(last_row or first_row))


def _column(rows: Sequence[Sequence[Cell]], place: int) -> list[Cell]:
    return [row[place - 1] if 0 < place <= len(row) else None for row in rows]


def _at(cells: Sequence[Cell], number: int) -> Cell:
    return cells[number - 1] if number <= len(cells) else None


def _last_filled(cells: Sequence[Cell]) -> int:
    return max((number for number, cell in enumerate(cells, start=1) if cell not in ("", None)), default=0)


def _last_row(part: ReadRange) -> int:
    first = _grid(part).first_row
    return max(
        (number for number, row in enumerate(part.rows, start=first) if any(c not in ("", None) for c in row)), default=0
    )
