"""Backups of the embedded cloud's mailboxes, as files in a folder: `<case>/<part>/<number>-<name>` and a manifest."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from config.errors import Rejected, Target, WriteRefused
from config.stop_point import StopPoint, let_go
from config.vocabulary import CaseNumber
from provision.backup.durable import draft_name, make_durable, make_folder, translated, write_whole
from provision.backup.manifest import Contents, Copy, dumped, read_manifest
from provision.backup.names import MANIFEST, PROGRESS, file_name_of, folder_of, one_line
from provision.backup.ownership import refuse_another
from provision.backup.port import BackupPart, Manifest, Pace, UnderWay
from provision.backup.progress import Copied, Progress, Seen, Whose
from provision.backup.verification import measured, verified
from provision.cloud.embedded import EmbeddedCloud
from provision.cloud.embedded_mailboxes import StoredItem
from provision.cloud.port import CloudUserId

_LOOK_AGAIN = timedelta(minutes=1)
_PARTS = {part.value: part for part in BackupPart}


class EmbeddedBackup:
    """`Backup` over an `EmbeddedCloud`; files are 0600 in folders of 0700. `clock` gives aware UTC.

    A turn of `take` copies `items_a_turn` items at most. An item is copied once, as it was then; what appears in the mailbox
    between turns is copied too, and what disappears uncopied is listed in the manifest. `stop_point` is called with
    "backup.item.copied" and "backup.manifest.written".
    """

    def __init__(
        self,
        folder: Path,
        cloud: EmbeddedCloud,
        clock: Callable[[], datetime],
        *,
        writable: bool = True,
        stop_point: StopPoint = let_go,
        items_a_turn: int = 200,
    ) -> None:
        if items_a_turn < 1:
            raise ValueError(f"a turn of {items_a_turn} items never ends")
        self._folder = folder
        self._cloud = cloud
        self._clock = clock
        self._writable = writable
        self._stop_point = stop_point
        self._items_a_turn = items_a_turn

    def take(self, case: CaseNumber, user: CloudUserId, mail_address: str) -> Manifest | UnderWay:
        """See the port. Raises Rejected where the case's folder holds the backup of somebody else."""
        if not self._writable:
            raise WriteRefused(f"Se haría el backup de {mail_address} para el caso {case}.")
        kept = folder_of(self._folder, case)
        if kept is None:
            raise Rejected(Target.BACKUP, f"«{one_line(case)}» no es un número de caso.")
        with translated(self._folder, "guardar el backup"):
            found = read_manifest(kept)
            if found is not None:
                contents, octets = found
                refuse_another(contents.user, user, case)
                (kept / PROGRESS).unlink(missing_ok=True)
                return contents.summary(octets, kept)
            make_folder(self._folder)
            make_folder(kept)
            turn = _Turn(case, user, kept, self._cloud, self._clock, self._stop_point, self._items_a_turn)
            return turn.go_on(mail_address)

    def verify(self, case: CaseNumber) -> Manifest:
        """See the port."""
        return verified(self._folder, case)

    def close(self) -> None:
        """Nothing is held open; the cloud is its maker's to close."""


