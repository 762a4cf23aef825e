"""`campaign apply`: waves, renewed contracts, dates to come, stopping and going on, crashes, and the one report."""

import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select

from config.stop_point import StopPoint
from intake.campaign_applying import Watched, apply_campaign
from intake.forms.port import Field
from notify.desk.port import TicketStatus
from provision.directory.port import AccountChanges
from provision.journal import schema as s
from provision.journal.campaign_accounts import Stage
from provision.journal.campaigns import Campaigns, Deed, DeedKind
from provision.procedure.model import State
from tests.command_line import gestion_of
from tests.crash.killing import KillAt, forked, was_killed
from tests.runs.campaigning import (
    APPROVER,
    NEW_YEAR,
    PLANNER,
    accounts_of,
    applied,
    approved,
    campaign,
    installed,
    licences_of,
    login_of,
    office,
    planned,
    renew,
    reports,
    stages,
    standings,
)
from tests.world import World


def enabled(world: World, count: int) -> list[bool]:
    """Who works."""
    return [account.enabled for account in accounts_of(world, count)]


def test_a_campaign_is_applied_at_once_where_the_date_has_come(tmp_path: Path) -> None:
    """Everybody is inactive, beyond the cap, with no ticket and no mail each; one report to each of two, one ticket for all."""
    world = office(tmp_path, 25, at=NEW_YEAR, caps=2)
    digest = applied(world)
    assert enabled(world, 25) == [False] * 25
    assert not any(account.group_dns for account in accounts_of(world, 25))
    assert stages(world, digest) == {Stage.APPLIED: 25}
    assert {shown.request.state for shown in world.cases()} == {State.DONE}
    assert {shown.request.facts.ticket for shown in world.cases()} == {None}
    assert sorted(to for to, _, _ in world.mails()) == [APPROVER, PLANNER]
    assert "Cuentas en que se aplicó: 25" in reports(world)[0][1]
    assert "deja 24 a su cargo" in reports(world)[0][1]
    world.run()
    world.clock.advance(timedelta(days=1))
    world.run()
    assert len(reports(world)) == 2
    assert campaign(world, "apply", digest).code == 0
    assert len(reports(world)) == 2
    (ticket,) = world.desk().tickets()
    assert ticket.ticket.status is TicketStatus.CLOSED
    assert ticket.ticket.solution is not None
    assert "25 cuentas inactivas, 0 salieron de ella y 0 quedan para revisión" in ticket.ticket.solution
    assert ticket.ticket.case not in {shown.request.case for shown in world.cases()}


def test_a_date_to_come_waits_and_nobody_else_takes_it(tmp_path: Path) -> None:
    """Until the last day everybody works; on the first day without contract the scheduled runs do the rest, and the report."""
    world = office(tmp_path, 4)
    digest = applied(world)
    world.run()
    assert (enabled(world, 4), stages(world, digest), reports(world)) == ([True] * 4, {Stage.UNDER_WAY: 4}, [])
    world.clock.move_to(NEW_YEAR)
    world.run_until_quiet(most=4)
    assert (enabled(world, 4), stages(world, digest)) == ([False] * 4, {Stage.APPLIED: 4})
    assert len(reports(world)) == 2
    assert len(world.cases()) == 4  # the sweep opened none of its own


def test_waves_do_so_many_and_no_more(tmp_path: Path) -> None:
    """In the order of the plan; the rest waits, and the sweep leaves it to the campaign for a few days and no longer."""
    world = office(tmp_path, 10, at=NEW_YEAR - timedelta(days=2))  # 02/01: one day after the last one
    digest = approved(world)
    first = campaign(world, "apply", digest, "--wave", "3", "--waves", "2", "--json")
    assert first.code == 0
    assert (first.document["waves"], first.document["entered"]) == (2, 6)
    assert stages(world, digest) == {Stage.APPLIED: 6, Stage.WAITING: 4}
    assert [standing.stage for standing in standings(world, digest)] == [Stage.APPLIED] * 6 + [Stage.WAITING] * 4
    world.run()
    assert len(world.cases()) == 6
    world.clock.advance(timedelta(days=3))
    world.run()
    assert len(world.cases()) == 10
    assert sum(enabled(world, 10)) == 0
    assert campaign(world, "apply", digest).code == 0
    assert stages(world, digest) == {Stage.APPLIED: 6, Stage.LEFT_OUT: 4}
    for wrong in ("0", "2001"):
        assert "una ola tiene" in campaign(world, "apply", digest, "--wave", wrong).err


