"""The manifest's file: what a backup holds, written last, so that a backup with a manifest is a whole one."""

import hashlib
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


@dataclass(frozen=True, slots=True)
class Contents:
    """The manifest's file, field by field. `taken_at` is aware UTC."""

    case: CaseNumber
    user: str
    mail_address: str
    taken_at: AwareDatetime
    parts: tuple[BackupPart, ...]
    items: tuple[Copy, ...]
    not_converted: tuple[str, ...]

    def summary(self, octets: bytes, folder: Path) -> Manifest:
        """What the procedure is told of the backup; `octets` is the file that these contents are read from."""
        return Manifest(
            case=self.case,
            taken_at=self.taken_at.astimezone(UTC),
            parts=self.parts,
            items=len(self.items),
            bytes=sum(item.bytes for item in self.items),
            digest=hashlib.sha256(octets).hexdigest(),
            location=str(folder),
            not_converted=self.not_converted,
        )


@cache
def _adapter() -> TypeAdapter[Contents]:
    return TypeAdapter(Contents)


def dumped(contents: Contents) -> bytes:
    """The file, for people to read too."""
    return _adapter().dump_json(contents, indent=2) + b"\n"


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
