"""What is wrong with a store is said in Spanish with its remedy, exit 2, and nothing is lost; its tables are what we say."""

import os
import resource
import sqlite3
import subprocess
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import create_engine, text

from config.errors import CannotRun
from provision.journal import database
from provision.journal.copying import copy_of_journal
from provision.journal.schema import SCHEMA_VERSION, metadata
from provision.journal.store import Journal
from provision.journal.views import Views
from tests.cases import NOW, enter, opened, version_of

NOBODY = 65534


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty_store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a store that has no tables yet."""
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite:///{tmp_path / 'nueva' / 'gestion.db'}"


def test_the_migrations_make_the_tables_that_the_program_uses(empty_store: str) -> None:
    """Alembic finds no difference between the migrated store and the tables in the code."""
    Journal.open(empty_store).close()
    Journal.open(empty_store).close()
    engine = create_engine(empty_store)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
        assert context.get_current_revision() == SCHEMA_VERSION
    engine.dispose()


def test_a_journal_of_a_newer_program_is_refused(empty_store: str) -> None:
    """An older program does not touch a newer journal, and says to be upgraded."""
    Journal.open(empty_store).close()
    engine = create_engine(empty_store)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(CannotRun, match="versión más nueva") as refused:
        Journal.open(empty_store)
    assert "Actualice el programa" in str(refused.value)


def test_a_request_that_this_version_does_not_understand_is_said(empty_store: str) -> None:
    """A body written by another version stops the run with its remedy, and no answer of the person in the message."""
    journal = Journal.open(empty_store)
    enter(journal, [1])
    with journal.transaction() as connection:
        connection.execute(text("""UPDATE request SET body = '{"secreto": "Clave-123"}'"""))
    with pytest.raises(CannotRun, match="no entiende") as refused:
        Views(journal).cases()
    assert "Clave-123" not in str(refused.value)
    journal.close()


@pytest.mark.parametrize("url", ["no es una dirección", "sqlite//x", "mysql-nada://x/y"])
def test_an_address_that_is_none_is_refused(url: str) -> None:
    """Not a traceback: what an address looks like."""
    with pytest.raises(CannotRun):
        Journal.open(url)


def test_a_server_that_is_not_there_is_said(tmp_path: Path) -> None:
    """PostgreSQL without a server: exit 2, and no password in the message."""
    with pytest.raises(CannotRun, match="no responde") as refused:
        Journal.open(f"postgresql+psycopg://gestion:secreta@/gestion?host={tmp_path}")
    assert "secreta" not in str(refused.value)


def test_a_file_that_is_no_database_is_refused_and_kept(tmp_path: Path) -> None:
    """Garbage where the journal should be: not a byte of it changes."""
    path = tmp_path / "gestion.db"
    garbage = b"Esto no es una base de datos. \x00\xff" * 400
    path.write_bytes(garbage)
    with pytest.raises(CannotRun, match="no es una base de datos") as refused:
        Journal.open(f"sqlite:///{path}")
    assert "restaure la copia" in str(refused.value)
    (tmp_path / "copia").mkdir()
    with pytest.raises(CannotRun):
        copy_of_journal(f"sqlite:///{path}", tmp_path / "copia")
    assert path.read_bytes() == garbage


def test_a_truncated_journal_is_refused(tmp_path: Path) -> None:
    """Half a journal is never taken for an empty one."""
    path = tmp_path / "gestion.db"
    journal = Journal.open(f"sqlite:///{path}")
    enter(journal, range(1, 60))
    journal.close()
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])

    def read() -> None:
        journal = Journal.open(f"sqlite:///{path}")
        try:
            Views(journal).cases()
        finally:
            journal.close()

    with pytest.raises(CannotRun):
        read()


def test_a_journal_that_another_program_locks_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody has it open in a database browser: the message says so, and afterwards everything is as before."""
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.2)
    path = tmp_path / "gestion.db"
    journal = Journal.open(f"sqlite:///{path}")
    enter(journal, [1])
    with closing(sqlite3.connect(path, isolation_level=None)) as browser:
        browser.execute("BEGIN EXCLUSIVE")
        with pytest.raises(CannotRun, match="ocupado por otro programa"):
            enter(journal, [2])
        browser.execute("ROLLBACK")
    assert len(Views(journal).cases()) == 1
    enter(journal, [2])
    journal.close()


def _in_a_child(work: Callable[[], str]) -> str:
    """What `work` says in a process of its own, which may give up its rights for good."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        said = "nada"
        try:
            said = work()
        except BaseException as error:  # noqa: BLE001 - whatever it is, the parent must see it
            said = f"{type(error).__name__}: {error}"
        finally:
            os.write(writing, said.encode()[:4000])
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return said


def test_a_folder_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    """Without the right to write, the journal cannot be opened, and the message names the file."""
    folder = tmp_path / "cerrada"
    folder.mkdir()
    Journal.open(f"sqlite:///{folder / 'gestion.db'}").close()
    folder.chmod(0o555)
    (folder / "gestion.db").chmod(0o444)
    for parent in tmp_path.parents:
        if parent.name.startswith("pytest"):
            parent.chmod(0o755)
    tmp_path.chmod(0o755)

    def try_to_write(path: Path) -> str:
        if os.geteuid() == 0:
            os.setgid(NOBODY)
            os.setuid(NOBODY)
        try:
            Journal.open(f"sqlite:///{path}")
        except CannotRun as refused:
            return f"refused: {refused}"
        return "opened"

    for name in ("gestion.db", "otra.db", "dentro/otra.db"):
        said = _in_a_child(partial(try_to_write, folder / name))
        assert said.startswith("refused: No se puede"), said
        assert str(folder) in said
    folder.chmod(0o755)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path | None]:
    """A file system of 600 kB; None where this process may mount none."""
    disk = tmp_path / "disco"
    disk.mkdir()
    mounted = not subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=600k", "tmpfs", str(disk)], check=False, capture_output=True
    ).returncode
    yield disk if mounted else None
    if mounted:
        subprocess.run(["umount", str(disk)], check=True)


def test_a_full_disk_stops_the_run_and_loses_nothing(tmp_path: Path, small_disk: Path | None) -> None:
    """The transaction that does not fit is rolled back; with room again the work goes on where it was."""
    tmp_path = small_disk or tmp_path
    url = f"sqlite:///{tmp_path / 'gestion.db'}"
    journal = Journal.open(url)
    enter(journal, [1])
    journal.close()

    def fill() -> str:
        if small_disk is None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, resource.RLIM_INFINITY))
        full = Journal.open(url)
        try:
            with full.receiving(NOW) as receiving:
                for number in range(2, 4000):
                    receiving.enter(version_of(number), opened(number))
        except CannotRun as refused:
            return f"refused: {refused}"
        return "it fitted"

    said = _in_a_child(fill)
    assert said.startswith("refused: "), said
    assert "espacio" in said
    assert "no se perdió nada" in said
    journal = Journal.open(url)
    assert [shown.request.case for shown in Views(journal).cases()] == ["GU-2026-000001"]
    enter(journal, [2])
    journal.close()
