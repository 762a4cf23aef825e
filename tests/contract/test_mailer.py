"""What every mailer does, over a real SMTP server and over a Maildir (activity 4: the report and the access data)."""

import resource
import signal
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.message import EmailMessage
from pathlib import Path
from typing import Any, Protocol

import pytest

from config.errors import Misconfigured, RecipientRefused, Transient, WriteRefused
from config.graph.connection import GraphConnection
from config.vocabulary import EmailAddress
from notify.mailer.graph import GraphMailer
from notify.mailer.maildir import MaildirMailer
from notify.mailer.port import Mailer, Message
from notify.mailer.smtp import SmtpMailer, SmtpSettings
from tests.servers.certificates import Authority
from tests.servers.graph.faults import ErrorReply
from tests.servers.graph.sending import Mail, Post, post_of
from tests.servers.graph.server import FakeGraph
from tests.servers.mail import Exim, parsed

NOW = datetime(2026, 11, 24, 15, 30, tzinfo=UTC)

MESSAGE = Message(
    message_id="<GU-2026-000123.report.1@entidad.gov.co>",
    sender_name="Gestión de Usuarios, «EPN»",
    sender=EmailAddress("gestion.usuarios@entidad.gov.co"),
    to=EmailAddress("solicitante@entidad.gov.co"),
    subject="[GU-2026-000123] Solicitud atendida: Creación de cuenta - María Núñez O'Brien",
    text="Buen día, señora Núñez:\n.\n.punto al comienzo\n\nÑandú — «comillas»\n",
    html='<!doctype html><html lang="es"><body><p>Señora Núñez &amp; O\'Brien</p></body></html>\n',
    reply_to=EmailAddress("mesadeservicio@entidad.gov.co"),
    in_reply_to="<GU-2026-000123.correction.1@entidad.gov.co>",
)


class MailerFactory(Protocol):
    """Makes one more mailer on the same transport."""

    def __call__(self, *, writable: bool = True, stop_point: Callable[[str], None] = ...) -> Mailer:
        """A mailer of its own."""
        ...


@dataclass(frozen=True, slots=True)
class Transport:
    """A transport under test, and what arrived through it."""

    mailer: MailerFactory
    delivered: Callable[[], list[EmailMessage]]
    knows_what_it_sent: bool
    knows_what_it_did_not: bool


@dataclass(slots=True)
class GraphPost:
    """The sender's mailbox in a tenant of its own."""

    graph: FakeGraph
    folder: Path
    connections: list[GraphConnection]

    @property
    def post(self) -> Post:
        """What the tenant sent and keeps."""
        return post_of(self.graph.tenant)

    def mailer(self, *, writable: bool = True, stop_point: Callable[[str], None] = lambda _: None) -> Mailer:
        """One more mailer on a connection of its own."""
        connection = GraphConnection(self.graph.reach(self.folder), writable=writable, sleep=lambda _: None)
        self.connections.append(connection)
        return GraphMailer(connection, MESSAGE.sender, clock=lambda: NOW, writable=writable, stop_point=stop_point)

    def delivered(self) -> list[EmailMessage]:
        """What went out."""
        return [parsed(octets) for octets in self.post.delivered]

    def kept(self) -> list[Mail]:
        """What lies in the sender's mailbox."""
        return self.post.of(MESSAGE.sender)


@pytest.fixture
def graph_post(tmp_path: Path) -> Iterator[GraphPost]:
    """A tenant whose only mailbox is the sender's; nothing that Graph would not take is sent to it."""
    with FakeGraph(Authority("Autoridad de las pruebas de Graph")) as graph:
        made = GraphPost(graph, tmp_path, [])
        made.post.open(MESSAGE.sender)
        yield made
        for connection in made.connections:
            connection.close()
        assert graph.violations == []


def smtp_settings(exim: Exim, **changes: Any) -> SmtpSettings:
    """Settings that reach the test server."""
    right = SmtpSettings(exim.host, exim.port, "starttls", exim.user, exim.password, exim.ca_file, 10, "pruebas.localhost")
    return replace(right, **changes)


