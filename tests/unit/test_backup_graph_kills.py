"""Backups from Microsoft 365 that are killed, damaged or made twice at once: the same end, and nothing copied twice."""

import mailbox
import resource
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from config.errors import GestionError, Rejected, Transient, Unreachable
from config.graph.throttling import AT_ONCE
from config.vocabulary import CaseNumber
from provision.backup.graph_ledger import Ledger
from provision.backup.manifest import read_manifest
from provision.backup.port import Manifest, UnderWay
from provision.cloud.port import CloudUserId
from tests.contract.backups_values import ADDRESS, CASE
from tests.contract.graph_backups import GraphBackupWorld, kept, taken
from tests.servers.graph.contents import Content
from tests.servers.graph.mailboxes import Attachment, mime_of
from tests.unit.test_backup_embedded import LosePower, PowerLostError


@pytest.fixture
def world(tmp_path: Path) -> Iterator[GraphBackupWorld]:
    """Ana with her welcome message."""
    world = GraphBackupWorld(tmp_path)
    yield world
    world.close()


def test_a_turn_ends_in_time_and_the_next_goes_on(world: GraphBackupWorld) -> None:
    """A turn without minutes still gets somewhere; what was half downloaded is not downloaded again."""
    item = world.drive.file("Grande.bin", Content(1_500_000, "grande"))
    world.mailbox.bulk(5, 2000)
    turns = 0
    while True:
        backup = world.backup()
        backup._seconds, backup._items = 0, None
        answer = backup.take(CASE, world.ana, ADDRESS)
        turns += 1
        if isinstance(answer, Manifest):
            break
        assert turns < 40
    assert turns > 3
    assert item.downloads == 1
    assert world.backup().verify(CASE) == answer


def _fill(world: GraphBackupWorld) -> int:
    """Something of everything; how many items."""
    world.mailbox.bulk(4, 700, world.mailbox.folder("Proyectos"))
    attached = [Attachment("a", "a.txt", Content.of(b"a"))]
    world.mailbox.put("Dañado", Content.of(b""), unconvertible="ErrorItemCorrupt", attachments=attached)
    world.agenda.put("Comité")
    world.contacts.put("Peña")
    folder = world.drive.folder("Carpeta")
    world.drive.file("a.txt", Content.of(b"a"), folder)
    world.drive.file("b.bin", Content(300_000, "b"), folder)
    return 10


def _everything(folder: Path) -> dict[str, bytes]:
    """All but the record of the copying, which tells of each try."""
    found = (path for path in sorted(folder.rglob("*")) if path.is_file() and path.name != "progreso.jsonl")
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def test_killed_at_any_point_it_ends_the_same(tmp_path: Path) -> None:
    """After each stop point: one more take, the same files and manifest to the last byte, and no item copied twice."""
    ends: list[dict[str, bytes]] = []
    for number in range(12):
        root = tmp_path / str(number)
        root.mkdir()
        with closing(GraphBackupWorld(root)) as world:
            items = _fill(world)
            stop = LosePower(number)
            if number:
                with pytest.raises(PowerLostError):
                    world.backup(stop_point=stop, items_a_turn=None).take(CASE, world.ana, ADDRESS)
            manifest = world.backup(stop_point=stop, items_a_turn=None).take(CASE, world.ana, ADDRESS)
            assert isinstance(manifest, Manifest)
            assert stop.passed.count("backup.item.copied") == items, stop.passed
            assert stop.passed.count("backup.manifest.written") == 1
            assert world.backup().verify(CASE) == manifest
            ends.append(_everything(world.folder))
    assert all(end.keys() == ends[0].keys() for end in ends)
    assert all(end == ends[0] for end in ends)


def test_what_stops_one_thread_stops_the_others(world: GraphBackupWorld) -> None:
    """Each ends with the item that it was copying, and that one is written down and not copied again."""
    world.mailbox.bulk(40, 300)
    stop = LosePower(3)
    with pytest.raises(PowerLostError):
        world.backup(stop_point=stop, items_a_turn=None).take(CASE, world.ana, ADDRESS)
    assert 3 <= len(stop.passed) <= 3 + AT_ONCE
    assert taken(world).items == 41
    assert len(world.graph.calls_of("GET", r".*/\$value")) == 41


def test_a_disk_that_takes_only_a_part_is_full(world: GraphBackupWorld) -> None:
    """It takes less than it was given and tells no error: no such copy is written down; with room again it goes on."""
    world.mailbox.put("Grande", mime_of("Grande", 80_000))
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, hard))
    try:
        with pytest.raises(Unreachable, match="No se pudo guardar"):
            taken(world)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert taken(world).items == 2


