"""What every cloud promises, held by the embedded one and, where it applies, by the absent one."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from config.errors import Misconfigured, NoSeat, Rejected, Target, TargetError, WriteRefused
from provision.cloud.absent import AbsentCloud
from provision.cloud.port import Cloud, CloudUserId, MailboxFate, MailboxState
from provision.directory.port import AccountId
from tests.contract.clouds import CLOUDS, LICENCE, MONTH, UNSOLD, CloudWorld, synchronised, with_mailbox

ANA = AccountId("5d0c6a3e-8a57-4b5e-9d0f-0a1b2c3d4e5f")
LUIS = AccountId("9b1f7c22-3c4d-4e5f-8a6b-7c8d9e0f1a2b")
NOBODY = CloudUserId("nadie")
PRESENT, GONE = MailboxFate(MailboxState.PRESENT), MailboxFate(MailboxState.GONE)


@pytest.fixture(params=list(CLOUDS.values()), ids=list(CLOUDS))
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[CloudWorld]:
    """Each cloud with its world."""
    make: Callable[[Path], CloudWorld] = request.param
    made = make(tmp_path)
    yield made
    made.close()


def test_an_account_appears_after_a_cycle_that_began_when_it_was_there(world: CloudWorld) -> None:
    """Not before the cycle ends, and as the same user ever after; somebody else is another user."""
    cloud = world.cloud()
    world.appear(ANA)
    assert cloud.find_user(ANA) is None
    cloud.request_sync()
    assert cloud.find_user(ANA) is None
    world.cycle()
    ana = cloud.find_user(ANA)
    assert ana is not None
    assert (cloud.find_user(ANA), cloud.find_user(LUIS)) == (ana, None)
    assert synchronised(world, LUIS) != ana
    assert world.cloud().find_user(ANA) == ana


def test_a_seat_is_assigned_once_and_counted(world: CloudWorld) -> None:
    """Idempotent for its user; where none is free the next user has none."""
    ana, luis = synchronised(world, ANA), synchronised(world, LUIS)
    cloud = world.cloud()
    assert cloud.free_seats(LICENCE) == 2
    cloud.assign_licence(ana, LICENCE)
    cloud.assign_licence(ana, LICENCE)
    assert (cloud.free_seats(LICENCE), cloud.has_licence(ana, LICENCE)) == (1, True)
    with pytest.raises(NoSeat) as refused:
        cloud.assign_licence(luis, UNSOLD)
    assert refused.value.target is Target.CLOUD
    assert not cloud.has_licence(luis, UNSOLD)
    assert not cloud.has_licence(ana, UNSOLD)


def test_a_mailbox_answers_a_while_after_its_licence(world: CloudWorld) -> None:
    """Never without a licence, not at once, and then for good."""
    cloud, user = world.cloud(), synchronised(world, ANA)
    world.clock.advance(timedelta(days=1))
    assert not cloud.mailbox_ready(user)
    cloud.assign_licence(user, LICENCE)
    assert not cloud.mailbox_ready(user)
    world.mailbox_comes()
    assert cloud.mailbox_ready(user)
    world.clock.advance(timedelta(days=400))
    assert cloud.mailbox_ready(user)


def test_a_licence_given_back_is_free_and_disconnects_the_mailbox_at_once(world: CloudWorld) -> None:
    """Idempotent; the user stays, and has the mailbox again with another assignment."""
    cloud, user = world.cloud(), with_mailbox(world, ANA)
    assert cloud.licences_of(user) == (LICENCE,)
    cloud.remove_licence(user, LICENCE)
    cloud.remove_licence(user, LICENCE)
    assert (cloud.licences_of(user), cloud.free_seats(LICENCE)) == ((), 2)
    assert not cloud.has_licence(user, LICENCE)
    assert not cloud.mailbox_ready(user)
    assert cloud.find_user(ANA) == user
    cloud.assign_licence(user, LICENCE)
    world.mailbox_comes()
    assert cloud.mailbox_ready(user)


def test_taking_a_licence_that_nobody_holds_is_no_error(world: CloudWorld) -> None:
    """Another licence of the user's stays, and so does everybody else's."""
    cloud, ana, luis = world.cloud(), with_mailbox(world, ANA), with_mailbox(world, LUIS)
    cloud.remove_licence(ana, UNSOLD)
    cloud.remove_licence(NOBODY, LICENCE)
    cloud.remove_licence(luis, LICENCE)
    assert (cloud.licences_of(ana), cloud.licences_of(luis), cloud.licences_of(NOBODY)) == ((LICENCE,), (), ())
    assert cloud.mailbox_ready(ana)


def test_a_deleted_accounts_mailbox_is_kept_for_thirty_days(world: CloudWorld) -> None:
    """Present until a cycle has ended; then no user, no seat, and restorable until a stated instant; then gone."""
    cloud, user = world.cloud(), with_mailbox(world, ANA)
    world.delete(ANA)
    assert cloud.mailbox_fate(user) == PRESENT
    cloud.request_sync()
    assert cloud.mailbox_fate(user) == PRESENT
    assert cloud.find_user(ANA) == user
    until = world.cycle() + MONTH
    assert cloud.mailbox_fate(user) == MailboxFate(MailboxState.SOFT_DELETED, until)
    assert cloud.find_user(ANA) is None
    assert (cloud.free_seats(LICENCE), cloud.licences_of(user), cloud.mailbox_ready(user)) == (2, (), False)
    world.clock.move_to(until - timedelta(seconds=1))
    assert cloud.mailbox_fate(user) == MailboxFate(MailboxState.SOFT_DELETED, until)
    world.clock.move_to(until)
    assert cloud.mailbox_fate(user) == GONE
    with pytest.raises(Rejected):
        cloud.assign_licence(user, LICENCE)


def test_the_account_that_stays_keeps_everything(world: CloudWorld) -> None:
    """Somebody else's deletion changes nothing for it, cycle after cycle."""
    cloud, ana, luis = world.cloud(), with_mailbox(world, ANA), with_mailbox(world, LUIS)
    world.delete(ANA)
    for _ in range(3):
        world.cycle()
    assert cloud.mailbox_fate(luis) == PRESENT
    assert (cloud.find_user(LUIS), cloud.licences_of(luis), cloud.mailbox_ready(luis)) == (luis, (LICENCE,), True)
    assert cloud.mailbox_fate(ana).state is MailboxState.SOFT_DELETED


