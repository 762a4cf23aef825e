"""The journal, over SQLite and PostgreSQL alike: what enters once, who may advance it, and what is written together."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import StatementError

from config.errors import CannotRun
from config.vocabulary import CaseNumber
from provision.journal import schema as s
from provision.journal.copying import copy_of_journal
from provision.journal.rows import put_signal
from provision.journal.store import Journal, Lease, LeaseLost
from provision.journal.views import Memory, Views
from provision.procedure.acts import Act, WaitingFor
from provision.procedure.desk import needs_attention
from provision.procedure.facts import Facts, Pickup
from provision.procedure.lifecycle import advance
from provision.procedure.model import (
    Admitted,
    Advance,
    DeskAsked,
    Done,
    Entry,
    HeldInBatch,
    HoldLifted,
    NotYet,
    Resubmitted,
    Settled,
    State,
)
from provision.procedure.submission import Submission
from tests.cases import (
    DEFECTIVE,
    EVERY_OPERATION,
    GRANTED,
    NOW,
    PROVISIONAL,
    SUBJECT,
    contractor,
    enter,
    opened,
    rules,
    version_of,
)

FIVE_MINUTES = timedelta(minutes=5)
SECOND = timedelta(seconds=1)
LIFTED = HoldLifted(date(2026, 12, 1), CaseNumber("GU-2026-000042"))


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The address of a journal."""
    if request.param == "postgres":
        return str(request.getfixturevalue("postgres_journal_url"))
    return f"sqlite:///{tmp_path / 'gestion.db'}"


@pytest.fixture
def journal(store: str) -> Iterator[Journal]:
    """An open journal."""
    journal = Journal.open(store)
    yield journal
    journal.close()


def leased(journal: Journal, owner: str = "uno", now: datetime = NOW + timedelta(hours=1)) -> Lease:
    """The next request, leased; one is due."""
    lease = journal.lease_next(owner, now, FIVE_MINUTES)
    assert lease is not None
    return lease


def decided(lease: Lease, now: datetime = NOW) -> Advance:
    """What the procedure decides on a lease."""
    return advance(lease.request, [signal for _, signal in lease.inbox], rules(now))


def counted(journal: Journal, table: str) -> int:
    """How many rows a table has."""
    with journal.transaction() as connection:
        return int(connection.execute(select(func.count()).select_from(s.metadata.tables[table])).scalar_one())


def test_a_version_of_a_response_enters_once(journal: Journal) -> None:
    """A second entry of the same submission is refused by the unique key, and nothing of its transaction stays."""
    enter(journal, [1])
    with pytest.raises(CannotRun), journal.receiving(NOW) as receiving:
        receiving.enter(version_of(1, NOW + SECOND), opened(2))
    assert [shown.request.case for shown in Views(journal).cases()] == ["GU-2026-000001"]


def test_known_tells_the_versions_it_has(journal: Journal) -> None:
    """Of a thousand submissions asked about, exactly those in the journal are known, to the microsecond."""
    at = datetime(2026, 11, 23, 13, 0, 0, 123456, tzinfo=UTC)
    with journal.receiving(at) as receiving:
        receiving.enter(version_of(7, at), opened(7))
        asked = [("R7", at), ("R7", at + timedelta(microseconds=1)), *((f"X{number}", at) for number in range(1000))]
        assert receiving.known("forma", asked) == {("R7", at)}
        assert receiving.known("otra", asked) == frozenset()


def test_the_cursor_moves_with_the_responses_or_not_at_all(journal: Journal) -> None:
    """An error after the cursor was saved leaves both the cursor and the cases as they were."""
    with journal.receiving(NOW) as receiving:
        receiving.save_cursor("forma", NOW, NOW)

    def enter_and_fail() -> None:
        with journal.receiving(NOW) as receiving:
            receiving.next_case_number(2026)
            receiving.enter(version_of(1), opened(1))
            receiving.save_cursor("forma", NOW + SECOND, NOW + SECOND)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        enter_and_fail()
    with journal.receiving(NOW) as receiving:
        assert receiving.cursor("forma") == (NOW, NOW)
        assert receiving.case("GU-2026-000001") is None
        assert receiving.next_case_number(2026) == "GU-2026-000001"


