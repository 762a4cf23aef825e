"""Contacts: each one's raw JSON is its copy; at the end each list of them is written as one .vcf, which a program imports."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from config.graph.connection import GraphConnection, Json
from config.graph.odata import segment
from provision.backup.graph_drafts import Drafts
from provision.backup.graph_ledger import Ledger, Seen
from provision.backup.graph_names import digest_of
from provision.backup.graph_parts import CLOUD, IMMUTABLE, PAGE, Found, Result, folder_for, identifier
from provision.backup.port import BackupPart

_LISTED = {"$select": "id,displayName,companyName", "$top": PAGE}
_DEFAULT = "contacts"
"""The list that everybody has, and that is in no listing of contact folders."""


@dataclass
class GraphContacts:
    """The contacts of the user at `user` (`/users/…`)."""

    graph: GraphConnection
    user: str
    part: BackupPart = field(default=BackupPart.CONTACTS, init=False)

    def find(self, ledger: Ledger, remarks: list[str]) -> Iterator[Found]:
        """See `Part`."""
        yield from self._in(ledger, f"{self.user}/contacts", _DEFAULT, "Contactos")
        for key, name in self._folders(f"{self.user}/contactFolders"):
            yield from self._in(ledger, f"{self.user}/contactFolders/{segment(key)}/contacts", key, name)

    def copy(self, seen: Seen, drafts: Drafts) -> Result:
        """See `Part`."""
        said = self.graph.get(f"{self.user}/contacts/{segment(seen.key)}", target=CLOUD, headers=IMMUTABLE)
        return Result((drafts.write_json(seen.file, said).copy(seen.part, seen.name, source=seen.key),))

    def _in(self, ledger: Ledger, listing: str, key: str, name: str) -> Iterator[Found]:
        folder = folder_for(ledger, self.part, key, name)
        for contact in self.graph.pages(listing, target=CLOUD, query=_LISTED, headers=IMMUTABLE):
            yield _found(contact, key, folder)

    def _folders(self, listing: str) -> Iterator[tuple[str, str]]:
        for folder in self.graph.pages(listing, target=CLOUD, query={"$top": "100"}):
            key = identifier(folder)
            yield key, str(folder.get("displayName") or "")
            yield from self._folders(f"{self.user}/contactFolders/{segment(key)}/childFolders")


def _found(contact: Json, folder_id: str, folder: str) -> Found:
    key = identifier(contact)
    name = str(contact.get("displayName") or contact.get("companyName") or "") or "(sin nombre)"
    return Found(key, name, f"{folder}/{digest_of(key)}.json", where=folder_id)
