"""Between the journal's rows and the values of the procedure; every function works inside its caller's transaction."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, Insert, Update, and_, bindparam, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from config.vocabulary import CaseNumber
from provision.journal import schema as s
from provision.journal.prepared import Prepared
from provision.journal.stored import StoredSignal, dump_outcome, dump_request, dump_signal, load_signal
from provision.procedure.acts import Act
from provision.procedure.model import Advance, Effect, NotYet, Outcome, Request, StepKey
from provision.procedure.resubmission import concerns


class EffectStatus(StrEnum):
    """How far an effect got."""

    PENDING = "PENDING"
    IN_FLIGHT = "IN_FLIGHT"
    SETTLED = "SETTLED"
    SUPERSEDED = "SUPERSEDED"


def _open_of_case() -> ColumnElement[bool]:
    is_open = or_(s.effect.c.status == EffectStatus.PENDING, s.effect.c.status == EffectStatus.IN_FLIGHT)
    return and_(s.effect.c.case_number == bindparam("of_case"), is_open)


def _change_effect() -> Update:
    return update(s.effect).where(s.effect.c.key == bindparam("of_key"))


_OPEN_EFFECT = Prepared(
    lambda: select(
        s.effect.c.act,
        s.effect.c.step,
        s.effect.c.round,
        s.effect.c.status,
        s.effect.c.attempts,
        s.effect.c.failures,
        s.effect.c.next_at,
    ).where(_open_of_case())
)
_SUPERSEDE = Prepared(lambda: update(s.effect).where(_open_of_case()))
_CHANGE_EFFECT = Prepared(_change_effect)
_KNOWN_EFFECT = Prepared(
    lambda: (
        _change_effect()
        .values(
            attempts=s.effect.c.attempts + bindparam("begun"),
            started_at=func.coalesce(bindparam("begun_at", type_=s.effect.c.started_at.type), s.effect.c.started_at),
        )
        .returning(s.effect.c.attempts)
    )
)
_TELL = Prepared(lambda: insert(s.history))
_UNREAD = Prepared(
    lambda: (
        select(s.signal.c.id, s.signal.c.kind, s.signal.c.body)
        .where(s.signal.c.case_number == bindparam("of_case"), s.signal.c.consumed_at.is_(None))
        .order_by(s.signal.c.id)
    )
)


def _wanting(adding: sqlite.Insert | postgresql.Insert) -> Insert:
    """An effect given up before (the policy changed and changed back) is wanted again under the same key, as if new."""
    anew = {
        "status": adding.excluded.status,
        "attempts": s.effect.c.attempts + adding.excluded.attempts,
        "failures": adding.excluded.failures,
        "next_at": adding.excluded.next_at,
        "started_at": func.coalesce(adding.excluded.started_at, s.effect.c.started_at),
        "settled_at": None,
        "outcome": None,
    }
    return adding.on_conflict_do_update(index_elements=["key"], set_=anew).returning(s.effect.c.attempts)


_NEW_EFFECT = Prepared(lambda: _wanting(sqlite.insert(s.effect)), in_postgresql=lambda: _wanting(postgresql.insert(s.effect)))
_PUT_SIGNAL = Prepared(lambda: insert(s.signal))
_WAKE = Prepared(lambda: update(s.request).where(s.request.c.case_number == bindparam("of_case")))


@dataclass(frozen=True, slots=True)
class OpenEffect:
    """An effect that has not come to an outcome. `attempts` counts how often it was begun, `failures` the errors in a row."""

    effect: Effect
    in_flight: bool
    attempts: int
    failures: int
    next_at: datetime


def request_values(request: Request) -> dict[str, str | datetime | None]:
    """The columns that repeat what is in the body, so that it can be searched."""
    return {
        "operation": request.content.operation,
        "document_number": concerns(request.content),
        "requester": request.requester.lower() if request.requester else None,
        "state": request.state,
        "course": request.course,
        "waiting_for": request.waiting_for,
        "body": dump_request(request),
        "received_at": request.received_at,
        "closed_at": request.closed_at,
    }


def open_effect(connection: Connection, case: CaseNumber) -> OpenEffect | None:
    """The effect of a case that is pending or in flight; there is at most one."""
    found = _OPEN_EFFECT.one(connection, {"of_case": case})
    if found is None:
        return None
    act, step, number, status, attempts, failures, next_at = found
    effect = Effect(case, Act(act), StepKey(step), number)
    return OpenEffect(effect, status == EffectStatus.IN_FLIGHT, attempts, failures, next_at)


def inbox(connection: Connection, case: CaseNumber) -> tuple[tuple[int, StoredSignal], ...]:
    """The signals of a case that nobody has looked at, oldest first."""
    return tuple((number, load_signal(kind, body)) for number, kind, body in _UNREAD.rows(connection, {"of_case": case}))


def put_signal(connection: Connection, case: CaseNumber, signal: StoredSignal, now: datetime) -> None:
    """Leave a signal for whoever advances the case next, and wake it."""
    kind, body = dump_signal(signal)
    _PUT_SIGNAL.run(connection, {"case_number": case, "kind": kind, "body": body, "at": now})
    _WAKE.run(connection, {"of_case": case, "wake_at": now})


def consume(connection: Connection, ids: tuple[int, ...], now: datetime) -> None:
    """These signals were applied."""
    if ids:
        connection.execute(update(s.signal).where(s.signal.c.id.in_(ids)).values(consumed_at=now))


def tell(connection: Connection, advance: Advance, now: datetime) -> None:
    """Add what was decided to the story of the request."""
    of_all = {"case_number": advance.request.case, "at": now, "state": advance.request.state}
    for entry in advance.entries:
        _TELL.run(connection, {**of_all, "kind": entry.kind, "title": entry.title, "detail": entry.detail})


def record_outcome(connection: Connection, settled: OpenEffect, outcome: Outcome, now: datetime) -> None:
    """An effect's outcome; one that is not there yet stays open and is tried again when it says."""
    this = {"of_key": settled.effect.key, "outcome": dump_outcome(outcome)}
    if isinstance(outcome, NotYet):
        again = {"status": EffectStatus.PENDING, "next_at": outcome.look_again_at, "failures": settled.failures}
        _CHANGE_EFFECT.run(connection, {**this, **again})
    else:
        _CHANGE_EFFECT.run(connection, {**this, "status": EffectStatus.SETTLED, "settled_at": now})


