"""The backup of a mailbox and of a big file against bare `requests` that download the same bytes, four at once, to files.

The fake Graph, each backup and each floor are processes of their own: none waits for another's interpreter, and the memory
that is measured is the program's alone.
"""

import json
import os
import queue
import resource
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter

import requests

from benchmarks.measuring import Measurement, in_turns
from config.graph.connection import GraphConnection, GraphReach
from config.vocabulary import CaseNumber
from provision.backup.graph import GraphBackup
from provision.backup.port import Manifest
from provision.cloud.port import CloudUserId
from tests.servers.certificates import Authority
from tests.servers.graph.contents import Content
from tests.servers.graph.drives import Drives
from tests.servers.graph.mailboxes import Mailboxes
from tests.servers.graph.people import OnPremises, User
from tests.servers.graph.server import FakeGraph
from tests.servers.graph.tenant import Tenant

_MOST_MEGABYTES = 150
_AT_ONCE = 4
_REPETITIONS = 3
"""Of each, in turns: on a machine that does other things too, one of each says little."""
_USER = CloudUserId("11111111-2222-4333-8444-555555555555")
_PIECE = 256 * 1024


@dataclass(frozen=True, slots=True)
class Mailbox:
    """What the fake holds: so many messages of so many bytes, and a file."""

    messages: int
    octets: int
    file_octets: int = 0


@dataclass(frozen=True, slots=True)
class Took:
    """What one process came to."""

    seconds: float
    megabytes: float
    """The most that it held in memory."""
    items: int


WHOLE, QUICK = Mailbox(10_000, 100_000), Mailbox(2_000, 100_000)
BIG_FILE, QUICK_FILE = Mailbox(0, 0, 2_000_000_000), Mailbox(0, 0, 50_000_000)


def backups(folder: Path, *, quick: bool) -> list[Measurement]:
    """10,000 messages of 1 GB against their bare download; and the memory that they, and a file of 2 GB, take."""
    mailbox, file = (QUICK, QUICK_FILE) if quick else (WHOLE, BIG_FILE)
    with _served(folder / "mail", mailbox) as reach:
        runs: list[Took] = []
        program, floor = in_turns(
            _REPETITIONS,
            lambda: _kept(runs, _process("backup", folder, reach, mailbox)).seconds,
            lambda: _process("floor", folder, reach, mailbox).seconds,
        )
    with _served(folder / "file", file) as reach:
        big = _process("backup", folder, reach, file)
    size = f"{mailbox.messages:,} messages of {mailbox.octets // 1000} kB"
    peak = max(took.megabytes for took in (*runs, big))
    what = f"{size}, and a file of {file.file_octets // 1_000_000:,} MB"
    notes = {"file": f"{big.seconds:.1f} s, {big.megabytes:.0f} MB of memory", "mail": f"{runs[0].megabytes:.0f} MB of memory"}
    return [
        Measurement(f"backup, {size}", program, floor, "bare requests, four at once, the same bytes into files", at_most=1.5),
        Measurement(f"memory of a backup, {what}", [peak], [_MOST_MEGABYTES], "the limit", at_most=1.0, unit="MB", notes=notes),
    ]


def _kept(runs: list[Took], took: Took) -> Took:
    runs.append(took)
    return took


def _process(role: str, folder: Path, reach: Mapping[str, str], mailbox: Mailbox) -> Took:
    to = folder / f"{role}-{os.urandom(4).hex()}"
    given = json.dumps({"reach": dict(reach), "to": str(to), "mailbox": asdict(mailbox)})
    command = [sys.executable, "-m", "benchmarks.backups", role, given]
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE, timeout=3600).stdout
    _empty(to)
    return Took(**json.loads(said.splitlines()[-1]))


def _empty(folder: Path) -> None:
    """Give the disk back, and leave the files: ext4 passes one by one over inodes that were deleted in the last minutes, for
    which whoever comes next would pay, program or floor. Nothing is left to be written while the next one is measured.
    """
    for path in folder.rglob("*"):
        if path.is_file():
            os.truncate(path, 0)
    os.sync()


