"""What every board keeps to, whatever the desk does to it: an .xlsx file, and a Google Sheet through the real client."""

import random
from datetime import date
from pathlib import Path

import pytest

from config.errors import Misconfigured, WriteRefused
from config.vocabulary import CaseNumber
from intake.board.port import HEADERS, MISPLACED, RequestedAction
from intake.board.tracking_tab import NO_ACTIONS
from provision.procedure.desk import DeskAction
from tests.contract.boards import GoogleStage, Stage, board_row, case_number
from tests.contract.xlsx_stage import XlsxStage
from tests.servers.google.server import FakeGoogle

FORMULA = '=HYPERLINK("http://mal.example";"clic")'


@pytest.fixture(params=["xlsx", "google"])
def stage(request: pytest.FixtureRequest, tmp_path: Path) -> Stage:
    """Each board in turn."""
    if request.param == "xlsx":
        return XlsxStage(tmp_path)
    google: FakeGoogle = request.getfixturevalue("fake_google")
    key_file: Path = request.getfixturevalue("key_file")
    return GoogleStage(google, key_file)


def _shown(stage: Stage) -> dict[str, dict[str, str]]:
    return {row["Caso"]: row for row in stage.rows() if "Caso" in row}


def test_new_requests_are_shown_under_the_header(stage: Stage) -> None:
    """A first write makes the board, with every column's text as given."""
    assert stage.open().write([board_row(1), board_row(2)]) == ()
    first = stage.rows()[0]
    own = {header: text for header, text in zip(HEADERS, board_row(1).cells(), strict=False) if text}
    assert first == own
    assert [row["Caso"] for row in stage.rows()] == [case_number(1), case_number(2)]


def test_a_board_without_anything_has_no_actions(stage: Stage) -> None:
    """Before the first write there is nothing to read, and that is no error; nothing is made by reading."""
    assert stage.open().read() == ()
    assert stage.rows() == []


def test_a_known_case_is_updated_where_it_stands(stage: Stage) -> None:
    """The second write of a case changes its row and adds none."""
    stage.open().write([board_row(1), board_row(2)])
    stage.open().write([board_row(1, state="Terminada", waiting_for="Nada")])
    assert len(stage.rows()) == 2
    assert _shown(stage)[case_number(1)]["Estado"] == "Terminada"
    assert _shown(stage)[case_number(2)]["Estado"] == "En trámite"


def test_a_text_that_became_empty_is_emptied(stage: Stage) -> None:
    """What no longer applies disappears from its cell."""
    stage.open().write([board_row(1, waiting_for="Buzón disponible")])
    stage.open().write([board_row(1, waiting_for="")])
    assert "En espera de" not in _shown(stage)[case_number(1)]


def test_actions_are_read_with_their_notes(stage: Stage) -> None:
    """Every row with something in "Acción" is returned, whatever it says."""
    stage.open().write([board_row(number) for number in (1, 2, 3)])
    stage.choose(case_number(1), DeskAction.APPROVE, "Confirmado con la jefe, ext. 0123")
    stage.choose(case_number(3), "aprobar ya", "")
    stage.choose(case_number(2), "", "solo una nota")
    assert set(stage.open().read()) == {
        RequestedAction(case_number(1), "Aprobar", "Confirmado con la jefe, ext. 0123"),
        RequestedAction(case_number(3), "aprobar ya", ""),
    }


def test_the_desk_keeps_what_it_wrote(stage: Stage) -> None:
    """An update leaves "Acción" and "Observación" alone."""
    stage.open().write([board_row(1)])
    stage.choose(case_number(1), "Reintentar", "=ojo")
    board = stage.open()
    board.read()
    board.write([board_row(1, state="En espera")])
    row = _shown(stage)[case_number(1)]
    assert (row["Estado"], row["Acción"], row["Observación"]) == ("En espera", "Reintentar", "=ojo")


def test_an_action_that_was_taken_is_cleared_once(stage: Stage) -> None:
    """Only the answered action disappears; the note, and other rows' actions, stay."""
    stage.open().write([board_row(1), board_row(2)])
    stage.choose(case_number(1), "Aprobar", "de acuerdo")
    stage.choose(case_number(2), "Cancelar")
    board = stage.open()
    assert len(board.read()) == 2
    board.write([board_row(1, action_taken=True, detail="Acción tomada: Aprobar."), board_row(2)])
    rows = _shown(stage)
    assert "Acción" not in rows[case_number(1)]
    assert rows[case_number(1)]["Observación"] == "de acuerdo"
    assert rows[case_number(2)]["Acción"] == "Cancelar"
    assert [action.case for action in stage.open().read()] == [case_number(2)]


