"""Copies while they are being written: aside, under a name that their own one is found by, until they are whole."""

import hashlib
import json
import os
import stat
import threading
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from provision.backup.durable import make_durable, make_folder, write_all
from provision.backup.graph_names import digest_of
from provision.backup.manifest import Copy
from provision.backup.port import BackupPart
from provision.backup.quickxor import QuickXorHash

DRAFTS = ".parciales"
_AT_ONCE = 8
_BATCH = 512


class TurnOver(Exception):
    """The turn's time is up, or something stopped it: what is half written stays for the next one where it can be used."""


@dataclass(slots=True)
class Draft:
    """A file being written, with what it comes to so far."""

    path: Path
    file: str
    size: int = 0
    sha256: "hashlib._Hash" = field(default_factory=hashlib.sha256)
    quick_xor: QuickXorHash | None = None

    def take(self, piece: bytes) -> None:
        """Count these bytes, which were written."""
        self.size += len(piece)
        self.sha256.update(piece)
        if self.quick_xor is not None:
            self.quick_xor.update(piece)

    def restart(self) -> None:
        """Throw away what was written."""
        os.truncate(self.path, 0)
        self.size, self.sha256 = 0, hashlib.sha256()
        self.quick_xor = QuickXorHash() if self.quick_xor is not None else None

    def copy(self, part: BackupPart, name: str, *, of: str = "", source: str = "", quick_xor_hash: str = "") -> Copy:
        """What the manifest will say of it."""
        return Copy(part, name, self.file, self.size, self.sha256.hexdigest(), of, source, quick_xor_hash)


@dataclass(slots=True)
class Drafts:
    """In a backup's folder `kept`. Every method may raise OSError; threads may share it. `stop` ends what is under way."""

    kept: Path
    stop: threading.Event
    made: set[str] = field(default_factory=set)
    """Folders that were looked at in this turn."""
    folder: Path = field(init=False)
    """Where they are."""

    def __post_init__(self) -> None:
        self.folder = self.kept / DRAFTS

    def path(self, file: str, version: str = "") -> Path:
        """The draft of the copy that belongs at `file`."""
        return self.folder / f"{digest_of(f'{file}?{version}')}.part"

    def write(self, file: str, pieces: Iterable[bytes], version: str = "") -> Draft:
        """A draft with all of this, made anew."""
        draft = Draft(self.path(file, version), file)
        self._write(draft, pieces, os.O_TRUNC)
        return draft

    def write_json(self, file: str, raw: Mapping[str, object], version: str = "") -> Draft:
        """A draft with this JSON object, for people to read too."""
        return self.write(file, [_json(raw)], version)

    def resume(self, file: str, version: str) -> Draft:
        """What was already written of this version of a file that is hashed as OneDrive does."""
        draft = Draft(self.path(file, version), file, quick_xor=QuickXorHash())
        if draft.path.is_symlink():
            draft.path.unlink()
        if draft.path.exists():
            with draft.path.open("rb") as former:
                while piece := former.read(1 << 20):
                    draft.take(piece)
        return draft

    def append(self, draft: Draft, pieces: Iterable[bytes]) -> None:
        """Write these at the end of the draft. Raises TurnOver when it is to stop; what was written stays."""
        self._write(draft, pieces, os.O_APPEND)

    def _write(self, draft: Draft, pieces: Iterable[bytes], how: int) -> None:
        descriptor = os.open(draft.path, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | how, 0o600)
        try:
            for number, piece in enumerate(pieces):
                if number and self.stop.is_set():  # every turn gets somewhere, however short
                    raise TurnOver
                write_all(descriptor, piece)
                draft.take(piece)
        finally:
            os.close(descriptor)

    def place(self, copy: Copy, version: str) -> None:
        """Give the draft of this copy, which is whole, its own name."""
        folder = copy.file.rpartition("/")[0]
        if folder not in self.made:
            make_folders(self.kept, folder)
            self.made.add(folder)
        self.path(copy.file, version).rename(self.kept / copy.file)

    def place_former(self, copy: Copy, version: str) -> bool:
        """The same for what a turn that was killed had written down; False when there is no such draft."""
        whole = _size(self.path(copy.file, version)) == copy.bytes
        if whole:
            self.place(copy, version)
        return whole

    def placed(self, copy: Copy) -> bool:
        """Whether a file of the right length is under its own name."""
        return _size(self.kept / copy.file) == copy.bytes

    def clear(self) -> None:
        """Nothing is under way any more."""
        if self.folder.is_dir():
            for draft in self.folder.iterdir():
                draft.unlink()
            self.folder.rmdir()


def make_folders(kept: Path, below: str) -> None:
    """Each folder of this path below the backup's own one, for its owner alone; a link in its place is refused."""
    at = kept
    for name in below.split("/") if below else ():
        at /= name
        if at.is_symlink() or not at.is_dir():
            make_folder(at)


def make_all_durable(kept: Path, files: Iterable[str]) -> None:
    """These files survive a loss of power, and so do their names; what the system could not write is told here.

    All at the end, several at once: no download waits for the disk, which writes them in whatever order suits it. To have the
    system begin with each file as it is copied (POSIX_FADV_DONTNEED) was measured: it slows the copying by more than it saves.
    """
    left = iter(files)
    folders: set[Path] = {kept}
    with ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="durable") as pool:
        while batch := list(islice(left, _BATCH)):
            list(pool.map(_make_content_durable, [kept / file for file in batch]))
            below = {file.rpartition("/")[0] for file in batch}
            folders.update(above for each in below for above in ((kept / each), *(kept / each).parents))
    folders = {folder for folder in folders if folder.is_relative_to(kept)}
    for folder in folders:
        make_durable(folder)


def _make_content_durable(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _size(path: Path) -> int | None:
    try:
        status = path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None


def _json(raw: Mapping[str, object]) -> bytes:
    try:
        return json.dumps(raw, ensure_ascii=False, indent=1).encode()
    except UnicodeEncodeError:  # half a character, which Graph hands on as it was sent
        return json.dumps(raw, indent=1).encode()
