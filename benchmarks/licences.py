"""What a run with a thousand creations asks Graph about licences: the count of seats, once."""

from pathlib import Path

from benchmarks.measuring import Measurement
from config.clock import system_clock
from config.graph.connection import GraphConnection
from provision.cloud.graph import GraphCloud
from tests.contract.graph_cloud import LICENCE
from tests.servers.certificates import Authority
from tests.servers.graph.people import Sku
from tests.servers.graph.server import FakeGraph


def licence_checks(folder: Path, count: int = 1000) -> Measurement:
    """Calls that arrive at the fake Graph, tokens not counted, for so many checks of one run."""
    folder.mkdir()
    with FakeGraph(Authority("Autoridad del benchmark")) as graph:
        graph.tenant.people.skus.append(Sku(LICENCE, count, elsewhere=1))
        connection = GraphConnection(graph.reach(folder))
        cloud = GraphCloud(connection, system_clock)
        answers = {cloud.free_seats(LICENCE) for _ in range(count)}
        connection.close()
        asked = [call for call in graph.calls if call.path != "token"]
        if answers != {count - 1} or graph.violations:
            raise RuntimeError(f"{answers}: {graph.violations}")
    floor_is = "one GET /subscribedSkus"
    return Measurement(f"{count} licence checks", [len(asked)], [1], floor_is, at_most=1.0, unit="calls")
