"""What every cloud promises, held by the embedded one and, where it applies, by the absent one."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from config.clock import SimulatedClock
from config.errors import Misconfigured, NoSeat, Rejected, Target, TargetError, WriteRefused
from provision.cloud.absent import AbsentCloud
from provision.cloud.embedded import EmbeddedCloud
from provision.cloud.port import Cloud, CloudUserId
from provision.directory.port import AccountId
from tests.cases import NOW

ANA, LUIS = AccountId("guid-ana"), AccountId("guid-luis")
LICENCE = "STANDARDPACK"
HALF_AN_HOUR = timedelta(minutes=30)


@pytest.fixture
def clock() -> SimulatedClock:
    """Moves when told."""
    return SimulatedClock(NOW)


@pytest.fixture
def cloud(tmp_path: Path, clock: SimulatedClock) -> Iterator[EmbeddedCloud]:
    """A tenant with one seat."""
    cloud = EmbeddedCloud(tmp_path / "nube.db", {LICENCE: 1, "SPE_F1": 0}, clock)
    yield cloud
    cloud.close()


def synchronised(cloud: EmbeddedCloud, clock: SimulatedClock, account: AccountId) -> CloudUserId:
    """Ask for a cycle and let it pass."""
    cloud.find_user(account)
    cloud.request_sync()
    clock.advance(HALF_AN_HOUR)
    user = cloud.find_user(account)
    assert user is not None
    return user


def test_an_account_appears_after_a_cycle_that_began_when_it_was_there(cloud: EmbeddedCloud, clock: SimulatedClock) -> None:
    """Not before the cycle ends, not by a cycle that was running already; asking twice starts no second cycle."""
    assert cloud.find_user(ANA) is None
    cloud.request_sync()
    clock.advance(timedelta(minutes=10))
    assert cloud.find_user(LUIS) is None
    cloud.request_sync()
    clock.advance(timedelta(minutes=20))
    assert cloud.find_user(ANA) is not None
    assert cloud.find_user(LUIS) is None
    assert synchronised(cloud, clock, LUIS) != cloud.find_user(ANA)
    assert cloud.find_user(ANA) == cloud.find_user(ANA)


def test_a_seat_is_assigned_once_and_counted(cloud: EmbeddedCloud, clock: SimulatedClock) -> None:
    """Idempotent for its user; the next user has none, until more are bought."""
    ana, luis = synchronised(cloud, clock, ANA), synchronised(cloud, clock, LUIS)
    assert cloud.free_seats(LICENCE) == 1
    cloud.assign_licence(ana, LICENCE)
    cloud.assign_licence(ana, LICENCE)
    assert (cloud.free_seats(LICENCE), cloud.has_licence(ana, LICENCE)) == (0, True)
    with pytest.raises(NoSeat) as refused:
        cloud.assign_licence(luis, LICENCE)
    assert refused.value.target is Target.CLOUD
    assert not cloud.has_licence(luis, LICENCE)
    assert not cloud.has_licence(ana, "SPE_F1")


def test_a_mailbox_answers_a_while_after_its_licence(cloud: EmbeddedCloud, clock: SimulatedClock) -> None:
    """Never without a licence, not at once, and then for good."""
    user = synchronised(cloud, clock, ANA)
    clock.advance(timedelta(days=1))
    assert not cloud.mailbox_ready(user)
    cloud.assign_licence(user, LICENCE)
    clock.advance(timedelta(minutes=9))
    assert not cloud.mailbox_ready(user)
    clock.advance(timedelta(minutes=1))
    assert cloud.mailbox_ready(user)


def test_a_licence_that_the_tenant_does_not_know_is_a_wrong_set_up(cloud: EmbeddedCloud) -> None:
    """It names the licence and what to do; a user that is not there is refused."""
    with pytest.raises(Misconfigured, match="ENTERPRISEPACK") as refused:
        cloud.free_seats("ENTERPRISEPACK")
    assert refused.value.remedy
    with pytest.raises(Rejected):
        cloud.assign_licence(CloudUserId("nadie"), LICENCE)
    cloud.end_sessions(CloudUserId("nadie"))


def test_a_dry_run_reads_and_writes_nothing(tmp_path: Path, clock: SimulatedClock) -> None:
    """No file is made, each write is refused, and each read answers."""
    cloud = EmbeddedCloud(tmp_path / "nube.db", {LICENCE: 1}, clock, writable=False)
    assert (cloud.free_seats(LICENCE), cloud.find_user(ANA)) == (1, None)
    for write in (
        cloud.request_sync,
        lambda: cloud.assign_licence(CloudUserId("x"), LICENCE),
        lambda: cloud.end_sessions(CloudUserId("x")),
    ):
        with pytest.raises(WriteRefused):
            write()
    assert not (tmp_path / "nube.db").exists()


@pytest.mark.parametrize("left", [b"", "header"])
def test_a_file_that_a_crash_left_without_tables_is_an_empty_tenant(
    tmp_path: Path, clock: SimulatedClock, left: bytes | str
) -> None:
    """Killed between making the file and making its tables: the next run goes on."""
    path = tmp_path / "nube.db"
    if left == "header":
        with closing(sqlite3.connect(path)) as file:
            file.execute("PRAGMA user_version = 1")
    else:
        path.write_bytes(b"")
    cloud = EmbeddedCloud(path, {LICENCE: 1}, clock)
    assert cloud.free_seats(LICENCE) == 1
    assert synchronised(cloud, clock, ANA) is not None


def test_a_damaged_file_is_said(tmp_path: Path, clock: SimulatedClock) -> None:
    """Garbage is an error with its path, never a tenant with every seat free."""
    path = tmp_path / "nube.db"
    path.write_bytes(b"esto no es una base de datos" * 100)
    cloud = EmbeddedCloud(path, {LICENCE: 1}, clock)
    with pytest.raises(TargetError, match=r"nube\.db") as refused:
        cloud.free_seats(LICENCE)
    assert refused.value.remedy


def test_without_a_cloud_nothing_is_promised() -> None:
    """An institution without one: whoever asks for a seat is told that the set-up is wrong."""
    cloud: Cloud = AbsentCloud()
    with pytest.raises(TargetError):
        cloud.free_seats(LICENCE)
    cloud.close()
