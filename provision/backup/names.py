"""File names for what people named as they liked: whatever the name, the copy stays in its folder."""

import re
import unicodedata
from pathlib import Path, PurePosixPath

from config.vocabulary import CaseNumber

MANIFEST = "manifest.json"
PROGRESS = "progreso.jsonl"
"""Beside an unfinished backup: what has been copied so far."""
LISTING = "elementos.jsonl"
"""Beside the manifest of a big backup: its items, one a line."""

_STEM_BYTES = 120
"""Of a name without its suffix: file systems take 255 bytes, and a copy may get a little longer on its way."""
_SUFFIX = re.compile(r"\.[A-Za-z0-9]{1,10}")
_CASE = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}")


def file_name_of(number: int, name: str) -> str:
    """A name that any file system takes: the item's number keeps it apart from every other one, also by letter case.

    Letters and digits of any script stay; separators, control characters and what a shell or a spreadsheet reads do not.
    """
    stem, suffix = plain_parts(name, " ._-")
    return f"{number:06d}-{stem}{suffix}"


def plain_parts(name: str, also: str) -> tuple[str, str]:
    """A name's stem and suffix of letters and digits of any script and what is in `also`; all else has become `_`."""
    path = PurePosixPath(name.replace("\0", "_").replace("/", "_"))
    suffix = path.suffix if _SUFFIX.fullmatch(path.suffix) else ""
    stem = path.name.removesuffix(suffix) if suffix else path.name
    spelled = unicodedata.normalize("NFC", stem)
    safe = "".join(character if character.isalnum() or character in also else "_" for character in spelled)
    # Cut by bytes: a file system counts those; and a name does not end in what Windows drops.
    return safe.encode()[:_STEM_BYTES].decode(errors="ignore").strip(" .") or "sin nombre", suffix


def one_line(name: str) -> str:
    """A name to be read in a sentence: at most 80 characters, all of them printable."""
    shown = "".join(character if character.isprintable() else "_" for character in name[:81])
    return f"{shown[:80]}…" if len(name) > 80 else shown


def folder_of(folder: Path, case: CaseNumber) -> Path | None:
    """Where the case's backup is kept; None for a text that is no case number, and might lead elsewhere."""
    return folder / case if _CASE.fullmatch(case) else None
