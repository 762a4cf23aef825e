"""Giving up what somebody had: backup, licence, computer, account (UPME, activity 3, "eliminación de usuario").

Nothing later happens before what it depends on has been verified.
"""

from dataclasses import dataclass
from datetime import timedelta

from config.errors import Target
from provision.backup.port import Backup, ByHand, UnderWay
from provision.cloud.port import Cloud, CloudUserId, MailboxState
from provision.directory.port import AccountId, Computer, Directory
from provision.executor import Performer, Task
from provision.performing import LOOK_AGAIN_FOR_CLOUD, PerformsAtOnce, subject_of
from provision.procedure.acts import Act, WaitingFor
from provision.procedure.facts import BackupTaken, Facts
from provision.procedure.model import Done, Failed, NotYet, Outcome, StepKey
from provision.procedure.submission import Delete

LOOK_AGAIN_FOR_DELETION = timedelta(minutes=30)


@dataclass(slots=True)
class BackUp(PerformsAtOnce):
    """ "Realizar backup de correo, calendario, contactos y almacenamiento en nube" (activity 3), read back before it counts."""

    backup: Backup
    cloud: Cloud
    targets: tuple[Target, ...] = (Target.CLOUD, Target.BACKUP)

    def perform(self, task: Task) -> Outcome:
        """Copy, go on copying, or verify what is complete; whoever has no mailbox has nothing to be copied."""
        subject = subject_of(task.request)
        known = task.request.facts.subject_user
        user = CloudUserId(known) if known else self.cloud.find_user(AccountId(subject.account_id))
        if user is None or not self.cloud.licences_of(user):
            return Done(Facts(no_mailbox=True), "La cuenta no tiene buzón en la nube: no hay nada que copiar.")
        taken = self.backup.take(task.request.case, user, subject.mail_address)
        if isinstance(taken, UnderWay):
            return NotYet(WaitingFor.BACKUP, task.now + taken.look_again_after, taken.detail)
        if isinstance(taken, ByHand):
            return Done(Facts(subject_user=user, backup_by_hand=taken.detail), taken.detail)
        manifest = self.backup.verify(task.request.case)
        kept = BackupTaken(
            manifest.items, manifest.bytes, manifest.digest, manifest.location, not_converted=len(manifest.not_converted)
        )
        parts = ", ".join(part.value for part in manifest.parts)
        detail = f"{kept.items} elementos ({parts}) verificados en {kept.location}."
        return Done(Facts(subject_user=user, backup=kept), detail)


@dataclass(slots=True)
class RemoveLicence(PerformsAtOnce):
    """ "Únicamente se desasocia la licencia" (Unidad para las Víctimas, 5): only after a backup that was verified."""

    cloud: Cloud
    backup: Backup
    targets: tuple[Target, ...] = (Target.CLOUD,)

    def perform(self, task: Task) -> Outcome:
        """Give every seat of the user back."""
        facts = task.request.facts
        if facts.no_mailbox or facts.subject_user is None:
            return Done(detail="La cuenta no tenía licencia.")
        if facts.backup is not None:
            if self.backup.verify(task.request.case).digest != facts.backup.digest:
                return Failed("El backup ya no es el que se verificó: la licencia no se retira. Revise la carpeta de backups.")
        elif StepKey(Act.CONFIRM_BACKUP) not in task.request.done:
            return Failed("No hay un backup verificado: la licencia no se retira.")
        user = CloudUserId(facts.subject_user)
        removed = self.cloud.licences_of(user)
        for licence in removed:
            self.cloud.remove_licence(user, licence)
        if removed and self.cloud.licences_of(user):
            # A group's licence goes with the next cycle.
            self.cloud.request_sync()
            detail = f"La licencia {', '.join(removed)} se retiró y aún aparece en la nube."
            return NotYet(WaitingFor.SYNC, task.now + LOOK_AGAIN_FOR_CLOUD, detail)
        return Done(detail=f"Licencia retirada: {', '.join(removed)}." if removed else "La licencia ya se había retirado.")


@dataclass(slots=True)
class FindLicence(PerformsAtOnce):
    """Whoever comes back may have lost the licence meanwhile."""

    cloud: Cloud
    targets: tuple[Target, ...] = (Target.CLOUD,)

    def perform(self, task: Task) -> Outcome:
        """Look whether the user holds a seat."""
        user = self.cloud.find_user(AccountId(subject_of(task.request).account_id))
        if user is not None and self.cloud.licences_of(user):
            return Done(Facts(subject_user=user, no_mailbox=False), "Conserva su licencia.")
        return Done(Facts(no_mailbox=True), "No tiene licencia: se le asigna una.")


