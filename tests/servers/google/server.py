"""Google over real HTTP on loopback, for the real client libraries: tokens, routing, validation and faults.

An API is a class with the state of one Google service and one method, `handlers()`, that maps discovery method ids to
functions. The server finds the method by the discovery document, checks the bearer token and its scopes, validates the
parameters and the body against Google's schemas, calls the handler, applies the `fields` mask and validates the reply:

    class SheetsApi:
        def handlers(self) -> Mapping[str, Handler]:
            return {"sheets.spreadsheets.values.batchGet": self._batch_get}

        def _batch_get(self, call: ApiCall) -> dict[str, Any]:
            spreadsheet = call.path["spreadsheetId"]            # decoded path parameters
            ranges = call.many("ranges")                        # a repeated query parameter, () when absent
            option = call.one("valueRenderOption", "FORMATTED_VALUE")
            body = call.body                                    # the decoded JSON object; {} when there was none
            if spreadsheet not in self.books:
                raise ApiError(404, "NOT_FOUND", "Requested entity was not found.")
            return {...}                                        # validated against the reply's schema

    server = FakeGoogle(account, apis=(SheetsApi(), FormsApi()))

Handlers of one server never run at the same time. A request that breaks Google's schemas gets Google's 400 and is written
down in `violations`, and so are a wrong reply, an unknown path and a handler that failed: the fixture wants none of them.
"""

import gzip
import json
import socket
import ssl
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol, Self
from urllib.parse import parse_qsl, urlsplit

from tests.servers.google.accounts import Grant, ServiceAccountKey, TokenDesk, TokenRefused
from tests.servers.google.discovery import Match, Routes, discovery_document
from tests.servers.google.faults import TOKEN, Cut, ErrorReply, Faults, RawReply, Slow, Truncated
from tests.servers.google.masks import InvalidMask, parse_mask


@dataclass(frozen=True, slots=True)
class ApiCall:
    """One validated call of an API method."""

    method_id: str
    path: Mapping[str, str]
    query: Mapping[str, tuple[str, ...]]
    body: Mapping[str, Any]
    grant: Grant
    """Who calls, by the bearer token: the service account, its subject and its scopes."""

    def one(self, name: str, default: str = "") -> str:
        """A query parameter that comes at most once."""
        return self.query.get(name, (default,))[0]

    def many(self, name: str) -> tuple[str, ...]:
        """A repeated query parameter."""
        return self.query.get(name, ())


class ApiError(Exception):
    """A handler refuses the call: answered as Google's JSON error. `reason` is its canonical status, e.g. NOT_FOUND."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.reason = reason
        self.message = message


Handler = Callable[[ApiCall], dict[str, Any]]


class Api(Protocol):
    """The state of one Google service."""

    def handlers(self) -> Mapping[str, Handler]:
        """Functions by discovery method id."""
        ...


@dataclass(frozen=True, slots=True)
class Call:
    """A request as it arrived. `method_id` is TOKEN for the token endpoint and "" for a path Google does not have."""

    method: str
    path: str
    method_id: str
    at: float
    """`time.monotonic()` of its arrival."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back; `cut_after`: close the connection after so many bytes of the body."""

    status: int
    body: bytes
    content_type: str = "application/json; charset=UTF-8"
    retry_after: str | None = None
    cut_after: int | None = None


