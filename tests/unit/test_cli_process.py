"""The command line as a process of its own: pipes, signals, odd terminals, and what an idle run does not load."""

import os
import re
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from config.clock import SimulatedClock
from tests.world import EMPLOYEE, World

ROOT = Path(__file__).parents[2]
HR = "talento.humano@upme.gov.co"
PATIENCE_SECONDS = 60


def command(world: World, *arguments: str) -> list[str]:
    """What a shell would start."""
    return [sys.executable, "-m", "intake.cli", *arguments, "--config", str(world.path("gestion.toml"))]


def environment(**changes: str) -> dict[str, str]:
    """A plain environment, in a locale that is not Spanish."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return {**kept, "LANG": "C", "PYTHONPATH": str(ROOT), **changes}


def ended(arguments: list[str], **changes: str) -> "subprocess.CompletedProcess[str]":
    """Run it to its end."""
    return subprocess.run(
        arguments, capture_output=True, encoding="utf-8", env=environment(**changes), timeout=PATIENCE_SECONDS, check=False
    )


@pytest.fixture
def world(tmp_path: Path) -> World:
    """An installation whose responses came an hour ago, by the machine's clock."""
    world = World(tmp_path, clock=SimulatedClock(datetime.now(UTC) - timedelta(hours=1)))
    world.settings()
    return world


def test_runs_as_a_module(world: World) -> None:
    """`python -m intake.cli` is the same program, in Spanish whatever the locale, in UTF-8."""
    world.submit(EMPLOYEE, HR)
    run = ended(command(world, "run", "--json"))
    assert run.returncode == 0, run.stderr
    shown = ended(command(world, "list"))
    assert "Sofía O'Brien Ñáñez" in shown.stdout
    assert shown.stderr == "1 solicitud.\n"


def test_a_terminal_that_knows_no_accents(world: World) -> None:
    """Letters that the terminal cannot show are spelled out; the command ends well, and JSON stays JSON."""
    world.submit(EMPLOYEE, HR)
    ended(command(world, "run"))
    text = ended(command(world, "list"), PYTHONIOENCODING="ascii")
    assert (text.returncode, "Sof\\xeda" in text.stdout) == (0, True)
    document = ended(command(world, "list", "--json"), PYTHONIOENCODING="ascii")
    assert "\"Sof\\u00eda O'Brien" in document.stdout


@pytest.mark.parametrize("arguments", [["list"], ["show", "1"], ["run"], ["plan"], ["doctor"], ["run", "--verbose"]])
def test_a_reader_that_goes_away(world: World, arguments: list[str]) -> None:
    """`gestion … | head -0` is quiet and ends with the command's own code: its work is not undone by a closed pipe."""
    world.submit(EMPLOYEE, HR)
    ended(command(world, "run"))
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as closed:
        process = subprocess.run(
            command(world, *arguments),
            stdout=closed,
            stderr=closed if "--verbose" in arguments else subprocess.PIPE,
            encoding="utf-8",
            env=environment(),
            timeout=PATIENCE_SECONDS,
            check=False,
        )
    assert process.returncode == 0
    assert "BrokenPipe" not in (process.stderr or "")
    assert "Error" not in (process.stderr or "")


def test_streams_that_are_closed(world: World) -> None:
    """A run without any stream at all still does its work."""
    world.submit(EMPLOYEE, HR)
    line = " ".join(f"'{part}'" for part in command(world, "run"))
    process = subprocess.run(["/bin/sh", "-c", f"{line} >&- 2>&-"], env=environment(), timeout=PATIENCE_SECONDS, check=False)
    assert process.returncode == 0
    assert len(world.cases()) == 1


def test_stops_between_two_requests(world: World) -> None:
    """SIGTERM lets the request in hand be finished; the next run does the rest, and nothing is done twice."""
    for number in range(40):
        world.submit(EMPLOYEE, HR, document_number=str(52_000_000 + number), personal_email=f"p{number}@gmail.com")
    process = subprocess.Popen(
        command(world, "run", "--verbose"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=environment(),
    )
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("GU-"):
            process.send_signal(signal.SIGTERM)
            break
    out, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 0, err
    assert "Se detuvo porque se lo pidieron" in out
    states = [str(shown.request.state) for shown in world.cases()]
    assert len(states) == 40
    assert "RECEIVED" in states
    assert ended(command(world, "run")).returncode == 0
    assert {str(shown.request.state) for shown in world.cases()} == {"WAITING"}
    assert len(world.desk().tickets()) == 40


def test_a_plan_that_is_ended_leaves_no_copy(world: World, tmp_path: Path) -> None:
    """SIGTERM during a dry run deletes the copy of the journal, and says that nothing was lost."""
    for number in range(40):
        world.submit(EMPLOYEE, HR, document_number=str(52_000_000 + number), personal_email=f"p{number}@gmail.com")
    copies = tmp_path / "copias"
    copies.mkdir()
    process = subprocess.Popen(
        command(world, "plan"),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        encoding="utf-8",
        env=environment(TMPDIR=str(copies)),
    )
    deadline = datetime.now(UTC) + timedelta(seconds=PATIENCE_SECONDS)
    while not any(copies.rglob("*.db")) and datetime.now(UTC) < deadline:
        try:
            process.wait(0.02)
        except subprocess.TimeoutExpired:
            continue
        break
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=PATIENCE_SECONDS)
    assert process.returncode == 143
    assert err == "Interrumpido; nada se perdió: la próxima ejecución continúa.\n"
    assert list(copies.iterdir()) == []


def test_an_idle_run_loads_little(world: World) -> None:
    """A poll that finds nothing new loads neither LDAP, mail, templates, workbooks, migrations nor Google."""
    ended(command(world, "run"))
    watched = (
        "import sys; from intake.cli import main; "
        f"code = main(['run', '--config', {str(world.path('gestion.toml'))!r}]); "
        "print(code, *sorted(name for name in sys.modules if '.' not in name))"
    )
    idle = ended([sys.executable, "-c", watched])
    assert idle.stdout.startswith("Sin novedades. Solicitudes abiertas: 0.\n0 "), idle.stderr
    heavy = {"ldap3", "jinja2", "smtplib", "openpyxl", "xlsxwriter", "alembic", "gspread", "googleapiclient", "css_inline"}
    heavy.add("prometheus_client")
    assert heavy & set(re.split(r"\s+", idle.stdout)) == set()
