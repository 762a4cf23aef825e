"""Holds and what follows from them: an account works exactly when none is in force (activity 3, "inactivación")."""

from dataclasses import dataclass
from datetime import date, datetime

from config.errors import NotFound, Rejected, Target
from config.institution import Institution
from config.vocabulary import AccountType, HoldReason
from provision.directory.port import Account, AccountChanges, AccountId, Directory
from provision.executor import Performer, Task
from provision.journal.accounts import Accounts
from provision.performing import PerformsAtOnce, subject_of
from provision.procedure.acts import Act
from provision.procedure.facts import Facts, LooseEnds, Subject
from provision.procedure.holds import Hold, in_force
from provision.procedure.model import Done, Failed, Origin, Outcome, Request, StepKey
from provision.procedure.modification import below, whereabouts
from provision.procedure.steps import hold_reason
from provision.procedure.submission import Activate, AssignContract, Deactivate, Modify

UNDELIVERED = ".sin-entregar"
"""Ends the key of the steps that lock an account whose access data reached nobody."""
_MOST_LOOKS = 5
"""How often holds that change while they are applied are looked at again."""


def local_day(task: Task, policy: Institution) -> date:
    """The date of a task in the institution's zone."""
    return task.now.astimezone(policy.zone).date()


def held_account(task: Task) -> tuple[AccountId, str]:
    """Id and login of the account that a step on holds concerns: the subject's, or the one that nobody received."""
    facts = task.request.facts
    if task.effect.step.endswith(UNDELIVERED):
        if facts.account_id is None or facts.login is None:
            raise ValueError(f"{task.request.case} made no account")
        return AccountId(facts.account_id), facts.login
    subject = subject_of(task.request)
    return AccountId(subject.account_id), subject.login


@dataclass(slots=True)
class PlaceHold(PerformsAtOnce):
    """The hold is written down as soon as it is authorised, so that overlapping ones know of each other."""

    accounts: Accounts
    policy: Institution
    targets: tuple[Target, ...] = ()

    def perform(self, task: Task) -> Outcome:
        """Write down reason and dates; an edit of an attended request takes the place of its former hold."""
        account_id, _ = held_account(task)
        hold = self._hold(task)
        self.accounts.place_hold(account_id, hold)
        if hold.reason is HoldReason.UNDELIVERED:
            return Done(detail=hold.said)
        follows = task.request.follows
        former = [each for each in self.accounts.holds(account_id) if each.case == follows and each.reason is hold.reason]
        for each in former:
            on = max(each.from_date, local_day(task, self.policy))
            self.accounts.end_holds(account_id, [each.case], on, task.request.case, task.now)
        return Done(Facts(hold_placed=True), hold.said)

    def _hold(self, task: Task) -> Hold:
        request = task.request
        received_on = request.received_at.astimezone(self.policy.zone).date()
        if task.effect.step.endswith(UNDELIVERED):
            return Hold(request.case, HoldReason.UNDELIVERED, local_day(task, self.policy))
        reason = hold_reason(request)
        if reason is None:
            raise ValueError(f"{request.case} asks for no hold")
        match request.content:
            case Deactivate(from_date=from_date, until_date=until_date):
                return Hold(request.case, reason, from_date, until_date)
            case AssignContract(from_date=from_date):
                return Hold(request.case, reason, from_date)
            case _:
                return Hold(request.case, reason, received_on)


