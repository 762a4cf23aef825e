"""The command line itself: Spanish throughout, one message for each failure, exit codes, and streams kept apart."""

import ast
import gettext
import json
import re
import sqlite3
from datetime import datetime
from pathlib import Path

import pytest

from config import locale
from config.clock import Clock
from intake.commands.app import command_names, make_app
from tests.command_line import Said, gestion, gestion_of
from tests.world import CONTRACTOR, World

HEAD = "jefe.ogi@upme.gov.co"
ENGLISH = re.compile(
    r"\b(Usage|Options|Commands|Arguments|Error: (?:No such|Missing|Invalid|Got)|Show this|Try '|required\b|default:|env var|"
    r"Traceback|Missing|Invalid|unexpected)"
)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """An installation with one new response."""
    world = World(tmp_path)
    world.submit(CONTRACTOR, HEAD)
    world.settings()
    return world


@pytest.mark.parametrize("arguments", [[], ["--help"], *([name, "--help"] for name in command_names(make_app()))])
def test_help_is_spanish(arguments: list[str]) -> None:
    """Every help page reads in Spanish, headings and hints included, and ends well."""
    said = gestion(*arguments)
    assert said.code == 0
    assert "Uso: gestion" in said.out
    assert "Opciones" in said.out
    assert not ENGLISH.search(said.out)
    assert said.err == ""


def test_every_command_is_there() -> None:
    """The commands of this version, each with an example in its help."""
    names = command_names(make_app())
    expected = [
        "acknowledge",
        "approve",
        "backup",
        "campaign",
        "cancel",
        "demo",
        "doctor",
        "explain",
        "init",
        "list",
        "plan",
        "reject",
        "report",
        "retry",
        "run",
        "show",
    ]
    assert sorted(names) == expected
    assert all("Ejemplo" in gestion(name, "--help").out for name in names)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["rum"], "No existe el comando «rum». ¿Quiso decir «run»?"),
        (["run", "--jsn"], "No existe la opción «--jsn». ¿Quiso decir «--json»?"),
        (["--nada"], "No existe la opción «--nada»."),
        (["show"], "Falta el dato «CASO»."),
        (["show", "1", "2"], "Sobra esto al final: «2»."),
        (["list", "--state"], "La opción «--state» necesita un valor."),
        (["run", "--json=1"], "La opción «--json» no lleva ningún valor."),
        (["cancel", "1"], "Falta la opción «--reason»."),
        (["explain"], "Falta la opción «--requester»."),
    ],
)
def test_a_mistyped_command_line(arguments: list[str], expected: str) -> None:
    """What is wrong, what was probably meant and where the help is; 2, and nothing on the standard output."""
    said = gestion(*arguments)
    assert said.code == 2
    assert said.out == ""
    assert said.err.splitlines()[0] == f"Error: {expected}"
    assert "--help»" in said.err
    assert not ENGLISH.search(said.err)


def test_no_settings_anywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without settings the message says how to begin: the demonstration, or the example file."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GESTION_CONFIG", raising=False)
    said = gestion("run")
    assert said.code == 2
    assert "«gestion demo»" in said.err
    assert "example.toml" in said.err
    assert "--config" in said.err


