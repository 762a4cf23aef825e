"""Who receives the mails of a case that do not go to its requester."""

from collections.abc import Callable, Mapping

from config.vocabulary import EmailAddress
from intake.matrix import Matrix, heads_of
from intake.performing import Addressees
from provision.procedure.acts import Act
from provision.procedure.model import Request
from provision.procedure.steps import Rules, subject_has_licence


def other_addressees(matrix: Callable[[], Matrix], rules: Callable[[], Rules]) -> Mapping[Act, Addressees]:
    """By act; nobody, where there is no such person or no mailbox."""

    def user(request: Request) -> tuple[EmailAddress, ...]:
        subject = request.facts.subject
        in_use = subject is not None and subject_has_licence(request, rules().policy)
        return (EmailAddress(subject.mail_address),) if subject is not None and in_use else ()

    def head(request: Request) -> tuple[EmailAddress, ...]:
        subject = request.facts.subject
        heads = heads_of(matrix(), subject.unit, rules().today) if subject is not None else ()
        others = tuple(each for each in heads if subject is None or each.lower() != subject.mail_address.lower())
        return others or ((request.requester,) if request.requester is not None else ())

    return {
        Act.MAIL_USER: user,
        Act.MAIL_LOOSE_ENDS: head,
        Act.MAIL_OLD_ADDRESS: _old_address,
        Act.MAIL_APPROVER: _approver,
        Act.MAIL_PICKUP_REMINDER: _access_address,
        Act.MAIL_CONTRACT_ENDED: _supervisor,
    }


def _old_address(request: Request) -> tuple[EmailAddress, ...]:
    subject = request.facts.subject
    return (subject.address_on_record,) if subject is not None and subject.address_on_record is not None else ()


def _approver(request: Request) -> tuple[EmailAddress, ...]:
    return (request.approval.by,) if request.approval is not None else ()


def _access_address(request: Request) -> tuple[EmailAddress, ...]:
    return (EmailAddress(request.facts.access_sent_to),) if request.facts.access_sent_to is not None else ()


def _supervisor(request: Request) -> tuple[EmailAddress, ...]:
    subject = request.facts.subject
    return (EmailAddress(subject.manager_mail),) if subject is not None and subject.manager_mail else ()
