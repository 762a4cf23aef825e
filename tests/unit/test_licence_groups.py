"""A licence that comes with a group of the directory, through the program's own steps: never lost before its backup."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from config.errors import Target
from config.institution import Unit
from provision.backup.by_hand import ByHandBackup
from provision.cloud.graph import GraphCloud
from provision.cloud.licensing_groups import GroupsOfDirectory
from provision.cloud.port import CloudUserId
from provision.directory.embedded import EmbeddedDirectory, SeededAccount, seed
from provision.directory.port import AccountId
from provision.executor import Task
from provision.holding import RemoveGroups
from provision.journal.accounts import Accounts
from provision.journal.reservations import Reservations
from provision.journal.store import Journal
from provision.leaving import RemoveLicence
from provision.modifying import LONGEST_SYNC, Synchronise
from provision.performing import AssignLicence
from provision.procedure.acts import Act, WaitingFor
from provision.procedure.facts import Facts
from provision.procedure.model import Done, Effect, NotYet, Request, StepKey
from tests.cases import SUBJECT, UNIT, enter, opened
from tests.contract.graph_cloud import LICENCE, GraphCloudWorld
from tests.institution import an_institution
from tests.servers.graph.people import OnPremises

BASE = "DC=entidad,DC=test"
LICENSING, ORDINARY = "CN=Licencias,OU=Grupos", "CN=OGI,OU=Grupos"
POLICY = an_institution(units=(Unit(name=UNIT, ou="OU=OGI", groups=(ORDINARY,)),), licence_groups={LICENCE: LICENSING})


class _Office:
    """Ana, with an ordinary group and the one that gives her licence, and the tenant she is synchronised to."""

    def __init__(self, folder: Path) -> None:
        self.world = GraphCloudWorld(folder)
        people = [SeededAccount("ana.rios", "Ana Ríos", "ana.rios@entidad.gov.co", "OU=OGI", groups=(ORDINARY, LICENSING))]
        seed(folder / "directorio.db", base_dn=BASE, ous=["OU=OGI"], groups=[ORDINARY, LICENSING], accounts=people)
        self.directory = EmbeddedDirectory(folder / "directorio.db", BASE)
        self.journal = Journal.open(f"sqlite:///{folder / 'gestion.db'}")
        enter(self.journal, [1])
        tenant = self.world.people
        tenant.directory = self.found
        tenant.licence_groups = {f"{LICENSING},{BASE}": LICENCE}
        groups = GroupsOfDirectory(self.directory, POLICY.licence_groups)
        self.cloud: GraphCloud = self.world.cloud(groups=groups)

    @property
    def groups(self) -> tuple[str, ...]:
        """Ana's, in the directory."""
        found = self.directory.find_by_login("ana.rios")
        assert found is not None
        return found.group_dns

    @property
    def account_id(self) -> AccountId:
        """Ana's."""
        found = self.directory.find_by_login("ana.rios")
        assert found is not None
        return found.id

    def found(self) -> tuple[OnPremises, ...]:
        """What Entra Connect reads."""
        return (OnPremises(self.account_id, "ana.rios", "ana.rios@entidad.gov.co", groups=self.groups),)

    def cycle(self) -> CloudUserId:
        """One synchronisation."""
        self.world.cycle()
        user = self.cloud.find_user(self.account_id)
        assert user is not None
        return user

    def task(self, act: Act, facts: Facts, done: tuple[Act, ...] = ()) -> Task:
        """An effect of a request about Ana, now."""
        request: Request = replace(
            opened(1).request,
            facts=replace(facts, subject=replace(SUBJECT, account_id=self.account_id)),
            done=frozenset(map(StepKey, done)),
        )
        return Task(request, Effect(request.case, act, StepKey(act), 1), 1, self.world.clock())

    def close(self) -> None:
        """Stop everything."""
        self.directory.close()
        self.journal.close()
        self.world.close()


@pytest.fixture
def office(tmp_path: Path) -> Iterator[_Office]:
    """One for each test."""
    made = _Office(tmp_path)
    yield made
    made.close()


