"""What is particular to the embedded cloud: when a cycle deletes, what lies in a mailbox, and files of any age."""

import sqlite3
import stat
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from config.errors import NotFound, Rejected, Target, TargetError, Unreachable
from provision.backup.port import BackupPart
from provision.cloud.embedded import EmbeddedCloud
from provision.cloud.port import CloudUserId, MailboxState
from tests.contract.clouds import ANA, LICENCE, LUIS, MONTH, UNSOLD, EmbeddedCloudWorld, synchronised, with_mailbox

NOBODY = CloudUserId("nadie")
MAIL = BackupPart.MAIL
FIRST_VERSION = """
CREATE TABLE sync_cycle (started_at TEXT PRIMARY KEY, ends_at TEXT NOT NULL);
CREATE TABLE awaited (account TEXT PRIMARY KEY, since TEXT NOT NULL);
CREATE TABLE user (id TEXT PRIMARY KEY, account TEXT UNIQUE NOT NULL, sessions_ended INTEGER NOT NULL DEFAULT 0);
CREATE TABLE assignment (
    user TEXT NOT NULL REFERENCES user (id), licence TEXT NOT NULL, assigned_at TEXT NOT NULL,
    PRIMARY KEY (user, licence)
);
INSERT INTO sync_cycle VALUES ('2026-11-20T13:00:00.000000+00:00', '2026-11-20T13:30:00.000000+00:00');
INSERT INTO user VALUES ('nube-guid-ana', 'guid-ana', 2), ('nube-guid-luis', 'guid-luis', 0);
INSERT INTO assignment VALUES ('nube-guid-ana', 'STANDARDPACK', '2026-11-20T13:40:00.000000+00:00');
"""


@pytest.fixture
def world(tmp_path: Path) -> EmbeddedCloudWorld:
    """A tenant, its directory and its clock."""
    return EmbeddedCloudWorld(tmp_path)


def names(cloud: EmbeddedCloud, user: CloudUserId) -> list[str]:
    """What lies in the user's mailbox."""
    return [item.name for item in cloud.items(user)]


def test_asking_twice_starts_no_second_cycle_and_a_running_one_brings_nobody_new(world: EmbeddedCloudWorld) -> None:
    """An account that is first asked for while a cycle runs waits for the next one."""
    cloud = world.cloud()
    assert cloud.find_user(ANA) is None
    cloud.request_sync()
    world.clock.advance(timedelta(minutes=10))
    assert cloud.find_user(LUIS) is None
    cloud.request_sync()
    world.clock.advance(timedelta(minutes=20))
    assert cloud.find_user(ANA) is not None
    assert cloud.find_user(LUIS) is None


def test_a_cycle_that_is_asked_for_while_it_runs_deletes_at_its_end(world: EmbeddedCloudWorld) -> None:
    """The account was deleted after it began: the request that found it running is not lost."""
    user = with_mailbox(world, ANA)
    cloud = world.cloud()
    cloud.request_sync()
    began = world.clock()
    world.clock.advance(timedelta(minutes=5))
    world.delete(ANA)
    cloud.request_sync()
    world.clock.advance(timedelta(days=2))
    fate = cloud.mailbox_fate(user)
    assert (fate.state, fate.until) == (MailboxState.SOFT_DELETED, began + world.sync_takes + MONTH)


def test_a_cycle_that_ended_before_the_deletion_deletes_nobody(world: EmbeddedCloudWorld) -> None:
    """Looked at only a year later, when the account is gone: the next cycle deletes, as of its own end."""
    user = with_mailbox(world, ANA)
    world.cycle()
    world.clock.advance(timedelta(days=365))
    world.delete(ANA)
    cloud = world.cloud()
    assert cloud.mailbox_fate(user).state is MailboxState.PRESENT
    until = world.cycle() + MONTH
    world.clock.advance(timedelta(days=3))
    assert cloud.mailbox_fate(user).until == until


def test_an_account_that_is_back_by_the_cycles_end_is_not_deleted(world: EmbeddedCloudWorld) -> None:
    """Only the directory's answer when the ended cycle is looked at deletes."""
    user = with_mailbox(world, ANA)
    world.delete(ANA)
    world.cloud().request_sync()
    world.deleted.clear()
    world.clock.advance(world.sync_takes)
    assert world.cloud().mailbox_fate(user).state is MailboxState.PRESENT
    world.delete(ANA)
    assert world.cloud().mailbox_fate(user).state is MailboxState.PRESENT


@pytest.mark.parametrize("broken", [Unreachable(Target.DIRECTORY, "No responde."), RuntimeError("un error del programa")])
def test_a_directory_that_does_not_answer_deletes_nobody(world: EmbeddedCloudWorld, broken: Exception) -> None:
    """Whoever asks is told, no cycle begins without a directory, and the ended one is looked at again when it answers."""
    user = with_mailbox(world, ANA)
    cloud = world.cloud()
    world.broken = broken
    with pytest.raises(type(broken)):
        cloud.request_sync()
    world.broken = None
    world.clock.advance(timedelta(hours=1))
    world.delete(ANA)
    until = world.cycle() + MONTH
    world.broken = broken
    with pytest.raises(type(broken)):
        cloud.mailbox_fate(user)
    assert world.cloud(writable=False).mailbox_fate(user).state is MailboxState.PRESENT
    world.broken = None
    assert cloud.mailbox_fate(user).until == until


