"""What a request is about, in the words that the board, the command line, mails and tickets share. Pure."""

from config.vocabulary import ACCOUNT_TYPE_LABELS, OPERATION_LABELS
from intake.described_details import details_of
from provision.procedure.model import Request
from provision.procedure.submission import (
    AssignContract,
    ChangeAddress,
    CreateGenericAccount,
    CreatePersonalAccount,
    Defective,
    Granted,
    Provisional,
    user_name,
)


def operation_label(request: Request) -> str:
    """The operation asked for, in Spanish; "Solicitud" when it could not be understood."""
    if isinstance(request.content, ChangeAddress):
        return "Cambio del correo personal registrado"
    operation = request.content.operation
    return OPERATION_LABELS[operation] if operation else "Solicitud"


def user_of(request: Request) -> str:
    """Whose account the request is about, as far as it is known; in a cession who gives the contract and who takes it over."""
    match request.content:
        case CreatePersonalAccount() | CreateGenericAccount():
            return user_name(request.content)
        case AssignContract(target=target, assignee=assignee):
            return f"{target.said} → {assignee.full_name}"
        case Defective(user=user):
            return user
        case _:
            return request.content.target.said


def account_asked(request: Request) -> str:
    """The existing account that the response named, as typed; empty when it named none or the request is a creation."""
    match request.content:
        case CreatePersonalAccount() | CreateGenericAccount() | Defective():
            return ""
        case _:
            return request.content.target.account


def unit_of(request: Request) -> str:
    """The unit, as far as it is known."""
    return request.content.unit or ""


def account_type_label(request: Request) -> str:
    """The account type in Spanish; empty when it is not known."""
    account_type = request.content.account_type
    return ACCOUNT_TYPE_LABELS[account_type] if account_type else ""


def authorisation_text(request: Request) -> str:
    """The decision of the control point, for the desk and the auditor."""
    decision = request.authorisation
    if isinstance(decision, Granted):
        # Row 0: who needs no row, such as the user himself.
        by = f"por la fila {decision.row} de la matriz" if decision.row else "sin fila de la matriz"
        second = "; requiere la aprobación de otra persona" if decision.second_person else ""
        return f"Autorizada {by} ({decision.role}){second}"
    if isinstance(decision, Provisional):
        return f"Por confirmar sobre la cuenta: {decision.reason}"
    return f"No autorizada: {decision.reason}"


def content_lines(request: Request) -> tuple[tuple[str, str], ...]:
    """What was asked for, as (label, value) pairs in Spanish, besides operation, account type, user and unit.

    For tickets, mails and `show`: dates as dd/mm/yyyy, a personal address only masked, no secret; nothing for a request that
    could not be understood.
    """
    if isinstance(request.content, Defective):
        return ()
    return tuple((label, value) for label, value in details_of(request.content) if value)
