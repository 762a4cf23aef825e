"""Each operation once in a real domain, killed where it matters most there, by the least-privilege service account."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.crash.acting import UPME
from tests.crash.afterwards import OWN_PASSWORD
from tests.crash.domain import GROUPS, MUST_CHANGE, OTHER_GROUPS, OTHER_OU, OU, WRONG, Entry, Member, furnish
from tests.servers.samba import DomainController

pytestmark = [pytest.mark.crash, pytest.mark.samba]

WORKS = Entry(enabled=True, ou=OU, groups=GROUPS, manager="Jefe OGI", must_change=False)
HELD = Entry(enabled=False, ou=OU, groups=GROUPS, manager="Jefe OGI", must_change=False)
LEFT = Entry(enabled=False, ou=OU, groups=frozenset(), manager="Jefe OGI", must_change=False)


@pytest.fixture(scope="module")
def numbers() -> Iterator[int]:
    """Case numbers for each test, far from those of the other ones in this domain."""
    return iter(range(6000, 7000, 10))


@pytest.fixture
def member(samba: DomainController, tmp_path: Path, numbers: Iterator[int]) -> Member:
    """A contractor of the head's unit."""
    furnish(samba)
    member = Member.joins(tmp_path / "entidad", samba, next(numbers))
    assert member.entry() == WORKS
    return member


def test_a_password_change_killed_before_its_mail(member: Member) -> None:
    """The password that nobody got is replaced by the one that is mailed."""
    member.asks("Cambio de clave", on_premises="No")
    member.dies_at("access.password-set")
    assert list(member.wrong()) == []
    assert member.accepts_newest_password() == MUST_CHANGE
    assert member.domain.accepts(member.login, OWN_PASSWORD) == WRONG


def test_a_change_on_the_premises_killed_after_it_was_allowed(member: Member) -> None:
    """His own password still has to be changed, and nothing but notices went out."""
    member.asks("Cambio de clave", on_premises="Sí")
    member.dies_at("directory.change.allowed")
    assert list(member.wrong()) == []
    assert member.domain.accepts(member.login, OWN_PASSWORD) == MUST_CHANGE


def test_a_transfer_killed_between_the_move_and_the_groups(member: Member) -> None:
    """The groups of the new unit take the place of the former one's."""
    supervisor = f"supervisor.see@{UPME.domain}"
    member.asks("Modificación", unit=UPME.other_unit, supervisor_email=supervisor, reason="Traslado")
    member.dies_at("directory.account.moved")
    assert list(member.wrong()) == []
    moved = Entry(enabled=True, ou=OTHER_OU, groups=OTHER_GROUPS, manager="Supervisor SEE", must_change=False)
    assert member.entry() == moved


def test_a_retirement_killed_after_the_account_was_disabled(member: Member) -> None:
    """It leaves its groups too."""
    member.asks("Inactivación", reason="Retiro", from_date=member.day())
    member.dies_at("directory.account.disabled")
    assert list(member.wrong()) == []
    assert member.entry() == LEFT


def test_an_activation_killed_after_the_account_was_enabled(member: Member) -> None:
    """Who was on leave works again, with his own password."""
    member.asks("Inactivación", reason="Licencia de luto", from_date=member.day(), until_date=member.day(20))
    member.world.live_on()
    assert member.entry() == HELD
    member.world.clock.advance(timedelta(hours=1))
    member.asks("Activación")
    member.dies_at("directory.account.enabled")
    assert list(member.wrong()) == []
    assert member.entry() == WORKS
    assert member.domain.accepts(member.login, OWN_PASSWORD) == ""


def test_a_suspension_killed_on_both_its_days(member: Member) -> None:
    """Held in between, it works again afterwards."""
    contract = {"contract_number": "CPS-123-2026", "from_date": member.day(), "until_date": member.day()}
    member.asks("Suspensión de contrato", **contract)
    member.dies_at("directory.account.disabled")
    assert member.entry() == HELD
    member.world.clock.advance(timedelta(days=1))
    member.dies_at("directory.account.enabled")
    assert list(member.wrong()) == []
    assert member.entry() == WORKS


def test_an_early_termination_killed_between_two_groups(member: Member) -> None:
    """The others are left too, and all of them are written down."""
    contract = {"contract_number": "CPS-123-2026", "from_date": member.day(), "reason": "Mutuo acuerdo"}
    member.asks("Terminación anticipada", **contract)
    member.dies_at("directory.group.removed")
    assert list(member.wrong()) == []
    assert member.entry() == LEFT
    assert len(member.world.cases()[-1].request.facts.groups_removed or ()) == len(GROUPS)


def test_a_cession_killed_after_the_new_account_was_added(member: Member) -> None:
    """One account for the assignee, with its groups; the assignor's is held."""
    assignee = {
        "assignee_given_names": "Rosa Inés",
        "assignee_surnames": f"Díaz {member.login.partition('.')[2].title()}",
        "assignee_document_type": "Cédula de ciudadanía",
        "assignee_document_number": f"7{member.newest_case()[-6:]}1",
        "assignee_personal_email": "rosa.diaz@gmail.com",
    }
    contract = {"contract_number": "CPS-123-2026", "contract_end": member.day(200), "from_date": member.day()}
    member.asks("Cesión de contrato", supervisor_email=UPME.head, **contract, **assignee)
    member.dies_at("directory.account.added")
    assert list(member.wrong()) == []
    assert member.entry() == LEFT
    login = member.world.cases()[-1].request.facts.login or ""
    assert member.entry(login) == Entry(enabled=True, ou=OU, groups=GROUPS, manager="Jefe OGI", must_change=True)
    assert member.accepts_newest_password(login) == MUST_CHANGE


def test_a_deletion_killed_after_the_computer_was_removed(member: Member) -> None:
    """Computer, its children and the account are gone, after a backup that verifies."""
    member.has_computer("PC-CAIDA")
    member.asks("Eliminación", reason="Retiro de la entidad")
    member.world.live_on()
    case = member.newest_case()
    member.world.choose(case, "Aprobar", UPME.approver)
    member.world.live_on()
    member.world.choose(case, "Confirmar backup de equipo", "")
    member.dies_at("directory.computer.removed")
    assert not member.computer_is_there("PC-CAIDA")
    assert member.entry() == HELD
    member.world.choose(case, "Confirmar borrado de equipo", "")
    member.dies_at("directory.account.deleted")
    assert list(member.wrong()) == []
    assert member.entry() is None
