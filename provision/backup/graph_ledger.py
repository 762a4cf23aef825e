"""What a backup from Microsoft 365 has seen and copied: lines of JSON, appended, so that a crash loses at most the last.

A mailbox may hold hundreds of thousands of items: in the memory stays a digest and two positions for each, the rest is read
from the file when it is wanted.
"""

import fcntl
import hashlib
import os
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import TracebackType
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, Field, TypeAdapter, ValidationError

from config.errors import Target, Transient
from provision.backup.durable import write_all
from provision.backup.graph_names import NameBook
from provision.backup.manifest import Copy
from provision.backup.port import BackupPart


@dataclass(frozen=True, slots=True)
class Owner:
    """The first line: whose mailbox this is a backup of."""

    user: str
    kind: Literal["owner"] = "owner"


@dataclass(frozen=True, slots=True)
class Seen:
    """An item that was there at some turn, and so belongs to the backup. Said again when the item has another `version`."""

    number: int
    key: str
    """Its identifier in Graph."""
    part: BackupPart
    name: str
    """As the person called it."""
    file: str
    """Where its copy belongs, relative to the backup's folder."""
    where: str = ""
    """The container's identifier, or what else its copying needs."""
    form: str = ""
    """What kind of item it is, in Graph's word."""
    version: str = ""
    """Empty for what is copied once, whatever becomes of it."""
    at: float = 0
    """When the item came, in seconds since 1970."""
    kind: Literal["seen"] = "seen"


@dataclass(frozen=True, slots=True)
class Copied:
    """An item's whole copy, in one file or several, the item's own one first. `at` is aware UTC."""

    number: int
    copies: tuple[Copy, ...]
    at: AwareDatetime
    version: str = ""
    note: str = ""
    """What is to be said of it in the manifest; Spanish."""
    kind: Literal["copied"] = "copied"


@dataclass(frozen=True, slots=True)
class Left:
    """An item of which there is no copy, for good, with the reason; Spanish."""

    number: int
    note: str
    version: str = ""
    kind: Literal["left"] = "left"


Line = Owner | Seen | Copied | Left
_PARTS = tuple(BackupPart)
_UNDONE = 0
"""No line of a finished item is the file's first."""


@cache
def _adapter() -> TypeAdapter[Line]:
    return TypeAdapter(Annotated[Line, Field(discriminator="kind")])


