"""The backup from Microsoft 365: what its mail programs open, and what goes wrong on the way."""

import email
import email.policy
import json
import mailbox
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import vobject

from config.errors import Misconfigured, NotFound, Rejected, Transient
from provision.backup.manifest import read_manifest
from provision.backup.port import BackupPart, Manifest, UnderWay
from provision.cloud.port import CloudUserId
from tests.contract.backups_values import ADDRESS, CASE, listed, own_copies
from tests.contract.graph_backups import GraphBackupWorld, kept, taken
from tests.servers.graph.contents import Content
from tests.servers.graph.faults import Cut, ErrorReply, RawReply, throttled
from tests.servers.graph.mailboxes import Attachment, mime_of


@pytest.fixture
def world(tmp_path: Path) -> Iterator[GraphBackupWorld]:
    """Ana with her welcome message."""
    world = GraphBackupWorld(tmp_path)
    yield world
    world.close()


def test_a_mail_program_opens_every_folder(world: GraphBackupWorld) -> None:
    """Hidden ones, nested ones and empty ones too, through Python's Maildir; each message as it was, read or not."""
    projects = world.mailbox.folder("Año 2026.1 & más")
    nested = world.mailbox.folder("../Actas", projects)
    hidden = world.mailbox.folder("Historial", hidden=True)
    world.mailbox.folder("Vacía")
    world.mailbox.folder("Sin leer", search=True)
    sent = {
        "Ñandú": (projects, False),
        "=HYPERLINK(1)": (nested, True),
        "oculto": (hidden, True),
    }
    for subject, (folder, is_read) in sent.items():
        message = email.message.EmailMessage(policy=email.policy.SMTP)
        message["Subject"], message["From"] = subject, "Peña <p@example.org>"
        message.set_content(f"Cuerpo de {subject}: ñ\n")
        message.add_attachment(bytes(range(256)), maintype="application", subtype="pdf", filename="informe ñ.pdf")
        world.mailbox.put(subject, Content.of(message.as_bytes()), folder, is_read=is_read)
    manifest = taken(world)
    assert (manifest.items, manifest.not_converted) == (4, ())
    maildir = mailbox.Maildir(kept(world) / "correo", create=False)
    assert sorted(maildir.list_folders()) == [
        "A&APE-o 2026_1 _ m&AOE-s",
        "A&APE-o 2026_1 _ m&AOE-s._Actas",
        "Historial",
        "Vac&AO0-a",
    ]
    assert [message["Subject"] for message in maildir] == ["Bienvenida"]
    found = {}
    for name in maildir.list_folders():
        for message_ in maildir.get_folder(name):
            parsed = email.message_from_bytes(message_.as_bytes(), policy=email.policy.default)
            body = parsed.get_body()
            assert body is not None
            assert body.get_content() == f"Cuerpo de {parsed['Subject']}: ñ\n"
            (attachment,) = parsed.iter_attachments()
            assert (attachment.get_filename(), attachment.get_content()) == ("informe ñ.pdf", bytes(range(256)))
            found[str(parsed["Subject"])] = (name, message_.get_subdir())
    assert found == {
        "Ñandú": ("A&APE-o 2026_1 _ m&AOE-s", "new"),
        "=HYPERLINK(1)": ("A&APE-o 2026_1 _ m&AOE-s._Actas", "cur"),
        "oculto": ("Historial", "cur"),
    }
    manifest_file = read_manifest(kept(world))
    assert manifest_file is not None
    assert any("carpeta de búsqueda" in remark for remark in manifest_file[0].remarks)
    assert any("In-Place Archive" in remark for remark in manifest_file[0].remarks)
    assert all(copy.file.endswith(".eml") for copy in own_copies(kept(world)))


