"""What a response asks for, and whether whoever sent it may ask for it (activities 1 and 2). Pure."""

from dataclasses import dataclass, replace
from datetime import date

from config.dates import local_date
from config.vocabulary import OPERATION_LABELS, EmailAddress, Operation
from intake.forms.port import Answers, Field, Response
from intake.matrix import Claim, Matrix, decide
from intake.submission import understand
from intake.submission_kept import stored_answers, tells_a_password
from provision.procedure.steps import Rules
from provision.procedure.submission import (
    AssignContract,
    Authorisation,
    CreateGenericAccount,
    CreatePersonalAccount,
    Defective,
    Granted,
    Provisional,
    Submission,
)

_WHO_MAY_RESET = (
    "el cambio de clave lo piden el usuario, su jefe inmediato, el supervisor de su contrato o quien diga la matriz."
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
        """Decided as of the day on which it was submitted.

        Of an account that exists a response only claims unit and type: they refuse nobody and grant nothing, so who may ask
        for this of some account is let in, and whether of this one is decided when the directory has named it
        (`decide_on_account`). A change of password is let in for everybody with an identity: the user, the boss and the
        supervisor need no row of the matrix (activity 1.b).
        """
        claim = claim_of(response, content, self._day(response))
        operation = content.operation or _half_understood(response.answers)
        if operation is Operation.CREATE:
            return decide(self.matrix, claim)
        if operation is Operation.RESET_PASSWORD and response.requester is not None and response.requester.strip():
            return Provisional(_WHO_MAY_RESET, self.matrix.version)
        decision = decide(self.matrix, replace(claim, operation=operation, account_type=None, unit=None))
        return _of_some_account(decision, operation) if isinstance(decision, Granted) else decision

    def kept(self, response: Response, content: Submission | Defective) -> Answers:
        """The answers that the journal may keep."""
        return stored_answers(response.answers, content.operation)

    def _day(self, response: Response) -> date:
        return local_date(response.last_submitted_at, self.rules.policy.zone)


def _of_some_account(granted: Granted, operation: Operation | None) -> Provisional:
    asked = f"«{OPERATION_LABELS[operation]}»" if operation else "alguna operación"
    reason = f"la fila {granted.row} de la matriz ({granted.role}) permite pedir {asked}; falta ver de qué cuenta se trata."
    return Provisional(reason, granted.matrix_version)


def _half_understood(answers: Answers) -> Operation | None:
    """A type of request that speaks of a password may be the user's own, who is in no matrix: he is asked to correct it."""
    asked = answers.get(Field.REQUEST_TYPE, ())
    return Operation.RESET_PASSWORD if any(tells_a_password(text) for text in asked) else None


def claim_of(response: Response, content: Submission | Defective, day: date) -> Claim:
    """What a response asks of the matrix; what could not be understood is not known yet.

    Name and personal address are those of whoever would get a new account: nobody asks for his own.
    """
    user_name: str | None = None
    address: EmailAddress | None = None
    account: str | None = None
    match content:
        case CreatePersonalAccount(person=person, personal_email=personal_email):
            user_name, address = person.full_name, personal_email
        case CreateGenericAccount(personal_email=personal_email):
            address = personal_email
        case AssignContract(target=target, assignee=assignee, personal_email=personal_email):
            user_name, address, account = assignee.full_name, personal_email, target.account
        case Defective(user=user, personal_email=maybe):
            # In a cession the user is the assignor; everywhere else but in a creation nothing new is made.
            user_name, address = user if content.operation in {None, Operation.CREATE} else None, maybe
        case _:
            account = content.target.account
    return Claim(
        requester=response.requester,
        operation=content.operation,
        account_type=content.account_type,
        unit=content.unit,
        personal_email=address,
        user_name=user_name or None,
        on=day,
        account=account or None,
    )
