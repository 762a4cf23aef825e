"""The embedded backup where it hurts: killed at every point, disks that refuse, damaged records."""

import json
import os
import resource
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from config.errors import Misconfigured, Rejected, Target, TargetError, Transient, Unreachable
from config.vocabulary import CaseNumber
from provision.backup.durable import translated
from provision.backup.embedded import EmbeddedBackup
from provision.backup.port import BackupPart, Manifest, UnderWay
from tests.contract.backups import ADDRESS, CASE, EmbeddedBackupWorld, copies, everything, taken
from tests.contract.clouds import MONTH

ITEMS = 7
"""Of which a turn copies five."""


class PowerLostError(BaseException):
    """Nothing in the program catches it."""


class LosePower:
    """A stop point that ends the program the n-th time that one is passed; 0 never."""

    def __init__(self, number: int) -> None:
        self.number = number
        self.passed: list[str] = []

    def __call__(self, name: str) -> None:
        """Count, and end at the one."""
        self.passed.append(name)
        if len(self.passed) == self.number:
            raise PowerLostError(name)


@pytest.fixture
def world(tmp_path: Path) -> EmbeddedBackupWorld:
    """A mailbox with seven things."""
    world = EmbeddedBackupWorld(tmp_path)
    for number in range(ITEMS - 1):
        world.put(list(BackupPart)[number % 4], f"Cosa {number}", f"contenido {number}".encode())
    return world


def kept(world: EmbeddedBackupWorld) -> Path:
    """The case's folder."""
    return world.folder / CASE


def progress(world: EmbeddedBackupWorld) -> Path:
    """The record of an unfinished backup."""
    return kept(world) / "progreso.jsonl"


def asking(world: EmbeddedBackupWorld) -> tuple[Callable[[], object], ...]:
    """Both questions that a backup answers."""
    return (lambda: world.backup().verify(CASE), lambda: world.backup().take(CASE, world.ana, ADDRESS))


def test_killed_at_any_point_it_ends_the_same(tmp_path: Path) -> None:
    """After each stop point of the whole backup: one more take, the same manifest, and no item copied twice."""
    ends: list[dict[str, bytes]] = []
    for number in range(ITEMS + 2):
        root = tmp_path / str(number)
        root.mkdir()
        world = EmbeddedBackupWorld(root)
        for item in range(ITEMS - 1):
            world.put(BackupPart.MAIL, f"Cosa {item}", b"x" * item)
        stop = LosePower(number)
        if number:
            with pytest.raises(PowerLostError):
                taken(world, stop)
        manifest = taken(world, stop)
        assert stop.passed.count("backup.item.copied") == ITEMS, stop.passed
        assert stop.passed.count("backup.manifest.written") == 1
        assert world.backup().verify(CASE) == manifest
        ends.append(everything(world.folder))
    assert all(end == ends[0] for end in ends)


@pytest.mark.crash
def test_killed_at_any_instant_it_ends_whole(world: EmbeddedBackupWorld) -> None:
    """By the system, wherever it is: the survivors' backup is verified and lists every item once."""
    killed = 0
    for number in range(12):
        case = CaseNumber(f"GU-2026-{number:06d}")
        child = os.fork()
        if child == 0:
            try:
                taken(world, case=case)
            finally:
                os._exit(0)
        time.sleep(number * 0.0015)
        os.kill(child, signal.SIGKILL)
        killed += os.WIFSIGNALED(os.waitpid(child, 0)[1])
        manifest = taken(world, case=case)
        assert (manifest.items, manifest.not_converted) == (ITEMS, ())
        assert world.backup().verify(case) == manifest
    assert killed


@pytest.mark.parametrize("cut", [1, 7, 40, 100_000])
def test_a_record_cut_short_costs_no_copy(world: EmbeddedBackupWorld, cut: int) -> None:
    """What the record lost is found by comparing the copies with the mailbox."""
    stop = LosePower(0)
    world.backup(stop_point=stop).take(CASE, world.ana, ADDRESS)
    octets = progress(world).read_bytes()
    progress(world).write_bytes(octets[: max(0, len(octets) - cut)])
    manifest = taken(world, stop)
    assert stop.passed.count("backup.item.copied") == ITEMS
    assert (manifest.items, world.backup().verify(CASE)) == (ITEMS, manifest)


