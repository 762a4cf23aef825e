"""What is particular to the embedded directory: its file, and acting as the person who got the access data."""

import sqlite3
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from config.errors import Misconfigured, Rejected, Transient, WriteRefused
from provision.directory import embedded_store
from provision.directory.embedded import EmbeddedDirectory, SeededAccount, seed
from provision.directory.port import Password
from tests.contract.directories import EmbeddedWorld, an_account, new_case

BASE = "DC=demo,DC=test"
TEMPORARY = "Lechuza-Tijera-Manglar47"


def seeded(path: Path) -> Path:
    """A file with two people."""
    seed(
        path,
        base_dn=BASE,
        ous=("OU=Contratistas,OU=Usuarios",),
        groups=("CN=todos,OU=Grupos",),
        accounts=(
            SeededAccount("jefa", "Jefa Ñáñez", "jefa@demo.test", "OU=Usuarios", password=Password("Una-Clave-Propia-9")),
            SeededAccount("svc-gestion", "Servicio", "svc@demo.test", "OU=Usuarios", case=new_case()),
        ),
    )
    return path


def test_seeding_again_overwrites_nothing(tmp_path: Path) -> None:
    """The demonstration may be prepared twice: passwords and accounts stay as they are."""
    path = seeded(tmp_path / "d.db")
    directory = EmbeddedDirectory(path, BASE)
    directory.change_password("jefa", "Una-Clave-Propia-9", "Otra-Clave-Propia-9")
    seeded(path)
    assert directory.authenticate("JEFA", "Otra-Clave-Propia-9")
    assert not directory.authenticate("jefa", "Una-Clave-Propia-9")
    assert directory.check() == ()
    directory.close()


def test_the_file_is_its_owners_and_holds_no_password(tmp_path: Path) -> None:
    """Mode 600, and neither the seeded nor an issued password is anywhere in its bytes."""
    world = EmbeddedWorld(tmp_path)
    directory = world.directory()
    wanted = an_account(world)
    made = directory.create(wanted)
    directory.issue_password(made.id, wanted.case, Password(TEMPORARY))
    directory.close()
    for file in tmp_path.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert TEMPORARY.encode() not in file.read_bytes()


def test_an_expired_or_disabled_account_does_not_enter(tmp_path: Path) -> None:
    """From the instant of expiry on the right password is worth nothing; before it, it is."""
    world = EmbeddedWorld(tmp_path)
    end = datetime(2026, 12, 31, 5, 0, tzinfo=UTC)
    wanted = an_account(world, expires_at=end)
    moments = [end - timedelta(seconds=1)]
    directory = EmbeddedDirectory(tmp_path / "directory.db", world.base_dn, clock=lambda: moments[-1])
    made = directory.create(wanted)
    directory.issue_password(made.id, wanted.case, Password(TEMPORARY))
    assert not directory.authenticate(wanted.login, TEMPORARY)
    directory.change_password(wanted.login, TEMPORARY, "Propia-Clave-2026")
    assert directory.authenticate(wanted.user_principal_name, "Propia-Clave-2026")
    moments.append(end)
    assert not directory.authenticate(wanted.login, "Propia-Clave-2026")
    assert not directory.authenticate("nadie", "Propia-Clave-2026")
    directory.close()


@pytest.mark.parametrize(
    ("old", "new"), [("mala", "Propia-Clave-2026"), (TEMPORARY, TEMPORARY), (TEMPORARY, "corta"), (TEMPORARY, "Ana-Clave-2026")]
)
def test_a_change_of_password_keeps_the_rules(tmp_path: Path, old: str, new: str) -> None:
    """A wrong old password, the same one again, a weak one, one with the name: refused."""
    world = EmbeddedWorld(tmp_path)
    directory = world.directory()
    wanted = an_account(world)
    made = directory.create(wanted)
    directory.issue_password(made.id, wanted.case, Password(TEMPORARY))
    with pytest.raises(Rejected):
        directory.change_password(wanted.login, old, new)
    directory.close()


def test_the_service_account_is_never_touched(tmp_path: Path) -> None:
    """As on a domain controller."""
    path = seeded(tmp_path / "d.db")
    directory = EmbeddedDirectory(path, BASE)
    own = directory.find_by_mail("svc@demo.test")
    assert own is not None
    assert own.case is not None
    with pytest.raises(Rejected, match="cuenta de servicio"):
        directory.issue_password(own.id, own.case, Password(TEMPORARY))
    directory.close()


def test_a_dry_run_cannot_write_the_file_at_all(tmp_path: Path) -> None:
    """Besides refusing, it opens the file so that SQLite itself would refuse."""
    path = seeded(tmp_path / "d.db")
    before = path.read_bytes()
    directory = EmbeddedDirectory(path, BASE, writable=False)
    assert directory.find_by_mail("jefa@demo.test") is not None
    with pytest.raises(WriteRefused):
        directory.change_password("jefa", "Una-Clave-Propia-9", "Otra-Clave-Propia-9")
    directory.close()
    database = embedded_store.opened(path, writable=False)
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        database.execute("DELETE FROM account")
    database.close()
    assert path.read_bytes() == before


def test_a_missing_or_damaged_file_is_said(tmp_path: Path) -> None:
    """Misconfigured with the path, and the check says the same instead of failing."""
    missing = EmbeddedDirectory(tmp_path / "no.db", BASE)
    with pytest.raises(Misconfigured, match="no existe"):
        missing.find_by_case(new_case())
    assert "no existe" in missing.check()[0]
    damaged = tmp_path / "roto.db"
    damaged.write_bytes(b"esto no es una base de datos" * 100)
    with pytest.raises(Misconfigured, match=r"roto\.db"):
        EmbeddedDirectory(damaged, BASE).find_by_case(new_case())
    wrong_base = EmbeddedDirectory(seeded(tmp_path / "d.db"), "DC=otra")
    assert "no existe" in wrong_base.check()[0]
    wrong_base.close()


def test_a_file_that_stays_locked_is_transient(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another writer that does not end is waited for, and then tried again in another run."""
    monkeypatch.setattr(embedded_store, "_BUSY_SECONDS", 0.05)
    world = EmbeddedWorld(tmp_path)
    blocker = embedded_store.opened(tmp_path / "directory.db", writable=True)
    blocker.execute("BEGIN EXCLUSIVE")
    directory = world.directory()
    with pytest.raises((Transient, Misconfigured)):
        directory.create(an_account(world))
    blocker.close()
    directory.close()
