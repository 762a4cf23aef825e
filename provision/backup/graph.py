"""Backups of Microsoft 365 mailboxes and OneDrives through Graph: files in a folder for each case, a listing, a manifest."""

import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

from config.errors import NotFound, Rejected, Target, WriteRefused
from config.graph.connection import GraphConnection
from config.graph.errors import GraphRefusal
from config.graph.odata import segment
from config.stop_point import StopPoint, let_go
from config.vocabulary import CaseNumber
from provision.backup.durable import make_folder, translated
from provision.backup.graph_drafts import Drafts
from provision.backup.graph_ledger import Ledger, Owner
from provision.backup.graph_turn import Turn, Watch
from provision.backup.manifest import read_manifest
from provision.backup.names import PROGRESS, folder_of, one_line
from provision.backup.ownership import refuse_another
from provision.backup.port import Manifest, Pace, UnderWay
from provision.backup.verification import verified
from provision.cloud.port import CloudUserId

_LOOK_AGAIN = timedelta(minutes=1)


def _unwatched(pace: Pace) -> None:
    """Nobody looks."""


class GraphBackup:
    """`Backup` over Microsoft Graph; files are 0600 in folders of 0700. `clock` gives aware UTC.

    A call of `take` copies for `minutes_a_turn` at most (and `items_a_turn`, where given); four items at once. An item is
    copied once, as it was then, but a file of OneDrive again when its content changes before the end. `watch` is told how
    far it is after each item. `stop_point` is called with "backup.item.copied" and "backup.manifest.written".

    The record of the copying stays beside the manifest: whoever takes the manifest away, because a copy is damaged, has only
    that copy made again.
    """

    def __init__(
        self,
        folder: Path,
        graph: GraphConnection,
        clock: Callable[[], datetime],
        *,
        writable: bool = True,
        stop_point: StopPoint = let_go,
        minutes_a_turn: float = 20,
        items_a_turn: int | None = None,
        watch: Watch = _unwatched,
    ) -> None:
        self._folder = folder
        self._graph = graph
        self._clock = clock
        self._writable = writable
        self._stop_point = stop_point
        self._seconds = minutes_a_turn * 60
        self._items = items_a_turn
        self._watch = watch

    def take(self, case: CaseNumber, user: CloudUserId, mail_address: str) -> Manifest | UnderWay:
        """See the port. Raises Rejected where the case's folder holds the backup of somebody else, or nobody knows the user."""
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
                return contents.summary(octets, kept)
            path = self._known(user)
            drafts = Drafts(kept, threading.Event())
            for folder in (self._folder, kept, drafts.folder):
                make_folder(folder)
            with Ledger(kept / PROGRESS) as ledger:
                return self._go_on(case, user, mail_address, path, ledger, drafts)

    def _known(self, user: CloudUserId) -> str:
        """The user's path. Raises NotFound: never an empty backup for somebody whom nobody knows."""
        path = f"/users/{segment(user or '-')}"
        try:
            self._graph.get(path, target=Target.CLOUD, query={"$select": "id"})
        except GraphRefusal as refusal:
            if refusal.status != 404:
                raise
            raise NotFound(
                Target.CLOUD,
                f"Microsoft 365 no conoce al usuario {one_line(user)}: no hay de quién hacer el backup.",
                remedy="Revise la cuenta del caso. Si ya se eliminó, restáurela antes de hacer el backup.",
            ) from refusal
        return path

    def _go_on(
        self, case: CaseNumber, user: CloudUserId, mail_address: str, path: str, ledger: Ledger, drafts: Drafts
    ) -> Manifest | UnderWay:
        if ledger.owner is None:
            ledger.note(Owner(user))
        else:
            refuse_another(ledger.owner, user, case)
        begun, before = time.monotonic(), ledger.octets
        turn = Turn(self._graph, path, ledger, drafts, self._clock, self._stop_point, self._watch)
        turn.until = begun + self._seconds
        turn.left = self._items
        if turn.work():
            from provision.backup.graph_closing import Closing  # 0.2 s of icalendar that a run with no backup does without

            manifest = Closing(case, user, ledger, drafts, self._clock, turn.warnings).close(mail_address, turn.remarks)
            self._stop_point("backup.manifest.written")
            return manifest
        pace = turn.pace()
        share = 100 * pace.items // max(1, pace.of_items)
        speed = (ledger.octets - before) / max(time.monotonic() - begun, 0.001)
        detail = (
            f"Backup en curso: {pace.items} de {pace.of_items} elementos ({share} %), "
            f"{_megabytes(pace.bytes)} MB; {_megabytes(speed)} MB por segundo."
        )
        return UnderWay(detail, max(_LOOK_AGAIN, timedelta(seconds=turn.asked_to_wait_seconds)), pace)

    def verify(self, case: CaseNumber) -> Manifest:
        """See the port."""
        return verified(self._folder, case)

    def close(self) -> None:
        """Nothing is held open; the connection is its maker's to close."""


def _megabytes(octets: float) -> str:
    return f"{octets / 1_000_000:,.1f}".translate(str.maketrans(",.", ".,"))
