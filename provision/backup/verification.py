"""Reading a backup again: every copy against its manifest, and nothing missing or left over."""

import errno
import hashlib
import os
import stat
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from config.errors import NotFound, Rejected, Target
from config.vocabulary import CaseNumber
from provision.backup.durable import translated
from provision.backup.manifest import Contents, Copy, read_manifest
from provision.backup.names import MANIFEST, PROGRESS, folder_of, one_line
from provision.backup.port import Manifest

_NAMED = 5


def verified(folder: Path, case: CaseNumber) -> Manifest:
    """The manifest of a backup that agrees with it to the last byte (`Backup.verify`)."""
    kept = folder_of(folder, case)
    with translated(folder, "verificar el backup"):
        found = read_manifest(kept) if kept else None
        if found is None or kept is None:
            raise NotFound(
                Target.BACKUP,
                f"No hay un backup completo del caso {one_line(case)} en {folder}.",
                remedy="Revise el número del caso, o espere a que el backup termine.",
            )
        contents, octets = found
        wrong = list(_differences(kept, case, contents))
    if wrong:
        more = f"; y {len(wrong) - _NAMED} más" if len(wrong) > _NAMED else ""
        raise Rejected(
            Target.BACKUP,
            f"El backup del caso {case} no coincide con su manifiesto: {'; '.join(wrong[:_NAMED])}{more}.",
            remedy=f"Quite lo que sobre en {kept}. Si falta algo y la cuenta aún tiene su buzón, borre {MANIFEST} y reintente: "
            "se copia de nuevo lo que falte.",
        )
    return contents.summary(octets, kept)


def measured(path: Path) -> tuple[int, str] | None:
    """Length and SHA-256 of a regular file; None when there is none. A link is none."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        if error.errno == errno.ELOOP:
            return None
        raise
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            return file.tell(), digest
    finally:
        os.close(descriptor)


def _differences(kept: Path, case: CaseNumber, contents: Contents) -> Iterator[str]:
    if contents.case != case:
        yield f"el manifiesto es del caso {one_line(contents.case)}"
    there = dict(_files(kept))
    for item in contents.items:
        if not there.get(item.file):
            yield f"falta «{one_line(item.file)}»"
        elif wrong := _difference(kept, item):
            yield wrong
    for file, times in Counter(item.file for item in contents.items).items():
        if times > 1:
            yield f"el manifiesto nombra {times} veces «{one_line(file)}»"
    listed = {MANIFEST, PROGRESS, *(item.file for item in contents.items)}
    yield from (f"sobra «{one_line(file)}»" for file in sorted(there.keys() - listed))


def _difference(kept: Path, item: Copy) -> str | None:
    found = measured(kept / item.file)
    if found is None:
        return f"falta «{one_line(item.file)}»"
    size, digest = found
    if size != item.bytes:
        return f"«{one_line(item.file)}» tiene {size} bytes y no {item.bytes}"
    return None if digest == item.sha256 else f"el contenido de «{one_line(item.file)}» cambió"


def _files(kept: Path) -> Iterator[tuple[str, bool]]:
    """Everything below the folder but its folders: its name relative to it, and whether it is a regular file."""
    for entry in os.scandir(kept):
        if entry.is_dir(follow_symlinks=False):
            yield from ((f"{entry.name}/{name}", regular) for name, regular in _files(Path(entry.path)))
        else:
            yield entry.name, entry.is_file(follow_symlinks=False)
