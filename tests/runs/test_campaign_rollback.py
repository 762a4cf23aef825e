"""`campaign rollback`, `list` and `show`: giving back what a campaign took, all of it or some, through any crash."""

from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from config.errors import Target, Transient
from config.log import configure
from config.stop_point import let_go
from intake.campaign_applying import Watched, apply_campaign, undo_campaign
from intake.campaign_planning import Asked, plan_campaign
from intake.forms.port import Field
from intake.wiring import Installation
from provision.directory.embedded import EmbeddedDirectory
from provision.directory.port import Account, AccountId
from provision.journal.accounts import Accounts
from provision.journal.campaign_accounts import CampaignAccounts, Stage
from provision.journal.campaigns import Campaigns, Deed, DeedKind
from provision.procedure.holds import works_on
from tests.crash.killing import KillAt, forked, was_killed
from tests.runs.campaigning import (
    APPROVER,
    LAST_DAY,
    NEW_YEAR,
    PLANNER,
    accounts_of,
    applied,
    approved,
    campaign,
    cloud_of,
    installed,
    licences_of,
    login_of,
    office,
    planned,
    renew,
    reports,
    stages,
    standings,
    the_campaign,
)
from tests.runs.test_campaign_apply import apply, enabled, in_the_way, picture
from tests.unit.test_cli_postgres import settings_on
from tests.world import BASE_DN, World


def renewed(world: World, *numbers: int) -> None:
    """These contracts go on after all."""
    renew(world, *(login_of(number) for number in numbers))


def test_a_campaign_is_undone_wholly(tmp_path: Path) -> None:
    """Everybody works again with the groups he had, no hold is left on any day, and it can never be applied again."""
    world = office(tmp_path, 12, at=NEW_YEAR)
    before = [(account.login, account.enabled, account.group_dns) for account in accounts_of(world, 12)]
    digest = applied(world)
    renewed(world, *range(12))
    mails = world.mails()
    said = campaign(world, "rollback", digest, "--wave", "5", "--note", "Contratos prorrogados")
    assert said.code == 0, said.err
    assert [(account.login, account.enabled, account.group_dns) for account in accounts_of(world, 12)] == before
    assert stages(world, digest) == {Stage.UNDONE: 12}
    assert world.mails() == mails
    with installed(world) as installation:
        for account in accounts_of(world, 12):
            holds = Accounts(installation.journal).holds(account.id)
            assert all(works_on(holds, holds[0].from_date + timedelta(days=day)) for day in range(5))
    assert the_campaign(world, digest).closed_at is not None
    assert "no se puede aplicar" in campaign(world, "apply", digest).err
    assert campaign(world, "rollback", digest).code == 0
    assert len(world.cases()) == 24
    shown = campaign(world, "show", digest)
    assert "Contratos prorrogados" in shown.out
    assert "Deshecha" in shown.out
    world.clock.advance(timedelta(days=1))
    world.run()
    assert enabled(world, 12) == [True] * 12


def test_only_some_come_back(tmp_path: Path) -> None:
    """The renewed ones work again; the others stay as they are, and what is left of the campaign can still be applied."""
    world = office(tmp_path, 6, at=NEW_YEAR)
    digest = approved(world)
    campaign(world, "apply", digest, "--wave", "4", "--waves", "1")
    first = [each.account_id for each in standings(world, digest) if each.stage is Stage.APPLIED]
    logins = {str(account.id): account.login for account in accounts_of(world, 6)}
    back, waiting = logins[first[0]], next(login for account_id, login in logins.items() if account_id not in first)
    renew(world, back)
    path = world.path("renovados.csv")
    path.write_text(f"cuenta\n{back}\n{waiting}\n")
    said = campaign(world, "rollback", digest, "--only", str(path))
    assert said.code == 0, said.err
    assert stages(world, digest) == {Stage.UNDONE: 1, Stage.APPLIED: 3, Stage.LEFT_OUT: 1, Stage.WAITING: 1}
    assert campaign(world, "apply", digest).code == 0
    assert stages(world, digest) == {Stage.UNDONE: 1, Stage.APPLIED: 4, Stage.LEFT_OUT: 1}
    works = {account.login for account in accounts_of(world, 6) if account.enabled}
    assert works == {back, waiting}


