"""Between the journal's rows and the values of the procedure; every function works inside its caller's transaction."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, bindparam, insert, select, update

from config.vocabulary import CaseNumber
from provision.journal import schema as s
from provision.journal.stored import StoredSignal, dump_outcome, dump_request, dump_signal, load_signal
from provision.procedure.model import Act, Advance, Effect, NotYet, Outcome, Request, StepKey
from provision.procedure.resubmission import concerns


class EffectStatus(StrEnum):
    """How far an effect got."""

    PENDING = "PENDING"
    IN_FLIGHT = "IN_FLIGHT"
    SETTLED = "SETTLED"
    SUPERSEDED = "SUPERSEDED"


_OPEN_STATES = (EffectStatus.PENDING, EffectStatus.IN_FLIGHT)

# Statements are made once: SQLAlchemy spends several times as long on making one as on running it (benchmarks/).
_OF_CASE = s.effect.c.case_number == bindparam("of_case")
_THIS_EFFECT = s.effect.c.key == bindparam("of_key")
_OPEN_EFFECT = select(s.effect).where(_OF_CASE, s.effect.c.status.in_(_OPEN_STATES))
_SUPERSEDE = update(s.effect).where(_OF_CASE, s.effect.c.status.in_(_OPEN_STATES))
_ATTEMPTS = select(s.effect.c.attempts).where(_THIS_EFFECT)
_CHANGE_EFFECT = update(s.effect).where(_THIS_EFFECT)
_NEW_EFFECT = insert(s.effect)
_TELL = insert(s.history)
_UNREAD = (
    select(s.signal)
    .where(s.signal.c.case_number == bindparam("of_case"), s.signal.c.consumed_at.is_(None))
    .order_by(s.signal.c.id)
)


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
        "body": dump_request(request),
        "received_at": request.received_at,
        "closed_at": request.closed_at,
    }


def open_effect(connection: Connection, case: CaseNumber) -> OpenEffect | None:
    """The effect of a case that is pending or in flight; there is at most one."""
    found = connection.execute(_OPEN_EFFECT, {"of_case": case}).one_or_none()
    if found is None:
        return None
    effect = Effect(case, Act(found.act), StepKey(found.step), found.round)
    return OpenEffect(effect, found.status == EffectStatus.IN_FLIGHT, found.attempts, found.failures, found.next_at)


def inbox(connection: Connection, case: CaseNumber) -> tuple[tuple[int, StoredSignal], ...]:
    """The signals of a case that nobody has looked at, oldest first."""
    return tuple((row.id, load_signal(row.kind, row.body)) for row in connection.execute(_UNREAD, {"of_case": case}))


def put_signal(connection: Connection, case: CaseNumber, signal: StoredSignal, now: datetime) -> None:
    """Leave a signal for whoever advances the case next, and wake it."""
    kind, body = dump_signal(signal)
    connection.execute(insert(s.signal).values(case_number=case, kind=kind, body=body, at=now))
    connection.execute(update(s.request).where(s.request.c.case_number == case).values(wake_at=now))


def consume(connection: Connection, ids: tuple[int, ...], now: datetime) -> None:
    """These signals were applied."""
    if ids:
        connection.execute(update(s.signal).where(s.signal.c.id.in_(ids)).values(consumed_at=now))


def tell(connection: Connection, advance: Advance, now: datetime) -> None:
    """Add what was decided to the story of the request."""
    rows = [
        {
            "case_number": advance.request.case,
            "at": now,
            "state": advance.request.state,
            "kind": entry.kind,
            "title": entry.title,
            "detail": entry.detail,
        }
        for entry in advance.entries
    ]
    if rows:
        connection.execute(_TELL, rows)


def record_outcome(connection: Connection, settled: OpenEffect, outcome: Outcome, now: datetime) -> None:
    """An effect's outcome; one that is not there yet stays open and is tried again when it says."""
    this = {"of_key": settled.effect.key, "outcome": dump_outcome(outcome)}
    if isinstance(outcome, NotYet):
        again = {"status": EffectStatus.PENDING, "next_at": outcome.look_again_at, "failures": settled.failures}
        connection.execute(_CHANGE_EFFECT, {**this, **again})
    else:
        connection.execute(_CHANGE_EFFECT, {**this, "status": EffectStatus.SETTLED, "settled_at": now})


def want(
    connection: Connection, advance: Advance, known: OpenEffect | None, *, begin: bool, now: datetime
) -> OpenEffect | None:
    """Make the wanted effect the only open one; with `begin` mark it in flight and return it so."""
    effect = advance.effect
    case = advance.request.case
    if known is not None and (effect is None or known.effect.key != effect.key):
        connection.execute(_SUPERSEDE, {"of_case": case, "status": EffectStatus.SUPERSEDED, "settled_at": now})
    if effect is None:
        return None
    is_known = known is not None and known.effect.key == effect.key
    # An effect given up before (the policy changed and changed back) is wanted again under the same key.
    former = connection.execute(_ATTEMPTS, {"of_key": effect.key}).scalar_one_or_none()
    attempts = (former or 0) + (1 if begin else 0)
    failures = known.failures if known and is_known else 0
    status = EffectStatus.IN_FLIGHT if begin else EffectStatus.PENDING
    progress = {"status": status, "attempts": attempts, **({"started_at": now} if begin else {})}
    if is_known:
        connection.execute(_CHANGE_EFFECT, {"of_key": effect.key, **progress})
    elif former is not None:
        anew = {**progress, "failures": 0, "next_at": now, "settled_at": None, "outcome": None}
        connection.execute(_CHANGE_EFFECT, {"of_key": effect.key, **anew})
    else:
        identity = {"key": effect.key, "case_number": case, "act": effect.act, "step": effect.step, "round": effect.round}
        connection.execute(_NEW_EFFECT, {**identity, **progress, "failures": 0, "next_at": now})
    return OpenEffect(effect, in_flight=True, attempts=attempts, failures=failures, next_at=now) if begin else None
