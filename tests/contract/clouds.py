"""The clouds that the contract suite runs against, and what the world outside does to them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from config.clock import SimulatedClock
from provision.cloud.embedded import EmbeddedCloud
from provision.cloud.port import Cloud, CloudUserId, MailboxState
from provision.directory.port import AccountId
from tests.contract import graph_cloud

MORNING = graph_cloud.MORNING
LICENCE, UNSOLD = graph_cloud.LICENCE, graph_cloud.UNSOLD
ANA, LUIS = AccountId("guid-ana"), AccountId("guid-luis")
MONTH = timedelta(days=30)


class CloudWorld(Protocol):
    """A tenant with two seats of LICENCE and none of UNSOLD, its directory, and a clock that moves when told."""

    clock: SimulatedClock
    never_had_one: MailboxState
    """What is said of the mailbox of a deleted user who had none."""

    def appear(self, account: AccountId) -> None:
        """The account is made in the directory."""
        ...

    def cloud(self, *, writable: bool = True) -> Cloud:
        """The adapter, as a run makes it."""
        ...

    def delete(self, account: AccountId) -> None:
        """The account is deleted in the directory."""
        ...

    def cycle(self) -> datetime:
        """A synchronisation is asked for and passes; the instant of its end."""
        ...

    def mailbox_comes(self) -> None:
        """As long passes as a new mailbox takes."""
        ...

    def close(self) -> None:
        """Stop what was started."""
        ...


@dataclass
class EmbeddedCloudWorld:
    """The embedded cloud in a folder."""

    folder: Path
    seats: dict[str, int] = field(default_factory=lambda: {LICENCE: 2, UNSOLD: 0})
    sync_takes: timedelta = timedelta(minutes=30)
    mailbox_takes: timedelta = timedelta(minutes=10)
    never_had_one: MailboxState = MailboxState.GONE

    def __post_init__(self) -> None:
        self.clock = SimulatedClock(MORNING)
        self.deleted: set[AccountId] = set()
        self.asked: list[AccountId] = []
        self.broken: Exception | None = None

    @property
    def path(self) -> Path:
        """The tenant's file."""
        return self.folder / "nube.db"

    def cloud(self, *, writable: bool = True) -> EmbeddedCloud:
        """The adapter, as a run makes it."""
        return EmbeddedCloud(
            self.path,
            self.seats,
            self.clock,
            sync_takes=self.sync_takes,
            mailbox_takes=self.mailbox_takes,
            writable=writable,
            still_there=self.still_there,
        )

    def appear(self, account: AccountId) -> None:
        """The account is made in the directory: it is there from the first time that it is asked for."""

    def still_there(self, account: AccountId) -> bool:
        """The directory, as the cloud asks it."""
        if self.broken is not None:
            raise self.broken
        self.asked.append(account)
        return account not in self.deleted

    def delete(self, account: AccountId) -> None:
        """The account is deleted in the directory."""
        self.deleted.add(account)

    def cycle(self) -> datetime:
        """A synchronisation is asked for and passes; the instant of its end."""
        self.cloud().request_sync()
        return self.clock.advance(self.sync_takes)

    def mailbox_comes(self) -> None:
        """As long passes as a new mailbox takes."""
        self.clock.advance(self.mailbox_takes)

    def close(self) -> None:
        """Nothing was started."""


CLOUDS: dict[str, Callable[[Path], CloudWorld]] = {"embedded": EmbeddedCloudWorld, "graph": graph_cloud.GraphCloudWorld}


def synchronised(world: CloudWorld, account: AccountId) -> CloudUserId:
    """The user of an account, after a cycle that brought it."""
    cloud = world.cloud()
    world.appear(account)
    cloud.find_user(account)
    world.cycle()
    user = cloud.find_user(account)
    assert user is not None
    return user


def with_mailbox(world: CloudWorld, account: AccountId) -> CloudUserId:
    """A user whose mailbox answers."""
    user = synchronised(world, account)
    world.cloud().assign_licence(user, LICENCE)
    world.mailbox_comes()
    assert world.cloud().mailbox_ready(user)
    return user
