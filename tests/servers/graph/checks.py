"""The project's own checks of what is sent to Graph: what Microsoft's description does not say and its service refuses.

Sources: https://learn.microsoft.com/graph/aad-advanced-queries (filters, ConsistencyLevel), …/graph/api/resources/user
(properties that need $select), …/graph/json-batching (twenty calls, relative addresses).
"""

import json
import re
from collections.abc import Iterator, Mapping

from tests.servers.graph.routing import Asked

_PARAMETERS = frozenset(
    {
        "$select", "$filter", "$top", "$skip", "$count", "$expand", "$orderby", "$search", "$skiptoken", "$deltatoken",
        "$format", "includeHiddenFolders", "includeHiddenMessages", "startDateTime", "endDateTime", "token", "changeType",
    }
)  # fmt: skip
_USER_PROPERTIES = frozenset(
    {
        "id", "accountEnabled", "assignedLicenses", "createdDateTime", "deletedDateTime", "displayName", "employeeId",
        "givenName", "licenseAssignmentStates", "mail", "onPremisesImmutableId", "onPremisesLastSyncDateTime",
        "onPremisesProvisioningErrors", "onPremisesSamAccountName", "onPremisesSyncEnabled", "serviceProvisioningErrors",
        "signInSessionsValidFromDateTime", "surname", "usageLocation", "userPrincipalName",
    }
)  # fmt: skip
_USER_FILTER = re.compile(r"(?P<property>\w+) (?P<operator>eq|ne|ge|le|startsWith) '(?P<value>(?:[^']|'')*)'")
_ADVANCED = frozenset({"onPremisesImmutableId", "onPremisesSamAccountName", "onPremisesSecurityIdentifier"})
_USER_LISTS = ("/users", "/directory/deletedItems/microsoft.graph.user")
_GUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


def request_problems(asked: Asked) -> list[str]:
    """What is wrong with a request; empty when Graph would take it."""
    return [f"{asked.method} {asked.path}: {problem}" for problem in _problems(asked)]


def _problems(asked: Asked) -> Iterator[str]:
    yield from (f"unknown query parameter {name}" for name in asked.query if name not in _PARAMETERS)
    if "//" in asked.path or not asked.path.startswith("/"):
        yield "an empty segment"
    if asked.body and asked.method in {"POST", "PATCH"} and "content-type" not in asked.headers:
        yield "a body without Content-Type"
    if asked.method == "GET" and asked.body:
        yield "a body in a GET"
    if "access_token" in asked.query or "canary" in json.dumps(dict(asked.query)):
        yield "a secret in the address"
    if asked.path in _USER_LISTS:
        yield from _user_list(asked.query, asked.headers)
    if re.fullmatch(r"/users(/[^/]+)?", asked.path) and asked.method == "GET":
        chosen = asked.query.get("$select", "").split(",")
        yield from (f"a user has no property {name!r}" for name in chosen if name and name not in _USER_PROPERTIES)
    if asked.path.endswith("/assignLicense"):
        yield from _assignment(asked.json())
    if asked.path == "/$batch":
        yield from _batch(asked.json())


def _user_list(query: Mapping[str, str], headers: Mapping[str, str]) -> Iterator[str]:
    where = query.get("$filter")
    if where is None:
        return
    found = _USER_FILTER.fullmatch(where)
    if found is None:
        yield f"$filter {where!r} is not one comparison with a quoted text"
    elif found["property"] not in _USER_PROPERTIES | _ADVANCED:
        yield f"no property {found['property']} to filter by"
    elif found["property"] in _ADVANCED:
        if found["operator"] != "eq":
            yield f"{found['property']} can be filtered by eq"
        if headers.get("consistencylevel") != "eventual" or query.get("$count") != "true":
            yield f"{found['property']} wants ConsistencyLevel: eventual and $count=true"


def _assignment(body: Mapping[str, object]) -> Iterator[str]:
    if body.keys() != {"addLicenses", "removeLicenses"}:
        yield "assignLicense takes addLicenses and removeLicenses, both"
        return
    added, removed = body["addLicenses"], body["removeLicenses"]
    if not isinstance(added, list) or not isinstance(removed, list):
        yield "assignLicense takes lists"
        return
    ids = [each.get("skuId") if isinstance(each, dict) else None for each in added] + removed
    yield from (f"{each!r} is no skuId" for each in ids if not isinstance(each, str) or not _GUID.fullmatch(each))


def _batch(body: Mapping[str, object]) -> Iterator[str]:
    calls = body.get("requests")
    if not isinstance(calls, list) or not 1 <= len(calls) <= 20:
        yield "a batch has 1 to 20 requests"
        return
    names = [each.get("id") for each in calls]
    if len(set(names)) != len(names):
        yield "two requests of a batch have the same id"
    for each in calls:
        url = str(each.get("url", ""))
        if not url.startswith("/") or url.startswith(("/v1.0", "/$batch")):
            yield f"{url!r} is not relative to the version"
        if "body" in each and "Content-Type" not in (each.get("headers") or {}):
            yield f"{url!r} has a body without Content-Type"
