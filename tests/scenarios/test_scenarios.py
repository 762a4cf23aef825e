"""Every scenario of this folder: what people ask, what happens meanwhile, and what all of them see at the end."""

from pathlib import Path

import pytest

from config.errors import GestionError
from notify.render import Renderer
from tests.scenarios.acting import Stage
from tests.scenarios.arranging import make_journal
from tests.scenarios.checking import differences, explained, final_differences
from tests.scenarios.reading import load_scenario
from tests.scenarios.seeing import Sight, accounts, look

SCENARIOS = sorted(Path(__file__).parent.glob("*.yaml"))


@pytest.fixture(scope="session")
def empty_journal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A journal without a case."""
    path = tmp_path_factory.mktemp("journal") / "gestion.db"
    make_journal(path)
    return path


@pytest.fixture(scope="session")
def renderers() -> dict[str, Renderer]:
    """The templates that the scenarios have compiled so far."""
    return {}


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_scenario(path: Path, tmp_path: Path, empty_journal: Path, renderers: dict[str, Renderer]) -> None:
    """The file's own `behaviour` says it."""
    scenario = load_scenario(path)
    with Stage(tmp_path, scenario, empty_journal, renderers) as stage:
        before = accounts(stage)
        for number, step in enumerate(scenario.steps, 1):
            where = f"Step {number} ({', '.join(step.model_fields_set)})"
            if step.check is not None:
                sight, found = differences(stage, step.check)
                _fail_for(found, stage, sight, where)
                continue
            try:
                stage.take(step)
            except (AssertionError, GestionError) as error:
                _fail_for([str(error)], stage, look(stage), where)
        sight, found = final_differences(stage, before, scenario.expect)
        _fail_for(found, stage, sight, "At the end")


def _fail_for(found: list[str], stage: Stage, sight: Sight, where: str) -> None:
    if found:
        pytest.fail(explained(stage, sight, found, where), pytrace=False)
