"""What a poll costs: against a process that only imports the same libraries, and with many responses against few."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.measuring import Measurement, in_turns, timed
from benchmarks.remote_office import RemoteOffice, remote_office
from tests.e2e.office import ROOT

_IMPORTED = """\
import json, sys
from intake.cli import main
code = main(sys.argv[1:])
own = ("intake", "config", "provision", "notify", "__main__")
print(json.dumps([name for name in sys.modules if name.partition(".")[0] not in own]))
sys.exit(code)
"""
"""An idle poll that ends by naming every module it imported that is not the program's own, in the order it was imported."""

_FLOOR = """\
import importlib, sys
for name in open(sys.argv[1], encoding="utf-8").read().split():
    importlib.import_module(name)
"""

IDLE_CALLS = ["token", "forms.forms.get", "forms.forms.responses.list"]


READ_BOARD = "sheets.spreadsheets.values.batchGet"


def idle_poll(folder: Path, repetitions: int) -> Measurement:
    """A poll with nothing new and no case open."""
    with _closed(folder) as office:
        return _idle(office, repetitions, "idle poll, no case open", IDLE_CALLS)


def idle_poll_with_a_case(folder: Path, repetitions: int) -> Measurement:
    """A poll with nothing new while a case is followed up: the desk may have chosen something on the board."""
    with _followed_up(folder) as office:
        return _idle(office, repetitions, "idle poll, a case open", [*IDLE_CALLS, READ_BOARD])


def _idle(office: RemoteOffice, repetitions: int, name: str, expected: list[str]) -> Measurement:
    """The process of a poll against a process that imports exactly the libraries which that poll imports."""
    libraries = _libraries_of(office)
    run(office)
    office.take_calls()
    ours, floor = in_turns(repetitions, lambda: timed(lambda: run(office)), lambda: timed(lambda: _import(libraries)))
    calls = office.take_calls()
    if calls != expected * repetitions:
        raise RuntimeError(f"{name}: other calls were made: {calls[: len(expected) + 2]}")
    count = len(libraries.read_text(encoding="utf-8").split())
    floor_is = f"a process that imports the same {count} library modules, and does nothing"
    return Measurement(name, ours, floor, floor_is, at_most=1.3, notes={"HTTP calls of the poll": len(expected)})


def many_responses(folder: Path) -> Measurement:
    """The HTTP calls of a poll with a hundred new responses against those of a poll with one."""
    with _followed_up(folder) as office:
        office.submit(1, 1)
        run(office)
        one = office.take_calls()
        office.submit(2, 100)
        run(office)
        hundred = office.take_calls()
    notes = {"calls with 1 response": ", ".join(one), "calls with 100": "the same" if one == hundred else ", ".join(hundred)}
    floor_is = "the calls of a poll with 1 new response"
    return Measurement("100 new responses", [len(hundred)], [len(one)], floor_is, at_most=1.0, unit="HTTP calls", notes=notes)


def old_responses(folder: Path, repetitions: int, count: int = 100_000) -> Measurement:
    """An idle poll of a form with a hundred thousand old responses against one of a form with none."""
    with _closed(folder / "few") as without, _closed(folder / "many") as crowded:
        crowded.put_old_responses(count)
        for office in (without, crowded):
            run(office)
            office.take_calls()
        ours, floor = in_turns(repetitions, lambda: timed(lambda: run(crowded)), lambda: timed(lambda: run(without)))
        if crowded.take_calls() != without.take_calls():
            raise RuntimeError("old responses change the calls of a poll")
    floor_is = "the same poll of a form with no old responses"
    return Measurement(f"idle poll, {count:,} old responses", ours, floor, floor_is, at_most=1.1)


def run(office: RemoteOffice) -> None:
    """One scheduled run of the command."""
    _process([sys.executable, "-m", "intake.cli", "run", "--config", str(office.settings_file)], office.folder)


@contextmanager
def _closed(folder: Path) -> Iterator[RemoteOffice]:
    """An installation that has refused something and has no case open."""
    folder.mkdir(parents=True)
    with remote_office(folder) as office:
        office.submit_refused()
        run(office)
        run(office)
        office.take_calls()
        yield office


@contextmanager
def _followed_up(folder: Path) -> Iterator[RemoteOffice]:
    """An installation that has made one account, which nobody has used yet."""
    folder.mkdir(parents=True)
    with remote_office(folder) as office:
        office.submit(0, 1)
        run(office)
        run(office)
        office.take_calls()
        yield office


def _libraries_of(office: RemoteOffice) -> Path:
    said = _process([sys.executable, "-c", _IMPORTED, "run", "--config", str(office.settings_file)], office.folder)
    names: list[str] = json.loads(said.splitlines()[-1])
    # What is no file of its own (made by an import hook, or by a module for its parts) is made again by importing the rest.
    found = office.folder / "libraries.txt"
    candidates = [name for name in names if "." not in name or not name.startswith("_")]
    tried = _process([sys.executable, "-c", _IMPORTABLE, *candidates], office.folder)
    found.write_text("\n".join(tried.split()), encoding="utf-8")
    return found


_IMPORTABLE = """\
import importlib, sys
for name in sys.argv[1:]:
    try:
        importlib.import_module(name)
    except ImportError:
        continue
    print(name)
"""


def _import(libraries: Path) -> None:
    _process([sys.executable, "-c", _FLOOR, str(libraries)], libraries.parent)


def _process(command: Sequence[str], folder: Path) -> str:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), "HOME": str(folder), "LC_ALL": "C.UTF-8"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode:
        raise RuntimeError(f"{command} ended with {done.returncode}: {done.stderr[-2000:]}")
    return done.stdout
