"""What goes wrong between us and Graph, on demand: one fault is used up by one request that it was queued for."""

import re
import threading
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ErrorReply:
    """A Graph-shaped JSON error. `applied`: the request was carried out before the error was answered."""

    status: int
    code: str = "serviceNotAvailable"
    message: str = "The service is temporarily unavailable."
    retry_after: str | None = None
    applied: bool = False


@dataclass(frozen=True, slots=True)
class RawReply:
    """Any bytes, as a proxy or a broken gateway sends them."""

    status: int
    body: bytes = b"<html><title>502 Bad Gateway</title></html>"
    content_type: str = "text/html"
    applied: bool = False


@dataclass(frozen=True, slots=True)
class Slow:
    """The right answer, after some seconds (or when the server stops)."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Cut:
    """The request is carried out, and the connection closed after so many bytes of the body (0: before any reply)."""

    after_bytes: int = 0
    applied: bool = True


Fault = ErrorReply | RawReply | Slow | Cut


def throttled(status: int = 429, retry_after: str | None = "0.01") -> ErrorReply:
    """429, 503 or 504 with Retry-After, which may have decimals."""
    return ErrorReply(status, "TooManyRequests" if status == 429 else "serviceNotAvailable", "Try later.", retry_after)


class Faults:
    """Faults waiting for requests whose `METHOD path` (after /v1.0; `POST token` for tokens) matches. Thread-safe.

    The calls inside a `$batch` are met one by one, and the `$batch` itself as `POST /$batch`.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queued: list[tuple[re.Pattern[str], list[Fault | None]]] = []

    def add(self, pattern: str, fault: Fault, *, times: int = 1, after_calls: int = 0) -> None:
        """Queue a fault for the next `times` requests that match (`re.search`), after `after_calls` good ones."""
        with self._lock:
            self._queued.append((re.compile(pattern), [None] * after_calls + [fault] * times))

    def take(self, named: str) -> Fault | None:
        """The fault for this request, if any."""
        with self._lock:
            for pattern, faults in self._queued:
                if faults and pattern.search(named):
                    return faults.pop(0)
            return None

    @property
    def left(self) -> int:
        """Faults that no request has met yet."""
        with self._lock:
            return sum(1 for _, faults in self._queued for fault in faults if fault is not None)

    def clear(self) -> None:
        """Forget the faults that no request has met yet."""
        with self._lock:
            self._queued.clear()
