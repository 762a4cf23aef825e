"""Microsoft Graph for the contract suite: the real adapter, and the real msal, on the stateful fake over HTTPS."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from config.clock import SimulatedClock
from config.graph.connection import GraphConnection
from provision.cloud.graph import GraphCloud
from provision.cloud.licensing_groups import LicensingGroups
from provision.cloud.port import MailboxState
from provision.directory.port import AccountId
from tests.servers.certificates import Authority
from tests.servers.graph.people import OnPremises, Sku
from tests.servers.graph.server import FakeGraph
from tests.servers.graph.tenant import Tenant

MORNING = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
"""Monday 08:00 in Bogota."""
LICENCE, UNSOLD = "STANDARDPACK", "SPE_F1"


class ConnectServer:
    """The server with Entra Connect: it counts what it was asked for, and never complains of being busy."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self.asked = 0

    def start_cycle(self) -> None:
        """A cycle, unless one runs."""
        self.asked += 1
        self._tenant.people.begin_cycle()


class GraphCloudWorld:
    """A tenant with two seats of LICENCE and none of UNSOLD."""

    never_had_one = MailboxState.SOFT_DELETED
    """A deleted user does not tell whether a mailbox goes with him."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = SimulatedClock(MORNING)
        self.tenant = Tenant(self.clock)
        self.people = self.tenant.people
        self.people.skus += [Sku(LICENCE, 2), Sku(UNSOLD, 0)]
        self.people.directory = self.found
        self.accounts: dict[AccountId, OnPremises] = {}
        self.connect = ConnectServer(self.tenant)
        self.graph = FakeGraph(Authority("Autoridad de las pruebas de Graph"), self.tenant).start()
        self.connections: list[GraphConnection] = []
        self.waits: list[float] = []

    def found(self) -> Iterable[OnPremises]:
        """What Entra Connect finds in the directory."""
        return tuple(self.accounts.values())

    def connection(self, *, writable: bool = True) -> GraphConnection:
        """A new one; pauses are written down and not taken."""
        made = GraphConnection(self.graph.reach(self.folder), writable=writable, sleep=self.waits.append)
        self.connections.append(made)
        return made

    def cloud(self, *, writable: bool = True, groups: LicensingGroups | None = None) -> GraphCloud:
        """The adapter, as a run makes it."""
        return GraphCloud(self.connection(writable=writable), self.clock, groups=groups, sync=self.connect)

    def appear(self, account: AccountId, *groups: str) -> None:
        """The account is made, or changed, in the directory."""
        self.accounts[account] = OnPremises(account, f"u{account[:8]}", f"u{account[:8]}@upme.gov.co", groups=groups)

    def delete(self, account: AccountId) -> None:
        """The account is deleted in the directory."""
        del self.accounts[account]

    def cycle(self) -> datetime:
        """A synchronisation is asked for and passes; the instant of its end."""
        self.people.begin_cycle()
        return self.clock.advance(self.people.sync_takes)

    def mailbox_comes(self) -> None:
        """As long passes as a new mailbox takes."""
        self.clock.advance(self.people.mailbox_takes + timedelta(seconds=1))

    def close(self) -> None:
        """Stop the server; it wants no violation of Graph's rules."""
        for connection in self.connections:
            connection.close()
        self.graph.stop()
        assert self.graph.violations == []
