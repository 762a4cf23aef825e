"""docs/command-line.md promises the keys of every document; here the promise is kept."""

import re
from pathlib import Path

import pytest

from intake.commands.app import command_names, make_app
from tests.command_line import gestion_of
from tests.world import CONTRACTOR, World

DOCUMENTATION = (Path(__file__).parents[2] / "docs" / "command-line.md").read_text(encoding="utf-8")

REPORT = "informe"
"""A folder of the installation."""


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """One case under way and one to be corrected."""
    world = World(tmp_path_factory.mktemp("documentos"))
    world.submit(CONTRACTOR, "jefe.ogi@upme.gov.co")
    world.submit(CONTRACTOR, "jefe.ogi@upme.gov.co", document_number="")
    return world


def keys_of(document: object) -> set[str]:
    """Every key of a document, however deep."""
    if isinstance(document, dict):
        return {str(key) for key in document} | {key for value in document.values() for key in keys_of(value)}
    return {key for value in document for key in keys_of(value)} if isinstance(document, list) else set()


@pytest.mark.parametrize(
    "arguments",
    [
        ["plan"],
        ["run"],
        ["list"],
        ["show", "1"],
        ["show", "2"],
        ["report", "--month", "2026-11", "--to", REPORT],
        ["doctor"],
        ["explain", "--requester", "a@b.co", "--operation", "creación", "--account-type", "operador", "--unit", "OGI"],
    ],
)
def test_every_key_is_documented(world: World, arguments: list[str]) -> None:
    """No document has a key that the page does not name."""
    if arguments[0] in {"list", "show", "report"}:
        world.run()  # there is something to list, whichever of these tests came first
    said = gestion_of(world, *(str(world.path(part)) if part == REPORT else part for part in arguments), "--json")
    named = set(re.findall(r"`([a-z_]+)`", DOCUMENTATION))
    from_elsewhere = {"requester", "operation", "account_type", "unit", "on", "user", "personal_email", "account"}
    documented = keys_of(said.document) - named - from_elsewhere
    codes = {key for key in documented if key.isupper()}
    answers = said.document.get("answers")
    problems = {"question", "label", "message", "since", "until"}
    assert documented - codes - keys_of(answers) - problems == set()


def test_every_command_is_documented() -> None:
    """The page has each command."""
    assert all(f"`gestion {name}" in DOCUMENTATION for name in command_names(make_app()))
