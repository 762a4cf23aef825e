""" "Caso" and "Estado" beside the response, on the form's own tab of a Google Sheet."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.contract.boards import RESPONSES_TITLE, SUBMITTED, GoogleStage, board_row, case_number, mark
from tests.servers.google.grid import SheetTab
from tests.servers.google.server import FakeGoogle

READ, WRITE, INFO, CHANGE = "values.batchGet", "batchUpdate", "get", "batchUpdate"


@pytest.fixture
def stage(fake_google: FakeGoogle, key_file: Path) -> GoogleStage:
    """A spreadsheet with a board and an empty form's tab, and nothing counted yet."""
    stage = GoogleStage(fake_google, key_file)
    stage.open().write([board_row(1)])
    stage.calls()
    return stage


def _labels(stage: GoogleStage) -> dict[str, tuple[str, str]]:
    """Case and state by the name in the response."""
    header, *rows = stage.responses.table()
    if "Caso" not in header:
        return {}
    case, state, name = header.index("Caso"), header.index("Estado"), header.index("Nombres")
    padded = [[*row, *[""] * len(header)] for row in rows]
    return {str(row[name]): (str(row[case]), str(row[state])) for row in padded if row[case] or row[state]}


def test_a_response_is_marked_beside_its_row(stage: GoogleStage) -> None:
    """The two columns are added to the right of the answers, and the row of the response gets its case and state."""
    stage.answer("Ana")
    stage.answer("Beatriz")
    assert stage.open().write([board_row(1, mark=mark("Beatriz"))]) == ()
    assert stage.responses.table()[0][5:] == ["Caso", "Estado"]
    assert _labels(stage) == {"Beatriz": (case_number(1), "En trámite")}


def test_marking_costs_no_further_call(stage: GoogleStage) -> None:
    """A hundred responses are shown and marked with one read and one write."""
    for number in range(1, 101):
        stage.answer(f"Persona {number}", at=SUBMITTED + timedelta(minutes=number))
    rows = [
        board_row(number, mark=mark(f"Persona {number}", at=SUBMITTED + timedelta(minutes=number))) for number in range(1, 101)
    ]
    board = stage.open()
    board.read()
    assert board.write(rows) == ()
    assert stage.calls() == [READ, WRITE]
    assert len(_labels(stage)) == 100


def test_the_state_follows_a_sorted_tab(stage: GoogleStage) -> None:
    """After the tab is sorted another way, the new state stands beside the same response."""
    stage.answer("Ana", at=SUBMITTED)
    stage.answer("Beatriz", at=SUBMITTED + timedelta(seconds=1))
    rows = [board_row(1, mark=mark("Ana")), board_row(2, mark=mark("Beatriz", at=SUBMITTED + timedelta(seconds=1)))]
    stage.open().write(rows)
    stage.responses.sort(4, descending=True)
    stage.open().write([board_row(1, state="Terminada", mark=mark("Ana"))])
    assert _labels(stage) == {"Ana": (case_number(1), "Terminada"), "Beatriz": (case_number(2), "En trámite")}


def test_ambiguous_twins_are_left_alone(stage: GoogleStage) -> None:
    """Two rows of the same second, person and answers are not told apart: neither is touched, and it is said."""
    stage.answer("Ana")
    stage.answer("Ana")
    before = stage.responses.table()
    [complaint] = stage.open().write([board_row(1, mark=mark("Ana"))])
    assert case_number(1) in complaint
    assert "más de una fila" in complaint
    assert stage.responses.table() == before


def test_one_row_for_two_responses_is_left_alone(stage: GoogleStage) -> None:
    """When only one of two equal responses has reached the sheet, it is nobody's."""
    stage.answer("Ana")
    complaints = stage.open().write([board_row(1, mark=mark("Ana")), board_row(2, mark=mark("Ana"))])
    assert len(complaints) == 2
    assert _labels(stage) == {}


def test_a_response_that_has_not_arrived_is_said_and_shown_later(stage: GoogleStage) -> None:
    """The form may be ahead of its sheet: the case is on the board meanwhile, and is marked once the row is there."""
    [complaint] = stage.open().write([board_row(1, mark=mark("Ana"))])
    assert "todavía" in complaint
    assert stage.calls() == [READ, READ, INFO]
    stage.answer("Ana")
    assert stage.open().write([board_row(1, mark=mark("Ana"))]) == ()
    assert _labels(stage) == {"Ana": (case_number(1), "En trámite")}


def test_nothing_is_rewritten_when_nothing_changed(stage: GoogleStage) -> None:
    """A mark that stands already is not written again."""
    stage.answer("Ana")
    stage.open().write([board_row(1, mark=mark("Ana"))])
    before = stage.responses.table()
    stage.open().write([board_row(1, mark=mark("Ana"))])
    assert stage.responses.table() == before


def test_a_label_left_beside_another_response_is_removed(stage: GoogleStage) -> None:
    """After a sort between read and write the case's label is taken off the wrong row and put on its own."""
    stage.answer("Ana", at=SUBMITTED)
    stage.answer("Beatriz", at=SUBMITTED + timedelta(minutes=5))
    stage.api.before_write.append(lambda: stage.responses.sort(4, descending=True))
    stage.open().write([board_row(1, mark=mark("Ana"))])
    assert list(_labels(stage)) == ["Beatriz"]
    stage.open().write([board_row(1, mark=mark("Ana"))])
    assert _labels(stage) == {"Ana": (case_number(1), "En trámite")}


