"""What each mail and each ticket of a request says: values for `notify`, made of the request alone. Pure."""

from collections.abc import Callable, Mapping
from datetime import date, timedelta

from config.dates import local_date
from config.vocabulary import EmailAddress
from intake.described import account_type_label, authorisation_text, content_lines, operation_label, unit_of, user_of
from intake.outcomes import changes_of, loose_ends_of, next_steps_of, outcome_of
from intake.telling_others import OTHERS, FormUrl, account_of, person_of
from notify.desk.port import NewTicket
from notify.mails import (
    AlreadyHasAccount,
    Cancelled,
    ClosedUnanswered,
    Correction,
    DeletionUndone,
    Duplicate,
    Mail,
    NothingToDo,
    Refusal,
    Report,
    Returned,
    Scheduled,
    masked_address,
)
from provision.procedure.acts import Act
from provision.procedure.courses import correction_deadline
from provision.procedure.model import Course, Request, State
from provision.procedure.operations import creation_begins
from provision.procedure.steps import Rules, creation_of, expiry
from provision.procedure.submission import Activate, AssignContract, Contract, CreatePersonalAccount, Deactivate, Modify

__all__ = ["CLOSING_LABELS", "MAILS", "OTHERS", "loose_ends_of", "solution_of", "ticket_of"]


def _report(request: Request, rules: Rules, form_url: FormUrl) -> Mail:
    content = creation_of(request)
    ends = expiry(request, rules.policy)
    subject = request.facts.subject
    facts = [("Tipo de cuenta", account_type_label(request))] if account_type_label(request) else []
    if isinstance(content, CreatePersonalAccount) and content.contract is not None:
        facts.append(("Contrato", content.contract.number))
    if request.facts.licence:
        facts.append(("Licencia", request.facts.licence))
    mail_address = request.facts.mail_address if request.facts.licence else None
    return Report(
        case=request.case,
        operation_label=operation_label(request),
        person_name=person_of(request),
        account=request.facts.login or account_of(request),
        mail_address=mail_address,
        sent_to_masked=masked_address(request.facts.access_sent_to) if request.facts.access_sent_to else None,
        unit=content.unit if content is not None else subject.unit if subject is not None else unit_of(request),
        expires_on=local_date(ends - timedelta(seconds=1), rules.policy.zone) if ends else None,
        facts=tuple(facts),
        outcome=outcome_of(request),
        changes=changes_of(request),
        next_steps=next_steps_of(request, rules),
    )


def _refusal(request: Request, rules: Rules, form_url: FormUrl) -> Mail:
    return Refusal(request.case, operation_label(request), user_of(request) or None, request.because)


def _correction(request: Request, rules: Rules, form_url: FormUrl) -> Mail:
    asked, url = request.correction, form_url(request)
    deadline = asked.deadline if asked and asked.deadline else correction_deadline(rules.now, rules)
    return Correction(
        case=request.case,
        operation_label=operation_label(request),
        person_name=user_of(request),
        problems=tuple((problem.label, problem.message) for problem in (asked.problems if asked else ())),
        form_url=url,
        deadline=local_date(deadline - timedelta(seconds=1), rules.policy.zone),
        is_reminder=asked is not None and asked.asked_at is not None,
        answers_kept=url != rules.policy.mail.form_url,
    )


def _unanswered(request: Request, rules: Rules, form_url: FormUrl) -> Mail:
    deadline = request.correction.deadline if request.correction else None
    return ClosedUnanswered(request.case, local_date((deadline or rules.now) - timedelta(seconds=1), rules.policy.zone))


def _duplicate(request: Request, rules: Rules, form_url: FormUrl) -> Mail:
    return Duplicate(request.case, request.duplicate_of or request.case, user_of(request))


def _has_account(request: Request, rules: Rules, form_url: FormUrl) -> Mail:
    enabled = bool(request.facts.existing_enabled)
    if isinstance(request.content, AssignContract):
        suggestion = (
            "La cesión no se aplicó y ninguna cuenta cambió. Pida la terminación anticipada para quien cede y, para quien "
            f"recibe, {'una modificación' if enabled else 'una activación'} con los datos del contrato."
        )
        return AlreadyHasAccount(
            request.case, request.content.assignee.full_name, request.facts.existing_login or "", enabled, suggestion
        )
    suggestion = (
        "Si la persona cambió de dependencia, de cargo o de contrato, diligencie una modificación de la cuenta."
        if enabled
        else "Si la persona vuelve a la entidad, diligencie una activación de la cuenta con los datos del nuevo contrato."
    )
    return AlreadyHasAccount(request.case, user_of(request), request.facts.existing_login or "", enabled, suggestion)


