"""Sending one mail (activity 4: the report to the requester, the access data to the personal address)."""

from dataclasses import dataclass
from typing import Protocol

from config.vocabulary import EmailAddress


@dataclass(frozen=True, slots=True)
class Message:
    """One mail to one person, as text and as HTML. `message_id` includes its angle brackets and is deterministic."""

    message_id: str
    sender_name: str
    sender: EmailAddress
    to: EmailAddress
    subject: str
    text: str
    html: str
    reply_to: EmailAddress | None = None
    in_reply_to: str | None = None
    """Message-ID of the case's first mail, so that a case is one conversation."""
    confidential: bool = False
    """Carries a password: an adapter keeps no copy of it beyond delivering it."""

    def __repr__(self) -> str:
        return f"Message({self.message_id} to {self.to})"


class Mailer(Protocol):
    """Raises RecipientRefused (5xx for the recipient), Transient (4xx), Unreachable, Misconfigured (Target.MAIL).

    In a dry run `send` raises WriteRefused.
    """

    def already_sent(self, message_id: str) -> bool | None:
        """Whether this very message was handed over before; None: this transport cannot know."""
        ...

    def send(self, message: Message) -> None:
        """Hand the message over. Returns only when the server has accepted it. One connection for a whole run."""
        ...

    def check(self) -> tuple[str, ...]:
        """What `gestion doctor` should say is wrong, in Spanish; empty when all is well. Sends nothing."""
        ...

    def close(self) -> None:
        """Close the connection, if one was opened. Idempotent."""
        ...
