"""OneDrive: the tree as it is, each file downloaded in pieces that a kill does not waste, and held against its quickXorHash.

https://learn.microsoft.com/graph/api/driveitem-delta, …/api/driveitem-get-content.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from pydantic import AliasPath, BaseModel, ConfigDict, Field, ValidationError

from config.errors import Transient
from config.graph.connection import GraphConnection, Json
from config.graph.errors import GraphRefusal
from config.graph.odata import segment
from provision.backup.graph_drafts import Draft, Drafts, make_folders
from provision.backup.graph_ledger import Ledger, Seen
from provision.backup.graph_parts import CLOUD, PAGE, Found, NothingToCopy, Result, identifier
from provision.backup.names import one_line
from provision.backup.port import BackupPart

EXPIRED = frozenset({401, 403, 404, 410})
"""What an address that lived its few minutes answers."""
_FORBIDDEN = 403
_NOT_SATISFIABLE = 416
_PART = 206
_TRIES = 4
_MALWARE, _NOTEBOOK, _ELSEWHERE, _FILE = "malware", "package", "remoteItem", "file"


class DriveItem(BaseModel):
    """A driveItem as far as its copy needs it (https://learn.microsoft.com/graph/api/resources/driveitem)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: str
    name: str | None = None
    size: int | None = None
    version: str | None = Field(default=None, alias="cTag")
    """Changes with the content alone."""
    parent: str | None = Field(default=None, validation_alias=AliasPath("parentReference", "id"))
    hash: str | None = Field(default=None, validation_alias=AliasPath("file", "hashes", "quickXorHash"))
    url: str | None = Field(default=None, alias="@microsoft.graph.downloadUrl")


def _item(said: Json) -> DriveItem:
    try:
        return DriveItem.model_validate(said)
    except ValidationError as error:
        raise Transient(CLOUD, "OneDrive respondió algo que no es un archivo; se intentará de nuevo.") from error


@dataclass
class GraphDrive:
    """The OneDrive of the user at `user` (`/users/…`)."""

    graph: GraphConnection
    user: str
    kept: Path
    """The backup's folder."""
    part: BackupPart = field(default=BackupPart.FILES, init=False)
    _drive: str = ""

    def find(self, ledger: Ledger, remarks: list[str]) -> Iterator[Found]:
        """See `Part`. Parents may come after what lies in them: that waits for them."""
        try:
            self._drive = identifier(self.graph.get(f"{self.user}/drive", target=CLOUD))
        except GraphRefusal as refusal:
            if refusal.status != 404 or ledger.has(self.part):
                raise
            remarks.append("La cuenta no tiene OneDrive: no hay archivos que copiar.")
            return
        tree = _Tree(ledger, self.part)
        changes = f"/drives/{segment(self._drive)}/items/root/delta"
        for said in self.graph.pages(changes, target=CLOUD, query={"$top": PAGE}):
            yield from tree.take(said, remarks)
        yield from tree.rest()
        for path in tree.paths.values():
            make_folders(self.kept, path)  # also those with nothing in them

    def copy(self, seen: Seen, drafts: Drafts) -> Result:
        """See `Part`. What changes meanwhile is downloaded again; what never agrees with its hash is kept, and said."""
        match seen.form:
            case "malware":
                raise NothingToCopy("Microsoft 365 lo marcó como software malicioso y no deja descargarlo")
            case "remoteItem":
                raise NothingToCopy("es un acceso directo a algo que está en el OneDrive de otra persona")
            case "package":
                raise NothingToCopy(
                    "es un cuaderno de OneNote; se copiaron los archivos que OneDrive entrega de él, si los hay"
                )
        refused: set[int] = set()
        for attempt in range(_TRIES):
            item = self._now(seen)
            version = item.version or ""
            draft = drafts.resume(seen.file, version)
            if (status := self._refusal(item, draft, drafts)) is not None:
                refused.add(status)
                continue
            whole = draft.size == (item.size or 0)
            agrees = item.hash is None or draft.quick_xor is None or draft.quick_xor.base64() == item.hash
            if whole and agrees:
                hashed = item.hash or ""
                return Result((draft.copy(seen.part, seen.name, source=seen.key, quick_xor_hash=hashed),), version=version)
            if attempt == _TRIES - 1 and self._now(seen).version == item.version:
                note = (
                    f"«{one_line(seen.name)}» ({seen.part}): se copió, pero su tamaño o su huella quickXorHash "
                    "no son los que dice OneDrive"
                )
                return Result((draft.copy(seen.part, seen.name, source=seen.key),), note, version)
            draft.path.unlink()
        if refused == {_FORBIDDEN}:  # addresses that were asked for this moment: they have not expired
            raise NothingToCopy("OneDrive no deja descargarlo (403), como hace con lo que considera peligroso")
        what = f"«{one_line(seen.name)}» de OneDrive cambia mientras se copia, o su descarga caduca enseguida"
        raise Transient(CLOUD, f"{what}; se intentará de nuevo.")

    def _now(self, seen: Seen) -> DriveItem:
        path = f"/drives/{segment(self._drive)}/items/{segment(seen.key)}"
        return _item(self.graph.get(path, target=CLOUD))

    def _refusal(self, item: DriveItem, draft: Draft, drafts: Drafts) -> int | None:
        """Write what is missing; None when all is there, else the status with which the address was refused."""
        if draft.size == item.size:
            if draft.size == 0:
                drafts.append(draft, ())
            return None
        if draft.size > (item.size or 0):
            draft.restart()
        if item.url is None:
            raise NothingToCopy("OneDrive no da una dirección para descargarlo")
        wanted = {"Range": f"bytes={draft.size}-"} if draft.size else {}
        try:
            with self.graph.stream(item.url, target=CLOUD, headers=wanted, authorised=False) as reply:
                if draft.size and reply.status != _PART:
                    draft.restart()
                drafts.append(draft, reply.chunks())
        except GraphRefusal as refusal:
            if refusal.status == _NOT_SATISFIABLE:
                draft.restart()
            elif refusal.status not in EXPIRED:
                raise
            return refusal.status
        return None


@dataclass
class _Tree:
    """Folders by identifier, each with its path; what came before its folder waits for it."""

    ledger: Ledger
    part: BackupPart
    paths: dict[str, str] = field(default_factory=dict)
    waiting: dict[str, list[Json]] = field(default_factory=dict)

    def take(self, said: Json, remarks: list[str]) -> Iterator[Found]:
        """The files that this makes known."""
        item = _item(said)
        if "root" in said:
            self.paths[item.id] = self.part.value
        elif "deleted" in said:
            return
        elif item.parent is None or item.parent not in self.paths:
            self.waiting.setdefault(item.parent or "", []).append(said)
            return
        else:
            yield from self._place(said, item, self.paths[item.parent])
        for each in self.waiting.pop(item.id, []) if item.id in self.paths else ():
            yield from self.take(each, remarks)

    def rest(self) -> Iterator[Found]:
        """What lies in folders that were never told of: beside the others, so that it is not lost."""
        for parent, waiting in sorted(self.waiting.items()):
            self.paths[parent] = self.ledger.names.name(self.part.value, "sin carpeta", parent)
            for said in waiting:
                item = _item(said)
                yield from self._place(said, item, self.paths[parent])

    def _place(self, said: Json, item: DriveItem, folder: str) -> Iterator[Found]:
        name = item.name or "sin nombre"
        form = next((facet for facet in (_MALWARE, _ELSEWHERE, _NOTEBOOK, _FILE) if facet in said), "")
        if "folder" in said or form == _NOTEBOOK:
            known = self.ledger.folders.get((self.part, item.id))
            self.paths[item.id] = known or self.ledger.names.name(folder, name, item.id)
        if form:
            known_at = self.ledger.number_of(self.part, item.id)
            file = self.ledger.seen(known_at).file if known_at is not None else self._file(folder, name, item, form)
            yield Found(item.id, name, file, where=item.parent or "", form=form, version=item.version or "")

    def _file(self, folder: str, name: str, item: DriveItem, form: str) -> str:
        return self.paths[item.id] if form == _NOTEBOOK else self.ledger.names.name(folder, name, item.id)
