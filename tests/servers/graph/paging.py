"""Lists page by page, as Graph gives them: `$top` at most, and a next link that leads to the rest."""

from collections.abc import Callable, Sequence
from typing import TypeVar
from urllib.parse import quote, urlencode

from tests.servers.graph.routing import Answer, Asked, Body

T = TypeVar("T")
_TOP = 10


def paged(asked: Asked, items: Sequence[T], described: Callable[[T], Body]) -> Answer:
    """One page; only its own items are described, so that a list may be long."""
    top, skip = int(asked.query.get("$top", _TOP)), int(asked.query.get("$skip", 0))
    reply: dict[str, object] = {"value": [described(item) for item in items[skip : skip + top]]}
    if skip + top < len(items):
        query = {**asked.query, "$skip": str(skip + top)}
        reply["@odata.nextLink"] = f"{asked.base}{quote(asked.path, safe='/%')}?{urlencode(query)}"
    return Answer(200, reply)


def chosen(asked: Asked, whole: Body, always: tuple[str, ...] = ("id",)) -> Body:
    """What `$select` asks for, with the identifier and all annotations; the whole without one."""
    select = asked.query.get("$select")
    if not select:
        return whole
    wanted = {*always, *select.split(",")}
    return {name: value for name, value in whole.items() if name in wanted or name.startswith("@")}
