"""Several calls in one request (https://learn.microsoft.com/graph/json-batching): at most twenty, and each fails by itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import BaseModel, TypeAdapter

from config.errors import Target, TargetError
from config.graph.errors import error_of
from config.graph.odata import query_text

MOST_CALLS = 20
THROTTLED = frozenset({429, 503, 504})


@dataclass(frozen=True, slots=True)
class BatchCall:
    """One call: a path as for `GraphConnection.get` or `write`."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, object] | None = None
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class BatchReply:
    """What became of one call, in the place of that call."""

    status: int
    body: Mapping[str, object]
    """Empty for none."""
    error: TargetError | None
    """What `get` or `write` would have raised; None: it succeeded."""


class Item(BaseModel):
    """One reply as it came."""

    id: str
    status: int
    headers: dict[str, str | None] = {}
    body: object = None


class _Items(BaseModel):
    responses: list[Item]


ITEMS = TypeAdapter(_Items)
_ANYTHING = TypeAdapter(object)


def requests_body(calls: Sequence[tuple[int, BatchCall]]) -> dict[str, object]:
    """The request of some calls, each under its number."""
    return {"requests": [_request(str(number), call) for number, call in calls]}


def _request(name: str, call: BatchCall) -> dict[str, object]:
    request: dict[str, object] = {"id": name, "method": call.method, "url": call.path + query_text(call.query)}
    headers = dict(call.headers)
    if call.body is not None:
        headers["Content-Type"] = "application/json"
        request["body"] = call.body
    if headers:
        request["headers"] = headers
    return request


def reply_of(item: Item, call: BatchCall, target: Target) -> BatchReply:
    """An item as its call's reply."""
    body = item.body if isinstance(item.body, dict) else {}
    if item.status < 300:
        return BatchReply(item.status, body, None)
    headers = {name: value for name, value in item.headers.items() if value is not None}
    error = error_of(item.status, headers, encoded(body), target=target, asked=f"{call.method} {call.path}")
    return BatchReply(item.status, body, error)


def encoded(body: object) -> bytes:
    """A body as JSON text."""
    return _ANYTHING.dump_json(body)
