"""The fake Graph's HTTPS server: tokens, routing, permissions, `$batch`, faults, and validation of all that passes.

    authority = Authority("Autoridad de las pruebas")
    with FakeGraph(authority, Tenant(clock)) as graph:
        reach = graph.reach(folder)            # a GraphReach for the real connection
    assert graph.violations == []

What a request or a reply does wrong is answered as an error and written down in `violations`: fixtures want none of them.
"""

import importlib
import json
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from config.graph.connection import GraphReach
from tests.servers.certificates import Authority
from tests.servers.graph.checks import request_problems
from tests.servers.graph.faults import Cut, ErrorReply, Fault, Faults, RawReply, Slow
from tests.servers.graph.routing import Answer, Asked, Refusal, Route, error_body, refused
from tests.servers.graph.serving import HttpsServer
from tests.servers.graph.subset import subset
from tests.servers.graph.tenant import Tenant
from tests.servers.graph.tokens import CLIENT_ID, SECRET, TENANT, TokenDesk, TokenRefused

MODULES = (
    "tests.servers.graph.people",
    "tests.servers.graph.sending",
    "tests.servers.graph.mailboxes",
    "tests.servers.graph.calendars",
    "tests.servers.graph.contacts",
    "tests.servers.graph.drives",
)
"""Each holds `ROUTES: tuple[Route, ...]`; the first route that matches answers."""

_VERSION = "/v1.0"
_MAILBOX = re.compile(r"/users/([^/]+)/(?:mailFolders|messages|calendars|events|contacts|contactFolders)")
_AT_ONCE = 4


@dataclass(frozen=True, slots=True)
class Call:
    """A request as it arrived."""

    method: str
    path: str
    """After `/v1.0`; `token` for a token."""
    query: Mapping[str, str]
    headers: Mapping[str, str]
    at: float
    """`time.monotonic()` of its arrival."""


