"""The documentation names only what exists, and what it embeds is what the program says."""

import ast
import os
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import get_args

import pytest
from pydantic import BaseModel
from sqlalchemy import select
from typer.main import get_command

from config.institution import Institution
from config.settings import Settings
from config.settings_sources import _CREDENTIALS
from intake.board.port import HEADERS
from intake.commands.app import command_names, make_app
from intake.matrix_rows import DEFAULT_RIGHTS, Role
from intake.matrix_table import COLUMNS
from provision.journal.schema import metadata
from provision.journal.store import Journal
from provision.journal.views import Views
from provision.procedure.acts import WaitingFor
from provision.procedure.desk import DeskAction
from provision.procedure.diagram import lifecycle_mermaid, steps_table
from provision.procedure.model import DeskAsked, State
from tests.servers.google.gestion_form import GestionForm
from tests.servers.google.server import FakeGoogle
from tests.world import CONTRACTOR, World

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").rglob("*.md"))]
NOT_BUILT: set[str] = set()
"""Commands that the pages name as not built yet; when one exists, the pages are wrong."""


def sections() -> dict[str, type[BaseModel]]:
    """Every section of the settings as the pages name it: `[store]`, `[form] kind = "google"`."""
    found: dict[str, type[BaseModel]] = {}
    for name, field in Settings.model_fields.items():
        for model in models_in(field.annotation):
            kind = model.model_fields.get("kind")
            found[f"[{name}]" if kind is None else f'[{name}] kind = "{get_args(kind.annotation)[0]}"'] = model
    return found


def models_in(annotation: object) -> Iterator[type[BaseModel]]:
    """The sections that a setting may be."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for each in get_args(annotation):
        yield from models_in(each)


SECTIONS = sections()


def text_of(name: str) -> str:
    """A page of ours."""
    return (ROOT / name).read_text(encoding="utf-8")


def code_in(text: str) -> Iterator[str]:
    """Every fenced block, and every span of code on one line outside them."""
    yield from re.findall(r"^ *```\w*\n(.*?)^ *```", text, re.DOTALL | re.MULTILINE)
    outside = re.sub(r"^ *```.*?^ *```", "", text, flags=re.DOTALL | re.MULTILINE)
    yield from re.findall(r"`([^`\n]+)`", outside)


def commands_in(text: str) -> Iterator[list[str]]:
    """Every call of `gestion` in the code of a page, as its words after the program's name; lines joined at a backslash."""
    for code in code_in(text):
        for line in code.replace("\\\n", " ").splitlines():
            words = shlex.split(line.replace("'", " ").replace("…", "x"), comments=True) if line.count('"') % 2 == 0 else []
            for place, word in enumerate(words):
                if word.endswith("/bin/gestion") or (word == "gestion" and place == 0):
                    called = words[place + 1 :]
                    while called and called[0] in {"--config", "-c"}:
                        called = called[2:]
                    if called:
                        yield called
                    break


def anchor(heading: str) -> str:
    """A heading's anchor, as the site that shows the pages makes it."""
    kept = re.sub(r"[^\w\- ]", "", re.sub(r"[`*]", "", heading).lower())
    return kept.strip().replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links(page: Path) -> None:
    """Every link within the repository leads to a file that exists, and to a heading in it."""
    text = page.read_text(encoding="utf-8")
    for target in [*re.findall(r"\]\(([^)\s]+)\)", text), *re.findall(r'src="([^"]+)"', text)]:
        if target.startswith("https://"):
            continue
        name, _, fragment = target.partition("#")
        file = (page.parent / name).resolve() if name else page
        assert file.exists(), target
        if fragment:
            headings = re.findall(r"^#+ (.+)$", file.read_text(encoding="utf-8"), re.MULTILINE)
            assert fragment in map(anchor, headings), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_files(page: Path) -> None:
    """Every path of ours in the code of a page exists."""
    for code in code_in(page.read_text(encoding="utf-8")):
        for path in re.findall(r"(?<![\w/.-])((?:config|provision|notify|intake|tests|docs|\.ci)/[\w./-]+)", code):
            assert (ROOT / path.rstrip(".")).exists(), path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_commands(page: Path) -> None:
    """Every command and option that a page names exists; what it calls not built does not."""
    app = make_app()
    known = set(command_names(app))
    commands = getattr(get_command(app), "commands", {})
    options = {name: _options(commands[name]) for name in known}
    assert not NOT_BUILT & known
    for words in commands_in(page.read_text(encoding="utf-8")):
        if words[0] in {"COMANDO"} | NOT_BUILT or words[0].startswith("--"):
            continue
        assert words[0] in known, words
        for word in words[1:]:
            if word.startswith("-"):
                assert word.partition("=")[0] in options[words[0]], words


def _options(command: object) -> set[str]:
    """A command's options; a group has those of all its commands."""
    parameters = getattr(command, "params", [])
    below = getattr(command, "commands", {}).values()
    return {option for parameter in parameters for option in parameter.opts}.union({"--help", "-h"}, *map(_options, below))


