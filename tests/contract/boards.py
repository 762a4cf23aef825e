"""The boards under contract, and what an agent does to them by hand: one stage for each adapter."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import openpyxl
from google.oauth2.service_account import Credentials

from config.vocabulary import CaseNumber, EmailAddress
from intake.board.google_sheet import GoogleSheetBoard
from intake.board.port import HEADERS, Board, BoardRow, ResponseMark
from intake.board.xlsx import XlsxBoard
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
            sleep=self.slept.append,
        )

    def rows(self) -> list[dict[str, str]]:
        """The table as an agent sees it."""
        if not any(tab.title == "Seguimiento" for tab in self.book.tabs):
            return []
        header, *body = self.tracking.table()
        return [_by_header(header, row) for row in body if any(row)]

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


class XlsxStage:
    """A file, edited as LibreOffice would: opened, changed, saved whole."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "Seguimiento.xlsx"

    def open(self, *, writable: bool = True) -> XlsxBoard:
        """The board as a new run opens it."""
        return XlsxBoard(self.path, zone=BOGOTA, title="UPME · Gestión de Usuarios", writable=writable)

    def rows(self) -> list[dict[str, str]]:
        """The table as an agent sees it."""
        if not self.path.exists():
            return []
        header, *body = openpyxl.load_workbook(self.path)["Seguimiento"].iter_rows(values_only=True)
        return [_by_header(header, row) for row in body if any(row)]

    def choose(self, case: CaseNumber, action: str, note: str = "") -> None:
        """Put an action and a note beside a case."""

        def change(table: list[list[Any]]) -> None:
            row = next(row for row in table if row[table[0].index("Caso")] == case)
            row[table[0].index("Acción")], row[table[0].index("Observación")] = action, note

        self.edit(change)

    def reverse(self) -> None:
        """Sort the table the other way round."""
        self.edit(lambda table: table.__setitem__(slice(1, None), table[:0:-1]))

    def insert_row_on_top(self) -> None:
        """Insert an empty row under the header."""
        self.edit(lambda table: table.insert(1, [None] * len(HEADERS)))

    def move_columns(self) -> None:
        """Put a column of the desk's own between the program's, and swap two of them."""

        def change(table: list[list[Any]]) -> None:
            for number, row in enumerate(table):
                row.insert(2, "Apuntes" if number == 0 else "=ojo" if number == 1 else None)
                row[6], row[8] = row[8], row[6]

        self.edit(change)

    def rename_header(self, old: str, new: str) -> None:
        """Write another text over a header."""
        self.edit(lambda table: table[0].__setitem__(table[0].index(old), new))

    def formulas(self) -> int:
        """How many cells are formulas."""
        sheet = openpyxl.load_workbook(self.path)["Seguimiento"]
        return sum(cell.data_type == "f" for row in sheet.iter_rows() for cell in row)

    def edit(self, change: Callable[[list[list[Any]]], None]) -> None:
        """Open the file, change the table, save it."""
        book = openpyxl.load_workbook(self.path)
        sheet = book["Seguimiento"]
        table = [list(row) for row in sheet.iter_rows(values_only=True) if any(row)]
        change(table)
        sheet.delete_rows(1, sheet.max_row)
        for number, row in enumerate(table, start=1):
            for column, value in enumerate(row, start=1):
                cell = sheet.cell(number, column)
                cell.value = value
                if isinstance(value, str):
                    cell.data_type = "s"
        book.save(self.path)


def _by_header(header: Any, row: Any) -> dict[str, str]:
    return {str(title): str(value) for title, value in zip(header, row, strict=False) if value not in (None, "")}
