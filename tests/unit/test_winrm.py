"""Asking the server with Entra Connect for a cycle: the real pypsrp, over HTTPS, on a server that speaks its protocol."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config.errors import Misconfigured, Rejected, Target, Transient, Unreachable
from provision.cloud.winrm import EntraConnect, WinRmReach
from tests.servers.certificates import Authority
from tests.servers.connect_server import BUSY, PASSWORD, USER, ConnectServerFake, Ran


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ConnectServerFake]:
    """A server with Entra Connect, whose authority is in the test's folder."""
    authority = Authority("Autoridad de WinRM")
    (tmp_path / "ca.pem").write_bytes(authority.certificate)
    with ConnectServerFake(authority) as running:
        yield running
    assert running.failures == []
    assert running.open_shells == {}, "a session was left open"


def _reach(server: ConnectServerFake, folder: Path, **changes: Any) -> WinRmReach:
    values: dict[str, Any] = {
        "host": "localhost",
        "port": server.port,
        "user": USER,
        "password": PASSWORD,
        "auth": "basic",
        "ca_file": folder / "ca.pem",
        "timeout_seconds": 5,
        **changes,
    }
    return WinRmReach(**values)


def _asking(server: ConnectServerFake, folder: Path, waits: list[float] | None = None, **changes: Any) -> EntraConnect:
    return EntraConnect(_reach(server, folder, **changes), sleep=(waits if waits is not None else []).append)


def test_a_cycle_is_started_by_one_cmdlet(server: ConnectServerFake, tmp_path: Path) -> None:
    """No script: a session configuration that offers this cmdlet alone is enough."""
    started: list[str] = []
    server.on_cycle = lambda: started.append("delta")
    _asking(server, tmp_path).start_cycle()
    assert started == ["delta"]
    assert server.ran == [Ran("Start-ADSyncSyncCycle", "Microsoft.PowerShell", (("PolicyType", "Delta"),))]
    server.sessions = ("GestionSync",)
    _asking(server, tmp_path, session="GestionSync").start_cycle()
    assert server.ran[-1].session == "GestionSync"


def test_busy_is_tried_a_little_and_is_no_error(server: ConnectServerFake, tmp_path: Path) -> None:
    """The cycle that runs brings the change, or the next one does."""
    waits: list[float] = []
    server.answers = [BUSY]
    _asking(server, tmp_path, waits).start_cycle()
    assert (len(server.ran), waits) == (2, [5.0])
    server.answers = [BUSY] * 9
    _asking(server, tmp_path, waits).start_cycle()
    assert len(server.ran) == 5


def test_a_server_that_stayed_busy_is_not_waited_for_again_in_a_while(server: ConnectServerFake, tmp_path: Path) -> None:
    """Asked once for each of the next accounts, so that a hundred of them do not wait ten seconds each."""
    waits: list[float] = []
    elapsed = [1000.0]
    connect = EntraConnect(_reach(server, tmp_path), sleep=waits.append, elapsed=lambda: elapsed[0])
    server.answers = [BUSY] * 8
    connect.start_cycle()
    connect.start_cycle()
    assert (len(server.ran), waits) == (4, [5.0, 5.0])
    elapsed[0] += 61
    connect.start_cycle()
    assert (len(server.ran), waits) == (7, [5.0] * 4)


def test_what_it_complains_of_is_told(server: ConnectServerFake, tmp_path: Path) -> None:
    """A cmdlet that is not there is a wrong server or session; anything else is for a person."""
    server.answers = ["The term 'Start-ADSyncSyncCycle' is not recognized as the name of a cmdlet."]
    with pytest.raises(Misconfigured, match="no ofrece") as wrong:
        _asking(server, tmp_path).start_cycle()
    assert wrong.value.target is Target.CLOUD
    server.answers = ["Password of the connector account expired."]
    with pytest.raises(Rejected, match="connector account expired"):
        _asking(server, tmp_path).start_cycle()


def test_a_server_that_never_answers_is_left(server: ConnectServerFake, tmp_path: Path) -> None:
    """After the time limit, with its session closed."""
    server.never_ends = True
    with pytest.raises(Transient):
        _asking(server, tmp_path, timeout_seconds=0.2).start_cycle()


def test_who_may_not_enter_is_a_wrong_set_up(server: ConnectServerFake, tmp_path: Path) -> None:
    """A wrong password, a session that is not there, a certificate of nobody's: each says what to look at, and no secret."""
    said = []
    for changes in ({"password": "canary-otra"}, {"session": "NoExiste"}, {"ca_file": None}):
        with pytest.raises(Misconfigured) as refused:
            _asking(server, tmp_path, **changes).start_cycle()
        assert refused.value.remedy
        assert "canary" not in str(refused.value) + repr(refused.value.__cause__)
        said.append(refused.value.message)
    assert "deja entrar" in said[0]
    assert "NoExiste" in said[1]
    assert "certificado" in said[2]
    assert server.ran == []


def test_nobody_there_is_unreachable(server: ConnectServerFake, tmp_path: Path) -> None:
    """And says which server."""
    with pytest.raises(Unreachable, match="localhost:9"):
        _asking(server, tmp_path, port=9).start_cycle()


def test_the_password_hides_from_repr() -> None:
    """As every secret."""
    assert PASSWORD not in repr(WinRmReach("h", USER, PASSWORD))
