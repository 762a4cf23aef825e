"""The backup of a OneDrive: names, changes, hashes, downloads that break off."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from config.errors import Rejected, Transient
from config.vocabulary import CaseNumber
from provision.backup.port import UnderWay
from tests.contract.backups_values import ADDRESS, CASE
from tests.contract.graph_backups import GraphBackupWorld, files_of, kept, taken
from tests.servers.graph.contents import Content
from tests.servers.graph.drives import Drives
from tests.servers.graph.faults import Cut, ErrorReply


@pytest.fixture
def world(tmp_path: Path) -> Iterator[GraphBackupWorld]:
    """Ana with her welcome message."""
    world = GraphBackupWorld(tmp_path)
    yield world
    world.close()


def test_onedrive_keeps_its_tree_whatever_the_names(world: GraphBackupWorld) -> None:
    """Traversals, devices, control characters, 300 letters: each has a place of its own, and its name is kept."""
    world.drive.backwards = True
    folder = world.drive.folder("Proyectos")
    deep = world.drive.folder("con", folder)
    names = [
        "../../etc/passwd",
        "nulo\0.txt",
        "x" * 300 + ".docx",
        "CON.txt",
        "punto. .",
        '=HYPERLINK("a")',
        "Acta.txt",
        "acta.TXT",
    ]
    for number, name in enumerate(names):
        world.drive.file(name, Content.of(f"{number}".encode()), deep if number % 2 else folder)
    world.drive.file("vacío.txt", Content(0), deep)
    world.drive.folder("Vacía", folder)
    manifest = taken(world)
    assert (manifest.items, manifest.not_converted) == (len(names) + 2, ())
    found = files_of(world)
    assert {copy.name for copy in found.values()} == {*names, "vacío.txt"}
    for file, copy in found.items():
        assert (kept(world) / copy.file).is_file()
        assert all(len(part.encode()) <= 255 and part not in {"..", "."} and part.isprintable() for part in file.split("/")), (
            file
        )
        assert copy.quick_xor_hash
    assert len({file.casefold() for file in found}) == len(found)
    assert found["Proyectos/_con/_CON.txt"].name == "CON.txt"
    assert (kept(world) / "almacenamiento en nube/Proyectos/Vacía").is_dir()
    assert not list(world.root.rglob("passwd*"))


def test_case_twins_in_one_folder(world: GraphBackupWorld) -> None:
    """On a disk that does not tell letter case apart they would be one file: the second gets another name."""
    for name in ("Informe.txt", "INFORME.TXT", "informe.txt"):
        world.drive.file(name, Content.of(name.encode()))
    taken(world)
    found = files_of(world)
    assert len({file.casefold() for file in found}) == 3
    assert {(kept(world) / copy.file).read_bytes().decode() for copy in found.values()} == {
        copy.name for copy in found.values()
    }


def test_what_onedrive_does_not_give_is_said(world: GraphBackupWorld) -> None:
    """Malware, links to others' files and notebooks; the files of a notebook that it gives are copied."""
    world.drive.file("virus.exe", Content.of(b"x"), malware={"description": "Trojan"})
    world.drive.folder("De otra persona", remoteItem={"id": "x", "name": "De otra persona"})
    notebook = world.drive.folder("Mi cuaderno", package={"type": "oneNote"})
    world.drive.file("Sección.one", Content.of(b"one"), notebook)
    manifest = taken(world)
    assert [remark.partition("»")[0] for remark in manifest.not_converted] == ["«De otra persona", "«Mi cuaderno", "«virus.exe"]
    assert [*files_of(world)] == ["Mi cuaderno/Sección.one"]


def test_an_account_without_onedrive_or_mailbox(world: GraphBackupWorld) -> None:
    """Is no failure, and it is said; without a mailbox it is said where somebody looks."""
    world.graph.tenant.part(Drives).take_away(world.ana)
    assert taken(world).not_converted == ()
    user = world.graph.tenant.people.alive(world.ana)
    user.mailbox_since = None
    manifest = taken(world, CaseNumber("GU-2026-000124"))
    assert manifest.items == 0
    assert len(manifest.not_converted) == 3
    assert all("no tiene buzón" in remark for remark in manifest.not_converted)


