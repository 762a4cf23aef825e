"""From settings to an installation, or to its journal alone, and how much of them a command may touch."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy.engine import make_url

from config.calendar import BusinessCalendar
from config.clock import Clock
from config.errors import CannotRun
from config.institution import Institution
from config.settings import Log, Settings
from intake.wiring import Installation, store_url
from provision.journal.copying import journal_in_memory, refuse_other_schema
from provision.journal.database import open_engine, schema_version
from provision.journal.store import Journal
from provision.journal.views import Views
from provision.procedure.steps import Rules


@contextmanager
def installed(settings: Settings, log: Log, clock: Clock, *, writable: bool = True) -> Iterator[Installation]:
    """The whole installation, able to write; with `writable=False` to write the journal alone."""
    from config.log import configure

    installation = Installation(settings, settings.load_policy(), clock, configure(log), writable=writable)
    try:
        yield installation
    finally:
        installation.close()


@dataclass(frozen=True, slots=True)
class Records:
    """The journal as it stood when the command began, and the rules to read it with."""

    policy: Institution
    views: Views
    rules: Rules


@contextmanager
def records(settings: Settings, clock: Clock) -> Iterator[Records]:
    """The journal, only to be read: nothing is created, upgraded or locked. Raises CannotRun when there is none yet."""
    policy = settings.load_policy()
    journal = journal_to_read(settings)
    try:
        yield Records(policy, Views(journal), Rules(policy, BusinessCalendar(policy.business_hours, policy.zone), clock()))
    finally:
        journal.close()


def journal_to_read(settings: Settings) -> Journal:
    """The journal for whoever only reads. Raises CannotRun when there is none yet, or it is of another version."""
    path = sqlite_path(settings)
    if path is not None:
        if not path.exists():
            raise _no_journal(str(path))
        return journal_in_memory(path)
    engine = open_engine(store_url(settings)).execution_options(postgresql_readonly=True)
    try:
        version = schema_version(engine)
        if version is None:
            raise _no_journal(engine.url.render_as_string(hide_password=True))
        refuse_other_schema(version)
    except CannotRun:
        engine.dispose()
        raise
    return Journal(engine)


@contextmanager
def journal_to_ask(settings: Settings) -> Iterator[Journal]:
    """The journal of an installation that has one, able to take an action. Raises CannotRun when there is none yet."""
    journal_to_read(settings).close()
    journal = Journal.open(store_url(settings))
    try:
        yield journal
    finally:
        journal.close()


def sqlite_path(settings: Settings) -> Path | None:
    """The file of a SQLite journal; None for a database server."""
    url = make_url(settings.store.url)
    return Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None


def _no_journal(where: str) -> CannotRun:
    return CannotRun(
        f"Aún no hay registro de solicitudes en {where}.",
        remedy="Lo crea la primera ejecución de «gestion run»; antes puede ver qué haría con «gestion plan».",
    )