def test_who_changed_before_the_turn_leaves_with_the_reason(tmp_path: Path) -> None:
    """Renewed, gone, protected, moved out, inactive: each leaves by itself and is told; the others go on."""
    world = office(tmp_path, 8, at=NEW_YEAR)
    digest = approved(world)
    renew(world, login_of(1))
    with closing(world.directory()) as directory:
        two, three, four = (directory.find_by_login(login_of(number)) for number in (2, 3, 4))
        assert two is not None
        assert three is not None
        assert four is not None
        directory.disable(two.id)
        directory.disable(three.id)
        directory.delete(three.id)
        directory.change(four.id, AccountChanges(never_expires=True))
    said = campaign(world, "apply", digest, "--json")
    assert said.code == 0
    reasons = {each.reason for each in standings(world, digest) if each.stage is Stage.LEFT_OUT}
    assert reasons == {
        "Se renovó: la cuenta va ahora hasta el 31/03/2027, y se planeó con el 31/12/2026.",
        "Ya está inactiva.",
        "La cuenta ya no está en el directorio, o salió de su base.",
        "Se renovó: la cuenta va ahora sin fecha de vencimiento, y se planeó con el 31/12/2026.",
    }
    assert stages(world, digest) == {Stage.APPLIED: 4, Stage.LEFT_OUT: 4}
    assert "Se renovó" in campaign(world, "show", digest).out
    assert "Cuentas que quedaron fuera: 4" in reports(world)[0][1]


def test_a_contract_renewed_while_the_date_is_awaited_leaves_too(tmp_path: Path) -> None:
    """In the directory by an administrator, or here by a request: on the day nothing is taken from either."""
    world = office(tmp_path, 4)
    digest = applied(world)
    renew(world, login_of(1))
    head = "jefa.de.todo@upme.gov.co"
    world.path("matriz.csv").write_text(f"{world.matrix}{head},Eva Ruiz,Jefe de área,todas,,,,,,\n", encoding="utf-8")
    extension = {
        Field.REQUEST_TYPE: "Modificación",
        Field.ACCOUNT_TYPE: "Contratista",
        Field.ACCOUNT: f"{login_of(2)}@upme.gov.co",
        Field.CONTRACT_END: "30/06/2027",
        Field.UNIT: accounts_of(world, 3)[2].department,
    }
    world.submit(extension, head)
    world.run_until_quiet(most=10)
    world.clock.move_to(NEW_YEAR)
    world.run_until_quiet(most=5)
    assert enabled(world, 4) == [False, True, True, False]
    assert [bool(account.group_dns) for account in accounts_of(world, 4)] == [False, True, True, False]
    left = {each.reason for each in standings(world, digest) if each.stage is Stage.LEFT_OUT}
    assert any(reason.startswith("Se renovó") for reason in left)
    assert any("se levantó antes de su fecha, por GU-" in reason for reason in left)
    assert stages(world, digest) == {Stage.APPLIED: 2, Stage.LEFT_OUT: 2}


def test_a_licence_goes_back_after_a_verified_backup(tmp_path: Path) -> None:
    """With the policy of Unidad para las Víctimas a campaign does what one account would get, in waves."""
    world = office(tmp_path, 5, institution="unidad-victimas", at=NEW_YEAR, licences=True)
    digest = approved(world)
    assert campaign(world, "show", digest, "--json").out.count('"licence": "SPE_F1"') == 5
    assert campaign(world, "apply", digest, "--wave", "2").code == 0
    world.run_until_quiet(most=10)
    assert stages(world, digest) == {Stage.APPLIED: 5}
    for account, shown in zip(accounts_of(world, 5), world.cases(), strict=True):
        assert (account.enabled, licences_of(world, account)) == (False, ())
        assert shown.request.facts.backup is not None
    assert len(reports(world)) == 2


def test_another_request_is_not_lost_beside_a_campaign(tmp_path: Path) -> None:
    """What waits for the run's sum goes on, or is held in its own batch; the campaign is not counted in it."""
    world = office(tmp_path, 6, at=NEW_YEAR)
    digest = approved(world)
    world.policy_changes = {"caps.destructive_per_run": 0, "caps.destructive_share": 0.0}
    assert campaign(world, "apply", digest).code == 0
    assert stages(world, digest) == {Stage.APPLIED: 6}


def test_it_cannot_be_applied_while_a_run_goes_on(tmp_path: Path) -> None:
    """One run at a time on one journal."""
    world = office(tmp_path, 2, at=NEW_YEAR)
    digest = approved(world)
    with installed(world) as installation, installation.run_lock():
        said = campaign(world, "apply", digest)
    assert (said.code, "Otra ejecución está en curso" in said.err) == (2, True)
    assert stages(world, digest) == {Stage.WAITING: 2}


