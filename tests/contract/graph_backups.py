"""Microsoft 365 as a world of the backups' contract suite: a fake Graph on loopback, with Ana's and Luis' mailboxes."""

import json
import uuid
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from pathlib import Path

from config.clock import SimulatedClock
from config.graph.connection import GraphConnection
from config.stop_point import StopPoint, let_go
from config.vocabulary import CaseNumber
from provision.backup.graph import GraphBackup
from provision.backup.manifest import Copy
from provision.backup.port import BackupPart, Manifest
from provision.cloud.port import CloudUserId
from tests.contract.backups_values import A_TURN, ADDRESS, CASE, own_copies
from tests.contract.clouds import MORNING
from tests.servers.certificates import Authority
from tests.servers.graph.calendars import Agenda, Agendas
from tests.servers.graph.contacts import AddressBook, AddressBooks
from tests.servers.graph.contents import Content
from tests.servers.graph.drives import Drive, Drives
from tests.servers.graph.mailboxes import Mailbox, Mailboxes
from tests.servers.graph.people import OnPremises, User
from tests.servers.graph.server import FakeGraph
from tests.servers.graph.tenant import Tenant

WELCOME = "Subject: Bienvenida\r\n\r\nSu buzón está listo.\r\n".encode()


@lru_cache(maxsize=1)
def authority() -> Authority:
    """Making a key takes longer than a test."""
    return Authority("Autoridad de las pruebas")


def add_user(tenant: Tenant, login: str, mail: str) -> CloudUserId:
    """Somebody with a mailbox that answers."""
    now = tenant.clock()
    source = OnPremises(str(uuid.uuid5(uuid.NAMESPACE_DNS, login)), login, mail)
    key = str(uuid.uuid5(uuid.NAMESPACE_URL, login))
    tenant.people.users.append(User(key, source, now, "CO", mailbox_since=now - timedelta(days=300)))
    return CloudUserId(key)


@dataclass
class GraphBackupWorld:
    """Over the fake Graph; `close` stops it."""

    root: Path
    graph: FakeGraph = field(init=False)

    def __post_init__(self) -> None:
        self.clock = SimulatedClock(MORNING)
        self.folder = self.root / "backups"
        self.graph = FakeGraph(authority(), Tenant(self.clock)).start()
        self.ana = add_user(self.graph.tenant, "ana", ADDRESS)
        self.luis = add_user(self.graph.tenant, "luis", "luis@entidad.gov.co")
        self.connection = GraphConnection(self.graph.reach(self.root), sleep=lambda seconds: None)
        self.mailbox.put("Bienvenida.eml", Content.of(WELCOME))

    def close(self) -> None:
        """Stop the server; it must have nothing to complain of."""
        self.connection.close()
        self.graph.stop()
        assert self.graph.violations == []

    @property
    def mailbox(self) -> Mailbox:
        """Ana's mail."""
        return self.graph.tenant.part(Mailboxes).of(self.ana)

    @property
    def agenda(self) -> Agenda:
        """Ana's calendars."""
        return self.graph.tenant.part(Agendas).of(self.ana)

    @property
    def contacts(self) -> AddressBook:
        """Ana's contacts."""
        return self.graph.tenant.part(AddressBooks).of(self.ana)

    @property
    def drive(self) -> Drive:
        """Ana's OneDrive."""
        return self.graph.tenant.part(Drives).of(self.ana)

    def backup(
        self, *, writable: bool = True, stop_point: StopPoint = let_go, items_a_turn: int | None = A_TURN
    ) -> GraphBackup:
        """The adapter, as a run makes it."""
        return GraphBackup(
            self.folder, self.connection, self.clock, writable=writable, stop_point=stop_point, items_a_turn=items_a_turn
        )

    def put(self, part: BackupPart, name: str, content: bytes) -> None:
        """Ana receives an item, or it is changed."""
        match part:
            case BackupPart.MAIL:
                old = next((each for each in self.mailbox.messages() if each.subject == name), None)
                if old is None:
                    self.mailbox.put(name, Content.of(content))
                else:
                    old.content = Content.of(content)
            case BackupPart.CALENDAR:
                body = {"contentType": "text", "content": content.decode()}
                event = next((each for each in self.agenda.calendars[0].events if each.said["subject"] == name), None)
                if event is None:
                    self.agenda.put(name, body=body)
                else:
                    event.said["body"] = body
            case BackupPart.CONTACTS:
                self.contacts.put(name, personalNotes=content.decode())
            case BackupPart.FILES:
                self.drive.file(name, Content.of(content))

    def remove(self, part: BackupPart, name: str) -> None:
        """Ana deletes an item."""
        if part is BackupPart.MAIL:
            self.mailbox.remove(next(each for each in self.mailbox.messages() if each.subject == name))
        else:
            folder = self.contacts.default
            folder.contacts[:] = [contact for contact in folder.contacts if contact["displayName"] != name]

    def copies(self, case: CaseNumber = CASE) -> dict[tuple[str, str], bytes]:
        """What was copied: of events and contacts the text that was put into them."""
        kept = self.folder / case
        return {(copy.part, copy.name): _content(copy.part, (kept / copy.file).read_bytes()) for copy in own_copies(kept)}


def _content(part: BackupPart, octets: bytes) -> bytes:
    match part:
        case BackupPart.CALENDAR:
            return str(json.loads(octets)["body"]["content"]).encode()
        case BackupPart.CONTACTS:
            return str(json.loads(octets)["personalNotes"]).encode()
        case BackupPart.MAIL | BackupPart.FILES:
            return octets


def taken(world: GraphBackupWorld, case: CaseNumber = CASE) -> Manifest:
    """Ana's backup, at once, and verified."""
    manifest = world.backup(items_a_turn=None).take(case, world.ana, ADDRESS)
    assert isinstance(manifest, Manifest)
    assert world.backup().verify(case) == manifest
    return manifest


def kept(world: GraphBackupWorld) -> Path:
    """The case's folder."""
    return world.folder / CASE


def files_of(world: GraphBackupWorld) -> dict[str, Copy]:
    """OneDrive's copies by their place below their part's folder."""
    return {copy.file.partition("/")[2]: copy for copy in own_copies(kept(world)) if copy.part is BackupPart.FILES}
