"""What a response asks for, and whether whoever sent it may ask for it (activities 1 and 2). Pure."""

from dataclasses import dataclass
from datetime import date

from config.dates import local_date
from config.vocabulary import EmailAddress
from intake.forms.port import Answers, Response
from intake.matrix import Claim, Matrix, decide
from intake.submission import stored_answers, understand
from provision.procedure.steps import Rules
from provision.procedure.submission import (
    AttendedByHand,
    Authorisation,
    CreateGenericAccount,
    CreatePersonalAccount,
    Defective,
    Submission,
)


@dataclass(frozen=True, slots=True)
class Deciding:
    """What a response is understood and decided with."""

    matrix: Matrix
    rules: Rules

    def content(self, response: Response) -> Submission | Defective:
        """Understood as of the day on which it was submitted."""
        return understand(response.answers, self.rules.policy, self._day(response))

    def authorisation(self, response: Response, content: Submission | Defective) -> Authorisation:
        """Decided as of the day on which it was submitted."""
        return decide(self.matrix, claim_of(response, content, self._day(response)))

    def kept(self, response: Response, content: Submission | Defective) -> Answers:
        """The answers that the journal may keep."""
        return stored_answers(response.answers, content.operation)

    def _day(self, response: Response) -> date:
        return local_date(response.last_submitted_at, self.rules.policy.zone)


def claim_of(response: Response, content: Submission | Defective, day: date) -> Claim:
    """What a response asks of the matrix; what could not be understood is not known yet."""
    user_name: str | None = None
    address: EmailAddress | None = None
    match content:
        case CreatePersonalAccount(person=person, personal_email=personal_email):
            user_name, address = person.full_name, personal_email
        case CreateGenericAccount(personal_email=personal_email):
            address = personal_email
        case Defective(user=user, personal_email=maybe):
            user_name, address = user or None, maybe
        case AttendedByHand():
            pass
    return Claim(
        requester=response.requester,
        operation=content.operation,
        account_type=content.account_type,
        unit=content.unit,
        personal_email=address,
        user_name=user_name,
        on=day,
        account=content.account if isinstance(content, AttendedByHand) else None,
    )