def test_a_refused_campaign_is_never_applied(tmp_path: Path) -> None:
    """Refused before it was begun it stays so; once it was begun it can only be undone."""
    world = office(tmp_path, 3, at=NEW_YEAR)
    digest = approved(world)
    said = gestion_of(world, "reject", digest[:12], "--by", APPROVER, "--note", "Falta revisar Minería")
    assert said.code == 0, said.err
    assert "está «deshecha»" in campaign(world, "apply", digest).err
    assert {each.reason for each in standings(world, digest)} == {"La campaña se rechazó: Falta revisar Minería"}
    assert enabled(world, 3) == [True] * 3
    again = planned(world, "--contracts-ending-by", "31/12/2026", "--title", "Revisada")
    assert campaign(world, "approve", again, "--by", APPROVER).code == 0
    assert campaign(world, "apply", again).code == 0
    begun = gestion_of(world, "reject", again, "--by", APPROVER, "--note", "Tarde")
    assert (begun.code, "ya se empezó a aplicar" in begun.err) == (2, True)


def test_a_plan_that_somebody_changed_in_the_journal_is_not_applied(tmp_path: Path) -> None:
    """The approval names exactly the plan: other lines under the same digest are found out."""
    world = office(tmp_path, 3, at=NEW_YEAR)
    digest = approved(world)
    with installed(world) as installation, installation.journal.transaction() as connection:
        body = connection.execute(select(s.campaign.c.body)).scalar_one()
        connection.execute(s.campaign.update().values(body=body.replace("contratista.0001@", "gerencia@")))
    said = campaign(world, "apply", digest)
    assert (said.code, "no corresponde a su huella" in said.err) == (2, True)
    assert enabled(world, 3) == [True] * 3


def picture(world: World, digest: str, count: int) -> dict[str, object]:
    """All that a campaign leaves behind, as far as it does not depend on the hour."""
    with installed(world) as installation, installation.journal.transaction() as connection:
        holds = sorted(map(tuple, connection.execute(select(s.hold.c.account_id, s.hold.c.from_date, s.hold.c.ended_on))))
        known = sorted(
            map(tuple, connection.execute(select(s.account.c.login, s.account.c.kept_groups, s.account.c.disabled_by_us)))
        )
        cases = connection.execute(select(s.request.c.case_number)).scalars().all()
        open_effects = connection.execute(select(s.effect.c.key).where(s.effect.c.settled_at.is_(None))).scalars().all()
    return {
        "accounts": [(each.login, each.enabled, each.group_dns) for each in accounts_of(world, count)],
        "standings": standings(world, digest),
        "holds": holds,
        "known": known,
        "cases": sorted(cases),
        "open": open_effects,
        "mails": sorted(world.mails()),
    }


def apply(world: World, digest: str, *, wave: int = 15) -> None:
    """As the command does, with the world's stop point."""
    with installed(world) as installation:
        found = Campaigns(installation.journal).named(digest)
        assert found is not None
        deed = Deed(installation.clock(), DeedKind.APPLIED, "", "prueba")
        apply_campaign(installation, found, deed, Watched(), wave=wave)


def test_a_crash_anywhere_and_applying_again_is_one_application(tmp_path: Path) -> None:
    """Forty accounts, killed at stop points all along and where the campaign itself writes: always the same world."""
    for name in ("entera", "cortada"):
        (tmp_path / name).mkdir()
    whole = office(tmp_path / "entera", 40, at=NEW_YEAR)
    digest = approved(whole)
    whole.stop_point = KillAt()
    apply(whole, digest)
    passed = whole.stop_point.passed
    expected = picture(whole, digest, 40)
    assert stages(whole, digest) == {Stage.APPLIED: 40}
    waves = [number for number, name in enumerate(passed, start=1) if name == "campaign.wave.entered"]
    mails = [number for number, name in enumerate(passed, start=1) if name == "mail.sent"]
    assert (len(waves), len(mails)) == (3, 2)
    cut = office(tmp_path / "cortada", 40, at=NEW_YEAR)
    assert approved(cut) == digest
    # Each life goes on where the one before was killed, and passes fewer stop points.
    lives = [1, waves[0], 2, 7, 40, waves[1], 90, 3, 120, 11]
    killed = []
    for number in lives:
        cut.stop_point = KillAt(number)
        killed.append(was_killed(forked(lambda: apply(cut, digest), tmp_path / "queja")))
    assert sum(killed) >= 8, (killed, len(passed))
    cut.stop_point = KillAt()
    apply(cut, digest)
    assert picture(cut, digest, 40) == expected
    assert len(the_deeds(cut, digest)) > 2


