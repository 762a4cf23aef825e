"""A modification through the program's own steps on the embedded directory: planned, applied, and then nothing is left."""

import atexit
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from config.institution import Renaming, Unit
from config.vocabulary import AccountType, EmailAddress
from provision.directory.embedded import EmbeddedDirectory, SeededAccount, seed
from provision.directory.port import Account
from provision.executor import Task
from provision.journal.accounts import Accounts
from provision.journal.reservations import Reservations
from provision.journal.store import Journal
from provision.modifying import ApplyChanges, PlanChanges
from provision.procedure.acts import Act
from provision.procedure.facts import Attribute, Facts, Subject
from provision.procedure.model import Course, Diverted, Done, Effect, Outcome, Request, StepKey
from provision.procedure.modification import whereabouts
from provision.procedure.submission import ContractChange, Modify
from tests.cases import MODIFY, NOW, SUBJECT, UNIT, enter, opened
from tests.institution import an_institution

BASE = "DC=entidad,DC=test"
POLICY = an_institution(
    units=(
        Unit(name=UNIT, ou="OU=OGI", groups=("CN=OGI,OU=Grupos", "CN=Ambas,OU=Grupos")),
        Unit(name="Energía, Gas y Minería", ou="OU=Energía\\, Gas", groups=("CN=Gas\\, y más,OU=Grupos", "CN=Ambas,OU=Grupos")),
        Unit(name="GIT de Talento Humano", aliases=("Talento Humano",), ou="OU=TH,OU=SG"),
    ),
    renaming=Renaming(adds_alias=True),
)
OUS = sorted({POLICY.ou_of(kind, unit) for kind in POLICY.accounts for unit in POLICY.units})
GROUPS = sorted({group for unit in POLICY.units for group in unit.groups})


