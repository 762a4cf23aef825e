"""The tenant behind the fake Graph: one object, one lock, one clock, and a part for each module."""

import threading
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from tests.servers.graph.people import People


class _Part(Protocol):
    def __init__(self, tenant: "Tenant") -> None: ...


P = TypeVar("P", bound=_Part)


class Tenant:
    """`clock` gives aware UTC; `lock` is held around every handler, and to be held by tests that change a part meanwhile."""

    def __init__(self, clock: Callable[[], datetime] = lambda: datetime.now(UTC)) -> None:
        self.clock = clock
        self.lock = threading.RLock()
        self._parts: dict[type[object], object] = {}

    def part(self, kind: type[P]) -> P:
        """The tenant's part of this kind, made at the first call: `tenant.part(Mailboxes)`."""
        with self.lock:
            found = self._parts.get(kind)
            if not isinstance(found, kind):
                found = self._parts[kind] = kind(self)
            return found

    @property
    def people(self) -> "People":
        """Users, licences and the synchronisation with the directory."""
        from tests.servers.graph.people import People

        return self.part(People)
