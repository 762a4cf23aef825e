"""Names and seats promised to a case: each to one case only, whatever crashes or races (design: "Names are reserved")."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import Connection, delete, func, insert, select, update
from sqlalchemy.exc import IntegrityError

from config.vocabulary import CaseNumber
from provision.journal import schema as s
from provision.journal.database import in_spanish
from provision.journal.store import Journal

SEATS_LOCK = 0x47555F53  # "GU_S"


def _one_at_a_time(connection: Connection) -> None:
    """Two pollers never count the same free seat: SQLite's transactions are one at a time already."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(SEATS_LOCK)))


class Reservations:
    """The journal's part that the naming and licence steps work with. Every method is idempotent and one transaction."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def name_of(self, case: CaseNumber) -> str | None:
        """The name reserved for a case."""
        with self._journal.transaction() as connection:
            mine = select(s.reserved_name.c.name).where(s.reserved_name.c.case_number == case)
            return connection.execute(mine).scalar_one_or_none()

    def taken(self, names: Iterable[str]) -> frozenset[str]:
        """Which of these names are reserved for some case."""
        with self._journal.transaction() as connection:
            theirs = select(s.reserved_name.c.name).where(s.reserved_name.c.name.in_(list(names)))
            return frozenset(connection.execute(theirs).scalars())

    def reserve_name(self, case: CaseNumber, name: str, now: datetime) -> bool:
        """Reserve a name; False when another case has it. The unique constraint decides between two pollers."""
        with in_spanish(self._journal.engine):
            try:
                with self._journal.engine.begin() as connection:
                    connection.execute(insert(s.reserved_name).values(name=name, case_number=case, reserved_at=now))
            except IntegrityError:
                return self.name_of(case) == name
        return True

    def release_name(self, case: CaseNumber) -> None:
        """Give back the name of a case whose account was not made."""
        with self._journal.transaction() as connection:
            connection.execute(delete(s.reserved_name).where(s.reserved_name.c.case_number == case))

    def reserve_person(self, case: CaseNumber, document_number: str, now: datetime) -> CaseNumber:
        """Which case makes this person's account: this one from now on, unless another one was first.

        The unique constraint decides between two pollers. A person reserved before for this case is let go.
        """
        person = s.reserved_person.c
        holder = select(person.case_number).where(person.document_number == document_number)
        try:
            with self._journal.engine.begin() as connection:
                former = (person.case_number == case, person.document_number != document_number)
                connection.execute(delete(s.reserved_person).where(*former))
                if (held_by := connection.execute(holder).scalar_one_or_none()) is not None:
                    return CaseNumber(held_by)
                values = {"document_number": document_number, "case_number": case, "reserved_at": now}
                connection.execute(insert(s.reserved_person).values(**values))
        except IntegrityError:
            with self._journal.transaction() as connection:
                return CaseNumber(connection.execute(holder).scalar_one())
        return case

    def release_person(self, case: CaseNumber) -> None:
        """The account exists, and the directory knows the person; or none is going to be made."""
        with self._journal.transaction() as connection:
            connection.execute(delete(s.reserved_person).where(s.reserved_person.c.case_number == case))

    def reserve_seat(self, case: CaseNumber, licence: str, free: int, now: datetime) -> bool:
        """Promise one of `free` seats, in order of arrival; False: the case stands in the queue for the next one.

        `free` counts what the cloud has not assigned; seats promised to other cases and not assigned yet are subtracted.
        """
        with self._journal.transaction() as connection:
            _one_at_a_time(connection)
            mine = connection.execute(select(s.seat).where(s.seat.c.case_number == case)).one_or_none()
            if mine is not None and mine.licence == licence and mine.reserved_at is not None:
                return True
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
            connection.execute(delete(s.seat).where(s.seat.c.case_number == case))