def test_a_message_without_mime_is_kept_raw(world: GraphBackupWorld) -> None:
    """Refused for good: its JSON and its attachments are there, and the manifest says so; nothing is tried twice."""
    attached = [
        Attachment("a1", "../Acta\0.pdf", Content.of(b"PDF")),
        Attachment("a2", "enlace", Content.of(b""), kind="reference"),
        Attachment("a3", "reenviado", Content.of(b"Subject: x\r\n\r\n"), kind="item"),
    ]
    world.mailbox.put("Dañado", Content.of(b""), unconvertible="ErrorMimeContentConversionFailed", attachments=attached)
    manifest = taken(world)
    assert manifest.items == 2
    (remark,) = manifest.not_converted
    assert remark.startswith(
        "«Dañado» (correo): Microsoft 365 no lo pudo convertir a MIME (ErrorMimeContentConversionFailed); "
    )
    (own,) = (copy for copy in own_copies(kept(world)) if copy.name == "Dañado")
    said = json.loads((kept(world) / own.file).read_bytes())
    assert (said["subject"], [each["name"] for each in said["attachments"]]) == ("Dañado", [each.name for each in attached])
    beside = {copy.name: (kept(world) / copy.file).read_bytes() for copy in listed(kept(world)) if copy.of == own.file}
    assert beside == {"../Acta\0.pdf": b"PDF", "reenviado": b"Subject: x\r\n\r\n"}
    assert len(world.graph.calls_of("GET", r".*/\$value")) == 2 + 2


def test_a_message_that_moves_meanwhile_is_copied_once(world: GraphBackupWorld) -> None:
    """Its identifier stays, because immutable ones are asked for."""
    message = world.mailbox.put("Viajero", mime_of("Viajero", 500))
    other = world.mailbox.folder("Otra")
    assert isinstance(world.backup(items_a_turn=1).take(CASE, world.ana, ADDRESS), UnderWay)
    world.mailbox.move(message, other)
    assert isinstance(world.backup(items_a_turn=1).take(CASE, world.ana, ADDRESS), Manifest)
    assert [copy.name for copy in own_copies(kept(world))].count("Viajero") == 1


def test_identifiers_that_change_in_mid_run(world: GraphBackupWorld) -> None:
    """What is gone under its old identifier is said, and its new self is in the backup."""
    world.mailbox.bulk(3, 400)
    assert isinstance(world.backup(items_a_turn=1).take(CASE, world.ana, ADDRESS), UnderWay)
    world.mailbox.renew_ids()
    manifest = taken(world)
    names = [copy.name for copy in own_copies(kept(world))]
    assert {"Mensaje 0", "Mensaje 1", "Mensaje 2", "Bienvenida.eml"} <= set(names)
    assert all("ya no estaba en el buzón" in remark for remark in manifest.not_converted)


def test_throttling_is_waited_out_and_four_at_once_is_the_most(world: GraphBackupWorld) -> None:
    """429, 503 and 504 with Retry-After, broken gateways and cut replies cost nothing but time."""
    world.mailbox.bulk(40, 3000)
    for number in range(4):
        world.put(BackupPart.CONTACTS, f"Persona {number}", b"nota")
    world.graph.faults.add(r"/\$value", throttled(), times=2)
    world.graph.faults.add(r"/messages$", throttled(503))
    world.graph.faults.add("/contacts", throttled(504, None))
    world.graph.faults.add(r"/\$value", Cut(after_bytes=100), after_calls=9, times=2)
    world.graph.faults.add("/calendars", RawReply(502))
    manifest: Manifest | None = None
    for _ in range(4):
        try:
            manifest = taken(world)
            break
        except Transient:
            continue
    assert manifest is not None
    assert (manifest.items, manifest.not_converted) == (45, ())
    assert world.graph.faults.left == 0
    assert world.graph.most_at_once <= 4


def test_a_long_pause_that_microsoft_asks_for_is_the_next_turns(world: GraphBackupWorld) -> None:
    """Longer than a request waits: the turn ends, and says when to look again."""
    world.mailbox.bulk(3, 300)
    world.graph.faults.add(r"/\$value", throttled(429, "600"))
    answer = world.backup(items_a_turn=None).take(CASE, world.ana, ADDRESS)
    assert isinstance(answer, UnderWay)
    assert answer.look_again_after == timedelta(minutes=10)
    assert taken(world).items == 4


