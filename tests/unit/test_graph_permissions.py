"""What the application lacks, named by the call that needs it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from config.errors import Misconfigured, Target, Transient
from provision.cloud.graph_permissions import GraphUse, permission_findings
from tests.contract.graph_cloud import GraphCloudWorld
from tests.servers.graph.faults import ErrorReply
from tests.servers.graph.tokens import EVERY_PERMISSION


@pytest.fixture
def world(tmp_path: Path) -> Iterator[GraphCloudWorld]:
    """A tenant."""
    made = GraphCloudWorld(tmp_path)
    yield made
    made.close()


def test_each_missing_permission_is_named_by_its_call(world: GraphCloudWorld) -> None:
    """By the token, and by asking where that harms nobody; what Exchange may have granted is no finding of lack."""
    graph = world.connection()
    assert [each.said for each in permission_findings(graph, tuple(GraphUse)) if not each.granted and not each.scoped] == []
    assert len(world.graph.calls) == 1
    world.graph.tokens.roles = EVERY_PERMISSION - {"LicenseAssignment.ReadWrite.All", "User.ReadWrite.All", "Mail.ReadWrite"}
    found = permission_findings(world.connection(), [GraphUse.LICENCES, GraphUse.SESSIONS, GraphUse.MAILBOXES])
    lacking = {each.call: each for each in found if not each.granted}
    assert lacking.keys() == {
        "GET /users",
        "PATCH /users/{id} (usageLocation)",
        "POST /users/{id}/assignLicense",
        "GET /directory/deletedItems/{id}",
        "GET /users/{id}/mailFolders/inbox",
    }
    assert "User.Read.All" in lacking["GET /users"].said
    assert lacking["GET /users/{id}/mailFolders/inbox"].scoped
    assert "RBAC" in lacking["GET /users/{id}/mailFolders/inbox"].said
    assert all(each.use.value in each.said for each in found)


def test_a_permission_that_our_list_does_not_know_is_found_by_trying(world: GraphCloudWorld) -> None:
    """Reads only, in one batch; an answer is proof enough."""
    world.graph.tokens.roles = frozenset({"Directory.Read.All", "Organization.Read.All"})
    found = permission_findings(world.connection(), [GraphUse.LICENCES])
    assert {each.call for each in found if each.granted} == {"GET /users", "GET /subscribedSkus"}
    assert {call.method for call in world.graph.calls} == {"POST"}
    world.graph.faults.add("/subscribedSkus", ErrorReply(503), times=9)
    world.graph.tokens.roles = frozenset({"Otro.Permiso"})
    with pytest.raises(Transient):
        permission_findings(world.connection(), [GraphUse.LICENCES])
    world.graph.faults.clear()


def test_an_application_that_does_not_exist_is_said_before_any_permission(world: GraphCloudWorld) -> None:
    """Misconfigured, for the cloud."""
    world.graph.tokens.secret = "otro"
    with pytest.raises(Misconfigured) as refused:
        permission_findings(world.connection(), list(GraphUse))
    assert refused.value.target is Target.CLOUD
