"""The .xlsx board: put in its place whole, never over somebody else's work, and furnished for the desk."""

import os
import stat
import zipfile
from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openpyxl.utils import get_column_letter

from config.errors import Misconfigured, Transient
from intake.board.dashboard import DESK_TURN
from intake.board.port import HEADERS
from intake.board.tracking_tab import KEY
from intake.board.xlsx_look import XLSX_LAYOUT
from provision.procedure.desk import DeskAction
from tests.contract.boards import board_row, case_number
from tests.contract.test_board import FORMULA
from tests.contract.xlsx_stage import XlsxStage
from tests.unit.test_board_console import figures


@pytest.fixture
def stage(tmp_path: Path) -> XlsxStage:
    """A folder with a board of three cases."""
    stage = XlsxStage(tmp_path)
    stage.open().write([board_row(number) for number in (1, 2, 3)])
    return stage


def test_rows_stand_in_the_order_of_their_cases(stage: XlsxStage) -> None:
    """An order that the desk gave them lasts until the next write."""
    stage.reverse()
    stage.open().write([board_row(4)])
    assert [row["Caso"] for row in stage.rows()] == [case_number(number) for number in (1, 2, 3, 4)]


def test_the_same_rows_do_not_touch_the_file(stage: XlsxStage) -> None:
    """When nothing changed the file is not replaced, so that an agent's open copy stays the current one."""
    before = stage.path.stat()
    stage.open().write([board_row(2), board_row(1)])
    after = stage.path.stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)


def test_rows_that_are_not_given_stay(stage: XlsxStage) -> None:
    """A write of one case keeps all the others, with what the desk wrote beside them."""
    stage.choose(case_number(3), "Cancelar", "mañana")
    stage.open().write([board_row(1, state="Terminada")])
    assert [row.get("Observación") for row in stage.rows()] == [None, None, "mañana"]
    assert stage.rows()[2]["Acción"] == "Cancelar"


@pytest.mark.parametrize("lock", [".~lock.Seguimiento.xlsx#", "~$Seguimiento.xlsx"])
def test_an_open_file_is_left_alone(stage: XlsxStage, lock: str) -> None:
    """While LibreOffice or Excel has it open nothing is written, nothing is lost, and it is said in Spanish."""
    before = stage.path.read_bytes()
    place = stage.path.with_name(lock)
    place.write_text(",Ana Ruiz,PC-MESA-2,21.11.2026 10:05,file:///home/ana/.config;", encoding="utf-8")
    with pytest.raises(Transient, match="está abierto"):
        stage.open().write([board_row(1, state="Terminada")])
    assert stage.path.read_bytes() == before
    place.unlink()
    stage.open().write([board_row(1, state="Terminada")])
    assert stage.rows()[0]["Estado"] == "Terminada"


def test_who_has_it_open_is_named(stage: XlsxStage) -> None:
    """LibreOffice says who it is."""
    place = stage.path.with_name(".~lock.Seguimiento.xlsx#")
    place.write_text(",Ana Ruiz,PC-MESA-2,21.11.2026 10:05,file:///home/ana/.config;", encoding="utf-8")
    with pytest.raises(Transient, match="Ana Ruiz en PC-MESA-2"):
        stage.open().write([board_row(9)])


def test_a_file_open_somewhere_can_be_read(stage: XlsxStage) -> None:
    """Reading the last saved version needs nobody to close anything."""
    stage.choose(case_number(1), "Aprobar")
    stage.path.with_name(".~lock.Seguimiento.xlsx#").write_text("", encoding="utf-8")
    assert len(stage.open().read()) == 1


