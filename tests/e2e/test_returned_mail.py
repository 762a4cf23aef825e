"""Access data that a real server accepts and returns, read from a real mailbox: the case goes to correction (activity 4)."""

from pathlib import Path

import pytest

from provision.procedure.model import State
from tests.servers.imap import Dovecot
from tests.servers.mail import Exim
from tests.unit.test_bounces_heard import READY_CLOUD, attended
from tests.world import CONTRACTOR, World

BOSS = "jefe.ogi@upme.gov.co"
pytestmark = [pytest.mark.exim, pytest.mark.xdist_group("mail")]


def test_what_exim_returns_is_corrected(tmp_path: Path, exim: Exim, dovecot: Dovecot) -> None:
    """Sent over SMTP and returned by Exim without its password; read over IMAP; revoked; another address is asked for."""
    for name, secret in (("correo.clave", exim.password), ("buzon.clave", dovecot.password)):
        (tmp_path / name).write_text(secret, encoding="utf-8")
        (tmp_path / name).chmod(0o600)
    smtp = {"kind": "smtp", "host": exim.host, "port": exim.port, "user": exim.user}
    imap = {"kind": "imap", "host": dovecot.host, "port": dovecot.port, "user": dovecot.user}
    sections = {
        "mail": {**smtp, "password_file": "correo.clave", "ca_file": str(exim.ca_file)},
        "bounces": {**imap, "password_file": "buzon.clave", "ca_file": str(dovecot.ca_file)},
    }
    world = World(tmp_path, sections={**sections, "cloud": READY_CLOUD})
    world.submit(CONTRACTOR, BOSS, personal_email="rebota@correo.example")
    attended(world)
    (followed,) = world.cases()
    assert followed.request.state is State.FOLLOWED_UP
    (returned,) = exim.messages(world.policy.mail.sender)
    octets = returned.as_bytes()
    assert b"Contrase=C3=B1a temporal" not in octets
    dovecot.deliver(octets)
    for _ in range(2):
        report = world.run()
        assert report.problems == []
    (asked,) = world.cases()
    assert asked.request.state is State.NEEDS_CORRECTION
    told = [line.title for line in world.story(asked.request.case).history]
    assert told.count("Correo devuelto") == told.count("Anular los datos de acceso devueltos") == 1
    assert ["Por favor corrija" in str(mail["Subject"]) for mail in exim.messages(BOSS)].count(True) == 1
