"""The clouds that the contract suite runs against, and what the world outside does to them."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

from config.clock import SimulatedClock
from provision.cloud.embedded import EmbeddedCloud
from provision.cloud.port import Cloud, CloudUserId
from provision.directory.port import AccountId

MORNING = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
"""Monday 08:00 in Bogota."""

ANA, LUIS = AccountId("guid-ana"), AccountId("guid-luis")
LICENCE, UNSOLD = "STANDARDPACK", "SPE_F1"
MONTH = timedelta(days=30)


class CloudWorld(Protocol):
    """A tenant with two seats of LICENCE and none of UNSOLD, its directory, and a clock that moves when told."""

    clock: SimulatedClock

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


@dataclass
class EmbeddedCloudWorld:
    """The embedded cloud in a folder."""

    folder: Path
    seats: dict[str, int] = field(default_factory=lambda: {LICENCE: 2, UNSOLD: 0})
    sync_takes: timedelta = timedelta(minutes=30)
    mailbox_takes: timedelta = timedelta(minutes=10)

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


CLOUDS: dict[str, Callable[[Path], CloudWorld]] = {"embedded": EmbeddedCloudWorld}


def synchronised(world: CloudWorld, account: AccountId) -> CloudUserId:
    """The user of an account, after a cycle that brought it."""
    cloud = world.cloud()
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
