"""Copies of the journal: of one instant, whoever writes meanwhile, and without a trace beside the original."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from config.errors import CannotRun
from provision.journal import copying
from provision.journal.copying import copy_of_journal, journal_in_memory
from provision.journal.store import Journal
from provision.journal.views import Memory


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A journal at rest."""
    path = tmp_path / "almacén" / "gestion.db"
    journal = Journal.open(f"sqlite:///{path}")
    Memory(journal).put("clave", "antes")
    journal.close()
    return path


def remembered(journal: Journal) -> str | None:
    """What a copy holds."""
    try:
        return Memory(journal).get("clave")
    finally:
        journal.close()


def write(database: Path, value: str) -> None:
    """Another process's whole run: open, write, close."""
    journal = Journal.open(f"sqlite:///{database}")
    Memory(journal).put("clave", value)
    journal.close()


def interrupted_by(database: Path, monkeypatch: pytest.MonkeyPatch, times: int) -> list[int]:
    """Let somebody write the journal while it is being copied, so many times."""
    opened: Callable[..., sqlite3.Connection] = copying._opened
    calls: list[int] = []

    def slowly(path: Path, *, at_rest: bool) -> sqlite3.Connection:
        connection = opened(path, at_rest=at_rest)
        calls.append(len(calls))
        if len(calls) <= times:
            write(database, f"después {len(calls)}")
        return connection

    monkeypatch.setattr(copying, "_opened", slowly)
    return calls


def test_leaves_no_trace(database: Path, tmp_path: Path) -> None:
    """No -wal and no -shm appear beside the journal, which keeps its bytes and its time."""
    before = (database.read_bytes(), database.stat().st_mtime_ns)
    assert remembered(journal_in_memory(database)) == "antes"
    assert remembered(copy_of_journal(f"sqlite:///{database}", tmp_path)) == "antes"
    assert (database.read_bytes(), database.stat().st_mtime_ns) == before
    assert [path.name for path in database.parent.iterdir()] == ["gestion.db"]


def test_somebody_writes_meanwhile(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy that a writer ran into is begun anew, and holds what was written."""
    calls = interrupted_by(database, monkeypatch, 2)
    assert remembered(journal_in_memory(database)) == "después 2"
    assert len(calls) == 3


def test_somebody_writes_without_end(database: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After some tries it is said, and nothing wrong is read."""
    interrupted_by(database, monkeypatch, 100)
    with pytest.raises(CannotRun, match="sin cesar"):
        journal_in_memory(database)


def test_a_writer_in_the_middle_of_a_transaction(database: Path) -> None:
    """What is committed is read, what is not is not, and the writer is not held up."""
    with closing(sqlite3.connect(database, isolation_level=None)) as writer:
        writer.execute("UPDATE memory SET value = 'confirmado'")
        writer.execute("BEGIN IMMEDIATE")
        writer.execute("UPDATE memory SET value = 'a medias'")
        assert remembered(journal_in_memory(database)) == "confirmado"
        writer.execute("COMMIT")
    assert remembered(journal_in_memory(database)) == "a medias"


@pytest.mark.parametrize("content", [b"esto no es una base de datos " * 200, b"SQLite format 3\0" + b"\xff" * 5000])
def test_a_file_that_is_none(tmp_path: Path, content: bytes) -> None:
    """A file that is no database is one Spanish sentence."""
    path = tmp_path / "gestion.db"
    path.write_bytes(content)
    with pytest.raises(CannotRun, match=r"gestion\.db"):
        journal_in_memory(path)


def test_no_journal(tmp_path: Path) -> None:
    """Without a journal the copy is an empty one, and none comes into being."""
    assert remembered(journal_in_memory(tmp_path / "no.db")) is None
    assert remembered(journal_in_memory(None)) is None
    assert list(tmp_path.iterdir()) == []


def test_a_journal_of_an_unknown_version(database: Path) -> None:
    """A schema that no version of this program wrote is said to be unknown, newer or not."""
    for version, expected in (("9999", "más nueva"), ("0000", "no conoce")):
        with closing(sqlite3.connect(database)) as connection:
            connection.execute("UPDATE alembic_version SET version_num = ?", (version,))
            connection.commit()
        with pytest.raises(CannotRun, match=expected):
            journal_in_memory(database)