class FakeGraph:
    """Listens on a free port of 127.0.0.1 as `https://localhost:port`; a context manager.

    `check=False` is for benchmarks only: checking a big page takes longer than answering it.
    """

    def __init__(self, authority: Authority, tenant: Tenant | None = None, *, check: bool = True) -> None:
        self.tenant = tenant or Tenant()
        self.tokens = TokenDesk()
        self.faults = Faults()
        self.calls: list[Call] = []
        self.violations: list[str] = []
        self.most_at_once = 0
        """Requests that one mailbox had at the same time, at the most."""
        self.stopping = threading.Event()
        self._authority = authority
        self._check = check
        self._subset = subset() if check else None
        self._routes = _all_routes()
        self._busy: dict[str, int] = {}
        self._counting = threading.Lock()
        self._server: HttpsServer | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Root of Graph and of the authority, without a final slash."""
        if self._server is None:
            message = "the fake Graph is not running"
            raise RuntimeError(message)
        return f"https://localhost:{self._server.server_address[1]}"

    def reach(self, folder: Path, **changes: Any) -> GraphReach:
        """How the real connection gets here: by secret, unless `changes` say otherwise. Writes the authority into a folder."""
        ca_file = folder / "graph-ca.pem"
        ca_file.write_bytes(self._authority.certificate)
        values: dict[str, Any] = {
            "tenant": TENANT,
            "client_id": CLIENT_ID,
            "authority": self.url,
            "endpoint": self.url,
            "secret": SECRET,
            "ca_file": ca_file,
            "timeout_seconds": 10,
        }
        return GraphReach(**{**values, **changes})

    def start(self) -> Self:
        """Listen. Returns itself."""
        self._server = HttpsServer(self, self._authority)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="fake-graph")
        self._thread.start()
        return self

    def stop(self) -> None:
        """Close every connection and wait for the threads. Idempotent."""
        if self._server is None or self._thread is None:
            return
        self.stopping.set()
        self._server.shutdown()
        self._server.cut_connections()
        self._server.server_close()
        self._thread.join()
        self._server = self._thread = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    def calls_of(self, method: str, pattern: str) -> list[Call]:
        """The recorded calls whose whole path matches, in order of arrival; those inside a `$batch` among them."""
        return [call for call in self.calls if call.method == method and re.fullmatch(pattern, call.path)]

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> "tuple[Answer, Fault | None]":
        """The reply to one HTTP request, and what is to go wrong with it."""
        parts = urlsplit(target)
        path = _decoded(parts.path)
        if path.endswith("/openid-configuration"):
            return self._discovery(path), None
        if path.endswith("/oauth2/v2.0/token"):
            return self._faulty("POST", "token", {}, headers, lambda: self._token(path, body))
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        if path.startswith(_VERSION + "/"):
            path = path.removeprefix(_VERSION)
            return self._faulty(method, path, query, headers, lambda: self._graph(method, path, query, headers, body))
        return self._faulty(method, path, query, headers, lambda: self._open(method, path, query, headers, body))

    def _faulty(
        self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], answered: Callable[[], Answer]
    ) -> "tuple[Answer, Fault | None]":
        with self._counting:
            self.calls.append(Call(method, path, query, headers, time.monotonic()))
        fault = self.faults.take(f"{method} {path}")
        if isinstance(fault, Slow):
            self.stopping.wait(fault.seconds)
        answer = Answer(204) if isinstance(fault, ErrorReply | RawReply | Cut) and not fault.applied else answered()
        match fault:
            case ErrorReply():
                wait = {} if fault.retry_after is None else {"Retry-After": fault.retry_after}
                return Answer(fault.status, error_body(fault.code, fault.message), headers=wait), fault
            case RawReply():
                return Answer(fault.status, body=fault.body, headers={"Content-Type": fault.content_type}), fault
            case _:
                return answer, fault

    def _discovery(self, path: str) -> Answer:
        tenant = path.split("/")[1]
        if tenant != TENANT:
            said = f"AADSTS90002: Tenant '{tenant}' not found."
            return Answer(400, {"error": "invalid_tenant", "error_description": said})
        root = f"{self.url}/{tenant}"
        return Answer(
            200,
            {
                "token_endpoint": f"{root}/oauth2/v2.0/token",
                "authorization_endpoint": f"{root}/oauth2/v2.0/authorize",
                "issuer": f"{root}/v2.0",
            },
        )

    def _token(self, path: str, body: bytes) -> Answer:
        with self._counting:
            try:
                return Answer(200, self.tokens.issue(body, f"{self.url}{path}", f"{self.url}/.default"))
            except TokenRefused as refusal:
                return Answer(refusal.status, {"error": refusal.error, "error_description": refusal.description})

    def _graph(self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes) -> Answer:
        granted = self.tokens.permissions(headers.get("authorization"))
        if granted is None:
            return refused(Refusal(401, "InvalidAuthenticationToken", "Access token has expired or is not yet valid."))
        if method == "POST" and path == "/$batch":
            return self._batch(query, headers, body)
        found = self._found(method, path, opened=False)
        if found is None:
            return self._violation(f"{method} {path}: no such route")
        route, match = found
        if route.permissions and not granted & set(route.permissions):
            return refused(Refusal(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation."))
        asked = Asked(method, path, match, query, headers, body, f"{self.url}{_VERSION}")
        return self._busily(path, lambda: self._checked(route, asked))

    def _busily(self, path: str, answered: Callable[[], Answer]) -> Answer:
        found = _MAILBOX.match(path)
        if found is None:
            return answered()
        with self._counting:
            busy = self._busy[found[1]] = self._busy.get(found[1], 0) + 1
            self.most_at_once = max(self.most_at_once, busy)
        try:
            if busy > _AT_ONCE:
                self._violation(f"{path}: more than {_AT_ONCE} requests at once for one mailbox")
                return refused(Refusal(429, "ApplicationThrottled", "Application is over its MailboxConcurrency limit."))
            return answered()
        finally:
            with self._counting:
                self._busy[found[1]] -= 1

    def _checked(self, route: Route, asked: Asked) -> Answer:
        operation = self._subset.operation(asked.method, asked.path) if self._subset else None
        if self._check:
            problems = request_problems(asked)
            if self._subset and operation:
                problems += self._subset.request_problems(operation, asked.query, asked.headers, asked.body)
            if problems:
                return self._violation("; ".join(problems))
        answer = self._handled(route, asked)
        if self._subset and operation and answer.stream is None and answer.status not in {301, 302}:
            problems = self._subset.reply_problems(operation, answer.status, answer.json)
            # What is no JSON (a message's MIME, a file) has no schema to be held against.
            if problems and answer.body is None:
                return self._violation("reply: " + "; ".join(problems))
        return answer

    def _open(self, method: str, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes) -> Answer:
        found = self._found(method, path, opened=True)
        if found is None:
            return self._violation(f"{method} {path}: no such open route")
        if "authorization" in headers:
            return self._violation(f"{method} {path}: a token where none belongs")
        return self._handled(found[0], Asked(method, path, found[1], query, headers, body, f"{self.url}{_VERSION}"))

    def _handled(self, route: Route, asked: Asked) -> Answer:
        try:
            with self.tenant.lock:
                return route.handler(self.tenant, asked)
        except Refusal as refusal:
            return refused(refusal)

    def _found(self, method: str, path: str, *, opened: bool) -> tuple[Route, re.Match[str]] | None:
        for route in self._routes:
            if route.method == method and route.open is opened and (match := re.fullmatch(route.pattern, path)):
                return route, match
        return None

    def _batch(self, query: Mapping[str, str], headers: Mapping[str, str], body: bytes) -> Answer:
        match = re.fullmatch(r"/\$batch", "/$batch")
        if match is None:
            raise AssertionError
        asked = Asked("POST", "/$batch", match, query, headers, body, f"{self.url}{_VERSION}")
        problems = request_problems(asked)
        operation = self._subset.operation("POST", "/$batch") if self._subset else None
        if self._subset and operation:
            problems += self._subset.request_problems(operation, query, headers, body)
        if problems:
            return self._violation("; ".join(problems))
        replies = [self._batched(each, headers) for each in json.loads(body)["requests"]]
        # Graph answers in no particular order.
        return Answer(200, {"responses": replies[::-1]})

    def _batched(self, call: Mapping[str, Any], outer: Mapping[str, str]) -> dict[str, object]:
        parts = urlsplit(call["url"])
        path, query = _decoded(parts.path), dict(parse_qsl(parts.query, keep_blank_values=True))
        own = {name.lower(): value for name, value in (call.get("headers") or {}).items()}
        headers = {"authorization": outer.get("authorization", ""), **own}
        body = json.dumps(call["body"]).encode() if "body" in call else b""
        method = call["method"]
        answer, _ = self._faulty(method, path, query, headers, lambda: self._graph(method, path, query, headers, body))
        reply: dict[str, object] = {"id": call["id"], "status": answer.status, "headers": dict(answer.headers)}
        if answer.json is not None:
            reply["body"] = answer.json
        return reply

    def _violation(self, message: str) -> Answer:
        with self._counting:
            self.violations.append(message)
        return refused(Refusal(400, "BadRequest", message))


def _all_routes() -> tuple[Route, ...]:
    return tuple(route for name in MODULES for route in importlib.import_module(name).ROUTES)


def _decoded(path: str) -> str:
    return "/".join(unquote(part).replace("/", "%2F") for part in path.split("/"))
