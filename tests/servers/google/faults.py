"""What goes wrong between us and Google, on demand: one fault is used up by one call of the method it was queued for."""

import threading
from collections import deque
from dataclasses import dataclass

TOKEN = "token"
"""The "method id" of the token endpoint, for faults and recorded calls."""


@dataclass(frozen=True, slots=True)
class ErrorReply:
    """A Google-shaped JSON error. `applied`: the call was carried out before the error was answered."""

    status: int
    reason: str = "UNAVAILABLE"
    message: str = "The service is currently unavailable."
    retry_after: str | None = None
    applied: bool = False


@dataclass(frozen=True, slots=True)
class RawReply:
    """Any bytes, as a proxy or a broken gateway sends them."""

    status: int
    body: bytes
    content_type: str = "text/html; charset=UTF-8"
    applied: bool = False


@dataclass(frozen=True, slots=True)
class Slow:
    """The right answer, after some seconds (or when the server stops)."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Cut:
    """The call is carried out, and the connection closed after so many bytes of the reply's body (0: before any reply)."""

    after_bytes: int = 0
    applied: bool = True


@dataclass(frozen=True, slots=True)
class Truncated:
    """Only the first bytes of the reply's JSON, with a Content-Length that agrees: a whole HTTP reply, half a message."""

    after_bytes: int = 20


Fault = ErrorReply | RawReply | Slow | Cut | Truncated


def rate_limited(retry_after: float | None = None) -> ErrorReply:
    """429, with or without Retry-After (seconds)."""
    header = None if retry_after is None else f"{retry_after:g}"
    return ErrorReply(429, "RESOURCE_EXHAUSTED", "Quota exceeded for quota metric 'Read requests'.", header)


def internal_error() -> ErrorReply:
    """500 before anything was done."""
    return ErrorReply(500, "INTERNAL", "Internal error encountered.")


def unavailable(*, applied: bool = False) -> ErrorReply:
    """503, before or after the call took effect."""
    return ErrorReply(503, applied=applied)


def bad_gateway() -> RawReply:
    """502 as Google's front end writes it: HTML."""
    return RawReply(502, b"<!DOCTYPE html><html lang=en><title>Error 502 (Server Error)!!1</title><p>502.</html>")


def wrong_page_token() -> ErrorReply:
    """400, as for a page token that expired or belongs to another listing."""
    return ErrorReply(400, "INVALID_ARGUMENT", "Invalid page token.")


def forbidden() -> ErrorReply:
    """403: not shared with the account, or the API is off."""
    return ErrorReply(403, "PERMISSION_DENIED", "The caller does not have permission")


class Faults:
    """Faults waiting for calls, by API method id (`forms.forms.get`) or TOKEN. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queued: dict[str, deque[Fault | None]] = {}

    def add(self, method_id: str, fault: Fault, *, times: int = 1, after_calls: int = 0) -> None:
        """Queue a fault for the next `times` calls of a method, after `after_calls` good ones."""
        with self._lock:
            queue = self._queued.setdefault(method_id, deque())
            queue.extend([None] * after_calls)
            queue.extend([fault] * times)

    def take(self, method_id: str) -> Fault | None:
        """The fault for this call, if any."""
        with self._lock:
            queue = self._queued.get(method_id)
            return queue.popleft() if queue else None

    def clear(self) -> None:
        """Forget the faults that no call has met yet."""
        with self._lock:
            self._queued.clear()
