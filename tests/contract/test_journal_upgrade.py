"""A journal that an earlier version left goes on under this one: nothing is lost, nothing is done twice."""

import json
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import create_engine, inspect
from sqlalchemy.exc import DBAPIError

from config.clock import SimulatedClock
from config.errors import CannotRun
from config.vocabulary import CaseNumber, EmailAddress
from notify.desk.port import NewTicket
from provision.journal import database
from provision.journal.accounts import Accounts
from provision.journal.database import open_engine, schema_version
from provision.journal.schema import SCHEMA_VERSION, metadata
from provision.journal.store import Journal
from provision.journal.views import Views
from provision.procedure.acts import Act, WaitingFor
from provision.procedure.model import State
from tests.contract.old_journals import FOLDER, restore
from tests.unit.executor_bench import Bench, Doing
from tests.world import CONTRACTOR, World

WAITING_FOR_A_SEAT = CaseNumber("GU-2026-000002")
LATER = datetime(2026, 11, 23, 16, 30, tzinfo=UTC)
HEAD = "jefe.ogi@upme.gov.co"


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def empty_store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a store that has no tables yet."""
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_url"))
    return f"sqlite:///{tmp_path / 'gestion.db'}"


def recorded(version: str) -> dict[str, list[dict[str, object]]]:
    """The rows of a recorded journal, by table."""
    tables: dict[str, list[dict[str, object]]] = json.loads((FOLDER / f"{version}.json").read_text(encoding="utf-8"))
    return tables


@pytest.mark.parametrize("version", ["0001", "0002"])
def test_every_schema_that_was_ever_used_is_upgraded(empty_store: str, version: str) -> None:
    """Opened once, it has the tables of today, and every row it had; its cases are read."""
    restore(version, empty_store)
    journal = Journal.open(empty_store)
    assert len(Views(journal).cases()) == len(recorded(version)["request"])
    journal.close()
    engine = open_engine(empty_store)
    assert schema_version(engine) == SCHEMA_VERSION
    assert set(metadata.tables) <= set(inspect(engine).get_table_names())
    with engine.connect() as connection:
        for name, rows in recorded(version).items():
            assert len(connection.execute(metadata.tables[name].select()).all()) == len(rows), name
    engine.dispose()


def test_cases_of_an_earlier_version_are_what_they_were(empty_store: str) -> None:
    """State, wait, dates and story are read as they were written."""
    restore("0001", empty_store)
    journal = Journal.open(empty_store)
    shown = {each.request.case: each.request for each in Views(journal).cases()}
    assert [request.state for request in shown.values()] == [
        State.DONE,
        State.WAITING,
        State.NEEDS_CORRECTION,
        State.WAITING,
    ]
    assert [request.waiting_for for request in shown.values()] == [
        None,
        WaitingFor.SEAT,
        WaitingFor.REQUESTER,
        WaitingFor.START_DATE,
    ]
    assert [line.title for line in Views(journal).story(WAITING_FOR_A_SEAT).history][-1].startswith("En espera")
    journal.close()


def test_an_open_case_goes_on_where_it_stood(empty_store: str) -> None:
    """Its pending effect is taken up as it was; nothing done before is done again; then it ends as a case of today ends."""
    restore("0001", empty_store)
    bench = Bench(Journal.open(empty_store), SimulatedClock(LATER), {act: Doing(act) for act in Act})
    bench.work()
    done = [act for act, doing in bench.doing.items() if any(task.request.case == WAITING_FOR_A_SEAT for task in doing.tasks)]
    assert Act.RESERVE_SEAT in done
    assert not {Act.REGISTER_TICKET, Act.FIND_EXISTING_ACCOUNT} & set(done)
    request = bench.request(2)
    assert (request.state, request.facts.ticket, request.attended_at) == (State.DONE, "T-000002", LATER)
    assert bench.request(4).wake_at == datetime(2027, 1, 15, 5, 0, tzinfo=UTC)
    assert bench.request(1).state is State.DONE
    bench.journal.close()


def test_an_upgrade_that_breaks_off_leaves_the_former_journal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tables change in one transaction: the power fails in its middle, and the next start upgrades from the beginning."""
    url = f"sqlite:///{tmp_path / 'gestion.db'}"
    restore("0001", url)
    before = (tmp_path / "gestion.db").read_bytes()
    broken = tmp_path / "migrations"
    shutil.copytree(Path(database.__file__).parent / "migrations", broken)
    newest = next(broken.glob(f"versions/{SCHEMA_VERSION}_*.py"))
    newest.write_text(newest.read_text(encoding="utf-8") + '    op.execute("NO ES SQL")\n', encoding="utf-8")
    with monkeypatch.context() as patched:
        patched.setattr(database, "__file__", str(tmp_path / "database.py"))
        with pytest.raises((CannotRun, DBAPIError)):
            Journal.open(url)
    engine = create_engine(url)
    assert schema_version(engine) == "0001"
    assert set(inspect(engine).get_table_names()) - {"alembic_version"} == set(recorded("0001"))
    engine.dispose()
    assert before[:16] == (tmp_path / "gestion.db").read_bytes()[:16]
    Journal.open(url).close()


def test_a_whole_installation_goes_on_after_the_upgrade(tmp_path: Path) -> None:
    """The next scheduled run: the waiting creation gets its seat and its account, and a correction continues its case."""
    world = World(tmp_path)
    world.clock.advance(timedelta(hours=4))
    restore("0001", f"sqlite:///{world.path('gestion.db')}")
    desk = world.desk()
    for number in range(1, 5):
        case = CaseNumber(f"GU-2026-{number:06d}")
        assert desk.create(NewTicket(case, case, "", EmailAddress(HEAD))).id == f"T-{number:06d}"
    desk.close()
    world.submit(CONTRACTOR, HEAD, case_number="GU-2026-000003", personal_email="ana@correo.example", response_id="R9")
    reports = world.run_until_quiet()
    assert [report.problems for report in reports if report.problems] == []
    requests = {each.request.case: each.request for each in world.cases()}
    assert len(requests) == 4
    made = requests[WAITING_FOR_A_SEAT]
    assert (made.state, made.facts.ticket) == (State.FOLLOWED_UP, "T-000002")
    assert made.facts.login is not None
    installation = world.installation()
    try:
        record = Accounts(installation.journal).known(made.facts.account_id or "")
        assert record is not None
        assert record.personal_email == "nene@correo.example"
    finally:
        installation.close()
    assert requests[CaseNumber("GU-2026-000003")].state is State.FOLLOWED_UP
    assert [to for to, subject, _ in world.mails() if "acceso" in subject.lower()].count("nene@correo.example") == 1
