"""Files that only the program's account may read, written whole or not at all."""

import os
from pathlib import Path

from config.errors import CannotRun


def write_private(path: Path, text: str) -> None:
    """Replace the file (0600): beside it, to the disk, and then in its place. Raises CannotRun. Idempotent."""
    beside = path.with_name(f".{path.name}.nuevo")
    try:
        beside.unlink(missing_ok=True)
        descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        raise CannotRun(
            f"No se puede escribir {path}: {error.strerror}.", remedy="Revise la carpeta y sus permisos."
        ) from error


def private_folder(path: Path) -> bool:
    """Make a folder that only this account may enter; whether it was not there. Raises CannotRun."""
    try:
        if path.is_dir():
            return False
        path.mkdir(parents=True, mode=0o700)
    except OSError as error:
        raise CannotRun(f"No se puede crear la carpeta {path}: {error.strerror}.", remedy="Revise los permisos.") from error
    return True
