"""The cloud behind the directory: licences ("disponibilidad de buzones"), synchronisation, mailboxes, sessions."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import NewType, Protocol

from provision.directory.port import AccountId

CloudUserId = NewType("CloudUserId", str)


class MailboxState(StrEnum):
    """What became of a mailbox after its account was deleted."""

    PRESENT = "PRESENT"
    SOFT_DELETED = "SOFT_DELETED"
    GONE = "GONE"


@dataclass(frozen=True, slots=True)
class MailboxFate:
    """`until` (aware UTC): until when a soft-deleted mailbox can be restored; None for the other states."""

    state: MailboxState
    until: datetime | None = None


class Cloud(Protocol):
    """Every method may raise Unreachable, Misconfigured or Transient (Target.CLOUD); a dry run's writes raise WriteRefused.

    Nothing here waits: what is not there yet is answered as not there, and the procedure asks again later.
    """

    def free_seats(self, licence: str) -> int:
        """Seats of a licence bought and not assigned. Advisory: two requests can race; `assign_licence` is the truth.

        Raises Misconfigured when the tenant does not know the licence.
        """
        ...

    def recount(self) -> None:
        """Forget how many seats were counted: the next `free_seats` asks anew. No call by itself."""
        ...

    def request_sync(self) -> None:
        """Ask for a synchronisation of the directory, where that can be asked for. Idempotent; a running one is no error."""
        ...

    def find_user(self, account: AccountId) -> CloudUserId | None:
        """The synchronised user of a directory account; None: not synchronised yet."""
        ...

    def synchronised_since(self, account: AccountId, moment: datetime) -> bool:
        """Whether a cycle brought the account's changes after this instant (aware UTC); True where nothing is to be brought."""
        ...

    def assign_licence(self, user: CloudUserId, licence: str) -> None:
        """Give the user a seat. Idempotent. Raises NoSeat when there is none, Rejected when refused for good.

        Where licences come with groups of the directory, `has_licence` is true only after the next synchronisation.
        """
        ...

    def has_licence(self, user: CloudUserId, licence: str) -> bool:
        """Whether the user holds a seat of this licence."""
        ...

    def mailbox_ready(self, user: CloudUserId) -> bool:
        """Whether the mailbox answers."""
        ...

    def end_sessions(self, user: CloudUserId) -> str | None:
        """Revoke the user's sessions. Idempotent. The answer is what else should be known of it (Spanish); None: nothing."""
        ...

    def licences_of(self, user: CloudUserId) -> tuple[str, ...]:
        """The licences whose seats the user holds, in order. Empty for a user who is gone."""
        ...

    def remove_licence(self, user: CloudUserId, licence: str) -> None:
        """Give the seat back. Idempotent. Back the mailbox up first: it is disconnected at once and purged after 30 days.

        Where licences come with groups of the directory, the user holds it until the next synchronisation.
        """
        ...

    def mailbox_fate(self, user: CloudUserId) -> MailboxFate:
        """What became of the mailbox of a user whose account was deleted (activity 3, "verificar eliminación del buzón")."""
        ...

    def close(self) -> None:
        """Free connections. Idempotent."""
        ...
