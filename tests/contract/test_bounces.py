"""What every bounce box does: over a real IMAP server, a Maildir and Microsoft Graph (activity 4, control point)."""

import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from config.errors import Misconfigured, Target, Unreachable
from config.graph.connection import GraphConnection
from config.vocabulary import EmailAddress
from notify.bounces.graph import GraphBounces
from notify.bounces.imap import MOST_MAILS, ImapBounces, ImapReach
from notify.bounces.imap_words import instant, mailbox_name, search_day
from notify.bounces.maildir import MaildirBounces
from notify.bounces.none import NoBounces
from notify.bounces.port import BounceBox
from notify.mailer.smtp import SmtpMailer
from tests.contract.test_mailer import MESSAGE, smtp_settings
from tests.delivery_reports import MESSAGE_ID, OUT_OF_OFFICE, TO, exchange, exim, gmail, postfix
from tests.servers.certificates import Authority
from tests.servers.graph.faults import ErrorReply
from tests.servers.graph.sending import post_of
from tests.servers.graph.server import FakeGraph
from tests.servers.imap import Dovecot
from tests.servers.mail import Exim

pytestmark = pytest.mark.xdist_group("mail")


NOW = datetime(2026, 11, 24, 15, 30, tzinfo=UTC)
SERVICE = "gestion@entidad.gov.co"


@dataclass(slots=True)
class Remembered:
    """A memory that outlives a box, as the journal's does."""

    values: dict[str, str] = field(default_factory=dict)
    written: int = 0

    def get(self, key: str) -> str | None:
        """The value kept under a key."""
        return self.values.get(key)

    def put(self, key: str, value: str) -> None:
        """Keep a value under a key."""
        self.values[key] = value
        self.written += 1


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A mailbox under test: a new box on it, a delivery into it, and what a reading could change in it."""

    box: Callable[[], BounceBox]
    deliver: Callable[[bytes], object]
    seen: Callable[[], object]
    memory: Remembered


def reach(dovecot: Dovecot, **changes: Any) -> ImapReach:
    """Settings that reach the test server."""
    right = ImapReach(dovecot.host, dovecot.port, dovecot.user, dovecot.password, ca_file=dovecot.ca_file, timeout_seconds=10)
    return replace(right, **changes)


@pytest.fixture(params=["maildir", "imap", "graph"])
def mailbox(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Mailbox]:
    """Each mailbox in turn."""
    memory = Remembered()
    if request.param == "maildir":
        folder = tmp_path / "devueltos"
        (folder / "new").mkdir(parents=True)
        numbers = iter(range(10_000))

        def deliver(octets: bytes) -> None:
            number = next(numbers)
            file = folder / "new" / f"{number:06}.pruebas"
            file.write_bytes(octets)
            os.utime(file, (1_763_818_800 + number, 1_763_818_800 + number))

        yield Mailbox(lambda: MaildirBounces(folder, memory), deliver, lambda: sorted(folder.rglob("*")), memory)
    elif request.param == "graph":
        with FakeGraph(Authority("Autoridad de las pruebas de Graph")) as graph:
            post = post_of(graph.tenant)
            inbox = post.open(SERVICE)
            connection = GraphConnection(graph.reach(tmp_path), writable=False, sleep=lambda _: None)

            def receive(octets: bytes) -> None:
                post.put(inbox, octets, NOW + timedelta(minutes=len(inbox)))

            yield Mailbox(
                lambda: GraphBounces(connection, SERVICE, memory, clock=lambda: NOW),
                receive,
                lambda: [replace(mail) for mail in inbox],
                memory,
            )
            connection.close()
            assert graph.violations == []
    else:
        dovecot: Dovecot = request.getfixturevalue("dovecot")
        yield Mailbox(
            lambda: ImapBounces(reach(dovecot), memory, clock=lambda: datetime.now(UTC)), dovecot.deliver, dovecot.files, memory
        )


def test_returned_mails_are_found_among_others(mailbox: Mailbox) -> None:
    """Oldest first, each with what it reports; automatic answers and mails of people are passed over."""
    shapes = [
        exim(),
        OUT_OF_OFFICE,
        postfix(action="delayed", status="4.4.1"),
        b"Subject: Hola\r\n\r\nHola",
        exchange(),
        gmail(),
    ]
    for octets in shapes:
        mailbox.deliver(octets)
    box = mailbox.box()
    found = box.read()
    assert [(each.permanent, each.status) for each in found] == [
        (True, "5.0.0"), (False, "4.4.1"), (True, "5.1.10"), (True, "5.2.2"),
    ]  # fmt: skip
    assert {(each.message_id, each.recipient) for each in found} == {(MESSAGE_ID, TO)}
    assert len({each.key for each in found}) == 4
    assert all(each.arrived_at.tzinfo is not None and each.reason for each in found)
    box.close()
    box.close()


def test_what_was_not_taken_comes_again(mailbox: Mailbox) -> None:
    """A run that ends before `taken` reads the same again; what was taken never comes again, nor what was passed over."""
    for octets in (OUT_OF_OFFICE, exim(), postfix()):
        mailbox.deliver(octets)
    first = mailbox.box().read()
    box = mailbox.box()
    assert box.read() == first
    box.taken(first[:1])
    box.taken(first[:1])
    assert mailbox.box().read() == first[1:]
    box = mailbox.box()
    box.taken(box.read())
    assert mailbox.box().read() == ()
    mailbox.deliver(gmail())
    assert [each.status for each in mailbox.box().read()] == ["5.2.2"]


def test_reading_changes_nothing(mailbox: Mailbox) -> None:
    """Nothing is deleted, moved or marked as read."""
    mailbox.deliver(exim())
    mailbox.deliver(OUT_OF_OFFICE)
    before = mailbox.seen()
    box = mailbox.box()
    box.taken(box.read())
    assert mailbox.seen() == before


def test_a_poll_that_brings_nothing_writes_nothing(mailbox: Mailbox) -> None:
    """How far the mailbox was read is written down when it changes, not 288 times a day."""
    mailbox.deliver(exim())
    mailbox.deliver(OUT_OF_OFFICE)
    for _ in range(2):
        box = mailbox.box()
        box.taken(box.read())
    before = mailbox.memory.written
    for _ in range(3):
        box = mailbox.box()
        box.taken(box.read())
    assert mailbox.memory.written == before


def test_an_empty_mailbox_is_no_error(mailbox: Mailbox) -> None:
    """Nothing came back: nothing is read, nothing is wrong."""
    box = mailbox.box()
    assert box.read() == ()
    box.taken(())
    assert box.check() == ()


def test_what_is_hostile_stops_nothing(mailbox: Mailbox) -> None:
    """Whatever a stranger delivers, the report after it is read."""
    mailbox.deliver(b"Content-Type: multipart/report\r\n\r\n" + b"\xff" * 2_000_000)
    mailbox.deliver(b"Content-Type: multipart/report; boundary=x\r\n\r\n--x\r\nContent-Type: message/delivery-status\r\n\r\n")
    mailbox.deliver(exim())
    assert [each.status for each in mailbox.box().read()] == ["5.0.0"]


# Only a real server


def test_a_mailbox_made_anew_is_read_from_its_beginning(dovecot: Dovecot) -> None:
    """Another UIDVALIDITY: the numbers remembered mean nothing any more."""
    memory = Remembered()

    def box() -> ImapBounces:
        return ImapBounces(reach(dovecot), memory, clock=lambda: datetime.now(UTC))

    for _ in range(3):
        dovecot.deliver(exim())
    first = box()
    first.taken(first.read())
    dovecot.made_anew()
    dovecot.deliver(postfix())
    assert [each.status for each in box().read()] == ["5.1.1"]


def test_an_old_mailbox_is_not_read_whole_at_first(dovecot: Dovecot) -> None:
    """What came back long before the program was set up is nobody's business any more."""
    dovecot.deliver(exim())
    long_after = ImapBounces(reach(dovecot), Remembered(), clock=lambda: datetime.now(UTC) + timedelta(days=30))
    assert long_after.read() == ()


