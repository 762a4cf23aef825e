"""The control point of activity 2: may this person ask for this? Pure; a decision names the row that allowed it."""

from dataclasses import dataclass
from enum import StrEnum

from config.vocabulary import ACCOUNT_TYPE_LABELS, OPERATION_LABELS, AccountType, EmailAddress, Operation, same_address
from intake.matrix_rows import All, Claim, Everything, Explanation, Matrix, MatrixRow, Pairs, Role
from intake.typed_dates import spoken_date
from intake.typed_text import folded
from provision.procedure.submission import Authorisation, Granted, Refused

_PERSONAL = frozenset({AccountType.EMPLOYEE, AccountType.CONTRACTOR, AccountType.OPERATOR})
OWN_ACCOUNT_ROW = 0
"""Row of a decision that rests on no row: everybody may ask for a change of his own password (activity 1.b)."""


class RefusalCode(StrEnum):
    """Why a requester was refused; the code is for logs and tests, the reason for the requester."""

    NO_IDENTITY = "NO_IDENTITY"
    UNKNOWN_REQUESTER = "UNKNOWN_REQUESTER"
    NOT_IN_FORCE = "NOT_IN_FORCE"
    OPERATION = "OPERATION"
    ACCOUNT_TYPE = "ACCOUNT_TYPE"
    UNIT = "UNIT"
    FOR_HIMSELF = "FOR_HIMSELF"


@dataclass(frozen=True, slots=True)
class _Right:
    """What one row gives on one day: all of it, or for a delegate what one row of the delegator leaves of it."""

    row: MatrixRow
    delegator: MatrixRow | None
    pairs: Pairs
    units: frozenset[str] | Everything

    def operation(self, claim: Claim) -> bool:
        return any(claim.operation in (None, operation) for operation, _ in self.pairs)

    def operation_and_type(self, claim: Claim) -> bool:
        return any(
            claim.operation in (None, operation) and claim.account_type in (None, kind) for operation, kind in self.pairs
        )

    def unit(self, claim: Claim) -> bool:
        return isinstance(self.units, All) or (bool(self.units) if claim.unit is None else claim.unit in self.units)

    def grants(self, claim: Claim) -> bool:
        return self.operation_and_type(claim) and self.unit(claim)


def decide(matrix: Matrix, claim: Claim) -> Authorisation:
    """Whether the requester may ask for this on that day.

    Rows are a union, and the first that allows it is named. A delegate may what his row and a row of the delegator both allow,
    both in force on the day; the delegator is a head unless the delegate's row writes its operations, and never a delegate
    himself. Nobody asks for the creation of his own account; everybody may ask for a change of his own password.
    """
    if claim.requester is None or not claim.requester.strip():
        return _refused(matrix, claim, RefusalCode.NO_IDENTITY)
    if _own_password(claim, claim.requester):
        reason = "La persona pide el cambio de clave de su propia cuenta; para eso no necesita estar en la matriz."
        return Granted(OWN_ACCOUNT_ROW, "usuario", reason, matrix.version)
    rows = matrix.rows_of(claim.requester)
    if not rows:
        return _refused(matrix, claim, RefusalCode.UNKNOWN_REQUESTER)
    rights = [right for row in rows for right in _rights(matrix, row, claim)]
    if not rights:
        return _refused(matrix, claim, RefusalCode.NOT_IN_FORCE)
    granting = [right for right in rights if right.grants(claim)]
    if not granting:
        return _refused(matrix, claim, _narrowest(rights, claim))
    if _for_himself(claim, claim.requester, rows):
        return _refused(matrix, claim, RefusalCode.FOR_HIMSELF)
    first = min(granting, key=lambda right: (right.row.row, right.delegator.row if right.delegator else 0))
    return _granted(matrix, claim, first)


