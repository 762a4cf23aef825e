"""What a page of stories is made of: one case with its events, waits, mails and decisions, as people read them. Values only."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from intake.account_lives import AccountLife, Window


class StateKind(StrEnum):
    """Families of states, in the order in which somebody should look at them; each has its colour."""

    ATTENTION = "attention"
    CORRECTION = "correction"
    WORKING = "working"
    WAITING = "waiting"
    DONE = "done"
    REFUSED = "refused"
    CLOSED = "closed"


class EventKind(StrEnum):
    """What an event of the story was; each has its mark."""

    RECEIVED = "received"
    DECISION = "decision"
    STEP = "step"
    MAIL = "mail"
    WAIT = "wait"
    PROBLEM = "problem"
    DESK = "desk"
    END = "end"


class SlaKind(StrEnum):
    """How the clock of the 10 business hours stood at the end, or stands now."""

    ON_TIME = "on-time"
    WARNED = "warned"
    MISSED = "missed"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened. `at` is aware; title and detail are Spanish plain text; detail says why."""

    at: datetime
    title: str
    detail: str = ""
    kind: EventKind = EventKind.STEP


@dataclass(frozen=True, slots=True)
class Wait:
    """A stretch of waiting; aware instants, `until` None while it lasts. `what`: "un cupo de licencia de buzón"."""

    since: datetime
    until: datetime | None
    what: str
    pauses_clock: bool = False


@dataclass(frozen=True, slots=True)
class SentMail:
    """A mail that went out. `href` is relative to the page, or empty when no copy was kept (confidential mails)."""

    subject: str
    to: str
    href: str = ""
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """The control point of activity 2: what was decided, why, and by which row of which matrix under which policy."""

    granted: bool
    reason: str
    matrix_row: int | None = None
    matrix_version: str = ""
    policy_version: str = ""


@dataclass(frozen=True, slots=True)
class SecondPerson:
    """Who else approved the case, how ("en el tablero", "por comando") and when (aware)."""

    by: str
    how: str
    at: datetime


@dataclass(frozen=True, slots=True)
class SlaStory:
    """The clock of the attention time in business hours. `label` follows "Atención": "a tiempo", "por vencer", "vencida"."""

    kind: SlaKind
    label: str
    used_hours: float
    allowed_hours: float


@dataclass(frozen=True, slots=True)
class Story:
    """One case. Texts are Spanish plain text as people read them (labels, not codes); instants are aware."""

    case: str
    state: str
    state_kind: StateKind
    requester: str
    operation: str
    user: str
    account: str
    unit: str
    decision: Decision | None
    received: datetime
    closed: datetime | None
    sla: SlaStory | None
    events: tuple[Event, ...] = ()
    answers: tuple[tuple[str, str], ...] = ()
    """Question and answer as they were given."""
    mails: tuple[SentMail, ...] = ()
    waits: tuple[Wait, ...] = ()
    waiting_for: str = ""
    group: str = ""
    """The operation alone, under which the index lists it; empty: `operation`."""
    changes: tuple[tuple[str, str, str], ...] = ()
    """What a modification changed: label, before and after."""
    second_person: SecondPerson | None = None


@dataclass(frozen=True, slots=True)
class Overview:
    """What the page says of all cases together, above them; each part may be empty."""

    figures: tuple[tuple[str, str], ...] = ()
    """Label and value."""
    lives: tuple[AccountLife, ...] = ()
    window: Window | None = None
    """The days on which `lives` are drawn; None: they are not."""
