"""Safety caps: useful for 40 people and for 4,000, and an approval names exactly one batch."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from config.institution import Caps
from config.vocabulary import CaseNumber
from provision.procedure.facts import Facts
from provision.procedure.model import Request
from provision.procedure.safety import Destructive, batch_of, effect_of
from provision.procedure.submission import Submission
from tests.cases import CESSION, DELETE, SUBJECT, inactive, opened

CAPS = Caps(destructive_per_run=10, destructive_share=0.05)

effects = st.lists(
    st.builds(Destructive, st.integers(1, 10**6).map(lambda n: CaseNumber(f"GU-2026-{n:06d}")), st.text(max_size=30)),
    unique_by=lambda effect: effect.case,
    max_size=8,
)
often = settings(max_examples=120, deadline=None, derandomize=True, database=None)


@pytest.mark.parametrize(
    ("population", "allowed"), [(0, 10), (1, 10), (40, 10), (200, 10), (219, 10), (220, 11), (4_000, 200), (100_000, 5_000)]
)
def test_the_number_protects_the_small_and_the_share_the_large(population: int, allowed: int) -> None:
    """Whichever lets more through decides: a share of 40 people would stop every vacation."""
    assert CAPS.allowed(population) == allowed
    some = [Destructive(CaseNumber(f"GU-2026-{n:06d}"), "x") for n in range(allowed + 1)]
    assert not batch_of(some[:-1], CAPS, population).exceeds
    assert batch_of(some, CAPS, population).exceeds


def test_a_cap_of_nothing_holds_everything() -> None:
    """And an empty batch is within it."""
    nothing = Caps(destructive_per_run=0, destructive_share=0)
    assert not batch_of([], nothing, 4_000).exceeds
    assert batch_of([Destructive(CaseNumber("GU-2026-000001"), "x")], nothing, 4_000).exceeds


@often
@given(effects.flatmap(lambda some: st.tuples(st.just(some), st.permutations(some))), st.integers(0, 5_000))
def test_the_order_of_arrival_is_no_part_of_a_batch(both: tuple[list[Destructive], list[Destructive]], population: int) -> None:
    """The same effects are the same batch."""
    one, other = (batch_of(some, CAPS, population) for some in both)
    assert one == other
    assert one.digest == other.digest


@often
@given(effects, st.data())
def test_any_other_line_case_or_number_of_them_is_another_batch(some: list[Destructive], data: st.DataObject) -> None:
    """So nobody approves what he did not see."""
    digest = batch_of(some, CAPS, 40).digest
    more = Destructive(CaseNumber("GU-2027-000001"), data.draw(st.text(max_size=9)))
    assert batch_of([*some, more], CAPS, 40).digest != digest
    if some:
        place = data.draw(st.integers(0, len(some) - 1))
        without = [*some[:place], *some[place + 1 :]]
        assert batch_of(without, CAPS, 40).digest != digest
        line = data.draw(st.text(max_size=9).filter(lambda text: text != some[place].line))
        assert batch_of([*without, replace(some[place], line=line)], CAPS, 40).digest != digest


def request(content: Submission, login: str) -> Request:
    """A request on an account."""
    made = opened(1, content).request
    return replace(made, facts=Facts(subject=replace(SUBJECT, login=login)))


def test_the_line_says_what_whose_and_when() -> None:
    """Another account, another day or another operation is another line."""
    lines = {
        effect_of(request(content, login)).line
        for login in ("ana.rios", "luis.nanez")
        for content in (
            DELETE,
            CESSION,
            inactive(),
            inactive(until_date=None),
            replace(inactive(), until_date=inactive().from_date),
        )
    }
    assert len(lines) == 10
    assert "Inactivación · ana.rios desde el 23/11/2026 hasta el 27/11/2026" in lines
