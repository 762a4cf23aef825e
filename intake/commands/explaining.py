"""`explain`: may this person ask for this? The answer before anybody asks, row by row."""

from dataclasses import dataclass, replace
from datetime import date

from config.dates import local_date
from config.errors import CannotRun
from config.institution import Institution
from config.settings import Log
from config.vocabulary import ACCOUNT_TYPE_LABELS, OPERATION_LABELS, AccountType, EmailAddress, Operation
from intake.account_decision import discreet
from intake.commands.documents import decision_document
from intake.commands.installation import installed
from intake.commands.invocation import Invocation
from intake.matrix import Claim, Explanation, explain
from intake.output import Json, Output, heading, pairs
from intake.typed_choices import read_unit, spoken_account_type, spoken_operation
from intake.typed_dates import read_date, spoken_date
from intake.typed_text import Wrong, clean, quoted
from provision.procedure.submission import Granted

GRANTED, REFUSED = 0, 1
_REAL = "el tipo y la dependencia que cuentan son los del directorio, no los que diga el formulario"


@dataclass(frozen=True, slots=True)
class Question:
    """What was typed after each option, as it was typed."""

    requester: str
    operation: str
    account_type: str
    unit: str
    on: str
    user: str
    personal_email: str
    account: str


def explain_command(invocation: Invocation, config: str | None, question: Question) -> int:
    """Read the matrix and explain. Raises CannotRun for a question that is not understood, with what it can be."""
    settings = invocation.load(config)
    with installed(settings, Log(level="warning", format="text"), invocation.clock) as installation:
        policy = installation.policy
        claim = claim_of(question, policy, local_date(invocation.clock(), policy.zone))
        explanation = as_told(explain(installation.matrix(), claim), claim)
    notes = not_offered(claim, policy)
    code = GRANTED if isinstance(explanation.decision, Granted) else REFUSED
    invocation.output.document(explanation_document(claim, explanation, notes, code))
    if not invocation.output.as_json:
        _say(invocation.output, claim, explanation)
    for note in notes:
        invocation.output.warning(note)
    return code


def as_told(explanation: Explanation, claim: Claim) -> Explanation:
    """The explanation with the reason that the requester would read: of an account that exists it tells nothing."""
    decision = explanation.decision
    if isinstance(decision, Granted) or claim.operation in {None, Operation.CREATE}:
        return explanation
    return replace(explanation, decision=discreet(decision, claim.operation))


def claim_of(question: Question, policy: Institution, today: date) -> Claim:
    """The question as the matrix understands it; names of units, operations and types are read as the form's are."""
    requester = clean(question.requester)
    if "@" not in requester:
        raise CannotRun(
            f"{quoted(requester)} no es un correo.", remedy="Escriba en --requester la dirección completa de quien pide."
        )
    operation = spoken_operation(question.operation)
    if operation is None:
        raise _unknown("la operación", question.operation, [OPERATION_LABELS[each] for each in Operation])
    account_type = spoken_account_type(question.account_type)
    if account_type is None:
        raise _unknown("el tipo de cuenta", question.account_type, [ACCOUNT_TYPE_LABELS[each] for each in AccountType])
    unit = read_unit(question.unit, policy)
    if isinstance(unit, Wrong):
        raise CannotRun(unit.message, remedy="Escríbala en --unit como aparece en el formulario, o con su sigla.")
    on: date | Wrong = read_date(question.on) if question.on.strip() else today
    if isinstance(on, Wrong):
        raise CannotRun(on.message)
    personal = clean(question.personal_email)
    return Claim(
        requester=EmailAddress(requester),
        operation=operation,
        account_type=account_type,
        unit=unit,
        personal_email=EmailAddress(personal) if personal else None,
        user_name=clean(question.user) or None,
        on=on,
        account=clean(question.account) or None,
    )


def _unknown(what: str, typed: str, offered: list[str]) -> CannotRun:
    options = ", ".join(f"«{label}»" for label in offered)
    return CannotRun(f"No se reconoce {what} {quoted(typed)}.", remedy=f"Puede ser: {options}.")


def not_offered(claim: Claim, policy: Institution) -> tuple[str, ...]:
    """What the policy does not offer at all, whatever the matrix says: such a request would be sent back."""
    notes = []
    if claim.operation is Operation.DELETE and not policy.deletes_accounts:
        notes.append(f"{policy.short_name} no elimina cuentas: una eliminación se rechaza y se ofrece la inactivación.")
    elif claim.operation is not None and claim.operation not in policy.operations:
        notes.append(f"La política de {policy.short_name} no ofrece «{OPERATION_LABELS[claim.operation]}».")
    if claim.account_type is not None and claim.account_type not in policy.accounts:
        notes.append(f"La política de {policy.short_name} no ofrece cuentas «{ACCOUNT_TYPE_LABELS[claim.account_type]}».")
    return tuple(notes)


def explanation_document(claim: Claim, explanation: Explanation, notes: tuple[str, ...], code: int) -> dict[str, Json]:
    """An explanation for other programs."""
    return {
        "exit_code": code,
        "claim": {
            "requester": claim.requester,
            "operation": claim.operation.value if claim.operation else None,
            "account_type": claim.account_type.value if claim.account_type else None,
            "unit": claim.unit,
            "on": claim.on.isoformat(),
            "user": claim.user_name,
            "personal_email": claim.personal_email,
            "account": claim.account,
        },
        "decision": decision_document(explanation.decision),
        "steps": list(explanation.steps),
        "not_offered": list(notes),
    }


def _say(output: Output, claim: Claim, explanation: Explanation) -> None:
    decision = explanation.decision
    verdict = "Sí: la matriz lo permite." if isinstance(decision, Granted) else "No: la matriz no lo permite."
    asked = [
        ("Pide", claim.requester or ""),
        ("Operación", OPERATION_LABELS[claim.operation] if claim.operation else ""),
        ("Tipo de cuenta", ACCOUNT_TYPE_LABELS[claim.account_type] if claim.account_type else ""),
        ("Dependencia", claim.unit or ""),
        ("Nota", "" if claim.operation is Operation.CREATE else _REAL),
        ("Para", " · ".join(part for part in (claim.user_name, claim.personal_email, claim.account) if part)),
        ("Fecha", spoken_date(claim.on)),
        ("Matriz", f"versión {decision.matrix_version}"),
    ]
    output.draw(heading(verdict), pairs([(label, value) for label, value in asked if value]), heading("Fila por fila"))
    for step in explanation.steps:
        output.line(f"  · {step}")
    if not isinstance(decision, Granted):
        output.draw(heading("Lo que leería el solicitante"))
        output.line(f"  {decision.reason}")