@dataclass(slots=True)
class EndHolds(PerformsAtOnce):
    """An activation ends absences; a new contract, or an extension, ends what the old one's end brought."""

    accounts: Accounts
    policy: Institution
    targets: tuple[Target, ...] = ()

    def perform(self, task: Task) -> Outcome:
        """Lift the holds that this request may end, from today on."""
        subject = subject_of(task.request)
        today = local_day(task, self.policy)
        known = self.accounts.holds(subject.account_id)
        if task.request.origin is Origin.CAMPAIGN:
            return self._campaign(task, known)
        # One that is to come ends too where a contract goes on: the account must not close on the day when it was to end.
        to_come = [hold for hold in known if hold.from_date > today and hold.ended_on is None and not hold.reason.temporary]
        extended = to_come if isinstance(task.request.content, Modify) else ()
        ended = [hold for hold in (*in_force(known, today), *extended) if may_end(task.request, hold.reason)]
        told = task.request.requester if isinstance(task.request.content, Activate) else None
        cases = [hold.case for hold in ended]
        self.accounts.end_holds(subject.account_id, cases, today, task.request.case, task.now, asked_by=told)
        return Done(detail="; ".join(hold.said for hold in ended) or "No había inactivaciones que levantar.")

    def _campaign(self, task: Task, known: tuple[Hold, ...]) -> Outcome:
        """A campaign that is undone takes back its own hold and no other, as if it had never been."""
        mine = [hold for hold in known if hold.case == task.request.follows]
        for hold in mine:
            self.accounts.end_holds(subject_of(task.request).account_id, [hold.case], hold.from_date, hold.case, task.now)
        return Done(detail="; ".join(hold.said for hold in mine) or "La campaña no había inactivado la cuenta.")


def may_end(request: Request, reason: HoldReason) -> bool:
    """Whether this request ends a hold of that reason (design: "ACTIVATE ends temporary holds only")."""
    content = request.content
    if isinstance(content, Modify):
        return reason is HoldReason.CONTRACT_ENDED
    if not isinstance(content, Activate) or reason is HoldReason.DELETION:
        return False
    confirmed = StepKey(Act.CONFIRM_ACTIVATION) in request.done
    return reason.temporary or reason is HoldReason.UNDELIVERED or content.contract is not None or confirmed


@dataclass(slots=True)
class ApplyHolds(PerformsAtOnce):
    """Enabled exactly when no hold is in force today. What somebody else disabled is never enabled."""

    directory: Directory
    accounts: Accounts
    policy: Institution
    targets: tuple[Target, ...] = (Target.DIRECTORY,)

    def perform(self, task: Task) -> Outcome:
        """Make the account as its holds say, and look again: another case may have brought or ended one meanwhile."""
        account_id, login = held_account(task)
        today = local_day(task, self.policy)
        confirmed = StepKey(Act.CONFIRM_ACTIVATION) in task.request.done
        outcome: Outcome = Done()
        for _ in range(_MOST_LOOKS):
            holds = in_force(self.accounts.holds(account_id), today)
            account = self.directory.find_by_id(account_id)
            if account is None:
                return Done(detail=f"La cuenta {login} ya no está en el directorio.")
            outcome = self._held(account, holds) if holds else self._free(account, task.now, confirmed=confirmed)
            if in_force(self.accounts.holds(account_id), today) == holds:
                return outcome
        return outcome

    def _held(self, account: Account, holds: tuple[Hold, ...]) -> Outcome:
        reasons = "; ".join(hold.said for hold in holds)
        facts = Facts(still_held=reasons, only_away=all(hold.reason.temporary for hold in holds))
        if account.enabled:
            # Before the write: whoever finds the account disabled must know that it was us.
            self.accounts.remember(account.id, account.login, disabled_by_us=True)
            self.directory.disable(account.id)
            return Done(facts, f"Cuenta {account.login} inactiva: {reasons}.")
        return Done(facts, f"La cuenta {account.login} ya estaba inactiva: {reasons}.")

    def _free(self, account: Account, now: datetime, *, confirmed: bool) -> Outcome:
        record = self.accounts.known(account.id)
        by_us = record is not None and record.disabled_by_us
        expired = account.expires_at is not None and account.expires_at <= now
        if not account.enabled and (expired or not (by_us or confirmed)):
            # Whoever comes back from an absence after his contract's last day does not come back; the sweep sees to the rest.
            why = "el contrato terminó" if expired else "la inactivó alguien fuera del programa"
            return Done(Facts(still_held=why, only_away=False), f"La cuenta {account.login} sigue inactiva: {why}.")
        if not account.enabled:
            self.directory.enable(account.id)
        if by_us:
            # Unless another worker brought a hold meanwhile and made the account inactive again: then it was us.
            self.accounts.works_again(account.id, now.astimezone(self.policy.zone).date())
        return Done(Facts(still_held=""), f"Cuenta {account.login} activa.")


