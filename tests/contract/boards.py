"""The boards under contract, and what an agent does to them by hand: one stage for each adapter."""

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

from google.oauth2.service_account import Credentials

from config.vocabulary import CaseNumber, EmailAddress
from intake.board.google_sheet import GoogleSheetBoard
from intake.board.port import Board, BoardRow, ResponseMark
from intake.board.tracking_tab import DUE_ON, KEY, PROGRESS, TECHNICAL, TURN
from intake.board.xlsx_look import KEPT
from intake.google_access import RUN_SCOPES, google_credentials
from tests.servers.google.grid import SheetTab, Spreadsheet, Value, serial
from tests.servers.google.server import FakeGoogle
from tests.servers.google.sheets import SheetsApi

BOGOTA = ZoneInfo("America/Bogota")
BOOK = "1AbCdEfGhIjKlMnOpQrStUvWxYz0123456789"
RESPONSES_GID = 987_654_321
RESPONSES_TITLE = "Respuestas de formulario 1"
SUBMITTED = datetime(2026, 11, 20, 14, 30, 15, 250_000, tzinfo=UTC)


def case_number(number: int) -> CaseNumber:
    """GU-2026-000001 for 1."""
    return CaseNumber(f"GU-2026-{number:06d}")


def board_row(number: int, **changes: Any) -> BoardRow:
    """A row as the program would show it."""
    row = BoardRow(
        case=case_number(number),
        received="2026-11-20 09:30",
        requester="jefe.talento@upme.gov.co",
        operation="Creación de cuenta",
        user="María Ñúñez O'Brien",
        account="maria.nunez@upme.gov.co",
        unit="Oficina de Tecnología",
        authorisation="Fila 4: Talento Humano",
        state="En trámite",
        step="Asignar licencia",
        waiting_for="",
        due="2026-11-23 10:00",
        sla="a tiempo · 6,5 h",
        updated="2026-11-20 09:31",
        detail="Se reservó el nombre 0123.",
        turn="Nadie",
    )
    return replace(row, **changes)


class Stage(Protocol):
    """A board that can be opened again for each run, and the agent's hands."""

    def open(self, *, writable: bool = True) -> Board:
        """The board as a new run opens it."""
        ...

    def rows(self) -> list[dict[str, str]]:
        """The table as an agent sees it, by header, without empty rows."""
        ...

    def choose(self, case: CaseNumber, action: str, note: str = "") -> None:
        """Put an action and a note beside a case."""
        ...

    def reverse(self) -> None:
        """Sort the table the other way round."""
        ...

    def insert_row_on_top(self) -> None:
        """Insert an empty row under the header."""
        ...

    def move_columns(self) -> None:
        """Put a column of the desk's own between the program's, and swap two of them."""
        ...

    def rename_header(self, old: str, new: str) -> None:
        """Write another text over a header."""
        ...

    def formulas(self) -> int:
        """How many cells are formulas."""
        ...

    def write_over(self, case: CaseNumber, header: str, text: str) -> None:
        """Type something over a cell of the case's row: the row that its key names."""
        ...

    def copy_row(self, case: CaseNumber, as_case: CaseNumber | None = None) -> None:
        """Copy a case's row to the end, as another case's if one is given, with an action chosen on it."""
        ...

    def without_technical(self) -> None:
        """Make the board what an older program made: no technical columns."""
        ...

    def keys(self) -> list[str]:
        """The keys, row by row."""
        ...

    def offered(self) -> dict[str, tuple[str, ...]]:
        """The choices of "Acción", by case."""
        ...

    def notes(self, case: CaseNumber) -> dict[str, str]:
        """The notes on the case's row, by header."""
        ...

    def technical(self, case: CaseNumber) -> tuple[Any, Any, Any]:
        """Share of the SLA, turn, and day due as a serial number."""
        ...


