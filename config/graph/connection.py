"""Microsoft Graph over one HTTP session: tokens, throttling, pages, batches, streams, and no write in a dry run.

The provisioning side and the telling side share one connection, and so one token and one count of requests at once.
"""

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from urllib.parse import urlsplit

import requests

from config.errors import Misconfigured, Target, TargetError, Transient, WriteRefused
from config.graph.batch import ITEMS, MOST_CALLS, THROTTLED, BatchCall, BatchReply, Item, encoded, reply_of, requests_body
from config.graph.credentials import Credentials
from config.graph.errors import GraphRefusal, error_of
from config.graph.odata import query_text
from config.graph.session import GraphSession, broke_off, transport_error
from config.graph.streamed import Streamed
from config.graph.throttling import Patience, Slots
from config.http_times import retry_after_seconds

Json = Mapping[str, object]
"""A reply's body, for the adapters to parse with a pydantic TypeAdapter."""

_VERSION = "/v1.0"
_NOTHING: Mapping[str, str] = MappingProxyType({})
_UNDONE = frozenset({429, 503})
"""Refused before anything was done (https://learn.microsoft.com/graph/errors): safe to send again, whatever it was."""
_REPEATABLE = frozenset({"GET", "PUT", "PATCH", "DELETE"})
"""A 504, or a connection that broke off, may come after the deed: a POST is then left to whoever can look first."""


@dataclass(frozen=True, slots=True)
class GraphReach:
    """The tenant, the application that acts in it, and where Microsoft's services are. One of certificate and secret."""

    tenant: str
    client_id: str
    authority: str = "https://login.microsoftonline.com"
    endpoint: str = "https://graph.microsoft.com"
    certificate_pem: str | None = field(default=None, repr=False)
    """Private key and certificate."""
    secret: str | None = field(default=None, repr=False)
    ca_file: Path | None = None
    timeout_seconds: float = 30