@dataclass(slots=True)
class FindLooseEnds(PerformsAtOnce):
    """Who and what is left without a boss or an owner: people and generic accounts of somebody who leaves."""

    directory: Directory
    policy: Institution
    targets: tuple[Target, ...] = (Target.DIRECTORY,)

    def perform(self, task: Task) -> Outcome:
        """Ask the directory whose manager the person is."""
        reports = [
            each for each in self.directory.direct_reports(AccountId(subject_of(task.request).account_id)) if each.enabled
        ]
        generic = [each for each in reports if self._is_generic(each)]
        people = [each for each in reports if each not in generic]
        found = LooseEnds(tuple(_named(each) for each in people), tuple(_named(each) for each in generic))
        detail = (
            f"Quedan a su cargo {len(people)} personas y {len(generic)} cuentas genéricas." if found.any else "Nada a su cargo."
        )
        return Done(Facts(loose_ends=found), detail)

    def _is_generic(self, account: Account) -> bool:
        place = whereabouts(account.dn, account.department, self.policy)
        return place is not None and place[0] is AccountType.GENERIC


def _named(account: Account) -> str:
    return f"{account.display_name} ({account.mail or account.login})"


@dataclass(slots=True)
class RemoveGroups(PerformsAtOnce):
    """The groups of somebody who leaves, written down before they are taken away, so that a return brings them back.

    A group that gives a licence is not among them: the licence goes only after a verified backup.
    """

    directory: Directory
    accounts: Accounts
    policy: Institution
    targets: tuple[Target, ...] = (Target.DIRECTORY,)

    def perform(self, task: Task) -> Outcome:
        """Take the account out of every group that the program may touch; the others are told to the desk."""
        subject = subject_of(task.request)
        account_id = AccountId(subject.account_id)
        account = self.directory.find_by_id(account_id)
        if account is None:
            return Done(detail="La cuenta ya no está en el directorio.")
        licensing = self.policy.licence_groups.values()
        groups = tuple(dn for dn in account.group_dns if not any(below(dn, group) for group in licensing))
        self.accounts.keep_groups(account_id, subject.login, groups)
        left: list[str] = []
        for group in groups:
            try:
                self.directory.change(account_id, AccountChanges(remove_groups=(group,)))
            except Rejected:
                left.append(group)  # outside the base or protected: the domain's administrator decides
        record = self.accounts.known(account_id)
        removed = tuple(group for group in (record.kept_groups if record else ()) if group not in left)
        detail = f"Sale de {len(removed)} grupos, anotados para su regreso."
        if left:
            detail += f" Siguen, porque el programa no los administra: {'; '.join(left)}."
        return Done(Facts(groups_removed=removed, not_undone=tuple(left) or None), detail)


@dataclass(slots=True)
class RestoreGroups(PerformsAtOnce):
    """Who comes back gets the groups that were taken when he left."""

    directory: Directory
    accounts: Accounts
    policy: Institution
    targets: tuple[Target, ...] = (Target.DIRECTORY,)

    def perform(self, task: Task) -> Outcome:
        """Add what was written down; a group that is gone is told, and one of a unit that he left stays behind."""
        subject = subject_of(task.request)
        account_id = AccountId(subject.account_id)
        self._leave_behind(account_id, subject)
        restored, left = restore_groups(self.directory, self.accounts, account_id, subject.login)
        detail = f"Vuelve a {len(restored)} grupos." if restored else "No había grupos anotados."
        return Done(detail=f"{detail} No se pudo con: {'; '.join(left)}." if left else detail)

    def _leave_behind(self, id: AccountId, subject: Subject) -> None:
        """Forget the groups that only other units give: who comes back elsewhere gets nothing of where he was."""
        own = {group for unit in self.policy.units if unit.name == subject.unit for group in unit.groups}
        others = {group for unit in self.policy.units for group in unit.groups} - own
        record = self.accounts.known(id)
        kept = record.kept_groups if record else ()
        wanted = [dn for dn in kept if not any(below(dn, group) for group in others)]
        if len(wanted) < len(kept):
            self.accounts.keep_only(id, subject.login, wanted)


