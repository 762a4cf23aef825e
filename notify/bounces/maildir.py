"""Delivery reports in a Maildir on this machine (maildir(5)): for the demonstration, and for servers that deliver locally."""

import errno
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from config.errors import Misconfigured, Target, TargetError, Transient
from notify.bounces.port import Bounce, Memory
from notify.bounces.report import MOST_BYTES, bounce_of

_MOST_FILES = 10_000


class MaildirBounces:
    """A `BounceBox` over one Maildir, read and never written. A folder that is not there yet has no mails.

    What was taken is remembered by the names of the files, and forgotten with them.
    """

    def __init__(self, path: Path, memory: Memory) -> None:
        self._path = path
        self._memory = memory
        self._key = f"bounces.maildir.{path}"
        self._passed_over: frozenset[str] = frozenset()

    def read(self) -> tuple[Bounce, ...]:
        """See the port."""
        try:
            known = self._taken()
            files = [(name, file) for name, file in self._files().items() if name not in known][:_MOST_FILES]
            read = {name: self._bounce(name, file) for name, file in files}
        except OSError as error:
            raise self._error(error) from error
        self._passed_over = frozenset(name for name, bounce in read.items() if bounce is None)
        found = [bounce for bounce in read.values() if bounce is not None]
        return tuple(sorted(found, key=lambda each: (each.arrived_at, each.key)))

    def taken(self, bounces: Sequence[Bounce]) -> None:
        """See the port."""
        try:
            there = self._files().keys()
        except OSError as error:
            raise self._error(error) from error
        former = self._taken()
        taken = (former | self._passed_over | {bounce.key for bounce in bounces}) & there
        if taken != former:
            self._memory.put(self._key, json.dumps(sorted(taken)))

    def check(self) -> tuple[str, ...]:
        """Whether the folder can be read."""
        try:
            self._files()
        except OSError as error:
            return (str(self._error(error)),)
        return ()

    def close(self) -> None:
        """Nothing is held open."""

    def _files(self) -> dict[str, Path]:
        """By the unique part of their names, which a mail program keeps when it marks or moves them."""
        found: dict[str, Path] = {}
        for folder in (self._path / "new", self._path / "cur"):
            if folder.exists():
                found |= {file.name.partition(":")[0]: file for file in folder.iterdir()}
        return dict(sorted(found.items()))

    def _bounce(self, name: str, file: Path) -> Bounce | None:
        with file.open("rb") as opened:
            octets = opened.read(MOST_BYTES)
        return bounce_of(octets, datetime.fromtimestamp(file.stat().st_mtime, UTC), name)

    def _taken(self) -> frozenset[str]:
        kept = self._memory.get(self._key)
        return frozenset(json.loads(kept)) if kept else frozenset()

    def _error(self, error: OSError) -> TargetError:
        # A mail that is not there any more was moved by a mail program while we looked.
        said = f"No se puede leer la carpeta de correos devueltos {self._path}: {error.strerror}."
        if error.errno in {errno.ENFILE, errno.EMFILE, errno.EINTR, errno.EAGAIN, errno.ENOENT}:
            return Transient(Target.BOUNCES, said)
        return Misconfigured(Target.BOUNCES, said, remedy="Revise [bounces] path y sus permisos.")