def test_a_formula_stays_text(stage: Stage) -> None:
    """Text that looks like a formula or a number is shown as it was typed, and never interpreted."""
    stage.open().write([board_row(1, user=FORMULA, detail="+1+1", account="0123", unit="@SUM(A1)", step="-2", requester="1E5")])
    row = _shown(stage)[case_number(1)]
    assert (row["Usuario"], row["Detalle"], row["Cuenta"], row["Dependencia"]) == (FORMULA, "+1+1", "0123", "@SUM(A1)")
    assert (row["Paso"], row["Solicitante"]) == ("-2", "1E5")
    assert stage.formulas() == 0


def test_hostile_text_is_shown_within_the_limits(stage: Stage) -> None:
    """New lines stay, control characters and half characters do not, and an endless text is cut with an ellipsis."""
    stage.open().write([board_row(1, user="O'Brien\r\nÑandú\x00\x1b\ud800\ufffe😀_x0041_", detail="=" * 60_000)])
    row = _shown(stage)[case_number(1)]
    assert row["Usuario"] == "O'Brien\nÑandú    😀_x0041_"
    assert row["Detalle"].endswith("=…")
    assert len(row["Detalle"]) <= 50_000
    assert stage.formulas() == 0


def test_repeating_a_write_changes_nothing(stage: Stage) -> None:
    """The same rows written again, in another order and twice, leave the same board."""
    rows = [board_row(number) for number in range(1, 12)]
    stage.open().write(rows)
    before = stage.rows()
    random.Random(7).shuffle(rows)
    stage.open().write([*rows, *rows])
    assert stage.rows() == before


def test_a_case_given_twice_is_shown_as_given_last(stage: Stage) -> None:
    """Two rows for one case in one write are one row on the board."""
    stage.open().write([board_row(1, state="Recibida"), board_row(1, state="En espera")])
    assert [row["Estado"] for row in stage.rows()] == ["En espera"]


def test_a_sorted_board_is_followed(stage: Stage) -> None:
    """After an agent sorts the rows, each update finds its own, and the desk's cells stay beside their case."""
    stage.open().write([board_row(number) for number in range(1, 6)])
    stage.choose(case_number(4), "Aprobar", "cuatro")
    stage.reverse()
    board = stage.open()
    assert board.read() == (RequestedAction(case_number(4), "Aprobar", "cuatro"),)
    board.write([board_row(number, detail=f"Caso {number}") for number in range(1, 7)])
    rows = _shown(stage)
    assert len(stage.rows()) == 6
    assert all(rows[case_number(number)]["Detalle"] == f"Caso {number}" for number in range(1, 7))
    assert rows[case_number(4)]["Observación"] == "cuatro"


def test_an_inserted_row_is_followed(stage: Stage) -> None:
    """A row inserted above the cases moves them, and each update finds its own."""
    stage.open().write([board_row(1), board_row(2)])
    stage.insert_row_on_top()
    stage.open().write([board_row(1, state="Terminada"), board_row(3)])
    assert {row["Caso"]: row["Estado"] for row in stage.rows()} == {
        case_number(1): "Terminada",
        case_number(2): "En trámite",
        case_number(3): "En trámite",
    }


def test_moved_columns_are_followed(stage: Stage) -> None:
    """Columns are found by their titles: a column of the desk's own stays, and the program's go where they were moved."""
    stage.open().write([board_row(1), board_row(2)])
    stage.move_columns()
    stage.open().write([board_row(1, state="Terminada", unit="Jurídica"), board_row(3, unit="Prensa")])
    rows = _shown(stage)
    assert (rows[case_number(1)]["Estado"], rows[case_number(1)]["Dependencia"]) == ("Terminada", "Jurídica")
    assert rows[case_number(3)]["Dependencia"] == "Prensa"
    assert rows[case_number(1)]["Apuntes"] == "=ojo"
    assert stage.formulas() == 0


def test_a_renamed_header_stops_the_board(stage: Stage) -> None:
    """A column that cannot be found is named, and nothing is written anywhere."""
    stage.open().write([board_row(1)])
    stage.rename_header("Acción", "Qué hacer")
    before = stage.rows()
    with pytest.raises(Misconfigured, match="falta la columna «Acción»"):
        stage.open().read()
    with pytest.raises(Misconfigured, match="«Acción»"):
        stage.open().write([board_row(1, state="Terminada")])
    assert stage.rows() == before


def test_a_repeated_header_stops_the_board(stage: Stage) -> None:
    """Two columns of one title are never chosen between."""
    stage.open().write([board_row(1)])
    stage.rename_header("Paso", "ESTADO ")
    with pytest.raises(Misconfigured, match="repetida la columna «Estado»"):
        stage.open().read()


