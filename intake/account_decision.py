"""The control point of activity 2 for an account that exists: decided on what the directory says of it, not on claims. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum

from config.vocabulary import OPERATION_LABELS, AccountType, EmailAddress, Operation
from intake.matrix_decision import (
    OWN_ACCOUNT_REASON,
    OWN_ACCOUNT_ROLE,
    OWN_ACCOUNT_ROW,
    RefusalCode,
    decide,
    own_account,
    refusal,
)
from intake.matrix_rows import Claim, Matrix
from provision.procedure.submission import Granted, Refused


class Relation(StrEnum):
    """What a requester is to an account by the directory or the journal, whatever the response claims."""

    SELF = "SELF"
    MANAGER = "MANAGER"
    SUPERVISOR = "SUPERVISOR"


@dataclass(frozen=True, slots=True)
class KnownAccount:
    """An account as the directory and the journal have it now, and what the requester is to it."""

    mail: str
    account_type: AccountType
    unit: str
    """The unit's name in the policy; empty when the account stands in none of them."""
    relations: frozenset[Relation]


_RELATED: Mapping[Relation, tuple[str, str]] = {
    Relation.SELF: (OWN_ACCOUNT_ROLE, OWN_ACCOUNT_REASON),
    Relation.MANAGER: ("jefe inmediato, según el directorio", "Lo pide el jefe inmediato que el directorio dice de la cuenta."),
    Relation.SUPERVISOR: (
        "supervisor del contrato, según el registro de cuentas",
        "Lo pide el supervisor del contrato que dice el registro de cuentas.",
    ),
}
"""Role and reason of each relation, in the order in which they are named (activity 1.b)."""

_INSTEAD = "Si la solicitud procede, pida que la haga la persona que el procedimiento autoriza para ello."
_NO_RELATION = (
    "El cambio de clave de una cuenta lo piden su usuario, su jefe inmediato, el supervisor de su contrato o quien la entidad "
    "autorizó para ello, siempre con su correo institucional; la dirección con la que usted diligenció el formulario no "
    f"corresponde a ninguno de ellos. {_INSTEAD}"
)


def decide_on_account(
    matrix: Matrix,
    requester: EmailAddress | None,
    operation: Operation,
    account: KnownAccount,
    on: date,
    further_unit: str | None = None,
    *,
    assignee: tuple[str, EmailAddress] | None = None,
) -> Granted | Refused:
    """Whether the requester may ask for this of this account on that day; a refusal tells nothing of the account.

    RESET_PASSWORD: the user, the boss and the supervisor need no row (activity 1.b); anybody else, one for the account's own
    unit and type. Any other operation: such a row, and never for one's own account. `further_unit`, where a transfer or a
    cession puts an account: a row for that too. `assignee`: name and personal address of who takes a contract over, which
    must not be the requester.
    """
    claim = Claim(
        requester=requester,
        operation=operation,
        account_type=account.account_type,
        unit=account.unit,
        personal_email=assignee[1] if assignee else None,
        user_name=assignee[0] if assignee else None,
        on=on,
    )
    if requester is None or not requester.strip():
        return decide(matrix, claim)
    own = Relation.SELF in account.relations or own_account(account.mail, requester)
    if operation is Operation.RESET_PASSWORD:
        related = account.relations | {Relation.SELF} if own else account.relations
        for relation, (role, reason) in _RELATED.items():
            if relation in related:
                return Granted(OWN_ACCOUNT_ROW, role, reason, matrix.version)
    elif own:
        return refusal(matrix, replace(claim, account=requester), RefusalCode.FOR_HIMSELF)
    decision = decide(matrix, claim)
    if isinstance(decision, Refused):
        return discreet(decision, operation)
    if not further_unit or further_unit == account.unit:
        return decision
    further = decide(matrix, replace(claim, unit=further_unit))
    return _both(decision, further) if isinstance(further, Granted) else further


def decide_without_account(matrix: Matrix, requester: EmailAddress | None, operation: Operation, on: date) -> Refused | None:
    """What somebody is told whose request names no account that exists: None, that there is none; else this refusal.

    Only who may ask for this of some account learns that one is not there: for everybody else the answer is the same as for
    an account that is.
    """
    decision = decide(matrix, Claim(requester, operation, None, None, None, None, on))
    return discreet(decision, operation) if isinstance(decision, Refused) else None


def discreet(refused: Refused, operation: Operation) -> Refused:
    """The refusal without the account's real unit and type, which the requester did not say."""
    if refused.code in {RefusalCode.NO_IDENTITY, RefusalCode.FOR_HIMSELF}:
        return refused
    if operation is Operation.RESET_PASSWORD:
        return replace(refused, reason=_NO_RELATION)
    if refused.code in {RefusalCode.UNIT, RefusalCode.ACCOUNT_TYPE}:
        return replace(
            refused, reason=f"Su autorización no incluye «{OPERATION_LABELS[operation]}» para esa cuenta. {_INSTEAD}"
        )
    return refused


def _both(here: Granted, there: Granted) -> Granted:
    """Two rows that together allow what concerns two units; the first is named, the reason names both."""
    return replace(
        here,
        reason=f"{here.reason} Y para la dependencia de destino: {there.reason}",
        delegated_by=here.delegated_by or there.delegated_by,
        second_person=here.second_person or there.second_person,
    )
