"""What a check of `gestion doctor` comes to."""

import os
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path


class Health(StrEnum):
    """How a check came out."""

    GOOD = "good"
    DOUBTFUL = "doubtful"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. `message` says what was found and `remedy` what to do; Spanish."""

    name: str
    health: Health
    message: str
    remedy: str = ""


Finding = tuple[Health, str, str]
"""Health, message, remedy: a check before it has its name."""


def good(message: str) -> Finding:
    """All is well."""
    return Health.GOOD, message, ""


def doubtful(message: str, remedy: str = "") -> Finding:
    """It works, and somebody should know this."""
    return Health.DOUBTFUL, message, remedy


def bad(message: str, remedy: str = "") -> Finding:
    """It does not work."""
    return Health.BAD, message, remedy


def unwritable(folder: Path) -> Finding | None:
    """What is wrong with a folder in which the program has to make files; None: nothing. Nothing is written to find out."""
    if not folder.is_dir():
        return bad(f"No existe la carpeta {folder}.", f"Créela, de la cuenta del programa: install -d -m 0700 {folder}")
    if not os.access(folder, os.W_OK | os.X_OK):
        return bad(f"No se puede escribir en la carpeta {folder}.", "Dé permiso de escritura a la cuenta del programa.")
    return None


def nearest_folder(folder: Path) -> Path:
    """The folder, or the nearest one above it that exists."""
    return next(each for each in (folder, *folder.parents) if each.is_dir())
