"""A request and everything that can happen to it, as values. Nothing here knows the time, the network or the database."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import NewType

from config.vocabulary import CaseNumber, EmailAddress
from provision.procedure.acts import Act, WaitingFor
from provision.procedure.facts import Facts
from provision.procedure.submission import Authorisation, Defective, Problem, Submission

StepKey = NewType("StepKey", str)
"""A step of one request; a step taken anew in each round carries the round."""


class State(StrEnum):
    """Where a request stands, as everybody reads it."""

    RECEIVED = "RECEIVED"
    IN_PROGRESS = "IN_PROGRESS"
    WAITING = "WAITING"
    NEEDS_CORRECTION = "NEEDS_CORRECTION"
    NEEDS_ATTENTION = "NEEDS_ATTENTION"
    FOLLOWED_UP = "FOLLOWED_UP"
    """Attended and reported; a date or the first use of the access data is still watched."""
    DONE = "DONE"
    REFUSED = "REFUSED"
    DUPLICATE = "DUPLICATE"
    UNANSWERED = "UNANSWERED"
    CANCELLED = "CANCELLED"

    @property
    def closed(self) -> bool:
        """Nothing more happens to the request."""
        return self in {State.DONE, State.REFUSED, State.DUPLICATE, State.UNANSWERED, State.CANCELLED}

    @property
    def label(self) -> str:
        """As people read it."""
        return _STATE_LABELS[self]


_STATE_LABELS: Mapping[State, str] = {
    State.RECEIVED: "Recibida",
    State.IN_PROGRESS: "En trámite",
    State.WAITING: "En espera",
    State.NEEDS_CORRECTION: "Requiere corrección",
    State.NEEDS_ATTENTION: "Requiere atención",
    State.FOLLOWED_UP: "Atendida, en seguimiento",
    State.DONE: "Terminada",
    State.REFUSED: "Rechazada",
    State.DUPLICATE: "Duplicada",
    State.UNANSWERED: "Cerrada sin respuesta",
    State.CANCELLED: "Cancelada",
}


class Course(StrEnum):
    """Which list of steps a request follows; a signal can turn it into another one."""

    ATTEND = "ATTEND"
    CORRECT = "CORRECT"
    REFUSE = "REFUSE"
    DUPLICATE = "DUPLICATE"
    HAS_ACCOUNT = "HAS_ACCOUNT"
    NOTHING_TO_DO = "NOTHING_TO_DO"
    UNANSWERED = "UNANSWERED"
    CANCEL = "CANCEL"


class Origin(StrEnum):
    """Where a request came from."""

    FORM = "FORM"
    SWEEP = "SWEEP"
    """The daily look at contracts that ended."""
    CAMPAIGN = "CAMPAIGN"
    CASE = "CASE"
    """Another request: a password change that asked for another address."""


class SlaMark(StrEnum):
    """How far the clock of a request has run."""

    ON_TIME = "ON_TIME"
    WARNED = "WARNED"
    MISSED = "MISSED"

    @property
    def label(self) -> str:
        """As people read it."""
        return _SLA_LABELS[self]


_SLA_LABELS: Mapping[SlaMark, str] = {
    SlaMark.ON_TIME: "a tiempo",
    SlaMark.WARNED: "por vencer",
    SlaMark.MISSED: "vencida",
}


@dataclass(frozen=True, slots=True)
class Pause:
    """A stretch in which the clock of the 10 business hours stood still; `until` is None while it lasts. Aware UTC."""

    since: datetime
    until: datetime | None
    why: WaitingFor


@dataclass(frozen=True, slots=True)
class CorrectionAsked:
    """What the requester was asked to mend, when, and until when an answer continues the same case. Aware UTC."""

    problems: tuple[Problem, ...]
    asked_at: datetime | None = None
    deadline: datetime | None = None


@dataclass(frozen=True, slots=True)
class Approver:
    """A second person whom the matrix knows as an approver. `row` is that row as its reader sees it."""

    address: EmailAddress
    row: int


@dataclass(frozen=True, slots=True)
class Approval:
    """Who approved a request besides the requester, how, and when (aware UTC)."""

    by: EmailAddress
    how: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it stands: all that `advance` needs to know."""

    case: CaseNumber
    requester: EmailAddress | None
    vouched_by: str | None
    received_at: datetime
    content: Submission | Defective
    authorisation: Authorisation
    policy_version: str
    course: Course
    state: State = State.RECEIVED
    reason: str = ""
    """Spanish: why it stands where it stands."""
    because: str = ""
    """Spanish: why it follows its course; a wait or a failure on the way changes `reason` and never this."""
    round: int = 1
    """How many times somebody set it going: its reception, then each accepted edit and each retry."""
    done: frozenset[StepKey] = frozenset()
    facts: Facts = Facts()
    waiting_for: WaitingFor | None = None
    wake_at: datetime | None = None
    """When to look at it again without any signal; None: only a signal moves it."""
    correction: CorrectionAsked | None = None
    duplicate_of: CaseNumber | None = None
    follows: CaseNumber | None = None
    """The closed case whose late answer or later edit this one is."""
    pauses: tuple[Pause, ...] = ()
    sla: SlaMark = SlaMark.ON_TIME
    origin: Origin = Origin.FORM
    approval: Approval | None = None
    attended_at: datetime | None = None
    """When it was attended and reported: the clock stops, what is followed up goes on (aware UTC)."""
    closed_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing to be done in the world, exactly once: unique by case, step and round."""

    case: CaseNumber
    act: Act
    step: StepKey
    round: int

    @property
    def key(self) -> str:
        """The effect's identity in the journal."""
        return f"{self.case}/{self.step}/{self.round}"


