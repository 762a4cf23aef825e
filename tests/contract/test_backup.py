"""What every backup promises: whole before it says so, taken once, and read again to the last byte."""

import hashlib
import stat
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from config.errors import NotFound, Rejected, Target, WriteRefused
from config.vocabulary import CaseNumber
from provision.backup.by_hand import ByHandBackup
from provision.backup.port import Backup, BackupPart, ByHand, Manifest, UnderWay
from provision.cloud.port import CloudUserId
from tests.contract.backups import A_TURN, ADDRESS, BACKUPS, CASE, BackupWorld, copies, everything, taken
from tests.contract.backups_values import listed

MAIL, CALENDAR, CONTACTS, FILES = BackupPart.MAIL, BackupPart.CALENDAR, BackupPart.CONTACTS, BackupPart.FILES


@pytest.fixture(params=list(BACKUPS.values()), ids=list(BACKUPS))
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[BackupWorld]:
    """Each backup with its world."""
    make: Callable[[Path], BackupWorld] = request.param
    world = make(tmp_path)
    yield world
    world.close()


def fill(world: BackupWorld, messages: int = 0) -> None:
    """One thing of each part, and so many messages."""
    world.put(CALENDAR, "Comité.ics", b"BEGIN:VCALENDAR")
    world.put(CONTACTS, "Peña, José.vcf", b"BEGIN:VCARD")
    world.put(FILES, "Informe.docx", b"PK\x03\x04" + bytes(range(256)))
    for number in range(messages):
        world.put(MAIL, f"Mensaje {number}.eml", f"Subject: {number}\r\n".encode() * (number + 1))


def test_everything_is_copied_and_verified(world: BackupWorld) -> None:
    """All four parts, to the byte; the manifest says how much, when and where, and its digest is that of its file."""
    fill(world)
    manifest = taken(world)
    found = copies(world)
    assert found[MAIL, "Bienvenida.eml"].startswith(b"Subject:")
    assert found[FILES, "Informe.docx"] == b"PK\x03\x04" + bytes(range(256))
    assert (manifest.case, manifest.taken_at, manifest.parts) == (CASE, world.clock(), tuple(BackupPart))
    assert (manifest.items, manifest.not_converted) == (4, ())
    assert manifest.bytes == sum((world.folder / CASE / copy.file).stat().st_size for copy in listed(world.folder / CASE))
    assert manifest.location == str(world.folder / CASE)
    assert manifest.digest == hashlib.sha256((world.folder / CASE / "manifest.json").read_bytes()).hexdigest()
    world.clock.advance(timedelta(days=3))
    assert world.backup(writable=False).verify(CASE) == manifest


def test_copies_are_for_their_owner_alone(world: BackupWorld) -> None:
    """Files 0600, folders 0700: it is somebody's mail."""
    fill(world)
    taken(world)
    for entry in (world.folder, *world.folder.rglob("*")):
        assert stat.S_IMODE(entry.stat().st_mode) == (0o700 if entry.is_dir() else 0o600), entry


def test_a_long_backup_takes_several_turns(world: BackupWorld) -> None:
    """Each says how far it is; there is no manifest, and so no backup, before the last."""
    fill(world, messages=2 * A_TURN)
    first = world.backup().take(CASE, world.ana, ADDRESS)
    assert isinstance(first, UnderWay)
    assert first.detail.startswith("Backup en curso: 5 de 14 elementos (35 %)")
    assert first.pace is not None
    assert (first.pace.items, first.pace.of_items, first.pace.bytes > 0) == (5, 14, True)
    assert first.look_again_after > timedelta(0)
    with pytest.raises(NotFound, match=CASE) as refused:
        world.backup().verify(CASE)
    assert refused.value.remedy
    assert isinstance(world.backup().take(CASE, world.ana, ADDRESS), UnderWay)
    last = world.backup().take(CASE, world.ana, ADDRESS)
    assert isinstance(last, Manifest)
    assert last.items == 14
    assert world.backup().verify(CASE) == last


def test_a_complete_backup_is_not_taken_again(world: BackupWorld) -> None:
    """Whatever happens to the mailbox afterwards; another case has its own."""
    fill(world)
    manifest = taken(world)
    before = everything(world.folder)
    passed: list[str] = []
    world.put(MAIL, "Tarde.eml", b"tarde")
    world.clock.advance(timedelta(days=1))
    assert world.backup(stop_point=passed.append).take(CASE, world.ana, ADDRESS) == manifest
    assert (everything(world.folder), passed) == (before, [])
    other = taken(world, case=CaseNumber("GU-2026-000999"))
    assert (other.items, other.taken_at) == (manifest.items + 1, world.clock())