def test_garbage_in_the_record_costs_no_copy(world: EmbeddedBackupWorld) -> None:
    """Nor do half a copy and half a manifest that a crash left under their working names."""
    stop = LosePower(0)
    world.backup(stop_point=stop).take(CASE, world.ana, ADDRESS)
    with progress(world).open("ab") as file:
        file.write(b'{"kind":"copied"}\n\x00\xff{"')
    (kept(world) / "correo" / ".000099-Cosa.part").write_bytes(b"medi")
    (kept(world) / ".manifest.json.part").write_bytes(b"{")
    manifest = taken(world, stop)
    assert stop.passed.count("backup.item.copied") == ITEMS
    assert world.backup().verify(CASE) == manifest


def test_a_copy_that_was_damaged_meanwhile_is_made_again(world: EmbeddedBackupWorld) -> None:
    """Cut short, or of the same length and another content; what is not in the mailbox any more is kept and said."""
    assert isinstance(world.backup().take(CASE, world.ana, ADDRESS), UnderWay)
    shorter, other, gone, lost = sorted(file for file in kept(world).glob("*/*"))[:4]
    shorter.write_bytes(b"")
    other.write_bytes(b"x" * other.stat().st_size)
    names = {file: file.name.partition("-")[2] for file in (gone, lost)}
    for file, name in names.items():
        world.remove(BackupPart(file.parent.name), name)
    gone.write_bytes(b"x" * gone.stat().st_size)
    lost.unlink()
    manifest = taken(world)
    assert manifest.items == ITEMS - 1
    assert sorted(remark.partition("»")[2].partition(": ")[2] for remark in manifest.not_converted) == [
        "su copia cambió después de hecha y ya no estaba en el buzón para repetirla.",
        "ya no estaba en el buzón cuando se iba a copiar.",
    ]
    assert world.backup().verify(CASE) == manifest
    assert all(content == b"x" * len(content) for (_, name), content in copies(world).items() if name == names[gone])


def test_links_planted_in_the_folder_are_not_followed(world: EmbeddedBackupWorld) -> None:
    """A copy replaces the link; what it pointed to is untouched."""
    assert isinstance(world.backup().take(CASE, world.ana, ADDRESS), UnderWay)
    outside = world.root / "ajeno"
    outside.write_bytes(b"de otro")
    copied = next(kept(world).glob("correo/*"))
    copied.unlink()
    copied.symlink_to(outside)
    manifest = taken(world)
    assert (outside.read_bytes(), copied.is_symlink()) == (b"de otro", False)
    assert world.backup().verify(CASE) == manifest


def test_an_item_of_a_part_that_is_not_copied_is_said(world: EmbeddedBackupWorld) -> None:
    """It is listed with its reason."""
    world.tenant.cloud().put_item(world.ana, "../tareas", "Pendiente", b"x")
    manifest = taken(world)
    assert manifest.not_converted == ("«Pendiente» (../tareas): no es de una parte que se copie.",)
    assert manifest.items == ITEMS


def test_a_disconnected_mailbox_can_still_be_copied_and_a_purged_one_is_empty(world: EmbeddedBackupWorld) -> None:
    """Until it is purged, 30 days after its licence; then there is nothing to copy."""
    (licence,) = world.tenant.cloud().licences_of(world.ana)
    world.tenant.cloud().remove_licence(world.ana, licence)
    assert taken(world).items == ITEMS
    world.clock.advance(MONTH)
    backup = EmbeddedBackup(world.root / "otra", world.tenant.cloud(), world.clock)
    manifest = backup.take(CASE, world.ana, ADDRESS)
    assert isinstance(manifest, Manifest)
    assert (manifest.items, manifest.bytes, manifest.taken_at) == (0, 0, world.clock())
    assert backup.verify(CASE) == manifest