@pytest.mark.parametrize(
    "content", [b"", b"hola", b"PK\x03\x04" + b"\x00" * 200, b"\xd0\xcf\x11\xe0" + b"x" * 600, b"<html></html>"]
)
def test_a_file_that_is_no_workbook_is_never_written_over(tmp_path: Path, content: bytes) -> None:
    """Empty, text, a broken zip, an encrypted document, a page: said, and left as it is."""
    stage = XlsxStage(tmp_path)
    stage.path.write_bytes(content)
    with pytest.raises(Misconfigured, match="no escribe sobre él"):
        stage.open().read()
    with pytest.raises(Misconfigured, match="no escribe sobre él"):
        stage.open().write([board_row(1)])
    assert stage.path.read_bytes() == content


def test_a_truncated_board_is_never_written_over(stage: XlsxStage) -> None:
    """A copy that was cut on its way is an error, not an empty board."""
    whole = stage.path.read_bytes()
    for length in range(1, len(whole), 701):
        stage.path.write_bytes(whole[:length])
        with pytest.raises(Misconfigured):
            stage.open().write([board_row(1)])
        assert stage.path.read_bytes() == whole[:length]


def test_somebody_elses_workbook_is_never_written_over(tmp_path: Path) -> None:
    """A workbook without our sheet, or with more sheets than ours, is left as it is."""
    stage = XlsxStage(tmp_path)
    book = openpyxl.Workbook()
    book.save(stage.path)
    with pytest.raises(Misconfigured, match="no tiene la hoja"):
        stage.open().write([board_row(1)])
    stage.path.unlink()
    stage.open().write([board_row(1)])
    book = openpyxl.load_workbook(stage.path)
    book.create_sheet("Turnos")["A1"] = "lunes"
    book.save(stage.path)
    with pytest.raises(Misconfigured, match="Turnos"):
        stage.open().write([board_row(1, state="Terminada")])
    assert openpyxl.load_workbook(stage.path)["Turnos"]["A1"].value == "lunes"


def test_a_folder_in_its_place_is_said(tmp_path: Path) -> None:
    """A path that is a folder, or in a folder that does not exist, points at the settings."""
    stage = XlsxStage(tmp_path)
    stage.path.mkdir()
    with pytest.raises(Misconfigured, match="no es un archivo"):
        stage.open().read()
    stage.path = tmp_path / "no" / "existe.xlsx"
    with pytest.raises(Misconfigured, match="No existe la carpeta"):
        stage.open().write([board_row(1)])


def test_what_the_desk_added_is_kept(stage: XlsxStage) -> None:
    """Columns and rows of the desk's own survive every write, as text."""

    def add(table: list[list[Any]]) -> None:
        for number, row in enumerate(table):
            row.append("Técnico" if number == 0 else f"=Luis {number}")
        table.append([None] * 7 + ["pendiente de revisar"] + [None] * 10)

    stage.edit(add)
    stage.open().write([board_row(2, state="Terminada"), board_row(4)])
    rows = stage.rows()
    assert [row.get("Técnico") for row in rows] == ["=Luis 1", "=Luis 2", "=Luis 3", None, None]
    assert rows[4] == {"Autorización": "pendiente de revisar"}
    stage.open().write([board_row(2, state="Cancelada")])
    assert len(stage.rows()) == 5
    assert stage.formulas() == 0


def test_a_save_between_read_and_replacement_is_not_lost(stage: XlsxStage, monkeypatch: pytest.MonkeyPatch) -> None:
    """When somebody saves while the new file is being made, it is made again from what they saved."""
    board = stage.open()
    board.read()
    synced = os.fsync
    saved: list[bool] = []

    def save_once(descriptor: int) -> None:
        if not saved:
            saved.append(True)
            stage.choose(case_number(2), "Aprobar", "guardado a último momento")
        synced(descriptor)

    monkeypatch.setattr(os, "fsync", save_once)
    board.write([board_row(1, state="Terminada")])
    rows = stage.rows()
    assert rows[0]["Estado"] == "Terminada"
    assert (rows[1]["Acción"], rows[1]["Observación"]) == ("Aprobar", "guardado a último momento")


