"""The board on a Google Sheet: one read and one write a run, at fixed places, as plain text.

What can happen between the read and the write. Google Sheets has no conditional write: if an agent sorts or inserts rows
after our read and before our write, a row is written where its case stood a moment ago. The window is kept short (positions
older than 60 seconds are read again before writing) and the damage is bounded: only the program's own columns are ever written,
so nothing of the desk's is lost; the next run finds a case that stands twice, takes no action from either row and says so; a
case that was written over appears again as soon as it is shown again (pass every open case to `write`, not only those that
changed: it costs no further call). Agents should sort with a filter view, which moves no rows.
"""

import itertools
import json
import time
from collections.abc import Callable, Sequence
from zoneinfo import ZoneInfo

from google.auth.credentials import Credentials

from config.errors import Misconfigured, Target, Transient
from config.vocabulary import CaseNumber
from intake.board.cells import cell_text, column_letters, folded, shown, tab_range
from intake.board.memory import BoardMemory
from intake.board.port import HEADERS, BoardRow, RequestedAction
from intake.board.response_rows import Matches, ResponseRow, Shown, match_rows, timestamp_column
from intake.board.sheet_reading import Responses, SheetReader, Snapshot, Tracking
from intake.board.sheets_client import BadRequest, SheetsClient, ValueBlock
from intake.board.tracking_look import GROWTH_ROWS, furnish_tab, more_columns, more_rows, new_tab
from intake.board.tracking_tab import DEFAULT_COLUMNS, TAB_TITLE, CaseRows, case_in, index_cases, latest_of_each

CELL_LIMIT = 50_000
"""Characters in one cell (Google: "Files you can store in Google Drive", spreadsheets)."""

POSITIONS_VALID_SECONDS = 60.0
_PAYLOAD_BYTES = 1_500_000
"""Google advises payloads under 2 MB ("Usage limits" of the Sheets API); a larger write goes in parts."""
_BLOCK_ROWS = 10
_TRACKING_GID = 1_867_090_701
"""Asked for when the tab is made; any free number would do."""
_MARK_HEADERS = ("Caso", "Estado")


