"""What an unfinished backup has seen and copied: one line of JSON each, appended, so that a crash loses at most the last."""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, TypeAdapter, ValidationError

from provision.backup.manifest import Copy


@dataclass(frozen=True, slots=True)
class Whose:
    """The first line: whose mailbox this is a backup of."""

    user: str
    kind: Literal["whose"] = "whose"


@dataclass(frozen=True, slots=True)
class Seen:
    """An item that was in the mailbox at some turn, and so belongs to the backup."""

    number: int
    part: str
    name: str
    kind: Literal["seen"] = "seen"


@dataclass(frozen=True, slots=True)
class Copied:
    """An item's whole copy, with what it was when it was copied; `at` is aware UTC."""

    number: int
    copy: Copy
    at: AwareDatetime
    kind: Literal["copied"] = "copied"


Line = Whose | Seen | Copied


@cache
def _adapter() -> TypeAdapter[Line]:
    return TypeAdapter(Annotated[Line, Field(discriminator="kind")])


class Progress:
    """The file, read when made and appended to. Raises OSError.

    Not made durable line by line: what is lost of it is found again by comparing the copies with the mailbox.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self.user: str | None = None
        self.seen: dict[int, Seen] = {}
        self.copied: dict[int, Copied] = {}
        whole = 0
        octets = path.read_bytes() if path.exists() else b""
        for line in octets.splitlines(keepends=True):
            if not line.endswith(b"\n") or not self._remember(line):
                break
            whole += len(line)
        if whole < len(octets):  # cut short by a crash: what follows would be glued to it
            os.truncate(path, whole)

    def _remember(self, text: bytes) -> bool:
        try:
            self._take(_adapter().validate_json(text))
        except ValidationError:
            return False
        return True

    def _take(self, line: Line) -> None:
        match line:
            case Whose():
                self.user = line.user
            case Seen():
                self.seen[line.number] = line
            case Copied():
                self.copied[line.number] = line

    def note(self, lines: Iterable[Line]) -> None:
        """Append these."""
        lines = tuple(lines)
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "ab") as file:
            file.write(b"".join(_adapter().dump_json(line) + b"\n" for line in lines))
        for line in lines:
            self._take(line)
