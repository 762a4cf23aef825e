"""What a report reads, on both databases."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from config.vocabulary import AccountType, CaseNumber, HoldReason
from provision.journal.accounts import Accounts
from provision.journal.batches import Batches
from provision.journal.reported import DoneAct, RegisteredAccount, Reported
from provision.journal.store import Journal
from provision.procedure.acts import Act
from provision.procedure.holds import Hold
from provision.procedure.lifecycle import advance
from provision.procedure.model import DeskAsked, Done, Resubmitted, Settled
from provision.procedure.safety import Batch, Destructive
from tests.cases import BOSS, GRANTED, NOW, contractor, enter, rules, version_of

FIRST, SECOND = CaseNumber("GU-2026-000001"), CaseNumber("GU-2026-000002")
EVER = (datetime(2020, 1, 1, tzinfo=UTC), datetime(2030, 1, 1, tzinfo=UTC))
MINUTE = timedelta(minutes=1)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def journal(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Journal]:
    """A journal with two cases, the first of which has its ticket."""
    postgres = request.param == "postgres"
    url = str(request.getfixturevalue("postgres_journal_url")) if postgres else f"sqlite:///{tmp_path / 'gestion.db'}"
    journal = Journal.open(url)
    enter(journal, [1, 2])
    yield journal
    journal.close()


def test_requests_and_their_stories(journal: Journal) -> None:
    """In the order of their numbers; the lines of the cases asked for and of no others."""
    reported = Reported(journal)
    assert [each.case for each in reported.requests()] == [FIRST, SECOND]
    stories = reported.histories([FIRST])
    assert stories[FIRST][0].title == "Recibida"
    assert set(stories) == {FIRST}
    assert reported.histories([]) == {}


def test_what_was_done_and_when(journal: Journal) -> None:
    """Only acts asked for, that were done, within the time asked for, its end excluded."""
    at = NOW + timedelta(hours=1)
    lease = journal.lease_next("uno", at, timedelta(minutes=5))
    assert lease is not None
    decided = advance(lease.request, (), rules(at))
    begun = journal.commit(lease, decided, now=at, lease_for=MINUTE, begin=True)
    assert begun is not None
    assert begun.open_effect is not None
    reported = Reported(journal)
    assert reported.done([Act.REGISTER_TICKET], *EVER) == ()
    later = advance(begun.request, [Settled(begun.open_effect.effect, Done())], rules(at + MINUTE))
    journal.commit(begun, later, now=at + MINUTE, lease_for=MINUTE, settled=(begun.open_effect, Done()))
    done = DoneAct(lease.request.case, Act.REGISTER_TICKET, at + MINUTE)
    assert reported.done([Act.REGISTER_TICKET], *EVER) == (done,)
    assert reported.done([Act.BACK_UP], *EVER) == ()
    assert reported.done([Act.REGISTER_TICKET], at, at + MINUTE) == ()


def test_when_a_case_was_answered_again(journal: Journal) -> None:
    """A response that was edited, and not what the desk chose meanwhile."""
    at = NOW + timedelta(hours=2)
    journal.ask(FIRST, DeskAsked("Reintentar", "mesa"), at, on_board=False)
    with journal.receiving(at) as receiving:
        receiving.signal(version_of(1, at), FIRST, Resubmitted(contractor(), GRANTED, BOSS))
    assert Reported(journal).resubmitted([FIRST, SECOND]) == {FIRST: (at,)}


def test_accounts_and_their_holds(journal: Journal) -> None:
    """The register without anybody's personal address, and every hold by account."""
    accounts, hold = Accounts(journal), Hold(FIRST, HoldReason.VACATION, date(2026, 11, 23), date(2026, 11, 27))
    accounts.remember("guid-ana", "ana.rios", personal_email="ana@gmail.com", account_type=AccountType.CONTRACTOR)
    accounts.place_hold("guid-ana", hold)
    reported = Reported(journal)
    assert reported.accounts() == (RegisteredAccount("guid-ana", "ana.rios", AccountType.CONTRACTOR, None, None, None, None),)
    assert reported.holds() == {"guid-ana": (hold,)}


def test_batches_held_in_a_time(journal: Journal) -> None:
    """With how many cases each has, and who decided."""
    batch = Batch((Destructive(FIRST, "inactivar"), Destructive(SECOND, "eliminar")), allowed=1)
    batches, reported = Batches(journal), Reported(journal)
    batches.hold(batch, NOW)
    (held,) = reported.batches(NOW, NOW + MINUTE)
    assert (held.cases, held.allowed, held.approved_by) == (2, 1, None)
    batches.approve(batch.digest, BOSS, NOW + MINUTE)
    assert reported.batches(NOW, NOW + MINUTE)[0].approved_by == BOSS
    assert reported.batches(NOW + MINUTE, EVER[1]) == ()