def test_a_question_called_estado_is_not_written_over(stage: GoogleStage) -> None:
    """An answer that stands in a column of that name is left as it is, and it is said."""
    stage.responses.put(1, 6, "Estado")
    number = stage.answer("Ana")
    stage.responses.put(number, 6, "Casada")
    [complaint] = stage.open().write([board_row(1, mark=mark("Ana"))])
    assert "otra cosa" in complaint
    assert stage.responses.table()[1][5] == "Casada"


def test_a_repeated_title_is_said(stage: GoogleStage) -> None:
    """Two columns "Caso" are not chosen between."""
    stage.responses.put(1, 6, "Caso")
    stage.responses.put(1, 7, "caso ")
    stage.answer("Ana")
    [complaint] = stage.open().write([board_row(1, mark=mark("Ana"))])
    assert "repetida" in complaint


def test_a_tab_without_room_gets_two_columns(stage: GoogleStage) -> None:
    """When the form's tab is exactly as wide as its questions, the grid is widened once."""
    stage.responses.columns = 5
    stage.answer("Ana")
    stage.open().write([board_row(1, mark=mark("Ana"))])
    assert stage.calls() == [READ, CHANGE, WRITE]
    assert _labels(stage) == {"Ana": (case_number(1), "En trámite")}


def test_a_renamed_tab_is_found_by_its_gid(stage: GoogleStage) -> None:
    """An agent who renames the tab costs one look at the tabs."""
    stage.answer("Ana")
    stage.responses.title = "Lo'que llegó"
    stage.open().write([board_row(1, mark=mark("Ana"))])
    assert stage.calls() == [READ, INFO, READ, WRITE]
    assert _labels(stage) == {"Ana": (case_number(1), "En trámite")}


def test_another_time_zone_of_the_spreadsheet_is_followed(stage: GoogleStage) -> None:
    """Timestamps are read in the spreadsheet's own zone, also after somebody changed it."""
    stage.book.time_zone = "Europe/Madrid"
    stage.answer("Ana")
    assert stage.open().write([board_row(1, mark=mark("Ana"))]) == ()
    assert _labels(stage) == {"Ana": (case_number(1), "En trámite")}


@pytest.fixture
def years(stage: GoogleStage) -> GoogleStage:
    """A form's tab with two thousand old responses, one a minute."""
    first = datetime(2024, 1, 1, 12, tzinfo=UTC)
    stage.answers(*((f"Antigua {number}", first + timedelta(minutes=number)) for number in range(2000)))
    stage.memory.values.clear()
    stage.open().write([board_row(1)])
    stage.calls()
    return stage


def test_old_responses_are_not_read_again(years: GoogleStage) -> None:
    """A new response on a tab of years costs one read of the last rows only."""
    years.answer("Ana")
    before = years.google.bytes_sent
    years.open().write([board_row(1, mark=mark("Ana"))])
    assert years.calls() == [READ, WRITE]
    assert years.google.bytes_sent - before < 150_000
    assert _labels(years) == {"Ana": (case_number(1), "En trámite")}


def test_an_old_response_is_found_by_its_timestamp(years: GoogleStage) -> None:
    """A case of last year that changes its state costs two reads more, not the whole tab."""
    at = datetime(2024, 1, 1, 12, tzinfo=UTC) + timedelta(minutes=3)
    assert years.open().write([board_row(1, state="Terminada", mark=mark("Antigua 3", at=at))]) == ()
    assert years.calls() == [READ, READ, READ, WRITE]
    assert _labels(years) == {"Antigua 3": (case_number(1), "Terminada")}


def test_deleted_old_rows_are_survived(years: GoogleStage) -> None:
    """After an agent deletes most of the tab, the remembered row is forgotten, and responses are still found."""
    years.responses.cells = {place: value for place, value in years.responses.cells.items() if place[0] <= 5}
    years.responses.rows = 100
    years.answer("Ana")
    assert years.open().write([board_row(1, mark=mark("Ana"))]) == ()
    assert _labels(years) == {"Ana": (case_number(1), "En trámite")}


def test_an_inserted_first_column_is_followed(years: GoogleStage) -> None:
    """The timestamp is found by its title when it is no longer in the first column."""
    years.responses.insert_column(1)
    at = datetime(2024, 1, 1, 12, tzinfo=UTC)
    assert years.open().write([board_row(1, mark=mark("Antigua 0", at=at))]) == ()
    assert _labels(years) == {"Antigua 0": (case_number(1), "En trámite")}


def test_another_tab_of_the_old_title_is_not_written(stage: GoogleStage) -> None:
    """When the tab was renamed and another one took its title, the gid decides in the end."""
    stage.answer("Ana")
    stage.responses.title = "Archivo"
    other = stage.book.add(SheetTab(77, RESPONSES_TITLE))
    other.append(["Marca temporal", "Nombres"])
    assert stage.open().write([board_row(1, mark=mark("Ana"))]) == ()
    assert _labels(stage) == {"Ana": (case_number(1), "En trámite")}
    assert other.table() == [["Marca temporal", "Nombres"]]
