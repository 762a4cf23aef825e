"""OneDrives (https://learn.microsoft.com/graph/api/driveitem-delta): changes from the root, and downloads without a token.

A download's address is good for a while of the tenant's clock, or until `expire`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import unquote

from tests.servers.graph.contents import Content
from tests.servers.graph.paging import paged
from tests.servers.graph.routing import Answer, Asked, Body, Refusal, Route
from tests.servers.graph.tenant import Tenant


@dataclass
class Item:
    """`facets` are those beside `file` or `folder`. `when_read` is called once, when somebody asks for its content."""

    id: str
    name: str
    parent: "Item | None"
    content: Content | None = None
    facets: dict[str, object] = field(default_factory=dict)
    version: int = 1
    hash: str | None = None
    """Another quickXorHash than that of the content."""
    when_read: Callable[[], None] | None = None
    downloads: int = 0


class Drive:
    """One user's."""

    def __init__(self, user: str) -> None:
        self.id = f"drive-{user}"
        self.root = Item("root-0", "root", None, facets={"root": {}, "folder": {"childCount": 0}})
        self.items = [self.root]
        self.backwards = False
        """Whether children are told of before their parents."""

    def folder(self, name: str, parent: Item | None = None, **facets: object) -> Item:
        """A new folder (or what is like one)."""
        return self._add(
            Item(f"item!{len(self.items)}", name, parent or self.root, facets=facets or {"folder": {"childCount": 1}})
        )

    def file(self, name: str, content: Content, parent: Item | None = None, **facets: object) -> Item:
        """A new file."""
        return self._add(Item(f"item!{len(self.items)}", name, parent or self.root, content, facets))

    def change(self, item: Item, content: Content) -> None:
        """Other content for a file."""
        item.content, item.version = content, item.version + 1

    def remove(self, item: Item) -> None:
        """It is deleted."""
        self.items.remove(item)

    def _add(self, item: Item) -> Item:
        self.items.append(item)
        return item


class Drives:
    """Of the tenant, by user."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._by_user: dict[str, Drive | None] = {}
        self.addresses_live = timedelta(minutes=10)
        self._addresses: dict[str, tuple[Item, datetime]] = {}
        self._issued = 0

    def of(self, user: str) -> Drive:
        """The user's drive, by the user's identifier. Raises Refusal where there is none."""
        found = self._by_user.setdefault(user, Drive(user))
        if found is None:
            raise Refusal(404, "ResourceNotFound", "User's mysite not found.")
        return found

    def take_away(self, user: str) -> None:
        """The user never opened OneDrive, or has no licence for it."""
        self._by_user[user] = None

    def drive(self, id: str) -> Drive:
        """By its own identifier. Raises Refusal."""
        for drive in self._by_user.values():
            if drive is not None and drive.id == id:
                return drive
        raise Refusal(404, "itemNotFound", "The resource could not be found.")

    def address(self, item: Item) -> str:
        """A path to download it from."""
        self._issued += 1
        path = f"/descarga/{self._issued}"
        self._addresses[path] = (item, self._tenant.clock() + self.addresses_live)
        return path

    def at(self, path: str) -> Item:
        """What is downloaded there. Raises Refusal."""
        item, until = self._addresses.get(path, (None, None))
        if item is None or until is None or self._tenant.clock() > until:
            raise Refusal(401, "unauthenticated", "The download URL has expired.")
        return item

    def expire(self) -> None:
        """No address that was given so far is good any more."""
        self._addresses.clear()


def _drive(tenant: Tenant, asked: Asked) -> Answer:
    user = tenant.people.alive(asked.match["user"])
    drive = tenant.part(Drives).of(user.id)
    return Answer(200, {"id": drive.id, "driveType": "business", "name": "OneDrive"})


def _delta(tenant: Tenant, asked: Asked) -> Answer:
    drives = tenant.part(Drives)
    drive = drives.drive(asked.match["drive"])
    items = drive.items[::-1] if drive.backwards else drive.items
    answer = paged(asked, items, lambda item: _described(drives, asked, drive, item))
    reply = dict(answer.json or {})
    if "@odata.nextLink" not in reply:
        reply["@odata.deltaLink"] = f"{asked.base}{asked.path}?token=latest"
    return Answer(200, reply)


def _item(tenant: Tenant, asked: Asked) -> Answer:
    drives = tenant.part(Drives)
    drive = drives.drive(asked.match["drive"])
    for item in drive.items:
        if item.id == unquote(asked.match["item"]):
            return Answer(200, _described(drives, asked, drive, item, address=True))
    raise Refusal(404, "itemNotFound", "The resource could not be found.")


def _described(drives: Drives, asked: Asked, drive: Drive, item: Item, *, address: bool = False) -> Body:
    found: dict[str, object] = {"id": item.id, "name": item.name, **item.facets}
    if item.parent is not None:
        found["parentReference"] = {"driveId": drive.id, "driveType": "business", "id": item.parent.id}
    if item.content is None:
        return found
    hashed = item.hash or item.content.quick_xor_hash
    found |= {
        "cTag": f'"c:{{{item.id}}},{item.version}"',
        "size": item.content.size,
        "file": {"mimeType": "application/octet-stream", "hashes": {"quickXorHash": hashed}},
    }
    if address and "malware" not in item.facets:
        found["@microsoft.graph.downloadUrl"] = asked.base.removesuffix("/v1.0") + drives.address(item)
    return found


def _download(tenant: Tenant, asked: Asked) -> Answer:
    item = tenant.part(Drives).at(asked.path)
    if item.when_read is not None:
        happens, item.when_read = item.when_read, None
        happens()
    content = item.content or Content(0)
    wanted = re.fullmatch(r"bytes=(\d+)-", asked.headers.get("range", ""))
    start = int(wanted[1]) if wanted else 0
    item.downloads += start == 0
    if start and start >= content.size:
        raise Refusal(416, "invalidRange", "The range is not satisfiable.")
    headers = {"Content-Length": str(content.size - start), "Content-Type": "application/octet-stream"}
    if wanted:
        headers["Content-Range"] = f"bytes {start}-{content.size - 1}/{content.size}"
    return Answer(206 if wanted else 200, headers=headers, stream=content.pieces(start))


_READ = ("Files.Read.All", "Files.ReadWrite.All")

ROUTES: tuple[Route, ...] = (
    Route("GET", r"/users/(?P<user>[^/]+)/drive", _drive, _READ),
    Route("GET", r"/drives/(?P<drive>[^/]+)/items/root/delta", _delta, _READ),
    Route("GET", r"/drives/(?P<drive>[^/]+)/items/(?P<item>[^/]+)", _item, _READ),
    Route("GET", r"/descarga/\d+", _download, open=True),
)
