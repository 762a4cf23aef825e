"""The spreadsheets: one with the authorizer matrix is made or furnished, the board's tab is prepared."""

import itertools
from collections.abc import Callable, Mapping, Sequence

from google.auth.credentials import Credentials

from config.errors import CannotRun, Misconfigured, Target, Transient
from config.institution import Institution
from intake.board.cells import tab_range
from intake.board.sheets_client import BadRequest, SheetsClient, Tab
from intake.board.tracking_look import GROWTH_ROWS, new_tab
from intake.board.tracking_tab import TAB_TITLE
from intake.matrix_rows import Role
from intake.matrix_table import COLUMNS
from intake.setting_up.memory import Memory

MATRIX = "matrix"
MATRIX_TAB = "Matriz"
_SPREADSHEETS = "https://sheets.googleapis.com/v4/spreadsheets"
_MATRIX_GID, _BOARD_GID = 1_867_090_702, 1_867_090_701
_RESPONSE_TITLES = ("respuestas de formulario", "form responses", "form_responses")


class SpreadsheetMaker(SheetsClient):
    """A Sheets client that can also make a spreadsheet. Raises what SheetsClient raises, and CannotRun."""

    def __init__(self, credentials: Credentials, *, endpoint: str | None, timeout_seconds: float) -> None:
        self._given = (credentials, endpoint, timeout_seconds)
        super().__init__("", credentials, endpoint=endpoint, writable=True, timeout_seconds=timeout_seconds)

    def create(self, title: str, tab: str, rows: Sequence[Sequence[str]]) -> str:
        """Make a spreadsheet whose only tab holds these rows as text. Returns its id. Not idempotent: one call, sent once."""
        sheet = {
            "properties": {"sheetId": _MATRIX_GID, "title": tab, "gridProperties": {"frozenRowCount": 1}},
            "data": [{"startRow": 0, "startColumn": 0, "rowData": _row_data(rows)}],
        }
        body = {"properties": {"title": title, "locale": "es_CO", "timeZone": "America/Bogota"}, "sheets": [sheet]}
        try:
            made = self._translated(lambda: self.request("post", _SPREADSHEETS, json=body).json())
        except BadRequest as error:
            problem = f"Google no aceptó la hoja de cálculo nueva: {error.message}."
            raise CannotRun(problem, remedy="Nada quedó a medias. Repita «gestion init».") from error
        identifier = made.get("spreadsheetId")
        if not isinstance(identifier, str) or not identifier:
            raise Transient(Target.SHEET, "Google no dijo el identificador de la hoja de cálculo que creó.")
        return identifier

    def book(self, spreadsheet_id: str) -> SheetsClient:
        """A client for one spreadsheet."""
        credentials, endpoint, timeout = self._given
        return SheetsClient(spreadsheet_id, credentials, endpoint=endpoint, writable=True, timeout_seconds=timeout)


def matrix_rows(policy: Institution) -> tuple[tuple[str, ...], ...]:
    """The matrix's headers and one example, which is valid and was in force on one day long ago: it authorises nobody."""
    values = {
        "correo": f"ejemplo@{policy.mail_domain}",
        "nombre": "EJEMPLO: bórrela; no autoriza a nadie porque venció",
        "rol": Role.HEAD.value,
        "dependencias": policy.units[0].name,
        "desde": "2000-01-01",
        "hasta": "2000-01-01",
    }
    return COLUMNS, tuple(values.get(column, "") for column in COLUMNS)


def make_matrix(maker: SpreadsheetMaker, memory: Memory, policy: Institution, told: Callable[[str], None]) -> str:
    """A spreadsheet with the matrix's headers, made once. Returns its id."""
    known = memory.known(MATRIX)
    if known is not None:
        return known
    title = f"Matriz de autorizadores · {policy.short_name}"
    with memory.making(MATRIX, title):
        made = maker.create(title, MATRIX_TAB, matrix_rows(policy))
    memory.made(MATRIX, made)
    told(f"Hoja de la matriz creada: https://docs.google.com/spreadsheets/d/{made}/edit")
    return made


def furnish_matrix(
    maker: SpreadsheetMaker, spreadsheet_id: str, tab: str, policy: Institution, told: Callable[[str], None]
) -> None:
    """The tab with its headers and the example, on a spreadsheet that exists; whatever stands on the tab is left as it is."""
    book = maker.book(spreadsheet_id)
    try:
        found = _tab_called(book, tab)
        if found is not None and _has_content(book, tab):
            told(f"La pestaña «{tab}» ya tiene contenido: queda como está.")
            return
        gid = found.sheet_id if found is not None else _free_gid(book, _MATRIX_GID)
        grid = {"rowCount": GROWTH_ROWS, "columnCount": len(COLUMNS), "frozenRowCount": 1}
        making = {"addSheet": {"properties": {"sheetId": gid, "title": tab, "gridProperties": grid}}}
        start = {"sheetId": gid, "rowIndex": 0, "columnIndex": 0}
        filling = {"updateCells": {"start": start, "rows": _row_data(matrix_rows(policy)), "fields": "userEnteredValue"}}
        _restructured(book, [filling] if found is not None else [making, filling])
        told(f"Pestaña «{tab}» preparada, con sus títulos y una fila de ejemplo.")
    finally:
        book.close()


def prepare_board(maker: SpreadsheetMaker, spreadsheet_id: str, told: Callable[[str], None]) -> int | None:
    """The tab "Seguimiento", unless it is there. Returns the gid of the responses' tab when exactly one looks like it."""
    book = maker.book(spreadsheet_id)
    try:
        if _tab_called(book, TAB_TITLE) is None:
            _restructured(book, new_tab(_free_gid(book, _BOARD_GID), GROWTH_ROWS))
            told(f"Pestaña «{TAB_TITLE}» preparada.")
        tabs = book.info().tabs
    finally:
        book.close()
    responses = [tab.sheet_id for tab in tabs if tab.title.casefold().startswith(_RESPONSE_TITLES)]
    return responses[0] if len(responses) == 1 else None


def _has_content(book: SheetsClient, tab: str) -> bool:
    try:
        [area] = book.read([tab_range(tab, "A1:J2")])
    except BadRequest as error:
        remedy = f"La pestaña «{tab}» debe tener al menos 10 columnas y 2 filas; o bórrela, y repita."
        raise CannotRun(f"No se puede leer la pestaña «{tab}».", remedy=remedy) from error
    return any(str(cell).strip() for row in area.rows for cell in row)


def _row_data(rows: Sequence[Sequence[str]]) -> list[dict[str, object]]:
    # As text, whatever it looks like.
    return [{"values": [{"userEnteredValue": {"stringValue": text}} for text in row]} for row in rows]


def _tab_called(book: SheetsClient, title: str) -> Tab | None:
    return next((tab for tab in book.info().tabs if tab.title.casefold() == title.casefold()), None)


def _free_gid(book: SheetsClient, wanted: int) -> int:
    taken = {tab.sheet_id for tab in book.info().tabs}
    return next(number for number in itertools.count(wanted) if number not in taken)


def _restructured(book: SheetsClient, changes: Sequence[Mapping[str, object]]) -> None:
    try:
        book.restructure(changes)
    except BadRequest as error:
        raise Misconfigured(
            Target.SHEET, f"Google no aceptó preparar la hoja: {error.message}.", remedy="Revise la hoja y repita."
        ) from error