def test_more_than_a_runs_share_goes_on_in_the_next(dovecot: Dovecot) -> None:
    """Nothing is lost when there is much."""
    memory, number = Remembered(), MOST_MAILS + 20
    for _ in range(number):
        dovecot.deliver(OUT_OF_OFFICE)
    dovecot.deliver(exim())
    box = ImapBounces(reach(dovecot), memory, clock=lambda: datetime.now(UTC))
    assert box.read() == ()
    box.taken(())
    assert len(box.read()) == 1


@pytest.mark.parametrize(
    ("changes", "error", "said"),
    [
        ({"password": "otra"}, Misconfigured, "iniciar sesión"),
        ({"folder": "No hay «tal»"}, Misconfigured, "no se puede abrir la carpeta"),
        ({"ca_file": None}, Misconfigured, "no es de fiar"),
        ({"host": "127.0.0.1"}, Misconfigured, "no es de fiar"),
        ({"ca_file": Path("/no/hay.pem")}, Misconfigured, "no se puede leer"),
        ({"ca_file": Path(__file__)}, Misconfigured, "PEM"),
        ({"port": 1}, Unreachable, "No responde"),
        ({"host": "no-existe.invalid"}, Unreachable, "No responde"),
    ],
)
def test_a_wrong_setting_is_named(dovecot: Dovecot, changes: dict[str, object], error: type[Exception], said: str) -> None:
    """Certificate, name, password, port and folder: each has a message, the same in `doctor`."""
    box = ImapBounces(reach(dovecot, **changes), Remembered(), clock=lambda: datetime.now(UTC))
    with pytest.raises(error, match=said) as raised:
        box.read()
    assert getattr(raised.value, "target", None) is Target.BOUNCES
    assert dovecot.password not in str(raised.value)
    assert box.check() == (str(raised.value),)