def test_case_numbers_are_given_once_and_begin_again_each_year(store: str, journal: Journal) -> None:
    """Four workers that ask at once get forty different numbers without a gap; another year begins at 1."""

    def ten(_: int) -> list[str]:
        own = Journal.open(store)
        numbers = []
        for _ in range(10):
            with own.receiving(NOW) as receiving:
                numbers.append(str(receiving.next_case_number(2026)))
        own.close()
        return numbers

    with ThreadPoolExecutor(4) as workers:
        numbers = sorted(number for some in workers.map(ten, range(4)) for number in some)
    assert numbers == [f"GU-2026-{number:06d}" for number in range(1, 41)]
    with journal.receiving(NOW) as receiving:
        assert receiving.next_case_number(2027) == "GU-2027-000001"


def test_requests_are_leased_in_order_and_one_worker_skips_what_another_holds(journal: Journal) -> None:
    """The oldest case first; what is leased is skipped; nothing due is nothing leased."""
    cases = enter(journal, [2, 1, 3])
    assert [leased(journal, owner).request.case for owner in ("uno", "dos", "tres")] == sorted(cases)
    assert journal.lease_next("cuatro", NOW + timedelta(hours=1), FIVE_MINUTES) is None


def test_a_request_is_not_leased_before_it_is_due(journal: Journal) -> None:
    """A wait is a date: one second before it nothing is due, at it the request is."""
    enter(journal, [1])
    assert not journal.has_due(NOW - SECOND)
    lease = leased(journal)
    later = NOW + timedelta(days=200)
    journal.commit(lease, replace(decided(lease), effect=None, wake_at=later), now=NOW, lease_for=FIVE_MINUTES)
    assert journal.lease_next("uno", later - SECOND, FIVE_MINUTES) is None
    assert journal.has_due(later)
    assert leased(journal, now=later).request.case == "GU-2026-000001"


def test_an_expired_lease_is_taken_over_and_the_slow_worker_writes_nothing(journal: Journal) -> None:
    """The worker that lost its lease gets LeaseLost, and neither state, story nor effect of its decision is written."""
    enter(journal, [1])
    now = NOW + timedelta(hours=1)
    slow = leased(journal, "lento", now)
    assert journal.lease_next("otro", now + FIVE_MINUTES - SECOND, FIVE_MINUTES) is None
    other = leased(journal, "otro", now + FIVE_MINUTES)
    journal.commit(other, decided(other), now=now, lease_for=FIVE_MINUTES, begin=True)
    before = Views(journal).story("GU-2026-000001")
    for begin in (True, False):
        with pytest.raises(LeaseLost):
            journal.commit(slow, decided(slow), now=now, lease_for=FIVE_MINUTES, begin=begin)
    assert Views(journal).story("GU-2026-000001") == before


def test_leases_of_a_dead_worker_can_be_forgotten(journal: Journal) -> None:
    """After `forget_leases` the request is free at once, with the effect that was in flight."""
    enter(journal, [1])
    lease = leased(journal)
    held = journal.commit(lease, decided(lease), now=NOW, lease_for=FIVE_MINUTES, begin=True)
    assert held is not None
    assert journal.lease_next("dos", NOW + SECOND, FIVE_MINUTES) is None
    assert journal.forget_leases() == 1
    again = leased(journal, "dos", NOW + SECOND)
    assert again.open_effect is not None
    assert again.open_effect.in_flight
    begun = journal.begin_again(again, again.open_effect, NOW, FIVE_MINUTES)
    assert begun.open_effect is not None
    assert (begun.open_effect.attempts, begun.version) == (2, again.version + 1)
    with pytest.raises(LeaseLost):
        journal.begin_again(again, again.open_effect, NOW, FIVE_MINUTES)
    with journal.transaction() as connection:
        assert connection.execute(select(s.effect.c.attempts)).scalar_one() == 2


