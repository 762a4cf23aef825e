"""The steps of activity 3 in the directory and the cloud: one performer for each act."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from itertools import islice

from config.errors import AlreadyExists, NoSeat, NotFound, Target, Transient
from config.institution import Institution
from provision.cloud.port import Cloud, CloudUserId
from provision.directory.port import AccountId, Directory, NewAccount
from provision.executor import Performer, Task
from provision.journal.reservations import Reservations, SeatsMoved
from provision.procedure.acts import Act, WaitingFor
from provision.procedure.facts import Facts, Subject
from provision.procedure.model import Course, Diverted, Done, Failed, NotYet, Outcome, Request, SteppedBack
from provision.procedure.naming import generic_login_candidates, login_candidates
from provision.procedure.steps import creation_of, expiry, licence_of
from provision.procedure.submission import CreateGenericAccount, CreatePersonalAccount, Creation, Problem, user_name

LOOK_AGAIN_FOR_SEAT = timedelta(minutes=30)
LOOK_AGAIN_FOR_CLOUD = timedelta(minutes=5)
NAMES_A_SEARCH = 8
MOST_NAMES = 200
_MOST_COUNTS = 5
"""How often the seats are counted again because another poller assigned one meanwhile."""


def creation(request: Request) -> Creation:
    """The creation that a request asks for, or a cession's assignee's; a ValueError is a defect of the program."""
    content = creation_of(request)
    if content is None:
        raise ValueError(f"{request.case} is no creation")
    return content


def subject_of(request: Request) -> Subject:
    """The existing account that a request concerns; a ValueError is a defect of the program."""
    if request.facts.subject is None:
        raise ValueError(f"{request.case} has not found its account")
    return request.facts.subject


class PerformsAtOnce:
    """A performer that has nothing to observe, because performing it begins with observing."""

    def observe(self, task: Task) -> Outcome | None:
        """Nothing: `perform` looks first."""
        return None

    def expected(self, task: Task) -> Facts | None:
        """Nothing that later steps need."""
        return Facts()


@dataclass(slots=True)
class FindExistingAccount(PerformsAtOnce):
    """A person who has an account already, or a request that is making one, gets no second one (by document number)."""

    directory: Directory
    reservations: Reservations
    targets: tuple[Target, ...] = (Target.DIRECTORY,)

    def perform(self, task: Task) -> Outcome:
        """Divert the request when the directory knows the document number, or another open request has taken it."""
        content = creation(task.request)
        if not isinstance(content, CreatePersonalAccount):
            return Done()
        holder = self.reservations.reserve_person(task.request.case, content.person.document_number, task.now)
        if holder != task.request.case:
            reason = f"Ya hay una solicitud abierta para la misma persona: {holder}."
            return Diverted(Course.DUPLICATE, reason, duplicate_of=holder)
        others = [a for a in self.directory.find_by_document(content.person.document_number) if a.case != task.request.case]
        if not others:
            return Done(detail="La persona no tiene cuenta.")
        account = max(others, key=lambda each: each.enabled)
        state = "activa" if account.enabled else "inactiva"
        return Diverted(
            Course.HAS_ACCOUNT,
            f"La persona ya tiene la cuenta {account.login}, {state}.",
            facts=Facts(existing_login=account.login, existing_enabled=account.enabled),
        )


@dataclass(slots=True)
class ReserveSeat(PerformsAtOnce):
    """ "De acuerdo con la disponibilidad de buzones": a seat is promised before anything is made."""

    cloud: Cloud
    reservations: Reservations
    policy: Institution
    targets: tuple[Target, ...] = (Target.CLOUD,)
    counted_after: int = field(default=-1, init=False)
    """How many promises had ended, of all pollers, when the cloud's seats were last counted."""

    def perform(self, task: Task) -> Outcome:
        """Promise a seat, or wait for one in order of arrival."""
        licence = licence_of(task.request, self.policy)
        if licence is None:
            return Done(detail="Este tipo de cuenta no lleva buzón.")
        for _ in range(_MOST_COUNTS):
            releases = self.reservations.releases()
            if releases != self.counted_after:
                self.cloud.recount()
                self.counted_after = releases
            free = self.cloud.free_seats(licence)
            try:
                promised = self.reservations.reserve_seat(task.request.case, licence, free, task.now, as_of=releases)
            except SeatsMoved:
                continue
            if promised:
                return Done(Facts(licence=licence), f"Cupo de {licence} reservado.")
            detail = f"No hay cupos libres de {licence}."
            return NotYet(WaitingFor.SEAT, task.now + LOOK_AGAIN_FOR_SEAT, detail)
        raise Transient(Target.CLOUD, f"Los cupos de {licence} cambiaron cada vez que se contaron; se contarán de nuevo.")