def test_a_mailbox_that_changes_between_turns(world: BackupWorld) -> None:
    """A copy stays as it was made; what is not copied yet is copied as it has become; what came is copied, too."""
    fill(world, messages=2 * A_TURN)
    world.backup().take(CASE, world.ana, ADDRESS)
    world.put(CALENDAR, "Comité.ics", b"otro")  # copied in the first turn
    world.remove(CONTACTS, "Peña, José.vcf")  # so was this one
    world.put(MAIL, "Mensaje 9.eml", b"otro")
    world.remove(MAIL, "Mensaje 8.eml")
    world.put(MAIL, "Nuevo.eml", b"nuevo")
    manifest = taken(world)
    found = copies(world)
    assert (found[CALENDAR, "Comité.ics"], found[CONTACTS, "Peña, José.vcf"]) == (b"BEGIN:VCALENDAR", b"BEGIN:VCARD")
    assert (found[MAIL, "Mensaje 9.eml"], found[MAIL, "Nuevo.eml"]) == (b"otro", b"nuevo")
    assert (MAIL, "Mensaje 8.eml") not in found
    assert manifest.not_converted == ("«Mensaje 8.eml» (correo): ya no estaba en el buzón cuando se iba a copiar.",)
    assert world.backup().verify(CASE) == manifest


def test_damage_is_named(world: BackupWorld) -> None:
    """Changed, cut, missing and left over; the first five of them, and what to do."""
    fill(world, messages=4)
    taken(world)
    kept = world.folder / CASE
    listed = sorted(file for file in kept.rglob("*") if file.is_file() and file.name != "manifest.json")
    for file in listed[:2]:
        file.unlink()
    for file in listed[2:4]:
        file.write_bytes(file.read_bytes()[:-1])
    whole = listed[4].read_bytes()
    listed[4].write_bytes(bytes([whole[0] ^ 1]) + whole[1:])
    (kept / "sobra.txt").write_text("de alguien")
    with pytest.raises(Rejected) as refused:
        world.backup().verify(CASE)
    message = refused.value.message
    assert refused.value.target is Target.BACKUP
    assert refused.value.remedy
    assert all(file.name in message for file in listed[:5])
    assert ("cambió" in message, "y 1 más" in message, "sobra.txt" in message) == (True, True, False)


def test_a_left_over_file_is_damage_too(world: BackupWorld) -> None:
    """Also a link, which is never followed."""
    taken(world)
    (world.folder / CASE / "correo" / "enlace").symlink_to("/etc/passwd")
    with pytest.raises(Rejected, match="sobra «correo/enlace»"):
        world.backup().verify(CASE)


def test_somebody_elses_backup_is_not_this_ones(world: BackupWorld) -> None:
    """Complete or under way: the case's copies are of one user, and nobody is deleted on another's."""
    fill(world, messages=A_TURN)
    assert isinstance(world.backup().take(CASE, world.ana, ADDRESS), UnderWay)
    for _ in range(2):
        with pytest.raises(Rejected, match="otro usuario"):
            world.backup().take(CASE, world.luis, "luis@entidad.gov.co")
        taken(world)
    with pytest.raises(Rejected):
        world.backup().take(CASE, CloudUserId("nadie"), "nadie@entidad.gov.co")


def test_a_user_that_nobody_knows_has_no_backup(world: BackupWorld) -> None:
    """Refused: never an empty backup for a wrong user."""
    with pytest.raises(Rejected, match="nadie"):
        world.backup().take(CASE, CloudUserId("nadie"), "nadie@entidad.gov.co")
    with pytest.raises(NotFound):
        world.backup().verify(CASE)


@pytest.mark.parametrize("case", ["../GU-2026-000123", "", ".", "a/b", "GU\n1", "GU-2026-000123\0", "x" * 65])
def test_what_is_no_case_number_leads_nowhere(world: BackupWorld, case: str) -> None:
    """An operator types it: it is refused in words, and nothing outside the folder is read or written."""
    taken(world)
    before = everything(world.folder.parent)
    with pytest.raises(NotFound):
        world.backup().verify(CaseNumber(case))
    with pytest.raises(Rejected):
        world.backup().take(CaseNumber(case), world.ana, ADDRESS)
    assert everything(world.folder.parent) == before


def test_a_dry_run_copies_nothing(world: BackupWorld) -> None:
    """Refused, saying what would be done, and nothing is made."""
    with pytest.raises(WriteRefused, match=ADDRESS):
        world.backup(writable=False).take(CASE, world.ana, ADDRESS)
    assert not world.folder.exists()


def test_by_hand_the_desk_is_told_what_to_do() -> None:
    """Every time it is asked; nothing is ever there to verify."""
    backup: Backup = ByHandBackup()
    for _ in range(2):
        answer = backup.take(CASE, CloudUserId("nube-ana"), "ana@entidad.gov.co\n=1")
        assert isinstance(answer, ByHand)
        assert all(part.value in answer.detail for part in BackupPart)
        assert ("ana@entidad.gov.co_=1" in answer.detail, CASE in answer.detail) == (True, True)
        with pytest.raises(NotFound, match=CASE) as refused:
            backup.verify(CASE)
        assert refused.value.remedy
    backup.close()