@dataclass(slots=True)
class _Turn:
    """One call of `take` for a backup that is not complete yet."""

    case: CaseNumber
    user: CloudUserId
    kept: Path
    cloud: EmbeddedCloud
    clock: Callable[[], datetime]
    stop_point: StopPoint
    left: int
    """How many items this turn may still copy."""
    progress: Progress = field(init=False)
    items: dict[int, StoredItem] = field(init=False)
    remarks: dict[int, str] = field(default_factory=dict)
    """What is to be said of an item in the manifest, by its number; Spanish."""

    def go_on(self, mail_address: str) -> Manifest | UnderWay:
        """Copy what is still to be copied; then look at every copy's content before the manifest says that it is there."""
        self.items = {item.number: item for item in self.cloud.items(self.user)}
        self._remember()
        for thorough in (False, True):
            for _, seen in sorted(self.progress.seen.items()):
                if self._kept(seen, thorough=thorough):
                    continue
                if self.left == 0:
                    return self._under_way()
                self._copy(seen)
        return self._finish(mail_address)

    def _remember(self) -> None:
        self.progress = Progress(self.kept / PROGRESS)
        if self.progress.user is None:
            self.progress.note([Whose(self.user)])
        else:
            refuse_another(self.progress.user, self.user, self.case)
        new = [item for number, item in self.items.items() if number not in self.progress.seen]
        self.progress.note(Seen(item.number, item.part, item.name) for item in new)
        for part in BackupPart:
            make_folder(self.kept / part.value)

    def _kept(self, seen: Seen, *, thorough: bool) -> bool:
        """Whether nothing more can be done for this item: its copy is whole, or there is nothing to copy it from."""
        if seen.part not in _PARTS:
            self._remark(seen, "no es de una parte que se copie")
            return True
        known = self.progress.copied.get(seen.number)
        if known is not None and not thorough:
            return self._length(seen) == known.copy.bytes
        found = measured(self._path(seen))
        if known is not None and found == (known.copy.bytes, known.copy.sha256):
            return True
        item = self.items.get(seen.number)
        if item is not None:
            if known is None and found == (item.bytes, item.sha256):  # killed right after its copy was whole
                self._note(seen, *found)
                return True
            return False
        if found is None:
            self._remark(seen, "ya no estaba en el buzón cuando se iba a copiar")
            self.progress.copied.pop(seen.number, None)
        else:
            if known is not None:
                self._remark(seen, "su copia cambió después de hecha y ya no estaba en el buzón para repetirla")
            self._note(seen, *found)
        return True

    def _length(self, seen: Seen) -> int | None:
        try:
            return self._path(seen).lstat().st_size
        except FileNotFoundError:
            return None

    def _copy(self, seen: Seen) -> None:
        content = self.cloud.item_content(self.user, seen.number)
        if content is None:  # deleted since this turn began
            self.items.pop(seen.number, None)
            self._kept(seen, thorough=True)
            return
        write_whole(self._path(seen), content)
        self.left -= 1
        self.stop_point("backup.item.copied")
        self._note(seen, len(content), hashlib.sha256(content).hexdigest())

    def _note(self, seen: Seen, size: int, digest: str) -> None:
        copy = Copy(_PARTS[seen.part], seen.name, f"{seen.part}/{file_name_of(seen.number, seen.name)}", size, digest)
        self.progress.note([Copied(seen.number, copy, self.clock())])

    def _path(self, seen: Seen) -> Path:
        return self.kept / _PARTS[seen.part].value / file_name_of(seen.number, seen.name)

    def _remark(self, seen: Seen, what: str) -> None:
        self.remarks[seen.number] = f"«{one_line(seen.name)}» ({one_line(seen.part)}): {what}."

    def _under_way(self) -> UnderWay:
        done, total = len(self.progress.copied.keys() | self.remarks.keys()), len(self.progress.seen)
        detail = f"Backup en curso: {done} de {total} elementos ({100 * done // total} %)."
        octets = sum(copied.copy.bytes for copied in self.progress.copied.values())
        return UnderWay(detail, _LOOK_AGAIN, Pace(done, total, octets))

    def _finish(self, mail_address: str) -> Manifest:
        copied = [copied for _, copied in sorted(self.progress.copied.items())]
        contents = Contents(
            case=self.case,
            user=self.user,
            mail_address=mail_address,
            taken_at=max((copied.at for copied in copied), default=self.clock()),
            parts=tuple(BackupPart),
            items=tuple(copied.copy for copied in copied),
            not_converted=tuple(remark for _, remark in sorted(self.remarks.items())),
        )
        for folder in (self.kept, *(self.kept / part.value for part in BackupPart)):
            for draft in folder.glob(draft_name("*")):  # left by a crash
                draft.unlink()
            make_durable(folder)
        octets = dumped(contents)
        write_whole(self.kept / MANIFEST, octets)
        make_durable(self.kept)
        self.stop_point("backup.manifest.written")
        (self.kept / PROGRESS).unlink(missing_ok=True)
        return contents.summary(octets, self.kept)
