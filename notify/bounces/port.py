"""Mails of ours that came back after the server had accepted them (activity 4, control point: "¿Reporte exitoso? No")."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from config.vocabulary import EmailAddress


@dataclass(frozen=True, slots=True)
class Bounce:
    """What a delivery report (RFC 3464) claims.

    Anybody can send one: nothing in it is true until it was compared with what was really sent
    (docs/decisions/0025-mails-that-came-back.md).
    """

    message_id: str
    """Of the mail that came back, with its angle brackets."""
    recipient: EmailAddress
    """To whom that mail had been addressed."""
    permanent: bool
    """False: it is delayed, and the servers still try."""
    status: str
    """RFC 3463: `5.1.1`."""
    reason: str
    """One Spanish line, made of the status alone: no text of the report is ever shown to anybody."""
    arrived_at: datetime
    """When the report arrived (aware UTC)."""
    key: str
    """The report's own identity in its mailbox: the same report always has the same one."""


class BounceBox(Protocol):
    """The mailbox where delivery reports arrive. Nothing in it is deleted, moved or marked as read.

    Every method raises Unreachable, Misconfigured or Transient (Target.BOUNCES).
    """

    def read(self) -> tuple[Bounce, ...]:
        """The reports that were not taken yet, oldest first; what is no delivery report is passed over.

        A run that ends between `read` and `taken` reads the same again.
        """
        ...

    def taken(self, bounces: Sequence[Bounce]) -> None:
        """These, of what was read last, were dealt with: neither they nor what was passed over comes again. Idempotent."""
        ...

    def check(self) -> tuple[str, ...]:
        """What `gestion doctor` should say is wrong, in Spanish; empty when all is well. Changes nothing."""
        ...

    def close(self) -> None:
        """Close the connection, if one was opened. Idempotent."""
        ...


class Memory(Protocol):
    """Where a box remembers how far it was read."""

    def get(self, key: str) -> str | None:
        """The value kept under a key."""
        ...

    def put(self, key: str, value: str) -> None:
        """Keep a value under a key. Idempotent."""
        ...