def restore_groups(
    directory: Directory, accounts: Accounts, id: AccountId, login: str
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Give back the groups written down; returns those given back and those that could not be. Idempotent."""
    record = accounts.known(id)
    restored: list[str] = []
    left: list[str] = []
    for group in record.kept_groups if record else ():
        try:
            directory.change(id, AccountChanges(add_groups=(group,)))
            restored.append(group)
        except (NotFound, Rejected):
            left.append(group)
    accounts.forget_groups(id, login)
    return tuple(restored), tuple(left)


@dataclass(slots=True)
class TakeBack(PerformsAtOnce):
    """A cancelled request takes back its hold; what cannot be undone is listed (design: "Cancelling a deletion")."""

    directory: Directory
    accounts: Accounts
    apply: ApplyHolds
    policy: Institution
    targets: tuple[Target, ...] = (Target.DIRECTORY,)

    def perform(self, task: Task) -> Outcome:
        """Lift the hold of this case, make the account as the others say, and give back its groups."""
        request = task.request
        subject = subject_of(request)
        account_id = AccountId(subject.account_id)
        mine = [hold for hold in self.accounts.holds(account_id) if hold.case == request.case]
        for hold in mine:
            # As if it had never been: a cancelled request is no reason on any day.
            self.accounts.end_holds(account_id, [hold.case], hold.from_date, request.case, task.now)
        applied = self.apply.perform(task)
        if isinstance(applied, Failed):
            return applied
        undone = ["La inactivación se levantó."]
        if isinstance(applied, Done) and applied.facts.still_held:
            undone = [f"La inactivación de este caso se levantó; la cuenta sigue inactiva: {applied.facts.still_held}."]
        left: list[str] = []
        if StepKey(Act.REMOVE_GROUPS) in request.done:
            restored, lost = restore_groups(self.directory, self.accounts, account_id, subject.login)
            undone += [f"Volvió al grupo {group}." for group in restored]
            left += [f"No volvió al grupo {group}: agréguelo el administrador del dominio." for group in lost]
        left += _not_undone(request)
        return Done(Facts(undone=tuple(undone), not_undone=tuple(left)), " ".join([*undone, *left]))


def _not_undone(request: Request) -> list[str]:
    """What a cancellation cannot take back."""
    computers = ", ".join(request.facts.computers or ())
    left = []
    if request.facts.computers_removed:
        left.append(f"El equipo {computers} salió del dominio: únalo de nuevo.")
    if StepKey(Act.CONFIRM_PC_WIPE) in request.done:
        left.append("La información del equipo se borró: restáurela del backup del equipo.")
    if StepKey(Act.REMOVE_LICENCE) in request.done:
        left.append("La licencia se retiró: pida la activación de la cuenta para asignar otra.")
    return left


def holding_performers(directory: Directory, accounts: Accounts, policy: Institution) -> dict[Act, Performer]:
    """The performers of this module, by act."""
    apply = ApplyHolds(directory, accounts, policy)
    return {
        Act.PLACE_HOLD: PlaceHold(accounts, policy),
        Act.END_HOLDS: EndHolds(accounts, policy),
        Act.APPLY_HOLDS: apply,
        Act.FIND_LOOSE_ENDS: FindLooseEnds(directory, policy),
        Act.REMOVE_GROUPS: RemoveGroups(directory, accounts, policy),
        Act.RESTORE_GROUPS: RestoreGroups(directory, accounts, policy),
        Act.TAKE_BACK: TakeBack(directory, accounts, apply, policy),
    }
