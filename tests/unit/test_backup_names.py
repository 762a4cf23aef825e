"""Hostile names of items: whatever they are, the copy is in its folder, apart from the others, and named in the manifest."""

import re
import tempfile
from pathlib import Path

from hypothesis import example, given, settings
from hypothesis import strategies as st

from config.vocabulary import CaseNumber
from provision.backup.names import file_name_of, folder_of, one_line
from provision.backup.port import BackupPart
from tests.contract.backups import CASE, EmbeddedBackupWorld, copies, taken

HOSTILE = (
    "../../../etc/passwd",
    "..",
    ".",
    "",
    "/etc/shadow",
    "\\\\servidor\\recurso",
    "C:\\x",
    "a\0b.eml",
    '=HYPERLINK("http://x")',
    "-rf",
    "CON.txt",
    "acta.EML",
    "Acta.eml",
    "acta.eml ",
    "línea\nsalto\u2028\u202egnp.exe",
    "ñandú O'Brien.eml",
    "n\u0303andu\u0301.eml",
    "x" * 10_000 + ".docx",
    "ñ" * 300,
    "👩🏽‍💻.eml",
    "manifest.json",
    ".x.part",
    "a.part",
)


@given(number=st.integers(1, 10**9), name=st.text(alphabet=st.characters()) | st.sampled_from(HOSTILE))
@example(number=1, name="\ud800")
def test_a_file_name_is_one_plain_component(number: int, name: str) -> None:
    """Short enough for any file system, nothing that leads elsewhere or that a shell or a spreadsheet would read."""
    made = file_name_of(number, name)
    assert Path(made).name == made
    assert re.fullmatch(r"[0-9]{6,}-[\w ._-]+", made)
    assert len(f".{made}.part".encode()) <= 255
    assert not made.endswith((" ", "."))
    assert made == file_name_of(number, name)
    assert made.casefold() != file_name_of(number + 1, name).casefold()


@given(name=st.text(max_size=300))
def test_a_name_in_a_sentence_is_one_printable_line(name: str) -> None:
    """At most 80 characters and a sign that there was more."""
    shown = one_line(name)
    assert shown.isprintable()
    assert len(shown) <= 81


@given(case=st.text(alphabet=st.characters() | st.sampled_from("./\\\0~-")))
@example(case="..")
def test_only_a_case_number_has_a_folder(case: str) -> None:
    """Right below the folder of the backups, or none."""
    found = folder_of(Path("/b"), CaseNumber(case))
    assert found is None or (found.parent == Path("/b") and found.name == case)


def test_readable_names_stay_readable() -> None:
    """Whoever looks for a message finds it by its name."""
    assert file_name_of(12, "Acta de reunión nº 3.eml") == "000012-Acta de reunión nº 3.eml"
    assert file_name_of(13, "Contrato 12/2026: anexo.PDF") == "000013-Contrato 12_2026_ anexo.PDF"


@settings(max_examples=5, deadline=None)
@given(names=st.lists(st.text(max_size=40) | st.sampled_from(HOSTILE), min_size=1, max_size=6, unique=True))
@example(names=list(HOSTILE))
def test_every_named_item_is_copied_inside_the_folder(names: list[str]) -> None:
    """Each with its own content, found by its name as the person wrote it; nothing is written beside the folder."""
    with tempfile.TemporaryDirectory() as root:
        world = EmbeddedBackupWorld(Path(root))
        for number, name in enumerate(names):
            world.put(BackupPart.FILES, name, str(number).encode())
        manifest = taken(world)
        found = copies(world)
        assert {name: found[BackupPart.FILES, name] for name in names} == {
            name: str(number).encode() for number, name in enumerate(names)
        }
        assert world.backup().verify(CASE) == manifest
        assert sorted(entry.name for entry in Path(root).iterdir()) == ["backups", "nube.db"]
        assert [entry.name for entry in world.folder.iterdir()] == [CASE]