def test_whose_contract_did_end_stays_inactive_until_it_goes_on(tmp_path: Path) -> None:
    """Undone too early it says why; undone again once the contract was renewed, the account comes back with its groups."""
    world = office(tmp_path, 2, at=NEW_YEAR)
    digest = applied(world)
    said = campaign(world, "rollback", digest)
    assert said.code == 1
    assert "Sigue inactiva: el contrato terminó." in said.out
    assert stages(world, digest) == {Stage.NOT_UNDONE: 2}
    campaign(world, "rollback", digest)
    assert len(world.cases()) == 4
    renewed(world, 0, 1)
    assert campaign(world, "rollback", digest).code == 0
    assert stages(world, digest) == {Stage.UNDONE: 2}
    assert all(account.enabled and account.group_dns for account in accounts_of(world, 2))


class OneIsBusy(EmbeddedDirectory):
    """A domain controller that just now does not answer for one account."""

    busy: AccountId

    def find_by_id(self, id: AccountId) -> Account | None:
        """Everybody else."""
        if id == self.busy:
            raise Transient(Target.DIRECTORY, "El controlador de dominio está ocupado.")
        return super().find_by_id(id)


def test_one_account_that_cannot_be_seen_keeps_no_other_inactive(tmp_path: Path) -> None:
    """What is wrong with it is told with its login; the others come back, and repeated so does it."""
    world = office(tmp_path, 3, at=NEW_YEAR)
    digest = applied(world)
    campaign(world, "rollback", digest)
    renewed(world, 0, 1, 2)
    with installed(world) as installation:
        directory = OneIsBusy(world.path("directorio.db"), BASE_DN, clock=world.clock)
        directory.busy = accounts_of(world, 1)[0].id
        installation.directory = directory
        found = Campaigns(installation.journal).named(digest)
        assert found is not None
        deed = Deed(installation.clock(), DeedKind.ROLLED_BACK, "", "prueba")
        worked = undo_campaign(installation, found, deed, Watched(), wave=2)
    (problem,) = worked.problems
    assert f"No se pudo mirar de nuevo {login_of(0)}: El controlador de dominio está ocupado." in str(problem)
    assert stages(world, digest) == {Stage.NOT_UNDONE: 1, Stage.UNDONE: 2}
    assert campaign(world, "rollback", digest).code == 0
    assert stages(world, digest) == {Stage.UNDONE: 3}


def test_undoing_tries_no_deactivation_again(tmp_path: Path) -> None:
    """Accounts that could not be made inactive stay as they are while others come back; applying anew tries them again."""
    world = office(tmp_path, 3, at=NEW_YEAR)
    digest = approved(world)
    world.stop_point = in_the_way(world)
    apply(world, digest)
    world.stop_point = let_go
    assert stages(world, digest) == {Stage.ATTENTION: 3}
    path = world.path("renovados.txt")
    path.write_text(login_of(1))
    campaign(world, "rollback", digest, "--only", str(path))
    assert stages(world, digest) == {Stage.ATTENTION: 2, Stage.UNDONE: 1}
    assert enabled(world, 3) == [True] * 3
    assert campaign(world, "apply", digest).code == 0
    assert enabled(world, 3) == [False, True, False]


def test_a_date_that_is_awaited_never_comes(tmp_path: Path) -> None:
    """Undone before the first day nobody becomes inactive, and nothing waits any more."""
    world = office(tmp_path, 3)
    digest = applied(world)
    assert stages(world, digest) == {Stage.UNDER_WAY: 3}
    said = campaign(world, "rollback", digest)
    assert said.code == 0, said.out + said.err
    assert {shown.request.state.closed for shown in world.cases()} == {True}
    renewed(world, 0, 1, 2)
    world.clock.move_to(NEW_YEAR)
    world.run_until_quiet(most=3)
    assert enabled(world, 3) == [True] * 3
    assert all(account.group_dns for account in accounts_of(world, 3))


def test_licences_come_back_to_whoever_had_one(tmp_path: Path) -> None:
    """At Unidad para las Víctimas a seat is assigned again and its mailbox answers; who had none gets none."""
    world = office(tmp_path, 4, institution="unidad-victimas", at=NEW_YEAR, licences=True)
    with closing(cloud_of(world)) as cloud:
        account = accounts_of(world, 4)[3]
        user = cloud.find_user(account.id)
        assert user is not None
        cloud.remove_licence(user, "SPE_F1")
    digest = applied(world)
    world.run_until_quiet(most=8)
    assert [licences_of(world, account) for account in accounts_of(world, 4)] == [()] * 4
    renewed(world, 0, 1, 2, 3)
    campaign(world, "rollback", digest)
    world.run_until_quiet(most=12)
    assert stages(world, digest) == {Stage.UNDONE: 4}
    assert [licences_of(world, account) for account in accounts_of(world, 4)] == [("SPE_F1",)] * 3 + [()]
    assert enabled(world, 4) == [True] * 4


