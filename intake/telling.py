"""What each mail and each ticket of a request says: values for `notify`, made of the request alone. Pure."""

from collections.abc import Callable, Mapping
from datetime import timedelta

from config.dates import local_date
from config.vocabulary import EmailAddress
from intake.described import account_type_label, authorisation_text, operation_label, unit_of, user_of
from notify.desk.port import NewTicket
from notify.mails import (
    AlreadyHasAccount,
    AttendedByHand,
    Cancelled,
    ClosedUnanswered,
    Correction,
    Duplicate,
    Mail,
    Refusal,
    Report,
    masked_address,
)
from provision.performing import creation
from provision.procedure.model import Act, Course, Request, State
from provision.procedure.steps import Rules, correction_deadline, expiry
from provision.procedure.submission import CreatePersonalAccount, user_name


def _report(request: Request, rules: Rules, form_url: str) -> Mail:
    content = creation(request)
    ends = expiry(request, rules.policy)
    facts = [("Tipo de cuenta", account_type_label(request))]
    if isinstance(content, CreatePersonalAccount) and content.contract is not None:
        facts.append(("Contrato", content.contract.number))
    if request.facts.licence:
        facts.append(("Licencia", request.facts.licence))
    return Report(
        case=request.case,
        operation_label=operation_label(request),
        person_name=user_name(content),
        account=request.facts.login or "",
        mail_address=request.facts.mail_address if request.facts.licence else None,
        sent_to_masked=masked_address(request.facts.access_sent_to) if request.facts.access_sent_to else None,
        unit=content.unit,
        expires_on=local_date(ends - timedelta(seconds=1), rules.policy.zone) if ends else None,
        facts=tuple(facts),
    )


def _refusal(request: Request, rules: Rules, form_url: str) -> Mail:
    return Refusal(request.case, operation_label(request), user_of(request) or None, request.because)


def _correction(request: Request, rules: Rules, form_url: str) -> Mail:
    asked = request.correction
    deadline = asked.deadline if asked and asked.deadline else correction_deadline(rules.now, rules)
    return Correction(
        case=request.case,
        operation_label=operation_label(request),
        person_name=user_of(request),
        problems=tuple((problem.label, problem.message) for problem in (asked.problems if asked else ())),
        form_url=form_url,
        deadline=local_date(deadline - timedelta(seconds=1), rules.policy.zone),
        is_reminder=asked is not None and asked.asked_at is not None,
        answers_kept=form_url != rules.policy.mail.form_url,
    )


def _unanswered(request: Request, rules: Rules, form_url: str) -> Mail:
    deadline = request.correction.deadline if request.correction else None
    return ClosedUnanswered(request.case, local_date((deadline or rules.now) - timedelta(seconds=1), rules.policy.zone))


def _duplicate(request: Request, rules: Rules, form_url: str) -> Mail:
    return Duplicate(request.case, request.duplicate_of or request.case, user_of(request))


def _has_account(request: Request, rules: Rules, form_url: str) -> Mail:
    enabled = bool(request.facts.existing_enabled)
    suggestion = (
        "Si la persona cambió de dependencia, de cargo o de contrato, diligencie una modificación de la cuenta."
        if enabled
        else "Si la persona vuelve a la entidad, diligencie una activación de la cuenta con los datos del nuevo contrato."
    )
    return AlreadyHasAccount(request.case, user_of(request), request.facts.existing_login or "", enabled, suggestion)


def _by_hand(request: Request, rules: Rules, form_url: str) -> Mail:
    return AttendedByHand(request.case, operation_label(request))


def _cancelled(request: Request, rules: Rules, form_url: str) -> Mail:
    return Cancelled(request.case, request.because)


MAILS: Mapping[Act, Callable[[Request, Rules, str], Mail]] = {
    Act.REPORT: _report,
    Act.MAIL_REFUSAL: _refusal,
    Act.MAIL_CORRECTION: _correction,
    Act.MAIL_REMINDER: _correction,
    Act.MAIL_UNANSWERED: _unanswered,
    Act.MAIL_DUPLICATE: _duplicate,
    Act.MAIL_HAS_ACCOUNT: _has_account,
    Act.MAIL_BY_HAND: _by_hand,
    Act.MAIL_CANCELLED: _cancelled,
}
"""The mail of each act that tells the requester; each is made of the request, the rules and the form's (prefilled) address."""


def ticket_of(request: Request) -> NewTicket:
    """What the desk's ticket is opened with (activity 2): the request in words, and never a credential."""
    subject = " · ".join(part for part in (request.case, operation_label(request), user_of(request)) if part)
    lines = [
        f"Caso: {request.case}",
        f"Solicitante: {request.requester or 'sin identidad verificada'}",
        f"Operación: {operation_label(request)}",
        f"Tipo de cuenta: {account_type_label(request) or 'sin determinar'}",
        f"Usuario: {user_of(request) or 'sin determinar'}",
        f"Dependencia: {unit_of(request) or 'sin determinar'}",
        f"Control: {authorisation_text(request)}",
    ]
    return NewTicket(request.case, subject, "\n".join(lines), request.requester or EmailAddress(""))


def solution_of(request: Request) -> str:
    """What the ticket is closed with (activity 6)."""
    facts = request.facts
    match request.course:
        case Course.ATTEND:
            sent = f" Datos de acceso enviados a {masked_address(facts.access_sent_to)}." if facts.access_sent_to else ""
            return f"Cuenta {facts.login} creada.{sent} Solicitante informado."
        case Course.BY_HAND:
            return "Atendida por la mesa de servicio."
        case _:
            return f"{CLOSING_LABELS[request.course].label}. {request.because}".strip()


CLOSING_LABELS: Mapping[Course, State] = {
    Course.REFUSE: State.REFUSED,
    Course.DUPLICATE: State.DUPLICATE,
    Course.HAS_ACCOUNT: State.DUPLICATE,
    Course.UNANSWERED: State.UNANSWERED,
    Course.CANCEL: State.CANCELLED,
    Course.CORRECT: State.NEEDS_CORRECTION,
}
"""How a case that made no account ends."""
