"""Folders that only the program's account may enter."""

from pathlib import Path

from config.errors import CannotRun


def private_folder(path: Path) -> bool:
    """Make a folder that only this account may enter; whether it was not there. Raises CannotRun."""
    try:
        if path.is_dir():
            return False
        path.mkdir(parents=True, mode=0o700)
    except OSError as error:
        raise CannotRun(f"No se puede crear la carpeta {path}: {error.strerror}.", remedy="Revise los permisos.") from error
    return True
