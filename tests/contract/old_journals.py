"""Journals as earlier versions of the program left them, row by row, to be upgraded by this one.

`python -m tests.contract.old_journals` records the journal of the version that it is run from, before its schema changes.
"""

import json
import tempfile
from datetime import UTC, date, datetime
from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import MetaData, create_engine, insert, select

from provision.journal import database
from provision.journal.database import open_engine
from provision.journal.schema import SCHEMA_VERSION
from tests.world import CONTRACTOR, World

FOLDER = Path(__file__).parent / "journals"
_NUMBERED_BY_THE_STORE = frozenset({"id"})
_HEAD = "jefe.ogi@upme.gov.co"


def restore(version: str, url: str) -> None:
    """Make at this address the journal that the program of that schema version left."""
    tables = json.loads((FOLDER / f"{version}.json").read_text(encoding="utf-8"))
    engine = open_engine(url)
    config = Config()
    config.set_main_option("script_location", str(Path(database.__file__).parent / "migrations"))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, version)
        former = MetaData()
        former.reflect(connection)
        for table in former.sorted_tables:
            for row in tables.get(table.name, []):
                given = {name: value for name, value in row.items() if name not in _NUMBERED_BY_THE_STORE}
                values = {name: _from_text(value, table.columns[name].type.python_type) for name, value in given.items()}
                connection.execute(insert(table).values(values))
    engine.dispose()


def _from_text(value: object, kind: type) -> object:
    if kind in {date, datetime} and isinstance(value, str):
        return datetime.fromisoformat(value) if kind is datetime else date.fromisoformat(value)
    return bool(value) if kind is bool else value


def record() -> Path:
    """A done creation, one that waits for a seat, one to be corrected, one of next year: the journal that is left."""
    with tempfile.TemporaryDirectory() as folder:
        world = World(Path(folder), seats={"STANDARDPACK": 1, "EXCHANGESTANDARD": 2, "SPE_F1": 2})
        world.submit(CONTRACTOR, _HEAD)
        world.run_until_quiet()
        world.submit(
            CONTRACTOR,
            _HEAD,
            document_number="79000111",
            given_names="Ñeñe",
            surnames="O'Brien Díaz",
            personal_email="nene@correo.example",
        )
        world.submit(CONTRACTOR, _HEAD, document_number="letras", personal_email="ana@correo.example")
        world.submit(CONTRACTOR, _HEAD, document_number="1033444555", contract_start="18/01/2027", contract_end="31/12/2027")
        world.run_until_quiet(most=8)
        tables = _rows(f"sqlite:///{world.path('gestion.db')}")
    path = FOLDER / f"{SCHEMA_VERSION}.json"
    path.write_text(json.dumps(tables, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return path


def _rows(url: str) -> dict[str, list[dict[str, object]]]:
    engine = create_engine(url)
    known = MetaData()
    with engine.connect() as connection:
        known.reflect(connection)
        tables = {
            table.name: [
                {name: _to_text(value) for name, value in row.items()} for row in connection.execute(select(table)).mappings()
            ]
            for table in known.sorted_tables
            if table.name != "alembic_version"
        }
    engine.dispose()
    return tables


def _to_text(value: object) -> object:
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC).isoformat()
    return value.isoformat() if isinstance(value, date) else value


if __name__ == "__main__":
    print(f"Grabado: {record()}")
