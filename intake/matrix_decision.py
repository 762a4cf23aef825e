"""The control point of activity 2: may this person ask for this? Pure; a decision names the row that allowed it."""

from dataclasses import dataclass
from enum import StrEnum

from config.vocabulary import ACCOUNT_TYPE_LABELS, OPERATION_LABELS, AccountType, EmailAddress, Operation, same_address
from intake.matrix_rows import All, Claim, Everything, Explanation, Matrix, MatrixRow, Pairs, Role
from intake.typed_dates import spoken_date
from intake.typed_text import folded
from provision.procedure.submission import Granted, Refused

_PERSONAL = frozenset({AccountType.EMPLOYEE, AccountType.CONTRACTOR, AccountType.OPERATOR})
OWN_ACCOUNT_ROW = 0
"""Row of a decision that rests on no row: a change of password by the user, the boss or the supervisor (activity 1.b)."""
OWN_ACCOUNT_ROLE = "usuario"
OWN_ACCOUNT_REASON = "La persona pide el cambio de clave de su propia cuenta; para eso no necesita estar en la matriz."
_RELATIONS = (
    "Sin fila en la matriz también pueden pedir este cambio de clave el jefe inmediato, según el directorio, y el supervisor "
    "del contrato, según el registro de cuentas; aquí no se consultan."
)
NEEDS_SECOND = "Requiere la aprobación de otra persona."
_FOR_OTHERS_TOO = frozenset({None, Operation.CREATE, Operation.RESET_PASSWORD})
"""The operations that may concern the requester's own account, or none that exists."""


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

    @property
    def needs_approval(self) -> bool:
        """Whether what it gives a second person must approve: a delegate's no less than the delegator's own."""
        return self.row.needs_approval or (self.delegator is not None and self.delegator.needs_approval)

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


def decide(matrix: Matrix, claim: Claim) -> Granted | Refused:
    """Whether the requester may ask for this on that day.

    Rows are a union, and the first that allows it is named; one that needs no second person's approval goes before those that
    do. A delegate may what his row and a row of the delegator both allow, both in force on the day; the delegator is a head
    unless the delegate's row writes its operations, and never a delegate himself. Nobody asks for the creation of his own
    account (nor takes a contract over by his own cession), or for a change of it; everybody may ask for a change of his own
    password.
    """
    if claim.requester is None or not claim.requester.strip():
        return refusal(matrix, claim, RefusalCode.NO_IDENTITY)
    if claim.operation is Operation.RESET_PASSWORD and own_account(claim.account, claim.requester):
        return Granted(OWN_ACCOUNT_ROW, OWN_ACCOUNT_ROLE, OWN_ACCOUNT_REASON, matrix.version)
    rows = matrix.rows_of(claim.requester)
    if not rows:
        return refusal(matrix, claim, RefusalCode.UNKNOWN_REQUESTER)
    rights = [right for row in rows for right in _rights(matrix, row, claim)]
    if not rights:
        return refusal(matrix, claim, RefusalCode.NOT_IN_FORCE)
    granting = [right for right in rights if right.grants(claim)]
    if not granting:
        return refusal(matrix, claim, _narrowest(rights, claim))
    if _for_himself(claim, claim.requester, rows):
        return refusal(matrix, claim, RefusalCode.FOR_HIMSELF)
    first = min(
        granting, key=lambda right: (right.needs_approval, right.row.row, right.delegator.row if right.delegator else 0)
    )
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
            steps.append(
                "La cuenta es o sería de la misma persona que pide (por su nombre o su correo): nadie pide sobre la suya."
            )
    if claim.operation is Operation.RESET_PASSWORD and not (isinstance(decision, Granted) and decision.row == OWN_ACCOUNT_ROW):
        steps.append(_RELATIONS)
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


def own_account(account: str | None, requester: EmailAddress) -> bool:
    """Whether an account's address is the requester's own, whole and verified: a bare login may be another domain's."""
    return (
        account is not None
        and account.isascii()
        and requester.isascii()
        and "@" in requester
        and same_address(account, requester)
    )


def _for_himself(claim: Claim, requester: EmailAddress, rows: tuple[MatrixRow, ...]) -> bool:
    if claim.operation not in _FOR_OTHERS_TOO and own_account(claim.account, requester):
        return True
    creates = claim.operation is Operation.CREATE and claim.account_type in _PERSONAL
    if not (creates or claim.operation is Operation.ASSIGN_CONTRACT):
        return False
    if claim.personal_email is not None and same_address(claim.personal_email, requester):
        return True
    user = _name(claim.user_name or "")
    return bool(user) and any(_name(row.name) == user for row in rows)


def _name(name: str) -> tuple[str, ...]:
    """A name as it is compared: its words in any order, without case and accents."""
    return tuple(sorted(folded(name).split()))


def refusal(matrix: Matrix, claim: Claim, code: RefusalCode) -> Refused:
    """A refusal of this claim, with its reason in words for the requester."""
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
        RefusalCode.FOR_HIMSELF: f"{_himself(claim)} Pida que la solicitud la haga otra persona autorizada.",
    }
    return reasons[code]


def _himself(claim: Claim) -> str:
    if claim.requester is not None and own_account(claim.account, claim.requester):
        return "Nadie puede pedir cambios sobre su propia cuenta, salvo el de su clave."
    return "Nadie puede solicitar la creación de su propia cuenta."


def _granted(matrix: Matrix, claim: Claim, right: _Right) -> Granted:
    asked = OPERATION_LABELS[claim.operation] if claim.operation else "operación por precisar"
    kind = ACCOUNT_TYPE_LABELS[claim.account_type] if claim.account_type else "tipo por precisar"
    unit = claim.unit or "dependencia por precisar"
    by = f", por delegación de {right.delegator.requester} (fila {right.delegator.row})" if right.delegator else ""
    needs = f" {NEEDS_SECOND}" if right.needs_approval else ""
    reason = f"Fila {right.row.row} de la matriz ({right.row.role}{by}): {asked}, {kind}, {unit}.{needs}"
    return Granted(
        right.row.row,
        right.row.role.value,
        reason,
        matrix.version,
        delegated_by=right.delegator.requester if right.delegator else None,
        second_person=right.needs_approval,
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
    return "concede, con la aprobación de otra persona." if right.needs_approval else "concede."


def _validity(row: MatrixRow) -> str:
    since = f"desde {spoken_date(row.valid_from)}" if row.valid_from else ""
    until = f"hasta {spoken_date(row.valid_until)}" if row.valid_until else ""
    return " ".join(part for part in (since, until) if part) or "sin fechas"
