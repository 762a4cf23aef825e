"""The fake Graph's HTTPS, with a certificate of the tests' authority."""

import json
import socket
import ssl
import sys
import traceback
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Protocol

from tests.servers.certificates import Authority
from tests.servers.graph.faults import Cut, Fault
from tests.servers.graph.routing import Answer, Refusal, refused


class Answering(Protocol):
    """What answers the requests."""

    violations: list[str]

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: bytes) -> tuple[Answer, Fault | None]:
        """The reply to one HTTP request, and what is to go wrong with it."""
        ...


def _context(authority: Authority) -> ssl.SSLContext:
    certificate, key = authority.issue("localhost")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with TemporaryDirectory() as folder:
        Path(folder, "certificate.pem").write_bytes(certificate)
        Path(folder, "key.pem").write_bytes(key)
        context.load_cert_chain(Path(folder, "certificate.pem"), Path(folder, "key.pem"))
    return context


class HttpsServer(ThreadingHTTPServer):
    """A thread for each connection, whose handshake it leaves to that thread."""

    daemon_threads = False
    block_on_close = True

    def __init__(self, graph: Answering, authority: Authority) -> None:
        self.graph = graph
        self._tls = _context(authority)
        self._connections: set[socket.socket] = set()
        super().__init__(("127.0.0.1", 0), _RequestHandler)

    def get_request(self) -> tuple[socket.socket, Any]:
        """A connection, not yet encrypted."""
        connection, address = super().get_request()
        # The handshake is left to the connection's own thread: a client that refuses our certificate stops nobody.
        wrapped = self._tls.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        self._connections.add(wrapped)
        return wrapped, address

    def shutdown_request(self, request: Any) -> None:
        """The connection has ended."""
        self._connections.discard(request)
        super().shutdown_request(request)

    def cut_connections(self) -> None:
        """End every conversation."""
        for connection in tuple(self._connections):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Write down what no client is to blame for."""
        # A client that goes away is no violation; a handler that fails is one, and its client sees a cut connection.
        if not isinstance(sys.exception(), ConnectionError | ssl.SSLError | TimeoutError):
            self.graph.violations.append(traceback.format_exc())


class _RequestHandler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: HttpsServer

    def _serve(self) -> None:
        length = self.headers.get("Content-Length")
        body = self.rfile.read(int(length or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        if self.command == "POST" and length is None:
            self._send(refused(Refusal(411, "LengthRequired", "A POST needs its length.")), None)
            return
        answer, fault = self.server.graph.answer(self.command, self.path, headers, body)
        self._send(answer, fault)

    def __getattr__(self, name: str) -> Callable[[], None]:
        # http.server looks for do_GET, do_POST, ...: every method is served alike.
        if name.startswith("do_"):
            return self._serve
        raise AttributeError(name)

    def _send(self, answer: Answer, fault: Fault | None) -> None:
        cut = fault.after_bytes if isinstance(fault, Cut) else None
        if cut == 0:
            self.close_connection = True
            return
        content = answer.body if answer.json is None else json.dumps(answer.json, ensure_ascii=False).encode()
        self.send_response(answer.status)
        headers = dict(answer.headers)
        if answer.json is not None:
            headers.setdefault("Content-Type", "application/json")
        if answer.stream is None and answer.status != 204:
            headers["Content-Length"] = str(len(content or b""))
        elif answer.stream is not None and "Content-Length" not in headers:
            # Ended by closing the connection.
            headers["Connection"] = "close"
            self.close_connection = True
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if answer.status == 204:
            return
        sent = 0
        for piece in (content or b"",) if answer.stream is None else answer.stream:
            whole = piece if cut is None else piece[: max(0, cut - sent)]
            self.wfile.write(whole)
            sent += len(whole)
            if cut is not None and sent >= cut:
                self.close_connection = True
                return

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: the calls are kept instead."""
