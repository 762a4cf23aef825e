"""The exported CSV: its dialects, its timestamps, and files that are something else."""

import contextlib
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.errors import Misconfigured
from intake.forms.csv_export import CsvExport
from intake.forms.csv_times import parse_form_timestamp
from intake.forms.port import Batch, Cursor, Field
from intake.forms.questions import DEFAULT_HEADERS

BOGOTA = ZoneInfo("America/Bogota")
NOW = datetime(2026, 12, 31, tzinfo=UTC)
HEADER = "Marca temporal,Dirección de correo electrónico,Tipo de solicitud,Tipo de cuenta,Nombres,Observaciones"
ROW = "19/06/2025 13:40:23,jefe@upme.gov.co,Creación de cuenta,Contratista,Ana,"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where the export is."""
    return tmp_path / "respuestas.csv"


def _read(file: Path, text: str | bytes, now: datetime = NOW, cursor: Cursor | None = None) -> Batch:
    file.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
    return CsvExport(file, "Mesa de servicio").read(cursor, now)


def test_somebody_must_vouch(file: Path) -> None:
    """Without a name of who vouches, a CSV is refused: it proves nobody's identity."""
    with pytest.raises(Misconfigured, match="no prueban quién las envió"):
        CsvExport(file, "  ")
    assert _read(file, f"{HEADER}\n{ROW}\n").responses[0].vouched_by == "Mesa de servicio"


@pytest.mark.parametrize(
    "text",
    [
        "19/06/2025 13:40:23",
        "19/6/2025 13:40:23",
        "19/06/2025 1:40:23 p. m.",
        "19/06/2025 1:40:23 p.\u00a0m.",
        "2025/06/19 1:40:23 p. m. GMT-5",
        "2025/06/19 1:40:23\u202fp.\u00a0m. GMT-5",
        "2025/06/19 1:40:23 p.m. COT",
        "2025/06/19 1:40:23 PM GMT-5",
        "2025/06/19 1:40:23 p. m. GMT-05:00",
        "2025-06-19 13:40:23",
        "2025-06-19T13:40:23-05:00",
        "2025-06-19T18:40:23Z",
        "19/06/2025, 18:40:23 GMT",
        "  19/06/2025  13:40:23 ",
    ],
)
def test_timestamps(text: str) -> None:
    """Every way in which Google writes a timestamp in Colombia is the same instant."""
    assert parse_form_timestamp(text, BOGOTA) == datetime(2025, 6, 19, 18, 40, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "hour"), [("12:00:00 a. m.", 0), ("12:00:00 p. m.", 12), ("1:00:00 a. m.", 1), ("0:05:00", 0)]
)
def test_midnight_and_noon(text: str, hour: int) -> None:
    """12 a. m. is midnight and 12 p. m. is noon."""
    assert parse_form_timestamp(f"01/02/2026 {text}", BOGOTA).astimezone(BOGOTA).hour == hour


@pytest.mark.parametrize(
    "text", ["", "ayer", "6/19/2025 13:40:23", "45827.5697", "31/02/2025 10:00:00", "19/06/2025 13:40 p. m.", "19/06/2025"]
)
def test_unreadable_timestamps(text: str) -> None:
    """What is no timestamp of a form is no guess either; months before days are refused where they show."""
    with pytest.raises(ValueError, match=r"."):
        parse_form_timestamp(text, BOGOTA)


@given(st.integers(min_value=946_702_800, max_value=4_070_908_800))
def test_timestamps_round_trip(second: int) -> None:
    """Any second, written in either style, is read as that second of Bogota."""
    expected = local = datetime.fromtimestamp(second, BOGOTA)
    half = "a. m." if local.hour < 12 else "p. m."
    assert parse_form_timestamp(local.strftime("%d/%m/%Y %H:%M:%S"), BOGOTA) == expected
    assert parse_form_timestamp(f"{local:%Y/%m/%d} {local.hour % 12 or 12}:{local:%M:%S} {half} GMT-5", BOGOTA) == expected


def test_unreadable_rows_are_all_named(file: Path) -> None:
    """Rows with an unreadable timestamp are named together, by number, and nothing of the file is read."""
    rows = [ROW, ROW.replace("19/06/2025 13:40:23", "ayer"), ROW, ROW.replace("19/06/2025 13:40:23", "")]
    with pytest.raises(Misconfigured, match=r"fila 3 \(«ayer»\), fila 5 .*No se leyó ninguna fila"):
        _read(file, "\n".join([HEADER, *rows]))


