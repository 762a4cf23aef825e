"""The backups that the contract suite runs against, and what people do to their mailboxes meanwhile."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from config.clock import SimulatedClock
from config.stop_point import StopPoint, let_go
from config.vocabulary import CaseNumber
from provision.backup.embedded import EmbeddedBackup
from provision.backup.port import Backup, BackupPart, Manifest, UnderWay
from provision.cloud.port import CloudUserId
from tests.contract.backups_values import A_TURN, ADDRESS, CASE, own_copies
from tests.contract.clouds import ANA, LUIS, EmbeddedCloudWorld, with_mailbox
from tests.contract.graph_backups import GraphBackupWorld

__all__ = ["ADDRESS", "A_TURN", "BACKUPS", "CASE", "BackupWorld", "EmbeddedBackupWorld", "copies", "everything", "taken"]


class BackupWorld(Protocol):
    """Two people with mailboxes, and a folder for the copies."""

    folder: Path
    clock: SimulatedClock
    ana: CloudUserId
    luis: CloudUserId

    def backup(self, *, writable: bool = True, stop_point: StopPoint = let_go) -> Backup:
        """The adapter, as a run makes it; a turn copies A_TURN items."""
        ...

    def put(self, part: BackupPart, name: str, content: bytes) -> None:
        """Ana receives an item, or it is changed."""
        ...

    def remove(self, part: BackupPart, name: str) -> None:
        """Ana deletes an item."""
        ...

    def copies(self, case: CaseNumber = CASE) -> dict[tuple[str, str], bytes]:
        """What was copied, by part and original name: the content that was put there, as read from the copy."""
        ...

    def close(self) -> None:
        """The world ends."""
        ...


@dataclass
class EmbeddedBackupWorld:
    """Over the embedded cloud."""

    root: Path

    def __post_init__(self) -> None:
        self.tenant = EmbeddedCloudWorld(self.root)
        self.clock = self.tenant.clock
        self.folder = self.root / "backups"
        self.ana, self.luis = with_mailbox(self.tenant, ANA), with_mailbox(self.tenant, LUIS)

    def backup(self, *, writable: bool = True, stop_point: StopPoint = let_go) -> EmbeddedBackup:
        """The adapter, as a run makes it; a turn copies A_TURN items."""
        cloud = self.tenant.cloud(writable=writable)
        return EmbeddedBackup(self.folder, cloud, self.clock, writable=writable, stop_point=stop_point, items_a_turn=A_TURN)

    def put(self, part: BackupPart, name: str, content: bytes) -> None:
        """Ana receives an item, or it is changed."""
        self.tenant.cloud().put_item(self.ana, part, name, content)

    def remove(self, part: BackupPart, name: str) -> None:
        """Ana deletes an item."""
        self.tenant.cloud().remove_item(self.ana, part, name)

    def copies(self, case: CaseNumber = CASE) -> dict[tuple[str, str], bytes]:
        """What was copied, as it is."""
        kept = self.folder / case
        return {(copy.part, copy.name): (kept / copy.file).read_bytes() for copy in own_copies(kept)}

    def close(self) -> None:
        """Nothing is open."""


BACKUPS: dict[str, Callable[[Path], BackupWorld]] = {"embedded": EmbeddedBackupWorld, "graph": GraphBackupWorld}


def taken(world: BackupWorld, stop_point: StopPoint = let_go, case: CaseNumber = CASE) -> Manifest:
    """Turn after turn, until Ana's backup is complete."""
    for _ in range(100):
        answer = world.backup(stop_point=stop_point).take(case, world.ana, ADDRESS)
        if isinstance(answer, Manifest):
            return answer
        assert isinstance(answer, UnderWay)
    raise AssertionError("a hundred turns were not enough")


def copies(world: BackupWorld, case: CaseNumber = CASE) -> dict[tuple[str, str], bytes]:
    """What was copied, by part and original name, as the manifest leads to it."""
    return world.copies(case)


def everything(folder: Path) -> dict[str, bytes]:
    """Each file below a folder with its content."""
    return {str(file.relative_to(folder)): file.read_bytes() for file in sorted(folder.rglob("*")) if file.is_file()}
