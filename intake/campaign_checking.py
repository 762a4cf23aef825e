"""The control point for an account of a campaign: looked at anew at its turn, and again on the day it becomes inactive."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta

from config.dates import local_date
from config.errors import Target
from config.institution import Institution
from intake.checking import CheckAccount
from provision.directory.port import AccountId, Directory
from provision.executor import Task
from provision.journal.accounts import Accounts
from provision.journal.campaigns import Campaigns
from provision.journal.store import Journal
from provision.leaving import FindLicence
from provision.performing import PerformsAtOnce
from provision.procedure.acts import Act
from provision.procedure.campaign import PlannedAccount, renewed
from provision.procedure.facts import Facts
from provision.procedure.model import Course, Diverted, Done, Origin, Outcome, StepKey
from provision.procedure.submission import Activate, Deactivate


@dataclass(slots=True)
class CheckInCampaign(PerformsAtOnce):
    """What a campaign opened leaves it when its account changed; everything else is checked as ever.

    A renewed contract, an account that is gone or has another name: the case ends with the reason, and nothing is taken.
    """

    check: CheckAccount
    directory: Directory
    accounts: Accounts
    campaigns: Campaigns
    policy: Institution
    targets: tuple[Target, ...] = (Target.DIRECTORY,)
    _plans: dict[str, Mapping[str, PlannedAccount]] = field(default_factory=dict)

    def perform(self, task: Task) -> Outcome:
        """Look at the account as the plan knew it, then as any other."""
        request = task.request
        if request.origin is not Origin.CAMPAIGN:
            return self.check.perform(task)
        if isinstance(request.content, Deactivate):
            reason = self._why_leaves(request.content)
            if reason is not None:
                return Diverted(Course.NOTHING_TO_DO, reason)
        outcome = self.check.perform(task)
        match outcome:
            case Diverted(course=Course.CORRECT, reason=reason):  # there is nobody to ask
                return Diverted(Course.NOTHING_TO_DO, reason)
            case Done() if isinstance(request.content, Activate):
                return self._given_back(task, outcome)
            case Done():
                return replace(outcome, authorisation=None)  # it was decided when the plan was approved, and is told once
            case _:
                return outcome

    def _why_leaves(self, content: Deactivate) -> str | None:
        if content.campaign not in self._plans:  # 5,000 lines are read once a run
            plan = self.campaigns.body(content.campaign).plan
            self._plans[content.campaign] = {line.login: line for line in plan.lines}
        line = self._plans[content.campaign].get(content.target.account)
        if line is None:
            return f"La cuenta {content.target.account} no está en el plan aprobado."
        account = self.directory.find_by_id(AccountId(line.account_id))
        if account is None:
            return "La cuenta ya no está en el directorio, o salió de su base."
        if account.login != line.login:
            return f"La cuenta cambió de nombre desde que se planeó: ahora es {account.login}."
        ends = account.expires_at - timedelta(seconds=1) if account.expires_at is not None else None
        return renewed(line, local_date(ends, self.policy.zone) if ends is not None else None)

    def _given_back(self, task: Task, checked: Done) -> Outcome:
        """What the campaign disabled may be enabled without asking anybody, and nothing else."""
        subject, follows = checked.facts.subject, task.request.follows
        if subject is None or all(hold.case != follows for hold in self.accounts.holds(subject.account_id)):
            return Diverted(Course.NOTHING_TO_DO, "La campaña no alcanzó a inactivar esta cuenta.")
        return replace(checked, facts=replace(checked.facts, activation_unexplained=None), authorisation=None)


@dataclass(slots=True)
class FindLicenceInCampaign(PerformsAtOnce):
    """A campaign that is undone gives back the licences that it took, and gives none to whoever had none."""

    find: FindLicence
    journal: Journal
    targets: tuple[Target, ...] = (Target.CLOUD,)

    def perform(self, task: Task) -> Outcome:
        """Look whether the case that is undone removed a licence; then as for anybody else who comes back."""
        if task.request.origin is Origin.CAMPAIGN and not self._taken(task):
            return Done(Facts(no_mailbox=False), "La campaña no le retiró la licencia.")
        return self.find.perform(task)

    def _taken(self, task: Task) -> bool:
        with self.journal.receiving(task.now) as receiving:
            undone = receiving.case(task.request.follows or "")
        return undone is not None and StepKey(Act.REMOVE_LICENCE) in undone.done and not undone.facts.no_mailbox
