"""How much Graph is asked at once, and how long it is waited for (https://learn.microsoft.com/graph/throttling).

Outlook takes four requests at once for an application and a mailbox (https://learn.microsoft.com/graph/throttling-limits).
"""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

AT_ONCE = 4
TRIES = 4
LONGEST_WAIT_SECONDS = 60.0
"""For one request, over all its tries: a run that stood still for longer would keep everybody else waiting."""
_FIRST_WAIT_SECONDS = 1.0
_MAILBOX = re.compile(r"/(?:users|drives|admin/exchange/mailboxes)/([^/?]+)")


class Slots:
    """At most four requests at once for each mailbox (and drive), and for all that belongs to none. Thread-safe."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._at_once = at_once
        self._lock = threading.Lock()
        self._slots: dict[str, threading.BoundedSemaphore] = {}

    @contextmanager
    def of(self, path: str) -> Iterator[None]:
        """One of the places for this path, as soon as there is one."""
        found = _MAILBOX.search(path)
        name = found[1] if found else ""
        with self._lock:
            if name not in self._slots:
                self._slots[name] = threading.BoundedSemaphore(self._at_once)
        with self._slots[name]:
            yield


class Patience:
    """The tries and pauses of one request: as Retry-After asks, else 1, 2, 4 seconds; no more than a minute in all."""

    def __init__(self, sleep: Callable[[float], None]) -> None:
        self._sleep = sleep
        self._tries = 1
        self._waited = 0.0

    def again(self, asked_seconds: float | None) -> bool:
        """Wait and return True; False when it has been tried or waited for often enough."""
        wait = asked_seconds if asked_seconds is not None else _FIRST_WAIT_SECONDS * 2 ** (self._tries - 1)
        if self._tries == TRIES or self._waited + wait > LONGEST_WAIT_SECONDS:
            return False
        self._tries += 1
        self._waited += wait
        self._sleep(wait)
        return True
