"""What passes between a case and its ticket in the desk's tool: how far each was told there, and what was heard from there.

Kept among the journal's memories: losing them costs a repeated reading, because the tool knows each note by its key.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, cached_property
from typing import TypeVar

from pydantic import TypeAdapter
from sqlalchemy import Connection, and_, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from config.vocabulary import CaseNumber
from provision.journal import schema as s
from provision.journal.rows import put_signal
from provision.journal.store import Journal
from provision.journal.stored import load_request
from provision.journal.views import Memory
from provision.procedure.model import EntryKind, Request, TicketTouched

_TOLD_UNTIL = "desk.told"
_HEARD_UNTIL = "desk.heard"
_BEGAN_AT = "desk.began"
_TOLD = "desk.told."
_HEARD = "desk.heard."
_LATE_COMMITS = timedelta(minutes=15)
"""A line gets its number before its transaction ends: on PostgreSQL one with a smaller number may appear after a larger one."""

_Kept = TypeVar("_Kept")


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a case's story, by its number: later lines of a case have larger ones."""

    number: int
    kind: EntryKind
    title: str
    detail: str


@dataclass(frozen=True, slots=True)
class Told:
    """How far a case was told to the tool: which line, which fields and state; and who is about to tell more.

    `telling` is the last line of a note that was begun: begun again, it is the same note under the same key.
    """

    line: int = 0
    telling: int = 0
    fields: str = ""
    status: str = ""
    reopened: bool = False
    """We opened it after its case was attended: it is to be closed again when the case ends."""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard of a ticket: replies by key, who closed it, and that it was opened again."""

    replies: tuple[str, ...] = ()
    closed_by: str | None = None
    reopened: bool = False


@dataclass(frozen=True, slots=True)
class Behind:
    """A case with lines that the tool may not have been told: the first and the last of those since the common mark."""

    case: CaseNumber
    first: int
    last: int
    told: Told


class DeskNews:
    """Each method is one transaction; CannotRun when the store fails."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._memory = Memory(journal)

    def begin(self) -> None:
        """What is in the journal before the program first tells its cases to a tool is not told afterwards. Idempotent."""
        if self._memory.get(_TOLD_UNTIL) is None:
            with self._journal.transaction() as connection:
                newest = connection.execute(select(func.coalesce(func.max(s.history.c.id), 0))).scalar_one()
            self._memory.put(_BEGAN_AT, str(newest))
            self._memory.put(_TOLD_UNTIL, str(newest))

    def behind(self) -> tuple[Behind, ...]:
        """Cases with lines after the common mark of which not all were told, oldest case first."""
        lines = (
            select(s.history.c.case_number, func.min(s.history.c.id).label("first"), func.max(s.history.c.id).label("last"))
            .where(s.history.c.id > self._mark())
            .group_by(s.history.c.case_number)
            .subquery()
        )
        kept = s.memory.c.key == _TOLD + lines.c.case_number
        wanted = select(lines, s.memory.c.value).outerjoin(s.memory, kept).order_by(lines.c.case_number)
        with self._journal.transaction() as connection:
            found = connection.execute(wanted).all()
        cases = (Behind(CaseNumber(each.case_number), each.first, each.last, _load(Told, each.value)) for each in found)
        return tuple(each for each in cases if each.told.line < each.last)

    def move_mark(self, pending: Iterable[Behind], now: datetime) -> None:
        """Whatever is not pending has been told: look from there on next time."""
        old_enough = select(func.max(s.history.c.id)).where(
            s.history.c.id > self._mark(), s.history.c.at <= now - _LATE_COMMITS
        )
        with self._journal.transaction() as connection:
            newest = connection.execute(old_enough).scalar_one()
        if newest is not None:
            self._memory.put(_TOLD_UNTIL, str(min([newest, *(each.first - 1 for each in pending)])))

    def lines(self, case: CaseNumber, after: int, until: int) -> tuple[Line, ...]:
        """Lines of a case, none of them from before the program began to tell."""
        number = s.history.c.id
        after = max(after, self._began_at)
        wanted = select(number, s.history.c.kind, s.history.c.title, s.history.c.detail).where(
            s.history.c.case_number == case, number > after, number <= until
        )
        with self._journal.transaction() as connection:
            rows = connection.execute(wanted.order_by(number)).all()
        return tuple(Line(each.id, EntryKind(each.kind), each.title, each.detail) for each in rows)

    def request(self, case: CaseNumber) -> Request | None:
        """The case as it stands; None for a number that is not in this journal."""
        with self._journal.transaction() as connection:
            body = connection.execute(select(s.request.c.body).where(s.request.c.case_number == case)).scalar_one_or_none()
        return load_request(body) if body is not None else None

    def told(self, case: CaseNumber, former: Told, now: Told) -> bool:
        """Keep how far a case was told; False when another worker kept something meanwhile: it tells the case."""
        with self._journal.transaction() as connection:
            return _exchange(connection, f"{_TOLD}{case}", former, now)

    def heard_until(self) -> datetime | None:
        """When the tool was last listened to (aware UTC); None: never."""
        kept = self._memory.get(_HEARD_UNTIL)
        return datetime.fromisoformat(kept) if kept else None

    def heard_everything(self, at: datetime) -> None:
        """Nothing of before `at` (aware UTC) is missing."""
        self._memory.put(_HEARD_UNTIL, at.isoformat())

    def heard(self, case: CaseNumber) -> Heard:
        """What was heard of its ticket."""
        return _load(Heard, self._memory.get(f"{_HEARD}{case}"))

    def leave(self, case: CaseNumber, former: Heard, now: Heard, touches: Iterable[TicketTouched], at: datetime) -> bool:
        """Leave what was heard for the case, once: False when another worker did so meanwhile, or there is no such case."""
        with self._journal.transaction() as connection:
            # It locks the case: whoever else heard the same waits, and then finds another memory.
            there = update(s.request).where(s.request.c.case_number == case).values(to_be_shown=True)
            if connection.execute(there).rowcount != 1:
                return False
            if not _exchange(connection, f"{_HEARD}{case}", former, now):
                return False
            for touch in touches:
                put_signal(connection, case, touch, at)
            return True

    @cached_property
    def _began_at(self) -> int:
        return int(self._memory.get(_BEGAN_AT) or 0)

    def _mark(self) -> int:
        return int(self._memory.get(_TOLD_UNTIL) or 0)


def _exchange(connection: Connection, key: str, former: Told | Heard, now: Told | Heard) -> bool:
    """Put a value in the place of the former one, if it is still that; the value of nothing may not be there at all."""
    same = and_(s.memory.c.key == key, s.memory.c.value == _dump(former))
    if connection.execute(update(s.memory).where(same).values(value=_dump(now))).rowcount == 1:
        return True
    if former != type(former)():
        return False
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    added = insert(s.memory).values(key=key, value=_dump(now)).on_conflict_do_nothing(index_elements=["key"])
    # Not by rowcount, which psycopg does not give for what SQLAlchemy makes of an insert.
    return connection.execute(added.returning(s.memory.c.key)).first() is not None


@cache
def _adapters() -> Mapping[type, TypeAdapter[object]]:
    return {Told: TypeAdapter(Told), Heard: TypeAdapter(Heard)}


def _dump(kept: Told | Heard) -> str:
    return _adapters()[type(kept)].dump_json(kept).decode()


def _load(kind: type[_Kept], value: str | None) -> _Kept:
    loaded = _adapters()[kind].validate_json(value or "{}")
    if not isinstance(loaded, kind):
        raise TypeError(kind)
    return loaded