class FakeGoogle:
    """The server. Start it as a context manager; it listens on a free port of 127.0.0.1.

    `check_replies=False` is for benchmarks only: a validated page of 5,000 responses takes seconds.
    """

    def __init__(
        self,
        account: ServiceAccountKey,
        apis: Sequence[Api] = (),
        *,
        check_replies: bool = True,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self.tokens = TokenDesk(account)
        self.faults = Faults()
        self.calls: list[Call] = []
        self.violations: list[str] = []
        self.bytes_sent = 0
        """Bytes of all replies' bodies before compression."""
        self.bodies: list[int] = []
        """Bytes of each request's body, in order of arrival."""
        self.stopping = threading.Event()
        self._check_replies = check_replies
        self._handlers: dict[str, Handler] = {}
        self._lock = threading.RLock()
        self._routes = Routes((discovery_document("forms.v1"), discovery_document("sheets.v4")))
        self._tls = tls
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        for api in apis:
            self.add(api)

    def add(self, api: Api) -> None:
        """Serve one more API."""
        self._handlers.update(api.handlers())

    @property
    def url(self) -> str:
        """Root of all APIs, without a final slash, e.g. `http://127.0.0.1:41234`."""
        if self._server is None:
            message = "the fake Google is not running"
            raise RuntimeError(message)
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self._server.server_address[1]}"

    @property
    def token_uri(self) -> str:
        """The token endpoint, for key files."""
        return f"{self.url}/token"

    def start(self) -> Self:
        """Listen. Returns itself."""
        self._server = _Server(self, self._tls)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), name="fake-google")
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

    def calls_of(self, method_id: str) -> list[Call]:
        """The recorded calls of one API method, in order of arrival."""
        return [call for call in self.calls if call.method_id == method_id]

    def answer(self, method: str, target: str, headers: Message, body: bytes) -> Reply:
        """The reply to one HTTP request."""
        parts = urlsplit(target)
        if method == "POST" and parts.path == "/token":
            match = None
            method_id = TOKEN
        else:
            match = self._routes.find(method, parts.path)
            method_id = match.method.id if match else ""
        with self._lock:
            self.calls.append(Call(method, parts.path, method_id, time.monotonic()))
            self.bodies.append(len(body))
        fault = self.faults.take(method_id)
        if isinstance(fault, Slow):
            self.stopping.wait(fault.seconds)
        if isinstance(fault, ErrorReply | RawReply | Cut) and not fault.applied:
            reply = Reply(204, b"")
        elif method_id == TOKEN:
            reply = self._token(body)
        else:
            reply = self._api(match, method, parts.path, parts.query, headers, body)
        match fault:
            case ErrorReply():
                return _error(fault.status, fault.reason, fault.message, retry_after=fault.retry_after)
            case RawReply():
                return Reply(fault.status, fault.body, fault.content_type)
            case Cut():
                return Reply(reply.status, reply.body, cut_after=fault.after_bytes)
            case Truncated():
                return Reply(reply.status, reply.body[: fault.after_bytes])
            case _:
                return reply

    def _token(self, body: bytes) -> Reply:
        try:
            with self._lock:
                return _json(200, self.tokens.issue(body, self.token_uri))
        except TokenRefused as refusal:
            return _json(400, {"error": refusal.code, "error_description": refusal.description})

    def _api(self, match: Match | None, method: str, path: str, raw_query: str, headers: Message, body: bytes) -> Reply:
        grant = self.tokens.grant(headers.get("Authorization"))
        if grant is None:
            return _error(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.")
        if match is None:
            return self._violation(404, "NOT_FOUND", f"{method} {path}: no such path in the discovery documents")
        if not grant.scopes & match.method.scopes:
            return _error(403, "PERMISSION_DENIED", "Request had insufficient authentication scopes.")
        query: dict[str, tuple[str, ...]] = {}
        for name, value in parse_qsl(raw_query, keep_blank_values=True):
            query[name] = (*query.get(name, ()), value)
        try:
            message = json.loads(body) if body else {}
        except ValueError:
            return self._violation(400, "INVALID_ARGUMENT", f"{match.method.id}: the body is not JSON")
        problems = match.method.parameter_problems(query)
        if match.method.request is not None:
            problems += match.method.schemas.problems(message, match.method.request, request=True)
        elif body:
            problems.append("a body where the method takes none")
        if problems:
            return self._violation(400, "INVALID_ARGUMENT", f"{match.method.id}: {'; '.join(problems)}")
        return self._handled(match, ApiCall(match.method.id, match.path, query, message, grant))

    def _handled(self, match: Match, call: ApiCall) -> Reply:
        handler = self._handlers.get(call.method_id)
        if handler is None:
            return self._violation(501, "UNIMPLEMENTED", f"{call.method_id}: no handler")
        schemas, schema = match.method.schemas, match.method.response
        try:
            mask = parse_mask(call.one("fields", "*"))
            if schema is not None:
                mask.check(schemas, schema)
        except InvalidMask as error:
            return self._violation(400, "INVALID_ARGUMENT", f"{call.method_id}: {error}")
        try:
            with self._lock:
                result = handler(call)
        except ApiError as error:
            return _error(error.status, error.reason, error.message)
        problems = schemas.problems(result, schema, request=False) if schema and self._check_replies else []
        if problems:
            return self._violation(500, "INTERNAL", f"{call.method_id}: invalid reply: {'; '.join(problems)}")
        return _json(200, mask.apply(result))

    def _violation(self, status: int, reason: str, message: str) -> Reply:
        with self._lock:
            self.violations.append(message)
        return _error(status, reason, message)


def _json(status: int, message: object) -> Reply:
    return Reply(status, json.dumps(message, ensure_ascii=False).encode("utf-8"))


def _error(status: int, reason: str, message: str, *, retry_after: str | None = None) -> Reply:
    reply = _json(status, {"error": {"code": status, "message": message, "status": reason}})
    return Reply(reply.status, reply.body, retry_after=retry_after)


class _Server(ThreadingHTTPServer):
    daemon_threads = False
    block_on_close = True

    def __init__(self, google: FakeGoogle, tls: ssl.SSLContext | None) -> None:
        self.google = google
        self._tls = tls
        self._connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), _RequestHandler)

    def get_request(self) -> tuple[socket.socket, Any]:
        connection, address = super().get_request()
        if self._tls is not None:
            # The handshake is left to the connection's own thread: a client that refuses our certificate stops nobody.
            connection = self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        self._connections.add(connection)
        return connection, address

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def cut_connections(self) -> None:
        for connection in tuple(self._connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def handle_error(self, request: Any, client_address: Any) -> None:
        # A client that goes away is no violation; a handler that fails is one, and its client sees a cut connection.
        if not isinstance(sys.exception(), ConnectionError | ssl.SSLError):
            self.google.violations.append(traceback.format_exc())


class _RequestHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server

    def _serve(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        method, target = self.headers.get("X-HTTP-Method-Override", self.command), self.path
        if method != self.command:
            # Client libraries send a GET whose URI would be too long as a POST with its query in the body.
            target, body = f"{self.path}?{body.decode('ascii')}", b""
        self._send(self.server.google.answer(method, target, self.headers, body))

    def __getattr__(self, name: str) -> Callable[[], None]:
        # http.server looks for do_GET, do_POST, ...: every method is served alike.
        if name.startswith("do_"):
            return self._serve
        raise AttributeError(name)

    def _send(self, reply: Reply) -> None:
        google = self.server.google
        google.bytes_sent += len(reply.body)
        if reply.cut_after == 0:
            self.close_connection = True
            return
        body = reply.body
        zipped = len(body) > 1024 and "gzip" in self.headers.get("Accept-Encoding", "")
        if zipped:
            body = gzip.compress(body, 1)
        self.send_response(reply.status)
        self.send_header("Content-Type", reply.content_type)
        self.send_header("Content-Length", str(len(body)))
        if zipped:
            self.send_header("Content-Encoding", "gzip")
        if reply.retry_after is not None:
            self.send_header("Retry-After", reply.retry_after)
        if reply.cut_after is not None:
            body = body[: min(reply.cut_after, len(body) - 1)]
            self.close_connection = True
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: `FakeGoogle.calls` has it all."""
