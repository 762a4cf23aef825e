"""Access data: the only mails that carry a password, and where they may go (activities 2.b and 4)."""

from dataclasses import dataclass
from datetime import timedelta

from config.dates import local_date
from config.errors import RecipientRefused, Target
from config.stop_point import StopPoint, let_go
from config.vocabulary import ACCOUNT_TYPE_LABELS, EmailAddress
from intake.described import account_type_label
from intake.performing import Post
from notify.mails import AccessData, masked_address
from provision.directory.port import Account, AccountId, Directory, Password
from provision.executor import Performer, Task
from provision.journal.accounts import AccountRecord, Accounts
from provision.passwords import temporary_password
from provision.performing import creation, subject_of
from provision.procedure.acts import Act
from provision.procedure.facts import Facts, Subject
from provision.procedure.model import Course, Diverted, Done, Failed, Outcome, Request
from provision.procedure.steps import expiry, subject_has_licence
from provision.procedure.submission import AssignContract, CreatePersonalAccount, Problem, user_name


def message_id(post: Post, task: Task, attempt: int) -> str:
    """A repetition carries another password: with the same Message-ID a server could drop it as a duplicate."""
    return post.message_id(task.request.case, task.effect.step, f"{task.effect.round}.{attempt}")


@dataclass(slots=True)
class IssueAccess:
    """Activity 4: "la información de acceso se enviará al correo personal registrado en el formulario".

    Reset and mail are one effect. Repeated after a crash it issues a fresh password, which ends the former one, and the new
    mail says so; unless the user has chosen a password already, or the transport knows that the last mail went out.
    """

    directory: Directory
    accounts: Accounts
    post: Post
    stop_point: StopPoint = let_go
    targets: tuple[Target, ...] = (Target.DIRECTORY, Target.MAIL)

    def observe(self, task: Task) -> Outcome | None:
        """Done, if the user has signed in already, or the mail of the attempt before went out after its reset."""
        sent_to = creation(task.request).personal_email
        account = self.directory.find_by_case(task.request.case)
        if account is not None and account.enabled and not account.must_change_password:
            return self._sent(task, account, sent_to, "El usuario ya ingresó y cambió la contraseña.")
        before = task.attempt > 1 and self.post.mailer.already_sent(message_id(self.post, task, task.attempt - 1))
        if before and account is not None:
            return self._sent(task, account, sent_to, "El correo ya se había enviado.")
        return None

    def perform(self, task: Task) -> Outcome:
        """Set a fresh temporary password, enable the account, and mail it."""
        request, content = task.request, creation(task.request)
        account = self.directory.find_by_case(request.case)
        if account is None:
            return Failed(f"La cuenta {request.facts.login} del caso ya no está en el Directorio Activo.")
        policy = self.post.rules().policy
        ends = expiry(request, policy)
        password = temporary_password([user_name(content), account.login])
        mail = AccessData(
            case=request.case,
            person_name=user_name(content),
            login=account.login,
            mail_address=request.facts.mail_address if request.facts.licence else None,
            password=password.reveal,
            portal_url=policy.mail.portal_url,
            replaces_previous=account.enabled,
            expires_on=local_date(ends - timedelta(seconds=1), policy.zone) if ends else None,
            account_type_label=account_type_label(request),
            requested_by=f"{content.unit} ({policy.short_name})",
        )
        identity = message_id(self.post, task, task.attempt)
        message = self.post.message(mail, identity, content.personal_email, threaded=False)
        self.directory.issue_password(account.id, request.case, password)
        self.stop_point("access.password-set")
        try:
            self.post.mailer.send(message)
        except RecipientRefused as error:
            return self._undeliverable(request, content.personal_email, error)
        masked = masked_address(content.personal_email)
        return self._sent(task, account, content.personal_email, f"Datos de acceso enviados a {masked}.")

    def _sent(self, task: Task, account: Account, to: EmailAddress, detail: str) -> Done:
        """The address is on record from here on: a later password change goes there and nowhere else."""
        content = creation(task.request)
        if isinstance(content, CreatePersonalAccount):
            responsible, contract = content.supervisor_email, content.contract
        else:
            responsible, contract = content.owner_email, None
        self.accounts.delivered(
            AccountRecord(
                account.id,
                account.login,
                account_type=content.account_type,
                unit=content.unit,
                personal_email=to,
                supervisor_email=responsible,
                contract_number=contract.number if contract else None,
                contract_end=contract.end if contract else None,
                created_by=task.request.case,
                access_case=task.request.case,
            )
        )
        return Done(Facts(access_sent_to=to, access_sent_at=task.now), detail)

    @staticmethod
    def _undeliverable(request: Request, address: str, error: RecipientRefused) -> Diverted:
        """Control point of activity 4: "¿Reporte exitoso? No, pasa actividad 5, solicitando modificación del formulario"."""
        message = f"{address} no recibe correo: escriba una dirección que la persona use."
        question, label = "personal_email", "Correo electrónico personal"
        if isinstance(request.content, AssignContract):
            question, label = "assignee_personal_email", "Correo electrónico personal del cesionario"
        problem = Problem(question, label, message)
        return Diverted(Course.CORRECT, f"El correo personal fue rechazado: {error}", (problem,))

    def expected(self, task: Task) -> Facts | None:
        """In a dry run nothing was sent to anybody."""
        return Facts(access_sent_to=creation(task.request).personal_email)