def test_a_file_that_changes_while_it_is_copied(world: GraphBackupWorld) -> None:
    """Before the download ends, or after it: in the backup is the newer one, whole, with its own hash."""
    early = world.drive.file("temprano.bin", Content(200_000, "a"))
    early.when_read = lambda: world.drive.change(early, Content(150_000, "b"))
    late = world.drive.file("tarde.bin", Content(1000, "c"))
    last = world.drive.file("último.bin", Content(10, "d"))
    last.when_read = lambda: world.drive.change(late, Content(2000, "e"))
    assert taken(world).not_converted == ()
    found = files_of(world)
    for name, item in (("temprano.bin", early), ("tarde.bin", late)):
        assert item.content is not None
        assert (kept(world) / found[name].file).read_bytes() == item.content.octets
        assert found[name].quick_xor_hash == item.content.quick_xor_hash


def test_a_file_that_never_agrees_with_its_hash(world: GraphBackupWorld) -> None:
    """It is kept, without the hash, and said: a person decides."""
    world.drive.file(
        "foto.heic",
        Content.of(b"x"),
    ).hash = "AAAAAAAAAAAAAAAAAAAAAAAAAAA="
    (remark,) = taken(world).not_converted
    assert "foto.heic" in remark
    assert "quickXorHash" in remark
    assert files_of(world)["foto.heic"].quick_xor_hash == ""


def test_a_big_download_goes_on_where_it_broke_off(world: GraphBackupWorld) -> None:
    """30 MB: cut twice, its address expired: asked for anew, with Range; no byte twice."""
    item = world.drive.file("Grande.bin", Content(30_000_000, "grande"))
    world.graph.faults.add("GET /descarga/", Cut(after_bytes=11_000_000))
    world.graph.faults.add("GET /descarga/", ErrorReply(401, "unauthenticated"))
    world.graph.faults.add("GET /descarga/", Cut(after_bytes=7_000_000))
    for _ in range(4):
        try:
            taken(world)
            break
        except Transient:
            continue
    copy = files_of(world)["Grande.bin"]
    assert item.content is not None
    assert (copy.bytes, copy.quick_xor_hash) == (30_000_000, item.content.quick_xor_hash)
    asked = [call.headers.get("range") for call in world.graph.calls_of("GET", r"/descarga/\d+")]
    assert asked[0] is None
    assert all(asked[1:])
    assert item.downloads == 1


def test_addresses_that_expire_before_they_are_used(world: GraphBackupWorld) -> None:
    """Given up after a few, as something passing; later it works."""
    world.drive.file("a.bin", Content(10, "a"))
    drives = world.graph.tenant.part(Drives)
    drives.addresses_live = timedelta(minutes=-1)
    with pytest.raises(Transient, match="caduca"):
        taken(world)
    drives.addresses_live = timedelta(minutes=5)
    assert taken(world).items == 2


def test_a_onedrive_that_disappears_in_mid_run(world: GraphBackupWorld) -> None:
    """The same."""
    world.drive.file("a.txt", Content.of(b"a"))
    world.drive.file("b.txt", Content.of(b"b"))
    assert isinstance(world.backup(items_a_turn=2).take(CASE, world.ana, ADDRESS), UnderWay)
    world.graph.tenant.part(Drives).take_away(world.ana)
    with pytest.raises(Rejected, match="dejó de responder"):
        taken(world)


def test_a_file_that_onedrive_refuses_to_hand_over(world: GraphBackupWorld) -> None:
    """Addresses asked for this moment are refused, again and again: said, and no reason to stop."""
    world.drive.file("sospechoso.exe", Content.of(b"a"))
    world.graph.faults.add("GET /descarga/", ErrorReply(403, "accessDenied"), times=4)
    (remark,) = taken(world).not_converted
    assert "sospechoso.exe" in remark
