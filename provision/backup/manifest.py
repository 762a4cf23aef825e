"""The manifest's file: what a backup holds, written last, so that a backup with a manifest is a whole one."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC
from functools import cache
from pathlib import Path

from pydantic import AwareDatetime, TypeAdapter, ValidationError

from config.errors import Rejected, Target
from config.vocabulary import CaseNumber
from provision.backup.names import MANIFEST
from provision.backup.port import BackupPart, Manifest


@dataclass(frozen=True, slots=True)
class Copy:
    """One item that was copied."""

    part: BackupPart
    name: str
    """As the person called it."""
    file: str
    """Where the copy is, relative to the backup's folder, with `/`."""
    bytes: int
    sha256: str
    of: str = ""
    """What this file accompanies, relative to the backup's folder; empty for an item's own copy, which alone is counted."""
    source: str = ""
    """The item's identifier where it was copied from."""
    quick_xor_hash: str = ""
    """Of a OneDrive file whose content agreed with the one that OneDrive tells, in base64."""


@dataclass(frozen=True, slots=True)
class Listing:
    """A file beside the manifest with one `Copy` a line, for backups of so many items that no program should hold them all."""

    file: str
    lines: int
    items: int
    bytes: int
    """Of everything listed."""
    sha256: str
    """Of the file itself, so that the manifest's digest stands for the listing too."""


@dataclass(frozen=True, slots=True)
class Contents:
    """The manifest's file, field by field. `taken_at` is aware UTC. The copies are `items`, and those of `listing`."""

    case: CaseNumber
    user: str
    mail_address: str
    taken_at: AwareDatetime
    parts: tuple[BackupPart, ...]
    items: tuple[Copy, ...]
    not_converted: tuple[str, ...]
    listing: Listing | None = None
    remarks: tuple[str, ...] = ()
    """What this kind of backup does not reach at all; Spanish."""

    def summary(self, octets: bytes, folder: Path) -> Manifest:
        """What the procedure is told of the backup; `octets` is the file that these contents are read from."""
        return Manifest(
            case=self.case,
            taken_at=self.taken_at.astimezone(UTC),
            parts=self.parts,
            items=sum(not item.of for item in self.items) + (self.listing.items if self.listing else 0),
            bytes=sum(item.bytes for item in self.items) + (self.listing.bytes if self.listing else 0),
            digest=hashlib.sha256(octets).hexdigest(),
            location=str(folder),
            not_converted=self.not_converted,
        )


@cache
def _adapter() -> TypeAdapter[Contents]:
    return TypeAdapter(Contents)


@cache
def _line_adapter() -> TypeAdapter[Copy]:
    return TypeAdapter(Copy)


def dumped(contents: Contents) -> bytes:
    """The file, for people to read too."""
    return _adapter().dump_json(contents, indent=2, exclude_defaults=True) + b"\n"


def dumped_line(copy: Copy) -> bytes:
    """A line of a listing."""
    return _line_adapter().dump_json(copy, exclude_defaults=True) + b"\n"


def read_lines(path: Path) -> Iterator[Copy]:
    """The copies of a listing, one by one. Raises OSError, and Rejected for a line that is none."""
    with path.open("rb") as file:
        for line in file:
            try:
                yield _line_adapter().validate_json(line)
            except ValidationError as error:
                raise Rejected(
                    Target.BACKUP,
                    f"La lista {path} está dañada: no se puede saber si el backup está completo.",
                    remedy=f"Si la cuenta aún tiene su buzón, borre {MANIFEST} y reintente: se copia de nuevo.",
                ) from error


def read_manifest(folder: Path) -> tuple[Contents, bytes] | None:
    """The manifest in a backup's folder, with its bytes; None when the backup has none yet. Raises OSError.

    Raises Rejected for a file that is no manifest.
    """
    path = folder / MANIFEST
    if not path.exists():
        return None
    octets = path.read_bytes()
    try:
        return _adapter().validate_json(octets), octets
    except ValidationError as error:
        raise Rejected(
            Target.BACKUP,
            f"El manifiesto {path} está dañado: no se puede saber si el backup está completo.",
            remedy="Si la cuenta aún tiene su buzón, borre ese archivo y reintente: se copia de nuevo lo que falte.",
        ) from error