@dataclass(slots=True)
class ReserveName:
    """A login that nobody has, had, or was promised."""

    directory: Directory
    reservations: Reservations
    policy: Institution
    targets: tuple[Target, ...] = (Target.DIRECTORY,)

    def observe(self, task: Task) -> Outcome | None:
        """The name promised before, if the answers still lead to it and nobody outside the program took it meanwhile."""
        if task.attempt == 1 and task.request.round == 1:
            return None  # nothing can have been promised yet
        name = self.reservations.name_of(task.request.case)
        if name is None:
            return None
        if name in self._candidates(task.request) and not self.directory.names_in_use([name]):
            return self._reserved(name)
        self.reservations.release_name(task.request.case)
        return None

    def _candidates(self, request: Request) -> Iterable[str]:
        content = creation(request)
        if isinstance(content, CreateGenericAccount):
            return islice(generic_login_candidates(content.generic_name, self.policy.naming), MOST_NAMES)
        person = content.person
        return islice(login_candidates(person.given_names, person.surnames, self.policy.naming), MOST_NAMES)

    def perform(self, task: Task) -> Outcome:
        """Reserve the first candidate that neither the directory nor the journal knows."""
        try:
            candidates: Iterator[str] = iter(self._candidates(task.request))
            while some := list(islice(candidates, NAMES_A_SEARCH)):
                taken = self.directory.names_in_use(some)
                free = [name for name in some if name not in taken]
                reserved = self.reservations.reserve_first(task.request.case, free, task.now)
                if reserved is not None:
                    return self._reserved(reserved)
        except ValueError as error:
            problem = Problem("given_names", "Nombres y apellidos", str(error))
            return Diverted(Course.CORRECT, str(error), (problem,))
        return Failed(f"Ninguno de {MOST_NAMES} nombres posibles está libre; asigne uno a mano.")

    def _reserved(self, name: str) -> Done:
        return Done(Facts(login=name, mail_address=f"{name}@{self.policy.mail_domain}"), f"Nombre reservado: {name}.")

    def expected(self, task: Task) -> Facts:
        """Unreachable in practice: a dry run reserves on a copy of the journal."""
        return Facts()


@dataclass(slots=True)
class CreateAccount:
    """The account, disabled until its access data goes out, with the case number as the mark of ownership."""

    directory: Directory
    reservations: Reservations
    policy: Institution
    targets: tuple[Target, ...] = (Target.DIRECTORY,)

    def observe(self, task: Task) -> Outcome | None:
        """Nothing: `Directory.create` begins by looking for the marker, and completes what is missing."""
        return None

    def perform(self, task: Task) -> Outcome:
        """Make the account; a name lost to somebody outside the program is reserved anew."""
        account = self.new_account(task.request)
        try:
            made = self.directory.create(account)
        except AlreadyExists as error:
            if not self.directory.names_in_use([account.login]):
                # Something else collides (the name of the object in its OU): the same login would be chosen for ever.
                return Failed(str(error))
            return SteppedBack(Act.RESERVE_NAME, f"El nombre {account.login} se ocupó entretanto: {error}")
        except NotFound as error:
            if account.manager_mail and self.directory.find_by_mail(account.manager_mail) is None:
                return self._manager_unknown(task.request, account.manager_mail)
            return Failed(str(error))
        if licence_of(task.request, self.policy) is None:
            self.reservations.release_seat(task.request.case)  # an edit may have changed the account type since
        return Done(Facts(account_id=made.id, login=made.login), f"Cuenta {made.login} creada en {made.dn}.")

    @staticmethod
    def _manager_unknown(request: Request, mail: str) -> Diverted:
        generic = isinstance(request.content, CreateGenericAccount)
        question, label = (
            ("owner_email", "Correo del responsable de la cuenta")
            if generic
            else ("supervisor_email", "Correo institucional del supervisor o jefe inmediato")
        )
        message = f"{mail} no corresponde a ninguna cuenta de la entidad; escriba el correo institucional completo."
        return Diverted(Course.CORRECT, f"{label}: {message}", (Problem(question, label, message),))

    def new_account(self, request: Request) -> NewAccount:
        """The account that the policy gives to this request."""
        content = creation(request)
        login, mail = request.facts.login, request.facts.mail_address
        if login is None or mail is None:
            raise ValueError(f"{request.case} has no name reserved")
        rules = self.policy.accounts[content.account_type]
        unit = next(unit for unit in self.policy.units if unit.name == content.unit)
        personal = content if isinstance(content, CreatePersonalAccount) else None
        return NewAccount(
            case=request.case,
            login=login,
            user_principal_name=f"{login}@{self.policy.upn_suffix}",
            mail=mail,
            given_name=personal.person.given_names if personal else "",
            surname=personal.person.surnames if personal else "",
            display_name=user_name(content),
            ou=self.policy.ou_of(content.account_type, unit),
            groups=(*rules.groups, *unit.groups),
            employee_id=personal.person.document_number if personal else None,
            manager_mail=personal.supervisor_email if personal else getattr(content, "owner_email", None),
            expires_at=expiry(request, self.policy),
            title=(personal.position if personal else "") or rules.title,
            department=unit.name,
            company=self.policy.name,
            mobile=content.mobile,
        )

    def expected(self, task: Task) -> Facts | None:
        """In a dry run no account is made, and what comes after it cannot be foreseen."""
        return None


