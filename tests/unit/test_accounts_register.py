"""The register of accounts: what is on record, holds, groups that come back, and which cases concern the same account."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from config.vocabulary import AccountType, CaseNumber, EmailAddress, HoldReason
from provision.journal import schema as s
from provision.journal.accounts import AccountRecord, Accounts
from provision.journal.store import Journal
from provision.procedure.holds import Hold
from provision.procedure.model import Advance, Entry, HoldLifted, State
from tests.cases import NOW, enter

ANA, EVA = "00000000-0000-0000-0000-00000000000a", "00000000-0000-0000-0000-00000000000b"
FIRST, SECOND, THIRD = (CaseNumber(f"GU-2026-{number:06d}") for number in (1, 2, 3))
TODAY = date(2026, 11, 23)
VACATION = Hold(FIRST, HoldReason.VACATION, TODAY, TODAY + timedelta(days=9))


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """A journal with three open cases."""
    journal = Journal.open(f"sqlite:///{tmp_path / 'gestion.db'}")
    enter(journal, [1, 2, 3])
    yield journal
    journal.close()


@pytest.fixture
def accounts(journal: Journal) -> Accounts:
    """Its register."""
    return Accounts(journal)


def inbox(journal: Journal, case: CaseNumber) -> list[object]:
    """The signals that wait for a case."""
    while (lease := journal.lease_next("prueba", NOW + timedelta(days=1), timedelta(minutes=5))) is not None:
        if lease.request.case == case:
            return [signal for _, signal in lease.inbox]
    return []


def test_nothing_is_known_of_a_stranger(accounts: Accounts) -> None:
    """And what is remembered later completes the record without touching the rest."""
    assert accounts.known(ANA) is None
    accounts.remember(ANA, "ana.rios", personal_email="ana@gmail.com", contract_end=TODAY)
    accounts.remember(ANA, "ana.ñáñez", account_type=AccountType.CONTRACTOR, disabled_by_us=True)
    assert accounts.known(ANA) == AccountRecord(
        ANA,
        "ana.ñáñez",
        account_type=AccountType.CONTRACTOR,
        personal_email=EmailAddress("ana@gmail.com"),
        contract_end=TODAY,
        disabled_by_us=True,
    )


def test_a_column_that_is_none_is_a_mistake_of_the_program(accounts: Accounts) -> None:
    """Nothing is written."""
    for column in ("clave", "login; DROP TABLE account"):
        with pytest.raises(ValueError, match="no columns"):
            accounts.remember(ANA, "ana.rios", **{column: "x"})
    assert accounts.known(ANA) is None


def test_groups_written_down_stay_until_they_came_back(accounts: Accounts) -> None:
    """A second look, when some are gone already, forgets none and repeats none."""
    accounts.keep_groups(ANA, "ana.rios", ["CN=Uno,DC=x", "CN=O\\, Dos,DC=x"])
    accounts.keep_groups(ANA, "ana.rios", ["CN=O\\, Dos,DC=x", "CN=Tres Ñ,DC=x"])
    record = accounts.known(ANA)
    assert record is not None
    assert record.kept_groups == ("CN=Uno,DC=x", "CN=O\\, Dos,DC=x", "CN=Tres Ñ,DC=x")
    accounts.forget_groups(ANA, "ana.rios")
    accounts.forget_groups(ANA, "ana.rios")
    record = accounts.known(ANA)
    assert record is not None
    assert record.kept_groups == ()


def test_a_case_has_one_hold_on_an_account(accounts: Accounts) -> None:
    """Placed again it has the new dates; the other cases' are untouched."""
    accounts.place_hold(ANA, VACATION)
    accounts.place_hold(ANA, VACATION)
    leave = Hold(SECOND, HoldReason.LEAVE, TODAY)
    accounts.place_hold(ANA, leave)
    moved = replace(VACATION, from_date=TODAY + timedelta(days=3), reason=HoldReason.LEAVE)
    accounts.place_hold(ANA, moved)
    assert accounts.holds(ANA) == (moved, leave)
    assert accounts.holds(EVA) == ()


def test_an_edit_that_names_another_account_withdraws_the_hold_from_the_first(accounts: Accounts) -> None:
    """But never one on an account that nobody received: that is another account of the same case."""
    undelivered = Hold(FIRST, HoldReason.UNDELIVERED, TODAY)
    accounts.place_hold(ANA, VACATION)
    accounts.place_hold(EVA, undelivered)
    accounts.place_hold(EVA, undelivered)
    assert accounts.holds(ANA) == (VACATION,)
    third = "00000000-0000-0000-0000-00000000000c"
    accounts.place_hold(third, VACATION)
    assert accounts.holds(ANA) == ()
    assert accounts.holds(EVA) == (undelivered,)
    assert accounts.holds(third) == (VACATION,)


