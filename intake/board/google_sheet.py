"""The board on a Google Sheet: one read and one write a run, at fixed places, as plain text.

Everything a run shows (cells, notes, drop-downs, answered actions, the numbers of "Tablero") goes in one `batchUpdate`, which
Google applies whole or not at all; only what is larger than Google advises goes in parts, each of them idempotent.

What can happen between the read and the write. Google Sheets has no conditional write of values: if an agent sorts or inserts
rows after our read and before our write, a row is written where its case stood a moment ago. The window is kept short
(positions older than 60 seconds, or 5 when an answered action is to be cleared, are read again before writing) and the damage
is bounded and mended: a row's key is written once and then stays with the desk's cells wherever they are moved, so the next
run knows each row by its key, writes the right case over it, and takes no action that was chosen beside another case's name
(`port.MISPLACED`). An action is cleared only if the cell still holds exactly that text, by the one write of Google's that has a
condition (`sheet_requests.clear_if`). Pass every open case to `write`, not only those that changed: it costs no further call.
"""

import itertools
import json
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime
from zoneinfo import ZoneInfo

from google.auth.credentials import Credentials

from config.errors import Misconfigured, Target, Transient
from config.vocabulary import CaseNumber
from intake.board.cells import cell_text, folded, shown
from intake.board.dashboard import Dashboard
from intake.board.dashboard_tab import DASHBOARD_GID, DATA_GID, digest_of, make_tabs, numbers, shape_of
from intake.board.memory import BoardMemory
from intake.board.port import BoardRow, RequestedAction
from intake.board.response_rows import Matches, ResponseRow, Shown, match_rows, timestamp_column
from intake.board.sheet_reading import Responses, SheetReader, Snapshot, Tracking
from intake.board.sheet_requests import SheetRequest, cell, clear_if, more_columns, more_rows, put
from intake.board.sheets_client import BadRequest, SheetsClient
from intake.board.tracking_look import GROWTH_ROWS, TabLook, furnish_tab, mended, new_tab
from intake.board.tracking_rows import CELL_LIMIT, row_changes
from intake.board.tracking_tab import DEFAULT_COLUMNS, LAYOUT, TAB_TITLE, case_in, index_cases, latest_of_each

POSITIONS_VALID_SECONDS = 60.0
POSITIONS_VALID_TO_CLEAR_SECONDS = 5.0
PAYLOAD_BYTES = 1_700_000
"""Google advises payloads under 2 MB ("Usage limits" of the Sheets API); a larger write goes in parts."""
_TRACKING_GID = 1_867_090_701
"""Asked for when the tab is made; any free number would do."""
_MARK_HEADERS = ("Caso", "Estado")
_CLEARED_WHOLE = 500
"""Characters of an action that are compared before it is cleared; nobody means to keep a longer one."""