def test_without_a_look_up_in_the_directory_nobody_is_deleted(world: EmbeddedCloudWorld) -> None:
    """A cloud that cannot ask knows nothing."""
    user = with_mailbox(world, ANA)
    blind = EmbeddedCloud(world.path, world.seats, world.clock)
    world.delete(ANA)
    for _ in range(3):
        blind.request_sync()
        world.clock.advance(timedelta(hours=1))
    assert blind.mailbox_fate(user).state is MailboxState.PRESENT


def test_the_directory_is_asked_once_a_cycle(world: EmbeddedCloudWorld) -> None:
    """Thousands of reads and requests while a cycle runs cost no look-up."""
    user = with_mailbox(world, ANA)
    cloud = world.cloud()
    cloud.request_sync()
    world.asked.clear()
    for _ in range(5):
        cloud.request_sync()
        cloud.mailbox_fate(user)
        cloud.free_seats(LICENCE)
    assert world.asked == []
    world.clock.advance(world.sync_takes)
    for _ in range(5):
        cloud.mailbox_fate(user)
    assert world.asked == [ANA]


def test_cycles_without_length_delete_too(world: EmbeddedCloudWorld) -> None:
    """Two of them at one instant of a simulated clock are two cycles."""
    world.sync_takes = timedelta(0)
    user = with_mailbox(world, ANA)
    cloud = world.cloud()
    cloud.request_sync()
    assert cloud.mailbox_fate(user).state is MailboxState.PRESENT
    world.delete(ANA)
    cloud.request_sync()
    assert cloud.mailbox_fate(user).until == world.clock() + MONTH


def test_a_restored_account_has_its_user_and_mailbox_back(world: EmbeddedCloudWorld) -> None:
    """After a cycle, and only with the account there; with a licence again the items are as they were."""
    user = with_mailbox(world, ANA)
    cloud = world.cloud()
    cloud.put_item(user, MAIL, "Acta.eml", b"acta")
    world.delete(ANA)
    world.cycle()
    assert cloud.find_user(ANA) is None
    world.cycle()
    assert cloud.find_user(ANA) is None
    world.deleted.clear()
    assert synchronised(world, ANA) == user
    assert cloud.licences_of(user) == ()
    cloud.assign_licence(user, LICENCE)
    assert names(cloud, user) == ["Bienvenida.eml", "Acta.eml"]
    world.clock.advance(timedelta(days=60))
    assert cloud.mailbox_fate(user).state is MailboxState.PRESENT


def test_a_licence_within_thirty_days_gives_the_same_mailbox_back(world: EmbeddedCloudWorld) -> None:
    """With its items; meanwhile they can be read for a backup, but nothing arrives."""
    user = with_mailbox(world, ANA)
    cloud = world.cloud()
    cloud.put_item(user, MAIL, "Acta.eml", b"acta")
    cloud.remove_licence(user, LICENCE)
    assert names(cloud, user) == ["Bienvenida.eml", "Acta.eml"]
    with pytest.raises(Rejected, match="no tiene buzón"):
        cloud.put_item(user, MAIL, "Otra.eml", b"otra")
    world.clock.advance(MONTH - timedelta(seconds=1))
    cloud.assign_licence(user, LICENCE)
    assert not cloud.mailbox_ready(user)
    world.mailbox_comes()
    assert (cloud.mailbox_ready(user), names(cloud, user)) == (True, ["Bienvenida.eml", "Acta.eml"])


def test_after_thirty_days_the_mailbox_is_a_new_one(world: EmbeddedCloudWorld) -> None:
    """Nothing of the former one can be read, nor is it kept in the file."""
    user = with_mailbox(world, ANA)
    cloud = world.cloud()
    cloud.put_item(user, MAIL, "Acta.eml", b"acta")
    cloud.remove_licence(user, LICENCE)
    world.clock.advance(MONTH)
    assert cloud.items(user) == ()
    cloud.assign_licence(user, LICENCE)
    assert names(cloud, user) == ["Bienvenida.eml"]


def test_a_mailbox_without_licence_is_kept_no_longer_for_the_accounts_deletion(world: EmbeddedCloudWorld) -> None:
    """Its thirty days began with the licence's removal."""
    user = with_mailbox(world, ANA)
    cloud = world.cloud()
    removed = world.clock()
    cloud.remove_licence(user, LICENCE)
    world.clock.advance(timedelta(days=20))
    world.delete(ANA)
    world.cycle()
    assert cloud.mailbox_fate(user).until == removed + MONTH