def test_an_action_chosen_after_the_read_is_not_cleared(stage: XlsxStage) -> None:
    """Only the action that this run was told of is cleared."""
    stage.choose(case_number(1), "Aprobar")
    board = stage.open()
    board.read()
    stage.choose(case_number(1), "Rechazar")
    board.write([board_row(1, action_taken=True)])
    assert [action.action for action in stage.open().read()] == ["Rechazar"]


def test_a_crash_leaves_the_former_board(stage: XlsxStage, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that dies before the replacement leaves the old file; the next write takes its place over the rest."""
    before = stage.path.read_bytes()

    def power_cut(descriptor: int) -> None:
        raise SystemExit

    monkeypatch.setattr(os, "fsync", power_cut)
    with pytest.raises(SystemExit):
        stage.open().write([board_row(1, state="Terminada")])
    assert stage.path.read_bytes() == before
    monkeypatch.undo()
    stage.open().write([board_row(1, state="Terminada")])
    assert sorted(path.name for path in stage.path.parent.iterdir()) == ["Seguimiento.xlsx"]


def test_a_full_disk_is_transient_and_harmless(stage: XlsxStage, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the new file cannot be finished the former one stays, without a leftover."""
    before = stage.path.read_bytes()

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Transient, match="No se pudo guardar"):
        stage.open().write([board_row(1, state="Terminada")])
    assert stage.path.read_bytes() == before
    assert [path.name for path in stage.path.parent.iterdir()] == ["Seguimiento.xlsx"]


def test_the_files_rights_are_kept(stage: XlsxStage) -> None:
    """Whoever could open the board still can."""
    stage.path.chmod(0o664)
    stage.open().write([board_row(1, state="Terminada")])
    assert stat.S_IMODE(stage.path.stat().st_mode) == 0o664


def test_a_link_stays_a_link(stage: XlsxStage, tmp_path: Path) -> None:
    """A board reached through a symbolic link is replaced where it really is."""
    shared = tmp_path / "compartida"
    shared.mkdir()
    stage.path.rename(shared / "tablero.xlsx")
    stage.path.symlink_to(shared / "tablero.xlsx")
    stage.open().write([board_row(1, state="Terminada")])
    assert stage.path.is_symlink()
    assert stage.rows()[0]["Estado"] == "Terminada"


def test_the_table_is_furnished_for_the_desk(stage: XlsxStage) -> None:
    """Frozen and filtered, colours by text, a bar for the SLA, hidden keys, landscape, a legend apart."""
    book = openpyxl.load_workbook(stage.path)
    sheet = book["Seguimiento"]
    assert book.sheetnames == ["Seguimiento", "Hoy", "Leyenda"]
    assert sheet.freeze_panes == "B2"
    assert sheet.auto_filter.ref == f"A1:{get_column_letter(len(XLSX_LAYOUT))}4"
    assert sheet.column_dimensions[get_column_letter(XLSX_LAYOUT.index(KEY) + 1)].hidden
    assert any(rule.type == "dataBar" for place in sheet.conditional_formatting for rule in place.rules)
    assert sheet.page_setup.orientation == "landscape"
    tests = [rule.formula[0] for place in sheet.conditional_formatting for rule in place.rules if rule.formula]
    assert '"Requiere atención"' in tests
    assert any("por vencer" in test for test in tests)
    assert [cell.value for cell in sheet[1]] == list(XLSX_LAYOUT)
    assert [header for header in XLSX_LAYOUT if header in HEADERS] == list(HEADERS)
    legend = {str(cell.value) for row in book["Leyenda"].iter_rows() for cell in row}
    assert {action.value for action in DeskAction} <= legend