class GoogleSheetBoard:
    """Implements intake.board.port.Board. Raises Misconfigured, Unreachable or Transient (Target.SHEET).

    `endpoint` replaces https://sheets.googleapis.com; `responses_gid` is the tab that Forms fills (None: no marks beside the
    responses); `zone` is used while the spreadsheet's own is not known. `clock` is monotonic, in seconds; `today` is the day
    in the institution's zone: on each day's first write the tabs' look is compared and mended.
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
        today: Callable[[], date] | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._client = SheetsClient(
            spreadsheet_id, credentials, endpoint=endpoint, writable=writable, timeout_seconds=timeout_seconds, sleep=sleep
        )
        self._reader = SheetReader(self._client, spreadsheet_id, memory, responses_gid, zone)
        self._clock = clock
        self._today = today or (lambda: datetime.now(zone).date())
        self._snapshot: Snapshot | None = None
        self._read_at = 0.0
        self._offered: dict[CaseNumber, str] = {}
        self._misplaced: tuple[CaseNumber, ...] = ()

    def read(self) -> tuple[RequestedAction, ...]:
        """Read both tabs in one call. A tab "Seguimiento" that is not there yet has no actions; it is made by `write`."""
        tracking = self._fresh().tracking
        self._offered = {case: asked.action for case, asked in tracking.cases.requested.items()} if tracking else {}
        self._misplaced = tuple(sorted(tracking.cases.misplaced)) if tracking else ()
        return tracking.cases.actions() if tracking else ()

    def misplaced(self) -> tuple[CaseNumber, ...]:
        """Cases whose row was written or typed over since; none before the first read."""
        return self._misplaced

    def write(self, rows: Sequence[BoardRow], dashboard: Dashboard | None = None) -> tuple[str, ...]:
        """Show these requests in one call (two or three when a tab is made, grows or is mended); say what was not placed."""
        if not rows:
            return ()
        clearing = any(row.action_taken for row in rows)
        valid = POSITIONS_VALID_TO_CLEAR_SECONDS if clearing else POSITIONS_VALID_SECONDS
        snapshot = self._snapshot
        if snapshot is None or self._clock() - self._read_at > valid:
            snapshot = self._fresh()
        self._snapshot = None
        latest = latest_of_each(rows)
        try:
            tracking, whole = self._ready(snapshot, dashboard)
            changes = self._tracking_changes(tracking, latest, whole=whole)
            marks, problems = self._mark_changes(snapshot.responses, latest)
            figures = self._figures(dashboard, whole=whole)
            self._send([*changes, *marks, *figures], tracking.title)
        except BadRequest as error:
            # A tab, a chart or a rule may be gone: the next run looks before it writes.
            self._reader.remember(replace(self._reader.known, look_checked="", tracking_gid=-1))
            raise _refused_write(error) from error
        if figures and dashboard is not None:
            drawn = replace(self._reader.known, dashboard_shape=shape_of(dashboard), dashboard_digest=digest_of(dashboard))
            self._reader.remember(drawn)
        return (*tracking.cases.complaints(), *problems)

    def close(self) -> None:
        """Close the connections. Idempotent."""
        self._client.close()

    def _figures(self, dashboard: Dashboard | None, *, whole: bool) -> list[SheetRequest]:
        """The numbers of "Tablero", where its tabs were made; none when they are there already. `whole`: whatever is there."""
        known = self._reader.known
        if dashboard is None or not known.dashboard_shape:
            return []
        if not whole and known.dashboard_digest == digest_of(dashboard):
            return []
        return numbers(dashboard, former_shape=known.dashboard_shape)

    def _fresh(self) -> Snapshot:
        self._snapshot = None
        at = self._clock()
        self._snapshot = self._reader.read()
        self._read_at = at
        return self._snapshot

    def _send(self, changes: Sequence[SheetRequest], title: str) -> None:
        for part in _parts(changes):
            titles = self._client.write(part)
            if titles.get(self._reader.known.tracking_gid) != title:
                # A copy took the tab's name and place since its number was remembered.
                self._reader.remember(replace(self._reader.known, look_checked="", tracking_gid=-1))
                problem = f"La pestaña «{TAB_TITLE}» fue reemplazada por otra; se actualizará en la próxima ejecución."
                raise Transient(Target.SHEET, problem)

    def _ready(self, snapshot: Snapshot, dashboard: Dashboard | None) -> tuple[Tracking, bool]:
        """The tab, made if it is not there, with its look; True: this is the day's first write, so that all is written."""
        known, today = self._reader.known, self._today().isoformat()
        drawn = dashboard is None or bool(known.dashboard_shape)
        if snapshot.tracking is not None and known.tracking_gid >= 0 and known.look_checked == today and drawn:
            return snapshot.tracking, False
        self._reader.refresh(looks=True)
        tracking = snapshot.tracking
        if tracking is None:
            tracking, changes = self._new_tab()
        else:
            tracking, changes = self._mended_tab(tracking)
        if dashboard is not None:
            # Somebody may have moved a chart to a tab of its own.
            charts = frozenset(chart for look in self._reader.looks.values() for chart in look.charts)
            changes += make_tabs(self._reader.gids, self._reader.titles, charts, dashboard)
        if changes:
            self._client.restructure(changes)
        known = replace(self._reader.known, look_checked=today)
        if dashboard is not None and (not known.dashboard_shape or DATA_GID not in self._reader.gids):
            known = replace(known, dashboard_shape=shape_of(dashboard))
        self._reader.remember(known)
        self._reader.tracking_missing = False
        return tracking, True

    def _new_tab(self) -> tuple[Tracking, list[SheetRequest]]:
        """Make the tab, or furnish an empty one. Its place in the spreadsheet is Google's choice: the last."""
        tab = self._reader.tracking_tab
        cases = index_cases(DEFAULT_COLUMNS, (), (), ())
        if tab is None:
            gid = next(number for number in itertools.count(_TRACKING_GID) if number not in self._reader.gids | _TAKEN)
            self._reader.remember(replace(self._reader.known, tracking_gid=gid))
            return Tracking(TAB_TITLE, DEFAULT_COLUMNS, cases, 1, GROWTH_ROWS, {}), new_tab(gid, GROWTH_ROWS, self._taken(gid))
        changes = furnish_tab(tab.sheet_id, max(0, len(LAYOUT) - tab.columns), self._taken(tab.sheet_id))
        return Tracking(tab.title, DEFAULT_COLUMNS, cases, 1, tab.rows, {}), changes

    def _mended_tab(self, tracking: Tracking) -> tuple[Tracking, list[SheetRequest]]:
        """What a board of an older program, or one that lost something, lacks: columns at its end first of all."""
        gid = self._reader.known.tracking_gid
        look = self._reader.looks.get(gid, TabLook(tracking.grid_columns))
        columns, added = tracking.columns, tracking.columns.missing
        changes: list[SheetRequest] = []
        if added:
            # Behind the grid as it was: nothing of the desk's can stand there.
            columns = columns.with_missing_from(look.columns + 1)
            changes.append(more_columns(gid, len(added)))
        return replace(tracking, columns=columns), changes + mended(gid, columns, added, look, self._taken(gid))

    def _taken(self, gid: int) -> frozenset[int]:
        """The numbers of what other tabs have."""
        return frozenset(number for tab, look in self._reader.looks.items() if tab != gid for number in look.numbers)

    def _tracking_changes(self, tracking: Tracking, rows: Sequence[BoardRow], *, whole: bool) -> list[SheetRequest]:
        places: dict[int, BoardRow] = {}
        next_row = tracking.last_row + 1
        for row in rows:
            place = tracking.cases.rows.get(row.case)
            if place is None:
                place, next_row = next_row, next_row + 1
            places[place] = row
        gid = self._reader.known.tracking_gid
        if next_row - 1 > tracking.grid_rows:
            # In thousands, so that it happens once in a thousand cases. Done twice by accident it only leaves more empty rows.
            self._client.restructure([more_rows(gid, next_row - 1 - tracking.grid_rows + GROWTH_ROWS)])
        added = range(tracking.last_row + 1, next_row)
        changes = row_changes(gid, tracking.columns, places, tracking.known, added=added, whole=whole)
        return [*changes, *self._cleared(tracking, places.items())]

    def _cleared(self, tracking: Tracking, places: Iterable[tuple[int, BoardRow]]) -> list[SheetRequest]:
        """Empty "Acción" beside what was answered, if it holds what was read: one chosen since then must not go unseen."""
        gid, column = self._reader.known.tracking_gid, tracking.columns.action
        changes: list[SheetRequest] = []
        for place, row in sorted(places):
            found = tracking.cases.requested.get(row.case)
            if not row.action_taken or found is None or found.action != self._offered.get(row.case, found.action):
                continue
            text = tracking.raw_actions.get(place, "")
            if text and len(text) <= _CLEARED_WHOLE:
                changes.append(clear_if(gid, place, column, text))
            else:
                changes.append(put(gid, place, column, [[cell("")]], "userEnteredValue"))
        return changes

    def _mark_changes(
        self, responses: Responses | None, rows: Sequence[BoardRow]
    ) -> tuple[list[SheetRequest], tuple[str, ...]]:
        wanted = [Shown(row.case, row.state, row.mark) for row in rows if row.mark is not None]
        gid = self._reader.responses_gid
        if responses is None or gid is None or not wanted:
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
        changes, columns = self._mark_columns(responses, titles)
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
        changes += [
            put(gid, number, column, [[cell(text)]], "userEnteredValue")
            for number, pair in changed.items()
            for column, text in zip(columns, pair, strict=True)
        ]
        return (changes if changed else []), tuple(problems)

    def _match(self, responses: Responses, wanted: Sequence[Shown]) -> tuple[Matches, dict[int, ResponseRow]]:
        """Match against the rows read; what is not among them is looked for once in the whole tab, by its timestamp."""
        found = {row.number: row for row in responses.rows}
        timestamp = timestamp_column(responses.headers)
        matches = match_rows(wanted, tuple(found.values()), self._reader.zone, timestamp=timestamp)
        if missing := [item for item in wanted if item.case in matches.missing]:
            found |= {row.number: row for row in self._reader.older(missing)}
            matches = match_rows(wanted, tuple(found.values()), self._reader.zone, timestamp=timestamp)
        return matches, found

    def _mark_columns(self, responses: Responses, titles: Sequence[str]) -> tuple[list[SheetRequest], list[int]]:
        """Columns of "Caso" and "Estado" beside the responses, and the header cells to write where they were not there."""
        changes: list[SheetRequest] = []
        columns: list[int] = []
        gid = self._reader.responses_gid
        width = responses.width
        for header in _MARK_HEADERS:
            if folded(header) in titles:
                columns.append(titles.index(folded(header)) + 1)
            else:
                width += 1
                columns.append(width)
                if gid is not None:
                    changes.append(put(gid, 1, width, [[cell(header)]], "userEnteredValue"))
        if gid is not None and width > responses.grid_columns:
            self._client.restructure([more_columns(gid, width - responses.grid_columns)])
        return changes, columns


_TAKEN = frozenset({DASHBOARD_GID, DATA_GID})


def _parts(changes: Sequence[SheetRequest]) -> list[list[SheetRequest]]:
    """The changes in as few requests as Google's advice on sizes allows: nearly always one."""
    parts: list[list[SheetRequest]] = []
    size = 0
    for change in changes:
        length = len(json.dumps(change, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")) + 1
        if not parts or size + length > PAYLOAD_BYTES:
            parts.append([])
            size = 0
        parts[-1].append(change)
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