def test_one_message_that_fails_again_and_again_stops_no_other(world: GraphBackupWorld) -> None:
    """All the others are copied before the trouble is told; when it is over, that one alone is copied."""
    world.mailbox.bulk(6, 500)
    broken = world.mailbox.messages()[3]
    world.graph.faults.add(rf"/{broken.id}/\$value", ErrorReply(500, "ErrorInternalServerError"), times=6)
    with pytest.raises(Transient):
        taken(world)
    before = len(world.graph.calls_of("GET", r".*/\$value"))
    world.graph.faults.clear()
    assert taken(world).items == 7
    assert len(world.graph.calls_of("GET", r".*/\$value")) == before + 1


def test_a_missing_permission_is_never_an_empty_backup(world: GraphBackupWorld) -> None:
    """It is said by the call that needs it, and there is no manifest."""
    world.graph.tokens.roles -= {"Calendars.Read"}
    with pytest.raises(Misconfigured, match="calendars"):
        taken(world)
    with pytest.raises(NotFound):
        world.backup().verify(CASE)


def test_somebody_unknown_has_no_backup(world: GraphBackupWorld) -> None:
    """Nothing is made on the disk."""
    with pytest.raises(NotFound, match="no conoce"):
        world.backup().take(CASE, CloudUserId("de nadie/.."), ADDRESS)
    assert not world.folder.exists()


def test_events_and_contacts_can_be_imported(world: GraphBackupWorld) -> None:
    """One .ics for each calendar and one .vcf for each list, read by another library; their raw JSON is beside them."""
    world.agenda.put("Comité")
    lunar = {"pattern": {"type": "lunar", "interval": 1}, "range": {"type": "noEnd"}}
    world.agenda.put("Imposible", recurrence=lunar, type="seriesMaster")
    world.agenda.put("Otro", world.agenda.calendar("Personal"), [Attachment("a", "Orden.pdf", Content.of(b"PDF"))])
    world.agenda.put("Gemela", world.agenda.calendar("personal"))
    clients = world.contacts.folder("Clientes")
    world.contacts.put("Peña", world.contacts.folder("Nuevos", clients.id))
    manifest = taken(world)
    (remark,) = manifest.not_converted
    raw = next(copy.file for copy in own_copies(kept(world)) if copy.name == "Imposible")
    assert remark.startswith(
        "«Imposible» (calendario): no se pudo escribir como iCalendar (la repetición «lunar» no se conoce)"
    )
    assert raw in remark
    found = {path.name: vobject.readOne(path.read_text()) for path in kept(world).glob("calendario/*.ics")}
    assert sorted(found)[:2] == ["Calendario.ics", "Personal.ics"]
    assert [event.summary.value for calendar in found.values() for event in calendar.vevent_list] != []
    assert [event.summary.value for event in found["Calendario.ics"].vevent_list] == ["Comité"]
    (card,) = (vobject.readOne(path.read_text()) for path in kept(world).glob("contactos/*.vcf"))
    assert card.fn.value == "Peña"
    (attached,) = (copy for copy in listed(kept(world)) if copy.name == "Orden.pdf")
    assert (kept(world) / attached.file).read_bytes() == b"PDF"


def test_a_mailbox_that_disappears_in_mid_run_is_never_an_empty_one(world: GraphBackupWorld) -> None:
    """Its licence was removed, or its user deleted: a person looks; back again, the backup goes on where it was."""
    world.mailbox.bulk(4, 300)
    world.drive.file("a.txt", Content.of(b"a"))
    assert isinstance(world.backup(items_a_turn=2).take(CASE, world.ana, ADDRESS), UnderWay)
    user = world.graph.tenant.people.alive(world.ana)
    since, user.mailbox_since = user.mailbox_since, None
    with pytest.raises(Rejected, match="dejó de responder"):
        taken(world)
    user.mailbox_since = since
    world.graph.faults.add(r"/\$value", ErrorReply(404, "MailboxNotEnabledForRESTAPI"))
    with pytest.raises(Rejected, match="dejó de responder"):
        taken(world)
    assert (taken(world).items, taken(world).not_converted) == (6, ())
