"""The commands that only read, on a PostgreSQL journal: in read-only transactions, and without making or upgrading tables."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect, text

from config.clock import system_clock
from config.errors import CannotRun
from config.log import configure
from config.settings import Log, Settings
from intake.commands.installation import journal_to_ask, journal_to_read, records
from intake.doctor_findings import Health
from intake.doctor_machine import store_findings
from intake.plan import make_plan
from intake.run import run_once
from intake.wiring import Installation
from provision.journal.views import Memory
from tests.world import CONTRACTOR, World


def settings_on(world: World, url: str) -> Settings:
    """An installation's settings with its journal on a socket of this machine, which a settings file cannot name."""
    settings = world.settings()
    return settings.model_copy(update={"store": settings.store.model_copy(update={"url": url})})


@pytest.mark.postgres
def test_reads(tmp_path: Path, postgres_journal_url: str) -> None:
    """A journal is read, and the database itself refuses to be written."""
    settings = settings_on(World(tmp_path), postgres_journal_url)
    with records(settings, system_clock) as known:
        assert known.views.cases() == ()
    journal = journal_to_read(settings)
    with pytest.raises(CannotRun, match="read-only"):
        Memory(journal).put("clave", "valor")
    journal.close()
    (finding,) = store_findings(settings)
    assert finding[0] is Health.GOOD


@pytest.mark.postgres
def test_no_journal_yet(tmp_path: Path, postgres_url: str) -> None:
    """An empty database stays empty, and it is said that there is no journal yet."""
    settings = settings_on(World(tmp_path), postgres_url)
    with pytest.raises(CannotRun, match="Aún no hay registro"):
        journal_to_read(settings)
    with pytest.raises(CannotRun, match="Aún no hay registro"), journal_to_ask(settings):
        pass
    (finding,) = store_findings(settings)
    assert finding[0] is Health.DOUBTFUL
    engine = create_engine(postgres_url)
    assert inspect(engine).get_table_names() == []
    engine.dispose()


@pytest.mark.postgres
def test_another_version(tmp_path: Path, postgres_journal_url: str) -> None:
    """A journal of another version is neither read nor upgraded by looking at it."""
    engine = create_engine(postgres_journal_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    settings = settings_on(World(tmp_path), postgres_journal_url)
    with pytest.raises(CannotRun, match="esquema 9999"):
        journal_to_read(settings)
    (finding,) = store_findings(settings)
    assert finding[0] is Health.BAD


@pytest.mark.postgres
def test_a_server_that_does_not_answer(tmp_path: Path) -> None:
    """A database server that is down is one Spanish sentence, without its password."""
    settings = settings_on(World(tmp_path), "postgresql+psycopg://gestion:secreta@127.0.0.1:1/gestion?connect_timeout=2")
    with pytest.raises(CannotRun, match="no responde") as raised:
        journal_to_read(settings)
    assert "secreta" not in str(raised.value)


def rows_of(url: str) -> dict[str, list[str]]:
    """Everything in the database, as text."""
    engine = create_engine(url)
    with engine.connect() as connection:
        names = sorted(inspect(connection).get_table_names())
        found = {name: sorted(map(str, connection.execute(text(f'SELECT * FROM "{name}"')).all())) for name in names}
    engine.dispose()
    return found


@pytest.mark.postgres
def test_plans_on_a_copy(tmp_path: Path, postgres_url: str) -> None:
    """A dry run decides on what the server holds, before the first run too, and leaves the server as it was."""
    world = World(tmp_path)
    world.submit(CONTRACTOR, "jefe.ogi@upme.gov.co")
    log = configure(Log(level="error"))
    settings = settings_on(world, postgres_url)
    first = make_plan(settings, world.policy, world.clock, log)
    assert [each.is_new for each in first.requests] == [True]
    assert rows_of(postgres_url) == {}
    installation = Installation(settings, world.policy, world.clock, log)
    run_once(installation)
    installation.close()
    world.clock.advance(timedelta(minutes=40))
    before = rows_of(postgres_url)
    second = make_plan(settings, world.policy, world.clock, log)
    assert [each.is_new for each in second.requests] == [False]
    assert rows_of(postgres_url) == before
