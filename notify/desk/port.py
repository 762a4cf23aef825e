"""The service desk's ticket (activity 2: "registrar la solicitud"; activity 6: "cerrar la solicitud")."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType, Protocol

from config.errors import Rejected, Target
from config.vocabulary import CaseNumber, EmailAddress

TicketId = NewType("TicketId", str)

NO_CASE = CaseNumber("GU-0000-000000")
"""A case that never exists, to ask a desk something without consequences."""


class TicketStatus(StrEnum):
    """States that every desk has, under its own names."""

    NEW = "nuevo"
    IN_PROGRESS = "en curso"
    PENDING = "pendiente"
    CLOSED = "cerrado"


@dataclass(frozen=True, slots=True)
class NewTicket:
    """What a ticket is opened with. Never a credential."""

    case: CaseNumber
    """The key under which the ticket is found again."""
    subject: str
    body: str
    requester: EmailAddress


@dataclass(frozen=True, slots=True)
class TicketFields:
    """What an agent wants to see of a case without opening it; Spanish text, empty where there is nothing to say."""

    state: str
    account: str
    unit: str
    waiting_for: str
    due: datetime | None
    """Aware UTC: when the service level ends."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Something that a person of the desk wrote on the ticket in the tool itself; never what this program noted."""

    key: str
    """The tool's own identifier of it: the same reply always has the same one."""
    by: str
    at: datetime
    """Aware UTC."""
    text: str


@dataclass(frozen=True, slots=True)
class Ticket:
    """A ticket as the desk has it now."""

    id: TicketId
    case: CaseNumber
    status: TicketStatus
    notes: tuple[str, ...]
    solution: str | None
    replies: tuple[Reply, ...] = ()
    """What people of the desk wrote, oldest first."""
    closed_by: str | None = None
    """Who closed or rejected it, when that was a person in the tool and not this program."""


class Desk(Protocol):
    """Raises Unreachable, Misconfigured, Transient or Rejected (Target.DESK); in a dry run each write raises WriteRefused.

    Each write reads back what it wrote, because desks answer success to things they did not do.
    """

    def find(self, case: CaseNumber) -> Ticket | None:
        """The ticket of this case."""
        ...

    def create(self, ticket: NewTicket) -> Ticket:
        """Open the ticket. Idempotent by case: an existing one is returned unchanged."""
        ...

    def note(self, id: TicketId, key: str, text: str) -> None:
        """Add a note. Idempotent by `key`: the same key is noted once."""
        ...

    def set_fields(self, id: TicketId, fields: TicketFields) -> None:
        """Show where the case stands. Idempotent."""
        ...

    def changed_since(self, at: datetime) -> tuple[CaseNumber, ...]:
        """Cases whose tickets somebody touched in the tool at or after `at` (aware UTC): a few more are no harm.

        One query, however many tickets there are. Empty for a desk that cannot tell.
        """
        ...

    def set_status(self, id: TicketId, status: TicketStatus) -> None:
        """Move the ticket to NEW, IN_PROGRESS or PENDING. Idempotent."""
        ...

    def close_with_solution(self, id: TicketId, solution: str) -> None:
        """Write the solution and close. Idempotent: a closed ticket keeps its first solution."""
        ...

    def check(self) -> tuple[str, ...]:
        """What `gestion doctor` should say is wrong (Spanish), after a search as every run makes; empty when all is well.

        Writes nothing.
        """
        ...

    def close(self) -> None:
        """Free connections. Idempotent."""
        ...


def refuse_closing(id: TicketId, status: TicketStatus) -> None:
    """Raise Rejected for CLOSED: a ticket is closed with a solution, and only so."""
    if status is TicketStatus.CLOSED:
        raise Rejected(Target.DESK, f"El ticket {id} no se puede cerrar sin una solución.", remedy="Escriba la solución.")
