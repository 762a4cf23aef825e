"""What both of GLPI's interfaces can do for a ticket, in one vocabulary; the desk itself is written once, over this."""

from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from typing import Protocol, assert_never

from config.vocabulary import CaseNumber, EmailAddress
from notify.desk.port import TicketStatus


class GlpiStatus(IntEnum):
    """States of a GLPI ticket (src/CommonITILObject.php: INCOMING, ASSIGNED, PLANNED, WAITING, SOLVED, CLOSED, APPROVAL)."""

    NEW = 1
    ASSIGNED = 2
    PLANNED = 3
    WAITING = 4
    SOLVED = 5
    CLOSED = 6
    APPROVAL = 10


@dataclass(frozen=True, slots=True)
class TicketRow:
    """A ticket as GLPI has it. `last_editor`, `opened_by`: the user who did so, when the interface tells."""

    number: int
    case: str
    status: GlpiStatus
    deleted: bool
    content: str
    changed: datetime
    """Aware UTC: the last time that anybody, this program too, touched it."""
    last_editor: int | None = None
    opened_by: int | None = None

    @property
    def solved(self) -> bool:
        """Solved tickets wait for the requester's agreement or for GLPI's own closing; for us both are closed."""
        return self.status in {GlpiStatus.SOLVED, GlpiStatus.CLOSED}


@dataclass(frozen=True, slots=True)
class EntryRow:
    """A followup or a solution. `author` is None when the interface does not tell; `content` is GLPI's HTML."""

    number: int
    content: str
    author: int | None
    author_name: str
    at: datetime | None
    """Aware UTC; None when the interface does not tell."""
    refused: bool = False
    """A solution that somebody refused, or whose ticket was opened again."""


class GlpiApi(Protocol):
    """One connection, made at the first call. Raises Unreachable, Misconfigured, Transient or Rejected (Target.DESK).

    A reading that the account has no right to is an error, never an empty answer. Nothing here is idempotent by itself.
    """

    def own_user(self) -> int:
        """The user this program is in GLPI."""
        ...

    def tickets_of(self, case: CaseNumber) -> tuple[TicketRow, ...]:
        """Tickets that carry the case number, out of the trash, oldest first; each compared again."""
        ...

    def ticket(self, number: int) -> TicketRow | None:
        """One ticket; None when there is none."""
        ...

    def add_ticket(self, case: CaseNumber, title: str, content: str, requester: EmailAddress) -> int:
        """Open a ticket and return its number."""
        ...

    def complete_requester(self, number: int, requester: EmailAddress) -> None:
        """Give the ticket its requester, when it has none and GLPI knows the address. Idempotent."""
        ...

    def outsiders(self, number: int) -> frozenset[int]:
        """Users who may write on the ticket and are not the desk: its requesters, and observers who are not assigned to it.

        Anybody else who may write on a ticket that is not his own has a profile of the desk.
        """
        ...

    def followups(self, number: int) -> tuple[EntryRow, ...]:
        """Followups of a ticket, private ones too, oldest first."""
        ...

    def solutions(self, number: int) -> tuple[EntryRow, ...]:
        """Solutions of a ticket, oldest first."""
        ...

    def add_followup(self, number: int, content: str) -> None:
        """Add a private followup."""
        ...

    def change_followup(self, number: int, followup: int, content: str) -> None:
        """Replace the text of a followup of our own."""
        ...

    def add_solution(self, number: int, content: str) -> None:
        """Solve a ticket: GLPI sets its state to solved, or to closed where it closes at once."""
        ...

    def set_status(self, number: int, status: GlpiStatus) -> None:
        """Change the state; whether GLPI did is for the caller to read."""
        ...

    def name_of(self, entry: EntryRow) -> str:
        """Who wrote it, as an agent would call the person."""
        ...

    def name_of_user(self, user: int) -> str:
        """A user, as an agent would call the person."""
        ...

    def changed_since(self, at: datetime) -> tuple[CaseNumber, ...]:
        """Cases whose tickets changed at or after `at` (aware UTC)."""
        ...

    def close(self) -> None:
        """End the session. Idempotent; a failure to say goodbye is no failure."""
        ...


def status_of(status: GlpiStatus) -> TicketStatus:
    """GLPI's state in the words of the port."""
    match status:
        case GlpiStatus.NEW:
            return TicketStatus.NEW
        case GlpiStatus.ASSIGNED | GlpiStatus.PLANNED:
            return TicketStatus.IN_PROGRESS
        case GlpiStatus.WAITING | GlpiStatus.APPROVAL:
            return TicketStatus.PENDING
        case GlpiStatus.SOLVED | GlpiStatus.CLOSED:
            return TicketStatus.CLOSED
        case _ as never:
            assert_never(never)


def glpi_status(status: TicketStatus) -> GlpiStatus:
    """The state that the program sets for a state of the port."""
    match status:
        case TicketStatus.NEW:
            return GlpiStatus.NEW
        case TicketStatus.IN_PROGRESS:
            return GlpiStatus.ASSIGNED
        case TicketStatus.PENDING:
            return GlpiStatus.WAITING
        case TicketStatus.CLOSED:
            return GlpiStatus.SOLVED
        case _ as never:
            assert_never(never)
