"""Changes to an account that exists: its attributes, its sessions, its password's next change (activities 2.b and 3)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import islice

from config.dates import end_of_day
from config.errors import AlreadyExists, NotFound, Target
from config.institution import Institution
from provision.cloud.port import Cloud
from provision.directory.port import Account, AccountChanges, AccountId, Directory
from provision.executor import Performer, Task
from provision.journal.accounts import Accounts
from provision.journal.reservations import Reservations
from provision.performing import LOOK_AGAIN_FOR_CLOUD, PerformsAtOnce, subject_of
from provision.procedure.acts import Act, WaitingFor
from provision.procedure.facts import Attribute, Change, Facts, Subject
from provision.procedure.model import Course, Diverted, Done, Failed, NotYet, Outcome
from provision.procedure.modification import Present, parent_of, planned
from provision.procedure.naming import login_candidates
from provision.procedure.submission import Activate, ChangeAddress, Modify, Problem

_MOST_ALIASES = 50
LONGEST_SYNC = timedelta(hours=2)
"""Entra Connect's own cycle takes half an hour; a contract's end (accountExpires) or a group is not synchronised at all."""


def present(account: Account, subject: Subject) -> Present:
    """An account as the modification compares it: the directory's word, and the journal's for what it does not hold."""
    return Present(
        account_type=subject.account_type,
        unit=subject.unit,
        given_name=account.given_name,
        surname=account.surname,
        display_name=account.display_name,
        position=account.title,
        mobile=account.mobile,
        manager_mail=subject.manager_mail,
        contract_number=subject.contract_number,
        contract_end=subject.contract_end,
        parent_dn=parent_of(account.dn),
        group_dns=account.group_dns,
    )


def _gone(subject: Subject) -> Failed:
    return Failed(f"La cuenta {subject.login} ya no está en el directorio.")


@dataclass(slots=True)
class PlanChanges(PerformsAtOnce):
    """What will change is written down before anything does, so that before and after can be shown, also after a crash."""

    directory: Directory
    reservations: Reservations
    policy: Institution
    targets: tuple[Target, ...] = (Target.DIRECTORY,)

    def perform(self, task: Task) -> Outcome:
        """Compare the account with what was asked for."""
        request, content = task.request, task.request.content
        if not isinstance(content, Modify | Activate):
            raise TypeError(f"{request.case} is no modification")
        subject = subject_of(request)
        account = self.directory.find_by_id(AccountId(subject.account_id))
        if account is None:
            return _gone(subject)
        changes = planned(present(account, subject), content, self.policy)
        changes = (*changes, *self._alias(task, account, changes))
        if not changes and isinstance(content, Modify):
            return Diverted(Course.NOTHING_TO_DO, "La cuenta ya está como se pide: no hay nada que modificar.")
        return Done(Facts(changes=changes), "; ".join(map(_said, changes)) or "La cuenta no cambia.")

    def _alias(self, task: Task, account: Account, changes: Iterable[Change]) -> list[Change]:
        """By policy a change of name brings a further address; the login stays."""
        content = task.request.content
        renamed = any(change.attribute in {Attribute.GIVEN_NAMES, Attribute.SURNAMES} for change in changes)
        if not (renamed and self.policy.renaming.adds_alias and isinstance(content, Modify)):
            return []
        given = content.given_names or account.given_name
        surname = content.surnames or account.surname
        wanted = list(islice(login_candidates(given, surname, self.policy.naming), _MOST_ALIASES))
        if account.login in wanted[:1]:
            return []
        taken = self.directory.names_in_use(wanted)
        free = [name for name in wanted if name not in taken]
        alias = self.reservations.reserve_first(task.request.case, free, task.now)
        return [Change(Attribute.ALIAS, "", f"{alias}@{self.policy.mail_domain}")] if alias is not None else []

    def expected(self, task: Task) -> Facts | None:
        """Unreachable: planning reads only."""
        return Facts()


def _said(change: Change) -> str:
    label, before, after = change.said
    return f"{label}: {before or '(vacío)'} → {after or '(vacío)'}"


@dataclass(slots=True)
class ApplyChanges(PerformsAtOnce):
    """ "Efectuar la actualización del usuario en el directorio activo con base en la solicitud generada" (activity 3)."""

    directory: Directory
    accounts: Accounts
    reservations: Reservations
    policy: Institution
    targets: tuple[Target, ...] = (Target.DIRECTORY,)

    def perform(self, task: Task) -> Outcome:
        """Make the planned changes; repeated after a crash it makes those that are missing."""
        request = task.request
        subject = subject_of(request)
        changes = request.facts.changes or ()
        after = {change.attribute: change.after for change in changes}
        wanted = self._changes(changes, after)
        try:
            if wanted != AccountChanges():
                self.directory.change(AccountId(subject.account_id), wanted)
        except NotFound as error:
            if wanted.manager_mail and self.directory.find_by_mail(wanted.manager_mail) is None:
                return _supervisor_unknown(wanted.manager_mail)
            return Failed(str(error))
        except AlreadyExists as error:
            return Failed(str(error))
        self._remember(subject, after)
        self.reservations.release_name(request.case)
        facts = Facts(subject=self._known(subject, after), changed_at=task.now)
        return Done(facts, f"{len(changes)} cambios en la cuenta {subject.login}.")

    def _changes(self, changes: Iterable[Change], after: dict[Attribute, str]) -> AccountChanges:
        end = after.get(Attribute.CONTRACT_END)
        return AccountChanges(
            given_name=after.get(Attribute.GIVEN_NAMES),
            surname=after.get(Attribute.SURNAMES),
            display_name=after.get(Attribute.DISPLAY_NAME),
            title=after.get(Attribute.POSITION),
            mobile=after.get(Attribute.MOBILE),
            department=after.get(Attribute.UNIT),
            ou=after.get(Attribute.OU),
            manager_mail=after.get(Attribute.SUPERVISOR),
            expires_at=end_of_day(date.fromisoformat(end), self.policy.zone) if end else None,
            add_groups=tuple(change.after for change in changes if change.attribute is Attribute.GROUP_ADDED),
            remove_groups=tuple(change.before for change in changes if change.attribute is Attribute.GROUP_REMOVED),
            add_alias=after.get(Attribute.ALIAS),
        )

    def _remember(self, subject: Subject, after: dict[Attribute, str]) -> None:
        columns = {
            "unit": after.get(Attribute.UNIT),
            "supervisor_email": after.get(Attribute.SUPERVISOR),
            "contract_number": after.get(Attribute.CONTRACT_NUMBER),
            "contract_end": date.fromisoformat(after[Attribute.CONTRACT_END]) if Attribute.CONTRACT_END in after else None,
        }
        changed = {name: value for name, value in columns.items() if value is not None}
        self.accounts.remember(subject.account_id, subject.login, **changed)

    @staticmethod
    def _known(subject: Subject, after: dict[Attribute, str]) -> Subject:
        end = after.get(Attribute.CONTRACT_END)
        return Subject(
            account_id=subject.account_id,
            login=subject.login,
            mail_address=subject.mail_address,
            display_name=after.get(Attribute.DISPLAY_NAME, subject.display_name),
            account_type=subject.account_type,
            unit=after.get(Attribute.UNIT, subject.unit),
            enabled=subject.enabled,
            document_number=subject.document_number,
            address_on_record=subject.address_on_record,
            manager_mail=after.get(Attribute.SUPERVISOR, subject.manager_mail),
            contract_number=after.get(Attribute.CONTRACT_NUMBER, subject.contract_number),
            contract_end=date.fromisoformat(end) if end else subject.contract_end,
            password_set_at=subject.password_set_at,
        )


def _supervisor_unknown(mail: str) -> Diverted:
    message = f"{mail} no corresponde a ninguna cuenta de la entidad; escriba el correo institucional completo."
    label = "Correo institucional del supervisor o jefe inmediato"
    return Diverted(Course.CORRECT, f"{label}: {message}", (Problem("supervisor_email", label, message),))


@dataclass(slots=True)
class AllowChange(PerformsAtOnce):
    """ "Se habilita el cambio de contraseña para el usuario" (activity 2.b): at the next logon, with the lock taken off."""

    directory: Directory
    targets: tuple[Target, ...] = (Target.DIRECTORY,)

    def perform(self, task: Task) -> Outcome:
        """Require the change; nothing is mailed but the notice."""
        subject = subject_of(task.request)
        self.directory.allow_password_change(AccountId(subject.account_id))
        return Done(detail=f"{subject.login} debe cambiar su clave en el próximo ingreso; la cuenta quedó desbloqueada.")


@dataclass(slots=True)
class EndSessions(PerformsAtOnce):
    """A disabled account, or a new password, does not end the sessions that are open in the cloud: they are revoked."""

    cloud: Cloud
    targets: tuple[Target, ...] = (Target.CLOUD,)

    def perform(self, task: Task) -> Outcome:
        """Revoke them, where the account has a user in the cloud."""
        subject = subject_of(task.request)
        user = self.cloud.find_user(AccountId(subject.account_id))
        if user is None:
            return Done(detail="La cuenta no tiene usuario en la nube: no hay sesiones que cerrar.")
        remark = self.cloud.end_sessions(user)
        return Done(Facts(subject_user=user), " ".join(filter(None, ("Sesiones de la nube cerradas.", remark))))


@dataclass(slots=True)
class Synchronise(PerformsAtOnce):
    """ "Sincronizar el dominio para ejecutar los cambios dentro del buzón, si fuera el caso" (activity 3)."""

    cloud: Cloud
    targets: tuple[Target, ...] = (Target.CLOUD,)

    def perform(self, task: Task) -> Outcome:
        """Ask for a cycle and wait until it brought the change; for a while, since not every change is one of the cloud's."""
        self.cloud.request_sync()
        changed_at = task.request.facts.changed_at
        if changed_at is None:
            return Done(detail="Sincronización pedida.")
        if self.cloud.synchronised_since(AccountId(subject_of(task.request).account_id), changed_at):
            return Done(detail="Sincronización pedida; la nube tiene los cambios.")
        if task.now < changed_at + LONGEST_SYNC:
            detail = "La modificación aún no llega a la nube."
            return NotYet(WaitingFor.SYNC, task.now + LOOK_AGAIN_FOR_CLOUD, detail)
        return Done(detail="Sincronización pedida; la nube no la confirmó: no todo lo que cambia llega a ella.")


@dataclass(slots=True)
class RecordAddress(PerformsAtOnce):
    """The address on record changes only here, after a second person approved it and the old address was told."""

    accounts: Accounts
    targets: tuple[Target, ...] = ()

    def perform(self, task: Task) -> Outcome:
        """Keep the new address."""
        content = task.request.content
        if not isinstance(content, ChangeAddress):
            raise TypeError(f"{task.request.case} changes no address")
        subject = subject_of(task.request)
        self.accounts.remember(subject.account_id, subject.login, personal_email=content.new_address)
        return Done(detail="Correo personal registrado; recibirá los próximos datos de acceso.")


def modifying_performers(
    directory: Directory, cloud: Cloud, reservations: Reservations, accounts: Accounts, policy: Institution
) -> dict[Act, Performer]:
    """The performers of this module, by act."""
    return {
        Act.PLAN_CHANGES: PlanChanges(directory, reservations, policy),
        Act.APPLY_CHANGES: ApplyChanges(directory, accounts, reservations, policy),
        Act.ALLOW_CHANGE: AllowChange(directory),
        Act.END_SESSIONS: EndSessions(cloud),
        Act.SYNCHRONISE: Synchronise(cloud),
        Act.RECORD_ADDRESS: RecordAddress(accounts),
    }
