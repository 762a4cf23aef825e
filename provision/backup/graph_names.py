"""Names of folders and files for what people named as they liked in Microsoft 365: any system can keep them, none collides.

A copy is often carried away on a Windows disk, so Windows' rules hold too: no reserved characters or device names, no dot or
space at an end, and no two names that differ in letter case alone
(https://learn.microsoft.com/windows/win32/fileio/naming-a-file).
"""

import base64
import hashlib
import re
import unicodedata
from pathlib import PurePosixPath

from provision.backup.names import plain_parts

_MOST_FOLDER_BYTES = 200
_DEVICES = re.compile(r"(?i)(CON|PRN|AUX|NUL|COM[0-9¹²³]|LPT[0-9¹²³]|CONIN\$|CONOUT\$)(\..*)?")
_PLAIN = re.compile(r"[ -%'-~]+")


def digest_of(text: str) -> str:
    """Twenty hexadecimal digits that stand for a text of any length."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:20]


def safe_name(name: str) -> str:
    """One component of a path: letters and digits of any script stay, and of the rest only ` ._-()` and `,`.

    Nothing else: no control character, no separator, nothing that a shell, a spreadsheet or Windows reads as something.
    """
    stem, suffix = plain_parts(name, " ._-(),")
    return f"_{stem}{suffix}" if stem.startswith("-") or _DEVICES.fullmatch(stem + suffix) else stem + suffix


class NameBook:
    """Gives each thing in a folder a name of its own; the first to ask gets the plain one. `taken` are full paths."""

    def __init__(self) -> None:
        self._taken: set[bytes] = set()

    def name(self, folder: str, name: str, key: str) -> str:
        """A path below `folder` for the thing of this key: as `name`, or with a part of the key's digest."""
        safe = safe_name(name)
        path = _joined(folder, safe)
        if not self.take(path):
            at = PurePosixPath(safe)
            path = _joined(folder, f"{at.stem}~{digest_of(key)[:8]}{at.suffix}")
            self.take(path)
        return path

    def take(self, path: str) -> bool:
        """Whether this path was free; now it is not."""
        # Eight bytes each: a drive may hold hundreds of thousands.
        folded = hashlib.sha256(unicodedata.normalize("NFC", path).casefold().encode()).digest()[:8]
        if folded in self._taken:
            return False
        self._taken.add(folded)
        return True


def maildir_folder(names: tuple[str, ...], key: str) -> str:
    """The Maildir++ folder of these nested names (`.Proyectos.2026`), in IMAP's modified UTF-7 (RFC 3501, 5.1.3).

    A dot separates levels there, so that in a name it becomes `_`.
    """
    whole = "." + ".".join(modified_utf7(_level(name)) for name in names)
    if len(whole) <= _MOST_FOLDER_BYTES:
        return whole
    room = _MOST_FOLDER_BYTES // len(names) - 1
    cut = "." + ".".join(_cut(_level(name), max(room, 3)) for name in names)
    return f"{cut[:_MOST_FOLDER_BYTES] if room < 3 else cut}~{digest_of(key)[:8]}"


def _cut(name: str, length: int) -> str:
    while len(modified_utf7(name)) > length and name:
        name = name[:-1]
    return modified_utf7(name.rstrip()) or "_"


def _level(name: str) -> str:
    safe = safe_name(name).replace(".", "_").replace("~", "_")
    return safe.strip() or "sin nombre"


def modified_utf7(text: str) -> str:
    """IMAP's spelling of folder names in ASCII."""
    written = []
    at = 0
    while at < len(text):
        plain = _PLAIN.match(text, at)
        if plain is not None:
            written.append(plain[0])
            at = plain.end()
        elif text[at] == "&":
            written.append("&-")
            at += 1
        else:
            end = at
            while end < len(text) and text[end] != "&" and not _PLAIN.match(text[end]):
                end += 1
            octets = base64.b64encode(text[at:end].encode("utf-16-be")).rstrip(b"=").replace(b"/", b",")
            written.append(f"&{octets.decode('ascii')}-")
            at = end
    return "".join(written)


def _joined(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