@pytest.mark.exim
@pytest.mark.parametrize("confidential", [False, True])
def test_what_a_real_server_returns_is_understood(exim: Exim, dovecot: Dovecot, confidential: bool) -> None:
    """Sent over SMTP, accepted, returned by Exim, delivered into the mailbox and read over IMAP; a password does not return."""
    mailer = SmtpMailer(smtp_settings(exim), clock=lambda: datetime.now(UTC))
    mailer.send(replace(MESSAGE, to=EmailAddress("rebota@ejemplo.co"), confidential=confidential, text="Palabra-Clave47"))
    mailer.close()
    (returned,) = exim.messages(MESSAGE.sender)
    assert (b"Palabra-Clave47" in returned.as_bytes()) is not confidential
    dovecot.deliver(returned.as_bytes())
    (bounce,) = ImapBounces(reach(dovecot), Remembered(), clock=lambda: datetime.now(UTC)).read()
    assert (bounce.message_id, bounce.recipient) == (MESSAGE.message_id, "rebota@ejemplo.co")
    assert (bounce.permanent, bounce.status) == (True, "5.0.0")


# Only Microsoft Graph


def test_graph_is_asked_for_what_is_new(tmp_path: Path) -> None:
    """A mail that shows up late, within the hour, is found; one that Exchange cannot convert is passed over, once."""
    memory = Remembered()
    with FakeGraph(Authority("Autoridad de las pruebas de Graph")) as graph:
        post = post_of(graph.tenant)
        inbox = post.open(SERVICE)
        connection = GraphConnection(graph.reach(tmp_path), writable=False, sleep=lambda _: None)

        def read() -> list[str]:
            box = GraphBounces(connection, SERVICE, memory, clock=lambda: NOW)
            found = box.read()
            box.taken(found)
            return [each.status for each in found]

        post.put(inbox, OUT_OF_OFFICE, NOW)
        post.put(inbox, exim(), NOW + timedelta(minutes=30))
        assert read() == ["5.0.0"]
        post.put(inbox, postfix(), NOW + timedelta(minutes=10))
        assert (read(), read()) == (["5.1.1"], [])
        graph.faults.add(r"\$value$", ErrorReply(500, "ErrorMimeContentConversionFailed"))
        post.put(inbox, gmail(), NOW + timedelta(hours=2))
        assert (read(), read()) == ([], [])
        # What no machine sent is not read at all.
        assert len(graph.calls_of("GET", r".*/\$value")) == 3
        connection.close()
        assert graph.violations == []


def test_a_mailbox_that_is_not_there_says_so(tmp_path: Path) -> None:
    """The same at check and at read: never an empty list."""
    with FakeGraph(Authority("Autoridad de las pruebas de Graph")) as graph:
        connection = GraphConnection(graph.reach(tmp_path), writable=False, sleep=lambda _: None)
        box = GraphBounces(connection, SERVICE, Remembered(), clock=lambda: NOW)
        with pytest.raises(Misconfigured, match=r"gestion@entidad\.gov\.co") as raised:
            box.read()
        assert box.check() == (str(raised.value),)
        connection.close()


# Without any server


def test_a_maildir_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    """Something else in the way of the folder: a Spanish message, at check and at read."""
    (tmp_path / "devueltos").mkdir()
    (tmp_path / "devueltos" / "new").write_text("no soy una carpeta")
    box = MaildirBounces(tmp_path / "devueltos", Remembered())
    assert "No se puede leer la carpeta" in box.check()[0]
    with pytest.raises(Misconfigured, match="correos devueltos"):
        box.read()


def test_a_maildir_forgets_what_is_not_there_any_more(tmp_path: Path) -> None:
    """The memory does not grow for ever; a mail that a program marked as read is the same mail."""
    memory = Remembered()
    for name in ("new", "cur"):
        (tmp_path / name).mkdir()
    for number in range(3):
        (tmp_path / "new" / f"{number}.x").write_bytes(exim())
    box = MaildirBounces(tmp_path, memory)
    box.taken(box.read())
    (tmp_path / "new" / "0.x").unlink()
    (tmp_path / "new" / "1.x").rename(tmp_path / "cur" / "1.x:2,S")
    assert box.read() == ()
    box.taken(())
    assert list(memory.values.values()) == ['["1.x", "2.x"]']


def test_nothing_comes_back_where_nobody_reads() -> None:
    """The box of an installation that reads none."""
    box = NoBounces()
    box.taken(box.read())
    assert (box.read(), box.check()) == ((), ())
    box.close()


def test_imap_has_words_of_its_own() -> None:
    """Dates in English months, names in modified UTF-7, whatever this machine's language."""
    assert search_day(datetime(2026, 11, 2, 23, tzinfo=UTC)) == "02-Nov-2026"
    assert instant(" 2-Nov-2026 18:00:00 -0500") == datetime(2026, 11, 2, 23, tzinfo=UTC)
    assert instant("2-Xyz-2026 18:00:00 -0500") is None
    assert instant("99-Nov-2026 18:00:00 -0500") is None
    assert mailbox_name('INBOX/Años "x" & más') == '"INBOX/A&APE-os \\"x\\" &- m&AOE-s"'