def test_commands_are_found() -> None:
    """The reading of commands sees them in fences, spans, and behind sudo; so the test above tests something."""
    found = [words[0] for words in commands_in(text_of("README.md"))]
    assert {"list", "show", "doctor", "plan", "run"} <= set(found)


def test_make_targets() -> None:
    """Every `make` target that the pages name is in the Makefile, and the README names the two commands."""
    targets = set(re.findall(r"^([a-z]+):", text_of("Makefile"), re.MULTILINE))
    for page in PAGES:
        for code in code_in(page.read_text(encoding="utf-8")):
            assert set(re.findall(r"^make ([a-z]+)", code, re.MULTILINE)) <= targets, page
    assert {"demo", "test"} <= set(re.findall(r"^make ([a-z]+)", text_of("README.md"), re.MULTILINE))


def test_settings_table() -> None:
    """The administrator's table has every section, and each has exactly its keys."""
    rows = re.findall(r"^\| (`\[.*?) \| (.*?) \|", text_of("docs/administrador.md"), re.MULTILINE)
    found = {name.replace("`", ""): set(re.findall(r"`(\w+)`", keys)) for name, keys in rows}
    assert found == {name: set(model.model_fields) - {"kind"} for name, model in SECTIONS.items()}


def test_settings_named_anywhere() -> None:
    """Dotted and sectioned settings in the other pages exist: `[mail] host`, `[log] file`."""
    sections = {name.partition("]")[0] + "]" for name in SECTIONS} | {
        "[deadlines]", "[naming]", "[business_hours]", "[caps]", "[approvals]", "[leaving]", "[renaming]"
    }  # fmt: skip
    for page in PAGES:
        for section, key in re.findall(r"`(\[\w+\]) (\w+)", page.read_text(encoding="utf-8")):
            assert section in sections, (page, section)
            if section in {name.partition("]")[0] + "]" for name in SECTIONS}:
                keys = {key for name, model in SECTIONS.items() if name.startswith(section) for key in model.model_fields}
                assert key in keys, (page, section, key)


def test_policy_keys() -> None:
    """The keys of the policy that the administrator's guide lists are the policy's."""
    part = text_of("docs/administrador.md").partition("### La política de la institución")[2].partition("### ")[0]
    named = set(re.findall(r"`(?:\[+)?([a-z_]+)(?:\]+|\.TIPO\])?`", part)) - {"institution"}
    fields: set[str] = set(Institution.model_fields)
    for nested in ("naming", "mail", "deadlines", "business_hours", "caps", "approvals", "leaving", "renaming"):
        fields |= set(getattr(Institution.model_fields[nested].annotation, "model_fields", {}))
    assert named <= fields | {"ou", "groups", "licence", "title", "name", "aliases"}, named - fields


def test_credentials_and_units() -> None:
    """The names of systemd's credentials in the guide and in the unit are those the program looks for."""
    names = {name for _, _, _, name in _CREDENTIALS}
    unit = text_of("docs/systemd/gestion.service")
    assert set(re.findall(r"LoadCredential=([\w-]+):", unit)) == names
    assert all(f"`{name}`" in text_of("docs/administrador.md") for name in names)
    (start,) = re.findall(r"^ExecStart=(.+)$", unit, re.MULTILINE)
    assert shlex.split(start)[1] in command_names(make_app())


def test_lifecycle() -> None:
    """The lifecycle and the steps in the page are what the code says; `python -m tests.pictures lifecycle` writes them."""
    page = text_of("docs/procedure.md")
    assert f"<!-- lifecycle -->\n```mermaid\n{lifecycle_mermaid()}```\n<!-- /lifecycle -->" in page
    assert f"<!-- steps -->\n{steps_table()}<!-- /steps -->" in page


def test_architecture() -> None:
    """The architecture names every module of the procedure and every table of the journal."""
    named = set(re.findall(r"`(\w+)`", text_of("docs/architecture.md")))
    assert {file.stem for file in (ROOT / "provision" / "procedure").glob("[!_]*.py")} - named == set()
    assert set(metadata.tables) - named == set()


def test_desk_guide() -> None:
    """The desk's guide explains every column and every action of the board, and every state."""
    page = text_of("docs/mesa-de-servicio.md")
    for word in (*HEADERS, *DeskAction, *(state.label for state in State)):
        assert word in page, word


def test_runbook_waits() -> None:
    """The runbook says of every wait whether the clock stands still, and rightly."""
    page = text_of("docs/recuperacion.md")
    for waiting in WaitingFor:
        (verdict,) = re.findall(rf"^\| {re.escape(waiting.label)} \|.*\| (sí|no|según la política) \|$", page, re.MULTILINE)
        otherwise = "según la política" if waiting.is_confirmation else "sí"
        assert verdict == ("no" if waiting.pauses_clock else otherwise), waiting


def test_matrix_guide() -> None:
    """The matrix's guide explains every column and every role; its example columns are the reader's."""
    page = text_of("docs/matriz-de-autorizadores.md")
    assert all(f"`{column}`" in page for column in COLUMNS)
    assert "| " + " | ".join(COLUMNS) + " |" in page
    assert set(DEFAULT_RIGHTS) == set(Role)
    assert all(role.value in page for role in Role)