class GraphConnection:
    """Every method may raise Misconfigured, Unreachable, Transient or GraphRefusal (a Rejected), all for the given target.

    Connects at the first call. What is throttled is tried again, four times and a minute in all at the most; what Retry-After
    then still asks for is in the Transient. Thread-safe: at most four requests at once for each mailbox. `path` begins after
    the version: `/users/…`. When not `writable`, whatever is no GET raises WriteRefused before anything leaves the process.
    """

    def __init__(self, reach: GraphReach, *, writable: bool = True, sleep: Callable[[float], None] = time.sleep) -> None:
        self._base = reach.endpoint.rstrip("/") + _VERSION
        self._writable = writable
        self._sleep = sleep
        self._session = GraphSession(reach.ca_file, reach.timeout_seconds)
        self._credentials = Credentials(
            self._session,
            tenant=reach.tenant,
            client_id=reach.client_id,
            authority=reach.authority,
            scope=f"{reach.endpoint.rstrip('/')}/.default",
            certificate_pem=reach.certificate_pem,
            secret=reach.secret,
        )
        self._slots = Slots()

    @property
    def writable(self) -> bool:
        """Whether this is no dry run."""
        return self._writable

    def permissions(self, target: Target) -> frozenset[str]:
        """The application permissions that the administrator consented to, by the token's word."""
        return self._credentials.roles(target)

    def get(
        self, path: str, *, target: Target, query: Mapping[str, str] = _NOTHING, headers: Mapping[str, str] = _NOTHING
    ) -> Json:
        """One JSON object."""
        with self._answered("GET", self._base + path + query_text(query), target, headers) as response:
            return _object(response, target)

    def pages(
        self, path: str, *, target: Target, query: Mapping[str, str] = _NOTHING, headers: Mapping[str, str] = _NOTHING
    ) -> Iterator[Json]:
        """Each item of a list, page after page: a reply without `value` is an error, never an empty list."""
        url: str | None = self._base + path + query_text(query)
        while url is not None:
            with self._answered("GET", url, target, headers) as response:
                page = _object(response, target)
            yield from _items(page, target)
            url = self._next(page, url, target)

    def write(
        self,
        method: str,
        path: str,
        *,
        target: Target,
        body: Json | None = None,
        octets: bytes | None = None,
        content_type: str = "application/json",
        headers: Mapping[str, str] = _NOTHING,
    ) -> Json | None:
        """Change something; the reply's JSON object, None when it has none. `octets` goes instead of `body` as it is."""
        self._refuse_in_dry_run(method, path)
        content = octets if octets is not None else None if body is None else encoded(body)
        # With an empty body too: Graph answers 411 to a POST without a length.
        described = {"Content-Type": content_type} if content else {}
        with self._answered(method, self._base + path, target, {**described, **headers}, content or b"") as response:
            return _object(response, target) if response.content else None

    def stream(
        self, path_or_url: str, *, target: Target, headers: Mapping[str, str] = _NOTHING, authorised: bool = True
    ) -> AbstractContextManager[Streamed]:
        """A reply in pieces, for what may be too big for the memory; to be used in a `with`.

        A path, or a whole address: a pre-authenticated one (`authorised=False`) goes without the token, and a redirection to
        one is followed. Such an address that has expired raises GraphRefusal with its status (401, 403, 404 or 410).
        """
        url = path_or_url if path_or_url.startswith(("https://", "http://")) else self._base + path_or_url
        if authorised and not url.startswith(self._base + "/"):
            raise ValueError("the token goes to Graph alone")
        return self._streamed(url, target, headers, authorised)

    @contextmanager
    def _streamed(self, url: str, target: Target, headers: Mapping[str, str], authorised: bool) -> Iterator[Streamed]:
        with self._answered("GET", url, target, headers, authorised=authorised, in_pieces=True) as response:
            onward = response.headers.get("Location") if response.status_code in {301, 302, 303, 307, 308} else None
            if onward is None:
                yield Streamed(response, target)
                return
        if not authorised or urlsplit(onward).scheme != "https":
            raise error_of(302, {}, b"", target=target, asked=_named("GET", url))
        with self._answered("GET", onward, target, headers, authorised=False, in_pieces=True) as response:
            yield Streamed(response, target)

    def batch(self, calls: Sequence[BatchCall], *, target: Target) -> tuple[BatchReply, ...]:
        """The calls' replies in their order, twenty calls a request; what failed says so in its own place.

        A call that is throttled is sent again after as long as its own Retry-After asks, without those that were answered.
        """
        for call in calls:
            if call.method != "GET":
                self._refuse_in_dry_run(call.method, call.path)
        replies: dict[int, BatchReply] = {}
        for first in range(0, len(calls), MOST_CALLS):
            waiting = list(enumerate(calls))[first : first + MOST_CALLS]
            patience = Patience(self._sleep)
            while waiting:
                items = self._batch_of(waiting, target)
                replies |= {number: reply_of(items[number], call, target) for number, call in waiting}
                waiting = [each for each in waiting if _to_be_repeated(items[each[0]], each[1])]
                asked = [_retry_after(items[number]) for number, _ in waiting]
                wait = max((each for each in asked if each is not None), default=None)
                if waiting and not patience.again(wait):
                    break
        return tuple(replies[number] for number in range(len(calls)))

    def _batch_of(self, calls: Sequence[tuple[int, BatchCall]], target: Target) -> dict[int, Item]:
        content = encoded(requests_body(calls))
        headers = {"Content-Type": "application/json"}
        with self._answered("POST", f"{self._base}/$batch", target, headers, content) as response:
            reply = _object(response, target)
        try:
            items = {int(item.id): item for item in ITEMS.validate_python(reply).responses}
        except ValueError as error:
            raise _not_graph(target) from error
        if not {number for number, _ in calls} <= items.keys():
            raise _not_graph(target)
        return items

    def close(self) -> None:
        """Close the session. Idempotent."""
        self._session.close()

    def _refuse_in_dry_run(self, method: str, path: str) -> None:
        if not self._writable:
            raise WriteRefused(f"Se pediría a Microsoft 365: {method} {path}")

    @contextmanager
    def _answered(
        self,
        method: str,
        url: str,
        target: Target,
        headers: Mapping[str, str],
        content: bytes | None = None,
        *,
        authorised: bool = True,
        in_pieces: bool = False,
    ) -> Iterator[requests.Response]:
        """A reply of success, or a redirection of a stream, closed at the end; every other one raises."""
        with self._slots.of(urlsplit(url).path):
            response = self._insisted(method, url, target, headers, content, authorised=authorised, in_pieces=in_pieces)
            try:
                yield response
            finally:
                response.close()

    def _insisted(
        self,
        method: str,
        url: str,
        target: Target,
        headers: Mapping[str, str],
        content: bytes | None,
        *,
        authorised: bool,
        in_pieces: bool,
    ) -> requests.Response:
        patience = Patience(self._sleep)
        identified_anew = False
        while True:
            sent = {**headers, "Authorization": f"Bearer {self._credentials.token(target)}"} if authorised else dict(headers)
            try:
                # A redirection would take the token to wherever it points: none is followed.
                response = self._session.exchange(method, url, sent, content, in_pieces=in_pieces)
            except requests.RequestException as error:
                if broke_off(error) and method in _REPEATABLE and patience.again(None):
                    continue
                raise transport_error(error, target, _named(method, url)) from error
            status = response.status_code
            if status < 300 or (in_pieces and status < 400 and "Location" in response.headers):
                return response
            failure = self._failure(response, method, url, target, authorised=authorised)
            repeatable = status in _UNDONE or (status in THROTTLED and method in _REPEATABLE)
            if repeatable and patience.again(retry_after_seconds(response.headers)):
                continue
            if status == 401 and authorised and not identified_anew:
                # Revoked, or the permissions changed since it was issued.
                identified_anew = True
                self._credentials.forget(target)
                continue
            raise failure

    @staticmethod
    def _failure(response: requests.Response, method: str, url: str, target: Target, *, authorised: bool) -> TargetError:
        with response:
            try:
                content = response.content
            except requests.RequestException:
                content = b""
        status = response.status_code
        if not authorised and status in {401, 403}:
            return GraphRefusal(target, "La dirección de descarga ya no sirve; se pide otra.", status=status, code="")
        return error_of(status, response.headers, content, target=target, asked=_named(method, url))

    def _next(self, page: Json, current: str, target: Target) -> str | None:
        url = page.get("@odata.nextLink")
        if url is None:
            return None
        # The token goes with it: to nobody but Graph, and to no page that was read already.
        if not isinstance(url, str) or not url.startswith(self._base + "/") or url == current:
            raise Misconfigured(
                target,
                "Microsoft Graph continuó una lista en otra dirección.",
                remedy="Revise «endpoint» en [microsoft]: debe ser la dirección de Graph de la nube del inquilino.",
            )
        return url


def _object(response: requests.Response, target: Target) -> Json:
    try:
        reply: object = json.loads(response.content)
    except (ValueError, requests.RequestException) as error:
        raise _not_graph(target) from error
    if not isinstance(reply, dict):
        raise _not_graph(target)
    return reply


def _items(page: Json, target: Target) -> list[Json]:
    value = page.get("value")
    if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
        raise _not_graph(target)
    return value


def _to_be_repeated(item: Item, call: BatchCall) -> bool:
    return item.status in _UNDONE or (item.status in THROTTLED and call.method in _REPEATABLE)


def _retry_after(item: Item) -> float | None:
    return retry_after_seconds({name: value for name, value in item.headers.items() if value is not None})


def _named(method: str, url: str) -> str:
    """Method and path: a query may carry what belongs in no log, and a pre-authenticated one is a key."""
    path = urlsplit(url).path
    return f"{method} {path.partition(_VERSION)[2] or path}"


def _not_graph(target: Target) -> Transient:
    return Transient(target, "La respuesta de Microsoft 365 llegó incompleta o no es de Microsoft; se intentará de nuevo.")
