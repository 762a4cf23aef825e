"""Leases and steps: the part of the journal that the executor works with."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, Engine, Update, bindparam, or_, select, update

from config.errors import CannotRun
from config.vocabulary import CaseNumber
from provision.journal import schema as s
from provision.journal.database import in_spanish, open_engine, prepare_schema
from provision.journal.prepared import Prepared
from provision.journal.receiving import Receiving
from provision.journal.rows import (
    OpenEffect,
    consume,
    inbox,
    open_effect,
    put_signal,
    record_outcome,
    request_values,
    tell,
    want,
)
from provision.journal.stored import StoredSignal, load_request
from provision.procedure.acts import WaitingFor
from provision.procedure.model import Advance, DeskAsked, NotYet, Outcome, Request


def _take() -> Update:
    free = or_(s.request.c.lease_until.is_(None), s.request.c.lease_until <= bindparam("at"))
    # Not the column itself: SQLite would look for the first one through every case that was ever closed, in their order.
    oldest = s.request.c.case_number.concat("")
    first_due = (
        select(s.request.c.case_number)
        .where(s.request.c.wake_at <= bindparam("at"), free)
        .order_by(oldest)
        .limit(1)
        .with_for_update(skip_locked=True)
        .scalar_subquery()
    )
    taken = update(s.request).where(s.request.c.case_number == first_due)
    return taken.returning(s.request.c.case_number, s.request.c.body, s.request.c.version)


def _wake() -> Update:
    return update(s.request).where(s.request.c.case_number == bindparam("of_case"))


def _hold() -> Update:
    return _wake().where(s.request.c.version == bindparam("of_version")).values(version=s.request.c.version + 1)


_TAKE = Prepared(_take)
_HOLD = Prepared(_hold)
_WAKE = Prepared(_wake)
_BEGIN_AGAIN = Prepared(lambda: update(s.effect).where(s.effect.c.key == bindparam("of_key")))


@dataclass(frozen=True, slots=True)
class Lease:
    """A request that this worker alone may advance for a while."""

    owner: str
    request: Request
    version: int
    open_effect: OpenEffect | None
    inbox: tuple[tuple[int, StoredSignal], ...]


class LeaseLost(Exception):
    """Another worker took the request over (this one was too slow): what was about to be written is not written."""


class Journal:
    """One journal over SQLite or PostgreSQL. Every method is one transaction; CannotRun when the store fails."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @classmethod
    def open(cls, url: str) -> "Journal":
        """Open the journal at a SQLAlchemy address, creating or upgrading its tables."""
        engine = open_engine(url)
        try:
            prepare_schema(engine)
        except CannotRun:
            engine.dispose()
            raise
        return cls(engine)

    def close(self) -> None:
        """Free the connections. Idempotent."""
        self.engine.dispose()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """One transaction: committed at the end, rolled back by any error."""
        with in_spanish(self.engine), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def receiving(self, now: datetime) -> Iterator[Receiving]:
        """One transaction in which responses enter the journal."""
        with self.transaction() as connection:
            yield Receiving(connection, now)

    def lease_next(self, owner: str, now: datetime, lease_for: timedelta) -> Lease | None:
        """Take the next request that is due, oldest case first, skipping those that other workers hold."""
        values = {"at": now, "lease_owner": owner, "lease_until": now + lease_for}
        with self.transaction() as connection:
            taken = _TAKE.one(connection, values)
            if taken is None:
                return None
            number, body, version = taken
            case = CaseNumber(number)
            return Lease(owner, load_request(body), version, open_effect(connection, case), inbox(connection, case))

    def forget_leases(self) -> int:
        """Take back every lease, and say how many: only for a store whose run lock this process holds alone."""
        with self.transaction() as connection:
            held = s.request.c.lease_owner.is_not(None)
            return connection.execute(update(s.request).where(held).values(lease_owner=None, lease_until=None)).rowcount

    def begin_again(self, lease: Lease, interrupted: OpenEffect, now: datetime, lease_for: timedelta) -> Lease:
        """Count one more attempt of an effect that was in flight when its worker died. Raises LeaseLost as `commit` does."""
        again = replace(interrupted, attempts=interrupted.attempts + 1)
        with self.transaction() as connection:
            self._hold(connection, lease, {"lease_owner": lease.owner, "lease_until": now + lease_for})
            begun = {"of_key": interrupted.effect.key, "attempts": again.attempts, "started_at": now}
            _BEGIN_AGAIN.run(connection, begun)
        return replace(lease, version=lease.version + 1, open_effect=again)

    def _hold(self, connection: Connection, lease: Lease, values: Mapping[str, object]) -> None:
        """First of all in a transaction: it locks the request, so that nothing collides with what a new holder wrote."""
        mine = {"of_case": lease.request.case, "of_version": lease.version}
        if _HOLD.run(connection, {**mine, **values}) != 1:
            raise LeaseLost(lease.request.case)

    def commit(
        self,
        lease: Lease,
        advance: Advance,
        *,
        now: datetime,
        lease_for: timedelta,
        settled: tuple[OpenEffect, Outcome] | None = None,
        begin: bool = False,
    ) -> Lease | None:
        """State, story, outcome and the next effect in one transaction; with `begin` the effect is marked in flight.

        Returns the lease to go on with when an effect is in flight, else None: the request was released.
        Raises LeaseLost when the request has changed hands; then nothing is written.
        """
        request = advance.request
        begins = begin and advance.effect is not None
        values: dict[str, object] = {
            **request_values(request),
            "wake_at": now if begins else advance.wake_at,
            "updated_at": now,
            "lease_owner": lease.owner if begins else None,
            "lease_until": now + lease_for if begins else None,
        }
        if advance.entries or request.state is not lease.request.state or request.reason != lease.request.reason:
            values["to_be_shown"] = True
        with self.transaction() as connection:
            self._hold(connection, lease, values)
            if settled is not None:
                record_outcome(connection, *settled, now)
            consume(connection, tuple(number for number, _ in lease.inbox), now)
            tell(connection, advance, now)
            # An effect that came to its outcome just now is no longer open.
            is_open = settled is None or isinstance(settled[1], NotYet)
            begun = want(connection, advance, lease.open_effect if is_open else None, begin=begin, now=now)
            # After the request is locked: a signal is here by now, or whoever leaves it wakes the request after this.
            news = inbox(connection, request.case)
            if news and not begins:
                _WAKE.run(connection, {"of_case": request.case, "wake_at": now})
        return Lease(lease.owner, request, lease.version + 1, begun, news) if begun is not None else None

    def ask(self, case: CaseNumber, asked: DeskAsked, now: datetime, *, on_board: bool) -> bool:
        """Leave an action of the desk for the case; an action that stands on the board is taken once until it is cleared.

        Returns False when there is no such case, or this very action on the board was taken already; another one that the
        desk chose meanwhile (the board could not be written, so it was not cleared) is taken.
        """
        there = s.request.c.case_number == case
        taking = update(s.request).where(there).values(to_be_shown=True)
        if on_board:
            text = f"{asked.action}\n{asked.note}"
            taking = taking.where(s.request.c.action_taken.is_distinct_from(text)).values(action_taken=text)
        with self.transaction() as connection:
            if connection.execute(taking).rowcount != 1:
                return False
            put_signal(connection, case, asked, now)
            return True

    def has_open_cases(self) -> bool:
        """Whether any request is not closed: only then can there be an action on the board."""
        with self.transaction() as connection:
            is_open = select(s.request.c.case_number).where(s.request.c.closed_at.is_(None)).limit(1)
            return connection.execute(is_open).first() is not None

    def has_due(self, now: datetime) -> bool:
        """Whether any request wants to be advanced now."""
        with self.transaction() as connection:
            due = select(s.request.c.case_number).where(s.request.c.wake_at <= now).limit(1)
            return connection.execute(due).first() is not None

    def has_waiting(self, waiting_for: WaitingFor) -> bool:
        """Whether any request waits for this."""
        with self.transaction() as connection:
            waiting = select(s.request.c.case_number).where(s.request.c.waiting_for == waiting_for).limit(1)
            return connection.execute(waiting).first() is not None

    def next_wake(self) -> datetime | None:
        """When the next request wants to be advanced without any signal (aware UTC); None: never."""
        with self.transaction() as connection:
            waking = select(s.request.c.wake_at).where(s.request.c.wake_at.is_not(None)).order_by(s.request.c.wake_at)
            wake_at: datetime | None = connection.execute(waking.limit(1)).scalar_one_or_none()
            return wake_at
