"""What passes between a case and its ticket in the desk's tool: how far each was told there, and what was heard from there.

Kept among the journal's memories: losing them costs a repeated reading, because the tool knows each note by its key.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache, cached_property
from typing import TypeVar

from pydantic import TypeAdapter
from sqlalchemy import ColumnElement, Connection, Insert, ScalarSelect, Select, bindparam, func, not_, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from config.vocabulary import CaseNumber
from provision.journal import schema as s
from provision.journal.prepared import Prepared
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
"""A line gets its number before its transaction ends: on PostgreSQL one with a smaller number may appear after a larger one.
On SQLite one transaction writes at a time.
"""

_Kept = TypeVar("_Kept")


def _known() -> Select[tuple[str, str, str]]:
    heard, told = s.memory.alias(), s.memory.alias()
    return (
        select(s.request.c.body, heard.c.value, told.c.value)
        .select_from(s.request)
        .outerjoin(heard, heard.c.key == bindparam("heard"))
        .outerjoin(told, told.c.key == bindparam("told"))
        .where(s.request.c.case_number == bindparam("of_case"))
    )


_KNOWN = Prepared(_known)
_LINES = Prepared(
    lambda: (
        select(s.history.c.id, s.history.c.kind, s.history.c.title, s.history.c.detail)
        .where(s.history.c.case_number == bindparam("of_case"))
        .where(s.history.c.id > bindparam("after"), s.history.c.id <= bindparam("until"))
        .order_by(s.history.c.id)
    )
)
_LOCK = Prepared(
    lambda: select(s.request.c.case_number).where(s.request.c.case_number == bindparam("of_case")).with_for_update()
)
_CHANGE = Prepared(
    lambda: update(s.memory).where(s.memory.c.key == bindparam("of_key"), s.memory.c.value == bindparam("former"))
)


def _adding(insert: sqlite.Insert | postgresql.Insert) -> Insert:
    return insert.on_conflict_do_nothing(index_elements=["key"])


_ADD = Prepared(lambda: _adding(sqlite.insert(s.memory)), in_postgresql=lambda: _adding(postgresql.insert(s.memory)))


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
    """We opened it after its case was attended, or were about to: it is to be closed again when the case ends."""
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Heard:
    """What was heard of a ticket: replies by key, who closed it, and that it was opened again."""

    replies: tuple[str, ...] = ()
    closed_by: str | None = None
    reopened: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """A case as it stands, and what passed between it and its ticket."""

    request: Request
    heard: Heard
    told: Told


@dataclass(frozen=True, slots=True)
class Listened:
    """Until when the tool was listened to (aware UTC; None: never), and the cases whose tickets could not be read since."""

    until: datetime | None = None
    missed: tuple[CaseNumber, ...] = ()


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

    def begin(self) -> Listened | None:
        """How far the tool was listened to; None while no case is open: then there is nothing to hear.

        What is in the journal when this is first asked is not told to the tool afterwards. Idempotent.
        """
        is_open = select(s.request.c.case_number).where(s.request.c.closed_at.is_(None)).exists()
        with self._journal.transaction() as connection:
            told, heard, some_open = connection.execute(select(_kept(_TOLD_UNTIL), _kept(_HEARD_UNTIL), is_open)).one()
        if told is None:
            with self._journal.transaction() as connection:
                newest = connection.execute(select(func.coalesce(func.max(s.history.c.id), 0))).scalar_one()
            self._memory.put(_BEGAN_AT, str(newest))
            self._memory.put(_TOLD_UNTIL, str(newest))
        return _listened(heard or "") if some_open else None

    def behind(self, now: datetime) -> tuple[Behind, ...]:
        """Cases with lines after the common mark of which not all were told, oldest case first; moves the mark when none is.

        A campaign's cases have no ticket of their own, and are left out.
        """
        number = s.history.c.id
        with self._journal.transaction() as connection:
            kept, newest = connection.execute(select(_kept(_TOLD_UNTIL), select(func.max(number)).scalar_subquery())).one()
            mark = int(kept or 0)
            if newest is None or newest <= mark:
                return ()
            lines = (
                select(s.history.c.case_number, func.min(number).label("first"), func.max(number).label("last"))
                .where(number > mark)
                .group_by(s.history.c.case_number)
                .subquery()
            )
            wanted = (
                select(lines, s.memory.c.value)
                .outerjoin(s.memory, s.memory.c.key == _TOLD + lines.c.case_number)
                .where(not_(_of_campaign(lines.c.case_number)))
                .order_by(lines.c.case_number)
            )
            found = connection.execute(wanted).all()
            cases = (Behind(CaseNumber(each.case_number), each.first, each.last, _load(Told, each.value)) for each in found)
            behind = tuple(each for each in cases if each.told.line < each.last)
            if not behind:
                _move_mark(connection, [newest], now)
            return behind

    def move_mark(self, behind: Sequence[Behind], pending: Iterable[Behind], now: datetime) -> None:
        """Of what was behind, whatever is not pending has been told: look from there on next time."""
        seen = max((each.last for each in behind), default=0)  # a line that was written since then is not passed over
        with self._journal.transaction() as connection:
            _move_mark(connection, [seen, *(each.first - 1 for each in pending)], now)

    def lines(self, case: CaseNumber, after: int, until: int) -> tuple[Line, ...]:
        """Lines of a case, none of them from before the program began to tell."""
        between = {"of_case": case, "after": max(after, self._began_at), "until": until}
        with self._journal.transaction() as connection:
            rows = _LINES.rows(connection, between)
        return tuple(Line(number, EntryKind(kind), title, detail) for number, kind, title, detail in rows)

    def known(self, case: CaseNumber) -> Known | None:
        """The case as it stands; None for a number that is not in this journal."""
        with self._journal.transaction() as connection:
            found = _KNOWN.one(connection, {"of_case": case, "heard": f"{_HEARD}{case}", "told": f"{_TOLD}{case}"})
        if found is None:
            return None
        body, heard, told = found
        return Known(load_request(body), _load(Heard, heard), _load(Told, told))

    def told(self, case: CaseNumber, former: Told, now: Told) -> bool:
        """Keep how far a case was told; False when another worker kept something meanwhile: it tells the case."""
        with self._journal.transaction() as connection:
            return _exchange_of(connection, f"{_TOLD}{case}", former, now)

    def listened(self, former: Listened, now: Listened) -> None:
        """Keep how far the tool was listened to; not when another worker did so meanwhile, who heard or missed the same."""
        with self._journal.transaction() as connection:
            _exchange(connection, _HEARD_UNTIL, _written(former), _written(now), may_be_absent=former == Listened())

    def leave(self, case: CaseNumber, former: Heard, now: Heard, touches: Iterable[TicketTouched], at: datetime) -> bool:
        """Leave what was heard for the case, once: False when another worker did so meanwhile, or there is no such case."""
        with self._journal.transaction() as connection:
            # It locks the case: whoever else heard the same waits, and then finds another memory.
            if _LOCK.one(connection, {"of_case": case}) is None:
                return False
            if not _exchange_of(connection, f"{_HEARD}{case}", former, now):
                return False
            for touch in touches:
                put_signal(connection, case, touch, at)
            return True

    @cached_property
    def _began_at(self) -> int:
        return int(self._memory.get(_BEGAN_AT) or 0)


def _kept(key: str) -> ScalarSelect[str | None]:
    return select(s.memory.c.value).where(s.memory.c.key == key).scalar_subquery()


def _of_campaign(case: ColumnElement[str]) -> ColumnElement[bool]:
    from provision.journal.campaign_accounts import source_of, undoing_source_of  # a poll that changes nothing does without

    form = s.response.c.form_id
    by_campaign = or_(form.startswith(source_of("")), form.startswith(undoing_source_of("")))
    return select(form).where(s.response.c.case_number == case, by_campaign).exists()


def _move_mark(connection: Connection, not_after: Sequence[int], now: datetime) -> None:
    late_commits = timedelta(0) if connection.dialect.name == "sqlite" else _LATE_COMMITS
    mark = int(connection.execute(select(_kept(_TOLD_UNTIL))).scalar_one() or 0)
    old_enough = select(func.max(s.history.c.id)).where(s.history.c.id > mark, s.history.c.at <= now - late_commits)
    newest = connection.execute(old_enough).scalar_one()
    moved = min(newest or mark, *not_after)
    if moved > mark:
        connection.execute(update(s.memory).where(s.memory.c.key == _TOLD_UNTIL).values(value=str(moved)))


def _exchange_of(connection: Connection, key: str, former: Told | Heard, now: Told | Heard) -> bool:
    return _exchange(connection, key, _dump(former), _dump(now), may_be_absent=former == type(former)())


def _exchange(connection: Connection, key: str, former: str, now: str, *, may_be_absent: bool) -> bool:
    """Put a value in the place of the former one, if it is still that."""
    if _CHANGE.run(connection, {"of_key": key, "former": former, "value": now}) == 1:
        return True
    return may_be_absent and _ADD.run(connection, {"key": key, "value": now}) == 1


def _listened(kept: str) -> Listened:
    until, *missed = kept.split() or [""]
    return Listened(datetime.fromisoformat(until) if until else None, tuple(CaseNumber(case) for case in missed))


def _written(listened: Listened) -> str:
    return " ".join((listened.until.isoformat() if listened.until else "", *listened.missed))


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