@pytest.mark.parametrize("bom", ["", "\ufeff"])
@pytest.mark.parametrize("delimiter", [",", ";"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_dialects(file: Path, bom: str, delimiter: str, newline: str) -> None:
    """With or without BOM, comma or semicolon, either line end: the same response under the same id."""
    plain = _read(file, f"{HEADER}\n{ROW}\n").responses
    assert _read(file, bom + newline.join([HEADER, ROW]).replace(",", delimiter)).responses == plain


@pytest.mark.parametrize("requester", ["Nombre de usuario", "Correo electrónico", "DIRECCION  DE\u00a0CORREO ELECTRONICO"])
def test_header_tolerance(file: Path, requester: str) -> None:
    """Headers are found whatever their capitals, accents and spaces; the respondent's column under each of its names."""
    header = HEADER.replace("Dirección de correo electrónico", requester).replace("Tipo de solicitud", " tipo de  SOLICITUD ")
    batch = _read(file, f"{header}\n{ROW}")
    assert batch.responses[0].requester == "jefe@upme.gov.co"
    assert batch.responses[0].answers[Field.REQUEST_TYPE] == ("Creación de cuenta",)
    assert batch.alarms == ()


def test_personal_address_is_not_the_requester(file: Path) -> None:
    """A question whose title is like the respondent's column is an answer, never the requester."""
    file.write_text(f"{HEADER},Correo electrónico\n{ROW},ajena@example.org", encoding="utf-8")
    headers = {**DEFAULT_HEADERS, Field.PERSONAL_EMAIL: "Correo electrónico"}
    [response] = CsvExport(file, "Mesa", headers).read(None, NOW).responses
    assert response.requester == "jefe@upme.gov.co"
    assert response.answers[Field.PERSONAL_EMAIL] == ("ajena@example.org",)
    file.write_text(file.read_text(encoding="utf-8").replace("Dirección de correo electrónico", "Otra"), encoding="utf-8")
    with pytest.raises(Misconfigured, match="«Dirección de correo electrónico»"):
        CsvExport(file, "Mesa", headers).read(None, NOW)


@pytest.mark.parametrize("title", ["Marca temporal", "Dirección de correo electrónico", "Tipo de solicitud", "Tipo de cuenta"])
def test_missing_header(file: Path, title: str) -> None:
    """A missing mandatory column is named."""
    with pytest.raises(Misconfigured, match=f"«{title}»"):
        _read(file, f"{HEADER.replace(title, 'Otra cosa')}\n{ROW}")


def test_repeated_header(file: Path) -> None:
    """Two columns of one question cannot be told apart, and are refused."""
    with pytest.raises(Misconfigured, match="se repiten columnas: «Nombres»"):
        _read(file, f"{HEADER},Nombres\n{ROW},Eva")


def test_renamed_question_is_an_alarm(file: Path) -> None:
    """An unknown column is said, with the columns that are absent: perhaps it was renamed."""
    first, second = _read(file, f"{HEADER},Cédula\n{ROW},0123").alarms
    assert "Cédula" in first
    assert "Número de documento" in second


def _workbook(path: Path, name: str) -> bytes:
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(name, "x")
    return path.read_bytes()


def test_files_that_are_something_else(file: Path, tmp_path: Path) -> None:
    """A workbook, a zip, a web page, UTF-16, Excel's cp1252, nothing at all: each is called by its name."""
    for content, words in [
        (_workbook(tmp_path / "a", "xl/workbook.xml"), "xlsx"),
        (_workbook(tmp_path / "b", "Gestión.csv"), "descomprímalo"),
        (b"\xd0\xcf\x11\xe0....", "xls"),
        (b"\xef\xbb\xbf\n<!DOCTYPE html><html>", "página web"),
        (f"{HEADER}\n{ROW}".encode("utf-16"), "UTF-16"),
        (f"{HEADER}\n{ROW}".encode("cp1252"), "UTF-8"),
        (b"a,b\x00c", "binario"),
        (b"", "vacío"),
        (b"\n\n  \n", "vacío"),
        (b"hola", "Marca temporal"),
    ]:
        with pytest.raises(Misconfigured, match=words):
            _read(file, content)


def test_missing_file_and_folder(file: Path, tmp_path: Path) -> None:
    """A file that is not there, or is a folder, is an error and never an empty batch."""
    for path in (file, tmp_path):
        with pytest.raises(Misconfigured):
            CsvExport(path, "Mesa").read(None, NOW)


def test_every_truncation_is_an_error_or_whole_rows(file: Path) -> None:
    """A copy cut anywhere gives whole earlier rows or an error: no row loses a column in silence."""
    whole = f'{HEADER}\n{ROW}\n19/06/2025 14:00:00,a@upme.gov.co,Modificación,Funcionario,"Eva ""la"" Ñ","una\ndos"\n'.encode()
    complete = {response.response_id for response in _read(file, whole).responses}
    for length in range(len(HEADER.encode()) + 1, len(whole)):
        try:
            found = {response.response_id for response in _read(file, whole[:length]).responses}
        except Misconfigured:
            continue
        # A row cut exactly before its last answer looks whole: only there can an answer be missing.
        assert found <= complete or whole[:length].endswith(b","), whole[:length]


def test_blank_rows_are_ignored(file: Path) -> None:
    """Blank lines and rows of empty cells are nothing; the row number counts them all the same."""
    batch = _read(file, f"\n{HEADER}\n\n,,,,,\n{ROW}\n \n")
    assert len(batch.responses) == 1


def test_rows_after_now_are_not_visible_yet(file: Path) -> None:
    """A row later than the clock waits for its time."""
    text = f"{HEADER}\n{ROW}\n{ROW.replace('13:40:23', '14:40:23')}"
    clock = datetime(2025, 6, 19, 18, 50, tzinfo=UTC)
    first = _read(file, text, clock)
    assert len(first.responses) == 1
    assert len(_read(file, text, clock + timedelta(hours=1), first.cursor).responses) == 2


def test_edit_becomes_visible_in_its_time(file: Path) -> None:
    """Of two rows with one id the earlier is read until the later's time comes."""
    rows = [f"{ROW},r1", ROW.replace("13:40:23", "15:00:00").replace("Ana", "Ana María") + ",r1"]
    text = "\n".join([f"{HEADER},ID de respuesta", *rows])
    before = _read(file, text, datetime(2025, 6, 19, 19, 0, tzinfo=UTC)).responses
    after = _read(file, text, NOW).responses
    assert [(r.response_id, r.answers[Field.GIVEN_NAMES], r.edited) for r in before] == [("r1", ("Ana",), False)]
    assert [(r.response_id, r.answers[Field.GIVEN_NAMES], r.edited) for r in after] == [("r1", ("Ana María",), True)]


def test_ids_survive_another_export(file: Path) -> None:
    """Columns added, moved or renamed, and dates in another style, leave the ids as they were."""
    [before] = _read(file, f"{HEADER}\n{ROW}").responses
    header = "Nombre de usuario,Marca temporal,Nombres,Tipo de cuenta,Tipo de solicitud,Notas,Nueva"
    row = "jefe@upme.gov.co,2025/06/19 1:40:23 p. m. GMT-5,Ana,Contratista,Creación de cuenta,,"
    [after] = _read(file, f"{header}\n{row}").responses
    assert after.response_id == before.response_id
    [other] = _read(file, f"{HEADER}\n{ROW.replace('Ana', 'Eva')}").responses
    assert other.response_id != before.response_id


def test_strange_ids_become_plain(file: Path) -> None:
    """An id that somebody typed by hand cannot carry anything strange into keys and logs."""
    [response] = _read(file, f'{HEADER},ID de respuesta\n{ROW},"a\nb"').responses
    assert response.response_id.startswith("csv-")


def test_check_boxes(file: Path) -> None:
    """Only check boxes are split, by Forms' semicolon or by Sheets' comma."""
    file.write_text(f'{HEADER}\n{ROW[:-1]},"uno, dos;tres"\n{ROW[:-1]},"uno, dos"\n', encoding="utf-8")
    plain = CsvExport(file, "Mesa").read(None, NOW).responses
    assert {response.answers[Field.NOTES] for response in plain} == {("uno, dos;tres",), ("uno, dos",)}
    split = CsvExport(file, "Mesa", checkboxes=frozenset({Field.NOTES})).read(None, NOW).responses
    assert {response.answers[Field.NOTES] for response in split} == {("uno, dos", "tres"), ("uno", "dos")}


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(content=st.binary(max_size=300) | st.text(max_size=200).map(lambda text: f"{HEADER}\n{text}".encode()))
def test_any_file_is_read_or_refused(tmp_path: Path, content: bytes) -> None:
    """Whatever the file holds, it is read or refused in our own words."""
    with contextlib.suppress(Misconfigured):
        _read(tmp_path / "f.csv", content)
