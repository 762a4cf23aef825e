"""Which row of the form's tab belongs to a response: all must agree, and only one row and one response may."""

import random
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.vocabulary import CaseNumber, EmailAddress
from intake.board.cells import Cell
from intake.board.port import ResponseMark
from intake.board.response_rows import ResponseRow, Shown, match_rows, same_second, serial_of, timestamp_column

BOGOTA = ZoneInfo("America/Bogota")
NOW = datetime(2026, 11, 20, 14, 30, 15, 999_999, tzinfo=UTC)
ONE, TWO = CaseNumber("GU-2026-000001"), CaseNumber("GU-2026-000002")


def _shown(case: CaseNumber = ONE, at: datetime = NOW, answers: tuple[str, ...] = ("Ana",)) -> Shown:
    return Shown(case, "Recibida", ResponseMark(at, EmailAddress("Ana@UPME.gov.co"), frozenset(answers)))


def _row(number: int, *cells: Cell, at: datetime = NOW) -> ResponseRow:
    return ResponseRow(number, (serial_of(at.replace(microsecond=0), BOGOTA), "ana@upme.gov.co", *cells))


def test_a_serial_is_days_since_1899_in_the_sheets_zone() -> None:
    """The instant of Google's documentation: 1 January 1900 at noon is 2.5, wall-clock time."""
    assert serial_of(datetime(1900, 1, 1, 12, tzinfo=ZoneInfo("UTC")), ZoneInfo("UTC")) == 2.5
    assert serial_of(datetime(2025, 6, 19, 18, 40, 23, tzinfo=UTC), BOGOTA) == pytest.approx(45827.569711, abs=1e-6)


def test_the_one_row_that_agrees_is_taken() -> None:
    """Timestamp to the second, address without case, every answer."""
    found = match_rows([_shown()], [_row(2, "Beatriz"), _row(7, "Ana")], BOGOTA)
    assert (found.placed, found.missing, found.ambiguous) == ({ONE: 7}, (), ())


@pytest.mark.parametrize(
    "row",
    [
        _row(2, "Beatriz"),
        _row(2, "Ana", at=NOW + timedelta(seconds=3)),
        ResponseRow(2, (serial_of(NOW, BOGOTA), "otra@upme.gov.co", "Ana")),
        ResponseRow(2, ("20/11/2026 9:30:15", "ana@upme.gov.co", "Ana")),
        ResponseRow(2, (None, "ana@upme.gov.co", "Ana")),
        ResponseRow(2, ()),
        ResponseRow(2, (True, "ana@upme.gov.co", "Ana")),
    ],
)
def test_a_row_that_disagrees_in_anything_is_not_taken(row: ResponseRow) -> None:
    """Another answer, second or person, a timestamp that is text, an empty row."""
    assert match_rows([_shown()], [row], BOGOTA).missing == (ONE,)


def test_two_rows_that_agree_are_both_left_alone() -> None:
    """Twins of one second are nobody's."""
    found = match_rows([_shown()], [_row(2, "Ana"), _row(3, "Ana")], BOGOTA)
    assert (found.placed, found.ambiguous) == ({}, (ONE,))


def test_a_row_that_two_responses_claim_is_left_alone() -> None:
    """One row and two equal responses: neither gets it."""
    found = match_rows([_shown(ONE), _shown(TWO)], [_row(2, "Ana")], BOGOTA)
    assert (found.placed, found.ambiguous) == ({}, (ONE, TWO))


def test_a_response_whose_answers_another_row_also_holds_is_left_alone() -> None:
    """Fewer answers that stand in both rows decide nothing; the fuller response is certain only if its row is not claimed."""
    rows = [_row(2, "Ana", "Nota"), _row(3, "Ana")]
    found = match_rows([_shown(ONE, answers=("Ana", "Nota")), _shown(TWO)], rows, BOGOTA)
    assert found.ambiguous == (ONE, TWO)


