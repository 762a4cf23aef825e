"""What a request is about, in the words that the board, the command line, mails and tickets share. Pure."""

from config.vocabulary import ACCOUNT_TYPE_LABELS, OPERATION_LABELS
from provision.procedure.model import Request
from provision.procedure.submission import (
    AttendedByHand,
    CreateGenericAccount,
    CreatePersonalAccount,
    Defective,
    Granted,
    user_name,
)


def operation_label(request: Request) -> str:
    """The operation asked for, in Spanish; "Solicitud" when it could not be understood."""
    operation = request.content.operation
    return OPERATION_LABELS[operation] if operation else "Solicitud"


def user_of(request: Request) -> str:
    """Whose account the request is about, as far as it is known."""
    match request.content:
        case CreatePersonalAccount() | CreateGenericAccount():
            return user_name(request.content)
        case AttendedByHand(account=account):
            return account
        case Defective(user=user):
            return user


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
        return f"Autorizada por la fila {decision.row} de la matriz ({decision.role})"
    return f"No autorizada: {decision.reason}"
