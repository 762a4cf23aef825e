"""A wire between the program and a domain controller that a test can cut."""

import contextlib
import socket
import threading


class Relay:
    """A wire to the domain controller that can be cut, or that swallows the answers from the n-th question on."""

    def __init__(self, target: str) -> None:
        self.target = target
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.questions = 0
        self.connections = 0
        self.swallow_from = 0
        self._sockets: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    @property
    def url(self) -> str:
        """Where the wire begins."""
        return f"ldaps://127.0.0.1:{self.listener.getsockname()[1]}"

    def cut(self) -> None:
        """End every connection there is; new ones are accepted."""
        for end in self._sockets:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def settle(self) -> None:
        """Wait until every connection has ended, so that all questions are counted."""
        for thread in self._threads[1:]:
            thread.join(timeout=5)

    def close(self) -> None:
        """End all of it."""
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.cut()
        for thread in self._threads:
            thread.join(timeout=5)
        for end in (*self._sockets, self.listener):
            end.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self.listener.accept()
                far = socket.create_connection((self.target, 636))
                self.connections += 1
                self._sockets += [near, far]
                for source, sink, asking in ((near, far, True), (far, near, False)):
                    thread = threading.Thread(target=self._pass, args=(source, sink, asking), daemon=True)
                    self._threads.append(thread)
                    thread.start()

    def _pass(self, source: socket.socket, sink: socket.socket, asking: bool) -> None:
        with contextlib.suppress(OSError):
            left = b""
            while data := source.recv(65536):
                if asking:
                    left = self._count_records(left + data)
                elif self.swallow_from and self.questions >= self.swallow_from:
                    break  # the question arrived, its answer does not
                sink.sendall(data)
        for end in (source, sink):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _count_records(self, data: bytes) -> bytes:
        """Count whole TLS records, because the network may join or split what was sent; return the rest."""
        while len(data) >= 5 and len(data) >= (whole := 5 + int.from_bytes(data[3:5], "big")):
            self.questions += 1
            data = data[whole:]
        return data