@pytest.mark.parametrize("institution", ["upme", "unidad-victimas"])
def test_who_is_absent_when_the_campaign_is_undone_lacks_nothing_on_the_return(tmp_path: Path, institution: str) -> None:
    """A leave keeps the account inactive; groups and licence are there on the first day back, and no other case is opened."""
    world = office(tmp_path, 2, institution=institution, licences=True)
    before = accounts_of(world, 2)
    licences = [licences_of(world, account) for account in before]
    head = "jefa.de.todo@upme.gov.co"
    world.path("matriz.csv").write_text(f"{world.matrix}{head},Eva Ruiz,Jefe de área,todas,,,,,,\n", encoding="utf-8")
    leave = {
        Field.REQUEST_TYPE: "Inactivación",
        Field.ACCOUNT_TYPE: "Contratista",
        Field.ACCOUNT: before[0].mail or "",
        Field.UNIT: before[0].department,
        Field.REASON: "Licencia de maternidad",
        Field.FROM_DATE: "04/01/2027",
        Field.UNTIL_DATE: "08/01/2027",
    }
    world.submit(leave, head)
    digest = applied(world)
    world.clock.move_to(NEW_YEAR)
    world.run_until_quiet(most=10)
    assert enabled(world, 2) == [False, False]
    assert not any(account.group_dns for account in accounts_of(world, 2))
    renewed(world, 0, 1)
    campaign(world, "rollback", digest)
    world.run_until_quiet(most=10)
    assert enabled(world, 2) == [False, True]
    world.clock.move_to(NEW_YEAR + timedelta(days=5))  # Saturday 9 January: the first day back
    world.run_until_quiet(most=10)
    assert enabled(world, 2) == [True, True]
    assert [account.group_dns for account in accounts_of(world, 2)] == [account.group_dns for account in before]
    assert [licences_of(world, account) for account in accounts_of(world, 2)] == licences
    assert len(world.cases()) == 5


def test_a_crash_anywhere_and_undoing_again_is_one_undoing(tmp_path: Path) -> None:
    """Killed at stop points all along, and where the campaign itself writes: always the same world."""
    worlds, digest = [], ""
    for name in ("entera", "cortada"):
        (tmp_path / name).mkdir()
        world = office(tmp_path / name, 20, at=NEW_YEAR)
        digest = applied(world)
        renewed(world, *range(0, 20, 2))
        worlds.append(world)
    whole, cut = worlds
    whole.stop_point = KillAt()
    undo(whole, digest)
    expected = picture(whole, digest, 20)
    assert stages(whole, digest) == {Stage.UNDONE: 10, Stage.NOT_UNDONE: 10}
    passed = whole.stop_point.passed
    waves = [number for number, name in enumerate(passed, start=1) if name == "campaign.wave.undone"]
    assert len(waves) == 3
    killed = []
    for number in (1, waves[0], 3, 5, 30, 12, 40, 2):
        cut.stop_point = KillAt(number)
        killed.append(was_killed(forked(lambda: undo(cut, digest), tmp_path / "queja")))
    assert sum(killed) >= 6, (killed, len(passed))
    cut.stop_point = KillAt()
    undo(cut, digest)
    assert picture(cut, digest, 20) == expected


def undo(world: World, digest: str) -> None:
    """As the command does, with the world's stop point."""
    with installed(world) as installation:
        found = Campaigns(installation.journal).named(digest)
        assert found is not None
        deed = Deed(installation.clock(), DeedKind.ROLLED_BACK, "", "prueba")
        undo_campaign(installation, found, deed, Watched(), wave=8)


def test_what_cannot_be_undone_is_said(tmp_path: Path) -> None:
    """A campaign that nobody approved, or an account that is not in it: refused, and nothing is done."""
    world = office(tmp_path, 3, at=NEW_YEAR)
    digest = planned(world)
    assert "nunca se aprobó" in campaign(world, "rollback", digest).err
    campaign(world, "approve", digest, "--by", APPROVER)
    campaign(world, "apply", digest)
    world.path("renovados.txt").write_text(f"{login_of(0)}\nsupervisor.see\nana.ryos\n")
    said = campaign(world, "rollback", digest, "--only", str(world.path("renovados.txt")))
    assert said.code == 2
    assert "fila 2: supervisor.see no está en esta campaña" in said.err
    assert "fila 3: ana.ryos no está en esta campaña" in said.err
    assert stages(world, digest) == {Stage.APPLIED: 3}