def test_a_decision_is_written_whole_or_not_at_all(journal: Journal) -> None:
    """An error in the middle of a commit leaves outcome, story, effect, signals and state as they were."""
    case = enter(journal, [1])[0]
    journal.ask(case, DeskAsked("Reintentar", "mesa"), NOW, on_board=False)
    lease = leased(journal)
    first = decided(lease)
    assert first.effect is not None
    held = journal.commit(lease, first, now=NOW, lease_for=FIVE_MINUTES, begin=True)
    assert held is not None
    assert held.open_effect is not None
    rows = {name: counted(journal, name) for name in s.metadata.tables}
    before = Views(journal).story(case)
    done = Done(Facts(ticket="T-1"))
    second = advance(held.request, [Settled(first.effect, done)], rules())
    assert second.effect is not None
    # The next effect is the last row to be written; no store has room for such a number.
    broken = replace(second, effect=replace(second.effect, round=2**70))
    with pytest.raises((OverflowError, CannotRun)):
        journal.commit(held, broken, now=NOW, lease_for=FIVE_MINUTES, settled=(held.open_effect, done))
    assert Views(journal).story(case) == before
    assert {name: counted(journal, name) for name in s.metadata.tables} == rows
    journal.commit(held, second, now=NOW, lease_for=FIVE_MINUTES, settled=(held.open_effect, done), begin=True)
    assert sorted(effect.status for effect in Views(journal).story(case).effects) == ["IN_FLIGHT", "SETTLED"]


def test_a_naive_instant_never_enters(journal: Journal) -> None:
    """Whoever forgets the zone is told at once, and nothing is written."""
    case = enter(journal, [1])[0]
    lease = leased(journal)
    before = Views(journal).story(case)
    naive = replace(decided(lease), wake_at=NOW.replace(tzinfo=None))
    with pytest.raises(StatementError, match="naive"):
        journal.commit(lease, naive, now=NOW, lease_for=FIVE_MINUTES)
    assert Views(journal).story(case) == before


def test_there_is_one_open_effect_and_a_new_wish_supersedes_it(journal: Journal) -> None:
    """An effect that is not wanted any more is kept as superseded, never as open."""
    case = enter(journal, [1])[0]
    lease = leased(journal)
    first = decided(lease)
    held = journal.commit(lease, first, now=NOW, lease_for=FIVE_MINUTES, begin=True)
    assert held is not None
    assert held.open_effect is not None
    assert first.effect is not None
    waiting = NotYet(WaitingFor.RETRY, NOW + FIVE_MINUTES, "no responde")
    put_off = advance(held.request, [Settled(first.effect, waiting)], rules())
    journal.commit(held, put_off, now=NOW, lease_for=FIVE_MINUTES, settled=(replace(held.open_effect, failures=1), waiting))
    again = leased(journal, now=NOW + FIVE_MINUTES)
    assert again.open_effect is not None
    assert (again.open_effect.in_flight, again.open_effect.failures, again.open_effect.attempts) == (False, 1, 1)
    held_by_person = Advance(needs_attention(again.request, "x"), (Entry("Requiere atención"),), None, None)
    journal.commit(again, held_by_person, now=NOW, lease_for=FIVE_MINUTES)
    assert [effect.status for effect in Views(journal).story(case).effects] == ["SUPERSEDED"]


