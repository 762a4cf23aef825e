"""Between the journal's rows and the values of the procedure; every function works inside its caller's transaction."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Connection, and_, insert, select, update

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
    open_states = (EffectStatus.PENDING, EffectStatus.IN_FLIGHT)
    found = connection.execute(
        select(s.effect).where(s.effect.c.case_number == case, s.effect.c.status.in_(open_states))
    ).one_or_none()
    if found is None:
        return None
    effect = Effect(case, Act(found.act), StepKey(found.step), found.round)
    return OpenEffect(effect, found.status == EffectStatus.IN_FLIGHT, found.attempts, found.failures, found.next_at)


def inbox(connection: Connection, case: CaseNumber) -> tuple[tuple[int, StoredSignal], ...]:
    """The signals of a case that nobody has looked at, oldest first."""
    unread = select(s.signal).where(s.signal.c.case_number == case, s.signal.c.consumed_at.is_(None)).order_by(s.signal.c.id)
    return tuple((row.id, load_signal(row.kind, row.body)) for row in connection.execute(unread))


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
        connection.execute(insert(s.history), rows)


def record_outcome(connection: Connection, settled: OpenEffect, outcome: Outcome, now: datetime) -> None:
    """An effect's outcome; one that is not there yet stays open and is tried again when it says."""
    row = update(s.effect).where(s.effect.c.key == settled.effect.key)
    if isinstance(outcome, NotYet):
        again = {"status": EffectStatus.PENDING, "next_at": outcome.look_again_at, "failures": settled.failures}
        connection.execute(row.values(**again, outcome=dump_outcome(outcome)))
    else:
        connection.execute(row.values(status=EffectStatus.SETTLED, settled_at=now, outcome=dump_outcome(outcome)))


def want(
    connection: Connection, advance: Advance, known: OpenEffect | None, *, begin: bool, now: datetime
) -> OpenEffect | None:
    """Make the wanted effect the only open one; with `begin` mark it in flight and return it so."""
    effect = advance.effect
    case = advance.request.case
    if known is not None and (effect is None or known.effect.key != effect.key):
        open_states = (EffectStatus.PENDING, EffectStatus.IN_FLIGHT)
        stale = and_(s.effect.c.case_number == case, s.effect.c.status.in_(open_states))
        connection.execute(update(s.effect).where(stale).values(status=EffectStatus.SUPERSEDED, settled_at=now))
    if effect is None:
        return None
    is_known = known is not None and known.effect.key == effect.key
    this = s.effect.c.key == effect.key
    # An effect given up before (the policy changed and changed back) is wanted again under the same key.
    former = connection.execute(select(s.effect.c.attempts).where(this)).scalar_one_or_none()
    attempts = (former or 0) + (1 if begin else 0)
    failures = known.failures if known and is_known else 0
    status = EffectStatus.IN_FLIGHT if begin else EffectStatus.PENDING
    progress = {"status": status, "attempts": attempts, **({"started_at": now} if begin else {})}
    if is_known:
        connection.execute(update(s.effect).where(this).values(**progress))
    elif former is not None:
        anew = {**progress, "failures": 0, "next_at": now, "settled_at": None, "outcome": None}
        connection.execute(update(s.effect).where(this).values(**anew))
    else:
        identity = {"key": effect.key, "case_number": case, "act": effect.act, "step": effect.step, "round": effect.round}
        connection.execute(insert(s.effect).values(**identity, **progress, failures=0, next_at=now))
    return OpenEffect(effect, in_flight=True, attempts=attempts, failures=failures, next_at=now) if begin else None