@dataclass(slots=True)
class ResetAccess:
    """Activity 2.b, "en caso contrario se cambia": a temporary password, only to the address on record since the creation.

    Crash-safe as `IssueAccess` is; the mail server's refusal leaves a password that nobody knows, and the desk is told.
    """

    directory: Directory
    accounts: Accounts
    post: Post
    stop_point: StopPoint = let_go
    targets: tuple[Target, ...] = (Target.DIRECTORY, Target.MAIL)

    def observe(self, task: Task) -> Outcome | None:
        """Done, if an earlier attempt's mail went out, or the user has used it already."""
        if task.attempt == 1:
            return None
        subject, to = self._destination(task)
        account = self.directory.find_by_id(AccountId(subject.account_id))
        if account is None:
            return None
        changed_since = account.password_set_at is not None and account.password_set_at != subject.password_set_at
        if changed_since and not account.must_change_password:
            return self._sent(task, subject, to, "El usuario ya ingresó y cambió la contraseña.")
        if self.post.mailer.already_sent(message_id(self.post, task, task.attempt - 1)):
            return self._sent(task, subject, to, "El correo ya se había enviado.")
        return None

    @staticmethod
    def _destination(task: Task) -> tuple[Subject, EmailAddress]:
        subject = subject_of(task.request)
        if subject.address_on_record is None:
            raise ValueError(f"{task.request.case}: no address on record")
        return subject, subject.address_on_record

    def perform(self, task: Task) -> Outcome:
        """Set a fresh temporary password, unlock the account, and mail it to the address on record."""
        request = task.request
        subject, to = self._destination(task)
        policy = self.post.rules().policy
        password = temporary_password([subject.display_name, subject.login])
        mail = AccessData(
            case=request.case,
            person_name=subject.display_name,
            login=subject.login,
            mail_address=subject.mail_address if subject_has_licence(request, policy) else None,
            password=password.reveal,
            portal_url=policy.mail.portal_url,
            replaces_previous=True,
            expires_on=subject.contract_end,
            account_type_label=ACCOUNT_TYPE_LABELS[subject.account_type],
            requested_by=f"{subject.unit} ({policy.short_name})",
            is_reset=True,
        )
        message = self.post.message(mail, message_id(self.post, task, task.attempt), to, threaded=False)
        self._reset(subject, password)
        self.stop_point("access.password-set")
        try:
            self.post.mailer.send(message)
        except RecipientRefused as error:
            return Failed(
                f"El correo registrado {masked_address(to)} rechaza los mensajes ({error}); la clave anterior ya no sirve. "
                "Identifique a la persona, y pida el cambio de su correo registrado."
            )
        return self._sent(task, subject, to, f"Clave temporal enviada al correo registrado, {masked_address(to)}.")

    def _reset(self, subject: Subject, password: Password) -> None:
        self.directory.reset_password(AccountId(subject.account_id), password)

    def _sent(self, task: Task, subject: Subject, to: EmailAddress, detail: str) -> Done:
        self.accounts.remember(subject.account_id, subject.login, access_case=task.request.case)
        return Done(Facts(access_sent_to=to, access_sent_at=task.now), detail)

    def expected(self, task: Task) -> Facts | None:
        """In a dry run nothing was sent to anybody."""
        return Facts(access_sent_to=self._destination(task)[1])


def access_performers(directory: Directory, accounts: Accounts, post: Post, stop_point: StopPoint) -> dict[Act, Performer]:
    """The performers of this module, by act."""
    return {
        Act.ISSUE_ACCESS: IssueAccess(directory, accounts, post, stop_point),
        Act.RESET_ACCESS: ResetAccess(directory, accounts, post, stop_point),
    }
