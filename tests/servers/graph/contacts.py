"""Contacts and their folders (https://learn.microsoft.com/graph/api/resources/contact)."""

from dataclasses import dataclass, field
from urllib.parse import unquote

from tests.servers.graph.paging import chosen, paged
from tests.servers.graph.routing import Answer, Asked, Body, Refusal, Route
from tests.servers.graph.tenant import Tenant


@dataclass
class ContactFolder:
    """`id` is empty for the list that everybody has."""

    id: str
    name: str
    parent: str = ""
    contacts: list[dict[str, object]] = field(default_factory=list)


class AddressBook:
    """One user's contacts."""

    def __init__(self) -> None:
        self.default = ContactFolder("", "Contactos")
        self.folders = [self.default]
        self._made = 0

    def folder(self, name: str, parent: str = "") -> ContactFolder:
        """A new folder, in the default list or in another folder."""
        made = ContactFolder(f"contact-folder-{len(self.folders)}", name, parent)
        self.folders.append(made)
        return made

    def put(self, name: str, folder: ContactFolder | None = None, **said: object) -> dict[str, object]:
        """A contact."""
        self._made += 1
        changed = "2026-02-21T15:00:00Z"
        made = {"id": f"contact-{self._made}==", "displayName": name, "lastModifiedDateTime": changed, **said}
        (folder or self.default).contacts.append(made)
        return made

    def all(self) -> list[dict[str, object]]:
        """Every contact."""
        return [contact for folder in self.folders for contact in folder.contacts]


class AddressBooks:
    """Of the tenant, by user."""

    def __init__(self, tenant: Tenant) -> None:
        self._by_user: dict[str, AddressBook] = {}

    def of(self, user: str) -> AddressBook:
        """The user's contacts, by the user's identifier."""
        return self._by_user.setdefault(user, AddressBook())


def _book(tenant: Tenant, asked: Asked) -> AddressBook:
    return tenant.part(AddressBooks).of(tenant.people.mailbox_of(asked.match["user"]).id)


def _contacts(tenant: Tenant, asked: Asked) -> Answer:
    wanted = asked.match.groupdict().get("folder") or ""
    for folder in _book(tenant, asked).folders:
        if folder.id == wanted:
            return paged(asked, folder.contacts, lambda contact: chosen(asked, contact))
    raise Refusal(404, "ErrorItemNotFound", "The specified object was not found in the store.")


def _folders(tenant: Tenant, asked: Asked) -> Answer:
    parent = asked.match.groupdict().get("folder") or ""
    found = [folder for folder in _book(tenant, asked).folders if folder.id and folder.parent == parent]
    return paged(asked, found, _described_folder)


def _described_folder(folder: ContactFolder) -> Body:
    return {"id": folder.id, "displayName": folder.name, "parentFolderId": folder.parent or "root"}


def _contact(tenant: Tenant, asked: Asked) -> Answer:
    for contact in _book(tenant, asked).all():
        if contact["id"] == unquote(asked.match["contact"]):
            return Answer(200, contact)
    raise Refusal(404, "ErrorItemNotFound", "The specified object was not found in the store.")


_READ = ("Contacts.Read", "Contacts.ReadWrite")
_USER = r"/users/(?P<user>[^/]+)"

ROUTES: tuple[Route, ...] = (
    Route("GET", rf"{_USER}/contacts", _contacts, _READ),
    Route("GET", rf"{_USER}/contactFolders", _folders, _READ),
    Route("GET", rf"{_USER}/contactFolders/(?P<folder>[^/]+)/contacts", _contacts, _READ),
    Route("GET", rf"{_USER}/contactFolders/(?P<folder>[^/]+)/childFolders", _folders, _READ),
    Route("GET", rf"{_USER}/contacts/(?P<contact>[^/]+)", _contact, _READ),
)