def test_a_case_on_two_rows_gives_no_action(stage: Stage) -> None:
    """Nobody can tell which request the agent decided on: the first row is updated, no action is taken, and it is said."""
    stage.open().write([board_row(1), board_row(2)])
    stage.choose(case_number(1), "Aprobar")
    stage.copy_row(case_number(1))
    board = stage.open()
    assert board.read() == ()
    [complaint] = board.write([board_row(1, state="Terminada")])
    assert case_number(1) in complaint
    assert "repetido" in complaint
    assert sorted(row["Estado"] for row in stage.rows()) == ["En trámite", "En trámite", "Terminada"]


def test_an_action_beside_another_cases_number_is_not_taken(stage: Stage) -> None:
    """Whoever chose it read one case on a row that is another's: it is answered as not taken, and the row is mended."""
    stage.open().write([board_row(1), board_row(2), board_row(3)])
    stage.choose(case_number(2), "Aprobar", "visto")
    stage.write_over(case_number(2), "Caso", case_number(1))
    board = stage.open()
    assert board.read() == (RequestedAction(case_number(2), "Aprobar" + MISPLACED, "visto"),)
    assert board.misplaced() == (case_number(2),)
    board.write([board_row(number, action_taken=number == 2) for number in (1, 2)])
    assert [(row["Caso"], row.get("Acción")) for row in stage.rows()] == [(case_number(n), None) for n in (1, 2, 3)]
    assert board.read() == ()


def test_a_sort_of_the_cases_alone_mixes_nothing_up(stage: Stage) -> None:
    """Sorting one column by itself leaves each action with the row's key, and every row is put right."""
    stage.open().write([board_row(number, user=f"Persona {number}") for number in range(1, 5)])
    stage.choose(case_number(4), "", "cuatro")
    for old, new in ((1, 4), (2, 3), (3, 2), (4, 1)):
        stage.write_over(case_number(old), "Usuario", f"Persona {new}")
    stage.open().write([board_row(number, user=f"Persona {number}") for number in range(1, 5)])
    rows = _shown(stage)
    assert [rows[case_number(number)]["Usuario"] for number in range(1, 5)] == [f"Persona {n}" for n in range(1, 5)]
    assert rows[case_number(4)]["Observación"] == "cuatro"


def test_a_board_of_an_older_program_is_taken_over(stage: Stage) -> None:
    """A board without the technical columns gets them, and keeps its cases, actions and the desk's own columns."""
    stage.open().write([board_row(1), board_row(2)])
    stage.choose(case_number(2), "Aprobar", "ya")
    stage.without_technical()
    board = stage.open()
    assert board.read() == (RequestedAction(case_number(2), "Aprobar", "ya"),)
    board.write([board_row(1, state="Terminada"), board_row(2), board_row(3)])
    assert [row["Estado"] for row in stage.rows()] == ["Terminada", "En trámite", "En trámite"]
    assert stage.keys() == [case_number(1), case_number(2), case_number(3)]
    assert _shown(stage)[case_number(2)]["Acción"] == "Aprobar"


def test_only_the_actions_of_the_case_are_offered(stage: Stage) -> None:
    """Each row's list is its own, changes with the case, and a case that allows nothing says so."""
    stage.open().write([board_row(1, actions=("Reintentar", "Cancelar")), board_row(2, actions=("Cancelar",)), board_row(3)])
    assert stage.offered() == {
        case_number(1): ("Reintentar", "Cancelar"),
        case_number(2): ("Cancelar",),
        case_number(3): (NO_ACTIONS,),
    }
    stage.open().write([board_row(1, actions=("Aprobar", "Rechazar"))])
    assert stage.offered()[case_number(1)] == ("Aprobar", "Rechazar")


def test_a_decision_is_explained_beside_its_cell(stage: Stage) -> None:
    """The note of "Autorización" and of "Estado" are the case's, and follow it."""
    stage.open().write([board_row(1, authorisation_note="Fila 4 de la matriz.", state_note="El programa la está atendiendo.")])
    stage.insert_row_on_top()
    stage.open().write([board_row(1, authorisation_note="Fila 9 de la matriz.", state_note="Hecho.", state="Terminada")])
    assert stage.notes(case_number(1)) == {"Autorización": "Fila 9 de la matriz.", "Estado": "Hecho."}


def test_the_sla_and_the_due_day_are_numbers(stage: Stage) -> None:
    """The bar and the filters read numbers: a share, and a day."""
    stage.open().write([board_row(1, progress=0.42, due_on=date(2026, 11, 23), turn="Nadie")])
    assert stage.technical(case_number(1)) == (0.42, "Nadie", (date(2026, 11, 23) - date(1899, 12, 30)).days)