@pytest.fixture(
    params=["maildir", "graph", pytest.param("starttls", marks=pytest.mark.exim), pytest.param("tls", marks=pytest.mark.exim)]
)
def transport(request: pytest.FixtureRequest, tmp_path: Path) -> Transport:
    """Each transport in turn."""
    if request.param == "maildir":
        folder = tmp_path / "correo"

        def to_maildir(*, writable: bool = True, stop_point: Callable[[str], None] = lambda _: None) -> Mailer:
            return MaildirMailer(folder, clock=lambda: NOW, writable=writable, stop_point=stop_point)

        def in_maildir() -> list[EmailMessage]:
            return [parsed(file.read_bytes()) for file in (folder / "new").glob("*")]

        return Transport(to_maildir, in_maildir, knows_what_it_sent=True, knows_what_it_did_not=True)
    if request.param == "graph":
        graph: GraphPost = request.getfixturevalue("graph_post")
        return Transport(graph.mailer, graph.delivered, knows_what_it_sent=True, knows_what_it_did_not=False)
    exim: Exim = request.getfixturevalue("exim")
    settings = smtp_settings(exim) if request.param == "starttls" else smtp_settings(exim, port=exim.tls_port, security="tls")

    def to_server(*, writable: bool = True, stop_point: Callable[[str], None] = lambda _: None) -> Mailer:
        return SmtpMailer(settings, clock=lambda: NOW, writable=writable, stop_point=stop_point)

    return Transport(to_server, exim.messages, knows_what_it_sent=False, knows_what_it_did_not=False)


def body_of(mail: EmailMessage, subtype: str) -> str:
    """One of the two alternatives, decoded."""
    part = mail.get_body((subtype,))
    assert part is not None
    content = part.get_content()
    assert isinstance(content, str)
    return content.replace("\r\n", "\n")


def test_what_was_sent_is_what_arrives(transport: Transport) -> None:
    """Subject, names, text and HTML arrive letter by letter, with accents and leading dots."""
    mailer = transport.mailer()
    mailer.send(MESSAGE)
    mailer.close()
    (mail,) = transport.delivered()
    assert mail["Subject"] == MESSAGE.subject
    assert mail["From"].addresses[0].display_name == MESSAGE.sender_name
    assert mail["From"].addresses[0].addr_spec == MESSAGE.sender
    assert mail["To"] == MESSAGE.to
    assert mail["Reply-To"] == MESSAGE.reply_to
    assert body_of(mail, "plain") == MESSAGE.text
    assert body_of(mail, "html") == MESSAGE.html
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert not mail.defects


def test_headers_identify_the_message_and_the_conversation(transport: Transport) -> None:
    """Message-ID, date and thread are ours, and no vacation reply may answer."""
    mailer = transport.mailer()
    mailer.send(MESSAGE)
    mailer.close()
    (mail,) = transport.delivered()
    assert mail["Message-ID"] == MESSAGE.message_id
    assert mail["In-Reply-To"] == mail["References"] == MESSAGE.in_reply_to
    assert mail["Date"].datetime == NOW
    assert mail["Auto-Submitted"] == "auto-generated"
    assert "NDR" not in mail["X-Auto-Response-Suppress"].split(", ")


def test_several_messages_on_one_connection(transport: Transport) -> None:
    """A run sends all its mails with one mailer."""
    mailer = transport.mailer()
    for number in range(5):
        mailer.send(replace(MESSAGE, message_id=f"<GU-2026-{number:06}.report.1@entidad.gov.co>"))
    mailer.close()
    assert len({mail["Message-ID"] for mail in transport.delivered()}) == 5


def test_a_name_cannot_add_a_header(transport: Transport) -> None:
    """Line breaks in a subject or a name become spaces: no Bcc is born."""
    mailer = transport.mailer()
    mailer.send(replace(MESSAGE, subject="Ana\r\nBcc: x@evil.example\x00", sender_name="Mesa\nBcc: x@evil.example"))
    mailer.close()
    (mail,) = transport.delivered()
    assert mail["Bcc"] is None
    assert mail["Subject"] == "Ana Bcc: x@evil.example"