def test_today_leads_to_the_rows(stage: XlsxStage) -> None:
    """ "Hoy" lists what is due and what waits for the desk, late first, each case a link to its row; nothing else."""
    stage.open().write(
        [
            board_row(1, due_on=date(2026, 11, 22), turn="Nadie", user=FORMULA),
            board_row(2, due_on=date(2026, 11, 20), turn=DESK_TURN, state="Requiere atención"),
            board_row(3, due_on=date(2026, 11, 24), turn="Solicitante", state="Requiere corrección"),
        ]
    )
    sheet = openpyxl.load_workbook(stage.path)["Hoy"]
    texts = [str(row[0].value) for row in sheet.iter_rows() if row[0].value]
    sections = [text for text in texts if ":" in text]
    counts = {"Vence hoy, o ya venció": 2, "Espera a la mesa": 1, "Requiere corrección": 1, "Requiere atención": 1}
    assert sections[:4] == [f"{title}: {count}" for title, count in counts.items()]
    assert texts[texts.index("Caso") + 1 :][:2] == [case_number(2), case_number(1)]
    links = {row[0].value: row[0].hyperlink.location for row in sheet.iter_rows() if row[0].hyperlink}
    assert links[case_number(2)] == "'Seguimiento'!A3"
    assert not any(cell.data_type == "f" for row in sheet.iter_rows() for cell in row)


def test_the_charts_stay_when_no_figures_come(stage: XlsxStage) -> None:
    """The dashboard is drawn from its figures, and a later write without any keeps them."""
    stage.open().write([board_row(1)], figures(seats=None))
    stage.open().write([board_row(1, state="Terminada")])
    book = openpyxl.load_workbook(stage.path)
    assert book.sheetnames == ["Seguimiento", "Hoy", "Tablero", "Tablero (datos)", "Leyenda"]
    assert book["Tablero (datos)"].sheet_state == "hidden"
    with zipfile.ZipFile(stage.path) as parts:
        assert sum(name.startswith("xl/charts/chart") for name in parts.namelist()) == 4
    assert any(cell.value == "sin dato" for row in book["Tablero (datos)"].iter_rows() for cell in row)
    before = stage.path.stat().st_mtime_ns
    stage.open().write([board_row(1, state="Terminada")], figures(seats=None))
    assert stage.path.stat().st_mtime_ns == before


def test_two_thousand_cases_are_a_file_of_reasonable_size(tmp_path: Path) -> None:
    """With notes and lists for each, it stays small enough to send by mail."""
    stage = XlsxStage(tmp_path)
    rows = [board_row(n, actions=("Cancelar",), authorisation_note="Fila 4.", state_note="En espera.") for n in range(1, 2001)]
    stage.open().write(rows)
    assert stage.path.stat().st_size < 2_000_000


@given(st.lists(st.text(max_size=40), min_size=15, max_size=15))
@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_text_comes_back_as_it_was_shown(tmp_path: Path, texts: list[str]) -> None:
    """Whatever people type, a second write of it finds nothing to change, and none of it is a formula."""
    stage = XlsxStage(tmp_path)
    stage.path.unlink(missing_ok=True)
    keys = ("received", "requester", "operation", "user", "account", "unit", "authorisation", "state", "step", "waiting_for",
            "due", "sla", "updated", "detail")  # fmt: skip
    row = board_row(1, **dict(zip(keys, texts, strict=False)))
    stage.open().write([row])
    before = stage.path.stat().st_ino, stage.path.stat().st_mtime_ns
    stage.open().write([row])
    assert (stage.path.stat().st_ino, stage.path.stat().st_mtime_ns) == before
    assert stage.formulas() == 0


def test_a_file_that_another_program_saved_is_the_same_board(stage: XlsxStage) -> None:
    """After another program rewrote the whole workbook, the board reads the same, and goes on."""
    stage.choose(case_number(2), "Aprobar", "=ojo, 0123")
    before = stage.rows()
    openpyxl.load_workbook(stage.path).save(stage.path)
    assert stage.rows() == before
    assert [action.note for action in stage.open().read()] == ["=ojo, 0123"]
    stage.open().write([board_row(3, state="Terminada")])
    assert [row["Estado"] for row in stage.rows()] == ["En trámite", "En trámite", "Terminada"]
