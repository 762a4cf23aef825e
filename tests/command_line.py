"""The real command line on a `World`, at the time of its clock: what a person types, and what comes back."""

import contextlib
import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from config.clock import Clock, system_clock
from intake.cli import main
from tests.world import World


@dataclass(frozen=True, slots=True)
class Said:
    """How a command ended and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, object]:
        """The one JSON document on the standard output."""
        document: object = json.loads(self.out)
        assert isinstance(document, dict)
        return document


def gestion(*arguments: str, clock: Clock = system_clock) -> Said:
    """Run a command in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main(arguments, clock=clock)
    return Said(code, out.getvalue(), err.getvalue())


def gestion_of(world: World, *arguments: str) -> Said:
    """Run a command on this installation, at the time of its clock."""
    world.settings()
    return gestion("--config", str(world.path("gestion.toml")), *arguments, clock=world.clock)


def everything_in(folder: Path) -> Mapping[str, tuple[int, int, bytes]]:
    """Every file under a folder: its mode, its time of change and its bytes. Without the settings, which tests write anew."""
    found = {}
    for path in sorted(folder.rglob("*")):
        status = path.stat()
        content = path.read_bytes() if path.is_file() else b""
        found[str(path.relative_to(folder))] = (status.st_mode, status.st_mtime_ns, content)
    return {name: kept for name, kept in found.items() if name not in {"gestion.toml"}}