@pytest.mark.parametrize(
    ("answer", "cell"),
    [
        ("0123", 123),
        ("1.020.304.050", 1_020_304_050),
        ("+57 300 123 4567", 573_001_234_567),
        ("12,5", 12.5),
        ("2026-12-31", 46387),
        ("2026-12-31 08:30", 46387 + 8.5 / 24),
        ("31/12/2026", 46387),
        ("12/31/2026", 46387),
        ("true", True),
        ("Correo", "Correo, VPN, Impresora"),
        ("Impresora", "Correo, VPN, Impresora"),
        ("  línea 1\r\nlínea 2 ", "línea 1\nlínea 2"),
        ("Nun\u0303ez", "Nuñez"),
        ("=1+1", "=1+1"),
        ("", None),
    ],
)
def test_an_answer_is_recognised_as_the_sheet_keeps_it(answer: str, cell: Cell) -> None:
    """Numbers lose zeros, dates become serials, options share a cell, composed letters are the same letters."""
    assert match_rows([_shown(answers=(answer,))], [_row(4, cell)], BOGOTA).placed == {ONE: 4}


@pytest.mark.parametrize(
    ("answer", "cell"), [("Ana", "Ana María"), ("VPN", "VPN2"), ("123", 124), ("sí", True), ("nan", 5), ("31/31/2026", 46387)]
)
def test_an_answer_that_is_only_similar_is_not_recognised(answer: str, cell: Cell) -> None:
    """A part of a word, another number, another word."""
    assert match_rows([_shown(answers=(answer,))], [_row(4, cell)], BOGOTA).missing == (ONE,)


def test_the_timestamp_is_found_by_its_title() -> None:
    """In Spanish or English, in any place; without a title it is the first column."""
    assert timestamp_column(["Nota", "MARCA TEMPORAL"]) == 2
    assert timestamp_column(["Timestamp", "Email Address"]) == 1
    assert timestamp_column(["A", "B"]) == 1
    assert timestamp_column([]) == 1


@given(st.integers(0, 15 * 365 * 86_400 * 1_000), st.booleans())
def test_an_instant_is_found_however_the_sheet_rounds_it(milliseconds: int, rounded: bool) -> None:
    """Cut or rounded to the second, a serial is the instant it came from, and not that of two seconds later."""
    instant = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(milliseconds=milliseconds)
    kept = (instant + timedelta(seconds=0.5 if rounded else 0)).replace(microsecond=0)
    assert same_second(serial_of(kept, BOGOTA), serial_of(instant, BOGOTA))
    assert not same_second(serial_of(instant + timedelta(seconds=2), BOGOTA), serial_of(instant, BOGOTA))


@given(
    st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["Ana", "Eva", "Ana, Eva"])), max_size=8),
    st.lists(st.tuples(st.integers(0, 3), st.sampled_from(["Ana", "Eva"])), max_size=8),
    st.randoms(use_true_random=False),
)
def test_no_row_is_given_twice_and_the_order_decides_nothing(
    sheet: list[tuple[int, str]], responses: list[tuple[int, str]], order: random.Random
) -> None:
    """Whatever the sheet holds, in whatever order it is read, each row goes to at most one case, and always to the same."""
    rows = [_row(number, name, at=NOW + timedelta(seconds=second)) for number, (second, name) in enumerate(sheet, start=2)]
    wanted = [
        _shown(CaseNumber(f"GU-2026-{number:06d}"), NOW + timedelta(seconds=second), (name,))
        for number, (second, name) in enumerate(responses, start=1)
    ]
    found = match_rows(wanted, rows, BOGOTA)
    assert len(set(found.placed.values())) == len(found.placed)
    assert sorted([*found.placed, *found.missing, *found.ambiguous]) == sorted(shown.case for shown in wanted)
    shuffled_rows, shuffled_wanted = list(rows), list(wanted)
    order.shuffle(shuffled_rows)
    order.shuffle(shuffled_wanted)
    assert match_rows(shuffled_wanted, shuffled_rows, BOGOTA).placed == found.placed