def test_signals_wake_a_request_and_are_applied_in_order_once(journal: Journal) -> None:
    """An edit and a desk action come with the next lease, oldest first; once applied they do not come again."""
    case = enter(journal, [1])[0]
    lease = leased(journal)
    journal.commit(lease, replace(decided(lease), effect=None, wake_at=None), now=NOW, lease_for=FIVE_MINUTES)
    assert not journal.has_due(NOW + timedelta(days=999))
    edit = Resubmitted(contractor(given_names="Ñeñe\nO'Brien"), GRANTED, None)
    with journal.receiving(NOW) as receiving:
        receiving.signal(version_of(1, NOW + timedelta(minutes=9)), case, edit)
    asked = DeskAsked("=HYPERLINK(", "Mesa de servicio", "nota\ncon ñ")
    assert journal.ask(case, asked, NOW + SECOND, on_board=False)
    woken = leased(journal, now=NOW + SECOND)
    assert [signal for _, signal in woken.inbox] == [edit, asked]
    journal.commit(woken, replace(decided(woken), effect=None, wake_at=None), now=NOW, lease_for=FIVE_MINUTES)
    assert journal.lease_next("uno", NOW + timedelta(days=999), FIVE_MINUTES) is None


def test_a_signal_that_arrives_during_the_work_is_not_lost(journal: Journal) -> None:
    """What arrives between the lease and the commit stays open, and the request is due at once."""
    case = enter(journal, [1])[0]
    lease = leased(journal)
    journal.ask(case, DeskAsked("Cancelar", "mesa"), NOW, on_board=False)
    journal.commit(lease, replace(decided(lease), effect=None, wake_at=None), now=NOW, lease_for=FIVE_MINUTES)
    assert [signal for _, signal in leased(journal, now=NOW).inbox] == [DeskAsked("Cancelar", "mesa")]


def test_an_action_on_the_board_is_taken_once_until_it_is_cleared(journal: Journal) -> None:
    """It stands there while the board cannot be written; another choice meanwhile is taken; cleared, it may come again."""
    case = enter(journal, [1])[0]
    views = Views(journal)
    retry, cancel = DeskAsked("Reintentar", "Mesa de servicio"), DeskAsked("Cancelar", "Mesa de servicio")

    def ask(action: DeskAsked) -> bool:
        return journal.ask(case, action, NOW, on_board=True)

    assert [ask(retry), ask(retry), ask(cancel), ask(cancel)] == [True, False, True, False]
    (row,) = views.to_be_shown()
    assert row.action_taken
    views.shown([row])
    assert views.to_be_shown() == ()
    assert ask(cancel)
    assert not journal.ask(CaseNumber("GU-2026-999999"), retry, NOW, on_board=True)
    assert counted(journal, "signal") == 3


def test_what_changed_while_it_was_being_shown_stays_to_be_shown(journal: Journal) -> None:
    """The mark is for the version that was written on the board and for no newer one."""
    enter(journal, [1, 2])
    views = Views(journal)
    rows = views.to_be_shown()
    lease = leased(journal)
    journal.commit(lease, replace(decided(lease), wake_at=None, effect=None), now=NOW, lease_for=FIVE_MINUTES)
    views.shown(rows)
    assert [row.request.case for row in views.to_be_shown()] == ["GU-2026-000001"]


def test_the_journal_answers_what_is_asked_of_it(journal: Journal) -> None:
    """Lists by state and text (with %, _ and quotes as plain characters), counts, a story, hints, and an unknown case."""
    enter(journal, [1, 2])
    with journal.receiving(NOW) as receiving:
        receiving.enter(version_of(3, requester="Otra.Persona@entidad.gov.co"), opened(3, DEFECTIVE))
    views = Views(journal)
    assert [shown.request.case for shown in views.cases(contains="1000002")] == ["GU-2026-000002"]
    assert [len(views.cases(contains=text)) for text in ("%", "' OR 1=1 --", "OGI_", "Muñoz")] == [0, 0, 0, 2]
    assert views.counts() == {State.RECEIVED: 3}
    assert len(views.cases(only_open=True, states=[State.DONE])) == 0
    story = views.story("GU-2026-000003")
    assert [line.title for line in story.history] == ["Recibida", "Autorizada", "Requiere corrección"]
    assert story.shown.answers["notes"] == ('=HYPERLINK("x")\nñ',)
    assert story.shown.last_submitted_at == NOW
    with pytest.raises(CannotRun, match="No existe el caso"):
        views.story("GU-2026-000404")
    memory = Memory(journal)
    memory.put("hoja", "1")
    memory.put("hoja", "2")
    assert (memory.get("hoja"), memory.get("otra")) == ("2", None)


