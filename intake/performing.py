"""The steps that tell people: the ticket, and a mail for each thing that somebody should know."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256

from config.errors import RecipientRefused, Target
from config.vocabulary import CaseNumber, EmailAddress
from intake.mail_names import mail_name, told_line
from intake.telling import MAILS, OTHERS, solution_of, ticket_of
from intake.telling_others import FormUrl
from notify.desk.port import Desk, TicketId
from notify.mailer.port import Mailer, Message
from notify.mails import AccessData, Mail
from notify.render import Renderer
from provision.executor import Performer, Task
from provision.performing import PerformsAtOnce
from provision.procedure.acts import Act
from provision.procedure.facts import Facts
from provision.procedure.model import Done, Outcome, Request
from provision.procedure.steps import Rules

Addressees = Callable[[Request], tuple[EmailAddress, ...]]


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
    form_url: FormUrl
    seal: Callable[[str], str]
    """What nobody can add to a Message-ID who has not seen the mail: a delivery report without it is not believed."""

    def message_id(self, case: CaseNumber, step: str, number: str) -> str:
        """Deterministic: the same mail of the same case has the same Message-ID in every attempt."""
        domain = self.rules().policy.mail.sender.rpartition("@")[2].lower()
        name = mail_name(case, step, number)
        return f"<{name}.{self.seal(name)}@{domain}>"

    def message(self, mail: Mail, message_id: str, to: EmailAddress, *, threaded: bool) -> Message:
        """A mail, addressed. Threaded ones are of the requester's conversation about the case, others of one of their own."""
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
            in_reply_to=self._conversation(mail.case, to, threaded=threaded) if mail.case else None,
            confidential=isinstance(mail, AccessData),
        )

    def _conversation(self, case: CaseNumber, to: EmailAddress, *, threaded: bool) -> str:
        """What all mails of a case to one person answer: a mail program then shows them together.

        No mail has this name itself: whichever comes first begins the conversation, and whoever answers it stays in it.
        """
        of_another = f"hilo-{sha256(to.strip().lower().encode()).hexdigest()[:12]}"
        return self.message_id(case, "caso" if threaded else of_another, "0")


@dataclass(slots=True)
class Tell:
    """Activities 4 and 5: one mail of the case, to the requester or to whoever else it concerns.

    A mail to somebody else that the server refuses is told in the story and stops nothing.
    """

    act: Act
    post: Post
    addressees: Addressees
    targets: tuple[Target, ...] = (Target.MAIL,)

    def _message_id(self, task: Task, number: int) -> str:
        suffix = f".{number}" if number else ""
        return self.post.message_id(task.request.case, task.effect.step, f"{task.effect.round}{suffix}")

    def observe(self, task: Task) -> Outcome | None:
        """Whether the transport knows that this very mail was handed over to everybody."""
        if task.attempt == 1:
            return None
        several = range(max(1, len(self.addressees(task.request))))
        if all(self.post.mailer.already_sent(self._message_id(task, number)) for number in several):
            return Done(detail="Ya se había enviado.")
        return None

    def perform(self, task: Task) -> Outcome:
        """Send it; repeated after a crash it has the same Message-ID."""
        request = task.request
        addressees = self.addressees(request)
        if not addressees:
            return Done(detail="No hay una dirección a la que avisar.")
        mail = MAILS[self.act](request, self.post.rules(), self.post.form_url)
        subject, told, refused = "", [], []
        for number, to in enumerate(addressees):
            message = self.post.message(mail, self._message_id(task, number), to, threaded=self.act not in OTHERS)
            subject = message.subject
            try:
                self.post.mailer.send(message)
                told.append(to)
            except RecipientRefused:
                if self.act not in OTHERS:
                    raise
                refused.append(to)
        detail = told_line(told, subject)
        return Done(detail=f"{detail} Lo rechazó el correo de {', '.join(refused)}." if refused else detail)

    def expected(self, task: Task) -> Facts | None:
        """Nothing."""
        return Facts()


def telling_performers(post: Post, desk: Desk, addressees: Mapping[Act, Addressees]) -> dict[Act, Performer]:
    """The performers of this module, by act; whom `addressees` does not name, the requester is told."""
    performers: dict[Act, Performer] = {act: Tell(act, post, addressees.get(act, _requester)) for act in MAILS}
    performers[Act.REGISTER_TICKET] = RegisterTicket(desk)
    performers[Act.CLOSE_TICKET] = CloseTicket(desk)
    return performers


def _requester(request: Request) -> tuple[EmailAddress, ...]:
    return (request.requester,) if request.requester is not None else ()