def test_where_settings_are_found(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """--config, before or after the command, weighs more than GESTION_CONFIG, and that more than ./gestion.toml."""
    file = str(world.path("gestion.toml"))
    missing = str(tmp_path / "no-existe.toml")
    monkeypatch.setenv("GESTION_CONFIG", missing)
    assert gestion("doctor").code == 2
    assert gestion("doctor", "--config", file).code == 0
    assert gestion("-c", file, "doctor").code == 0
    assert gestion("-c", missing, "doctor", "-c", file).code == 0
    monkeypatch.delenv("GESTION_CONFIG")
    monkeypatch.chdir(tmp_path)
    assert gestion("doctor").code == 0


def test_wrong_settings_are_one_message(world: World) -> None:
    """Everything wrong at once, with its key, as text and as a document; never a traceback."""
    path = world.path("otra.toml")
    path.write_text('institution = "upme"\nnada = 1\n', encoding="utf-8")
    said = gestion("run", "--json", "--config", str(path))
    assert said.code == 2
    assert said.err.count("Error:") == 1
    assert "nada" in said.err
    assert said.document["exit_code"] == 2
    assert "Traceback" not in said.err


def test_run(world: World) -> None:
    """A run says what it came to: received, waiting and for what; then that there is nothing new."""
    first = gestion_of(world, "run")
    assert first.code == 0
    assert "Recibidas      1" in first.out
    assert "la sincronización con la nube" in first.out
    second = gestion_of(world, "run")
    assert second.out == "Sin novedades. Solicitudes abiertas: 1.\n"


def test_run_as_a_document(world: World) -> None:
    """One JSON document on the standard output and nothing else; the log stays on the standard error."""
    said = gestion_of(world, "run", "--json")
    assert said.document["exit_code"] == 0
    assert said.document["received"] == {"opened": ["GU-2026-000001"], "continued": [], "alarms": []}
    counts = said.document["counts"]
    assert isinstance(counts, dict)
    assert {state: number for state, number in counts.items() if number} == {"WAITING": 1}
    assert all(json.loads(line)["event"] for line in said.err.splitlines())


def test_run_that_is_watched_line_by_line(world: World) -> None:
    """--verbose tells each advance on the standard error: case, state, what happened; without events in between."""
    said = gestion_of(world, "run", "--verbose")
    assert "GU-2026-000001  En trámite  Reservar el nombre de la cuenta: Nombre reservado: jose.munoz." in said.err
    assert '"event"' not in said.err
    assert "Reservar el nombre" not in said.out


def test_run_with_a_request_that_needs_a_person(world: World) -> None:
    """1, and the request with its reason, when something refused it; the next run, with nothing new, is 0 again."""
    with sqlite3.connect(world.path("directorio.db")) as directory:
        directory.execute("DELETE FROM container WHERE dn LIKE 'OU=Contratistas%'")
    directory.close()
    said = gestion_of(world, "run")
    assert said.code == 1
    assert "Requieren atención" in said.out
    assert "OU=Contratistas" in said.out
    assert gestion_of(world, "run").code == 0


def test_run_with_a_target_that_is_down(world: World) -> None:
    """2, and one message that names the target and what to do, when something could not be used; also in the document."""
    world.path("directorio.db").unlink()
    said = gestion_of(world, "run", "--json")
    assert said.code == 2
    problems = said.document["problems"]
    assert isinstance(problems, list)
    assert [problem["target"] for problem in problems] == ["directory"]
    assert said.err.count("Error:") == 1


def test_another_run_is_under_way(world: World) -> None:
    """2, with the reason, when another run holds the lock."""
    installation = world.installation()
    with installation.run_lock():
        said = gestion_of(world, "run")
    installation.close()
    assert said.code == 2
    assert "Error: Otra ejecución está en curso" in said.err


def run_with(world: World, clock: Clock) -> Said:
    """A run on this installation with a clock of the test's own."""
    world.settings()
    return gestion("--config", str(world.path("gestion.toml")), "run", "--json", clock=clock)


def test_a_defect_is_one_sentence(world: World) -> None:
    """An unexpected exception: a short message with its name, the traceback in the log alone, 2."""

    def broken() -> datetime:
        raise ZeroDivisionError("un dato personal")

    world.sections = {"log": {"file": "gestion.log"}}
    said = run_with(world, broken)
    assert said.code == 2
    assert "Error interno del programa (ZeroDivisionError); nada se perdió." in said.err
    assert "Traceback" not in said.err + said.out
    assert "Traceback" in world.path("gestion.log").read_text(encoding="utf-8")
    assert said.document["exit_code"] == 2


def test_interrupted(world: World) -> None:
    """Ctrl-C says that nothing was lost; 130."""

    def interrupted() -> datetime:
        raise KeyboardInterrupt

    said = run_with(world, interrupted)
    assert said.code == 130
    assert said.err.endswith("Interrumpido; nada se perdió: la próxima ejecución continúa.\n")


def test_settings_of_the_log_are_kept(world: World) -> None:
    """With a log file the events go there, and nothing of them to the terminal."""
    world.sections = {"log": {"file": "gestion.log"}}
    said = gestion_of(world, "run")
    assert said.err == ""
    assert "request.advanced" in world.path("gestion.log").read_text(encoding="utf-8")


def test_catalogue_is_compiled() -> None:
    """The compiled catalogue is that of the source, and gettext reads it."""
    assert locale.COMPILED.read_bytes() == locale.compile_catalogue(
        locale.read_catalogue(locale.SOURCE.read_text(encoding="utf-8"))
    )
    spanish = gettext.translation(locale.DOMAIN, str(locale.FOLDER), ["es"])
    assert spanish.gettext("Commands") == "Comandos"
    assert spanish.gettext("[default: {}]") == "[por omisión: {}]"


def test_catalogue_has_all_of_typer_s_words() -> None:
    """Whatever the installed Typer can translate has a translation."""
    import typer

    known = locale.read_catalogue(locale.SOURCE.read_text(encoding="utf-8"))
    asked: set[str] = set()
    for path in Path(typer.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "_":
                asked |= {each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)}
    assert asked <= known.keys()


@pytest.mark.parametrize("text", ["msgid 3", 'nada "x"', '"suelto"', 'msgid "a" +'])
def test_catalogue_that_is_not_understood(text: str) -> None:
    """A line that is no message is refused with its number."""
    with pytest.raises(ValueError, match="line 1"):
        locale.read_catalogue(text)