def test_a_hold_is_lifted_once_and_its_case_is_told(accounts: Accounts, journal: Journal) -> None:
    """The first decision stays; a case that lifts its own hold needs no signal."""
    accounts.place_hold(ANA, VACATION)
    accounts.end_holds(ANA, [FIRST, SECOND], TODAY + timedelta(days=2), THIRD, NOW)
    accounts.end_holds(ANA, [FIRST], TODAY, SECOND, NOW)
    assert accounts.holds(ANA) == (replace(VACATION, ended_on=TODAY + timedelta(days=2)),)
    assert inbox(journal, FIRST) == [HoldLifted(TODAY + timedelta(days=2), THIRD)]


def test_lifting_ones_own_hold_signals_nothing(accounts: Accounts, journal: Journal) -> None:
    """Nor does one that was never placed."""
    accounts.place_hold(ANA, VACATION)
    accounts.end_holds(ANA, [FIRST], TODAY, FIRST, NOW)
    accounts.end_holds(EVA, [FIRST], TODAY, THIRD, NOW)
    assert inbox(journal, FIRST) == []


@pytest.mark.parametrize(
    ("hold", "ours"),
    [
        (None, False),
        (VACATION, True),
        (replace(VACATION, ended_on=TODAY), False),
        (replace(VACATION, from_date=TODAY + timedelta(days=1)), False),
        (replace(VACATION, from_date=TODAY - timedelta(days=9), until_date=TODAY), True),
        (replace(VACATION, from_date=TODAY - timedelta(days=9), until_date=TODAY - timedelta(days=1)), False),
        (replace(VACATION, until_date=None, ended_on=TODAY + timedelta(days=1)), True),
    ],
)
def test_an_account_that_works_again_is_ours_no_longer_unless_it_is_held_today(
    accounts: Accounts, hold: Hold | None, ours: bool
) -> None:
    """So that a hold which another worker brought meanwhile is not taken for somebody else's doing."""
    accounts.remember(ANA, "ana.rios", disabled_by_us=True)
    accounts.remember(EVA, "eva.sol", disabled_by_us=True)
    if hold is not None:
        accounts.place_hold(ANA, replace(hold, ended_on=None))
        if hold.ended_on is not None:
            accounts.end_holds(ANA, [FIRST], hold.ended_on, THIRD, NOW)
    accounts.works_again(ANA, TODAY)
    record, other = accounts.known(ANA), accounts.known(EVA)
    assert record is not None
    assert other is not None
    assert (record.disabled_by_us, other.disabled_by_us) == (ours, True)


def test_cases_of_one_account_know_of_those_before_them(accounts: Accounts, journal: Journal) -> None:
    """By case number, whoever looked first; a closed one, or one that turned to another account, is none."""
    assert accounts.claim(SECOND, ANA, NOW) == ()
    assert accounts.claim(FIRST, ANA, NOW) == ()
    assert [request.case for request in accounts.claim(THIRD, ANA, NOW)] == [FIRST, SECOND]
    assert [request.case for request in accounts.claim(SECOND, ANA, NOW)] == [FIRST]
    accounts.claim(FIRST, EVA, NOW)
    assert [request.case for request in accounts.claim(THIRD, ANA, NOW)] == [SECOND]
    accounts.claim(SECOND, EVA, NOW)
    assert accounts.claim(THIRD, ANA, NOW) == ()
    accounts.claim(FIRST, ANA, NOW)
    lease = journal.lease_next("prueba", NOW + timedelta(days=1), timedelta(minutes=5))
    assert lease is not None
    assert lease.request.case == FIRST
    closed = replace(lease.request, state=State.CANCELLED, closed_at=NOW)
    journal.commit(lease, Advance(closed, (Entry("Cancelada"),), None, None), now=NOW, lease_for=timedelta(minutes=5))
    assert accounts.claim(THIRD, ANA, NOW) == ()


def test_a_claim_is_one_row_however_often_it_is_made(accounts: Accounts, journal: Journal) -> None:
    """Each round of a request looks again."""
    for account in (ANA, ANA, EVA, EVA):
        accounts.claim(FIRST, account, NOW)
    with journal.transaction() as connection:
        rows = connection.execute(select(s.account_claim.c.case_number, s.account_claim.c.account_id)).all()
    assert [tuple(row) for row in rows] == [(FIRST, EVA)]