def test_who_leaves_keeps_the_licences_group_until_the_backup(office: _Office) -> None:
    """The other groups are written down and go; a return does not bring the licence's back by itself."""
    office.cycle()
    accounts = Accounts(office.journal)
    removed = RemoveGroups(office.directory, accounts, POLICY).perform(office.task(Act.REMOVE_GROUPS, Facts()))
    assert isinstance(removed, Done)
    assert office.groups == (f"{LICENSING},{BASE}",)
    record = accounts.known(office.account_id)
    assert record is not None
    assert record.kept_groups == (f"{ORDINARY},{BASE}",)


def test_a_licence_taken_from_its_group_is_waited_for(office: _Office) -> None:
    """Only after the backup was confirmed; the step is done when the cloud shows no licence any more."""
    tenant = office.world.people
    office.cycle()
    tenant.users[0].usage_location = "CO"
    user = office.cycle()
    assert office.cloud.licences_of(user) == (LICENCE,)
    step = RemoveLicence(office.cloud, ByHandBackup())
    facts = Facts(subject_user=user, backup_by_hand="a mano")
    step.perform(office.task(Act.REMOVE_LICENCE, facts))
    assert f"{LICENSING},{BASE}" in office.groups, "nothing was confirmed"
    waits = step.perform(office.task(Act.REMOVE_LICENCE, facts, (Act.CONFIRM_BACKUP,)))
    assert isinstance(waits, NotYet)
    assert waits.waiting_for is WaitingFor.SYNC
    assert office.groups == (f"{ORDINARY},{BASE}",)
    office.cycle()
    assert isinstance(step.perform(office.task(Act.REMOVE_LICENCE, facts, (Act.CONFIRM_BACKUP,))), Done)
    assert office.cloud.free_seats(LICENCE) == 2


def test_the_seat_stays_promised_until_the_cloud_counts_it(office: _Office) -> None:
    """A group's licence comes with the next cycle; until then nobody else is promised its seat."""
    GroupsOfDirectory(office.directory, POLICY.licence_groups).remove(office.account_id, LICENCE)
    user = office.cycle()
    reservations = Reservations(office.journal)
    facts = Facts(licence=LICENCE, cloud_user=user)
    task = office.task(Act.ASSIGN_LICENCE, facts)
    assert reservations.reserve_seat(task.request.case, LICENCE, 1, office.world.clock())
    step = AssignLicence(office.cloud, reservations)
    waits = step.perform(task)
    assert isinstance(waits, NotYet)
    assert (waits.waiting_for, reservations.releases()) == (WaitingFor.SYNC, 0)
    office.cycle()
    assert isinstance(step.perform(office.task(Act.ASSIGN_LICENCE, facts)), Done)
    assert reservations.releases() == 1


def test_a_modification_waits_until_it_is_in_the_cloud(office: _Office) -> None:
    """For a cycle that ended after it; what no cycle brings is not waited for beyond two hours."""
    office.cycle()
    step, changed_at = Synchronise(office.cloud), office.world.clock()
    facts = Facts(changed_at=changed_at)
    waits = step.perform(office.task(Act.SYNCHRONISE, facts))
    assert isinstance(waits, NotYet)
    assert waits.waiting_for is WaitingFor.SYNC
    office.cycle()
    assert isinstance(step.perform(office.task(Act.SYNCHRONISE, facts)), Done)
    late: datetime = office.world.clock() + timedelta(days=1)
    office.world.clock.move_to(late + LONGEST_SYNC)
    never = step.perform(office.task(Act.SYNCHRONISE, Facts(changed_at=late)))
    assert isinstance(never, Done)
    assert "no la confirmó" in never.detail
    assert step.targets == (Target.CLOUD,)


@pytest.mark.parametrize(
    "groups", [{LICENCE: ORDINARY}, {LICENCE: ORDINARY.lower()}, {LICENCE: LICENSING, "SPE_F1": LICENSING.upper()}]
)
def test_a_licences_group_is_nothing_else(groups: dict[str, str]) -> None:
    """Neither a group of a unit or an account type, nor two licences' group."""
    with pytest.raises(ValidationError, match=r"licence_groups"):
        an_institution(units=(Unit(name=UNIT, ou="OU=OGI", groups=(ORDINARY,)),), licence_groups=groups)
