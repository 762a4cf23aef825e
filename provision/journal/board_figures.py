"""What the board's "Tablero" is counted from: the requests of the last days, and the seats as the journal knows them."""

import json
from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from provision.journal import schema as s
from provision.journal.store import Journal
from provision.journal.stored import load_closed
from provision.journal.views import Memory
from provision.procedure.sla import ClosedRequest

_SEATS = "cloud.free-seats"


@dataclass(frozen=True, slots=True)
class KnownSeats:
    """A licence's seats. `free` is what the cloud said at `asked_at` (aware UTC); None: it never was asked."""

    licence: str
    free: int | None
    asked_at: datetime | None
    promised: int
    waiting: int


class BoardFigures:
    """Reads for the board: one transaction each, and no call to any other system."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def closed_since(self, since: datetime) -> tuple[ClosedRequest, ...]:
        """The closed requests that were received at or after this instant (aware UTC), in no order."""
        # What was received since then was closed since then: by that it is found.
        recent = (s.request.c.closed_at >= since, s.request.c.received_at >= since)
        with self._journal.transaction() as connection:
            rows = connection.execute(select(s.request.c.operation, s.request.c.body).where(*recent)).all()
        return tuple(load_closed(row.operation, row.body) for row in rows)

    def seats(self) -> tuple[KnownSeats, ...]:
        """Every licence that a case was promised or waits for, or that the cloud was asked about, by name."""
        grouped = select(s.seat.c.licence, s.seat.c.reserved_at.is_not(None).label("promised"), func.count().label("cases"))
        promised: Counter[str] = Counter()
        waiting: Counter[str] = Counter()
        with self._journal.transaction() as connection:
            for row in connection.execute(grouped.group_by(s.seat.c.licence, s.seat.c.reserved_at.is_not(None))):
                (promised if row.promised else waiting)[row.licence] += row.cases
        answered = _answered(Memory(self._journal).get(_SEATS))
        nothing: tuple[int | None, datetime | None] = (None, None)
        return tuple(
            KnownSeats(licence, *answered.get(licence, nothing), promised[licence], waiting[licence])
            for licence in sorted({*promised, *waiting, *answered})
        )


def remember_free_seats(journal: Journal, licence: str, free: int, now: datetime) -> None:
    """Keep what the cloud just answered, for the board. Idempotent; a hint for people, never what a seat is given by.

    The same answer on the same day is not written again: a queue of a hundred requests asks a hundred times.
    """
    memory = Memory(journal)
    answered = _answered(memory.get(_SEATS))
    known_free, known_at = answered.get(licence, (None, None))
    if known_free == free and known_at is not None and known_at.date() == now.date():
        return
    kept = {name: [known, at.isoformat()] for name, (known, at) in answered.items() if at is not None}
    memory.put(_SEATS, json.dumps({**kept, licence: [free, now.isoformat()]}, sort_keys=True))


def _answered(text: str | None) -> dict[str, tuple[int | None, datetime | None]]:
    """What was kept; anything that cannot be read is as if the cloud had not been asked."""
    try:
        kept = json.loads(text or "{}")
        return {str(name): (int(free), datetime.fromisoformat(at)) for name, (free, at) in kept.items()}
    except (ValueError, TypeError, AttributeError):
        return {}
