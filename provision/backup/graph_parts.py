"""What each part of a backup does: find its items, and copy one."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Protocol

from config.errors import Target, Transient
from config.graph.connection import GraphConnection, Json
from config.graph.odata import segment
from provision.backup.graph_drafts import Drafts
from provision.backup.graph_ledger import Ledger, Seen
from provision.backup.graph_names import safe_name
from provision.backup.manifest import Copy
from provision.backup.port import BackupPart

CLOUD = Target.CLOUD
IMMUTABLE = {"Prefer": 'IdType="ImmutableId"'}
"""An item keeps its identifier when it moves to another folder (https://learn.microsoft.com/graph/outlook-immutable-id)."""
PAGE = "200"


@dataclass(frozen=True, slots=True)
class Found:
    """An item as a listing shows it; see `Seen`. `file` is where a new one will be kept."""

    key: str
    name: str
    file: str
    where: str = ""
    form: str = ""
    version: str = ""
    at: float = 0


@dataclass(frozen=True, slots=True)
class Result:
    """An item's copies, written as drafts. `version` is what they are of; `note` goes into the manifest, in Spanish."""

    copies: tuple[Copy, ...]
    note: str = ""
    version: str = ""


class NothingToCopy(Exception):
    """There is nothing of this item to be had, for good; the text says why, in Spanish."""


class Part(Protocol):
    """One part of somebody's things. Both may raise the errors of `GraphConnection` and OSError."""

    part: BackupPart

    def find(self, ledger: Ledger, remarks: list[str]) -> Iterator[Found]:
        """Every item there is now, and the folders for them; `remarks` gets what has no item to be said of."""
        ...

    def copy(self, seen: Seen, drafts: Drafts) -> Result:
        """Write this item's drafts. Thread-safe. GraphRefusal with status 404: it is not there any more."""
        ...


def identifier(found: Json) -> str:
    """What Graph knows the thing by. Raises Transient for a reply that names nothing: it was cut, or is not Graph's."""
    key = found.get("id")
    if not isinstance(key, str) or not key:
        raise Transient(CLOUD, "La respuesta de Microsoft 365 llegó incompleta; se intentará de nuevo.")
    return key


def folder_for(ledger: Ledger, part: BackupPart, container: str, name: str) -> str:
    """The folder of a calendar or a list of contacts: the one it had in a former turn, else one by its name."""
    known = ledger.folders.get((part, container))
    if known is None:
        known = ledger.folders[part, container] = ledger.names.name(part.value, name or "sin nombre", container)
    return known


def attachments(graph: GraphConnection, path: str, seen: Seen, of: str, drafts: Drafts) -> tuple[tuple[Copy, ...], list[Json]]:
    """The raw attachments of a message or an event, as files beside the JSON at `of`, and what Graph says of each.

    A link to a file elsewhere has nothing to be copied but what is said of it.
    """
    copies: list[Copy] = []
    said: list[Json] = []
    folder = of.rpartition("/")[0] if of.endswith("/mensaje.json") else of.removesuffix(".json")
    fields = {"$select": "id,name,contentType,size,isInline,lastModifiedDateTime"}
    for number, found in enumerate(graph.pages(f"{path}/attachments", target=CLOUD, query=fields, headers=IMMUTABLE), 1):
        said.append(found)
        if found.get("@odata.type") == "#microsoft.graph.referenceAttachment":
            continue
        name = str(found.get("name") or "adjunto")
        file = f"{folder}/{number:02d}-{safe_name(name)}"
        with graph.stream(f"{path}/attachments/{segment(identifier(found))}/$value", target=CLOUD, headers=IMMUTABLE) as reply:
            copies.append(drafts.write(file, reply.chunks()).copy(seen.part, name, of=of))
    return tuple(copies), said
