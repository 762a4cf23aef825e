"""Where the matrix is read from: a CSV file and a tab of a Google spreadsheet; an invalid one stops the run."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.errors import Misconfigured, Target, TargetError, Transient, Unreachable
from intake.google_access import google_credentials
from intake.matrix import COLUMNS, Matrix, load_matrix
from intake.matrix_file import CsvMatrix
from intake.matrix_sheet import SheetMatrix
from tests.institution import an_institution
from tests.servers.google.faults import Cut, ErrorReply, Fault, Slow, Truncated, bad_gateway, forbidden
from tests.servers.google.grid import SheetTab, Spreadsheet
from tests.servers.google.server import FakeGoogle
from tests.servers.google.sheets import SheetsApi

POLICY = an_institution()
ROW = ["jefe@entidad.gov.co", "Luis Muñoz", "jefe de área", "OGI; Talento Humano"]
READ = "sheets.spreadsheets.values.get"


def written(path: Path, text: str, encoding: str = "utf-8") -> CsvMatrix:
    """A matrix file with this text."""
    path = path / "matriz.csv"
    path.write_bytes(text.encode(encoding))
    return CsvMatrix(path)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("line_end", ["\n", "\r\n"])
def test_a_csv_as_a_spreadsheet_saves_it(tmp_path: Path, encoding: str, delimiter: str, line_end: str) -> None:
    """With or without a byte order mark; commas, semicolons or tabs; a list in quotes keeps its separators."""
    row = [f'"{cell}"' if any(mark in cell for mark in ",;\n") else cell for cell in [*ROW, "Creación, Eliminación", "0123"]]
    source = written(tmp_path, delimiter.join(COLUMNS) + line_end + delimiter.join(row) + line_end, encoding)
    assert source.read() == [list(COLUMNS), [*ROW, "Creación, Eliminación", "0123"]]
    source.close()


def test_new_lines_in_a_cell_do_not_move_the_rows(tmp_path: Path) -> None:
    """A row's number is the one that the spreadsheet shows."""
    text = (
        ",".join(COLUMNS)
        + '\r\na@entidad.gov.co,Ana,supervisor,"OGI\nTalento Humano"\r\nb@entidad.gov.co,Eva,supervisor,OGI\r\n'
    )
    assert [row.row for row in load_matrix(written(tmp_path, text), POLICY).rows] == [2, 3]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("correo,nombre\na@b.co,Muñoz\n".encode("cp1252"), "no está en UTF-8 (fila 2): parece guardado en Windows-1252"),
        ("correo,nombre\n".encode("utf-16"), "está en UTF-16"),
        (b"PK\x03\x04\x14\x00", "es un libro de Excel"),
        (b"correo,nombre\n\x00\n", "no es un archivo de texto"),
        (b'correo,nombre\n"a@b.co,Ana\n', "no es un CSV bien formado"),
        (b"correo," + b"x" * 200_000, "no es un CSV bien formado"),
        (b"x" * 5_000_001, "pasa de 5 MB"),
    ],
)
def test_a_file_that_is_no_csv_in_utf8_is_refused(tmp_path: Path, content: bytes, said: str) -> None:
    """Saying what it is and how to save it."""
    path = tmp_path / "matriz.csv"
    path.write_bytes(content)
    with pytest.raises(Misconfigured) as caught:
        CsvMatrix(path).read()
    assert caught.value.target is Target.MATRIX
    assert said in str(caught.value)
    assert caught.value.remedy


@pytest.mark.parametrize("path", ["nada.csv", "."])
def test_a_file_that_cannot_be_read_is_an_error(tmp_path: Path, path: str) -> None:
    """Never an empty matrix."""
    with pytest.raises(Misconfigured, match="no se puede leer"):
        CsvMatrix(tmp_path / path).read()


def test_an_invalid_matrix_names_twenty_problems_and_how_many_more(tmp_path: Path) -> None:
    """Its reader can begin to mend it, and the log stays short."""
    rows = "".join(f"p{number},Ana,supervisor,OGI\n" for number in range(25))
    with pytest.raises(Misconfigured) as caught:
        load_matrix(written(tmp_path, ",".join(COLUMNS) + "\n" + rows), POLICY)
    assert caught.value.target is Target.MATRIX
    assert "tiene 25 errores" in caught.value.message
    assert caught.value.message.count("\n  - Fila ") == 20
    assert "y 5 más" in caught.value.message