def test_a_request_comes_back_as_it_went_in(journal: Journal) -> None:
    """Hostile text, ten thousand characters, dates and enums survive the journal unchanged."""
    content = replace(contractor(given_names="Ñ" * 10_000 + "\x1f O'Brien\r\n=1+1"), notes="\u202e🙂 «»\t")
    with journal.receiving(NOW) as receiving:
        receiving.enter(version_of(1), opened(1, content))
        assert receiving.case("GU-2026-000001") == opened(1, content).request


def test_a_copy_for_a_dry_run_is_whole_and_apart(store: str, journal: Journal, tmp_path: Path) -> None:
    """The copy has every row and takes writes; the original has none of them."""
    case = enter(journal, [1, 2])[0]
    lease = leased(journal)
    journal.commit(lease, decided(lease), now=NOW, lease_for=FIVE_MINUTES, begin=True)
    (tmp_path / "copia").mkdir()
    copy = copy_of_journal(store, tmp_path / "copia")
    assert {name: counted(copy, name) for name in s.metadata.tables} == {
        name: counted(journal, name) for name in s.metadata.tables
    }
    assert Views(copy).story(case) == Views(journal).story(case)
    copy.ask(case, DeskAsked("Cancelar", "mesa"), NOW, on_board=False)
    assert (counted(copy, "signal"), counted(journal, "signal")) == (1, 0)
    copy.close()


@pytest.mark.parametrize("signal", [Admitted("Eliminación · ana.rios", "Lote aprobado."), HeldInBatch("«ñ»"), LIFTED])
def test_what_the_program_tells_a_case_comes_as_it_went(journal: Journal, signal: Admitted | HeldInBatch | HoldLifted) -> None:
    """The words of batches and of other cases wait in the journal as edits and desk actions do, and wake the request."""
    case = enter(journal, [1])[0]
    lease = leased(journal)
    journal.commit(lease, replace(decided(lease), effect=None, wake_at=None), now=NOW, lease_for=FIVE_MINUTES)
    with journal.transaction() as connection:
        put_signal(connection, case, signal, NOW)
    assert journal.next_wake() == NOW
    assert [each for _, each in leased(journal, now=NOW).inbox] == [signal]


@pytest.mark.parametrize("content", EVERY_OPERATION)
def test_every_operation_comes_back_as_it_went_in(journal: Journal, content: Submission) -> None:
    """Each kind of submission is read as its own kind and no other, with all that was learnt of its account."""
    with journal.receiving(NOW) as receiving:
        receiving.enter(version_of(1), opened(1, content, PROVISIONAL))
        read = receiving.case("GU-2026-000001")
    assert read == opened(1, content, PROVISIONAL).request
    lease = leased(journal)
    taught = replace(lease.request, facts=Facts(subject=SUBJECT, pickup=Pickup.REVOKED, hold_lifted_on=date(2026, 12, 1)))
    journal.commit(lease, Advance(taught, (), None, NOW), now=NOW, lease_for=FIVE_MINUTES)
    assert leased(journal).request == taught


@pytest.mark.parametrize("act", list(Act))
def test_every_act_fits_the_journal(act: Act) -> None:
    """The longest key of an effect that can be made fits its column."""

    def limits(column: str) -> int:
        return int(getattr(s.effect.c[column].type, "length", 0))

    for suffix in ("99", "regreso", "sin-entregar"):
        assert len(act) <= limits("act")
        assert len(f"{act}.r9999.{suffix}") <= limits("step")
        assert len(f"GU-2026-000001/{act}.r9999.{suffix}/9999") <= limits("key")
