"""A password change that brings another personal address: it becomes a request of its own, which somebody else approves."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from config.errors import Target
from config.vocabulary import CaseNumber, same_address
from intake.own_cases import open_own_case
from notify.mails import masked_address
from provision.executor import Task
from provision.journal.store import Journal
from provision.performing import PerformsAtOnce, subject_of
from provision.procedure.facts import Facts
from provision.procedure.lifecycle import Received
from provision.procedure.model import Done, Origin, Outcome
from provision.procedure.steps import Rules
from provision.procedure.submission import ChangeAddress, ResetPassword
from provision.procedure.submission import Target as Named

ADDRESS_CHANGES = "programa:cambio-de-correo"


@dataclass(slots=True)
class OpenAddressChange(PerformsAtOnce):
    """The address typed in a password change never receives that password (design: "Where access data may go")."""

    journal: Journal
    rules: Callable[[datetime], Rules]
    targets: tuple[Target, ...] = ()

    def perform(self, task: Task) -> Outcome:
        """Open the request once; an address that is on record already asks for nothing."""
        request, content = task.request, task.request.content
        if not isinstance(content, ResetPassword) or content.other_address is None:
            raise TypeError(f"{request.case} brings no other address")
        subject = subject_of(request)
        address = content.other_address
        if subject.address_on_record is not None and same_address(subject.address_on_record, address):
            return Done(detail="El correo escrito es el registrado.")

        def made(case: CaseNumber) -> Received:
            return Received(
                case=case,
                requester=request.requester,
                vouched_by=request.vouched_by,
                received_at=task.now,
                content=ChangeAddress(
                    Named(subject.mail_address, subject.document_number, subject.display_name),
                    address,
                    request.case,
                    subject.account_type,
                    subject.unit,
                ),
                authorisation=request.authorisation,
                follows=request.case,
                origin=Origin.CASE,
            )

        rules = self.rules(task.now)
        with self.journal.receiving(task.now) as receiving:
            receiving.take_turn()
            case = open_own_case(receiving, ADDRESS_CHANGES, request.case, request.received_at, made, rules)
        return Done(Facts(address_case=case), f"{case}: cambiar el correo registrado por {masked_address(address)}.")