@contextmanager
def _served(folder: Path, mailbox: Mailbox) -> Iterator[Mapping[str, str]]:
    """The fake Graph in a process of its own; where it is."""
    folder.mkdir(parents=True)
    given = json.dumps({"folder": str(folder), "mailbox": asdict(mailbox)})
    command = [sys.executable, "-m", "benchmarks.backups", "serve", given]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        if server.stdin is None or server.stdout is None:
            raise RuntimeError("the fake Graph has no pipes")
        try:
            reach: dict[str, str] = json.loads(server.stdout.readline())
            yield reach
        finally:
            server.stdin.close()
            server.wait(60)


def serve(folder: Path, mailbox: Mailbox) -> None:
    """Serve until the standard input ends."""
    tenant = Tenant()
    since = datetime.now(UTC) - timedelta(days=30)
    person = OnPremises("11111111-2222-4333-8444-666666666666", "ana", "ana@entidad.gov.co")
    tenant.people.users.append(User(_USER, person, since, "CO", mailbox_since=since))
    tenant.part(Mailboxes).of(_USER).bulk(mailbox.messages, mailbox.octets)
    if mailbox.file_octets:
        tenant.part(Drives).of(_USER).file("Grande.bin", Content(mailbox.file_octets, "grande"))
    with FakeGraph(Authority("Autoridad de las mediciones"), tenant, check=False) as graph:
        reach = graph.reach(folder)
        said = {
            name: str(getattr(reach, name)) for name in ("tenant", "client_id", "authority", "endpoint", "secret", "ca_file")
        }
        print(json.dumps(said), flush=True)
        sys.stdin.read()


def back_up(reach: GraphReach, to: Path) -> int:
    """The program's own backup; how many items."""
    connection = GraphConnection(reach)
    backup = GraphBackup(to, connection, lambda: datetime.now(UTC), minutes_a_turn=600)
    manifest = backup.take(CaseNumber("GU-2026-000001"), _USER, "ana@entidad.gov.co")
    if not isinstance(manifest, Manifest) or manifest.not_converted:
        raise RuntimeError(f"the backup did not come to its end: {manifest}")
    connection.close()
    return manifest.items


def download(reach: GraphReach, to: Path, messages: int) -> int:
    """Bare requests, four threads: each message's bytes into a file."""
    to.mkdir()
    form = {"grant_type": "client_credentials", "client_id": reach.client_id, "client_secret": reach.secret}
    form["scope"] = f"{reach.endpoint}/.default"
    ca_file = str(reach.ca_file)
    token = requests.post(f"{reach.authority}/{reach.tenant}/oauth2/v2.0/token", data=form, verify=ca_file, timeout=30).json()
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    numbers: queue.SimpleQueue[int] = queue.SimpleQueue()
    for number in range(1, messages + 1):
        numbers.put(number)

    def work() -> None:
        with requests.Session() as session:
            session.verify, session.trust_env = ca_file, False
            while not numbers.empty():
                number = numbers.get()
                url = f"{reach.endpoint}/v1.0/users/{_USER}/messages/message-{number}/$value"
                with (
                    session.get(url, headers=headers, stream=True, timeout=30) as reply,
                    (to / f"{number}.eml").open("wb") as file,
                ):
                    reply.raise_for_status()
                    for piece in reply.iter_content(_PIECE):
                        file.write(piece)

    threads = [threading.Thread(target=work) for _ in range(_AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return len(list(to.iterdir()))


def main() -> None:
    """One of the processes."""
    role, given = sys.argv[1], json.loads(sys.argv[2])
    mailbox = Mailbox(**given["mailbox"])
    if role == "serve":
        serve(Path(given["folder"]), mailbox)
        return
    said = given["reach"]
    reach = GraphReach(**{**said, "ca_file": Path(said["ca_file"])})
    to = Path(given["to"])
    begun = perf_counter()
    items = back_up(reach, to) if role == "backup" else download(reach, to, mailbox.messages)
    seconds = perf_counter() - begun
    megabytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps(asdict(Took(seconds, megabytes, items))))


if __name__ == "__main__":
    main()
