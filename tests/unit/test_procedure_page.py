"""The page of the procedure: what its diagram and its table show, and that every name in it is a name of the program."""

import re
from functools import cache
from pathlib import Path

import pytest

from config.institution import Institution
from config.settings import Settings
from config.vocabulary import OPERATION_LABELS
from provision.procedure.acts import CONFIRMED_BY, WaitingFor
from provision.procedure.diagram import lifecycle_mermaid, steps_table
from provision.procedure.model import State
from provision.procedure.operations import OPERATIONS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "procedure.md").read_text(encoding="utf-8")


@cache
def diagram() -> str:
    """The diagram, which takes a moment to find."""
    return lifecycle_mermaid()


@cache
def source() -> str:
    """All code of the program."""
    packages = ("config", "provision", "notify", "intake")
    return "\n".join(
        file.read_text(encoding="utf-8") for package in packages for file in sorted((ROOT / package).rglob("*.py"))
    )


def test_every_state_is_reached() -> None:
    """Each state but the first is led to from another one, and each open state leads on."""
    edges = re.findall(r"^    (\w+) --> (\w+):", diagram(), re.MULTILINE)
    assert {after for _, after in edges} == set(State) - {State.RECEIVED}
    assert {before for before, _ in edges} == {state for state in State if not state.closed}


@pytest.mark.parametrize("waiting", list(WaitingFor))
def test_every_wait_is_shown(waiting: WaitingFor) -> None:
    """Whatever a request can wait for stands beside the state in which it waits, with whether the clock stands still."""
    (said,) = {line.strip() for line in diagram().splitlines() if line.strip().startswith(waiting.label)}
    assert said.endswith("(reloj detenido)") is (waiting.pauses_clock or waiting.is_confirmation)


def test_every_operation_has_its_steps() -> None:
    """The table has a row for each operation, and each confirmation by a person is in some row with what is waited for."""
    table = steps_table()
    words = {label.split()[0].lower() for label in (OPERATION_LABELS[operation] for operation in OPERATIONS)}
    titles = " ".join(re.findall(r"^\| \*\*(.+?)\*\*", table, re.MULTILINE)).lower()
    assert words - set(titles.replace(",", " ").replace(":", " ").split()) == set()
    assert all(f"espera {waiting.label}" in table for waiting in CONFIRMED_BY.values())


def test_every_step_is_in_the_table() -> None:
    """Whatever step the operations and courses are made of is told in the table by its title."""
    code = "".join(
        (ROOT / "provision" / "procedure" / f"{name}.py").read_text("utf-8") for name in ("operations", "steps", "courses")
    )
    titles = re.findall(r'\bStep\(\s*Act\.\w+,\s*"([^"]+)"', code)
    table = steps_table()
    assert len(titles) > 40
    assert [title for title in titles if title not in table] == []


@pytest.mark.parametrize("name", sorted(set(re.findall(r"`(_?[A-Za-z]\w+(?:\.\w+)?)`", PAGE))))
def test_every_name_exists(name: str) -> None:
    """A function, class, act or key that the page names is in the program."""
    for part in name.split("."):
        known = part in Institution.model_fields or part in Settings.model_fields
        assert known or re.search(rf"\b{re.escape(part)}\b", source()), name
