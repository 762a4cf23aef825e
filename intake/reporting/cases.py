"""How the report names a case: what it asked for, of whom, where; never a personal address nor a whole document number."""

from collections.abc import Callable, Iterable

from config.vocabulary import ACCOUNT_TYPE_LABELS, AccountType
from intake.described import account_asked, operation_label, unit_of, user_of
from intake.telling_others import person_of
from provision.procedure.model import Request
from provision.procedure.steps import creation_of
from provision.procedure.submission import Defective

NOT_KNOWN = "(sin determinar)"
OF_THE_PROGRAM = "(el programa)"
_DOCUMENT_SHOWN = 3


def operation_of(request: Request) -> str:
    """The operation as people read it."""
    return operation_label(request) if request.content.operation else NOT_KNOWN


def type_of(request: Request) -> AccountType | None:
    """The account type: what the directory says of an existing account, else what was asked for."""
    subject = request.facts.subject
    return subject.account_type if subject is not None and creation_of(request) is None else request.content.account_type


def type_label(account_type: AccountType | None) -> str:
    """The account type as people read it."""
    return ACCOUNT_TYPE_LABELS[account_type] if account_type else NOT_KNOWN


def unit_said(request: Request) -> str:
    """The unit: where the account is, as the directory says, or where it was asked for."""
    subject = request.facts.subject
    known = subject.unit if subject is not None and creation_of(request) is None else unit_of(request)
    return known or unit_of(request) or NOT_KNOWN


def whose(request: Request) -> str:
    """Whose account the case is about."""
    return (user_of(request) if isinstance(request.content, Defective) else person_of(request)) or NOT_KNOWN


def account_said(request: Request) -> str:
    """The institutional account, as far as it is known."""
    facts = request.facts
    if facts.subject is not None and creation_of(request) is None:
        return facts.subject.mail_address or facts.subject.login
    return facts.mail_address or facts.login or account_asked(request)


def requester_said(request: Request) -> str:
    """Who asked."""
    return request.requester or OF_THE_PROGRAM


def masked_document(number: str | None) -> str:
    """`···678`: enough to tell two people of one name apart."""
    return f"···{number[-_DOCUMENT_SHOWN:]}" if number and len(number) > _DOCUMENT_SHOWN else ""


def tallied(requests: Iterable[Request], by: Callable[[Request], str]) -> list[tuple[str, list[Request]]]:
    """The requests in groups, the largest first and equal ones by their name."""
    groups: dict[str, list[Request]] = {}
    for request in requests:
        groups.setdefault(by(request), []).append(request)
    return sorted(groups.items(), key=lambda group: (-len(group[1]), group[0]))
