"""What puts an installation into service: units, image, alerts, dashboard. They name only what exists, and hold no secret."""

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from intake.commands.app import command_names, make_app
from tests.command_line import gestion_of
from tests.world import CONTRACTOR, World

ROOT = Path(__file__).parents[2]
UNITS = ("gestion.service", "gestion-watch.service")


def unit(name: str) -> list[tuple[str, str]]:
    """The settings of a unit, in order."""
    lines = (ROOT / "docs" / "systemd" / name).read_text(encoding="utf-8").splitlines()
    return [(line.partition("=")[0], line.partition("=")[2]) for line in lines if "=" in line and not line.startswith("#")]


@pytest.mark.parametrize("name", UNITS)
def test_units(name: str) -> None:
    """Both services run as their own user, write one folder, keep no capability, and call a command that exists."""
    found = dict(unit(name))
    words = shlex.split(found["ExecStart"])
    assert words[0].endswith("/bin/gestion")
    assert words[1] in command_names(make_app())
    assert (found["User"], found["ProtectSystem"], found["StateDirectory"], found["UMask"]) == (
        "gestion",
        "strict",
        "gestion",
        "0077",
    )
    assert found["CapabilityBoundingSet"] == ""
    assert found["NoNewPrivileges"] == "yes"


def test_the_loop_is_a_service_that_tells_how_it_is() -> None:
    """The watching unit waits for READY, is watched, comes again after a failure, and excludes the timer."""
    found = dict(unit("gestion-watch.service"))
    assert (found["Type"], found["Restart"], found["Conflicts"]) == ("notify", "on-failure", "gestion.timer")
    assert "--watch" in found["ExecStart"]
    assert found["WatchdogSec"]
    hardening = {key for key, _ in unit("gestion.service") if key.startswith(("Protect", "Restrict", "Private", "SystemCall"))}
    assert hardening <= {key for key, _ in unit("gestion-watch.service")}


def instructions() -> list[tuple[str, str]]:
    """The instructions of the Dockerfile, in order."""
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    joined = "\n".join(line for line in text.splitlines() if not line.startswith("#")).replace("\\\n", " ")
    return [(line.split(maxsplit=1)[0], line.split(maxsplit=1)[1]) for line in joined.splitlines() if line.strip()]


def test_image() -> None:
    """A named base, a user of its own, a health check, hashes of what is installed, no secret and no address."""
    found = instructions()
    names = [name for name, _ in found]
    assert {value.split()[0] for name, value in found if name == "FROM"} == {"python:3.12-slim"}
    last = names[len(names) - 1 - names[::-1].index("FROM") :]
    assert last.index("USER") < last.index("ENTRYPOINT")
    assert dict(found)["USER"] == "gestion"
    check = dict(found)["HEALTHCHECK"].partition("CMD ")[2]
    compile(json.loads(check)[2], "healthcheck", "exec")
    entry, command = json.loads(dict(found)["ENTRYPOINT"]), json.loads(dict(found)["CMD"])
    assert (entry, command[0] in command_names(make_app())) == (["gestion"], True)
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert "--require-hashes" in text
    assert "compileall" in text
    assert not re.search(r"https?://|(?i:password|token|secret)\s*=|index-url", text)
    copied = [word for name, value in found if name == "COPY" and "--from" not in value for word in value.split()[:-1]]
    assert all((ROOT / word).exists() for word in copied)
    allowed = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    assert "*" in allowed
    assert all(f"!{word}" in allowed for word in copied)


@pytest.fixture(scope="module")
def metrics(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """The name of every metric that a run writes."""
    world = World(tmp_path_factory.mktemp("métricas"))
    world.sections = {"watching": {"metrics_file": "gestion.prom"}}
    world.submit(CONTRACTOR, "jefe.ogi@upme.gov.co")
    gestion_of(world, "run")
    return set(re.findall(r"^# TYPE (\S+) ", world.path("gestion.prom").read_text(encoding="utf-8"), re.MULTILINE))


def names_in(text: str) -> set[str]:
    """Metrics that an expression or a page names."""
    return set(re.findall(r"\bgestion_[a-z_]+", text))


def test_alerts(metrics: set[str]) -> None:
    """Every rule has a name of its own, an expression on metrics that exist, a severity, and says what to do in Spanish."""
    document = yaml.safe_load((ROOT / "docs/monitoring/gestion.rules.yml").read_text(encoding="utf-8"))
    rules = [rule for group in document["groups"] for rule in group["rules"]]
    assert len({rule["alert"] for rule in rules}) == len(rules)
    for rule in rules:
        assert names_in(rule["expr"])
        assert names_in(rule["expr"]) <= metrics, rule["alert"]
        assert rule["expr"].count("(") == rule["expr"].count(")")
        assert rule["labels"]["severity"] in {"critical", "warning"}
        assert rule["annotations"]["summary"]
        assert rule["annotations"]["description"]


def expressions(panels: list[dict[str, object]]) -> Iterator[str]:
    """Every query of a dashboard."""
    for panel in panels:
        targets = panel["targets"]
        assert isinstance(targets, list)
        yield from (target["expr"] for target in targets)


def test_dashboard(metrics: set[str]) -> None:
    """Every panel asks for metrics that exist, and every metric is on some panel; no panel lies over another."""
    document = json.loads((ROOT / "docs/monitoring/gestion-dashboard.json").read_text(encoding="utf-8"))
    panels = document["panels"]
    asked = {name for text in expressions(panels) for name in names_in(text)}
    assert asked <= metrics
    assert metrics - asked == {"gestion_run_timestamp_seconds"}
    cells = [
        (place["x"] + across, place["y"] + down)
        for place in (panel["gridPos"] for panel in panels)
        for across in range(place["w"])
        for down in range(place["h"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24


def test_every_metric_is_explained(metrics: set[str]) -> None:
    """The page of the installation explains each metric, and none that is not there."""
    page = (ROOT / "docs/instalacion.md").read_text(encoding="utf-8")
    assert names_in(page) == metrics