class GoogleStage:
    """A Google Sheet on the fake Google, read and written by the real client over HTTP."""

    def __init__(self, google: FakeGoogle, key_file: Path) -> None:
        self.google = google
        self.api = SheetsApi()
        self.book = Spreadsheet()
        self.api.books[BOOK] = self.book
        self.responses = self.book.add(SheetTab(RESPONSES_GID, RESPONSES_TITLE, rows=1000, columns=10))
        self.responses.append(
            ["Marca temporal", "Dirección de correo electrónico", "Tipo de solicitud", "Nombres", "Documento"]
        )
        self.memory = DictMemory()
        self.slept: list[float] = []
        self.now = 0.0
        self.day = date(2026, 11, 22)
        self.credentials: Credentials = google_credentials(key_file, scopes=RUN_SCOPES)
        google.add(self.api)

    @property
    def tracking(self) -> SheetTab:
        """The tab "Seguimiento"."""
        return self.book.tab("Seguimiento")

    def open(self, *, writable: bool = True, gid: int | None = RESPONSES_GID, timeout_seconds: float = 10) -> GoogleSheetBoard:
        """The board as a new run opens it."""
        return GoogleSheetBoard(
            BOOK,
            self.credentials,
            memory=self.memory,
            zone=BOGOTA,
            endpoint=self.google.url,
            responses_gid=gid,
            writable=writable,
            timeout_seconds=timeout_seconds,
            clock=lambda: self.now,
            today=lambda: self.day,
            sleep=self.slept.append,
        )

    def rows(self) -> list[dict[str, str]]:
        """The table as an agent sees it."""
        if not any(tab.title == "Seguimiento" for tab in self.book.tabs):
            return []
        header, *body = self.tracking.table()
        return [by_header(header, row) for row in body if any(row)]

    def choose(self, case: CaseNumber, action: str, note: str = "") -> None:
        """Put an action and a note beside a case."""
        number = self.row_of(case)
        self.tracking.put(number, self.tracking.header("Acción"), action)
        self.tracking.put(number, self.tracking.header("Observación"), note)

    def row_of(self, case: CaseNumber) -> int:
        """The first row of a case."""
        column = self.tracking.header("Caso")
        return min(row for (row, place), value in self.tracking.cells.items() if place == column and value == case)

    def reverse(self) -> None:
        """Sort the table the other way round."""
        self.tracking.sort(self.tracking.header("Caso"), descending=True)

    def insert_row_on_top(self) -> None:
        """Insert an empty row under the header."""
        self.tracking.insert_rows(2)

    def move_columns(self) -> None:
        """Put a column of the desk's own between the program's, and swap two of them."""
        self.tracking.insert_column(3)
        self.tracking.put(1, 3, "Apuntes")
        self.tracking.put(2, 3, "=ojo")
        self.tracking.move_column(7, 9)

    def rename_header(self, old: str, new: str) -> None:
        """Write another text over a header."""
        self.tracking.put(1, self.tracking.header(old), new)

    def formulas(self) -> int:
        """How many cells are formulas."""
        return sum(len(tab.formulas) for tab in self.book.tabs)

    def write_over(self, case: CaseNumber, header: str, text: str) -> None:
        """Type something over a cell of the case's row."""
        self.tracking.put(self._keyed_row(case), self.tracking.header(header), text)

    def _keyed_row(self, case: CaseNumber) -> int:
        key = self.tracking.header(KEY)
        return next(row for (row, place), value in self.tracking.cells.items() if place == key and value == case)

    def copy_row(self, case: CaseNumber, as_case: CaseNumber | None = None) -> None:
        """Copy a case's row to the end."""
        tab, source = self.tracking, self.row_of(case)
        row = dict(zip(range(1, tab.columns + 1), tab.table()[source - 1], strict=False))
        last = tab.last_row() + 1
        renamed = {tab.header("Caso"): as_case, tab.header(KEY): as_case} if as_case else {}
        for column, value in {**row, **renamed}.items():
            tab.put(last, column, value)

    def without_technical(self) -> None:
        """Make the board what an older program made."""
        for header in TECHNICAL:
            self.tracking.delete_column(self.tracking.header(header))
        self.tracking.metadata.clear()
        self.memory.values.clear()

    def keys(self) -> list[str]:
        """The keys, row by row."""
        key = self.tracking.header(KEY)
        found = {row: str(value) for (row, place), value in self.tracking.cells.items() if place == key and row > 1}
        return [found[row] for row in sorted(found)]

    def offered(self) -> dict[str, tuple[str, ...]]:
        """The choices of "Acción", by case."""
        action, case = self.tracking.header("Acción"), self.tracking.header("Caso")
        choices = self.tracking.choices.items()
        return {str(self.tracking.cells[row, case]): values for (row, column), values in choices if column == action}

    def notes(self, case: CaseNumber) -> dict[str, str]:
        """The notes on the case's row, by header."""
        row = self.row_of(case)
        return {str(self.tracking.cells[1, column]): text for (at, column), text in self.tracking.notes.items() if at == row}

    def technical(self, case: CaseNumber) -> tuple[Any, Any, Any]:
        """Share of the SLA, turn, and day due as a serial number."""
        row, tab = self.row_of(case), self.tracking
        share, turn, due = (tab.cells.get((row, tab.header(header))) for header in (PROGRESS, TURN, DUE_ON))
        return share, turn, due

    def calls(self) -> list[str]:
        """API methods called since the last time this was asked, in order."""
        names = [call.method_id.removeprefix("sheets.spreadsheets.") for call in self.google.calls if call.method_id != "token"]
        self.google.calls.clear()
        return names

    def answer(self, name: str, *, at: datetime = SUBMITTED) -> int:
        """A response's row, as Forms writes it. Returns its number."""
        return self.answers((name, at))

    def answers(self, *responses: tuple[str, datetime]) -> int:
        """Several responses, by name and instant. Returns the number of the last row."""
        zone = self.book.time_zone
        rows: list[list[Value]] = [
            [serial(at, zone), "jefe.talento@upme.gov.co", "Creación de cuenta", name, 123] for name, at in responses
        ]
        return self.responses.append(*rows)


def mark(name: str, *, at: datetime = SUBMITTED, document: str = "0123") -> ResponseMark:
    """The mark of such a response."""
    return ResponseMark(at, EmailAddress("Jefe.Talento@upme.gov.co"), frozenset({"Creación de cuenta", name, document}))


class DictMemory:
    """A memory for one test; `puts` counts how often it was written."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}
        self.puts = 0

    def get(self, key: str) -> str | None:
        """The text put last under this key."""
        return self.values.get(key)

    def put(self, key: str, value: str) -> None:
        """Keep a text."""
        self.values[key] = value
        self.puts += 1


_HIDDEN = {*TECHNICAL, *KEPT}


def by_header(header: Any, row: Any) -> dict[str, str]:
    """A row as an agent sees it: what is not empty, by its title, without the columns for machines."""
    named = zip(header, row, strict=False)
    return {str(title): str(value) for title, value in named if value not in (None, "") and title not in _HIDDEN}
