"""What the worlds of the backups' contract suite share."""

from collections.abc import Iterator
from pathlib import Path

from config.vocabulary import CaseNumber
from provision.backup.manifest import Copy, read_lines, read_manifest

CASE = CaseNumber("GU-2026-000123")
ADDRESS = "ana.o'brien@entidad.gov.co"
A_TURN = 5


def listed(kept: Path) -> Iterator[Copy]:
    """Every file that the manifest in this folder leads to."""
    found = read_manifest(kept)
    assert found is not None
    yield from found[0].items
    if found[0].listing is not None:
        yield from read_lines(kept / found[0].listing.file)


def own_copies(kept: Path) -> Iterator[Copy]:
    """The copies of the items themselves."""
    return (copy for copy in listed(kept) if not copy.of)