@cache
def template() -> Path:
    """A journal with a case, and a directory with Ana, her namesake and two bosses."""
    folder = Path(tempfile.mkdtemp(prefix="gestion-modification-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    journal = Journal.open(f"sqlite:///{folder / 'gestion.db'}")
    enter(journal, [1])
    journal.close()
    home = POLICY.ou_of(AccountType.CONTRACTOR, POLICY.units[0])
    people = [
        SeededAccount(
            "ana.rios", "Ana Ríos", "ana.rios@entidad.gov.co", home, "52333444", given_name="Ana", surname="Ríos",
            department=UNIT, groups=("CN=OGI,OU=Grupos",),
        ),
        SeededAccount("maria.obrien", "María O'Brien", "maria.obrien@entidad.gov.co", home),
        SeededAccount("jefe.uno", "Jefe Uno", "jefe.uno@entidad.gov.co", home),
        SeededAccount("jefe.dos", "Ñáñez, Jefe", "Jefe.Dos@entidad.gov.co", home),
    ]  # fmt: skip
    seed(folder / "directorio.db", base_dn=BASE, ous=OUS, groups=GROUPS, accounts=people)
    return folder


class Place:
    """One pair of connections, and the two steps."""

    def __init__(self, folder: Path) -> None:
        self.journal = Journal.open(f"sqlite:///{folder / 'gestion.db'}")
        self.directory = EmbeddedDirectory(folder / "directorio.db", BASE)
        self.accounts = Accounts(self.journal)
        reservations = Reservations(self.journal)
        self._plan = PlanChanges(self.directory, reservations, POLICY)
        self._apply = ApplyChanges(self.directory, self.accounts, reservations, POLICY)

    @property
    def account(self) -> Account:
        """Ana's, as the directory has it."""
        found = self.directory.find_by_login("ana.rios")
        assert found is not None
        return found

    def subject(self) -> Subject:
        """Ana's account as the control point describes it: by where it is and by what the register knows."""
        account = self.account
        place = whereabouts(account.dn, account.department, POLICY)
        assert place is not None
        manager = self.directory.manager_of(account.id)
        record = self.accounts.known(account.id)
        ends = account.expires_at - timedelta(seconds=1) if account.expires_at else None
        return replace(
            SUBJECT,
            account_id=account.id,
            account_type=place[0],
            unit=place[1],
            display_name=account.display_name,
            manager_mail=manager.mail if manager else None,
            contract_number=record.contract_number if record else None,
            contract_end=ends.astimezone(POLICY.zone).date() if ends else None,
        )

    def plan(self, request: Request) -> Outcome:
        """The first step."""
        return self._plan.perform(self._task(request, Act.PLAN_CHANGES))

    def apply(self, request: Request) -> Outcome:
        """The second one."""
        return self._apply.perform(self._task(request, Act.APPLY_CHANGES))

    @staticmethod
    def _task(request: Request, act: Act) -> Task:
        return Task(request, Effect(request.case, act, StepKey(act), 1), 1, NOW)


@contextmanager
def place() -> Iterator[Place]:
    """A copy of the template, gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="gestion-modified-"))
    shutil.copytree(template(), folder, dirs_exist_ok=True)
    made = Place(folder)
    try:
        yield made
    finally:
        made.directory.close()
        made.journal.close()
        shutil.rmtree(folder)


words = st.sampled_from(
    ["María", "O'Brien", "Ñáñez", "Ríos", "de la Cruz", "Ana", "Peña, Hija", 'José "Pepe"', "A+B=C", "#Sol"]
)
texts = st.none() | words | st.lists(words, min_size=2, max_size=3).map(" ".join)
contracts = st.none() | st.builds(
    ContractChange,
    st.none() | st.sampled_from(["CPS-1", "CPS 2/2026"]),
    st.none(),
    st.none() | st.dates(date(2026, 11, 23), date(2028, 12, 31)),
)
bosses = st.none() | st.sampled_from(["jefe.uno@entidad.gov.co", "JEFE.DOS@entidad.gov.co"]).map(EmailAddress)
modifications = st.builds(
    Modify,
    st.just(MODIFY.target),
    st.just(AccountType.CONTRACTOR),
    st.sampled_from([unit.name for unit in POLICY.units]),
    given_names=texts,
    surnames=texts,
    position=texts,
    mobile=st.none() | st.just("+57 3001234567"),
    supervisor_email=bosses,
    contract=contracts,
)


@settings(max_examples=15, deadline=None, derandomize=True, database=None)
@given(st.lists(modifications, min_size=1, max_size=3))
def test_once_applied_nothing_is_left_to_change(several: list[Modify]) -> None:
    """One modification after the other: what was planned is so afterwards, applied twice is applied once."""
    with place() as here:
        for content in several:
            request = replace(opened(1, content).request, facts=Facts(subject=here.subject()))
            planned = here.plan(request)
            if isinstance(planned, Diverted):
                assert planned.course is Course.NOTHING_TO_DO
                continue
            assert isinstance(planned, Done)
            request = replace(request, facts=request.facts.learn(planned.facts))
            applied = here.apply(request)
            assert isinstance(applied, Done)
            once = here.account
            assert isinstance(here.apply(request), Done)
            assert here.account == once
            learned = applied.facts.subject
            assert learned is not None
            known = here.subject()
            assert (learned.unit, learned.display_name, learned.contract_end) == (
                known.unit, known.display_name, known.contract_end
            )  # fmt: skip
            assert_is_as_planned(once, request)
            left = here.plan(replace(request, facts=Facts(subject=known)))
            assert isinstance(left, Diverted), left
            assert left.course is Course.NOTHING_TO_DO


def assert_is_as_planned(account: Account, request: Request) -> None:
    """The directory has every text and every group that the plan said."""
    has = {
        Attribute.GIVEN_NAMES: account.given_name,
        Attribute.SURNAMES: account.surname,
        Attribute.DISPLAY_NAME: account.display_name,
        Attribute.POSITION: account.title,
        Attribute.MOBILE: account.mobile,
        Attribute.UNIT: account.department,
    }
    groups = {dn.removesuffix(f",{BASE}").casefold() for dn in account.group_dns}
    for change in request.facts.changes or ():
        match change.attribute:
            case Attribute.GROUP_ADDED:
                assert change.after.casefold() in groups
            case Attribute.GROUP_REMOVED:
                assert change.before.casefold() not in groups
            case Attribute.ALIAS:
                assert change.after in account.aliases
            case Attribute.OU:
                assert account.dn.endswith(f",{change.after},{BASE}")
            case attribute if attribute in has:
                assert has[attribute] == change.after
            case _:
                assert change.after


def test_a_supervisor_that_nobody_is_asks_for_a_correction() -> None:
    """And nothing was changed."""
    with place() as here:
        content = replace(MODIFY, supervisor_email=EmailAddress("nadie@entidad.gov.co"))
        before = here.account
        request = replace(opened(1, content).request, facts=Facts(subject=here.subject()))
        planned = here.plan(request)
        assert isinstance(planned, Done)
        applied = here.apply(replace(request, facts=request.facts.learn(planned.facts)))
        assert isinstance(applied, Diverted)
        assert applied.course is Course.CORRECT
        assert [problem.question for problem in applied.problems] == ["supervisor_email"]
        assert here.account == before


def test_an_alias_of_the_new_name_is_nobody_elses() -> None:
    """María O'Brien has the first one; the login stays."""
    with place() as here:
        content = replace(MODIFY, given_names="María", surnames="O'Brien Ñáñez", position=None)
        request = replace(opened(1, content).request, facts=Facts(subject=here.subject()))
        planned = here.plan(request)
        assert isinstance(planned, Done)
        here.apply(replace(request, facts=request.facts.learn(planned.facts)))
        account = here.account
        assert account.login == "ana.rios"
        assert account.mail == "ana.rios@entidad.gov.co"
        assert len(account.aliases) == 1
        assert account.aliases[0] != "maria.obrien@entidad.gov.co"
