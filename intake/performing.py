"""The steps that tell people, and the one that issues access data: performers over `notify` and the directory."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from config.dates import local_date
from config.errors import RecipientRefused, Target
from config.stop_point import StopPoint, let_go
from config.vocabulary import CaseNumber, EmailAddress
from intake.described import account_type_label
from intake.telling import MAILS, solution_of, ticket_of
from notify.desk.port import Desk, TicketId
from notify.mailer.port import Mailer, Message
from notify.mails import AccessData, Mail, masked_address
from notify.render import Renderer
from provision.directory.port import Directory
from provision.executor import Performer, Task
from provision.passwords import temporary_password
from provision.performing import PerformsAtOnce, creation
from provision.procedure.model import Act, Course, Diverted, Done, Facts, Failed, Outcome, Request
from provision.procedure.steps import Rules, expiry
from provision.procedure.submission import Problem, user_name


@dataclass(slots=True)
class RegisterTicket(PerformsAtOnce):
    """Activity 2: "crear el registro de solicitud en la herramienta de mesa de servicio"."""

    desk: Desk
    targets: tuple[Target, ...] = (Target.DESK,)

    def perform(self, task: Task) -> Outcome:
        """Open the ticket, or find the one that a crash left open."""
        ticket = self.desk.create(ticket_of(task.request))
        return Done(Facts(ticket=ticket.id), f"Ticket {ticket.id}.")

    def expected(self, task: Task) -> Facts | None:
        """In a dry run no ticket has a number."""
        return Facts(ticket="(por registrar)")


@dataclass(slots=True)
class CloseTicket(PerformsAtOnce):
    """Activity 6: "cerrar solicitud de gestión de usuarios"."""

    desk: Desk
    targets: tuple[Target, ...] = (Target.DESK,)

    def perform(self, task: Task) -> Outcome:
        """Write the solution and close."""
        if task.request.facts.ticket is None:
            raise ValueError(f"{task.request.case} has no ticket")
        self.desk.close_with_solution(TicketId(task.request.facts.ticket), solution_of(task.request))
        return Done(detail=f"Ticket {task.request.facts.ticket} cerrado.")


@dataclass(slots=True)
class Post:
    """How this installation writes mails: its templates, its transport, its Message-IDs."""

    renderer: Renderer
    mailer: Mailer
    rules: Callable[[], Rules]
    form_url: Callable[[Request], str]

    def message_id(self, case: CaseNumber, step: str, number: str) -> str:
        """Deterministic: the same mail of the same case has the same Message-ID in every attempt."""
        domain = self.rules().policy.mail.sender.rpartition("@")[2]
        return f"<{case}.{step}.{number}@{domain}>".lower().replace("_", "-")

    def message(self, mail: Mail, message_id: str, to: EmailAddress, *, threaded: bool) -> Message:
        """A mail, addressed. Threaded mails belong to the requester's conversation about the case."""
        policy = self.rules().policy.mail
        rendered = self.renderer.render(mail)
        return Message(
            message_id=message_id,
            sender_name=policy.sender_name,
            sender=EmailAddress(policy.sender),
            to=to,
            subject=rendered.subject,
            text=rendered.text,
            html=rendered.html,
            reply_to=EmailAddress(policy.reply_to) if policy.reply_to else None,
            in_reply_to=self.message_id(mail.case, "caso", "0") if threaded else None,
            confidential=isinstance(mail, AccessData),
        )


@dataclass(slots=True)
class TellRequester:
    """Activities 4 and 5: one mail of the case to whoever asked."""

    act: Act
    post: Post
    targets: tuple[Target, ...] = (Target.MAIL,)

    def _message_id(self, task: Task) -> str:
        return self.post.message_id(task.request.case, task.effect.step, str(task.effect.round))

    def observe(self, task: Task) -> Outcome | None:
        """Whether the transport knows that this very mail was handed over."""
        if task.attempt > 1 and self.post.mailer.already_sent(self._message_id(task)):
            return Done(detail="Ya se había enviado.")
        return None

    def perform(self, task: Task) -> Outcome:
        """Send it; repeated after a crash it has the same Message-ID."""
        request = task.request
        if request.requester is None:
            return Done(detail="No hay una identidad verificada a la que avisar.")
        mail = MAILS[self.act](request, self.post.rules(), self.post.form_url(request))
        message = self.post.message(mail, self._message_id(task), request.requester, threaded=True)
        self.post.mailer.send(message)
        return Done(detail=f"Correo a {request.requester}: {message.subject}")

    def expected(self, task: Task) -> Facts | None:
        """Nothing."""
        return Facts()


@dataclass(slots=True)
class IssueAccess:
    """Activity 4: "la información de acceso se enviará al correo personal registrado en el formulario".

    Reset and mail are one effect. Repeated after a crash it issues a fresh password, which ends the former one, and the new
    mail says so; unless the user has chosen a password already, or the transport knows that the last mail went out.
    """

    directory: Directory
    post: Post
    stop_point: StopPoint = let_go
    targets: tuple[Target, ...] = (Target.DIRECTORY, Target.MAIL)

    def _message_id(self, task: Task, attempt: int) -> str:
        # A repetition carries another password: with the same Message-ID a server could drop it as a duplicate.
        return self.post.message_id(task.request.case, task.effect.step, f"{task.effect.round}.{attempt}")

    def observe(self, task: Task) -> Outcome | None:
        """Done, if the user has signed in already, or the mail of the attempt before went out after its reset."""
        sent_to = creation(task.request).personal_email
        account = self.directory.find_by_case(task.request.case)
        if account is not None and account.enabled and not account.must_change_password:
            facts = Facts(access_sent_to=sent_to, access_sent_at=account.password_set_at)
            return Done(facts, "El usuario ya ingresó y cambió la contraseña.")
        if task.attempt > 1 and self.post.mailer.already_sent(self._message_id(task, task.attempt - 1)):
            return Done(Facts(access_sent_to=sent_to, access_sent_at=task.now), "El correo ya se había enviado.")
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
        message = self.post.message(mail, self._message_id(task, task.attempt), content.personal_email, threaded=False)
        self.directory.issue_password(account.id, request.case, password)
        self.stop_point("access.password-set")
        try:
            self.post.mailer.send(message)
        except RecipientRefused as error:
            return self._undeliverable(content.personal_email, error)
        masked = masked_address(content.personal_email)
        return Done(
            Facts(access_sent_to=content.personal_email, access_sent_at=task.now), f"Datos de acceso enviados a {masked}."
        )

    @staticmethod
    def _undeliverable(address: str, error: RecipientRefused) -> Diverted:
        """Control point of activity 4: "¿Reporte exitoso? No, pasa actividad 5, solicitando modificación del formulario"."""
        message = f"{address} no recibe correo: escriba una dirección que la persona use."
        problem = Problem("personal_email", "Correo electrónico personal", message)
        return Diverted(Course.CORRECT, f"El correo personal fue rechazado: {error}", (problem,))

    def expected(self, task: Task) -> Facts | None:
        """In a dry run nothing was sent to anybody."""
        return Facts(access_sent_to=creation(task.request).personal_email)


def telling_performers(post: Post, desk: Desk, directory: Directory, stop_point: StopPoint) -> dict[Act, Performer]:
    """The performers of this module, by act."""
    performers: dict[Act, Performer] = {act: TellRequester(act, post) for act in MAILS}
    performers[Act.REGISTER_TICKET] = RegisterTicket(desk)
    performers[Act.CLOSE_TICKET] = CloseTicket(desk)
    performers[Act.ISSUE_ACCESS] = IssueAccess(directory, post, stop_point)
    return performers