def explain(matrix: Matrix, claim: Claim) -> Explanation:
    """The same decision, and for each of the requester's rows why it grants or not. For administrators: it shows the matrix."""
    decision = decide(matrix, claim)
    steps: list[str] = []
    requester = claim.requester
    if requester is None or not requester.strip():
        steps.append("La respuesta no trae una dirección verificada: sin identidad no se autoriza nada.")
    elif isinstance(decision, Granted) and decision.row == OWN_ACCOUNT_ROW:
        steps.append(decision.reason)
    else:
        rows = matrix.rows_of(requester)
        if not rows:
            steps.append(f"La dirección {requester} no está en la columna «correo» de ninguna fila.")
        for row in rows:
            steps.extend(_row_steps(matrix, row, claim))
        if isinstance(decision, Refused) and decision.code == RefusalCode.FOR_HIMSELF:
            steps.append("La cuenta sería para la misma persona que la pide (por su nombre o su correo): nadie pide la suya.")
    verdict = f"Autorizada por la fila {decision.row}" if isinstance(decision, Granted) and decision.row else "Autorizada"
    steps.append(f"{verdict}." if isinstance(decision, Granted) else f"Rechazada ({decision.code}): {decision.reason}")
    return Explanation(decision, tuple(steps))


def _rights(matrix: Matrix, row: MatrixRow, claim: Claim) -> list[_Right]:
    if not row.in_force(claim.on):
        return []
    if row.role is not Role.DELEGATE:
        return [_Right(row, None, row.pairs(), row.units)]
    return [
        _Right(row, delegator, row.pairs() & delegator.pairs(), _common(row.units, delegator.units))
        for delegator in _delegators(matrix, row)
        if delegator.in_force(claim.on)
    ]


def _delegators(matrix: Matrix, row: MatrixRow) -> list[MatrixRow]:
    """The rows of the delegator that can be delegated by this row, in force or not."""
    if row.delegate_of is None:
        return []
    return [
        delegator
        for delegator in matrix.rows_of(row.delegate_of)
        if delegator.role is not Role.DELEGATE and (delegator.role is Role.HEAD or row.operations)
    ]


def _common(one: frozenset[str] | Everything, other: frozenset[str] | Everything) -> frozenset[str] | Everything:
    if isinstance(one, All):
        return other
    return one if isinstance(other, All) else one & other


def _narrowest(rights: list[_Right], claim: Claim) -> RefusalCode:
    if not any(right.operation(claim) for right in rights):
        return RefusalCode.OPERATION
    return RefusalCode.UNIT if any(right.operation_and_type(claim) for right in rights) else RefusalCode.ACCOUNT_TYPE


def _own_password(claim: Claim, requester: EmailAddress) -> bool:
    # The whole verified address: a bare login could be somebody else's in another domain.
    return (
        claim.operation is Operation.RESET_PASSWORD
        and claim.account is not None
        and claim.account.isascii()
        and requester.isascii()
        and "@" in requester
        and same_address(claim.account, requester)
    )


def _for_himself(claim: Claim, requester: EmailAddress, rows: tuple[MatrixRow, ...]) -> bool:
    if claim.operation is not Operation.CREATE or claim.account_type not in _PERSONAL:
        return False
    if claim.personal_email is not None and same_address(claim.personal_email, requester):
        return True
    user = _name(claim.user_name or "")
    return bool(user) and any(_name(row.name) == user for row in rows)


def _name(name: str) -> tuple[str, ...]:
    """A name as it is compared: its words in any order, without case and accents."""
    return tuple(sorted(folded(name).split()))


def _refused(matrix: Matrix, claim: Claim, code: RefusalCode) -> Refused:
    return Refused(code.value, _reason(code, claim), matrix.version)


