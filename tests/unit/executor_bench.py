"""A real journal and executor with small performers that do what a script says, for the tests of the executor."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from config.clock import SimulatedClock
from config.errors import Target
from config.stop_point import StopPoint, let_go
from config.vocabulary import CaseNumber
from provision.executor import Executor, Performer, RetryRules, Task, WorkDone
from provision.journal.store import Journal
from provision.journal.views import Story, Views
from provision.procedure.acts import Act
from provision.procedure.facts import Facts
from provision.procedure.model import (
    Done,
    Outcome,
    Request,
)
from tests.cases import NOW, enter, rules
from tests.silence import silent_log

FIVE_MINUTES = timedelta(minutes=5)
MINUTE = timedelta(minutes=1)
LEARNT = {
    Act.REGISTER_TICKET: Facts(ticket="T-1"),
    Act.RESERVE_SEAT: Facts(licence="STANDARDPACK"),
    Act.RESERVE_NAME: Facts(login="jose.munoz", mail_address="jose.munoz@entidad.gov.co"),
    Act.CREATE_ACCOUNT: Facts(account_id="guid-1"),
    Act.AWAIT_SYNC: Facts(cloud_user="nube-1"),
}
TARGETS = {
    Act.CREATE_ACCOUNT: (Target.DIRECTORY,),
    Act.FIND_EXISTING_ACCOUNT: (Target.DIRECTORY,),
    Act.AWAIT_SYNC: (Target.CLOUD,),
    Act.ISSUE_ACCESS: (Target.DIRECTORY, Target.MAIL),
    Act.REPORT: (Target.MAIL,),
}


class PowerCut(BaseException):
    """The process ends here; nothing catches it."""


@dataclass
class Doing:
    """One act: it does what its script says for a case, in turn; without one, or once it is used up, it is done."""

    act: Act
    scripts: dict[CaseNumber, list[Outcome | BaseException]] = field(default_factory=dict)
    tasks: list[Task] = field(default_factory=list)
    seen: bool = False
    """Whether `observe` knows that it was done before."""
    learns: Facts | None = None
    """What it teaches instead of what it usually does."""

    @property
    def targets(self) -> tuple[Target, ...]:
        """What it needs."""
        return TARGETS.get(self.act, ())

    def observe(self, task: Task) -> Outcome | None:
        """Known to be done only when it is told so."""
        return Done(self.expected(task), "observado") if self.seen else None

    def perform(self, task: Task) -> Outcome:
        """The next of its script."""
        self.tasks.append(task)
        script = self.scripts.get(task.request.case, [])
        following = script.pop(0) if script else Done(self.expected(task))
        if isinstance(following, BaseException):
            raise following
        return following

    def expected(self, task: Task) -> Facts:
        """What it teaches."""
        return self.learns or LEARNT.get(self.act, Facts())


@dataclass
class Bench:
    """A journal with requests, performers for all acts, and a clock that moves when told."""

    journal: Journal
    clock: SimulatedClock
    doing: dict[Act, Doing]

    def executor(
        self,
        owner: str = "uno",
        *,
        stop_point: StopPoint = let_go,
        dry_run: bool = False,
        keep_going: Callable[[], bool] = lambda: True,
    ) -> Executor:
        """A fresh one, as each run makes."""
        performers: dict[Act, Performer] = {**self.doing}
        return Executor(
            self.journal,
            performers,
            rules,
            self.clock,
            owner,
            silent_log(),
            retry=RetryRules(60, 600, 4),
            stop_point=stop_point,
            dry_run=dry_run,
            keep_going=keep_going,
        )

    def work(self) -> WorkDone:
        """One run."""
        return self.executor().work()

    def story(self, number: int = 1) -> Story:
        """All that is known of a case."""
        return Views(self.journal).story(f"GU-2026-{number:06d}")

    def request(self, number: int = 1) -> Request:
        """A case as it stands."""
        return self.story(number).shown.request

    def script(self, act: Act, *following: Outcome | BaseException, number: int = 1) -> Doing:
        """What this act does for a case, in turn."""
        self.doing[act].scripts[CaseNumber(f"GU-2026-{number:06d}")] = list(following)
        return self.doing[act]

    @classmethod
    def with_three(cls, folder: Path) -> "Bench":
        """A fresh one, with three requests that were just received."""
        journal = Journal.open(f"sqlite:///{folder / 'gestion.db'}")
        enter(journal, [1, 2, 3])
        return cls(journal, SimulatedClock(NOW + MINUTE), {act: Doing(act) for act in Act})