def the_deeds(world: World, digest: str) -> list[str]:
    """What was done with a campaign."""
    with installed(world) as installation:
        return [deed.kind.value for deed in Campaigns(installation.journal).body(digest).deeds]


@pytest.mark.parametrize("number", [1, 2])
def test_a_crash_around_the_report_sends_it_once(tmp_path: Path, number: int) -> None:
    """Killed after the first or the second mail of the report, the next run tells whoever was not told, and nobody twice."""
    world = office(tmp_path, 3, at=NEW_YEAR)
    digest = approved(world)
    world.stop_point = KillAt()
    child = forked(lambda: _die_at_mail(world, digest, number), tmp_path / "queja")
    assert was_killed(child)
    world.stop_point = KillAt()
    world.clock.advance(timedelta(days=1))
    world.run()
    assert sorted(to for to, _ in reports(world)) == [APPROVER, PLANNER]


def _die_at_mail(world: World, digest: str, number: int) -> None:
    sent: list[str] = []

    def stop(name: str) -> None:
        if name == "mail.sent":
            sent.append(name)
            if len(sent) == number:
                os.kill(os.getpid(), signal.SIGKILL)

    world.stop_point = stop
    apply(world, digest)


@pytest.mark.parametrize("asked", [signal.SIGINT, signal.SIGTERM])
def test_it_stops_between_two_requests_and_goes_on(tmp_path: Path, asked: signal.Signals) -> None:
    """Ctrl-C or SIGTERM ends it after the request in hand, with 1 and the command to go on; nothing is half done."""
    world = office(tmp_path, 40, at=NEW_YEAR)
    digest = approved(world)
    world.settings()
    code = (
        "import sys; from datetime import datetime; from config.clock import SimulatedClock; from intake.cli import main; "
        f"sys.exit(main(sys.argv[1:], clock=SimulatedClock(datetime.fromisoformat({world.clock().isoformat()!r}))))"
    )
    arguments = ["--config", str(world.path("gestion.toml")), "campaign", "apply", digest, "--wave", "20"]
    child = subprocess.Popen(
        [sys.executable, "-c", code, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    until = time.monotonic() + 60
    while time.monotonic() < until and not any(not account.enabled for account in accounts_of(world, 3)):
        time.sleep(0.05)
    child.send_signal(asked)
    _, said = child.communicate(timeout=60)
    assert child.returncode == 1, said
    assert f"Para continuar donde quedó: gestion campaign apply {digest[:12]}" in said
    found = stages(world, digest)
    assert 0 < found.get(Stage.APPLIED, 0) < 40
    with installed(world) as installation, installation.journal.transaction() as connection:
        assert connection.execute(select(s.effect.c.key).where(s.effect.c.status == "IN_FLIGHT")).all() == []
    assert campaign(world, "apply", digest).code == 0
    assert stages(world, digest) == {Stage.APPLIED: 40}
    assert len(reports(world)) == 2


def protect(world: World, *, protected: bool) -> None:
    """As somebody who puts every contractor into a group of administrators, or takes them out again."""
    with closing(sqlite3.connect(world.path("directorio.db"))) as directory, directory:
        directory.execute("UPDATE account SET protected = ? WHERE login LIKE 'contratista%'", (int(protected),))


def in_the_way(world: World) -> StopPoint:
    """Each account is protected between its hold and its being disabled, so that a person must look at it."""

    def meddle(name: str) -> None:
        if name in {"PLACE_HOLD.in-flight", "APPLY_HOLDS.done-not-recorded"}:
            protect(world, protected=name.startswith("PLACE"))

    return meddle


def test_half_a_wave_that_fails_stops_the_next(tmp_path: Path) -> None:
    """What a person must look at is not repeated two hundred times; once it is mended, applying again tries it again."""
    world = office(tmp_path, 9, at=NEW_YEAR)
    digest = approved(world)
    world.stop_point = in_the_way(world)
    with installed(world) as installation:
        found = Campaigns(installation.journal).named(digest)
        assert found is not None
        deed = Deed(installation.clock(), DeedKind.APPLIED, "", "prueba")
        worked = apply_campaign(installation, found, deed, Watched(), wave=3)
    assert (worked.waves, worked.too_many_failed) == (1, True)
    assert stages(world, digest) == {Stage.ATTENTION: 3, Stage.WAITING: 6}
    assert enabled(world, 9) == [True] * 9
    said = campaign(world, "apply", digest, "--wave", "3")
    assert said.code == 0, said.err
    assert stages(world, digest) == {Stage.APPLIED: 9}
