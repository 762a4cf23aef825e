"""Mail: every folder with all that is below it, each message as its MIME in a Maildir (https://cr.yp.to/proto/maildir.html).

Subfolders lie beside the inbox as Maildir++ has them. File names carry no `:2,S` at their end, because Windows takes no colon
and opens a message by its suffix `.eml`: what was not read yet is in `new`, all the rest in `cur`.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from config.graph.connection import GraphConnection, Json
from config.graph.errors import GraphRefusal
from config.graph.odata import segment
from provision.backup.graph_drafts import Drafts, make_folders
from provision.backup.graph_ledger import Ledger, Seen
from provision.backup.graph_names import digest_of, maildir_folder
from provision.backup.graph_parts import CLOUD, IMMUTABLE, Found, Result, attachments, identifier
from provision.backup.names import one_line
from provision.backup.port import BackupPart

NO_MAILBOX = frozenset({"MailboxNotEnabledForRESTAPI", "ResourceNotFound", "ErrorNonExistentMailbox"})
UNCONVERTIBLE = frozenset({"ErrorMimeContentConversionFailed", "ErrorItemCorrupt", "ErrorCorruptData"})
"""For good (reference: https://learn.microsoft.com/graph/outlook-get-mime-message): what is left is the message's JSON."""
RAW = "correo sin convertir"
_SEARCH = "#microsoft.graph.mailSearchFolder"
_FIELDS = {"$select": "id,subject,receivedDateTime,isRead", "$top": "500"}
_FOLDERS = {"includeHiddenFolders": "true", "$top": "100"}
_MAILDIR = ("cur", "new", "tmp")


@dataclass
class GraphMail:
    """The mail of the user at `user` (`/users/…`)."""

    graph: GraphConnection
    user: str
    kept: Path
    """The backup's folder."""
    part: BackupPart = field(default=BackupPart.MAIL, init=False)

    def find(self, ledger: Ledger, remarks: list[str]) -> Iterator[Found]:
        """See `Part`. The folders are made, also those with nothing in them."""
        inbox = self.graph.get(f"{self.user}/mailFolders/inbox", target=CLOUD).get("id")
        for folder, names in self._folders(f"{self.user}/mailFolders", (), remarks):
            key = identifier(folder)
            path = self._path(ledger, key, names, is_inbox=key == inbox)
            for name in _MAILDIR:
                make_folders(self.kept, f"{path}/{name}")
            listing = f"{self.user}/mailFolders/{segment(key)}/messages"
            for message in self.graph.pages(listing, target=CLOUD, query=_FIELDS, headers=IMMUTABLE):
                yield _found(message, key, path)

    def copy(self, seen: Seen, drafts: Drafts) -> Result:
        """See `Part`: its MIME; of a message that has none, the JSON and the attachments."""
        message = f"{self.user}/messages/{segment(seen.key)}"
        try:
            with self.graph.stream(f"{message}/$value", target=CLOUD, headers=IMMUTABLE) as reply:
                draft = drafts.write(seen.file, reply.chunks())
        except GraphRefusal as refusal:
            if refusal.code not in UNCONVERTIBLE:
                raise
            return self._raw(seen, message, refusal.code, drafts)
        if seen.at:
            os.utime(draft.path, (seen.at, seen.at))  # mail programs take it for the day of arrival
        return Result((draft.copy(seen.part, seen.name, source=seen.key),))

    def _raw(self, seen: Seen, message: str, code: str, drafts: Drafts) -> Result:
        folder = f"{RAW}/{digest_of(seen.key)}"
        file = f"{folder}/mensaje.json"
        said = dict(self.graph.get(message, target=CLOUD, headers=IMMUTABLE))
        copies, attached = attachments(self.graph, message, seen, file, drafts)
        draft = drafts.write_json(file, {**said, "attachments": attached})
        own = draft.copy(seen.part, seen.name, source=seen.key)
        note = (
            f"«{one_line(seen.name)}» ({seen.part}): Microsoft 365 no lo pudo convertir a MIME ({code}); "
            f"quedó en JSON con {len(attached)} adjuntos en «{folder}»"
        )
        return Result((own, *copies), note)

    def _folders(self, listing: str, above: tuple[str, ...], remarks: list[str]) -> Iterator[tuple[Json, tuple[str, ...]]]:
        for folder in self.graph.pages(listing, target=CLOUD, query=_FOLDERS):
            names = (*above, str(folder.get("displayName") or "sin nombre"))
            if folder.get("@odata.type") == _SEARCH:
                shown = " / ".join(one_line(name) for name in names)
                remarks.append(f"«{shown}» (correo) es una carpeta de búsqueda: sus mensajes están en las demás carpetas.")
                continue
            yield folder, names
            if folder.get("childFolderCount") != 0:
                below = f"{self.user}/mailFolders/{segment(identifier(folder))}/childFolders"
                yield from self._folders(below, names, remarks)

    def _path(self, ledger: Ledger, key: str, names: tuple[str, ...], *, is_inbox: bool) -> str:
        at = ledger.folders.get((self.part, key))
        if at is None:
            at = self.part.value if is_inbox else f"{self.part.value}/{maildir_folder(names, key)}"
            if not is_inbox and not ledger.names.take(at):
                at = f"{at}~{digest_of(key)[:8]}"
                ledger.names.take(at)
            ledger.folders[self.part, key] = at
        return at


def _found(message: Json, folder: str, path: str) -> Found:
    key = identifier(message)
    received = str(message.get("receivedDateTime") or "")
    try:
        at = datetime.fromisoformat(received).timestamp() if received else 0
    except ValueError:
        at = 0
    subject = str(message.get("subject") or "") or "(sin asunto)"
    subdirectory = "new" if message.get("isRead") is False else "cur"
    return Found(key, subject, f"{path}/{subdirectory}/{int(at)}.{digest_of(key)}.eml", where=folder, at=at)
