"""A write reached the domain controller and its answer did not come back: the same call again ends in the same world."""

from collections.abc import Iterator

import pytest

from config.errors import Transient
from provision.directory.active_directory import ActiveDirectory, ActiveDirectorySettings
from provision.directory.port import AccountChanges, AccountId, ComputerId, Directory, Password
from tests.contract.directories import Machine, SambaWorld, added, unique
from tests.servers.relay import Relay
from tests.servers.samba import DomainController

pytestmark = pytest.mark.samba


@pytest.fixture
def relay(samba: DomainController) -> Iterator[Relay]:
    """A wire to the domain controller."""
    made = Relay(samba.address)
    yield made
    made.close()


class Leaver:
    """Somebody who is transferred, and then leaves with computer and account."""

    def __init__(self, world: SambaWorld, directory: Directory) -> None:
        account = added(world, directory, groups=(world.groups[0],))
        name = unique("PC")
        world.add_computer(Machine(name, account.login, children=1))
        computer = directory.find_computer(name)
        assert computer is not None
        self.account: AccountId = account.id
        self.computer: ComputerId = computer.id
        self.changes = AccountChanges(
            display_name=f"Ana Díaz, {account.login}",
            ou=world.other_ou,
            add_groups=(world.groups[1],),
            remove_groups=(world.groups[0],),
            add_alias=f"alias.{account.login}@otra.gov.co",
        )

    def live(self, directory: Directory) -> None:
        """From the transfer to the end; each step may be taken again."""
        if directory.find_by_id(self.account):
            directory.change(self.account, self.changes)
            directory.allow_password_change(self.account)
            directory.disable(self.account)
            directory.enable(self.account)
            directory.reset_password(self.account, Password("Lechuza-Tijera-Manglar47"))
            directory.revoke_password(self.account)
            directory.disable(self.account)
        directory.remove_computer(self.computer)
        directory.delete(self.account)


POINTS = (
    "directory.attributes.changed",
    "directory.account.moved",
    "directory.alias.added",
    "directory.group.removed",
    "directory.group.added",
    "directory.change.allowed",
    "directory.account.disabled",
    "directory.account.enabled",
    "directory.password.reset",
    "directory.password.revoked",
    "directory.computer.disabled",
    "directory.computer.removed",
    "directory.account.deleted",
)


@pytest.mark.parametrize("point", POINTS)
def test_a_lost_answer_is_transient_and_the_next_attempt_completes(relay: Relay, samba: DomainController, point: str) -> None:
    """For each kind of write: Transient, and what was done is not taken for undone, nor the other way round."""
    world = SambaWorld(samba)
    settings = ActiveDirectorySettings(
        relay.url, samba.base_dn, samba.service_user, samba.service_password, samba.ca_file, timeout_seconds=5
    )
    quiet = world.directory()
    reached: dict[str, int] = {}

    def note(name: str) -> None:
        reached.setdefault(name, relay.questions)

    rehearsal = ActiveDirectory(settings, stop_point=note)
    Leaver(world, quiet).live(rehearsal)
    assert set(POINTS) == set(reached)
    rehearsal.close()
    relay.settle()
    leaver = Leaver(world, quiet)
    relay.swallow_from = relay.questions + reached[point]
    directory = ActiveDirectory(settings)
    with pytest.raises(Transient, match="Se cortó la conexión"):
        leaver.live(directory)
    relay.swallow_from = 0
    points: list[str] = []
    survivor = ActiveDirectory(settings, stop_point=points.append)
    leaver.live(survivor)
    assert quiet.find_by_id(leaver.account) is None
    assert point not in points or point in REPEATED
    for opened in (survivor, directory, quiet):
        opened.close()


REPEATED = {
    "directory.change.allowed", "directory.account.disabled", "directory.account.enabled", "directory.password.reset",
    "directory.password.revoked",
}  # fmt: skip
"""The life of the test passes them again."""
