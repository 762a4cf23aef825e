"""The board as an .xlsx file, for an institution without Google and for the demonstration: the embedded default.

The file is always written whole and put in its place at once: whoever opens it sees the former board or the new one. What the
desk wrote (Acción, Observación, columns of its own, rows without a case) is read from the file just before and kept. A file
that this program did not make, or that cannot be read, is never written over.
"""

import contextlib
import os
import warnings
import zipfile
import zlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from xml.etree.ElementTree import ParseError
from zoneinfo import ZoneInfo

import openpyxl
from openpyxl.chartsheet import Chartsheet
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.worksheet import Worksheet

from config.errors import Misconfigured, Target, Transient, WriteRefused
from config.vocabulary import CaseNumber
from intake.board.cells import Cell, cell_text, folded, shown
from intake.board.dashboard import Dashboard
from intake.board.port import BoardRow, RequestedAction
from intake.board.tracking_tab import (
    DUE_ON,
    KEY,
    OWN_COLUMNS,
    PROGRESS,
    TAB_TITLE,
    TURN,
    CaseRows,
    find_columns,
    index_cases,
    latest_of_each,
)
from intake.board.xlsx_charts import DASHBOARD_TITLE, DATA_TITLE, load_dashboard
from intake.board.xlsx_legend import LEGEND_TITLE
from intake.board.xlsx_look import KEPT, MEANING, OFFERS, REASON, Beside, CaseLine, Contents, workbook_bytes
from intake.board.xlsx_today import TODAY_TITLE

CELL_LIMIT = 32_767
"""Characters in one cell (Excel specifications and limits)."""

_TRIES = 3
_UNREADABLE = (
    InvalidFileException, zipfile.BadZipFile, zlib.error, ParseError, EOFError, KeyError, ValueError, TypeError, IndexError,
    AttributeError, NotImplementedError, RuntimeError,
)  # fmt: skip
"""What openpyxl raises for files that are no workbook, or only nearly one."""


@dataclass(frozen=True, slots=True)
class _Version:
    """What tells whether the file was saved by somebody since it was read."""

    inode: int
    size: int
    modified_ns: int


_EMPTY = Contents((), (), ())
_SHEETS = (TAB_TITLE, TODAY_TITLE, DASHBOARD_TITLE, DATA_TITLE, LEGEND_TITLE)


