"""Proof of pick-up: access data that nobody used is noticed, remembered and at last revoked."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from config.errors import Target
from provision.directory.port import AccountId, Directory
from provision.executor import Performer, Task
from provision.journal.accounts import Accounts
from provision.performing import PerformsAtOnce
from provision.procedure.acts import Act, WaitingFor
from provision.procedure.facts import Facts, Pickup
from provision.procedure.model import Done, NotYet, Outcome, Request
from provision.procedure.operations import pickup_times
from provision.procedure.steps import Rules

LOOK_AGAIN_FOR_USE = timedelta(hours=4)
_FIRST_WATCH = ".1"


def account_with_access(request: Request) -> AccountId:
    """The account that the request issued access data for."""
    facts = request.facts
    if facts.account_id is not None:
        return AccountId(facts.account_id)
    if facts.subject is None:
        raise ValueError(f"{request.case} issued no access data")
    return AccountId(facts.subject.account_id)


@dataclass(slots=True)
class AwaitFirstUse(PerformsAtOnce):
    """Used is: the temporary password was changed at the first logon."""

    directory: Directory
    accounts: Accounts
    rules: Callable[[datetime], Rules]
    targets: tuple[Target, ...] = (Target.DIRECTORY,)

    def perform(self, task: Task) -> Outcome:
        """Look; until the time of the reminder, or of the revocation, look again."""
        sent_at = task.request.facts.access_sent_at
        if sent_at is None:
            raise ValueError(f"{task.request.case} sent no access data")
        account_id = account_with_access(task.request)
        account = self.directory.find_by_id(account_id)
        record = self.accounts.known(account_id)
        if account is None or (record is not None and record.access_case not in {None, task.request.case}):
            return Done(Facts(pickup=Pickup.OVER), "La cuenta ya no está, o recibió datos de acceso más nuevos.")
        if not account.must_change_password:
            used = Facts(pickup=Pickup.USED, first_used_at=account.password_set_at or task.now)
            return Done(used, "El usuario ingresó y cambió la clave temporal.")
        if not account.enabled:
            return Done(Facts(pickup=Pickup.OVER), "La cuenta está inactiva: los datos de acceso no se pueden usar.")
        remind_at, revoke_at = pickup_times(sent_at, self.rules(task.now))
        until = remind_at if task.effect.step.endswith(_FIRST_WATCH) else revoke_at
        if task.now >= until:
            return Done(detail="Nadie los ha usado.")
        look_again_at = min(until, task.now + LOOK_AGAIN_FOR_USE)
        return NotYet(WaitingFor.FIRST_USE, look_again_at, "Datos de acceso enviados; el usuario aún no ha ingresado.")


@dataclass(slots=True)
class RevokeAccess(PerformsAtOnce):
    """The credential that nobody picked up no longer opens anything; a new one is a request of its own."""

    directory: Directory
    targets: tuple[Target, ...] = (Target.DIRECTORY,)

    def perform(self, task: Task) -> Outcome:
        """Replace the password by one that nobody knows, unless it was changed at the last moment."""
        account_id = account_with_access(task.request)
        account = self.directory.find_by_id(account_id)
        if account is None:
            return Done(Facts(pickup=Pickup.OVER), "La cuenta ya no está en el directorio.")
        if not account.must_change_password:
            used = Facts(pickup=Pickup.USED, first_used_at=account.password_set_at or task.now)
            return Done(used, "El usuario ingresó a última hora: no se anula.")
        self.directory.revoke_password(account_id)
        return Done(Facts(pickup=Pickup.REVOKED), f"La clave temporal de {account.login} ya no sirve.")


@dataclass(slots=True)
class RevokeReturned(PerformsAtOnce):
    """Access data that came back opens nothing any more, and is not sent to that address again (activity 4, control point)."""

    directory: Directory
    accounts: Accounts
    targets: tuple[Target, ...] = (Target.DIRECTORY,)

    def perform(self, task: Task) -> Outcome:
        """Replace the password, unless it was used: then it did arrive, whatever the delivery report says."""
        account_id = account_with_access(task.request)
        account = self.directory.find_by_id(account_id)
        record = self.accounts.known(account_id)
        if account is None or (record is not None and record.access_case not in {None, task.request.case}):
            return Done(Facts(pickup=Pickup.OVER), "La cuenta ya no está, o recibió datos de acceso más nuevos.")
        if not account.must_change_password:
            used = Facts(pickup=Pickup.USED, first_used_at=account.password_set_at or task.now)
            return Done(used, "El usuario ya ingresó con ellos: sí llegaron, y no se anulan.")
        self.directory.revoke_password(account_id)
        if record is not None and record.created_by == task.request.case:
            # A later change of password must not go where nobody reads, nor to whoever takes that address next.
            self.accounts.remember(account_id, account.login, personal_email=None)
        return Done(Facts(pickup=Pickup.REVOKED), f"La clave temporal de {account.login} ya no sirve.")

    def expected(self, task: Task) -> Facts | None:
        """In a dry run too the correction comes next."""
        return Facts(pickup=Pickup.REVOKED)


def first_use_performers(directory: Directory, accounts: Accounts, rules: Callable[[datetime], Rules]) -> dict[Act, Performer]:
    """The performers of this module, by act."""
    return {
        Act.AWAIT_FIRST_USE: AwaitFirstUse(directory, accounts, rules),
        Act.REVOKE_ACCESS: RevokeAccess(directory),
        Act.REVOKE_RETURNED: RevokeReturned(directory, accounts),
    }
