"""Calendars: each event's raw JSON is its copy; at the end each calendar is written as one .ics, which a program imports."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from config.graph.connection import GraphConnection, Json
from config.graph.odata import segment
from provision.backup.graph_drafts import Drafts
from provision.backup.graph_ledger import Ledger, Seen
from provision.backup.graph_names import digest_of
from provision.backup.graph_parts import CLOUD, IMMUTABLE, PAGE, Found, Result, attachments, folder_for, identifier
from provision.backup.port import BackupPart

SERIES = "seriesMaster"
_LISTED = {"$select": "id,subject,type", "$top": PAGE}
_OCCURRENCES = {"$select": "id,cancelledOccurrences", "$expand": "exceptionOccurrences"}
"""Only told of one series, and only when asked for (https://learn.microsoft.com/graph/api/event-get)."""


@dataclass
class GraphCalendars:
    """The calendars of the user at `user` (`/users/…`)."""

    graph: GraphConnection
    user: str
    part: BackupPart = field(default=BackupPart.CALENDAR, init=False)

    def find(self, ledger: Ledger, remarks: list[str]) -> Iterator[Found]:
        """See `Part`: single events and series; the occurrences of a series belong to it."""
        for calendar in self.graph.pages(f"{self.user}/calendars", target=CLOUD, query={"$top": "100"}):
            key = identifier(calendar)
            folder = folder_for(ledger, self.part, key, str(calendar.get("name") or ""))
            listing = f"{self.user}/calendars/{segment(key)}/events"
            for event in self.graph.pages(listing, target=CLOUD, query=_LISTED, headers=IMMUTABLE):
                yield _found(event, key, folder)

    def copy(self, seen: Seen, drafts: Drafts) -> Result:
        """See `Part`: what Graph says of the event, of a series its occurrences too, and the attachments."""
        path = f"{self.user}/events/{segment(seen.key)}"
        said = dict(self.graph.get(path, target=CLOUD, headers=IMMUTABLE))
        if said.get("type") == SERIES:
            more = self.graph.get(path, target=CLOUD, query=_OCCURRENCES, headers=IMMUTABLE)
            said |= {name: more.get(name) or [] for name in ("cancelledOccurrences", "exceptionOccurrences")}
        if said.get("hasAttachments") is True:
            copies, attached = attachments(self.graph, path, seen, seen.file, drafts)
            said["attachments"] = attached
        else:
            copies = ()
        own = drafts.write_json(seen.file, said).copy(seen.part, seen.name, source=seen.key)
        return Result((own, *copies))


def _found(event: Json, calendar: str, folder: str) -> Found:
    key = identifier(event)
    subject = str(event.get("subject") or "") or "(sin asunto)"
    return Found(key, subject, f"{folder}/{digest_of(key)}.json", where=calendar, form=str(event.get("type") or ""))