class XlsxBoard:
    """Implements intake.board.port.Board on a file. Raises Misconfigured or Transient (Target.SHEET).

    `title` heads the printed pages and the sheet "Leyenda"; `zone` is the one that the shown times are in. Rows stand in the
    order of their cases. There are no responses beside it, so a row's `mark` is not used. `today` is the day in that zone.
    """

    def __init__(
        self, path: Path, *, zone: ZoneInfo, title: str, writable: bool = True, today: Callable[[], date] | None = None
    ) -> None:
        self._path = path
        self._zone = zone
        self._title = title
        self._writable = writable
        self._today = today or (lambda: datetime.now(zone).date())
        self._offered: dict[CaseNumber, str] = {}
        self._misplaced: tuple[CaseNumber, ...] = ()
        self._read: tuple[Contents, CaseRows, _Version] | None = None

    def read(self) -> tuple[RequestedAction, ...]:
        """Read the actions; none while there is no file. Reads the last saved version when somebody has the file open."""
        cases = self._load()[1]
        self._offered = {case: asked.action for case, asked in cases.requested.items()}
        self._misplaced = tuple(sorted(cases.misplaced))
        return cases.actions()

    def misplaced(self) -> tuple[CaseNumber, ...]:
        """Cases whose row was typed over since; none before the first read."""
        return self._misplaced

    def write(self, rows: Sequence[BoardRow], dashboard: Dashboard | None = None) -> tuple[str, ...]:
        """Show these requests: read the file, change it, and put the new one in its place; nothing when nothing changed."""
        if not rows:
            return ()
        for _ in range(_TRIES):
            contents, cases, version = self._load()
            after = self._updated(contents, cases, latest_of_each(rows))
            after = replace(after, dashboard=dashboard or contents.dashboard)
            if after == contents and version is not None:
                return cases.complaints()
            if not self._writable:
                raise WriteRefused(f"Simulación: no se escribe el tablero {self._path} ({len(rows)} casos).")
            self._refuse_when_open()
            content = workbook_bytes(after, title=self._title, zone=self._zone, today=self._today())
            if self._replace(content, version):
                return cases.complaints()
        raise Transient(
            Target.SHEET, f"El tablero {self._path} se guarda sin cesar desde otro programa; se intentará de nuevo."
        )

    def close(self) -> None:
        """Nothing to free. Idempotent."""

    def _updated(self, contents: Contents, cases: CaseRows, rows: Sequence[BoardRow]) -> Contents:
        lines = {line.case: line for line in contents.lines}
        for row in rows:
            own = tuple(cell_text(text, CELL_LIMIT) for text in row.cells())
            before = lines.get(row.case) or CaseLine(row.case, own, "", "", ())
            requested = cases.requested.get(row.case)
            # An action that was chosen after this run read the board must not be cleared unseen.
            seen = requested is not None and requested.action == self._offered.get(row.case, requested.action)
            action = "" if row.action_taken and seen else before.action
            lines[row.case] = replace(before, own=own, action=action, beside=_beside(row))
        return replace(contents, lines=tuple(lines[case] for case in sorted(lines)))

    def _load(self) -> tuple[Contents, CaseRows, _Version | None]:
        """The file's contents, where its cases stand, and its version; None when there is no file.

        A version that this object read already is not read again: a run reads the board twice, to listen and to write.
        """
        if self._read is not None and _version(self._path) == self._read[2]:
            return self._read
        try:
            with self._path.open("rb") as file:
                status = os.fstat(file.fileno())
                with warnings.catch_warnings():
                    # openpyxl warns of looks that it does not read; only the text matters here.
                    warnings.simplefilter("ignore", UserWarning)
                    book = openpyxl.load_workbook(file, read_only=True)  # cells as they come
                    names = tuple(book.sheetnames)
                    table = _cells(book[TAB_TITLE]) if TAB_TITLE in names else None
                    figures = _cells(book[DATA_TITLE], most_rows=1) if DATA_TITLE in names else []
        except FileNotFoundError:
            return _EMPTY, CaseRows({}, {}, {}), None
        except (IsADirectoryError, NotADirectoryError) as error:
            raise self._foreign("no es un archivo") from error
        except PermissionError as error:
            raise Transient(Target.SHEET, f"No se puede abrir el tablero {self._path}: está en uso o falta permiso.") from error
        except OSError as error:
            raise Transient(Target.SHEET, f"No se pudo leer el tablero {self._path}: {error.strerror}.") from error
        except _UNREADABLE as error:
            raise self._foreign("no es un libro de Excel o está dañado") from error
        strangers = [name for name in names if name not in _SHEETS]
        if table is None:
            raise self._foreign(f"no tiene la hoja «{TAB_TITLE}»")
        if strangers:
            raise self._foreign(f"tiene hojas que no son del programa ({', '.join(strangers)})")
        contents, cases = self._understood(table)
        contents = replace(contents, dashboard=load_dashboard(shown(figures[0][0])) if figures else None)
        self._read = contents, cases, _Version(status.st_ino, status.st_size, status.st_mtime_ns)
        return self._read

    def _understood(self, grid: Sequence[tuple[Cell, ...]]) -> tuple[Contents, CaseRows]:
        columns = find_columns(grid, f"el tablero {self._path}")
        if columns is None:
            raise self._foreign("no tiene fila de títulos")
        by_column = [[row[place - 1] if len(row) >= place else None for row in grid] for place in columns.places]
        headers = grid[columns.header_row - 1]
        kept = _kept_columns(headers, {header: columns.of(header) for header in (PROGRESS, KEY, TURN, DUE_ON)})
        keys = [row[kept[KEY] - 1] for row in grid] if kept[KEY] else []
        cases = index_cases(columns, by_column[0], by_column[OWN_COLUMNS], by_column[OWN_COLUMNS + 1], keys)
        ours = {*columns.places, *columns.technical, *kept.values()}
        others = (place for place in range(1, len(headers) + 1) if place not in ours)
        extra = [place for place in others if any(_text(row[place - 1]) for row in grid)]
        whose = {number: case for case, number in cases.rows.items()}
        lines: list[CaseLine] = []
        loose: list[tuple[str, ...]] = []
        for number in range(columns.header_row + 1, len(grid) + 1):
            texts = tuple(_text(column[number - 1]) for column in by_column)
            added = tuple(_text(grid[number - 1][place - 1]) for place in extra)
            case = whose.get(number)
            if case is not None:
                beside = _beside_read({header: grid[number - 1][place - 1] for header, place in kept.items() if place})
                lines.append(CaseLine(case, texts[:OWN_COLUMNS], texts[OWN_COLUMNS], texts[OWN_COLUMNS + 1], added, beside))
            elif any((*texts, *added)):
                loose.append((*texts, *added))
        own_headers = tuple(_text(headers[place - 1]) for place in extra)
        return Contents(tuple(sorted(lines, key=lambda line: line.case)), own_headers, tuple(loose)), cases

    def _foreign(self, reason: str) -> Misconfigured:
        return Misconfigured(
            Target.SHEET,
            f"El archivo {self._path} {reason}: el programa no escribe sobre él.",
            remedy="Muévalo o cámbiele el nombre (el programa hará uno nuevo), o corrija la ruta en la configuración.",
        )

    def _refuse_when_open(self) -> None:
        """LibreOffice and Excel say in a file beside it that they have the workbook open, and would write over ours."""
        names = {self._path, self._path.resolve()}
        for place in (path.with_name(lock.format(path.name)) for path in sorted(names) for lock in (".~lock.{}#", "~${}")):
            if place.exists():
                raise Transient(
                    Target.SHEET,
                    f"El tablero {self._path} está abierto{_opened_by(place)}: no se actualizó y no se perdió nada. "
                    f"Ciérrelo y se actualizará en la próxima ejecución (si nadie lo tiene abierto, borre {place.name}).",
                )

    def _replace(self, content: bytes, version: _Version | None) -> bool:
        """Put the new file in place of the version that was read; False: somebody saved it meanwhile."""
        target = self._path.resolve()
        draft = target.with_name(f".{target.name}.nuevo")
        try:
            with draft.open("wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            _keep_access(target, draft)
            if _version(target) != version:
                draft.unlink()
                return False
            draft.replace(target)
            _sync_folder(target.parent)
        except FileNotFoundError as error:
            problem = f"No existe la carpeta del tablero {self._path}."
            raise Misconfigured(Target.SHEET, problem, remedy="Créela o corrija la ruta en la configuración.") from error
        except PermissionError as error:
            problem = (
                f"No se puede guardar el tablero {self._path}: está abierto en otro programa o falta permiso en la carpeta."
            )
            raise Transient(Target.SHEET, problem) from error
        except OSError as error:
            with contextlib.suppress(OSError):
                draft.unlink(missing_ok=True)
            raise Transient(Target.SHEET, f"No se pudo guardar el tablero {self._path}: {error.strerror}.") from error
        return True


def _kept_columns(headers: Sequence[Cell], technical: Mapping[str, int]) -> dict[str, int]:
    """Where the technical columns stand, and those that only the file has; 0: nowhere."""
    titles = [folded(shown(header)) for header in headers]
    return {**technical, **{header: titles.index(folded(header)) + 1 if folded(header) in titles else 0 for header in KEPT}}


def _beside(row: BoardRow) -> Beside:
    note, meaning = (cell_text(text, CELL_LIMIT) for text in (row.authorisation_note, row.state_note))
    return Beside(row.progress, row.turn, row.due_on, note, meaning, row.actions)


def _beside_read(cells: Mapping[str, Cell]) -> Beside:
    """What the file kept of it; whatever somebody typed there is taken for nothing or for text."""
    progress = cells.get(PROGRESS)
    reason, meaning, turn, offers = (_text(cells.get(header)) for header in (REASON, MEANING, TURN, OFFERS))
    return Beside(
        float(progress) if isinstance(progress, int | float) and not isinstance(progress, bool) else None,
        turn,
        _day(shown(cells.get(DUE_ON))),
        reason,
        meaning,
        tuple(offers.split(", ")) if offers and len(offers) <= _LONGEST_LIST else (),
    )


_LONGEST_LIST = 250
"""Characters that Excel takes in a list; longer ones were not written by this program."""


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        return None


def _cells(sheet: Worksheet | Chartsheet, *, most_rows: int | None = None) -> list[tuple[Cell, ...]]:
    """A sheet's values, row by row, up to the last row that has one; a chart has none."""
    if isinstance(sheet, Chartsheet):
        return []
    rows = [tuple(_plain(value) for value in row) for row in sheet.iter_rows(max_row=most_rows, values_only=True)]
    while rows and not any(value is not None for value in rows[-1]):
        rows.pop()
    width = max((len(row) for row in rows), default=0)
    return [row + (None,) * (width - len(row)) for row in rows]


def _plain(value: object) -> Cell:
    """A cell's value as openpyxl gives it; dates and times that an agent typed become their text."""
    return value if value is None or isinstance(value, str | int | float) else str(value)


def _text(cell: Cell) -> str:
    """A cell as text, exactly: unlike `shown`, outer spaces and new lines stay."""
    return cell if isinstance(cell, str) else shown(cell)


def _opened_by(lock: Path) -> str:
    """Who has it open, from LibreOffice's lock (",user,host,date,profile;"); '' when it does not say."""
    try:
        parts = lock.read_bytes()[:1000].decode("utf-8", errors="replace").split(",")
    except OSError:
        return ""
    names = [cell_text(part, 60).strip() for part in parts[1:3] if part.strip()]
    return f" ({' en '.join(names)})" if lock.name.startswith(".~lock") and names else ""


def _version(path: Path) -> _Version | None:
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return _Version(status.st_ino, status.st_size, status.st_mtime_ns)


def _keep_access(target: Path, draft: Path) -> None:
    """Give the new file the rights of the former one, so that whoever could open the board still can."""
    try:
        status = target.stat()
    except FileNotFoundError:
        return
    draft.chmod(status.st_mode & 0o7777)
    with contextlib.suppress(PermissionError):
        os.chown(draft, status.st_uid, status.st_gid)


def _sync_folder(folder: Path) -> None:
    """Make the renaming itself survive a power cut; some network file systems cannot."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        with contextlib.suppress(OSError):
            os.fsync(descriptor)
    finally:
        os.close(descriptor)