def _nothing_to_do(request: Request, rules: Rules, form_url: FormUrl) -> Mail:
    return NothingToDo(request.case, operation_label(request), person_of(request), account_of(request), request.because)


def _cancelled(request: Request, rules: Rules, form_url: FormUrl) -> Mail:
    return Cancelled(request.case, request.because)


def _scheduled(request: Request, rules: Rules, form_url: FormUrl) -> Mail:
    on, what = _later(request, rules)
    return Scheduled(request.case, operation_label(request), person_of(request), account_of(request), on, what)


def _later(request: Request, rules: Rules) -> tuple[date, str]:
    """The day that was asked for, or on which work on a future contract begins, and what is done on it."""
    match request.content:
        case CreatePersonalAccount(person=person, contract=Contract(start=start)):
            return rules.policy_day(creation_begins(request, rules) or rules.now), (
                f"Ese día se crea la cuenta y se envían a {person.full_name}, a su correo personal, los datos de acceso. El "
                f"contrato comienza el {start:%d/%m/%Y}."
            )
        case Deactivate(from_date=on, until_date=until):
            back = f" Vuelve a estar activa el {until + timedelta(days=1):%d/%m/%Y}." if until else ""
            return on, f"La cuenta queda inactiva desde ese día.{back}"
        case Modify(from_date=date() as on):
            told = {"Cuenta indicada", "Documento indicado", "Nombre indicado", "Desde"}
            changes = [f"{label}: {value}" for label, value in content_lines(request) if label not in told]
            return on, f"La cuenta se modifica ese día. {'; '.join([*changes, f'Dependencia: {unit_of(request)}'])}."
        case Activate(from_date=on, contract=contract):
            new = f" con el contrato {contract.number}" if contract is not None else ""
            return on, f"La cuenta se activa ese día{new}, si ninguna otra razón la mantiene inactiva."
        case AssignContract(from_date=on, target=target, assignee=assignee):
            return on, (
                f"Ese día queda inactiva la cuenta de quien cede ({target.said}) y se envían a {assignee.full_name}, a su "
                "correo personal, los datos de acceso de la suya."
            )
        case _:
            raise TypeError(f"{request.case} is not scheduled")


def _returned(request: Request, rules: Rules, form_url: FormUrl) -> Mail:
    return Returned(request.case, person_of(request), account_of(request), rules.today, request.facts.still_held or "")


def _deletion_undone(request: Request, rules: Rules, form_url: FormUrl) -> Mail:
    facts = request.facts
    return DeletionUndone(request.case, person_of(request), account_of(request), facts.undone or (), facts.not_undone or ())


MAILS: Mapping[Act, Callable[[Request, Rules, FormUrl], Mail]] = {
    Act.REPORT: _report,
    Act.MAIL_REFUSAL: _refusal,
    Act.MAIL_CORRECTION: _correction,
    Act.MAIL_REMINDER: _correction,
    Act.MAIL_UNANSWERED: _unanswered,
    Act.MAIL_DUPLICATE: _duplicate,
    Act.MAIL_HAS_ACCOUNT: _has_account,
    Act.MAIL_NOTHING_TO_DO: _nothing_to_do,
    Act.MAIL_CANCELLED: _cancelled,
    Act.MAIL_SCHEDULED: _scheduled,
    Act.MAIL_RETURNED: _returned,
    Act.MAIL_DELETION_UNDONE: _deletion_undone,
    **OTHERS,
}
"""The mail of each act; each is made of the request, the rules and the form's (prefilled) address."""


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
        *(f"{label}: {value}" for label, value in content_lines(request)),
        f"Control: {authorisation_text(request)}",
    ]
    return NewTicket(request.case, subject, "\n".join(lines), request.requester or EmailAddress(""))


def solution_of(request: Request) -> str:
    """What the ticket is closed with (activity 6)."""
    if request.course is Course.ATTEND:
        return f"{outcome_of(request)} Solicitante informado."
    return f"{CLOSING_LABELS[request.course].label}. {request.because}".strip()


CLOSING_LABELS: Mapping[Course, State] = {
    Course.REFUSE: State.REFUSED,
    Course.DUPLICATE: State.DUPLICATE,
    Course.HAS_ACCOUNT: State.DUPLICATE,
    Course.UNANSWERED: State.UNANSWERED,
    Course.CANCEL: State.CANCELLED,
    Course.NOTHING_TO_DO: State.DONE,
    Course.CORRECT: State.NEEDS_CORRECTION,
}
"""How a case that made no account ends."""
