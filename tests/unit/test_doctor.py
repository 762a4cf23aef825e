"""`gestion doctor`: each thing that can be wrong is found, said with what to do, and stops no other check."""

import shutil
import sqlite3
import stat
from collections.abc import Mapping
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from config.clock import SimulatedClock
from config.log import configure
from config.settings import Log
from intake.doctor import examine
from intake.doctor_findings import Check, Health
from tests.command_line import everything_in, gestion_of
from tests.world import CONTRACTOR, MATRIX, World

NAMES = [
    "Almacén", "Reloj", "Bitácora", "Vigilancia", "Formulario", "Matriz", "Tablero", "Directorio", "Nube", "Backup", "Correo",
    "Plantillas", "Rebotes", "Mesa de servicio",
]  # fmt: skip


@pytest.fixture
def world(tmp_path: Path) -> World:
    """An installation that has run once."""
    world = World(tmp_path)
    world.submit(CONTRACTOR, "jefe.ogi@upme.gov.co")
    world.run()
    return world


def examined(world: World) -> Mapping[str, list[Check]]:
    """Every check, by name."""
    found: dict[str, list[Check]] = {}
    for check in examine(world.settings(), world.policy, world.clock, configure(Log(level="error"))):
        found.setdefault(check.name, []).append(check)
    return found


def worst(checks: list[Check]) -> Health:
    """The worst of some checks."""
    return max((check.health for check in checks), key=list(Health).index)


def text(checks: list[Check]) -> str:
    """All that some checks say."""
    return " ".join(f"{check.message} {check.remedy}" for check in checks)


def test_all_is_well(world: World) -> None:
    """An embedded installation has nothing in red; what is a demonstration or proves nothing is in yellow."""
    found = examined(world)
    assert list(found) == NAMES
    assert {name: worst(checks) for name, checks in found.items() if worst(checks) is not Health.GOOD} == dict.fromkeys(
        ("Vigilancia", "Formulario", "Directorio", "Nube", "Correo", "Rebotes"), Health.DOUBTFUL
    )
    assert "un csv no prueba la identidad" in text(found["Formulario"]).lower()
    assert "mesa@upme.gov.co" in text(found["Formulario"])
    assert "4 filas válidas, 4 vigentes hoy" in text(found["Matriz"])
    assert "nube de demostración" in text(found["Nube"])
    assert "Licencia STANDARDPACK: 5 cupos libres." in text(found["Nube"])


def test_reads_only(world: World) -> None:
    """No file changes, none comes into being, before the first run or after it."""
    before = everything_in(world.folder)
    examined(world)
    assert everything_in(world.folder) == before
    world.path("gestion.db").unlink()
    before = everything_in(world.folder)
    found = examined(world)
    assert everything_in(world.folder) == before
    assert worst(found["Almacén"]) is Health.DOUBTFUL
    assert "Aún no existe" in text(found["Almacén"])


def test_one_bad_check_stops_no_other(world: World) -> None:
    """With everything broken every check still answers, each with what is wrong with it, and the code is 2."""
    world.path("gestion.db").write_bytes(b"no es una base" * 500)
    for name in ("respuestas.csv", "matriz.csv", "directorio.db"):
        world.path(name).unlink()
    for name in ("seguimiento.xlsx", "nube.db", "mesa.db"):
        world.path(name).write_bytes(b"basura" * 500)
    shutil.rmtree(world.path("correo"), ignore_errors=True)
    world.path("correo").write_text("no es una carpeta", encoding="utf-8")
    found = examined(world)
    assert list(found) == NAMES
    bad = {name for name, checks in found.items() if worst(checks) is Health.BAD}
    assert bad == {"Almacén", "Formulario", "Matriz", "Tablero", "Directorio", "Nube", "Correo", "Mesa de servicio"}
    assert all(check.message for checks in found.values() for check in checks)
    said = gestion_of(world, "doctor")
    assert said.code == 2
    assert "En rojo: " in said.out
    assert "Traceback" not in said.out + said.err