@dataclass(slots=True)
class FindComputers(PerformsAtOnce):
    """The person's computers: those that he manages (managedBy), and the one named in the form."""

    directory: Directory
    targets: tuple[Target, ...] = (Target.DIRECTORY,)

    def perform(self, task: Task) -> Outcome:
        """Find them; one that is named and that somebody else manages is not taken."""
        content, subject = task.request.content, subject_of(task.request)
        account_id = AccountId(subject.account_id)
        computers = list(self.directory.computers_of(account_id))
        named = content.computer if isinstance(content, Delete) else ""
        notes: list[str] = []
        if named and named.casefold() not in {each.name.casefold() for each in computers}:
            notes += self._named(named, account_id, computers)
        names = tuple(each.name for each in computers)
        detail = f"Equipos: {', '.join(names)}." if names else "El directorio no conoce equipos de la persona."
        return Done(Facts(computers=names), " ".join([detail, *notes]))

    def _named(self, name: str, account_id: AccountId, computers: list[Computer]) -> list[str]:
        found = self.directory.find_computer(name)
        if found is None:
            return [f"{name} no está en el dominio."]
        owner = self.directory.find_by_id(account_id)
        if found.managed_by_dn and owner is not None and found.managed_by_dn.casefold() != owner.dn.casefold():
            return [f"{name} está a cargo de otra persona: no se retira."]
        computers.append(found)
        return []


@dataclass(slots=True)
class RemoveComputers(PerformsAtOnce):
    """ "Una vez confirmado el backup del equipo se debe retirar el equipo del dominio" (activity 3)."""

    directory: Directory
    targets: tuple[Target, ...] = (Target.DIRECTORY,)

    def perform(self, task: Task) -> Outcome:
        """Take each out of the domain, with its children."""
        if StepKey(Act.CONFIRM_PC_BACKUP) not in task.request.done:
            return Failed("Falta confirmar el backup del equipo: no se retira del dominio.")
        names = task.request.facts.computers or ()
        for name in names:
            computer = self.directory.find_computer(name)
            if computer is not None:
                self.directory.remove_computer(computer.id)
        return Done(Facts(computers_removed=True), f"Fuera del dominio: {', '.join(names)}.")


_BEFORE_DELETION = (Act.PLACE_HOLD, Act.APPLY_HOLDS, Act.FIND_COMPUTERS, Act.CONFIRM_PC_BACKUP, Act.CONFIRM_PC_WIPE)


@dataclass(slots=True)
class DeleteAccount(PerformsAtOnce):
    """ "Proceder a la eliminación de la cuenta en directorio activo" (activity 3): the step that nothing takes back."""

    directory: Directory
    backup: Backup
    targets: tuple[Target, ...] = (Target.DIRECTORY, Target.BACKUP)

    def perform(self, task: Task) -> Outcome:
        """Delete it, once all that it depends on was verified; the backup is read once more."""
        request = task.request
        missing = [act for act in _BEFORE_DELETION if StepKey(act) not in request.done]
        if missing:
            return Failed("Faltan pasos previos verificados: la cuenta no se elimina.")
        if request.facts.backup is not None and self.backup.verify(request.case).digest != request.facts.backup.digest:
            return Failed("El backup ya no es el que se verificó: la cuenta no se elimina. Revise la carpeta de backups.")
        subject = subject_of(request)
        self.directory.delete(AccountId(subject.account_id))
        return Done(Facts(account_deleted_at=task.now), f"Cuenta {subject.login} eliminada del directorio.")


@dataclass(slots=True)
class AwaitMailboxGone(PerformsAtOnce):
    """ "Verificar eliminación del buzón" (activity 3): gone, or "soft-deleted until DATE", never assumed."""

    cloud: Cloud
    targets: tuple[Target, ...] = (Target.CLOUD,)

    def perform(self, task: Task) -> Outcome:
        """Ask the cloud what became of it."""
        user = task.request.facts.subject_user
        if user is None:
            return Done(Facts(mailbox_gone=True), "La cuenta no tenía buzón.")
        fate = self.cloud.mailbox_fate(CloudUserId(user))
        match fate.state:
            case MailboxState.PRESENT:
                self.cloud.request_sync()
                detail = "El buzón sigue en la nube: espera la sincronización."
                return NotYet(WaitingFor.SYNC, task.now + LOOK_AGAIN_FOR_DELETION, detail)
            case MailboxState.SOFT_DELETED:
                detail = f"Buzón eliminado; se puede recuperar hasta el {fate.until:%d/%m/%Y}." if fate.until else "Eliminado."
                return Done(Facts(mailbox_until=fate.until), detail)
            case MailboxState.GONE:
                return Done(Facts(mailbox_gone=True), "El buzón ya no existe.")


def leaving_performers(directory: Directory, cloud: Cloud, backup: Backup) -> dict[Act, Performer]:
    """The performers of this module, by act."""
    return {
        Act.BACK_UP: BackUp(backup, cloud),
        Act.REMOVE_LICENCE: RemoveLicence(cloud, backup),
        Act.FIND_LICENCE: FindLicence(cloud),
        Act.FIND_COMPUTERS: FindComputers(directory),
        Act.REMOVE_COMPUTERS: RemoveComputers(directory),
        Act.DELETE_ACCOUNT: DeleteAccount(directory, backup),
        Act.AWAIT_MAILBOX_GONE: AwaitMailboxGone(cloud),
    }
