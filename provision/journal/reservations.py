"""Names and seats promised to a case: each to one case only, whatever crashes or races (design: "Names are reserved")."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, Delete, Insert, bindparam, delete, func, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from config.vocabulary import CaseNumber
from provision.journal import schema as s
from provision.journal.board_figures import remember_free_seats
from provision.journal.prepared import Prepared
from provision.journal.store import Journal

SEATS_LOCK = 0x47555F53  # "GU_S"
_RELEASES = "seats.releases"


def _unless_held(adding: sqlite.Insert | postgresql.Insert) -> Insert:
    """Returns the case that holds the person: this one, or the one that was first, which stays as it is."""
    first = s.reserved_person.c.case_number
    held = adding.on_conflict_do_update(index_elements=["document_number"], set_={"case_number": first})
    return held.returning(first)


def _unless_named(adding: sqlite.Insert | postgresql.Insert) -> Insert:
    """Returns the case that holds the name: this one, or the one that was first, which stays as it is."""
    first = s.reserved_name.c.case_number
    return adding.on_conflict_do_update(index_elements=["name"], set_={"case_number": first}).returning(first)


def _release_persons() -> Delete:
    return delete(s.reserved_person).where(s.reserved_person.c.case_number == bindparam("of_case"))


_NAME_OF = Prepared(lambda: select(s.reserved_name.c.name).where(s.reserved_name.c.case_number == bindparam("of_case")))
_RESERVE_NAME = Prepared(
    lambda: _unless_named(sqlite.insert(s.reserved_name)),
    in_postgresql=lambda: _unless_named(postgresql.insert(s.reserved_name)),
)
_RELEASE_NAME = Prepared(lambda: delete(s.reserved_name).where(s.reserved_name.c.case_number == bindparam("of_case")))
_RELEASE_PERSON = Prepared(_release_persons)
_RELEASE_OTHERS = Prepared(lambda: _release_persons().where(s.reserved_person.c.document_number != bindparam("but")))
_RESERVE_PERSON = Prepared(
    lambda: _unless_held(sqlite.insert(s.reserved_person)),
    in_postgresql=lambda: _unless_held(postgresql.insert(s.reserved_person)),
)
_RELEASE_SEAT = Prepared(lambda: delete(s.seat).where(s.seat.c.case_number == bindparam("of_case")))


def _one_at_a_time(connection: Connection) -> None:
    """Two pollers never count the same free seat: SQLite's transactions are one at a time already."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(SEATS_LOCK)))


def _releases(connection: Connection) -> int:
    found = connection.execute(select(s.memory.c.value).where(s.memory.c.key == _RELEASES)).scalar_one_or_none()
    return int(found or 0)


def _count_release(connection: Connection) -> None:
    value = str(_releases(connection) + 1)
    if not connection.execute(update(s.memory).where(s.memory.c.key == _RELEASES).values(value=value)).rowcount:
        connection.execute(insert(s.memory).values(key=_RELEASES, value=value))


class SeatsMoved(Exception):
    """A seat was assigned or given back after the cloud was asked how many are free: ask again."""


class Reservations:
    """The journal's part that the naming and licence steps work with. Every method is idempotent and one transaction."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def name_of(self, case: CaseNumber) -> str | None:
        """The name reserved for a case."""
        with self._journal.transaction() as connection:
            mine = _NAME_OF.one(connection, {"of_case": case})
            return str(mine[0]) if mine is not None else None

    def reserve_first(self, case: CaseNumber, names: Iterable[str], now: datetime) -> str | None:
        """Reserve the first of these names that is reserved for no other case; None: all are.

        The unique constraint decides between two pollers.
        """
        with self._journal.transaction() as connection:
            for name in names:
                values = {"name": name, "case_number": case, "reserved_at": now}
                holder = _RESERVE_NAME.one(connection, values)
                if holder is not None and holder[0] == case:
                    return name
        return None

    def release_name(self, case: CaseNumber) -> None:
        """Give back the name of a case whose account was not made."""
        with self._journal.transaction() as connection:
            _RELEASE_NAME.run(connection, {"of_case": case})

    def reserve_person(self, case: CaseNumber, document_number: str, now: datetime) -> CaseNumber:
        """Which case makes this person's account: this one from now on, unless another one was first.

        The unique constraint decides between two pollers. A person reserved before for this case is let go.
        """
        values = {"document_number": document_number, "case_number": case, "reserved_at": now}
        with self._journal.transaction() as connection:
            _RELEASE_OTHERS.run(connection, {"of_case": case, "but": document_number})
            holder = _RESERVE_PERSON.one(connection, values)
        if holder is None:
            raise ValueError(f"{case}: the store reserved nobody")
        return CaseNumber(holder[0])

    def release_person(self, case: CaseNumber) -> None:
        """The account exists, and the directory knows the person; or none is going to be made."""
        with self._journal.transaction() as connection:
            _RELEASE_PERSON.run(connection, {"of_case": case})

    def releases(self) -> int:
        """How many promises have ended so far, of any poller: what the cloud was asked before one did counts a seat twice."""
        with self._journal.transaction() as connection:
            return _releases(connection)

    def reserve_seat(self, case: CaseNumber, licence: str, free: int, now: datetime, *, as_of: int | None = None) -> bool:
        """Promise one of `free` seats, in order of arrival; False: the case stands in the queue for the next one.

        `free` counts what the cloud has not assigned; seats promised to other cases and not assigned yet are subtracted.
        `as_of` is what `releases` said before the cloud was asked: raises SeatsMoved, and promises none, if it moved since.
        """
        remember_free_seats(self._journal, licence, free, now)
        with self._journal.transaction() as connection:
            _one_at_a_time(connection)
            mine = connection.execute(select(s.seat).where(s.seat.c.case_number == case)).one_or_none()
            if mine is not None and mine.licence == licence and mine.reserved_at is not None:
                return True
            if as_of is not None and _releases(connection) != as_of:
                raise SeatsMoved
            if mine is None or mine.licence != licence:
                connection.execute(delete(s.seat).where(s.seat.c.case_number == case))
                connection.execute(insert(s.seat).values(case_number=case, licence=licence, asked_at=now))
            asked_at = mine.asked_at if mine is not None and mine.licence == licence else now
            before = (
                (s.seat.c.reserved_at.is_not(None))
                | (s.seat.c.asked_at < asked_at)
                | ((s.seat.c.asked_at == asked_at) & (s.seat.c.case_number < case))
            )
            ahead = (
                select(func.count())
                .select_from(s.seat)
                .where(s.seat.c.licence == licence, s.seat.c.case_number != case, before)
            )
            if connection.execute(ahead).scalar_one() >= free:
                return False
            connection.execute(update(s.seat).where(s.seat.c.case_number == case).values(reserved_at=now))
            return True

    def release_seat(self, case: CaseNumber) -> None:
        """The seat was assigned (the cloud counts it now) or is not needed any more."""
        with self._journal.transaction() as connection:
            _one_at_a_time(connection)
            if _RELEASE_SEAT.run(connection, {"of_case": case}):
                _count_release(connection)