@dataclass
class Ledger:
    """The file, read when made and appended to, by one process at a time; a context manager.

    Raises OSError, and Transient while another one has it.
    Not made durable line by line: what a loss of power takes from it is copied again.
    """

    path: Path
    owner: str | None = None
    done: int = 0
    octets: int = 0
    """Length of the copies in force."""
    end: int = 0
    """Length of the file."""
    folders: dict[tuple[BackupPart, str], str] = field(default_factory=dict)
    """Where the items of each container are kept, by its identifier."""
    names: NameBook = field(default_factory=NameBook)
    """The paths of containers and of OneDrive's files."""
    _numbers: dict[bytes, int] = field(default_factory=dict)
    _seen_at: "array[int]" = field(default_factory=lambda: array("Q"))
    _done_at: "array[int]" = field(default_factory=lambda: array("Q"))
    _sizes: "array[int]" = field(default_factory=lambda: array("Q"))
    _parts: bytearray = field(default_factory=bytearray)

    def __post_init__(self) -> None:
        descriptor = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW, 0o600)
        self._file = os.fdopen(descriptor, "ab", buffering=0)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._file.close()
            raise Transient(Target.BACKUP, "Ese backup lo está haciendo otro proceso; espere a que termine.") from error
        self._reading = self.path.open("rb")
        for text in self._reading:
            if not text.endswith(b"\n") or not self._remember(text):
                break
            self.end += len(text)
        os.truncate(self.path, self.end)  # cut short by a crash: what follows would be glued to it

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._file.close()
        self._reading.close()

    def __len__(self) -> int:
        return len(self._seen_at)

    def has(self, part: BackupPart) -> bool:
        """Whether anything of this part was ever seen."""
        return _PARTS.index(part) in self._parts

    def number_of(self, part: BackupPart, key: str) -> int | None:
        """The item's number; None for one that was not seen yet."""
        return self._numbers.get(_known_by(part, key))

    def note(self, line: Line) -> None:
        """Append this; an item's number is the next one when it is seen first."""
        text = _adapter().dump_json(line, exclude_defaults=True, exclude={"kind"})
        # The kind is a default and still needed, to know the line by.
        whole = b'{"kind":"%s",' % line.kind.encode() + text[1:] + b"\n"
        write_all(self._file.fileno(), whole)
        self._take(line)
        self.end += len(whole)

    def seen(self, number: int) -> Seen:
        """What was last seen of this item."""
        found = self._read(self._seen_at[number])
        if not isinstance(found, Seen):
            raise TypeError(number)
        return found

    def outcome(self, number: int) -> Copied | Left | None:
        """What came of this item; None: nothing yet."""
        at = self._done_at[number]
        found = self._read(at) if at != _UNDONE else None
        return found if isinstance(found, Copied | Left) else None

    def undo(self, number: int) -> None:
        """The copy of this item is not good any more. Forgotten by the next turn, which looks for itself."""
        if self._done_at[number] != _UNDONE:
            self._done_at[number] = _UNDONE
            self.done -= 1
            self.octets -= self._sizes[number]

    def pending(self) -> Iterator[Seen]:
        """The items with nothing done, in order, as it is when each is asked for."""
        for number, at in enumerate(self._done_at):
            if at == _UNDONE:
                yield self.seen(number)

    def finished(self, part: BackupPart | None = None, *, before: int | None = None) -> Iterator[tuple[int, Copied | Left]]:
        """The others' numbers and what came of them, in order; of one part, or written down before this `end`, where given."""
        wanted = None if part is None else _PARTS.index(part)
        for number, at in enumerate(self._done_at):
            if (wanted is not None and self._parts[number] != wanted) or (before is not None and at >= before):
                continue
            outcome = self.outcome(number)
            if outcome is not None:
                yield number, outcome

    def _read(self, at: int) -> Line:
        self._reading.seek(at)
        return _adapter().validate_json(self._reading.readline())

    def _remember_place(self, seen: Seen) -> None:
        if seen.part is BackupPart.FILES:
            self.names.take(seen.file)
        if (seen.part, seen.where) not in self.folders:
            folder = seen.file.rpartition("/")[0]
            # A message lies in `cur` or `new` of its folder.
            self.folders[seen.part, seen.where] = folder.rpartition("/")[0] if seen.part is BackupPart.MAIL else folder
            self.names.take(self.folders[seen.part, seen.where])

    def _remember(self, text: bytes) -> bool:
        try:
            self._take(_adapter().validate_json(text))
        except (ValidationError, IndexError):
            return False
        return True

    def _take(self, line: Line) -> None:
        match line:
            case Owner():
                self.owner = line.user
            case Seen() if line.number == len(self):
                self._numbers[_known_by(line.part, line.key)] = line.number
                self._seen_at.append(self.end)
                self._done_at.append(_UNDONE)
                self._sizes.append(0)
                self._parts.append(_PARTS.index(line.part))
                self._remember_place(line)
            case Seen():
                self.undo(line.number)
                self._seen_at[line.number] = self.end
            case Copied() | Left():
                self.undo(line.number)
                self._done_at[line.number] = self.end
                self._sizes[line.number] = _bytes_of(line)
                self.done += 1
                self.octets += self._sizes[line.number]


def _known_by(part: BackupPart, key: str) -> bytes:
    return hashlib.sha256(f"{part}/{key}".encode("utf-8", "surrogatepass")).digest()[:12]


def _bytes_of(outcome: Copied | Left) -> int:
    return sum(copy.bytes for copy in outcome.copies) if isinstance(outcome, Copied) else 0