def _reason(code: RefusalCode, claim: Claim) -> str:
    """For the requester: what he himself asked and may not, nothing of the matrix, of others or of an account."""
    asked = f"«{OPERATION_LABELS[claim.operation]}»" if claim.operation else "esta operación"
    kind = f"«{ACCOUNT_TYPE_LABELS[claim.account_type]}»" if claim.account_type else "de este tipo"
    unit = f"«{claim.unit}»" if claim.unit else "indicada"
    instead = "Si la solicitud procede, pida que la haga la persona que el procedimiento autoriza para ello."
    reasons = {
        RefusalCode.NO_IDENTITY: "La solicitud llegó sin una dirección de correo verificada, y sin ella no se puede atender. "
        "Diligencie el formulario con su sesión de Google iniciada.",
        RefusalCode.UNKNOWN_REQUESTER: "La dirección de correo con la que usted diligenció el formulario no está autorizada "
        f"para hacer solicitudes. {instead}",
        RefusalCode.NOT_IN_FORCE: f"Su autorización no está vigente en la fecha de la solicitud. {instead}",
        RefusalCode.OPERATION: f"Su autorización no incluye {asked}. {instead}",
        RefusalCode.ACCOUNT_TYPE: f"Su autorización no incluye {asked} para cuentas {kind}. {instead}",
        RefusalCode.UNIT: f"Su autorización no incluye esta solicitud para la dependencia {unit}. {instead}",
        RefusalCode.FOR_HIMSELF: "Nadie puede solicitar la creación de su propia cuenta. "
        "Pida que la solicitud la haga otra persona autorizada.",
    }
    return reasons[code]


def _granted(matrix: Matrix, claim: Claim, right: _Right) -> Granted:
    asked = OPERATION_LABELS[claim.operation] if claim.operation else "operación por precisar"
    kind = ACCOUNT_TYPE_LABELS[claim.account_type] if claim.account_type else "tipo por precisar"
    unit = claim.unit or "dependencia por precisar"
    by = f", por delegación de {right.delegator.requester} (fila {right.delegator.row})" if right.delegator else ""
    reason = f"Fila {right.row.row} de la matriz ({right.row.role}{by}): {asked}, {kind}, {unit}."
    return Granted(
        right.row.row,
        right.row.role.value,
        reason,
        matrix.version,
        delegated_by=right.delegator.requester if right.delegator else None,
    )


def _row_steps(matrix: Matrix, row: MatrixRow, claim: Claim) -> list[str]:
    opening = f"Fila {row.row} ({row.role})"
    if not row.in_force(claim.on):
        return [f"{opening}: no concede, porque el {spoken_date(claim.on)} no está vigente ({_validity(row)})."]
    if row.role is not Role.DELEGATE:
        right = _Right(row, None, row.pairs(), row.units)
        return [f"{opening}: {_verdict(right, claim)}"]
    delegators = _delegators(matrix, row)
    if not delegators:
        return [f"{opening}: no concede, porque {row.delegate_of or 'nadie'} no tiene una fila que se pueda delegar."]
    steps = []
    for delegator in delegators:
        by = f"{opening}, por delegación de {delegator.requester} (fila {delegator.row}, {delegator.role})"
        if delegator.in_force(claim.on):
            shared = _Right(row, delegator, row.pairs() & delegator.pairs(), _common(row.units, delegator.units))
            steps.append(f"{by}: {_verdict(shared, claim)}")
        else:
            steps.append(f"{by}: no concede, porque la fila de quien delega no está vigente ({_validity(delegator)}).")
    return steps


def _verdict(right: _Right, claim: Claim) -> str:
    if not right.operation(claim):
        asked = OPERATION_LABELS[claim.operation] if claim.operation else "ninguna operación"
        return f"no concede, porque no incluye la operación «{asked}»."
    if not right.operation_and_type(claim):
        kind = ACCOUNT_TYPE_LABELS[claim.account_type] if claim.account_type else ""
        return f"no concede, porque no incluye esa operación para cuentas «{kind}»."
    if not right.unit(claim):
        return f"no concede, porque no incluye la dependencia «{claim.unit or 'por precisar'}»."
    return "concede."


def _validity(row: MatrixRow) -> str:
    since = f"desde {spoken_date(row.valid_from)}" if row.valid_from else ""
    until = f"hasta {spoken_date(row.valid_until)}" if row.valid_until else ""
    return " ".join(part for part in (since, until) if part) or "sin fechas"