def spoken_by_the_program() -> str:
    """Every text in the program's code, with … where something is put in."""
    texts: list[str] = []
    for package in ("config", "provision", "notify", "intake"):
        for file in sorted((ROOT / package).rglob("*.py")):
            tree = ast.parse(file.read_text(encoding="utf-8"))
            for node in ast.walk(tree):
                if isinstance(node, ast.JoinedStr):
                    parts = [part.value if isinstance(part, ast.Constant) else "…" for part in node.values]
                    texts.append("".join(map(str, parts)))
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    texts.append(node.value)
    return "\n".join(texts)


def test_runbook_reasons() -> None:
    """Every reason that the runbook explains is something that the program says, piece by piece."""
    spoken = spoken_by_the_program()
    page = text_of("docs/recuperacion.md")
    first = page.partition("## «Requiere atención», motivo por motivo")[2].partition("## ")[0]
    second = page.partition("## Cuando la ejecución termina en 2")[2].partition("## ")[0]
    reasons = re.findall(r"^\| ([^|]+?) \|", first + second, re.MULTILINE)
    assert len(reasons) > 25
    pieces = [piece.strip(" .:«»()") for reason in reasons for piece in re.split(r"…| / |\d+", reason)]
    headers = {"el motivo dice", "el mensaje"}
    assert [piece for piece in pieces if len(piece) > 9 and piece not in spoken and piece not in headers] == []


def pasted(page: str, holding: str) -> str:
    """The Python program that a page offers to be pasted into a shell."""
    (program,) = [text for text in re.findall(r"<<'PY'\n(.*?)^PY$", text_of(page), re.DOTALL | re.MULTILINE) if holding in text]
    return str(program)


def replaced(program: str, changes: dict[str, str]) -> str:
    """The program with our addresses for the page's; each must be there."""
    for old, new in changes.items():
        assert old in program, old
        program = program.replace(old, new)
    return program


def run_python(program: str, folder: Path) -> str:
    """What a program of a page prints, run as somebody who pastes it would; it must end well."""
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)}
    ended = subprocess.run(
        [sys.executable, "-"],
        input=program,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        cwd=folder,
        env=environment,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def test_questions_program(gestion_form: GestionForm, fake_google: FakeGoogle, key_file: Path, tmp_path: Path) -> None:
    """The program that shows the questions' identifiers prints the table that binds every field."""
    asked = {
        "1b2Zm0cXq7R4JmVxTq3sYp8kD5nWf6hL9uEoAiGtKxNc": gestion_form.form_id,
        "/etc/gestion/secretos/google.json": str(key_file),
        "timeout_seconds=30": f'timeout_seconds=30, endpoint="{fake_google.url}"',
    }
    printed = run_python(replaced(pasted("docs/administrador.md", "FormsClient"), asked), tmp_path)
    bound = tomllib.loads(printed)["form"]["questions"]
    assert {name: question["id"] for name, question in bound.items()} == {
        field.value: question.question_id for field, question in gestion_form.binding.items()
    }


@pytest.mark.postgres
def test_move_to_postgresql(postgres_url: str, tmp_path: Path) -> None:
    """The program that moves a journal to PostgreSQL leaves every row there, and new ones get numbers of their own."""
    world = World(tmp_path)
    world.submit(CONTRACTOR, "jefe.ogi@upme.gov.co")
    world.run()
    from_url = f"sqlite:///{tmp_path / 'gestion.db'}"
    places = {
        "sqlite:////var/lib/gestion/gestion.db": from_url,
        "postgresql+psycopg://gestion@servidor/gestion": postgres_url,
    }
    run_python(replaced(pasted("docs/administrador.md", "prepare_schema"), places), tmp_path)
    with (
        closing(Journal.open(places["sqlite:////var/lib/gestion/gestion.db"])) as old,
        closing(Journal.open(postgres_url)) as new,
    ):
        for table in metadata.sorted_tables:
            with old.transaction() as before, new.transaction() as after:
                assert sorted(map(str, before.execute(select(table)))) == sorted(map(str, after.execute(select(table))))
        (case,) = [shown.request.case for shown in Views(new).cases()]
        assert new.ask(case, DeskAsked("Reintentar", "prueba"), world.clock(), on_board=False)


def test_changelog_version() -> None:
    """The newest entry of the changelog is the program's version."""
    (version,) = re.findall(r'^version = "(.+)"$', text_of("pyproject.toml"), re.MULTILINE)
    assert re.findall(r"^## \[(.+?)\]", text_of("CHANGELOG.md"), re.MULTILINE)[0] == version


def test_decisions_are_numbered() -> None:
    """Decision records are numbered without gaps, titled by their number, and have the four parts."""
    records = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    for number, record in enumerate(records, start=1):
        text = record.read_text(encoding="utf-8")
        assert record.name.startswith(f"{number:04}-")
        assert text.startswith(f"# {number:04}: ")
        assert re.findall(r"^## (.+)$", text, re.MULTILINE) == ["Context", "Decision", "Alternatives", "Consequences"]
