"""Holds through the register of accounts, `ApplyHolds` and the embedded directory: days that pass, people, two workers."""

import atexit
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule

from config.stop_point import StopPoint, let_go
from config.vocabulary import CaseNumber, HoldReason
from provision.directory.embedded import EmbeddedDirectory, SeededAccount, seed
from provision.directory.port import AccountId
from provision.executor import Task
from provision.holding import ApplyHolds
from provision.journal.accounts import Accounts
from provision.journal.store import Journal
from provision.procedure.acts import Act
from provision.procedure.facts import Facts
from provision.procedure.holds import Hold
from provision.procedure.model import Done, Effect, StepKey
from tests.cases import NOW, SUBJECT, enter, opened, policy

BASE = "DC=entidad,DC=test"
OU = "OU=Contratistas,OU=OGI,OU=Usuarios"
CASES = tuple(CaseNumber(f"GU-2026-{number:06d}") for number in range(1, 7))
TODAY = NOW.astimezone(policy().zone).date()


@cache
def template() -> Path:
    """A journal with six cases and a directory with one account, made once."""
    folder = Path(tempfile.mkdtemp(prefix="gestion-holds-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    journal = Journal.open(f"sqlite:///{folder / 'gestion.db'}")
    enter(journal, range(1, len(CASES) + 1))
    journal.close()
    someone = SeededAccount("ana.rios", "Ríos, Ana", "ana.rios@entidad.gov.co", OU, "52333444")
    seed(folder / "directorio.db", base_dn=BASE, ous=[OU], groups=(), accounts=[someone])
    return folder


@dataclass
class Worker:
    """One poller with its own connections to journal and directory."""

    folder: Path
    stop_point: StopPoint = let_go

    def __post_init__(self) -> None:
        self.journal = Journal.open(f"sqlite:///{self.folder / 'gestion.db'}")
        self.directory = EmbeddedDirectory(self.folder / "directorio.db", BASE, stop_point=self.stop_point)
        self.accounts = Accounts(self.journal)
        account = self.directory.find_by_login("ana.rios")
        assert account is not None
        self.id: AccountId = account.id

    def close(self) -> None:
        """Free the connections."""
        self.directory.close()
        self.journal.close()

    @property
    def enabled(self) -> bool:
        """Whether the account works."""
        account = self.directory.find_by_id(self.id)
        assert account is not None
        return account.enabled

    def place(self, hold: Hold) -> None:
        """Write a hold down."""
        self.accounts.place_hold(self.id, hold)

    def end(self, case: CaseNumber, on: date) -> None:
        """Lift a case's hold."""
        self.accounts.end_holds(self.id, [case], on, CASES[-1], NOW)

    def apply(self, now: datetime, *, confirmed: bool = False, accounts: Accounts | None = None) -> Done:
        """The step that makes the account as its holds say."""
        request = opened(1).request
        subject = replace(SUBJECT, account_id=self.id)
        done = frozenset({StepKey(Act.CONFIRM_ACTIVATION)}) if confirmed else frozenset[StepKey]()
        request = replace(request, facts=Facts(subject=subject), done=done)
        task = Task(request, Effect(request.case, Act.APPLY_HOLDS, StepKey(Act.APPLY_HOLDS), 1), 1, now)
        outcome = ApplyHolds(self.directory, accounts or self.accounts, policy()).perform(task)
        assert isinstance(outcome, Done)
        return outcome


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the template."""
    shutil.copytree(template(), tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.fixture
def worker(folder: Path) -> Iterator[Worker]:
    """A poller on it."""
    made = Worker(folder)
    yield made
    made.close()


class Holding(RuleBasedStateMachine):
    """Holds come and end in any order, days pass, somebody switches the account by hand; the step is taken at any time."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="gestion-holding-"))
        shutil.copytree(template(), self.folder, dirs_exist_ok=True)
        self.worker = Worker(self.folder)
        self.now = NOW
        self.off: dict[CaseNumber, set[date]] = {}
        """The model: for each case the days on which it keeps the account off."""
        self.by_hand = False
        """Somebody else switched the account off while it worked."""
        self.known_to_work = True
        """The program has seen the account work since it last switched it off itself."""

    def teardown(self) -> None:
        """Nothing is left behind."""
        self.worker.close()
        shutil.rmtree(self.folder)

    @property
    def today(self) -> date:
        """In the institution's zone."""
        return self.now.astimezone(policy().zone).date()

    @rule(
        case=st.sampled_from(CASES),
        ahead=st.integers(-3, 6),
        length=st.none() | st.integers(0, 6),
        why=st.sampled_from(HoldReason),
    )
    def place(self, case: CaseNumber, ahead: int, length: int | None, why: HoldReason) -> None:
        """A case brings a hold, or the same one with other dates; what was lifted stays lifted."""
        first = self.today + timedelta(days=ahead)
        last = None if length is None else first + timedelta(days=length)
        if case in self.off:
            return
        self.worker.place(Hold(case, why, first, last))
        self.off[case] = {first + timedelta(days=number) for number in range((length if length is not None else 400) + 1)}

    @rule(case=st.sampled_from(CASES), ahead=st.integers(-2, 4))
    def lift(self, case: CaseNumber, ahead: int) -> None:
        """Somebody's decision ends a hold from a day on; the first such decision counts."""
        on = self.today + timedelta(days=ahead)
        mine = next((hold for hold in self.worker.accounts.holds(self.worker.id) if hold.case == case), None)
        self.worker.end(case, on)
        if mine is not None and mine.ended_on is None:
            self.off[case] = {day for day in self.off[case] if day < on}

    @rule(hours=st.integers(1, 60))
    def time_passes(self, hours: int) -> None:
        """Some hours, or days."""
        self.now += timedelta(hours=hours)

    @rule()
    def switch_off_by_hand(self) -> None:
        """An administrator makes the account inactive."""
        if self.worker.enabled:
            self.worker.directory.disable(self.worker.id)
            # What the program has not seen it cannot know: enabled and disabled again since its own switching off.
            self.by_hand = self.known_to_work

    @rule()
    def switch_on_by_hand(self) -> None:
        """An administrator makes it active, whatever the holds say."""
        self.worker.directory.enable(self.worker.id)
        self.by_hand = False

    @rule(confirmed=st.sampled_from([False, False, False, True]))
    def apply(self, confirmed: bool) -> None:
        """The account is as its holds say; twice is once; only the desk's word undoes what somebody did by hand."""
        held = any(self.today in days for days in self.off.values())
        for _ in range(2):
            self.worker.apply(self.now, confirmed=confirmed)
            if held:
                self.known_to_work = self.known_to_work and self.by_hand
                assert not self.worker.enabled
            elif confirmed or not self.by_hand:
                self.by_hand, self.known_to_work = False, True
                assert self.worker.enabled
            else:
                assert not self.worker.enabled


Holding.TestCase.settings = settings(max_examples=25, stateful_step_count=25, deadline=None, derandomize=True, database=None)
TestHolding = Holding.TestCase

VACATION = Hold(CASES[0], HoldReason.VACATION, TODAY, TODAY + timedelta(days=5))
LEAVE = Hold(CASES[1], HoldReason.LEAVE, TODAY, TODAY + timedelta(days=9))


class InterruptedAccounts(Accounts):
    """The register of a worker whom another one overtakes right before or after it reads the holds for the n-th time."""

    def __init__(self, journal: Journal, overtaking: Callable[[], None], turn: int) -> None:
        super().__init__(journal)
        self._overtaking = overtaking
        self._turn = turn

    def holds(self, account_id: str) -> tuple[Hold, ...]:
        """See the register."""
        self._turn -= 1
        found = super().holds(account_id)
        if self._turn == 0:
            self._overtaking()
        return found


def overtaken(folder: Path, where: str | int, overtake: Callable[[], None]) -> None:
    """A worker applies; once, at this stop point or right after its n-th look at the holds, another one does its own."""
    met: list[str] = []

    def stop_point(name: str) -> None:
        if name == where and not met:
            met.append(name)
            overtake()

    slow = Worker(folder, stop_point)
    slow.apply(NOW, accounts=InterruptedAccounts(slow.journal, overtake, where) if isinstance(where, int) else None)
    slow.close()


@pytest.mark.parametrize("where", [1, 2, "directory.account.disabled"])
def test_a_hold_lifted_while_another_worker_applies_it_leaves_the_account_working(
    folder: Path, worker: Worker, where: str | int
) -> None:
    """Wherever the two meet; and what somebody does by hand later is not taken for the program's doing."""
    worker.place(VACATION)

    def lift() -> None:
        worker.end(VACATION.case, TODAY)
        worker.apply(NOW)

    overtaken(folder, where, lift)
    assert worker.enabled
    worker.directory.disable(worker.id)
    worker.apply(NOW)
    assert not worker.enabled


@pytest.mark.parametrize("where", [1, 2, "directory.account.enabled"])
def test_a_hold_placed_while_another_worker_brings_the_account_back_keeps_it_inactive(
    folder: Path, worker: Worker, where: str | int
) -> None:
    """The account is inactive by the program's doing, so it comes back by itself when the hold is over."""
    worker.place(VACATION)
    worker.apply(NOW)
    worker.end(VACATION.case, TODAY)

    def place() -> None:
        worker.place(LEAVE)
        worker.apply(NOW)

    overtaken(folder, where, place)
    assert not worker.enabled
    worker.apply(NOW + timedelta(days=10))
    assert worker.enabled
