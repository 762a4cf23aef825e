"""Files that are whole or not there: written aside, made durable, then given their name."""

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.errors import Misconfigured, Target, Transient, Unreachable

_SOON = frozenset({errno.EINTR, errno.EAGAIN, errno.EMFILE, errno.ENFILE, errno.ENOMEM})
_NO_SPACE = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_AWAY = frozenset({errno.EIO, errno.ESTALE, errno.ETIMEDOUT, errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.ENOTCONN, errno.ENXIO})


def make_folder(folder: Path) -> None:
    """The folder, for its owner alone; durable. Idempotent."""
    try:
        folder.mkdir(mode=0o700, parents=True)
    except FileExistsError:
        if not folder.is_dir() or folder.is_symlink():
            raise
        return
    make_durable(folder.parent)


def write_whole(path: Path, content: bytes) -> None:
    """A file of mode 0600 with this content, or none: never a part of it under its name. Replaces what was there.

    Its name is durable only after `make_durable` of its folder.
    """
    draft = path.with_name(draft_name(path.name))
    draft.unlink(missing_ok=True)
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)
    finally:
        draft.unlink(missing_ok=True)


def write_all(descriptor: int, octets: bytes) -> None:
    """Append all of it: a disk that is nearly full takes a part, without an error, and tells the next time. Raises OSError."""
    left = memoryview(octets)
    while left:
        left = left[os.write(descriptor, left) :]


def draft_name(name: str) -> str:
    """What a file is called while it is being written; no copy is ever called so."""
    return f".{name}.part"


def make_durable(folder: Path) -> None:
    """The names in the folder survive a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def translated(folder: Path, doing: str) -> Iterator[None]:
    """What the operating system refuses, as an error of Target.BACKUP with what to do about it; nothing copied is lost."""
    try:
        yield
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error)
        message = f"No se pudo {doing} en la carpeta de los backups {folder}: {reason}."
        if error.errno in _SOON:
            raise Transient(Target.BACKUP, message) from error
        if error.errno in _NO_SPACE:
            raise Unreachable(
                Target.BACKUP, message, remedy="Libere espacio en ese disco; el backup sigue después donde quedó."
            ) from error
        if error.errno in _AWAY:
            raise Unreachable(
                Target.BACKUP, message, remedy="Revise el disco o el recurso de red; el backup sigue después donde quedó."
            ) from error
        raise Misconfigured(
            Target.BACKUP, message, remedy="Revise la ruta y los permisos; el backup sigue después donde quedó."
        ) from error