def test_an_empty_file_is_an_invalid_matrix(tmp_path: Path) -> None:
    """Nobody authorised is never taken for granted."""
    with pytest.raises(Misconfigured, match="está vacía"):
        load_matrix(written(tmp_path, ""), POLICY)


@pytest.fixture
def tab(fake_google: FakeGoogle) -> SheetTab:
    """A tab "Matriz de autorizadores" with one head."""
    api = SheetsApi()
    fake_google.add(api)
    api.books["libro"] = Spreadsheet()
    matrix = api.books["libro"].add(SheetTab(7, "Matriz d'autorizadores"))
    matrix.append(COLUMNS)
    matrix.append(ROW)
    return matrix


@pytest.fixture
def source(fake_google: FakeGoogle, key_file: Path, tab: SheetTab) -> Iterator[SheetMatrix]:
    """The matrix on that tab."""
    matrix = SheetMatrix("libro", tab.title, google_credentials(key_file), endpoint=fake_google.url, timeout_seconds=2)
    yield matrix
    matrix.close()


def test_a_tab_is_read_in_one_call(fake_google: FakeGoogle, source: SheetMatrix) -> None:
    """The whole of it, and nothing else is asked."""
    matrix = load_matrix(source, POLICY)
    assert isinstance(matrix, Matrix)
    assert [(row.row, row.name, len(row.units)) for row in matrix.rows if isinstance(row.units, frozenset)] == [
        (2, "Luis Muñoz", 2)
    ]
    assert len(fake_google.calls_of(READ)) == 1


def test_an_empty_tab_is_an_invalid_matrix(tab: SheetTab, source: SheetMatrix) -> None:
    """An emptied sheet stops the run; it does not take everybody's authorisation away in silence."""
    tab.cells.clear()
    assert source.read() == []
    with pytest.raises(Misconfigured, match="está vacía"):
        load_matrix(source, POLICY)


def test_a_tab_that_is_not_there_is_said_by_its_name(fake_google: FakeGoogle, key_file: Path, tab: SheetTab) -> None:
    """And what to do about it."""
    missing = SheetMatrix("libro", "Otra", google_credentials(key_file), endpoint=fake_google.url, timeout_seconds=2)
    with pytest.raises(Misconfigured, match="no tiene la pestaña «Otra»") as caught:
        missing.read()
    assert caught.value.target is Target.MATRIX
    missing.close()


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (forbidden(), Misconfigured),
        (ErrorReply(404, "NOT_FOUND", "Requested entity was not found."), Misconfigured),
        (ErrorReply(503, retry_after="3600"), Transient),
        (ErrorReply(429, "RESOURCE_EXHAUSTED", "Quota exceeded", "3600"), Transient),
    ],
)
def test_a_refusal_is_an_error_of_the_matrix(
    fake_google: FakeGoogle, source: SheetMatrix, fault: Fault, kind: type[TargetError]
) -> None:
    """By what the caller must do; never an empty table."""
    fake_google.faults.add(READ, fault)
    with pytest.raises(kind, match="No se pudo leer la matriz") as caught:
        source.read()
    assert caught.value.target is Target.MATRIX


@pytest.mark.parametrize("fault", [Cut(), Cut(10), Truncated(), bad_gateway(), Slow(3)])
def test_a_read_that_broke_is_tried_again(fake_google: FakeGoogle, source: SheetMatrix, fault: Fault) -> None:
    """Reading changes nothing."""
    fake_google.faults.add(READ, fault)
    begun = time.monotonic()
    assert len(source.read()) == 2
    assert time.monotonic() - begun < 8


def test_a_server_that_does_not_answer_is_unreachable(key_file: Path) -> None:
    """Connection refused: this run goes without, the next one tries by itself."""
    nowhere = SheetMatrix("libro", "Matriz", google_credentials(key_file), endpoint="http://127.0.0.1:9", timeout_seconds=1)
    with pytest.raises(Unreachable) as caught:
        nowhere.read()
    assert caught.value.target is Target.MATRIX
    nowhere.close()
