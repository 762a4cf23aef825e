"""Ending sessions in Microsoft 365, and the cycle that is asked for with it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from config.errors import Target, Transient, Unreachable
from provision.cloud.graph import GraphCloud
from provision.directory.port import AccountId
from provision.executor import Task
from provision.modifying import EndSessions
from provision.procedure.acts import Act
from provision.procedure.model import Done, Effect, StepKey
from tests.cases import RESET, SUBJECT, opened
from tests.contract.clouds import synchronised
from tests.contract.graph_cloud import GraphCloudWorld
from tests.servers.graph.faults import RawReply

ANA = AccountId("5d0c6a3e-8a57-4b5e-9d0f-0a1b2c3d4e5f")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[GraphCloudWorld]:
    """A tenant."""
    made = GraphCloudWorld(tmp_path)
    yield made
    made.close()


def test_sessions_that_are_not_confirmed_as_ended_are_ended_again(world: GraphCloudWorld) -> None:
    """Success codes lie: the reply's own word counts. A cycle is asked for, so that a disabled account stays out."""
    cloud, user = world.cloud(), synchronised(world, ANA)
    world.graph.faults.add("revoke", RawReply(200, b'{"value": false}', "application/json"))
    with pytest.raises(Transient):
        cloud.end_sessions(user)
    asked = world.connect.asked
    cloud.end_sessions(user)
    assert (world.people.alive(user).sessions_ended, world.connect.asked) == ([world.clock()], asked + 1)


class _ConnectIsDown:
    """A server with Entra Connect that nobody reaches."""

    def start_cycle(self) -> None:
        """Raises Unreachable."""
        raise Unreachable(Target.CLOUD, "El servidor de Entra Connect no responde.")


def test_sessions_are_ended_also_where_no_cycle_can_be_asked_for(world: GraphCloudWorld) -> None:
    """The act is done, and says what could not be asked for; asked for by itself it is an error as ever."""
    user = synchronised(world, ANA)
    cloud = GraphCloud(world.connection(), world.clock, sync=_ConnectIsDown())
    request = opened(1, RESET).request
    request = replace(request, facts=replace(request.facts, subject=replace(SUBJECT, account_id=ANA)))
    effect = Effect(request.case, Act.END_SESSIONS, StepKey(Act.END_SESSIONS), 1)
    outcome = EndSessions(cloud).perform(Task(request, effect, 1, world.clock()))
    assert isinstance(outcome, Done)
    assert outcome.detail.startswith("Sesiones de la nube cerradas. ")
    assert "no responde" in outcome.detail
    assert world.people.alive(user).sessions_ended == [world.clock()]
    with pytest.raises(Unreachable):
        cloud.request_sync()