def test_one_of_two_licences_keeps_the_mailbox(world: EmbeddedCloudWorld) -> None:
    """It is disconnected with the last one."""
    world.seats[UNSOLD] = 1
    user = with_mailbox(world, ANA)
    cloud = world.cloud()
    cloud.assign_licence(user, UNSOLD)
    assert cloud.licences_of(user) == (UNSOLD, LICENCE)
    cloud.remove_licence(user, LICENCE)
    assert cloud.mailbox_ready(user)
    cloud.remove_licence(user, UNSOLD)
    assert not cloud.mailbox_ready(user)


def test_items_are_replaced_by_part_and_name_and_deleted(world: EmbeddedCloudWorld) -> None:
    """Names apart by letter case are two; hostile names are only names; a user that nobody knows has no mailbox to read."""
    user = with_mailbox(world, ANA)
    cloud = world.cloud()
    hostile = '../../etc/passwd\0\n=HYPERLINK("x") O\'Brien Ñ' + "x" * 10_000
    for name, content in (("acta", b"1"), ("ACTA", b"2"), (hostile, b"3"), ("acta", b"44")):
        cloud.put_item(user, MAIL, name, content)
    cloud.put_item(user, BackupPart.CONTACTS, "acta", b"")
    found = {(item.part, item.name): (item.bytes, cloud.item_content(user, item.number)) for item in cloud.items(user)}
    assert found[MAIL, "acta"] == (2, b"44")
    assert (found[MAIL, "ACTA"], found[MAIL, hostile], found[BackupPart.CONTACTS, "acta"]) == ((1, b"2"), (1, b"3"), (0, b""))
    cloud.remove_item(user, MAIL, "acta")
    cloud.remove_item(user, MAIL, "acta")
    assert (str(MAIL), "acta") not in {(item.part, item.name) for item in cloud.items(user)}
    assert cloud.items(synchronised(world, LUIS)) == ()
    with pytest.raises(NotFound):
        cloud.items(NOBODY)


def test_revocations_are_counted(world: EmbeddedCloudWorld) -> None:
    """For each user, for whoever looks."""
    cloud, user = world.cloud(), synchronised(world, ANA)
    cloud.end_sessions(user)
    cloud.end_sessions(user)
    assert (cloud.sessions_ended(user), cloud.sessions_ended(NOBODY)) == (2, 0)


@pytest.mark.parametrize("writable", [True, False])
def test_a_file_of_the_first_version_goes_on(world: EmbeddedCloudWorld, *, writable: bool) -> None:
    """Its users, seats and mailboxes are as they were; a dry run reads it so, too, and leaves it alone."""
    with closing(sqlite3.connect(world.path)) as file:
        file.executescript(FIRST_VERSION)
    before = world.path.read_bytes()
    cloud = world.cloud(writable=writable)
    ana = cloud.find_user(ANA)
    assert ana is not None
    assert (cloud.licences_of(ana), cloud.mailbox_ready(ana), cloud.free_seats(LICENCE)) == ((LICENCE,), True, 1)
    assert (cloud.sessions_ended(ana), names(cloud, ana)) == (2, ["Bienvenida.eml"])
    assert not cloud.mailbox_ready(CloudUserId("nube-guid-luis"))
    assert (world.path.read_bytes() == before) is not writable
    if writable:
        world.delete(ANA)
        world.cycle()
        assert world.cloud().mailbox_fate(ana).state is MailboxState.SOFT_DELETED


def test_a_dry_run_on_nothing_makes_no_file(world: EmbeddedCloudWorld) -> None:
    """Every read answers as an empty tenant does."""
    cloud = world.cloud(writable=False)
    assert (cloud.free_seats(LICENCE), cloud.find_user(ANA), cloud.licences_of(NOBODY)) == (2, None, ())
    assert (cloud.mailbox_ready(NOBODY), cloud.mailbox_fate(NOBODY).state) == (False, MailboxState.GONE)
    assert cloud.item_content(NOBODY, 1) is None
    assert not world.path.exists()


def test_the_file_is_its_owners(world: EmbeddedCloudWorld) -> None:
    """It holds people's mail."""
    with_mailbox(world, ANA)
    assert stat.S_IMODE(world.path.stat().st_mode) == 0o600


@pytest.mark.parametrize("left", [b"", "header"])
def test_a_file_that_a_crash_left_without_tables_is_an_empty_tenant(world: EmbeddedCloudWorld, left: bytes | str) -> None:
    """Killed between making the file and making its tables: the next run goes on."""
    if left == "header":
        with closing(sqlite3.connect(world.path)) as file:
            file.execute("PRAGMA user_version = 1")
    else:
        world.path.write_bytes(b"")
    assert world.cloud(writable=False).free_seats(LICENCE) == 2
    assert world.cloud().free_seats(LICENCE) == 2
    assert synchronised(world, ANA) is not None


def test_a_damaged_file_is_said(world: EmbeddedCloudWorld) -> None:
    """Garbage is an error with its path, never a tenant with every seat free."""
    world.path.write_bytes(b"esto no es una base de datos" * 100)
    with pytest.raises(TargetError, match=r"nube\.db") as refused:
        world.cloud().free_seats(LICENCE)
    assert refused.value.remedy
