"""Whole runs with somebody at the board who can only edit the sheet, and means harm or makes mistakes."""

from pathlib import Path

import openpyxl

from intake.run import LONGEST_NOTE
from provision.procedure.model import State
from tests.runs.seen import board, choose, later, requests
from tests.runs.test_desk_and_faults import BOSS, NO_SEATS, people
from tests.world import World

BOARD = "seguimiento.xlsx"


def _type(world: World, case: str, header: str, text: str) -> None:
    """Type something over a cell of the case's row, found by its key."""
    book = openpyxl.load_workbook(world.path(BOARD))
    sheet = book["Seguimiento"]
    titles = [cell.value for cell in sheet[1]]
    for row in sheet.iter_rows(min_row=2):
        if row[titles.index("Clave (programa)")].value == case:
            row[titles.index(header)].value = text
    book.save(world.path(BOARD))


def test_who_can_only_edit_the_sheet_decides_nothing(tmp_path: Path) -> None:
    """A forged case, an action beside another's number, a state typed over, a huge note: the journal is as it was."""
    world = World(tmp_path, seats=NO_SEATS)
    for answers in people(3):
        world.submit(answers, BOSS)
    world.run()
    first, second, third = (request.case for request in requests(world))
    _type(world, first, "Estado", "Terminada")
    _type(world, second, "Caso", third)
    _type(world, second, "Acción", "Cancelar")
    choose(world, first, "=IMPORTXML(1)", "ñ" * 30_000)
    book = openpyxl.load_workbook(world.path(BOARD))
    book["Seguimiento"].append(["GU-2026-999999", *[""] * 15, "Cancelar"])
    book.save(world.path(BOARD))
    report = later(world, minutes=5)
    assert report.problems == []
    assert [request.state for request in requests(world)] == [State.WAITING] * 3
    shown = board(world)
    assert shown[first]["Estado"] == "En espera"
    assert "Este caso admite: «Reintentar», «Cancelar»." in shown[first]["Detalle"]
    assert "la fila se movió" in shown[second]["Detalle"]
    assert [shown[case]["Acción"] for case in (first, second, third)] == ["", "", ""]
    told = [line.detail for line in world.story(first).history]
    assert max(len(detail) for detail in told) <= LONGEST_NOTE + 100


def test_a_closed_case_that_was_typed_over_is_put_right(tmp_path: Path) -> None:
    """Its row is shown once more with the next change of the board, though nothing of the case changed."""
    world = World(tmp_path, seats=NO_SEATS)
    for answers in people(2):
        world.submit(answers, BOSS)
    world.run()
    first, second = (request.case for request in requests(world))
    choose(world, first, "Cancelar", "ya no viene")
    later(world, minutes=5)
    _type(world, first, "Caso", second)
    _type(world, first, "Estado", "En trámite")
    choose(world, second, "Reintentar")
    later(world, minutes=5)
    assert board(world)[first]["Estado"] == "Cancelada"