def test_list_and_show_tell_everything(tmp_path: Path) -> None:
    """Every campaign with its state; of one the counts, who decided what, and who stayed out and why; also as documents."""
    world = office(tmp_path, 5, at=NEW_YEAR)
    assert "Aún no hay registro" in campaign(world, "list").err
    digest = applied(world)
    listed = campaign(world, "list")
    assert (listed.code, digest[:12] in listed.out, "Aprobada" in listed.out) == (0, True, True)
    (row,) = documents(campaign(world, "list", "--json").document["campaigns"])
    assert (row["digest"], row["accounts"], row["planned_by"], row["approved_by"]) == (digest, 5, PLANNER, APPROVER)
    shown = campaign(world, "show", digest[:8])
    assert "Aplicada" in shown.out
    assert "por comando de" in shown.out
    document = campaign(world, "show", digest, "--json").document
    assert document["counts"] == {stage.name: 5 if stage is Stage.APPLIED else 0 for stage in Stage}
    assert [deed["kind"] for deed in documents(document["deeds"])] == ["PLANNED", "APPROVED", "APPLIED"]
    assert {line["stage"] for line in documents(document["lines"])} == {"APPLIED"}
    assert len(reports(world)) == 2
    assert "muy corta" in campaign(world, "show", "abc").err
    assert "Ninguna campaña" in campaign(world, "show", "abcdef01").err


def documents(value: object) -> list[dict[str, object]]:
    """The objects of a list in a document."""
    assert isinstance(value, list)
    return value


@pytest.mark.postgres
def test_a_campaign_on_postgresql(postgres_url: str, tmp_path: Path) -> None:
    """Planned, refused, approved, applied and undone on the store of several machines as on one."""
    world = office(tmp_path, 4, at=NEW_YEAR)
    settings = settings_on(world, postgres_url)
    installation = Installation(settings, world.policy, world.clock, configure(settings.log))
    with closing(installation):
        campaigns, accounts = Campaigns(installation.journal), CampaignAccounts(installation.journal)

        def deed(kind: DeedKind, by: str = "") -> Deed:
            return Deed(world.clock(), kind, by, "prueba")

        refused = plan_campaign(installation, Asked("Primera", LAST_DAY)).plan
        plan = plan_campaign(installation, Asked("Segunda", LAST_DAY)).plan
        for each in (refused, plan):
            assert campaigns.plan(each, deed(DeedKind.PLANNED, PLANNER))
        assert not campaigns.plan(plan, deed(DeedKind.PLANNED, APPROVER))
        assert campaigns.refuse(refused.digest, deed(DeedKind.REFUSED, APPROVER))
        assert campaigns.approve(plan.digest, deed(DeedKind.APPROVED, APPROVER))
        assert not campaigns.approve(plan.digest, deed(DeedKind.APPROVED, APPROVER))
        approved_one = campaigns.named(plan.digest[:8])
        assert approved_one is not None
        assert accounts.under_approval() == {line.account_id: plan.digest for line in plan.lines}
        worked = apply_campaign(installation, approved_one, deed(DeedKind.APPLIED), Watched(), wave=3)
        assert (worked.waves, worked.entered, worked.problems) == (2, 4, [])
        assert not campaigns.refuse(plan.digest, deed(DeedKind.REFUSED, APPROVER))
        assert {each.stage for each in accounts.standings(plan.digest)} == {Stage.APPLIED}
        assert len(reports(world)) == 2
        renewed(world, 0, 1)
        undo_campaign(installation, approved_one, deed(DeedKind.ROLLED_BACK), Watched(), wave=3)
        assert sorted(each.stage.name for each in accounts.standings(plan.digest)) == ["NOT_UNDONE"] * 2 + ["UNDONE"] * 2
        assert [each.kind.name for each in campaigns.body(plan.digest).deeds] == [
            "PLANNED",
            "APPROVED",
            "APPLIED",
            "ROLLED_BACK",
        ]
        assert {each.label for each in campaigns.all()} == {"Rechazada", "Deshecha"}
        assert accounts.sizes() == {plan.digest: 4, refused.digest: 4}
