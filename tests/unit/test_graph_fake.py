"""The fake Graph finds what the real one would refuse: otherwise it would prove nothing."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from config.errors import Target
from config.graph.batch import BatchCall
from config.graph.errors import GraphRefusal
from tests.contract.graph_cloud import GraphCloudWorld
from tests.servers.graph.checks import request_problems
from tests.servers.graph.routing import Asked
from tests.servers.graph.subset import subset, subset_file

GUID = "00000000-0000-4000-8000-000000000001"
EVENTUAL = {"consistencylevel": "eventual"}


def _asked(
    method: str, path: str, query: dict[str, str] | None = None, headers: dict[str, str] | None = None, body: object = None
) -> Asked:
    match = re.fullmatch(r".*", path)
    assert match is not None
    content = b"" if body is None else json.dumps(body).encode()
    kind = {"content-type": "application/json"} if content else {}
    return Asked(method, path, match, query or {}, {**kind, **(headers or {})}, content, "https://localhost/v1.0")


@pytest.mark.parametrize(
    "asked",
    [
        _asked("GET", "/users", {"$filter": "onPremisesImmutableId eq 'x'", "$count": "true"}),
        _asked("GET", "/users", {"$filter": "onPremisesImmutableId eq 'x'"}, EVENTUAL),
        _asked("GET", "/users", {"$filter": "onPremisesImmutableId startsWith 'x'", "$count": "true"}, EVENTUAL),
        _asked("GET", "/users", {"$filter": "mail eq 'x' or true"}, EVENTUAL),
        _asked("GET", "/users", {"$filter": "inventada eq 'x'"}, EVENTUAL),
        _asked("GET", "/users", {"$selec": "id"}),
        _asked("GET", f"/users/{GUID}", {"$select": "id,inventada"}),
        _asked("GET", "/users//messages"),
        _asked("GET", "/subscribedSkus", body={}),
        _asked("POST", f"/users/{GUID}/assignLicense", body={"addLicenses": []}),
        _asked("POST", f"/users/{GUID}/assignLicense", body={"addLicenses": [{"skuId": "X"}], "removeLicenses": []}),
        _asked("POST", "/$batch", body={"requests": [{"id": "1", "method": "GET", "url": "/v1.0/users"}]}),
        _asked("POST", "/$batch", body={"requests": [{"id": "1", "method": "GET", "url": "/users"}] * 2}),
        _asked("POST", "/$batch", body={"requests": []}),
    ],
)
def test_our_own_checks_refuse(asked: Asked) -> None:
    """What Graph's documentation forbids."""
    assert request_problems(asked)


def test_our_own_checks_take_what_is_right() -> None:
    """An apostrophe doubled, the header and the count where they belong."""
    query = {"$filter": "onPremisesImmutableId eq 'O''Brien'", "$count": "true", "$select": "id"}
    assert request_problems(_asked("GET", "/users", query, EVENTUAL)) == []


@pytest.mark.skipif(subset_file() is None, reason="Microsoft's description is not beside this checkout")
def test_microsofts_description_is_held_against_both_sides() -> None:
    """A parameter, a body, a status and a field of the wrong kind are each found; a right call is not."""
    described = subset()
    assert described is not None
    assign = described.operation("POST", f"/users/{GUID}/assignLicense")
    skus = described.operation("GET", "/subscribedSkus")
    assert assign is not None
    assert skus is not None
    assert described.operation("GET", "/users/delta") != described.operation("GET", f"/users/{GUID}")
    json_type = {"content-type": "application/json"}
    assert described.request_problems(assign, {}, json_type, b'{"addLicenses": [], "removeLicenses": [], "otra": 1}')
    assert described.request_problems(assign, {}, json_type, b'{"addLicenses": [], "removeLicenses": ["X"]}')
    assert not described.request_problems(assign, {}, json_type, b'{"addLicenses": [], "removeLicenses": []}')
    assert described.request_problems(skus, {"$top": "diez"}, {}, b"")
    assert described.request_problems(skus, {"startDateTime": "x"}, {}, b"")
    assert described.reply_problems(skus, 200, {"value": [{"skuId": GUID}]})
    assert described.reply_problems(skus, 404, {"message": "sin error"})
    assert described.reply_problems(skus, 200, {"value": []}) == []


@pytest.fixture
def world(tmp_path: Path) -> Iterator[GraphCloudWorld]:
    """A tenant whose server is expected to complain."""
    made = GraphCloudWorld(tmp_path)
    yield made
    made.graph.violations.clear()
    made.close()


def test_what_is_wrong_is_refused_and_written_down(world: GraphCloudWorld) -> None:
    """A wrong request, an unknown path, and a wrong call of a batch: each for itself."""
    graph = world.connection()
    with pytest.raises(GraphRefusal, match="inventada"):
        graph.get("/users", target=Target.CLOUD, query={"$select": "inventada"})
    with pytest.raises(GraphRefusal, match="no such route"):
        graph.get("/inventada", target=Target.CLOUD)
    fine, wrong = graph.batch(
        [BatchCall("GET", "/subscribedSkus"), BatchCall("GET", "/users", {"$otra": "x"})], target=Target.CLOUD
    )
    assert (fine.status, wrong.status, len(world.graph.violations)) == (200, 400, 3)