@dataclass(slots=True)
class AwaitSync(PerformsAtOnce):
    """ "El usuario de correo será creado de manera automática una vez sea sincronizado frente al dominio" (activity 3)."""

    cloud: Cloud
    targets: tuple[Target, ...] = (Target.CLOUD,)

    def perform(self, task: Task) -> Outcome:
        """Find the synchronised user, or ask for a cycle and wait."""
        facts = task.request.facts
        account_id = facts.account_id or subject_of(task.request).account_id
        user = self.cloud.find_user(AccountId(account_id))
        if user is not None:
            return Done(Facts(cloud_user=user), "La cuenta está en la nube.")
        self.cloud.request_sync()
        return NotYet(WaitingFor.SYNC, task.now + LOOK_AGAIN_FOR_CLOUD, "La cuenta aún no aparece en la nube.")

    def expected(self, task: Task) -> Facts | None:
        """In a dry run no synchronisation is asked for, and what comes after it cannot be foreseen."""
        return None


@dataclass(slots=True)
class AssignLicence(PerformsAtOnce):
    """The seat promised becomes the seat assigned; the cloud's own answer is the truth."""

    cloud: Cloud
    reservations: Reservations
    targets: tuple[Target, ...] = (Target.CLOUD,)

    def perform(self, task: Task) -> Outcome:
        """Assign the licence; a seat lost to somebody outside the program is waited for."""
        facts = task.request.facts
        if facts.licence is None or facts.cloud_user is None:
            raise ValueError(f"{task.request.case} has no seat or no cloud user")
        user = CloudUserId(facts.cloud_user)
        if not self.cloud.has_licence(user, facts.licence):
            try:
                self.cloud.assign_licence(user, facts.licence)
            except NoSeat as error:
                return NotYet(WaitingFor.SEAT, task.now + LOOK_AGAIN_FOR_SEAT, str(error))
            if not self.cloud.has_licence(user, facts.licence):
                # The seat stays promised until the cloud counts it: a group's licence comes with the next cycle.
                self.cloud.request_sync()
                detail = f"La licencia {facts.licence} se pidió y aún no aparece en la nube."
                return NotYet(WaitingFor.SYNC, task.now + LOOK_AGAIN_FOR_CLOUD, detail)
        self.reservations.release_seat(task.request.case)
        return Done(detail=f"Licencia {facts.licence} asignada.")


@dataclass(slots=True)
class AwaitMailbox(PerformsAtOnce):
    """Access data goes out only when the mailbox answers."""

    cloud: Cloud
    targets: tuple[Target, ...] = (Target.CLOUD,)

    def perform(self, task: Task) -> Outcome:
        """Look whether the mailbox answers."""
        if task.request.facts.cloud_user is None:
            raise ValueError(f"{task.request.case} has no cloud user")
        if self.cloud.mailbox_ready(CloudUserId(task.request.facts.cloud_user)):
            return Done(detail="El buzón está listo.")
        return NotYet(WaitingFor.MAILBOX, task.now + LOOK_AGAIN_FOR_CLOUD, "El buzón aún no responde.")


@dataclass(slots=True)
class ReleaseReservations(PerformsAtOnce):
    """A request that makes no account gives back its name and its seat."""

    reservations: Reservations
    targets: tuple[Target, ...] = ()

    def perform(self, task: Task) -> Outcome:
        """Give back what was promised; the name of an account that exists is its own. A seat assigned is promised no more."""
        if task.request.facts.account_id is None:
            self.reservations.release_name(task.request.case)
        self.reservations.release_seat(task.request.case)
        self.reservations.release_person(task.request.case)
        return Done()


def creating_performers(
    directory: Directory, cloud: Cloud, reservations: Reservations, policy: Institution
) -> dict[Act, Performer]:
    """The performers of this module, by act."""
    return {
        Act.FIND_EXISTING_ACCOUNT: FindExistingAccount(directory, reservations),
        Act.RESERVE_SEAT: ReserveSeat(cloud, reservations, policy),
        Act.RESERVE_NAME: ReserveName(directory, reservations, policy),
        Act.CREATE_ACCOUNT: CreateAccount(directory, reservations, policy),
        Act.AWAIT_SYNC: AwaitSync(cloud),
        Act.ASSIGN_LICENCE: AssignLicence(cloud, reservations),
        Act.AWAIT_MAILBOX: AwaitMailbox(cloud),
        Act.RELEASE_RESERVATIONS: ReleaseReservations(reservations),
    }
