"""What the modules of the fake Graph are written with: a route, what was asked, and the answer.

A module holds one part of the tenant and the routes to it:

    class Mailboxes:                                   # its state: made for a tenant when it is first asked for
        def __init__(self, tenant: Tenant) -> None: ...

    def _inbox(tenant: Tenant, asked: Asked) -> Answer:
        mailboxes = tenant.part(Mailboxes)
        user = asked.match["user"]                     # decoded, as the pattern names it
        if not mailboxes.ready(user):
            raise Refusal(404, "MailboxNotEnabledForRESTAPI", "The mailbox is either inactive, soft-deleted, or …")
        return Answer(200, {"id": …, "displayName": "Inbox"})

    ROUTES = (Route("GET", r"/users/(?P<user>[^/]+)/mailFolders/inbox", _inbox, permissions=("Mail.ReadBasic.All", …)),)

`server.MODULES` names the modules. Handlers run one at a time, under the tenant's lock; a `stream` is read after it.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.servers.graph.tenant import Tenant

Body = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request. `path` begins after `/v1.0` (an open route's is whole), its escapes undone but those of slashes in it."""

    method: str
    path: str
    match: re.Match[str]
    """Of the route's pattern on `path`."""
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """By lower-case name."""
    body: bytes
    base: str
    """`https://localhost:port/v1.0`, for next links."""

    def json(self) -> Body:
        """The body as a JSON object; empty for none. Raises Refusal for anything else."""
        if not self.body:
            return {}
        try:
            found: object = json.loads(self.body)
        except ValueError as error:
            raise Refusal(400, "BadRequest", "Unable to read JSON request payload.") from error
        if not isinstance(found, dict):
            raise Refusal(400, "BadRequest", "Unable to read JSON request payload.")
        return found


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply: `json`, or `body` as it is, or `stream` in pieces (with its Content-Length in `headers`, else chunked)."""

    status: int
    json: Body | None = None
    body: bytes | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    stream: Iterable[bytes] | None = None


class Refusal(Exception):
    """A handler refuses: answered as Graph's JSON error."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}


Handler = Callable[["Tenant", Asked], Answer]


@dataclass(frozen=True, slots=True)
class Route:
    """`pattern` matches the whole path. Any one of `permissions` is enough; none: every token is."""

    method: str
    pattern: str
    handler: Handler
    permissions: tuple[str, ...] = ()
    open: bool = False
    """Outside `/v1.0` and without a token, as a pre-authenticated download is; the pattern matches the whole path."""


def error_body(code: str, message: str) -> dict[str, object]:
    """Graph's error (https://learn.microsoft.com/graph/errors)."""
    inner = {"date": "2026-11-23T13:00:00", "request-id": "00000000-0000-4000-8000-000000000001"}
    return {"error": {"code": code, "message": message, "innerError": inner}}


def refused(refusal: Refusal) -> Answer:
    """A refusal as the reply that carries it."""
    return Answer(refusal.status, error_body(refusal.code, refusal.message), headers=refusal.headers)