def want(
    connection: Connection, advance: Advance, known: OpenEffect | None, *, begin: bool, now: datetime
) -> OpenEffect | None:
    """Make the wanted effect the only open one; with `begin` mark it in flight and return it so."""
    effect = advance.effect
    case = advance.request.case
    if known is not None and (effect is None or known.effect.key != effect.key):
        _SUPERSEDE.run(connection, {"of_case": case, "status": EffectStatus.SUPERSEDED, "settled_at": now})
    if effect is None:
        return None
    status = EffectStatus.IN_FLIGHT if begin else EffectStatus.PENDING
    started_at = now if begin else None
    if known is not None and known.effect.key == effect.key:
        failures = known.failures
        progress = {"status": status, "begun": int(begin), "begun_at": started_at}
        found = _KNOWN_EFFECT.one(connection, {"of_key": effect.key, **progress})
    else:
        failures = 0
        identity = {"key": effect.key, "case_number": case, "act": effect.act, "step": effect.step, "round": effect.round}
        progress = {"status": status, "attempts": int(begin), "failures": 0, "next_at": now, "started_at": started_at}
        found = _NEW_EFFECT.one(connection, {**identity, **progress})
    if found is None:
        raise ValueError(f"{effect.key}: the open effect is not in the journal")
    attempts: int = found[0]
    return OpenEffect(effect, in_flight=True, attempts=attempts, failures=failures, next_at=now) if begin else None
