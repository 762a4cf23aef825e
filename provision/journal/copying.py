"""A copy of the journal for a dry run: the same decisions on a copy, and nothing of the original is touched."""

import sqlite3
from contextlib import closing
from pathlib import Path

from sqlalchemy import create_engine, insert, select
from sqlalchemy.engine import make_url

from config.errors import CannotRun
from provision.journal.database import in_spanish, open_engine, prepare_schema
from provision.journal.schema import metadata
from provision.journal.store import Journal

ROWS_AT_ONCE = 500


def copy_of_journal(url: str, folder: Path) -> Journal:
    """Open a copy of the journal at `url`, in a SQLite file in `folder`; an empty one where there is no journal yet.

    The original is read and never written, not even to upgrade its tables. Raises CannotRun when it cannot be read.
    """
    target = folder / "journal-copy.db"
    source = make_url(url)
    if source.get_backend_name() == "sqlite":
        if source.database and Path(source.database).exists():
            _back_up(Path(source.database), target)
        return Journal.open(f"sqlite:///{target}")
    copy = open_engine(f"sqlite:///{target}")
    prepare_schema(copy)
    original = create_engine(source)
    with in_spanish(original), original.connect() as reading, copy.begin() as writing:
        for table in metadata.sorted_tables:
            for rows in reading.execution_options(yield_per=ROWS_AT_ONCE).execute(select(table)).mappings().partitions():
                writing.execute(insert(table), [dict(row) for row in rows])
    original.dispose()
    return Journal(copy)


def _back_up(path: Path, target: Path) -> None:
    try:
        with (
            closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=10)) as original,
            closing(sqlite3.connect(target)) as copy,
        ):
            original.backup(copy)
    except sqlite3.Error as error:
        raise CannotRun(f"No se puede leer el almacén {path}: {error}.", remedy="Revise la ruta y los permisos.") from error