@pytest.mark.parametrize(
    "address",
    [
        "ana@ejemplo.co\r\nRCPT TO:<x@evil.example>",
        "ana perez@ejemplo.co",
        "ñandú@ejemplo.co",
        "",
        "a" * 10_000 + "@b.co",
        "a@b"[:2],
    ],
)
def test_an_address_that_is_none_is_refused_before_anything_leaves(transport: Transport, address: str) -> None:
    """Activity 4, "¿Reporte exitoso? No": the address is to be corrected, and nothing was delivered."""
    mailer = transport.mailer()
    with pytest.raises(RecipientRefused, match="no es una dirección"):
        mailer.send(replace(MESSAGE, to=EmailAddress(address)))
    mailer.send(MESSAGE)
    mailer.close()
    assert len(transport.delivered()) == 1


def test_dry_run_sends_nothing(transport: Transport) -> None:
    """The transport itself refuses to write, and says what would be sent without its content."""
    mailer = transport.mailer(writable=False)
    with pytest.raises(WriteRefused, match=r"solicitante@entidad\.gov\.co") as refused:
        mailer.send(MESSAGE)
    mailer.close()
    assert "señora" not in str(refused.value)
    assert transport.delivered() == []


def test_the_stop_point_comes_after_acceptance(transport: Transport) -> None:
    """A crash at "mail.sent" leaves the message delivered; the next run is told, where the transport can know."""

    def crash(name: str) -> None:
        if name == "mail.sent":
            raise KeyboardInterrupt

    mailer = transport.mailer(stop_point=crash)
    with pytest.raises(KeyboardInterrupt):
        mailer.send(MESSAGE)
    mailer.close()
    assert len(transport.delivered()) == 1
    survivor = transport.mailer()
    assert survivor.already_sent(MESSAGE.message_id) is (True if transport.knows_what_it_sent else None)
    assert survivor.already_sent("<GU-2026-000999.report.1@entidad.gov.co>") is (
        False if transport.knows_what_it_did_not else None
    )


def test_nothing_is_wrong_with_a_working_transport(transport: Transport) -> None:
    """`gestion doctor` has nothing to say, and sends nothing; closing twice is no error."""
    mailer = transport.mailer()
    assert mailer.check() == ()
    mailer.close()
    mailer.close()
    assert transport.delivered() == []


# Only Microsoft Graph


def test_what_is_sent_again_goes_out_once(graph_post: GraphPost) -> None:
    """The sent item is found by its Message-ID."""
    for _ in range(2):
        graph_post.mailer().send(MESSAGE)
    assert len(graph_post.delivered()) == 1
    assert len(graph_post.kept()) == 1


def test_a_draft_that_a_crash_left_behind_is_sent(graph_post: GraphPost) -> None:
    """Stopped between the draft and its sending: the next attempt sends that draft and makes no other."""

    def crash(name: str) -> None:
        if name == "mail.drafted":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        graph_post.mailer(stop_point=crash).send(MESSAGE)
    assert graph_post.delivered() == []
    survivor = graph_post.mailer()
    assert survivor.already_sent(MESSAGE.message_id) is None
    survivor.send(MESSAGE)
    assert len(graph_post.delivered()) == 1
    assert [mail.is_draft for mail in graph_post.kept()] == [False]


def test_a_password_leaves_no_copy(graph_post: GraphPost) -> None:
    """Neither a draft nor a sent item; our Message-ID travels in a header that a delivery report brings back."""
    graph_post.mailer().send(replace(MESSAGE, confidential=True))
    (mail,) = graph_post.delivered()
    assert graph_post.kept() == []
    assert mail["X-Gestion-Message-ID"] == MESSAGE.message_id
    assert (mail["To"], mail["Subject"]) == (MESSAGE.to, MESSAGE.subject)
    assert "Señora Núñez" in mail.get_content()