class GoogleSheetBoard:
    """Implements intake.board.port.Board. Raises Misconfigured, Unreachable or Transient (Target.SHEET).

    `endpoint` replaces https://sheets.googleapis.com; `responses_gid` is the tab that Forms fills (None: no marks beside the
    responses); `zone` is used while the spreadsheet's own is not known. `clock` is monotonic, in seconds.
    """

    def __init__(
        self,
        spreadsheet_id: str,
        credentials: Credentials,
        *,
        memory: BoardMemory,
        zone: ZoneInfo,
        endpoint: str | None = None,
        responses_gid: int | None = None,
        writable: bool = True,
        timeout_seconds: float = 30,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = SheetsClient(
            spreadsheet_id, credentials, endpoint=endpoint, writable=writable, timeout_seconds=timeout_seconds, sleep=sleep
        )
        self._reader = SheetReader(self._client, spreadsheet_id, memory, responses_gid, zone)
        self._clock = clock
        self._snapshot: Snapshot | None = None
        self._read_at = 0.0
        self._offered: dict[CaseNumber, str] = {}

    def read(self) -> tuple[RequestedAction, ...]:
        """Read both tabs in one call. A tab "Seguimiento" that is not there yet has no actions; it is made by `write`."""
        tracking = self._fresh().tracking
        actions = tracking.cases.actions() if tracking else ()
        self._offered = {action.case: action.action for action in actions}
        return actions

    def write(self, rows: Sequence[BoardRow]) -> tuple[str, ...]:
        """Show these requests in one call (two or three when the tab is made or grows), and say what could not be placed."""
        if not rows:
            return ()
        snapshot = self._snapshot
        if snapshot is None or self._clock() - self._read_at > POSITIONS_VALID_SECONDS:
            snapshot = self._fresh()
        self._snapshot = None
        latest = latest_of_each(rows)
        try:
            tracking = snapshot.tracking or self._make_tab()
            blocks = self._tracking_blocks(tracking, latest)
            marks, problems = self._mark_blocks(snapshot.responses, latest)
            for part in _parts(blocks + marks):
                self._client.write(part)
        except BadRequest as error:
            raise _refused_write(error) from error
        return (*tracking.cases.complaints(), *problems)

    def close(self) -> None:
        """Close the connections. Idempotent."""
        self._client.close()

    def _fresh(self) -> Snapshot:
        self._snapshot = None
        at = self._clock()
        self._snapshot = self._reader.read()
        self._read_at = at
        return self._snapshot

    def _make_tab(self) -> Tracking:
        """Make the tab, or furnish an empty one. Its place in the spreadsheet is Google's choice: the last."""
        self._reader.refresh()
        tab = self._reader.tracking_tab
        if tab is None:
            gid = next(number for number in itertools.count(_TRACKING_GID) if number not in self._reader.gids)
            self._client.restructure(new_tab(gid, GROWTH_ROWS))
            self._reader.tracking_made(gid)
        else:
            self._client.restructure(furnish_tab(tab.sheet_id, missing_columns=max(0, len(HEADERS) - tab.columns)))
        cases = index_cases(DEFAULT_COLUMNS, (), (), ())
        return Tracking(tab.title if tab else TAB_TITLE, DEFAULT_COLUMNS, cases, 1, tab.rows if tab else GROWTH_ROWS)

    def _tracking_blocks(self, tracking: Tracking, rows: Sequence[BoardRow]) -> list[ValueBlock]:
        places: dict[int, BoardRow] = {}
        next_row = tracking.last_row + 1
        for row in rows:
            place = tracking.cases.rows.get(row.case)
            if place is None:
                place, next_row = next_row, next_row + 1
            places[place] = row
        if next_row - 1 > tracking.grid_rows:
            self._grow(next_row - 1 - tracking.grid_rows)
        columns = tracking.columns
        texts = {place: tuple(cell_text(text, CELL_LIMIT) for text in row.cells()) for place, row in places.items()}
        blocks = [
            ValueBlock(
                _place(tracking.title, first, columns.places[index], columns.places[index + length - 1], last),
                tuple(texts[number][index : index + length] for number in range(first, last + 1)),
            )
            for index, length in columns.own_runs
            for first, last in _neighbours(sorted(places))
        ]
        cleared = [
            place
            for place, row in sorted(places.items())
            if row.action_taken and self._still_the_same(tracking.cases, row.case)
        ]
        blocks += [
            ValueBlock(_place(tracking.title, place, columns.action, columns.action, place), (("",),)) for place in cleared
        ]
        return blocks

    def _still_the_same(self, cases: CaseRows, case: CaseNumber) -> bool:
        """Whether "Acción" holds what was read in this run: an action chosen since then must not be cleared unseen."""
        found = cases.requested.get(case)
        return found is not None and found.action == self._offered.get(case, found.action)

    def _grow(self, missing: int) -> None:
        if self._reader.known.tracking_gid < 0:
            self._reader.refresh()
        # In thousands, so that it happens once in a thousand cases. Done twice by accident it only leaves more empty rows.
        self._client.restructure([more_rows(self._reader.known.tracking_gid, missing + GROWTH_ROWS)])

    def _mark_blocks(self, responses: Responses | None, rows: Sequence[BoardRow]) -> tuple[list[ValueBlock], tuple[str, ...]]:
        wanted = [Shown(row.case, row.state, row.mark) for row in rows if row.mark is not None]
        if responses is None or not wanted:
            return [], ()
        matches, found = self._match(responses, wanted)
        if matches.missing and self._reader.refresh():
            # Another tab has the title now, or the spreadsheet another time zone: only the metadata tell.
            responses = self._reader.read().responses or responses
            matches, found = self._match(responses, wanted)
        titles = [folded(shown(cell)) for cell in responses.headers]
        twice = [header for header in _MARK_HEADERS if titles.count(folded(header)) > 1]
        if twice:
            return [], (f"En la pestaña de respuestas está repetida la columna «{twice[0]}»: no se marcó ninguna respuesta.",)
        blocks, columns = self._mark_columns(responses, titles)
        problems = [_unplaced(case, "ninguna fila coincide con la respuesta todavía") for case in matches.missing]
        problems += [_unplaced(case, "más de una fila o más de un caso coincide") for case in matches.ambiguous]
        states = {item.case: cell_text(item.state, CELL_LIMIT) for item in wanted}
        changed: dict[int, tuple[str, str]] = {}
        for case, number in matches.placed.items():
            before = _pair(found[number], columns)
            if not _ours(*before):
                problems.append(_unplaced(case, "las columnas «Caso» y «Estado» ya tienen otra cosa en esa fila"))
            elif before != (case, states[case]):
                changed[number] = (case, states[case])
        for number, row in found.items():
            # A label that a sort left beside somebody else's response: worse than none.
            stray = CaseNumber(_pair(row, columns)[0])
            if number not in changed and matches.placed.get(stray, number) != number:
                changed[number] = ("", "")
        blocks += [
            ValueBlock(_place(responses.title, number, column, column, number), ((text,),))
            for number, pair in changed.items()
            for column, text in zip(columns, pair, strict=True)
        ]
        return (blocks if changed else []), tuple(problems)

    def _match(self, responses: Responses, wanted: Sequence[Shown]) -> tuple[Matches, dict[int, ResponseRow]]:
        """Match against the rows read; what is not among them is looked for once in the whole tab, by its timestamp."""
        found = {row.number: row for row in responses.rows}
        timestamp = timestamp_column(responses.headers)
        matches = match_rows(wanted, tuple(found.values()), self._reader.zone, timestamp=timestamp)
        if missing := [item for item in wanted if item.case in matches.missing]:
            found |= {row.number: row for row in self._reader.older(missing)}
            matches = match_rows(wanted, tuple(found.values()), self._reader.zone, timestamp=timestamp)
        return matches, found

    def _mark_columns(self, responses: Responses, titles: Sequence[str]) -> tuple[list[ValueBlock], list[int]]:
        """Columns of "Caso" and "Estado" beside the responses, and the header cells to write where they were not there."""
        blocks: list[ValueBlock] = []
        columns: list[int] = []
        width = responses.width
        for header in _MARK_HEADERS:
            if folded(header) in titles:
                columns.append(titles.index(folded(header)) + 1)
            else:
                width += 1
                columns.append(width)
                blocks.append(ValueBlock(_place(responses.title, 1, width, width, 1), ((header,),)))
        gid = self._reader.responses_gid
        if gid is not None and width > responses.grid_columns:
            self._client.restructure([more_columns(gid, width - responses.grid_columns)])
        return blocks, columns


def _place(title: str, first_row: int, first_column: int, last_column: int, last_row: int) -> str:
    return tab_range(title, f"{column_letters(first_column)}{first_row}:{column_letters(last_column)}{last_row}")


def _neighbours(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Row numbers in order, as runs without gaps: (first, last), none too long to be sent as a whole."""
    runs: list[tuple[int, int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1 and number - runs[-1][0] < _BLOCK_ROWS:
            runs[-1] = (runs[-1][0], number)
        else:
            runs.append((number, number))
    return runs


def _parts(blocks: Sequence[ValueBlock]) -> list[list[ValueBlock]]:
    """The blocks in as few requests as Google's advice on sizes allows: nearly always one."""
    parts: list[list[ValueBlock]] = []
    size = 0
    for block in blocks:
        length = len(block.range) + sum(len(json.dumps(text)) + 2 for row in block.rows for text in row)
        if not parts or size + length > _PAYLOAD_BYTES:
            parts.append([])
            size = 0
        parts[-1].append(block)
        size += length
    return parts


def _pair(row: ResponseRow, columns: Sequence[int]) -> tuple[str, str]:
    case, state = (shown(row.cells[column - 1]) if len(row.cells) >= column else "" for column in columns)
    return case, state


def _ours(case: str, state: str) -> bool:
    """Whether the program may write over these two cells: both empty, or its own. A question may be called "Estado" too."""
    return case_in(case) is not None if case else not state


def _unplaced(case: CaseNumber, reason: str) -> str:
    return f"El caso {case} no se marcó en la pestaña de respuestas: {reason}. Consúltelo en «{TAB_TITLE}»."


def _refused_write(error: BadRequest) -> Misconfigured | Transient:
    if "protected" in error.message:
        problem = "La hoja de cálculo tiene protegidas las celdas que el programa escribe."
        remedy = f"Quite la protección o permita a la cuenta de servicio editar «{TAB_TITLE}» y las columnas «Caso» y «Estado»."
        return Misconfigured(Target.SHEET, problem, remedy=remedy)
    return Transient(Target.SHEET, "La hoja de cálculo cambió mientras se escribía; se actualizará en la próxima ejecución.")
