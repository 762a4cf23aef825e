"""The HTTPS server under both interfaces: it listens on loopback only, records what it was asked, and fails on demand."""

import json
import ssl
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Literal, Self
from urllib.parse import parse_qs, urlsplit

from pydantic import JsonValue


@dataclass(frozen=True, slots=True)
class Asked:
    """A request, taken apart. `path` starts after the interface's own; header names are in lower case."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> JsonValue:
        """The body, None when it is not JSON."""
        try:
            parsed: JsonValue = json.loads(self.body)
        except ValueError:
            return None
        return parsed


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply: JSON unless `raw` says otherwise."""

    status: int
    body: JsonValue = None
    headers: Mapping[str, str] = field(default_factory=dict)
    raw: bytes | None = None
    content_type: str = "application/json; charset=UTF-8"


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong with one call whose «METHOD path» starts with `on`. `applied`: it is carried out before it goes wrong.

    `answer` None cuts the connection without a reply; `seconds` makes it late.
    """

    on: str
    answer: Answer | None = None
    applied: bool = False
    seconds: float = 0


HTML = Answer(503, raw=b"<html><body>En mantenimiento</body></html>", content_type="text/html")


class GlpiServer:
    """A running server; `handle` is one of the two interfaces. Use as a context manager."""

    def __init__(self, handle: Callable[[Asked], Answer], prefix: str, certificate: Path, key: Path) -> None:
        self.calls: list[str] = []
        self.faults: deque[Fault] = deque()
        self.cuts_writes: Literal["", "before", "after"] = ""
        """Every write loses its connection: the first time, before it is carried out; or always, after it was."""
        self._cut: set[tuple[str, bytes]] = set()
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            timeout = 20
            # Head and body in one packet: in two, the second waits for the acknowledgement of the first.
            wbufsize = -1

            def do_GET(self) -> None:
                server.serve(self, handle, prefix)

            def do_POST(self) -> None:
                server.serve(self, handle, prefix)

            def do_PUT(self) -> None:
                server.serve(self, handle, prefix)

            def do_PATCH(self) -> None:
                server.serve(self, handle, prefix)

            def log_message(self, format: str, *args: object) -> None:
                del format, args

        self._http = _Server(("127.0.0.1", 0), Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self._http.socket = context.wrap_socket(self._http.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"https://127.0.0.1:{self._http.server_port}{prefix}"
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.02,), daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stopping.set()
        self._http.shutdown()
        self._thread.join(10)
        self._http.server_close()

    def fail(self, *faults: Fault) -> None:
        """Queue faults: each is used up by one call."""
        with self._lock:
            self.faults.extend(faults)

    def called(self, start: str) -> int:
        """How many calls began so, `POST Ticket` for example."""
        return sum(each.startswith(start) for each in self.calls)

    def serve(self, handler: BaseHTTPRequestHandler, handle: Callable[[Asked], Answer], prefix: str) -> None:
        """One request."""
        parts = urlsplit(handler.path)
        length = int(handler.headers.get("Content-Length") or 0)
        asked = Asked(
            handler.command,
            parts.path.removeprefix(prefix).strip("/"),
            {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()},
            {name.lower(): value for name, value in handler.headers.items()},
            handler.rfile.read(length) if length else b"",
        )
        call = f"{asked.method} {asked.path}"
        with self._lock:
            self.calls.append(call)
            fault = self._fault_of(call, asked.body)
        if fault is None:
            _send(handler, handle(asked))
            return
        if fault.applied:
            handle(asked)
        if fault.seconds:
            self._stopping.wait(fault.seconds)
        if fault.answer is None:
            handler.close_connection = True
            handler.connection.close()
            return
        _send(handler, fault.answer)

    def _fault_of(self, call: str, body: bytes) -> Fault | None:
        for fault in self.faults:
            if call.startswith(fault.on):
                self.faults.remove(fault)
                return fault
        if not self.cuts_writes or call.startswith(("GET", "POST token", "POST changeActiveEntities")):
            return None
        again = (call, body) in self._cut
        self._cut.add((call, body))
        return None if again and self.cuts_writes == "before" else Fault(call, applied=self.cuts_writes == "after")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away, or that did not trust the certificate, is no news."""
        del request, client_address


def _send(handler: BaseHTTPRequestHandler, answer: Answer) -> None:
    content = answer.raw
    if content is None:
        content = b"" if answer.status == 204 else json.dumps(answer.body).encode()
    handler.send_response(answer.status)
    handler.send_header("Content-Type", answer.content_type)
    handler.send_header("Content-Length", str(len(content)))
    for name, value in answer.headers.items():
        handler.send_header(name, value)
    handler.end_headers()
    handler.wfile.write(content)