@pytest.mark.parametrize("damage", [b"", b"{}", b"\x00\xff", b'{"case": 1'])
def test_a_damaged_manifest_is_no_backup(world: EmbeddedBackupWorld, damage: bytes) -> None:
    """Said with what to do; once it is taken away, the copies that are whole are kept and listed again."""
    manifest = taken(world)
    path = kept(world) / "manifest.json"
    path.write_bytes(damage)
    for ask in asking(world):
        with pytest.raises(Rejected, match="dañado") as refused:
            ask()
        assert refused.value.remedy
    path.unlink()
    stop = LosePower(0)
    assert taken(world, stop) == manifest
    assert stop.passed == ["backup.manifest.written"]


@pytest.mark.parametrize("elsewhere", ["../../nube.db", "/etc/passwd", "correo/../../../nube.db"])
def test_a_manifest_that_points_elsewhere_is_refused(world: EmbeddedBackupWorld, elsewhere: str) -> None:
    """What it names outside the case's folder is never read."""
    taken(world)
    path = kept(world) / "manifest.json"
    listed = json.loads(path.read_bytes())
    listed["items"][0]["file"] = elsewhere
    listed["items"][1] = listed["items"][2]
    listed["case"] = "GU-2026-000777"
    path.write_text(json.dumps(listed))
    with pytest.raises(Rejected, match="falta") as refused:
        world.backup().verify(CASE)
    assert "es del caso GU-2026-000777" in refused.value.message
    assert "2 veces" in refused.value.message


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """No file may grow further: as on a full disk."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)


def test_a_full_disk_stops_it_and_loses_nothing(world: EmbeddedBackupWorld) -> None:
    """Said with what to do; with space again it goes on where it stopped."""
    world.put(BackupPart.FILES, "Grande.bin", b"x" * 100_000)
    stop = LosePower(0)
    assert isinstance(world.backup(stop_point=stop).take(CASE, world.ana, ADDRESS), UnderWay)
    with files_of_at_most(50_000), pytest.raises(Unreachable, match="backups") as refused:
        world.backup(stop_point=stop).take(CASE, world.ana, ADDRESS)
    assert refused.value.target is Target.BACKUP
    assert "Libere espacio" in refused.value.remedy
    assert not list(kept(world).rglob("*.part"))
    manifest = taken(world, stop)
    assert stop.passed.count("backup.item.copied") == manifest.items == ITEMS + 1
    assert world.backup().verify(CASE) == manifest


def test_a_folder_that_cannot_be_used_is_said(world: EmbeddedBackupWorld) -> None:
    """Its path and what to do; taken from the way, the backup is made."""
    world.folder.write_text("un archivo")
    with pytest.raises(Misconfigured, match="backups") as refused:
        world.backup().take(CASE, world.ana, ADDRESS)
    assert (refused.value.target, bool(refused.value.remedy)) == (Target.BACKUP, True)
    world.folder.unlink()
    assert taken(world).items == ITEMS


def test_without_permission_nothing_is_promised(world: EmbeddedBackupWorld) -> None:
    """A folder of somebody else's is an error, for reading as well: never "there is no backup"."""
    taken(world)
    if os.geteuid() != 0:
        pytest.skip("only root can act as somebody else")
    os.seteuid(65534)
    try:
        for ask in asking(world):
            with pytest.raises(Misconfigured, match="permisos"):
                ask()
    finally:
        os.seteuid(0)


@pytest.mark.parametrize(
    ("number", "raised"),
    [(28, Unreachable), (122, Unreachable), (5, Unreachable), (116, Unreachable), (24, Transient), (13, Misconfigured)],
)
def test_what_the_system_refuses_becomes_what_to_do(tmp_path: Path, number: int, raised: type[TargetError]) -> None:
    """No space, no quota, a broken disk or share, too many open files, no permission."""
    with pytest.raises(raised, match="guardar el backup") as refused, translated(tmp_path, "guardar el backup"):
        raise OSError(number, "en inglés")
    assert refused.value.target is Target.BACKUP


def test_a_turn_without_items_is_a_mistake(world: EmbeddedBackupWorld) -> None:
    """It would never end."""
    with pytest.raises(ValueError, match="never ends"):
        EmbeddedBackup(world.folder, world.tenant.cloud(), world.clock, items_a_turn=0)
