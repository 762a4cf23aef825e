"""`gestion run --watch`: run after run on what the settings say now, until a signal; systemd is told, and memory stays flat."""

import gc
import io
import itertools
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from intake.commands.invocation import Invocation
from intake.commands.service import Service
from intake.commands.watching import Pauses, Watch
from intake.output import Output
from tests.command_line import gestion_of
from tests.world import CONTRACTOR, World


class Streams:
    """What the loop wrote."""

    def __init__(self) -> None:
        self.out, self.err = io.StringIO(), io.StringIO()


@pytest.fixture
def world(tmp_path: Path) -> World:
    """An installation on the embedded adapters."""
    return World(tmp_path)


def watch_of(world: World, streams: Streams, service: Service | None = None) -> Watch:
    """The loop on this installation, without its pauses."""
    world.settings()
    invocation = Invocation(Output(streams.out, streams.err), world.clock)
    return Watch(invocation, str(world.path("gestion.toml")), service=service or Service({}), sleep=lambda seconds: None)


def after(questions: int) -> Callable[[], bool]:
    """Told to stop once that was asked so many times."""
    asked = itertools.count()
    return lambda: next(asked) >= questions


def test_settings_are_read_anew_and_errors_are_said(world: World) -> None:
    """A request that arrives is attended by the next poll; broken settings stop the work, said, until they are mended."""
    streams = Streams()
    watch = watch_of(world, streams)
    assert watch.poll(lambda: False) == 0
    assert streams.out.getvalue() == ""  # a poll that brings nothing says nothing
    world.submit(CONTRACTOR, "jefe.ogi@upme.gov.co")
    assert watch.poll(lambda: False) == 0
    assert "Recibidas" in streams.out.getvalue()
    path = world.path("gestion.toml")
    good = path.read_text(encoding="utf-8")
    assert len(world.cases()) == 1
    path.write_text(good.replace('kind = "maildir"', 'kind = "paloma"'), encoding="utf-8")
    world.submit(CONTRACTOR, "jefe.ogi@upme.gov.co", document_number="77")
    assert watch.poll(lambda: False) == 2
    assert "mail" in streams.err.getvalue()
    path.write_text(good, encoding="utf-8")
    assert len(world.cases()) == 1  # the former settings were not silently used
    assert watch.poll(lambda: False) == 0
    assert len(world.cases()) == 2


def test_backs_off_while_runs_cannot_run() -> None:
    """The pause doubles with each run that could not run, up to an hour, and is the usual one again after one that could."""
    pauses = Pauses(usual_seconds=300)
    waits = []
    for failed in range(6):
        pauses.failed = failed
        waits.append(pauses.next_seconds())
    assert waits == [300, 600, 1200, 2400, 3600, 3600]
    assert Pauses(usual_seconds=7200, failed=3).next_seconds() == 7200


def test_ends_when_told(world: World) -> None:
    """Asked to stop, the loop ends after the poll in hand and in the middle of a pause."""
    watch = watch_of(world, Streams())
    slept: list[float] = []
    watch.sleep = slept.append
    assert watch.until(after(3)) == 0
    assert len(slept) == 1


def test_first_settings_must_be_right(world: World) -> None:
    """A loop that never could run says so at once with 2; `--json` and `--watch` exclude each other."""
    said = gestion_of(world, "run", "--watch", "--json")
    assert (said.code, "--watch" in said.out) == (2, True)
    world.path("gestion.toml").write_text("institution = 'upme'\n", encoding="utf-8")
    from tests.command_line import gestion

    assert gestion("run", "--watch", "--config", str(world.path("gestion.toml"))).code == 2


@pytest.fixture
def systemd(tmp_path: Path) -> Iterator[socket.socket]:
    """The socket on which systemd listens."""
    with closing(socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)) as listening:
        listening.bind(str(tmp_path / "notify"))
        listening.settimeout(0)
        yield listening


def told(listening: socket.socket) -> list[str]:
    """What systemd was told so far."""
    found = []
    while True:
        try:
            found.append(listening.recv(4096).decode())
        except BlockingIOError:
            return found


def test_systemd_is_told(world: World, systemd: socket.socket, tmp_path: Path) -> None:
    """READY once the settings are right, a status after each run, the watchdog fed, STOPPING at the end."""
    service = Service({"NOTIFY_SOCKET": str(tmp_path / "notify"), "WATCHDOG_USEC": "4000"})
    watch_of(world, Streams(), service=service).until(after(3))
    messages = told(systemd)
    assert messages[0] == "READY=1"
    assert messages[-1] == "STOPPING=1"
    assert "WATCHDOG=1" in messages
    assert "STATUS=Última ejecución: terminó en 0. Solicitudes abiertas: 0." in messages


def test_a_real_process_ends_when_systemd_asks(world: World, systemd: socket.socket, tmp_path: Path) -> None:
    """Started as the unit starts it: it says READY, runs, and after SIGTERM says STOPPING and ends with 0."""
    world.settings()
    environment = {**os.environ, "NOTIFY_SOCKET": str(tmp_path / "notify")}
    systemd.settimeout(60)
    program = "import sys; from intake.cli import main; sys.exit(main())"
    words = [sys.executable, "-c", program, "run", "--watch", "--config", str(world.path("gestion.toml"))]
    with subprocess.Popen(words, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as started:
        assert systemd.recv(4096) == b"READY=1"
        assert systemd.recv(4096).startswith("STATUS=Última ejecución: terminó en 0".encode())
        started.send_signal(signal.SIGTERM)
        assert started.wait(timeout=60) == 0
        assert systemd.recv(4096) == b"STOPPING=1"


def test_nobody_listens() -> None:
    """Without systemd, or with a socket that is gone, telling it is nothing."""
    Service({}).ready()
    Service({"NOTIFY_SOCKET": "/no/hay"}).ready()
    Service({"NOTIFY_SOCKET": "tcp:1"}).status("x")


def test_memory_is_flat(world: World) -> None:
    """Ninety idle polls in one process leave no more memory, objects or open files than thirty did."""
    world.sections = {"log": {"file": "bitacora.log"}, "watching": {"poll_seconds": 0.5}}
    watch = watch_of(world, Streams())
    polls = itertools.count(1)
    measured: list[tuple[int, int, int]] = []

    def measure(seconds: float) -> None:
        del seconds
        if next(polls) in {30, 90}:
            pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
            measured.append((pages, len(gc.get_objects()), sum(1 for _ in Path("/proc/self/fd").iterdir())))

    watch.sleep = measure
    try:
        watch.until(lambda: len(measured) == 2)
    finally:
        gc.unfreeze()
    (pages, objects, files), (later_pages, later_objects, later_files) = measured
    assert later_files <= files
    assert later_objects - objects < 300
    assert (later_pages - pages) * os.sysconf("SC_PAGE_SIZE") < 2_000_000
