"""Reading a backup again: every copy against its manifest, and nothing missing or left over."""

import errno
import hashlib
import os
import stat
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import chain
from pathlib import Path

from config.errors import NotFound, Rejected, Target
from config.vocabulary import CaseNumber
from provision.backup.durable import translated
from provision.backup.manifest import Contents, Copy, Listing, read_lines, read_manifest
from provision.backup.names import MANIFEST, PROGRESS, folder_of, one_line
from provision.backup.port import Manifest

_NAMED = 5


def verified(folder: Path, case: CaseNumber) -> Manifest:
    """The manifest of a backup that agrees with it to the last byte (`Backup.verify`)."""
    return verified_in(folder_of(folder, case), folder, case)


def verified_in(kept: Path | None, folder: Path, case: CaseNumber) -> Manifest:
    """As `verified`, for the backup in exactly this folder. Raises as `Backup.verify`."""
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


def backups_in(folder: Path) -> tuple[Path, ...]:
    """The folder itself where it is a whole backup, else those directly in it that are. Raises OSError."""
    candidates = (folder, *sorted(entry for entry in folder.iterdir() if entry.is_dir() and not entry.is_symlink()))
    found = tuple(candidate for candidate in candidates if (candidate / MANIFEST).is_file())
    return found[:1] if found[:1] == (folder,) else found


def verified_alone(kept: Path) -> Manifest:
    """As `Backup.verify`, for the backup in this folder, whatever it is called now."""
    with translated(kept, "verificar el backup"):
        found = read_manifest(kept)
    return verified_in(kept, kept, found[0].case if found else CaseNumber(kept.name))


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
    # A digest for each name: a backup may have hundreds of thousands of files, and the names are long.
    there = {_digest(file): 0 for file, regular in _files(kept) if regular}
    listed = {_digest(MANIFEST), _digest(PROGRESS)}
    copies: Iterator[Copy] = iter(contents.items)
    if contents.listing is not None:
        listed.add(_digest(contents.listing.file))
        wrong = list(_listing_differences(kept, contents.listing, there))
        yield from wrong
        copies = copies if wrong else chain(copies, read_lines(kept / contents.listing.file))
    repeated: Counter[str] = Counter()
    for item in copies:
        name = _digest(item.file)
        if name not in there:
            yield f"falta «{one_line(item.file)}»"
            continue
        there[name] += 1
        if there[name] > 1:
            repeated[item.file] = there[name]
        elif wrong_here := _difference(kept, item):
            yield wrong_here
    for file, times in repeated.items():
        yield f"el manifiesto nombra {times} veces «{one_line(file)}»"
    listed |= {name for name, times in there.items() if times}
    yield from (f"sobra «{one_line(file)}»" for file in sorted(file for file, _ in _files(kept) if _digest(file) not in listed))


def _listing_differences(kept: Path, listing: Listing, there: Mapping[bytes, int]) -> Iterator[str]:
    found = measured(kept / listing.file) if _digest(listing.file) in there else None
    if found is None:
        yield f"falta la lista «{one_line(listing.file)}»"
    elif found[1] != listing.sha256:
        yield f"el contenido de la lista «{one_line(listing.file)}» cambió"


def _digest(file: str) -> bytes:
    return hashlib.blake2b(file.encode("utf-8", "surrogatepass"), digest_size=12).digest()


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
