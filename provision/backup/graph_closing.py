"""The end of a backup: the calendars and contact lists that programs import, the listing of all copies, and the manifest."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import chain
from pathlib import Path

from pydantic import ValidationError

from config.vocabulary import CaseNumber
from provision.backup.durable import make_durable, write_whole
from provision.backup.graph_drafts import Draft, Drafts, make_all_durable
from provision.backup.graph_ics import FOOTER, NotConvertible, components_of, header, zones_of
from provision.backup.graph_ledger import Copied, Ledger, Left, Seen
from provision.backup.graph_said import Contact, Event
from provision.backup.graph_vcf import card
from provision.backup.manifest import Contents, Copy, Listing, dumped, dumped_line, read_lines
from provision.backup.names import LISTING, MANIFEST, one_line
from provision.backup.port import BackupPart, Manifest
from provision.cloud.port import CloudUserId

REMARKS = (
    "No se copia el archivo en línea (In-Place Archive): Microsoft Graph no da acceso a él.",
    "No se copian los elementos que el usuario ya había eliminado de forma definitiva (carpeta de elementos recuperables).",
    "No se copian chats ni reuniones de Teams, tareas, versiones anteriores de los archivos ni fotos de los contactos.",
)

_STRANGE = "lo que responde Microsoft 365 no es como lo describe"


@dataclass
class Closing:
    """Of the backup in `drafts.kept`, of which everything is copied or left. `clock` gives aware UTC."""

    case: CaseNumber
    user: CloudUserId
    ledger: Ledger
    drafts: Drafts
    clock: Callable[[], datetime]
    not_converted: list[str] = field(default_factory=list)
    _items: int = 0
    _octets: int = 0
    _lines: int = 0
    _last: datetime | None = None

    def close(self, mail_address: str, remarks: list[str]) -> Manifest:
        """Write what is still to be written, the manifest last; the same for the same copies, however they were made."""
        kept = self.drafts.kept
        composed = [copy for part in (BackupPart.CALENDAR, BackupPart.CONTACTS) for copy in self._composed(part)]
        listing = self.drafts.write(LISTING, self._listed(composed))
        listing.path.rename(kept / LISTING)
        self.not_converted.sort()
        contents = Contents(
            case=self.case,
            user=self.user,
            mail_address=mail_address,
            taken_at=self._last or self.clock(),
            parts=tuple(BackupPart),
            items=(),
            not_converted=tuple(self.not_converted),
            listing=Listing(LISTING, self._lines, self._items, self._octets, listing.sha256.hexdigest()),
            remarks=(*REMARKS, *sorted(set(remarks))),
        )
        self.drafts.clear()
        make_all_durable(kept, chain((copy.file for copy in read_lines(kept / LISTING)), (LISTING,)))
        octets = dumped(contents)
        write_whole(kept / MANIFEST, octets)
        make_durable(kept)
        return contents.summary(octets, kept)

    def _listed(self, composed: list[Copy]) -> Iterator[bytes]:
        for number, outcome in self.ledger.finished():
            match outcome:
                case Copied():
                    self._items += 1
                    self._last = max(self._last or outcome.at, outcome.at)
                    yield b"".join([self._line(copy) for copy in outcome.copies])
                    if outcome.note:
                        self.not_converted.append(f"{outcome.note}.")
                case Left():
                    seen = self.ledger.seen(number)
                    self.not_converted.append(f"«{one_line(seen.name)}» ({seen.part}): {outcome.note}.")
        yield from (self._line(copy) for copy in composed)

    def _line(self, copy: Copy) -> bytes:
        self._lines += 1
        self._octets += copy.bytes
        return dumped_line(copy)

    def _composed(self, part: BackupPart) -> Iterator[Copy]:
        """One file for each calendar, or list of contacts, that a program imports whole."""
        containers = {where: folder for (of, where), folder in self.ledger.folders.items() if of is part}
        write = self._calendar if part is BackupPart.CALENDAR else self._contacts
        for where, folder in sorted(containers.items(), key=lambda each: each[1]):
            if next(self._raw(part, where), None) is None:
                continue  # nothing to import
            draft = write(where, folder)
            copy = draft.copy(part, folder.rpartition("/")[2], of=folder)
            draft.path.rename(self.drafts.kept / draft.file)
            yield copy

    def _calendar(self, where: str, folder: str) -> Draft:
        zones: set[str] = set()
        # Which zones a calendar needs is known when its last event was read, and they are written before the first.
        body = self.drafts.write(f"{folder}.events", self._events(where, zones))
        name = folder.rpartition("/")[2]

        def whole() -> Iterator[bytes]:
            yield header(name, zones)
            with body.path.open("rb") as events:
                while piece := events.read(1 << 18):
                    yield piece
            yield FOOTER

        return self.drafts.write(f"{folder}.ics", whole())

    def _events(self, where: str, zones: set[str]) -> Iterator[bytes]:
        for seen, path in self._raw(BackupPart.CALENDAR, where):
            try:
                components = components_of(Event.model_validate_json(path.read_bytes()))
            except (NotConvertible, ValidationError) as error:
                self._not_converted(seen, str(error) if isinstance(error, NotConvertible) else _STRANGE)
                continue
            zones |= zones_of(components)
            yield from (component.to_ical() for component in components)

    def _contacts(self, where: str, folder: str) -> Draft:
        return self.drafts.write(f"{folder}.vcf", self._cards(where))

    def _cards(self, where: str) -> Iterator[bytes]:
        for seen, path in self._raw(BackupPart.CONTACTS, where):
            try:
                yield card(Contact.model_validate_json(path.read_bytes()))
            except ValidationError:
                self._not_converted(seen, _STRANGE)

    def _raw(self, part: BackupPart, where: str) -> Iterator[tuple[Seen, Path]]:
        for number, outcome in self.ledger.finished(part):
            seen = self.ledger.seen(number)
            if seen.where == where and isinstance(outcome, Copied):
                yield seen, self.drafts.kept / seen.file

    def _not_converted(self, seen: Seen, why: str) -> None:
        self.not_converted.append(f"«{one_line(seen.name)}» ({seen.part}): {why}; quedó en JSON en «{seen.file}».")
