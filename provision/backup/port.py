"""Backups before a deletion or a licence's removal (UPME, activity 3: "backup de correo, calendario, contactos y
almacenamiento en nube"; Unidad para las Víctimas, 5: "generar la copia de seguridad del buzón").
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from config.vocabulary import CaseNumber
from provision.cloud.port import CloudUserId


class BackupPart(StrEnum):
    """What is copied; the value is its Spanish name."""

    MAIL = "correo"
    CALENDAR = "calendario"
    CONTACTS = "contactos"
    FILES = "almacenamiento en nube"


@dataclass(frozen=True, slots=True)
class Manifest:
    """A whole backup, as its own manifest lists it."""

    case: CaseNumber
    taken_at: datetime
    """Aware UTC: when the last item was copied."""
    parts: tuple[BackupPart, ...]
    items: int
    bytes: int
    digest: str
    """SHA-256 of the manifest's file, in hexadecimal: what was verified is recognised again by it."""
    location: str
    """Where it is kept, as an operator finds it."""
    not_converted: tuple[str, ...] = ()
    """Items that could only be kept raw, each with its reason; Spanish."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How far a backup is. `items` of `of_items` are done, with `bytes` so far, whichever run copied them."""

    items: int
    of_items: int
    bytes: int


@dataclass(frozen=True, slots=True)
class UnderWay:
    """A backup that is not complete yet; `take` goes on where it stopped."""

    detail: str
    """How far it is; Spanish."""
    look_again_after: timedelta
    pace: Pace | None = None
    """The same as numbers, where they are known."""


@dataclass(frozen=True, slots=True)
class ByHand:
    """This installation copies no mailboxes: the desk does, and confirms it. `detail` says what to do; Spanish."""

    detail: str


class Backup(Protocol):
    """Raises Unreachable, Misconfigured or Transient (Target.CLOUD, or Target.BACKUP for where the copies are kept).

    In a dry run `take` raises WriteRefused.
    """

    def take(self, case: CaseNumber, user: CloudUserId, mail_address: str) -> Manifest | UnderWay | ByHand:
        """Copy everything of the user's, or go on with it. Idempotent by case: a complete backup is not taken again."""
        ...

    def verify(self, case: CaseNumber) -> Manifest:
        """Read every copy again and compare it with the manifest.

        Raises Rejected naming what does not agree, NotFound when there is no whole backup of this case.
        """
        ...

    def close(self) -> None:
        """Free connections. Idempotent."""
        ...
