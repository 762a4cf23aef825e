"""The service desk's ticket (activity 2: "registrar la solicitud"; activity 6: "cerrar la solicitud")."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NewType, Protocol

from config.vocabulary import CaseNumber, EmailAddress

TicketId = NewType("TicketId", str)


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
class Ticket:
    """A ticket as the desk has it now."""

    id: TicketId
    case: CaseNumber
    status: TicketStatus
    notes: tuple[str, ...]
    solution: str | None


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

    def set_status(self, id: TicketId, status: TicketStatus) -> None:
        """Move the ticket to NEW, IN_PROGRESS or PENDING. Idempotent."""
        ...

    def close_with_solution(self, id: TicketId, solution: str) -> None:
        """Write the solution and close. Idempotent: a closed ticket keeps its first solution."""
        ...

    def close(self) -> None:
        """Free connections. Idempotent."""
        ...
