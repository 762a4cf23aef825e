"""What is told of a campaign: its one report, its one ticket through a desk that fails, and what an exception is not."""

from datetime import timedelta
from pathlib import Path

import pytest

from config.errors import Rejected, Target, TargetError, Unreachable
from intake.campaign_applying import Watched, apply_campaign
from notify.desk.embedded import EmbeddedDesk
from notify.desk.port import TicketId, TicketStatus
from provision.journal.campaign_accounts import Stage
from provision.journal.campaigns import Campaigns, Deed, DeedKind
from tests.runs.campaigning import (
    NEW_YEAR,
    applied,
    approved,
    campaign,
    installed,
    login_of,
    office,
    renew,
    reports,
    stages,
)
from tests.runs.test_campaign_apply import enabled


class FailingDesk(EmbeddedDesk):
    """A desk's tool that closes nothing."""

    failure: TargetError

    def close_with_solution(self, id: TicketId, solution: str) -> None:
        """Never."""
        raise self.failure


@pytest.mark.parametrize(
    ("failure", "in_the_end"),
    [
        (Unreachable(Target.DESK, "No contesta."), TicketStatus.CLOSED),
        (Rejected(Target.DESK, "Falta una categoría."), TicketStatus.IN_PROGRESS),
    ],
    ids=["unreachable", "rejected"],
)
def test_a_desk_that_fails_withholds_no_report(tmp_path: Path, failure: TargetError, in_the_end: TicketStatus) -> None:
    """Each is told once; a ticket that could not be closed is closed by a later run, and one that is rejected stays."""
    world = office(tmp_path, 2, at=NEW_YEAR)
    digest = approved(world)
    with installed(world) as installation:
        desk = FailingDesk(world.path("mesa.db"), clock=world.clock)
        desk.failure = failure
        installation.desk = desk
        found = Campaigns(installation.journal).named(digest)
        assert found is not None
        deed = Deed(installation.clock(), DeedKind.APPLIED, "", "prueba")
        worked = apply_campaign(installation, found, deed, Watched(), wave=2)
        assert worked.problems == ([failure] if isinstance(failure, Unreachable) else [])
    assert len(reports(world)) == 2
    world.clock.advance(timedelta(days=1))
    world.run()
    world.clock.advance(timedelta(days=1))
    world.run()
    assert len(reports(world)) == 2
    (ticket,) = world.desk().tickets()
    assert ticket.ticket.status is in_the_end


def test_the_ticket_is_closed_when_everybody_was_given_back(tmp_path: Path) -> None:
    """Of a campaign that was undone before its report; one that was never applied has no ticket, and gets none."""
    world = office(tmp_path, 3)
    never = approved(world, "--contracts-ending-by", "31/12/2026", "--title", "Nunca")
    assert campaign(world, "rollback", never).code == 0
    assert world.desk().tickets() == ()
    digest = applied(world)
    (ticket,) = world.desk().tickets()
    assert ticket.ticket.status is TicketStatus.IN_PROGRESS
    assert campaign(world, "rollback", digest, "--note", "Prórrogas").code == 0
    (ticket,) = world.desk().tickets()
    assert ticket.ticket.status is TicketStatus.CLOSED
    assert "deshecha: 3 cuentas trabajan como antes, 0 no llegaron" in (ticket.ticket.solution or "")
    assert any("Prórrogas" in note for note in ticket.ticket.notes)
    assert reports(world) == []


def test_an_exception_is_to_the_campaign_and_not_to_the_contract(tmp_path: Path) -> None:
    """Who is excepted and not renewed becomes inactive by the daily sweep; the report and `show` say so beside the number."""
    world = office(tmp_path, 3)
    world.path("siguen.txt").write_text(f"{login_of(1)}\n{login_of(2)}\n")
    digest = applied(world, "--contracts-ending-by", "31/12/2026", "--except", str(world.path("siguen.txt")))
    renew(world, login_of(2))
    world.clock.move_to(NEW_YEAR)
    world.run_until_quiet(most=4)
    assert enabled(world, 3) == [False, False, True]
    assert stages(world, digest) == {Stage.APPLIED: 1}
    said = "2. Quedan fuera de esta campaña y de nada más"
    assert said in " ".join(reports(world)[0][1].split())
    assert said in " ".join(campaign(world, "show", digest).out.split())
