"""Which delivery reports a run believes: ours by its seal, of a mail that the journal knows, to the address it went to."""

from datetime import timedelta
from pathlib import Path

import pytest

from config.vocabulary import CaseNumber, EmailAddress
from intake.bounces import hear_of_bounces
from intake.mail_names import mail_name, told_by, told_line
from intake.run import RunReport
from provision.journal.mails import MailSeal
from provision.journal.store import Journal
from tests.delivery_reports import exchange, gmail, postfix
from tests.secrecy import delivered
from tests.world import CONTRACTOR, World

BOSS = "jefe.ogi@upme.gov.co"
PERSON = "jose.munoz@gmail.com"
READY_CLOUD = {
    "kind": "embedded",
    "path": "nube.db",
    "seats": {"STANDARDPACK": 5, "EXCHANGESTANDARD": 2, "SPE_F1": 2},
    "sync_minutes": 0,
    "mailbox_minutes": 0,
}
"""A cloud that has everything ready as soon as it is looked at again."""


@pytest.fixture
def world(tmp_path: Path) -> World:
    """A case whose access data and report went out; what comes back lies in a Maildir."""
    made = World(tmp_path, sections={"bounces": {"kind": "maildir", "path": "devueltos"}, "cloud": READY_CLOUD})
    made.submit(CONTRACTOR, BOSS)
    attended(made)
    return made


def attended(world: World) -> None:
    """Run until the case was reported."""
    while not any(shown.request.attended_at for shown in world.cases()):
        world.run()
        world.clock.advance(timedelta(minutes=10))


def message_id(world: World, to: str) -> str:
    """Of the newest mail to an address."""
    return str([mail for mail in delivered(world.path("correo")) if mail["To"] == to][-1]["Message-ID"])


def returned(world: World, octets: bytes) -> list[str]:
    """What the story says of a report that arrives, once the next runs have read it; twice is once."""
    folder = world.path("devueltos") / "new"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{len(list(folder.iterdir()))}.x").write_bytes(octets)
    (shown,) = world.cases()
    before = len(world.story(shown.request.case).history)
    world.run()
    world.run()
    return [line.title for line in world.story(shown.request.case).history[before:]]


def test_a_true_report_is_heard_once(world: World) -> None:
    """Whatever server wrote it."""
    told = returned(world, gmail(message_id(world, PERSON), PERSON, status="5.1.1"))
    assert told.count("Correo devuelto") == 1
    assert "Requiere corrección" in told


def test_who_never_saw_the_mail_is_not_believed(world: World) -> None:
    """The case number is no secret, and the rest of a Message-ID can be guessed; the seal cannot, and fits one mail only."""
    local_part, _, domain = message_id(world, PERSON).strip("<>").partition("@")
    name, seal = local_part.rsplit(".", 1)
    for forged in (
        f"{name}.{'0' * 24}",
        f"{name.replace('issue-access', 'report')}.{seal}",
        f"{name.replace('000001', '000002')}.{seal}",
        f"{name}.1.{seal}",
        name,
    ):
        assert returned(world, postfix(f"<{forged}@{domain}>", PERSON)) == [], forged


def test_another_address_is_not_believed(world: World) -> None:
    """Whoever got the report knows its Message-ID: it tells nothing of the mail to somebody else."""
    assert returned(world, postfix(message_id(world, PERSON), "otra@correo.example")) == []
    assert returned(world, exchange(message_id(world, BOSS), PERSON)) == []
    assert "bounce.mismatch" in world.path("gestion.log").read_text(encoding="utf-8")


def test_a_delay_is_in_the_story(world: World) -> None:
    """And nothing else happens."""
    assert returned(world, postfix(message_id(world, PERSON), PERSON, action="delayed", status="4.4.1")) == ["Correo demorado"]


def test_a_mailbox_that_is_down_stops_nothing(world: World) -> None:
    """It is a problem of the run, which goes on; the report is read when the mailbox is back."""
    world.path("devueltos").mkdir()
    (world.path("devueltos") / "new").write_text("no es una carpeta", encoding="utf-8")
    world.submit(CONTRACTOR, BOSS, document_number="79555666", given_names="Ana")
    report = world.run()
    assert ["correos devueltos" in str(problem) for problem in report.problems] == [True]
    assert len(report.reception.opened) == 1
    (world.path("devueltos") / "new").unlink()
    installation = world.installation()
    try:
        hear_of_bounces(installation, again := RunReport())
    finally:
        installation.close()
    assert again.problems == []


def test_a_run_that_ends_before_it_marks_them_hears_them_again(world: World) -> None:
    """Once, however often."""

    def crash(name: str) -> None:
        if name == "bounces.heard":
            raise KeyboardInterrupt

    world.stop_point = crash
    with pytest.raises(KeyboardInterrupt):
        returned(world, gmail(message_id(world, PERSON), PERSON))
    world.stop_point = lambda name: None
    world.run()
    (shown,) = world.cases()
    titles = [line.title for line in world.story(shown.request.case).history]
    assert titles.count("Correo devuelto") == titles.count("Anular los datos de acceso devueltos") == 1


def test_a_seal_is_the_journals(tmp_path: Path) -> None:
    """The same in every process of an installation, and no other installation's."""
    one, other = (Journal.open(f"sqlite:///{tmp_path / name}") for name in ("uno.db", "otro.db"))
    name = mail_name(CaseNumber("GU-2026-000001"), "ISSUE_ACCESS", "1.1")
    seals = {MailSeal(one)(name), MailSeal(one)(name)}
    assert len(seals) == 1
    assert MailSeal(other)(name) not in seals
    assert MailSeal(one).is_of(name, *seals)
    one.close()
    other.close()


def test_the_story_can_be_read_back() -> None:
    """To whom a mail went, and to nobody for any other line."""
    told = (EmailAddress("a@b.co"), EmailAddress("c@d.co"))
    assert told_by(told_line(told, "[GU-1] Aviso: algo, y más")) == told
    assert told_by("Ya se había enviado.") == told_by(told_line((), "x")) == ()