@pytest.mark.parametrize("cut", [1, 30, 600, 100_000])
def test_a_record_cut_short_is_copied_again_and_whole(world: GraphBackupWorld, cut: int) -> None:
    """What the record lost is copied anew; the rest is not."""
    items = _fill(world)
    stop = LosePower(7)
    with pytest.raises(PowerLostError):
        world.backup(stop_point=stop, items_a_turn=None).take(CASE, world.ana, ADDRESS)
    record = kept(world) / "progreso.jsonl"
    octets = record.read_bytes()
    record.write_bytes(octets[: max(0, len(octets) - cut)] + b"\x00{")
    manifest = taken(world)
    assert (manifest.items, len(manifest.not_converted)) == (items, 1)


def test_a_copy_that_was_damaged_meanwhile_is_made_again(world: GraphBackupWorld) -> None:
    """Cut short, of another content, or lost; what is not in the mailbox any more is kept, and said."""
    world.mailbox.bulk(6, 500)
    assert isinstance(world.backup(items_a_turn=5).take(CASE, world.ana, ADDRESS), UnderWay)
    copied = sorted(kept(world).glob("correo/cur/*.eml"))
    copied[0].write_bytes(b"")
    copied[1].write_bytes(b"x" * copied[1].stat().st_size)
    copied[2].unlink()
    copied[3].write_bytes(b"x" * copied[3].stat().st_size)
    gone = next(
        each for each in world.mailbox.messages() if str(int(each.received.timestamp())) == copied[3].name.split(".")[0]
    )
    world.mailbox.remove(gone)
    (remark,) = taken(world).not_converted
    assert "su copia es de antes" in remark
    assert [message["Subject"] for message in mailbox.Maildir(kept(world) / "correo", create=False)].count(None) == 1


def test_a_damage_found_later_is_mended_by_itself(world: GraphBackupWorld) -> None:
    """Without its manifest the backup goes on: only what is damaged is copied again."""
    world.mailbox.bulk(4, 300)
    manifest = taken(world)
    damaged = sorted(kept(world).glob("correo/cur/*.eml"))[2]
    damaged.write_bytes(b"x")
    with pytest.raises(Rejected, match=r"borre manifest\.json|tiene 1 bytes"):
        world.backup().verify(CASE)
    (kept(world) / "manifest.json").unlink()
    before = len(world.graph.calls_of("GET", r".*/\$value"))
    assert taken(world).items == manifest.items
    assert len(world.graph.calls_of("GET", r".*/\$value")) == before + 1


def test_links_planted_in_the_folder_are_not_followed(world: GraphBackupWorld) -> None:
    """A folder that leads elsewhere is refused; a file that does is replaced."""
    outside = world.root / "ajena"
    outside.mkdir()
    (world.folder / CASE).mkdir(parents=True)
    (world.folder / CASE / "correo").symlink_to(outside)
    with pytest.raises(GestionError):
        taken(world)
    assert [*outside.iterdir()] == []
    (world.folder / CASE / "correo").unlink()
    taken(world)


def test_a_manifest_of_many_items_names_each_of_them_in_a_listing(world: GraphBackupWorld) -> None:
    """The manifest's digest stands for the listing too: a change of it is seen."""
    world.mailbox.bulk(3, 300)
    taken(world)
    contents = read_manifest(kept(world))
    assert contents is not None
    assert contents[0].listing is not None
    path = kept(world) / contents[0].listing.file
    path.write_bytes(path.read_bytes().replace(b"Mensaje 1", b"Mensaje 7"))
    with pytest.raises(GestionError, match="lista"):
        world.backup().verify(CASE)


def test_several_backups_at_once_share_the_connection(world: GraphBackupWorld) -> None:
    """Two cases of two people, each whole."""
    world.mailbox.bulk(10, 400)
    done: list[object] = []

    def take(case: str, user: CloudUserId) -> None:
        done.append(world.backup(items_a_turn=None).take(CaseNumber(case), user, ADDRESS))

    threads = [
        threading.Thread(target=take, args=each) for each in (("GU-2026-000001", world.ana), ("GU-2026-000002", world.luis))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(each.items for each in done if isinstance(each, Manifest)) == [0, 11]


def test_one_process_at_a_time(world: GraphBackupWorld) -> None:
    """The second is told to wait, and harms nothing."""
    assert isinstance(world.backup(items_a_turn=1).take(CASE, world.ana, ADDRESS), Manifest | UnderWay)
    case = CaseNumber("GU-2026-000125")
    folder = world.folder / case
    folder.mkdir()
    with Ledger(folder / "progreso.jsonl"), pytest.raises(Transient, match="otro proceso"):
        taken(world, case)
    assert taken(world, case).items == 1