@pytest.mark.parametrize("confidential", [False, True])
def test_graph_tells_a_refused_recipient(graph_post: GraphPost, confidential: bool) -> None:
    """Activity 4, "¿Reporte exitoso? No": the address is to be corrected; the next mail goes out."""
    graph_post.post.refused.add("noexiste@ejemplo.co")
    mailer = graph_post.mailer()
    refused = replace(MESSAGE, to=EmailAddress("noexiste@ejemplo.co"), confidential=confidential)
    with pytest.raises(RecipientRefused, match="rechazó"):
        mailer.send(refused)
    mailer.send(replace(MESSAGE, message_id="<otro@entidad.gov.co>"))
    assert len(graph_post.delivered()) == 1


def test_a_sender_without_a_mailbox_is_our_fault(graph_post: GraphPost) -> None:
    """The policy's sender is to be mended, not the requester's address; `doctor` says the same."""
    graph_post.post.mailboxes.clear()
    mailer = graph_post.mailer()
    for message in (MESSAGE, replace(MESSAGE, confidential=True)):
        with pytest.raises(Misconfigured, match="no tiene un buzón") as raised:
            mailer.send(message)
        assert mailer.check() == (str(raised.value),)


def test_an_acceptance_that_got_lost_is_found(graph_post: GraphPost) -> None:
    """The draft was sent and the answer never came: sent again, it goes out once."""
    graph_post.graph.faults.add(r"POST .*/send$", ErrorReply(504, "gatewayTimeout", applied=True))
    mailer = graph_post.mailer()
    with pytest.raises(Transient):
        mailer.send(MESSAGE)
    mailer.send(MESSAGE)
    assert len(graph_post.delivered()) == 1


# Only a Maildir


def test_sending_again_is_once(tmp_path: Path) -> None:
    """The same Message-ID is one file, even after a mail program has filed it as read."""
    mailer = MaildirMailer(tmp_path / "correo", clock=lambda: NOW)
    mailer.send(MESSAGE)
    mailer.send(MESSAGE)
    (file,) = (tmp_path / "correo" / "new").iterdir()
    file.rename(tmp_path / "correo" / "cur" / f"{file.name}:2,S")
    assert mailer.already_sent(MESSAGE.message_id)
    mailer.send(MESSAGE)
    assert not list((tmp_path / "correo" / "new").iterdir())


def test_a_password_is_readable_by_its_owner_only(tmp_path: Path) -> None:
    """Files are 0600 in folders of 0700, and a draft that a crash left behind is removed."""
    folder = tmp_path / "correo"
    mailer = MaildirMailer(folder, clock=lambda: NOW)
    mailer.send(MESSAGE)
    (file,) = (folder / "new").iterdir()
    (folder / "tmp" / f"{file.name}.0123").write_text("a draft with a password")
    file.unlink()
    mailer.send(replace(MESSAGE, confidential=True))
    (file,) = (folder / "new").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert {stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.glob("*"))} == {0o700}
    assert not list((folder / "tmp").iterdir())


def test_a_maildir_that_cannot_be_written_says_so(tmp_path: Path) -> None:
    """A file in the way of the folder stops the mails with a Spanish message, at check and at send."""
    (tmp_path / "correo").write_text("no soy una carpeta")
    mailer = MaildirMailer(tmp_path / "correo", clock=lambda: NOW)
    assert "No se puede escribir" in mailer.check()[0]
    with pytest.raises(Misconfigured, match="carpeta de correos"):
        mailer.send(MESSAGE)


def test_a_full_disk_leaves_no_half_message(tmp_path: Path) -> None:
    """When a write is cut short the send fails, and nothing seems to have been delivered."""
    mailer = MaildirMailer(tmp_path / "correo", clock=lambda: NOW)
    # A limit on the size of files is the nearest thing to a full disk that needs no mount.
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    former = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, limits[1]))
    try:
        with pytest.raises(Misconfigured, match="carpeta de correos"):
            mailer.send(MESSAGE)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, former)
    assert mailer.already_sent(MESSAGE.message_id) is False
    assert not list((tmp_path / "correo" / "tmp").iterdir())
