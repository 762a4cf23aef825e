"""Requests and signals as the journal keeps them: JSON, checked against the types when it is read back."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import cache

from pydantic import TypeAdapter, ValidationError

from config.errors import CannotRun
from config.vocabulary import Operation
from provision.procedure.model import (
    Admitted,
    DeskAsked,
    HeldInBatch,
    HoldLifted,
    MailBounced,
    Outcome,
    Pause,
    Request,
    Resubmitted,
    TicketTouched,
)
from provision.procedure.sla import ClosedRequest

StoredSignal = Resubmitted | DeskAsked | Admitted | HeldInBatch | HoldLifted | MailBounced | TicketTouched
"""The signals that wait in the journal; an outcome never waits, it is settled at once."""


@cache
def _requests() -> TypeAdapter[Request]:
    return TypeAdapter(Request)


@cache
def _signals(kind: str) -> TypeAdapter[StoredSignal]:
    known = (Resubmitted, DeskAsked, Admitted, HeldInBatch, HoldLifted, MailBounced, TicketTouched)
    kinds = {each.__name__: each for each in known}
    return TypeAdapter(kinds[kind])


@cache
def _outcomes() -> TypeAdapter[Outcome]:
    return TypeAdapter(Outcome)


def dump_request(request: Request) -> str:
    """One request as JSON."""
    return _requests().dump_json(request).decode()


def load_request(body: str) -> Request:
    """Raises CannotRun for a body that this version of the program does not understand."""
    with _understood():
        return _requests().validate_json(body)


@dataclass(frozen=True, slots=True)
class _Clocked:
    received_at: datetime
    attended_at: datetime | None = None  # an earlier version of the program did not keep it
    closed_at: datetime | None = None
    pauses: tuple[Pause, ...] = ()


@cache
def _clocked() -> TypeAdapter[_Clocked]:
    return TypeAdapter(_Clocked)


def load_closed(operation: str | None, body: str) -> ClosedRequest:
    """What is counted of a closed request: a small part of its body, in a fraction of the time. Raises CannotRun."""
    with _understood():
        kept = _clocked().validate_json(body)
    asked = Operation(operation) if operation else None
    return ClosedRequest(asked, kept.received_at, kept.attended_at, kept.closed_at, kept.pauses)


@contextmanager
def _understood() -> Iterator[None]:
    try:
        yield
    except ValidationError as error:
        raise CannotRun(
            f"El almacén contiene una solicitud que esta versión no entiende: {error.error_count()} diferencias.",
            remedy="Actualice el programa o restaure la copia de respaldo.",
        ) from error


def dump_signal(signal: StoredSignal) -> tuple[str, str]:
    """Its kind and its JSON."""
    kind = type(signal).__name__
    return kind, _signals(kind).dump_json(signal).decode()


def load_signal(kind: str, body: str) -> StoredSignal:
    """The signal that `dump_signal` kept."""
    return _signals(kind).validate_json(body)


def dump_outcome(outcome: Outcome) -> str:
    """What came of an effect, with its kind, for whoever reads the journal."""
    return f"{type(outcome).__name__} {_outcomes().dump_json(outcome).decode()}"
