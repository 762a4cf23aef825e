"""The mails of a case to others than its requester: the user, the old address, the approver, the head, the supervisor. Pure."""

from collections.abc import Callable, Mapping
from datetime import timedelta

from config.vocabulary import AccountType
from intake.described import operation_label, user_of
from intake.outcomes import changes_of, outcome_of
from notify.mails import (
    AccessRevoked,
    AddressChangeNotice,
    ApprovalRecorded,
    ContractEnded,
    LooseEnds,
    Mail,
    PickupReminder,
    UserNotice,
    masked_address,
)
from provision.procedure.acts import Act
from provision.procedure.model import Request
from provision.procedure.operations import pickup_times
from provision.procedure.steps import Rules, creation_of
from provision.procedure.submission import (
    Activate,
    AssignContract,
    ChangeAddress,
    Deactivate,
    ResetPassword,
    user_name,
)

FormUrl = Callable[[Request], str]
"""The form's address for whoever corrects this request, with his former answers: it costs a reading of the journal."""


def person_of(request: Request) -> str:
    """Whose account it is, as the directory or the response says."""
    made, subject = creation_of(request), request.facts.subject
    if isinstance(request.content, AssignContract):
        return user_of(request)
    if made is not None:
        return user_name(made)
    return subject.display_name if subject is not None else user_of(request)


def account_of(request: Request) -> str:
    """The existing account's address, or what was asked for."""
    subject = request.facts.subject
    return subject.mail_address if subject is not None else ""


def _user(request: Request, rules: Rules, form_url: FormUrl) -> Mail:
    what, details = outcome_of(request), tuple((label, after) for label, _, after in changes_of(request))
    match request.content:
        case ResetPassword():
            what = "Alguien autorizado pidió el cambio de la clave de su cuenta, y se atendió."
        case ChangeAddress(new_address=new_address):
            what = f"Se aprobó cambiar su correo personal registrado por {masked_address(new_address)}."
        case Activate():
            what = "Su cuenta está activa de nuevo."
        case _:
            pass
    return UserNotice(request.case, person_of(request), account_of(request), what, details)


def _old_address(request: Request, rules: Rules, form_url: FormUrl) -> Mail:
    content = request.content
    if not isinstance(content, ChangeAddress):
        raise TypeError(f"{request.case} changes no address")
    return AddressChangeNotice(request.case, person_of(request), account_of(request), masked_address(content.new_address))


def _approver(request: Request, rules: Rules, form_url: FormUrl) -> Mail:
    approval = request.approval
    if approval is None:
        raise ValueError(f"{request.case} was approved by nobody")
    return ApprovalRecorded(request.case, operation_label(request), person_of(request), approval.by, approval.how)


def _loose_ends(request: Request, rules: Rules, form_url: FormUrl) -> Mail:
    subject, found = request.facts.subject, request.facts.loose_ends
    if subject is None or found is None:
        raise ValueError(f"{request.case} knows of no loose ends")
    leaves_on = rules.policy_day(request.received_at)
    if isinstance(request.content, Deactivate | AssignContract):
        leaves_on = request.content.from_date
    return LooseEnds(
        request.case, subject.display_name, subject.unit, leaves_on, found.people, found.generic_accounts, groups=()
    )


def _pickup_reminder(request: Request, rules: Rules, form_url: FormUrl) -> Mail:
    sent_at = request.facts.access_sent_at
    if sent_at is None:
        raise ValueError(f"{request.case} sent no access data")
    _, revoked_at = pickup_times(sent_at, rules)
    made, subject = creation_of(request), request.facts.subject
    name = user_name(made) if made is not None else subject.display_name if subject else ""
    login = request.facts.login or (subject.login if subject else "")
    generic = request.content.account_type is AccountType.GENERIC
    return PickupReminder(
        request.case, name, login, rules.policy_day(sent_at), rules.policy_day(revoked_at), is_generic=generic
    )


def _access_revoked(request: Request, rules: Rules, form_url: FormUrl) -> Mail:
    sent_at = request.facts.access_sent_at
    if sent_at is None:
        raise ValueError(f"{request.case} sent no access data")
    account = request.facts.mail_address or request.facts.login or account_of(request)
    return AccessRevoked(request.case, person_of(request), account, rules.policy_day(sent_at))


def _contract_ended(request: Request, rules: Rules, form_url: FormUrl) -> Mail:
    content = request.content
    if not isinstance(content, Deactivate):
        raise TypeError(f"{request.case} ends no contract")
    return ContractEnded(request.case, person_of(request), account_of(request), content.from_date - timedelta(days=1))


OTHERS: Mapping[Act, Callable[[Request, Rules, FormUrl], Mail]] = {
    Act.MAIL_USER: _user,
    Act.MAIL_OLD_ADDRESS: _old_address,
    Act.MAIL_APPROVER: _approver,
    Act.MAIL_LOOSE_ENDS: _loose_ends,
    Act.MAIL_PICKUP_REMINDER: _pickup_reminder,
    Act.MAIL_ACCESS_REVOKED: _access_revoked,
    Act.MAIL_CONTRACT_ENDED: _contract_ended,
}
"""Mails outside the requester's conversation; the server's refusal of one stops nothing."""
