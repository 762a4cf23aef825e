"""One turn of a backup from Microsoft 365: list everything, copy what is not copied yet, four items at once, and look again."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from datetime import datetime

from config.errors import Rejected, TargetError, Transient
from config.graph.connection import GraphConnection
from config.graph.errors import GraphRefusal
from config.graph.throttling import AT_ONCE
from config.stop_point import StopPoint
from provision.backup.graph_calendars import GraphCalendars
from provision.backup.graph_contacts import GraphContacts
from provision.backup.graph_drafts import Drafts, TurnOver
from provision.backup.graph_drive import GraphDrive
from provision.backup.graph_ledger import Copied, Ledger, Left, Seen
from provision.backup.graph_mail import NO_MAILBOX, GraphMail
from provision.backup.graph_parts import CLOUD, Found, NothingToCopy, Part, Result
from provision.backup.manifest import Copy
from provision.backup.names import one_line
from provision.backup.port import BackupPart, Pace
from provision.backup.verification import measured

Watch = Callable[[Pace], None]
_ROUNDS = 4
"""Of listing and copying: a mailbox in use is never finished, and what comes after the last one is not in the backup."""
_MOST_TROUBLES = 8
_NOBODY = NO_MAILBOX | {"Request_ResourceNotFound", "UnknownError", "notFound"}
"""Not an item is missing, but all that it was in."""
_GONE = "ya no estaba en el buzón"


@dataclass
class Turn:
    """One call of `take`. `until` is a time of `time.monotonic`; `left` is how many items may still be copied, None for all."""

    graph: GraphConnection
    user: str
    ledger: Ledger
    drafts: Drafts
    clock: Callable[[], datetime]
    stop_point: StopPoint
    watch: Watch
    until: float = 0
    left: int | None = None
    remarks: list[str] = field(default_factory=list)
    """What is to be said of the whole in the manifest; Spanish."""
    warnings: list[str] = field(default_factory=list)
    """The same, of what somebody should look at."""
    parts: dict[BackupPart, Part] = field(init=False)
    _since: int = field(init=False)
    """Where in the ledger this turn begins: the content of what it copies itself needs no second look."""
    _progressed: bool = False
    _troubles: list[Transient] = field(default_factory=list)
    _begun: int = 0
    _over: bool = False
    _settling: threading.Lock = field(default_factory=threading.Lock)
    """Held by whoever takes an item or writes down what came of one."""

    def __post_init__(self) -> None:
        self._since = self.ledger.end
        kept = self.drafts.kept
        parts: tuple[Part, ...] = (
            # What is small and cannot be had elsewhere goes first.
            GraphCalendars(self.graph, self.user),
            GraphContacts(self.graph, self.user),
            GraphMail(self.graph, self.user, kept),
            GraphDrive(self.graph, self.user, kept),
        )
        self.parts = {part.part: part for part in parts}

    def work(self) -> bool:
        """True: everything there is was copied, or left with a reason. Raises what the copying met and cannot wait out."""
        self._finish_former()
        for _ in range(_ROUNDS):
            self._list()
            if self._nothing_pending():
                return self._sound() or self.work()
            before = self.ledger.done
            if not self._copy_pending():
                return False
            if self._troubles and self.ledger.done == before:
                raise self._troubles[-1]
            if self.asked_to_wait_seconds:
                return False
        if self._nothing_pending():
            return self._sound() or self.work()
        if self._troubles and not self._progressed:
            raise self._troubles[-1]
        return False

    def pace(self) -> Pace:
        """How far it is."""
        return Pace(self.ledger.done, len(self.ledger), self.ledger.octets)

    @property
    def asked_to_wait_seconds(self) -> float:
        """For how long Microsoft wants to be left in peace; 0 when it does not say."""
        return max((trouble.retry_after_seconds or 0 for trouble in self._troubles), default=0)

    def _nothing_pending(self) -> bool:
        return self.ledger.done == len(self.ledger)

    def _finish_former(self) -> None:
        """What was whole when a former turn was killed gets its name; what disappeared since is copied again."""
        for number, outcome in self.ledger.finished():
            if isinstance(outcome, Copied) and not all(
                self.drafts.placed(copy) or self.drafts.place_former(copy, outcome.version) for copy in outcome.copies
            ):
                self.ledger.undo(number)

    def _list(self) -> None:
        self.remarks.clear()
        self.warnings.clear()
        for part in self.parts.values():
            try:
                for found in part.find(self.ledger, self.remarks):
                    self._note_found(part.part, found)
            except GraphRefusal as refusal:
                if _nothing_answers(refusal) and self.ledger.has(part.part):
                    raise _disappeared(part.part) from refusal
                if part.part is not BackupPart.FILES and refusal.code in NO_MAILBOX:
                    self.warnings.append(f"La cuenta no tiene buzón ({refusal.code}): no hay {part.part} que copiar.")
                elif refusal.status == 404:
                    raise Transient(CLOUD, "Una carpeta desapareció mientras se listaba; se intentará de nuevo.") from refusal
                else:
                    raise

    def _note_found(self, part: BackupPart, found: Found) -> None:
        number = self.ledger.number_of(part, found.key)
        if number is not None:
            former = self.ledger.outcome(number) if found.version else None
            if former is None or former.version == found.version:
                return
        self.ledger.note(
            Seen(
                number=len(self.ledger) if number is None else number,
                key=found.key,
                part=part,
                name=found.name,
                file=found.file if number is None else self.ledger.seen(number).file,
                where=found.where,
                form=found.form,
                version=found.version,
                at=found.at,
            )
        )

    def _copy_pending(self) -> bool:
        """Copy, as far as the turn goes; False when it is over."""
        self._troubles.clear()
        self._begun, self._over, whole = 0, False, False
        pending = self.ledger.pending()
        with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="backup") as pool:
            threads = [pool.submit(self._copy_some, pending) for _ in range(AT_ONCE)]
            try:
                whole = not wait(threads, max(0.0, self.until - time.monotonic()), FIRST_EXCEPTION).not_done
            finally:
                if not whole:
                    self.drafts.stop.set()
        for thread in threads:
            thread.result()
        return not (self._over or self.drafts.stop.is_set())

    def _copy_some(self, pending: Iterator[Seen]) -> None:
        """What each of the threads does: item after item, written down by the one that copied it."""
        try:
            with self._settling:
                seen = self._next(pending)
            while seen is not None:
                came = self._copy(seen)
                with self._settling:
                    if came is not None:
                        self._settle(seen, came)
                    seen = self._next(pending)
        except BaseException:
            self.drafts.stop.set()
            raise

    def _next(self, pending: Iterator[Seen]) -> Seen | None:
        seen = next(pending, None)
        if seen is None or len(self._troubles) >= _MOST_TROUBLES:
            return None
        # A turn gets somewhere, also when listing alone took all its time.
        ended = self._begun >= AT_ONCE and (self.drafts.stop.is_set() or time.monotonic() >= self.until)
        if self.left == 0 or ended:
            self._over = True
            return None
        if self.left is not None:
            self.left -= 1
        self._begun += 1
        return seen

    def _copy(self, seen: Seen) -> Result | NothingToCopy | GraphRefusal | Transient | None:
        try:
            return self.parts[seen.part].copy(seen, self.drafts)
        except TurnOver:
            return None
        except (NothingToCopy, GraphRefusal, Transient) as trouble:
            return trouble

    def _settle(self, seen: Seen, came: Result | NothingToCopy | GraphRefusal | Transient) -> None:
        match came:
            case Result():
                self._copied(seen, came)
            case NothingToCopy():
                self.ledger.note(Left(seen.number, str(came), seen.version))
            case GraphRefusal():
                self._refused(seen, came)
            case Transient():
                self._troubles.append(came)
        self.watch(self.pace())

    def _copied(self, seen: Seen, result: Result) -> None:
        # Written down before it has its name: whoever is killed between the two finds the draft, and does not copy again.
        self.ledger.note(Copied(seen.number, result.copies, self.clock(), result.version or seen.version, result.note))
        self._progressed = True
        self.stop_point("backup.item.copied")
        for copy in result.copies:
            self.drafts.place(copy, result.version)

    def _refused(self, seen: Seen, refusal: GraphRefusal) -> None:
        """One item that cannot be had stops no other one."""
        if _nothing_answers(refusal):
            raise _disappeared(seen.part) from refusal
        gone = refusal.status == 404
        why = _GONE if gone else f"Microsoft 365 no lo entregó ({_in_a_clause(refusal)})"
        found = measured(self.drafts.kept / seen.file)
        if found is None:
            when = " cuando se iba a copiar" if gone else ""
            self.ledger.note(Left(seen.number, f"{why}{when}", seen.version))
            return
        note = f"«{one_line(seen.name)}» ({seen.part}): su copia es de antes, y {why}"
        self.ledger.note(Copied(seen.number, (_measured_copy(seen, *found),), self.clock(), seen.version, note))
        self._progressed = True

    def _sound(self) -> bool:
        """Look at the content of every copy that a former turn made; False when some have to be made again."""
        sound = True
        for number, outcome in self.ledger.finished(before=self._since):
            if isinstance(outcome, Left):
                continue
            if any(measured(self.drafts.kept / copy.file) != (copy.bytes, copy.sha256) for copy in outcome.copies):
                self.ledger.undo(number)
                sound = False
        return sound


def _nothing_answers(refusal: GraphRefusal) -> bool:
    return refusal.status == 404 and refusal.code in _NOBODY


def _disappeared(part: BackupPart) -> Rejected:
    """What was there when the backup began is not to be taken for empty: that it does not answer is no evidence."""
    return Rejected(
        CLOUD,
        f"El buzón o el OneDrive dejó de responder cuando ya se había empezado a copiar ({part}).",
        remedy="Revise si alguien retiró la licencia o eliminó el usuario, restáurelo y reintente: sigue donde quedó.",
    )


def _measured_copy(seen: Seen, size: int, digest: str) -> Copy:
    return Copy(seen.part, seen.name, seen.file, size, digest, source=seen.key)


def _in_a_clause(error: TargetError) -> str:
    return one_line(error.message).rstrip(".")