def test_where_there_never_was_a_mailbox_none_is_waited_for(world: CloudWorld) -> None:
    """Deleted as soon as a cycle has deleted the user; a user that the cloud never knew is gone."""
    cloud, user = world.cloud(), synchronised(world, ANA)
    assert cloud.mailbox_fate(NOBODY) == GONE
    world.delete(ANA)
    assert cloud.mailbox_fate(user) == PRESENT
    world.cycle()
    assert cloud.mailbox_fate(user).state is world.never_had_one


def test_a_change_reaches_the_cloud_with_a_cycle(world: CloudWorld) -> None:
    """Once a cycle has ended after it; whoever has no user in the cloud waits for nothing."""
    cloud = world.cloud()
    assert cloud.synchronised_since(LUIS, world.clock())
    synchronised(world, ANA)
    changed_at = world.clock()
    world.cycle()
    assert cloud.synchronised_since(ANA, changed_at)


def test_a_licence_that_the_tenant_does_not_know_is_a_wrong_set_up(world: CloudWorld) -> None:
    """It names the licence and what to do; a user that is not there is refused, and has no sessions to end."""
    cloud = world.cloud()
    with pytest.raises(Misconfigured, match="ENTERPRISEPACK") as refused:
        cloud.free_seats("ENTERPRISEPACK")
    assert refused.value.remedy
    with pytest.raises(Rejected):
        cloud.assign_licence(NOBODY, LICENCE)
    cloud.end_sessions(NOBODY)


def test_a_dry_run_reads_and_writes_nothing(world: CloudWorld) -> None:
    """Each write is refused, saying which, and changes nothing; each read answers."""
    user = with_mailbox(world, ANA)
    dry = world.cloud(writable=False)
    writes: tuple[Callable[[], object], ...] = (
        dry.request_sync,
        lambda: dry.assign_licence(user, LICENCE),
        lambda: dry.remove_licence(user, LICENCE),
        lambda: dry.end_sessions(user),
    )
    for write in writes:
        with pytest.raises(WriteRefused, match=r"\w"):
            write()
    assert (dry.free_seats(LICENCE), dry.find_user(ANA), dry.find_user(LUIS)) == (1, user, None)
    assert (dry.licences_of(user), dry.mailbox_ready(user), dry.mailbox_fate(user)) == ((LICENCE,), True, PRESENT)


def test_without_a_cloud_nothing_is_promised() -> None:
    """An institution without one: whoever asks for anything is told that the set-up is wrong."""
    cloud: Cloud = AbsentCloud()
    asked: tuple[Callable[[], object], ...] = (
        lambda: cloud.free_seats(LICENCE),
        cloud.request_sync,
        lambda: cloud.find_user(ANA),
        lambda: cloud.licences_of(NOBODY),
        lambda: cloud.remove_licence(NOBODY, LICENCE),
        lambda: cloud.mailbox_fate(NOBODY),
        lambda: cloud.end_sessions(NOBODY),
    )
    for ask in asked:
        with pytest.raises(TargetError) as refused:
            ask()
        assert refused.value.remedy
    cloud.close()
