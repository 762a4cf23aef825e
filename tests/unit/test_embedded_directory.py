"""What is particular to the embedded directory: its file, and acting as the person who got the access data."""

import sqlite3
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from config.errors import Misconfigured, Rejected, Transient, WriteRefused
from provision.directory import embedded_file
from provision.directory.embedded import EmbeddedDirectory, SeededAccount, SeededComputer, seed
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
    database = embedded_file.opened(path, writable=False)
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
    monkeypatch.setattr(embedded_file, "_BUSY_SECONDS", 0.05)
    world = EmbeddedWorld(tmp_path)
    blocker = embedded_file.opened(tmp_path / "directory.db", writable=True)
    blocker.execute("BEGIN EXCLUSIVE")
    directory = world.directory()
    with pytest.raises((Transient, Misconfigured)):
        directory.create(an_account(world))
    blocker.close()
    directory.close()


_FORMER = """
CREATE TABLE account (
    id TEXT PRIMARY KEY, marker TEXT, login TEXT NOT NULL, login_folded TEXT NOT NULL, upn TEXT NOT NULL,
    upn_folded TEXT NOT NULL, mail TEXT NOT NULL, mail_folded TEXT NOT NULL, dn TEXT NOT NULL, dn_folded TEXT NOT NULL,
    given_name TEXT NOT NULL, surname TEXT NOT NULL, display_name TEXT NOT NULL, employee_id TEXT, manager_dn TEXT,
    expires_at TEXT, title TEXT NOT NULL, department TEXT NOT NULL, company TEXT NOT NULL, mobile TEXT NOT NULL,
    enabled INTEGER NOT NULL, protected INTEGER NOT NULL, deleted INTEGER NOT NULL DEFAULT 0, must_change INTEGER NOT NULL,
    password_set_at TEXT, salt BLOB NOT NULL, password_hash BLOB NOT NULL
);
CREATE TABLE container (dn_folded TEXT PRIMARY KEY, dn TEXT NOT NULL);
CREATE TABLE user_group (dn_folded TEXT PRIMARY KEY, dn TEXT NOT NULL, protected INTEGER NOT NULL);
CREATE TABLE account_name (account_id TEXT NOT NULL, name_folded TEXT NOT NULL, PRIMARY KEY (name_folded, account_id));
CREATE TABLE membership (group_folded TEXT NOT NULL, account_id TEXT NOT NULL, PRIMARY KEY (account_id, group_folded));
INSERT INTO container VALUES ('dc=demo,dc=test', 'DC=demo,DC=test');
INSERT INTO account VALUES ('7f0c6a52-0000-4000-8000-000000000001', NULL, 'ana', 'ana', 'ana@demo.test', 'ana@demo.test',
    'ana@demo.test', 'ana@demo.test', 'CN=Ana,DC=demo,DC=test', 'cn=ana,dc=demo,dc=test', '', '', 'Ana', '1', NULL,
    '2026-01-01T05:00:00+00:00', '', '', '', '', 1, 0, 0, 0, NULL, x'00', x'');
"""


def test_a_file_of_the_former_version_is_brought_up_to_date(tmp_path: Path) -> None:
    """Whoever may write it adds what is new; a dry run says that it cannot; the people in it are all there."""
    path = tmp_path / "d.db"
    database = sqlite3.connect(path)
    database.executescript(_FORMER)
    database.close()
    dry = EmbeddedDirectory(path, BASE, writable=False)
    with pytest.raises(Misconfigured, match="versión anterior"):
        dry.population()
    directory = EmbeddedDirectory(path, BASE)
    ana = directory.find_by_login("ana")
    assert ana is not None
    assert (ana.locked, ana.aliases, directory.computers_of(ana.id)) == (False, (), ())
    assert directory.expired(datetime(2026, 2, 1, tzinfo=UTC)) == (ana,)
    directory.lock("ana")
    directory.close()
    again = EmbeddedDirectory(path, BASE, writable=False)
    assert again.population() == 1
    again.close()


def test_somebody_elses_file_is_left_alone(tmp_path: Path) -> None:
    """Another program's SQLite file, an empty one, and one of a later version are said, and nothing is written in them."""
    for name, text in (
        ("otro.db", "CREATE TABLE cosa (id)"),
        ("vacio.db", ""),
        ("nuevo.db", f"{_FORMER}; PRAGMA user_version = 99"),
    ):
        path = tmp_path / name
        database = sqlite3.connect(path)
        database.executescript(text)
        database.close()
        before = path.read_bytes()
        with pytest.raises(Misconfigured, match=name):
            EmbeddedDirectory(path, BASE).population()
        assert path.read_bytes() == before


def test_people_and_computers_are_seeded_with_what_is_known_of_them(tmp_path: Path) -> None:
    """A manager may come after his people; what was deleted or removed is not brought back by seeding again."""
    path = tmp_path / "d.db"
    end = datetime(2026, 12, 31, 5, tzinfo=UTC)
    people = (
        SeededAccount(
            "ana", "Ana, Díaz", "ana@demo.test", "OU=Usuarios", given_name="Ana", surname="Díaz", title="Asesora",
            department="Minas", mobile="300", manager="jefa", expires_at=end, aliases=("smtp:a@x.co", "b@x.co"), enabled=False,
        ),
        SeededAccount("jefa", "Jefa", "jefa@demo.test", "OU=Usuarios"),
    )  # fmt: skip
    computers = (SeededComputer("PC-1", "ana", children=2),)
    for _ in range(2):
        seed(path, base_dn=BASE, ous=("OU=Usuarios",), groups=(), accounts=people, computers=computers)
    directory = EmbeddedDirectory(path, BASE)
    ana = directory.find_by_login("ana")
    assert ana is not None
    assert (ana.given_name, ana.surname, ana.title, ana.department, ana.mobile) == ("Ana", "Díaz", "Asesora", "Minas", "300")
    assert (ana.manager_dn, ana.expires_at, ana.aliases) == ("CN=Jefa,OU=Usuarios,DC=demo,DC=test", end, ("a@x.co", "b@x.co"))
    (computer,) = directory.computers_of(ana.id)
    assert (computer.name, computer.children, computer.managed_by_dn) == ("PC-1", 2, ana.dn)
    directory.remove_computer(computer.id)
    directory.delete(ana.id)
    seed(path, base_dn=BASE, ous=(), groups=(), accounts=people, computers=computers)
    assert directory.find_by_login("ana") is None
    assert directory.find_computer("PC-1") is None
    directory.close()
    with pytest.raises(ValueError, match="nobody"):
        seed(
            path,
            base_dn=BASE,
            ous=(),
            groups=(),
            accounts=(SeededAccount("x", "X", "x@demo.test", "OU=Usuarios", manager="y"),),
        )


def test_a_locked_account_does_not_enter(tmp_path: Path) -> None:
    """Not with the right password either, nor may it be changed; a dry run locks nobody."""
    path = seeded(tmp_path / "d.db")
    directory = EmbeddedDirectory(path, BASE)
    directory.lock("JEFA")
    assert not directory.authenticate("jefa", "Una-Clave-Propia-9")
    with pytest.raises(Rejected):
        directory.change_password("jefa", "Una-Clave-Propia-9", "Otra-Clave-Propia-9")
    with pytest.raises(Rejected, match="Nadie"):
        directory.lock("nadie")
    directory.close()
    dry = EmbeddedDirectory(path, BASE, writable=False)
    with pytest.raises(WriteRefused):
        dry.lock("jefa")
    dry.close()