def test_a_defect_in_a_check_is_a_finding(world: World) -> None:
    """Even an error of the program itself stops only its own check."""

    def broken() -> datetime:
        raise ZeroDivisionError

    found: dict[str, list[Check]] = {}
    for check in examine(world.settings(), world.policy, broken, configure(Log(level="error"))):
        found.setdefault(check.name, []).append(check)
    assert list(found) == NAMES
    assert "Error interno al comprobarlo (ZeroDivisionError)" in text(found["Reloj"])
    assert worst(found["Directorio"]) is not Health.BAD


def test_the_journal_s_file(world: World) -> None:
    """Readable by others, damaged, or of an older version: each is said."""
    database = world.path("gestion.db")
    database.chmod(0o644)
    assert f"chmod 600 {database}" in text(examined(world)["Almacén"])
    database.chmod(0o600)
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '0000'")
        connection.commit()
    older = examined(world)["Almacén"]
    assert worst(older) is not Health.GOOD
    with closing(sqlite3.connect(database)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    newer = examined(world)["Almacén"]
    assert (worst(newer), "más nueva" in text(newer)) == (Health.BAD, True)


def test_the_clock(world: World) -> None:
    """A clock behind what the journal already knows, or never set, is red."""
    world.clock = SimulatedClock(world.clock() - timedelta(days=1))
    assert worst(examined(world)["Reloj"]) is Health.BAD
    world.clock = SimulatedClock(datetime(1970, 1, 1, tzinfo=UTC))
    assert "NTP" in text(examined(world)["Reloj"])


def test_the_log_s_file(world: World) -> None:
    """A log in a folder that does not exist is red, and is not made."""
    world.sections = {"log": {"file": "no/hay/gestion.log"}}
    assert worst(examined(world)["Bitácora"]) is Health.BAD
    world.sections = {"log": {"file": "bitácora.log"}}
    assert worst(examined(world)["Bitácora"]) is Health.GOOD
    assert not world.path("bitácora.log").exists()


def test_the_matrix(world: World) -> None:
    """An invalid matrix is said row by row; one in which nobody is in force today is yellow."""
    world.path("matriz.csv").write_text(MATRIX.replace("Supervisor", "Rey"), encoding="utf-8")
    assert "Fila 4, columna «rol»" in text(examined(world)["Matriz"])
    old = MATRIX.replace(",,,,,,\n", ",,,,,31/12/2025,\n").replace(",,,,,,sí\n", ",,,,,31/12/2025,sí\n")
    world.path("matriz.csv").write_text(old, encoding="utf-8")
    found = examined(world)["Matriz"]
    assert (worst(found), "4 filas válidas, 0 vigentes hoy" in text(found)) == (Health.DOUBTFUL, True)


def test_no_seats(world: World) -> None:
    """A licence without free seats is yellow: requests would wait."""
    world.seats = {**world.seats, "STANDARDPACK": 0}
    assert "Licencia STANDARDPACK: 0 cupos libres." in text(examined(world)["Nube"])
    assert worst(examined(world)["Nube"]) is Health.DOUBTFUL


def test_a_template_that_is_broken(world: World) -> None:
    """A template of the institution's own that does not compile is named."""
    folder = world.path("plantillas") / "report"
    folder.mkdir(parents=True)
    (folder / "body.txt").write_text("{% if %}", encoding="utf-8")
    world.sections = {"mail": {"kind": "maildir", "path": "correo", "templates_dir": "plantillas"}}
    found = examined(world)["Plantillas"]
    assert (worst(found), "report/body.txt" in text(found)) == (Health.BAD, True)


def test_a_template_that_cannot_be_filled(world: World) -> None:
    """A template that compiles, and asks for a value that no mail carries, is found with sample values."""
    folder = world.path("plantillas") / "refusal"
    folder.mkdir(parents=True)
    (folder / "body.txt").write_text("{{ motivo_que_no_existe }}", encoding="utf-8")
    world.sections = {"mail": {"kind": "maildir", "path": "correo", "templates_dir": "plantillas"}}
    found = examined(world)["Plantillas"]
    assert (worst(found), "refusal/body.txt" in text(found)) == (Health.BAD, True)


def test_the_backups_folder(world: World) -> None:
    """Backups that other people of the machine can read are said; so is a folder that cannot be written."""
    folder = world.path("backups")
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    assert f"chmod 700 {folder}" in text(examined(world)["Backup"])
    folder.chmod(0o700)
    assert worst(examined(world)["Backup"]) is Health.GOOD


def test_nobody_watches(world: World) -> None:
    """Without metrics or a sign of life that is said; metrics in a folder that is not there are red, a wrong name yellow."""
    assert "Nadie se enteraría" in text(examined(world)["Vigilancia"])
    for name, health in (("no/hay/gestion.prom", Health.BAD), ("gestion.txt", Health.DOUBTFUL), ("gestion.prom", Health.GOOD)):
        world.sections = {"watching": {"metrics_file": name}}
        assert worst(examined(world)["Vigilancia"]) is health
    world.sections = {"watching": {"heartbeat_url": "https://vigilante.invalid/ping"}}
    assert worst(examined(world)["Vigilancia"]) is Health.GOOD


def test_the_matrix_without_an_approver(world: World) -> None:
    """A policy that wants a second person, and a matrix that knows none, are said."""
    world.path("matriz.csv").write_text(MATRIX.replace(",sí\n", ",\n"), encoding="utf-8")
    assert "Nadie puede aprobar hoy" in text(examined(world)["Matriz"])


def test_what_is_looked_at_is_told(world: World) -> None:
    """Whoever watches is told of each check as it begins."""
    began: list[str] = []
    list(examine(world.settings(), world.policy, world.clock, configure(Log(level="error")), began=began.append))
    assert set(NAMES) <= set(began)


def test_settings_that_cannot_be_read(world: World) -> None:
    """Wrong settings, or a policy that contradicts them, are findings like any other: said, 2, in a document too."""
    world.sections = {"form": {"kind": "csv", "path": "respuestas.csv"}}
    path = world.path("gestion.toml")
    path.write_text('institution = "upme"\n', encoding="utf-8")
    from tests.command_line import gestion

    said = gestion("doctor", "--config", str(path))
    assert said.code == 2
    assert said.out.startswith("✘ Configuración: ")
    document = gestion("doctor", "--json", "--config", str(path)).document
    checks = document["checks"]
    assert isinstance(checks, list)
    assert [(check["name"], check["health"]) for check in checks] == [("Configuración", "bad")]


def test_seats_that_the_settings_forget(world: World) -> None:
    """A policy that contradicts the settings is the policy's check."""
    world.settings()
    path = world.path("gestion.toml")
    path.write_text(path.read_text(encoding="utf-8").replace('"SPE_F1"', '"OTRA"').replace("SPE_F1", "OTRA"), encoding="utf-8")
    from tests.command_line import gestion

    said = gestion("doctor", "--config", str(path))
    assert said.code == 2
    assert "✔ Configuración" in said.out
    assert "✘ Política: " in said.out
    assert "SPE_F1" in said.out


def test_as_a_document(world: World) -> None:
    """One document with every check; 0 when nothing is red."""
    said = gestion_of(world, "doctor", "--json")
    assert said.code == 0
    assert said.document["exit_code"] == 0
    checks = said.document["checks"]
    assert isinstance(checks, list)
    assert [check["name"] for check in checks][:3] == ["Configuración", "Política", "Almacén"]
    assert set(checks[0]) == {"name", "health", "message", "remedy"}


def test_the_program_keeps_its_journal_private(world: World) -> None:
    """The journal that a run makes can be read by its owner alone."""
    assert stat.S_IMODE(world.path("gestion.db").stat().st_mode) == 0o600