@pytest.mark.parametrize("text", [FORMULA, "x" * 49_000, "Aprobar\x07\x1b", "Aprobar', 'Cancelar", "😀" * 300, "{{7*7}}"])
def test_whatever_is_typed_as_an_action_is_text(stage: Stage, text: str) -> None:
    """A forged or enormous action is returned as it was typed, for the case to refuse, and can be cleared."""
    typed = text if isinstance(stage, GoogleStage) else text.replace("\x07\x1b", "")[:32_000]
    stage.open().write([board_row(1)])
    stage.choose(case_number(1), typed)
    board = stage.open()
    [asked] = board.read()
    assert asked.action == typed
    board.write([board_row(1, action_taken=True)])
    assert "Acción" not in _shown(stage)[case_number(1)]
    assert stage.formulas() == 0


def test_a_forged_row_is_left_alone(stage: Stage) -> None:
    """A row with a number that the program never gave is read as it stands, and nothing is written on it."""
    stage.open().write([board_row(1)])
    stage.copy_row(case_number(1), case_number(777))
    board = stage.open()
    assert board.read() == ()
    board.write([board_row(1, state="Terminada")])
    assert _shown(stage)[case_number(777)]["Estado"] == "En trámite"


def test_two_hundred_requests_in_one_write(stage: Stage) -> None:
    """Many new and known cases at once all find their place."""
    stage.open().write([board_row(number) for number in range(1, 101)])
    stage.open().write([board_row(number, state="Terminada") for number in range(200, 0, -1)])
    rows = _shown(stage)
    assert len(stage.rows()) == len(rows) == 200
    assert {row["Estado"] for row in rows.values()} == {"Terminada"}


def test_a_dry_run_writes_nothing(stage: Stage) -> None:
    """With writes refused the board can be read, and a write says what it would have done."""
    stage.open().write([board_row(1)])
    stage.choose(case_number(1), "Aprobar")
    before = stage.rows()
    board = stage.open(writable=False)
    assert len(board.read()) == 1
    with pytest.raises(WriteRefused, match="Simulación"):
        board.write([board_row(1, state="Terminada", action_taken=True), board_row(2)])
    assert stage.rows() == before


def test_a_dry_run_does_not_make_the_board(stage: Stage) -> None:
    """Where there is no board yet, a dry run leaves none behind."""
    with pytest.raises(WriteRefused):
        stage.open(writable=False).write([board_row(1)])
    assert stage.rows() == []


def test_nothing_to_show_costs_nothing(stage: Stage) -> None:
    """A write of no rows makes nothing and asks nothing."""
    assert stage.open().write([]) == ()
    assert stage.rows() == []


def test_a_board_can_be_closed_twice(stage: Stage) -> None:
    """Closing is idempotent."""
    board = stage.open()
    board.read()
    board.close()
    board.close()


def test_a_case_typed_in_lower_case_is_the_same_case(stage: Stage) -> None:
    """An agent who retypes a case number in lower case has not made another case."""
    stage.open().write([board_row(1)])
    if isinstance(stage, GoogleStage):
        stage.tracking.put(2, 1, f" {case_number(1).lower()} ")
    elif isinstance(stage, XlsxStage):
        stage.edit(lambda table: table[1].__setitem__(0, f" {case_number(1).lower()} "))
    stage.open().write([board_row(1, state="Terminada")])
    assert [(row["Caso"], row["Estado"]) for row in stage.rows()] == [(CaseNumber(case_number(1)), "Terminada")]


@pytest.mark.parametrize("seed", range(3))
def test_whatever_the_desk_does_its_notes_stay_with_their_cases(stage: Stage, seed: int) -> None:
    """Runs and hands in any order: each case stands once, in its last state, beside the note that the desk gave it."""
    chance = random.Random(seed)
    states: dict[str, str] = {}
    notes: dict[str, str] = {}
    for step in range(10):
        numbers = chance.sample(range(1, 9), chance.randint(1, 5))
        state = chance.choice(["Recibida", "En espera", "Terminada"])
        stage.open().write([board_row(number, state=state) for number in numbers])
        states |= {case_number(number): state for number in numbers}
        match chance.randint(0, 3):
            case 0:
                stage.reverse()
            case 1:
                stage.insert_row_on_top()
            case _:
                case = chance.choice(sorted(states))
                notes[case] = f"nota {step}"
                stage.choose(CaseNumber(case), "", notes[case])
    rows = _shown(stage)
    assert len(stage.rows()) == len(rows)
    assert {case: row["Estado"] for case, row in rows.items()} == states
    assert {case: row["Observación"] for case, row in rows.items() if "Observación" in row} == notes