@dataclass(frozen=True, slots=True)
class Done:
    """The step is done, now or before; what it taught us."""

    facts: Facts = Facts()
    detail: str = ""
    authorisation: Authorisation | None = None
    """The control point decided anew, on what the directory says; None: it stays as it was."""


@dataclass(frozen=True, slots=True)
class NotYet:
    """The world is not ready: look again at `look_again_at` (aware UTC)."""

    waiting_for: WaitingFor
    look_again_at: datetime
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Failed:
    """Refused for good, or tried too often: a person must look. `reason` is Spanish."""

    reason: str


@dataclass(frozen=True, slots=True)
class Diverted:
    """The world says that this request must take another course."""

    course: Course
    reason: str
    problems: tuple[Problem, ...] = ()
    facts: Facts = Facts()
    duplicate_of: CaseNumber | None = None
    authorisation: Authorisation | None = None


@dataclass(frozen=True, slots=True)
class SteppedBack:
    """The step cannot be done until an earlier one is done anew."""

    to: Act
    reason: str


Outcome = Done | NotYet | Failed | Diverted | SteppedBack


@dataclass(frozen=True, slots=True)
class Settled:
    """Signal: an effect came to an outcome."""

    effect: Effect
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Resubmitted:
    """Signal: the response was edited, or answered again; decided again on the changed answers."""

    content: Submission | Defective
    authorisation: Authorisation
    requester: EmailAddress | None


@dataclass(frozen=True, slots=True)
class DeskAsked:
    """Signal: the desk chose an action on the board, or an administrator at the command line. `action` is as typed."""

    action: str
    by: str
    note: str = ""
    approver: Approver | None = None
    """Whom the matrix knows as an approver, when the one who asks, or whom the desk names, is one."""
    at_command: bool = False


@dataclass(frozen=True, slots=True)
class Admitted:
    """Signal: the run's batch of destructive effects is within the cap, or was approved as it stands."""

    line: str
    """What was let in, as `safety.effect_of` says it: nothing else is."""
    why: str = ""
    """Spanish: who approved the batch; empty when it was within the cap."""


@dataclass(frozen=True, slots=True)
class HeldInBatch:
    """Signal: the run's batch is beyond the cap, and waits for somebody to approve exactly it."""

    why: str
    """Spanish."""


@dataclass(frozen=True, slots=True)
class HoldLifted:
    """Signal: another case ended this request's hold, from that day on."""

    on: date
    by: CaseNumber
    asked_by: EmailAddress | None = None
    """Who asked for it, when that other case tells the same person that the account works again."""


@dataclass(frozen=True, slots=True)
class MailBounced:
    """Signal: a mail of this request came back; compared beforehand with what was really sent, and to whom."""

    act: Act
    step: StepKey
    to: EmailAddress
    status: str
    """RFC 3463."""
    reason: str
    """Spanish."""
    permanent: bool
    """False: the servers still try."""


class TicketTouch(StrEnum):
    """What people of the desk do on a ticket in their own tool."""

    REPLIED = "REPLIED"
    CLOSED = "CLOSED"
    REOPENED = "REOPENED"


@dataclass(frozen=True, slots=True)
class TicketTouched:
    """Signal: a person of the desk did something on the ticket in the tool itself."""

    what: TicketTouch
    by: str = ""
    text: str = ""
    """Of a reply."""


Signal = Settled | Resubmitted | DeskAsked | Admitted | HeldInBatch | HoldLifted | MailBounced | TicketTouched


class EntryKind(StrEnum):
    """What a line of the story tells of, for whoever shows it."""

    RECEIVED = "RECEIVED"
    DECISION = "DECISION"
    STEP = "STEP"
    MAIL = "MAIL"
    WAIT = "WAIT"
    PROBLEM = "PROBLEM"
    DESK = "DESK"
    END = "END"


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of the request's story: what happened and why, in Spanish."""

    title: str
    detail: str = ""
    kind: EntryKind = EntryKind.STEP


@dataclass(frozen=True, slots=True)
class Advance:
    """What `advance` decided: the request's next value, what to add to its story, and the one effect wanted, if any."""

    request: Request
    entries: tuple[Entry, ...]
    effect: Effect | None
    wake_at: datetime | None
    """When to look again without any signal: the request's own date, or the next mark of its clock (aware UTC)."""
