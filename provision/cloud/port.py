"""The cloud behind the directory: licences ("disponibilidad de buzones"), synchronisation, mailboxes, sessions."""

from typing import NewType, Protocol

from provision.directory.port import AccountId

CloudUserId = NewType("CloudUserId", str)


class Cloud(Protocol):
    """Every method may raise Unreachable, Misconfigured or Transient (Target.CLOUD); a dry run's writes raise WriteRefused.

    Nothing here waits: what is not there yet is answered as not there, and the procedure asks again later.
    """

    def free_seats(self, licence: str) -> int:
        """Seats of a licence bought and not assigned. Advisory: two requests can race; `assign_licence` is the truth.

        Raises Misconfigured when the tenant does not know the licence.
        """
        ...

    def request_sync(self) -> None:
        """Ask for a synchronisation of the directory, where that can be asked for. Idempotent; a running one is no error."""
        ...

    def find_user(self, account: AccountId) -> CloudUserId | None:
        """The synchronised user of a directory account; None: not synchronised yet."""
        ...

    def assign_licence(self, user: CloudUserId, licence: str) -> None:
        """Give the user a seat. Idempotent. Raises NoSeat when there is none, Rejected when refused for good."""
        ...

    def has_licence(self, user: CloudUserId, licence: str) -> bool:
        """Whether the user holds a seat of this licence."""
        ...

    def mailbox_ready(self, user: CloudUserId) -> bool:
        """Whether the mailbox answers."""
        ...

    def end_sessions(self, user: CloudUserId) -> None:
        """Revoke the user's sessions. Idempotent."""
        ...

    def close(self) -> None:
        """Free connections. Idempotent."""
        ...
