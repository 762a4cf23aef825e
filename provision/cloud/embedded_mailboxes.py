"""The embedded cloud's mailboxes: connected by a licence, kept for a while after it, and what lies in them.

Every function works inside the caller's connection, and transaction where it writes.
"""

import hashlib
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.message import EmailMessage
from email.policy import SMTP

RETENTION = timedelta(days=30)
"""How long a mailbox without licence, or of a deleted user, can be had back (learn.microsoft.com, "Delete or restore user
mailboxes in Exchange Online").
"""

_WELCOME_PART, _WELCOME_NAME = "correo", "Bienvenida.eml"


@dataclass(frozen=True, slots=True)
class StoredItem:
    """One item of a mailbox, without its content. `number` is the item's own and is never given to another one."""

    number: int
    part: str
    """The value of a `BackupPart`."""
    name: str
    bytes: int
    sha256: str


def connect(connection: sqlite3.Connection, user: str, at: str) -> None:
    """The user's mailbox, as it was if there still is one; else a new one with a message of welcome."""
    if connection.execute("SELECT 1 FROM mailbox WHERE user = ?", (user,)).fetchone() is None:
        connection.execute("INSERT INTO mailbox (user, connected_at) VALUES (?, ?)", (user, at))
        welcome(connection, user)
        return
    connection.execute(
        "UPDATE mailbox SET connected_at = ?, disconnected_at = NULL WHERE user = ? AND disconnected_at IS NOT NULL", (at, user)
    )


def disconnect(connection: sqlite3.Connection, user: str, at: str) -> None:
    """The mailbox answers no more; its retention begins, unless it began before."""
    connection.execute("UPDATE mailbox SET disconnected_at = coalesce(disconnected_at, ?) WHERE user = ?", (at, user))


def purge(connection: sqlite3.Connection, until: str) -> None:
    """Forget the mailboxes that were disconnected at `until` or before, with all that lay in them."""
    connection.execute("DELETE FROM mailbox WHERE disconnected_at <= ?", (until,))


def kept_until(connection: sqlite3.Connection, user: str, now: datetime) -> datetime | None:
    """Until when a disconnected mailbox can be had back; None when there is none any more, or it is connected."""
    found = connection.execute("SELECT disconnected_at FROM mailbox WHERE user = ?", (user,)).fetchone()
    if found is None or found[0] is None:
        return None
    until = datetime.fromisoformat(found[0]) + RETENTION
    return until if now < until else None


def welcome(connection: sqlite3.Connection, user: str) -> None:
    """The message that every mailbox begins with."""
    message = EmailMessage(policy=SMTP)
    message["Subject"] = "Bienvenida a su buzón institucional"
    message.set_content("Su buzón institucional está listo para usarse.\n")
    put(connection, user, _WELCOME_PART, _WELCOME_NAME, message.as_bytes())


def put(connection: sqlite3.Connection, user: str, part: str, name: str, content: bytes) -> None:
    """Put an item into the mailbox, or other content into the item of this part and name."""
    connection.execute(
        "INSERT INTO item (user, part, name, bytes, sha256, content) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (user, part, name) DO UPDATE SET"
        " bytes = excluded.bytes, sha256 = excluded.sha256, content = excluded.content",
        (user, part, name, len(content), hashlib.sha256(content).hexdigest(), content),
    )


def items(connection: sqlite3.Connection, user: str, after: str) -> Iterator[StoredItem]:
    """What lies in the mailbox, in the order of the items' numbers; nothing where it was disconnected at `after` or before."""
    rows = connection.execute(
        "SELECT number, part, name, bytes, sha256 FROM item JOIN mailbox USING (user)"
        " WHERE user = ? AND (disconnected_at IS NULL OR disconnected_at > ?) ORDER BY number",
        (user, after),
    )
    for number, part, name, size, digest in rows:
        yield StoredItem(number, part, name, size, digest)
