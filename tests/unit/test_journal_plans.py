"""How SQLite finds what every poll asks of the journal: never by reading every case that was ever closed."""

import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from sqlalchemy import event

from provision.journal.store import Journal
from provision.procedure.acts import WaitingFor
from tests.cases import NOW, enter

LATER = NOW + timedelta(days=1)


def test_no_poll_reads_every_case(tmp_path: Path) -> None:
    """The next request that is due, whether any is, and whether any waits are each found by an index on just that."""
    path, asked = tmp_path / "gestion.db", list[str]()
    with closing(Journal.open(f"sqlite:///{path}")) as journal:
        enter(journal, [1, 2, 3])
        journal.engine.dispose()
        event.listen(journal.engine, "connect", lambda connection, _: connection.set_trace_callback(asked.append))
        assert journal.lease_next("prueba", LATER, timedelta(minutes=5)) is not None
        assert journal.has_due(LATER)
        assert not journal.has_waiting(WaitingFor.ADMISSION)
    with closing(sqlite3.connect(path)) as database:
        for statement in asked:
            if statement.startswith(("SELECT", "UPDATE")):
                plan = [step for *_, step in database.execute(f"EXPLAIN QUERY PLAN {statement}")]
                assert not [step for step in plan if step.startswith("SCAN")], statement
    assert sum(statement.startswith("UPDATE request") for statement in asked) == 1
