"""From answers to a request about an account that exists already: what each operation needs (activity 1.b and 1.c).

Every function checks all that was written, notes what is missing or wrong at the reader, and returns None instead of the
request when something is.
"""

from datetime import date

from config.vocabulary import HOLD_LABELS, AccountType, DocumentType, HoldReason, Operation
from intake.answers import ASSIGNEE_FIELDS, AnswerReader
from intake.forms.port import Field
from intake.submission_accounts import LONGEST_NOTES, WITH_CONTRACT
from intake.typed_dates import spoken_date
from intake.typed_reasons import missing_reason, read_deactivation_reason, says_extension, says_name
from intake.typed_text import Wrong, clean, folded
from provision.procedure.submission import (
    Activate,
    AssignContract,
    Contract,
    Deactivate,
    Delete,
    Modify,
    ResetPassword,
    Submission,
    Target,
)

LONGEST_REASON = 1_000

_NO_ACCESS = "Escriba el primer día sin acceso; por ejemplo: 15/01/2026."
_LAST_DAY = "Escriba el último día sin acceso: al día siguiente la cuenta vuelve a quedar activa; por ejemplo: 31/01/2026."
_WHAT_TO_CHANGE = (
    "Diga qué se debe modificar; por ejemplo: traslado a otra dependencia, nuevo cargo, cambio de nombre o prórroga del "
    "contrato."
)
_GENERIC_ACCOUNT = "Escriba la dirección de la cuenta institucional o genérica de la que se trata."


def existing_account(
    reader: AnswerReader, operation: Operation, account_type: AccountType | None, unit: str | None
) -> Submission | None:
    """The request for any operation but CREATE; None: something is missing or wrong, and was noted."""
    match operation:
        case Operation.RESET_PASSWORD:
            return _reset(reader, account_type, unit)
        case Operation.MODIFY:
            return _modify(reader, account_type, unit)
        case Operation.DEACTIVATE:
            return _deactivate(reader, account_type, unit)
        case Operation.SUSPEND_CONTRACT | Operation.TERMINATE_CONTRACT:
            return _end_contract(reader, operation, account_type, unit)
        case Operation.ACTIVATE:
            return _activate(reader, account_type, unit)
        case Operation.ASSIGN_CONTRACT:
            return _assign(reader, account_type, unit)
        case Operation.DELETE:
            return _delete(reader, account_type, unit)
        case Operation.CREATE:
            raise ValueError("a creation concerns no existing account")


def _target(reader: AnswerReader, account_type: AccountType | None) -> Target:
    """Which account; neither its address nor the document: the question of the account says what to write.

    A generic account has no document: one that was typed is its owner's and finds nothing.
    """
    generic = account_type is AccountType.GENERIC
    number = reader.document_number(reader.document_type())
    has_document = reader.answered(Field.DOCUMENT_NUMBER) and not generic
    account = reader.account(required=not has_document, how=_GENERIC_ACCOUNT if generic else "")
    names = [name for name in (reader.given_names(), reader.surnames()) if name]
    generic_name = reader.generic_name() if generic else None
    return Target(account, None if generic else number, generic_name or " ".join(names))


def _reset(reader: AnswerReader, account_type: AccountType | None, unit: str | None) -> ResetPassword | None:
    """Activities 1.b and 2.b. Free text is not even read: somebody may have typed the password there."""
    target = _target(reader, account_type)
    on_premises = reader.on_premises()
    owner = reader.institutional_email(Field.OWNER_EMAIL) if account_type is AccountType.GENERIC else None
    other_address = reader.other_address(owner)
    if on_premises is None:
        return None
    return ResetPassword(target, on_premises, account_type=account_type, unit=unit, other_address=other_address)


def _modify(reader: AnswerReader, account_type: AccountType | None, unit: str | None) -> Modify | None:
    generic = account_type is AccountType.GENERIC
    target = _target(reader, account_type)
    reason, notes = reader.text(Field.REASON, longest=LONGEST_REASON), reader.text(Field.NOTES, longest=LONGEST_NOTES)
    given_names, surnames = reader.given_names(), reader.surnames()
    position, mobile = reader.position() or None, reader.mobile() or None
    supervisor = reader.institutional_email(Field.OWNER_EMAIL if generic else Field.SUPERVISOR_EMAIL)
    generic_name = reader.generic_name() if generic else None
    contract = None if generic else reader.contract_change(extended=says_extension(reason))
    from_date = reader.first_day()
    asked = (Field.GENERIC_NAME, Field.OWNER_EMAIL) if generic else (Field.SUPERVISOR_EMAIL, *_CONTRACT)
    changes = any(reader.answered(field) for field in (Field.POSITION, Field.MOBILE, *asked))
    told = reader.answered(Field.REASON) or reader.answered(Field.NOTES)
    named = reader.answered(Field.GIVEN_NAMES) or reader.answered(Field.SURNAMES)
    if not (changes or told or (named and not generic)):
        reader.missing(Field.REASON, _WHAT_TO_CHANGE)
    # Names are typed to say whose account it is. They are new ones when the answers speak of names, or of nothing else.
    renames = not generic and (says_name(f"{reason} {notes}") or not (changes or told))
    if account_type is None or unit is None:
        return None
    return Modify(
        target=target,
        account_type=account_type,
        unit=unit,
        given_names=given_names if renames else None,
        surnames=surnames if renames else None,
        position=position,
        mobile=mobile,
        supervisor_email=supervisor,
        generic_name=generic_name,
        contract=contract,
        from_date=from_date,
        notes=_joined(reason, notes),
    )


_CONTRACT = (Field.CONTRACT_NUMBER, Field.CONTRACT_START, Field.CONTRACT_END)


def _deactivate(reader: AnswerReader, account_type: AccountType | None, unit: str | None) -> Deactivate | None:
    """ "El retiro, vacaciones, licencias" (UPME, numeral 5) or the contract's end; only an absence has a last day."""
    target = _target(reader, account_type)
    why = reader.read(Field.REASON, _bounded_reason, required=True, how=missing_reason())
    from_date = reader.first_day(required=True, how=_NO_ACCESS)
    until_date: date | None = None
    if why is not None and why.temporary:
        until_date = reader.last_day(from_date, required=True, how=_LAST_DAY)
    elif why is not None:
        _no_last_day(reader, f"{_WITHOUT_RETURN[why]} no tiene fecha de regreso")
    else:
        until_date = reader.last_day(from_date)
    reason = reader.text(Field.REASON, longest=LONGEST_REASON)
    notes = reader.text(Field.NOTES, longest=LONGEST_NOTES)
    if account_type is None or why is None or from_date is None:
        return None
    more = "" if folded(reason) == folded(HOLD_LABELS[why]) else reason
    return Deactivate(
        operation=Operation.DEACTIVATE,
        target=target,
        account_type=account_type,
        unit=unit,
        why=why,
        from_date=from_date,
        until_date=until_date,
        notes=_joined(more, notes),
    )


_WITHOUT_RETURN = {HoldReason.RETIREMENT: "Un retiro", HoldReason.CONTRACT_ENDED: "Un contrato que terminó"}


def _end_contract(
    reader: AnswerReader, operation: Operation, account_type: AccountType | None, unit: str | None
) -> Deactivate | None:
    """Suspension, which ends, and early termination, which does not and says why (UPME 1.c, 2.c and numeral 5)."""
    suspends = operation is Operation.SUSPEND_CONTRACT
    target = _target(reader, account_type)
    number = reader.contract_number(required=True)
    from_date = reader.first_day(required=True, how=_NO_ACCESS)
    until_date: date | None = None
    if suspends:
        until_date = reader.last_day(from_date, required=True, how=_LAST_DAY)
    else:
        _no_last_day(reader, "Un contrato que termina anticipadamente no tiene fecha de regreso")
    how = "Diga por qué termina el contrato antes de tiempo."
    reason = reader.text(Field.REASON, longest=LONGEST_REASON, required=not suspends, how=how)
    notes = reader.text(Field.NOTES, longest=LONGEST_NOTES)
    if account_type is None or number is None or from_date is None:
        return None
    return Deactivate(
        operation=operation,
        target=target,
        account_type=account_type,
        unit=unit,
        why=HoldReason.SUSPENSION if suspends else HoldReason.TERMINATION,
        from_date=from_date,
        until_date=until_date,
        contract_number=number,
        notes=_joined(reason, notes),
    )


def _no_last_day(reader: AnswerReader, because: str) -> None:
    if reader.answered(Field.UNTIL_DATE):
        reader.wrong(Field.UNTIL_DATE, f"{because}: deje esta respuesta en blanco.")


def _activate(reader: AnswerReader, account_type: AccountType | None, unit: str | None) -> Activate | None:
    """From today, or from the first day of the new contract of somebody who comes back with one."""
    target = _target(reader, account_type)
    contract = None if account_type is AccountType.GENERIC else _new_contract(reader, account_type)
    supervisor = reader.institutional_email(Field.SUPERVISOR_EMAIL)
    typed = reader.first_day()
    if typed is not None and contract is not None and typed < contract.start:
        reader.wrong(
            Field.FROM_DATE,
            f"El contrato comienza el {spoken_date(contract.start)}: antes de ese día la cuenta no se puede activar.",
        )
    reason, notes = reader.text(Field.REASON, longest=LONGEST_REASON), reader.text(Field.NOTES, longest=LONGEST_NOTES)
    if account_type is None:
        return None
    first = max(reader.today, contract.start) if contract is not None else reader.today
    return Activate(
        target=target,
        account_type=account_type,
        unit=unit,
        from_date=typed or first,
        contract=contract,
        supervisor_email=supervisor,
        notes=_joined(reason, notes),
    )


def _new_contract(reader: AnswerReader, account_type: AccountType | None) -> Contract | None:
    """The contract with which somebody comes back: all of it or none."""
    number, *dates = (reader.answered(field) for field in _CONTRACT)
    if number and not any(dates) and account_type in WITH_CONTRACT:
        for field, what in ((Field.CONTRACT_START, "primer"), (Field.CONTRACT_END, "último")):
            how = f"Si la persona vuelve con un contrato nuevo, escriba su {what} día; si no, deje en blanco su número."
            reader.missing(field, how)
        return None
    return reader.contract(required=account_type in WITH_CONTRACT and any(dates))


def _assign(reader: AnswerReader, account_type: AccountType | None, unit: str | None) -> AssignContract | None:
    """Cession: the assignor's account, and all that the assignee's creation needs, with what remains of the contract."""
    target = _target(reader, account_type)
    assignee = reader.person(ASSIGNEE_FIELDS)
    personal_email = reader.personal_email(Field.ASSIGNEE_PERSONAL_EMAIL, required=True)
    mobile, position = reader.mobile(Field.ASSIGNEE_MOBILE), reader.position()
    if assignee is not None and target.document_number is not None:
        _two_people(reader, assignee.document_type, assignee.document_number, target.document_number)
    from_date = reader.first_day(
        required=True, how="Escriba el primer día de quien recibe el contrato; por ejemplo: 15/01/2026."
    )
    number = reader.contract_number(required=True)
    contract = _remaining(reader, number, from_date)
    supervisor = reader.institutional_email(Field.SUPERVISOR_EMAIL, required=True)
    reason, notes = reader.text(Field.REASON, longest=LONGEST_REASON), reader.text(Field.NOTES, longest=LONGEST_NOTES)
    if account_type is None or unit is None or from_date is None:
        return None
    if assignee is None or personal_email is None or contract is None or supervisor is None:
        return None
    return AssignContract(
        target=target,
        account_type=account_type,
        unit=unit,
        assignee=assignee,
        personal_email=personal_email,
        from_date=from_date,
        contract=contract,
        supervisor_email=supervisor,
        position=position,
        mobile=mobile,
        notes=_joined(reason, notes),
    )


def _two_people(reader: AnswerReader, kind: DocumentType, assignee: str, assignor: str) -> None:
    assignor_kind = reader.document_type()
    if assignee == assignor and assignor_kind in (None, kind):
        reader.wrong(
            Field.ASSIGNEE_DOCUMENT_NUMBER,
            "Es el mismo documento de quien cede el contrato. Escriba el de quien lo recibe.",
        )


def _remaining(reader: AnswerReader, number: str | None, from_date: date | None) -> Contract | None:
    """The contract from the assignee's first day to its end."""
    end = reader.day(Field.CONTRACT_END, required=True)
    if end is not None and from_date is not None and end < from_date:
        reader.wrong(
            Field.CONTRACT_END,
            f"El contrato terminaría el {spoken_date(end)}, antes de que lo reciba el cesionario el {spoken_date(from_date)}: "
            "corrija una de las dos fechas.",
        )
        return None
    if end is None or not reader.contract_fits(from_date, end) or from_date is None or number is None:
        return None
    return Contract(number, from_date, end)


def _delete(reader: AnswerReader, account_type: AccountType | None, unit: str | None) -> Delete | None:
    """Activity 3, "eliminación de usuario"; understood also where the institution never deletes, to be told so."""
    target = _target(reader, account_type)
    computer = reader.computer()
    how = "Diga por qué se elimina la cuenta; por ejemplo: retiro de la entidad."
    reason = reader.text(Field.REASON, longest=LONGEST_REASON, required=True, how=how)
    notes = reader.text(Field.NOTES, longest=LONGEST_NOTES)
    if account_type is None:
        return None
    return Delete(target, account_type, unit, computer=computer, reason=_joined(reason, notes))


def _bounded_reason(text: str) -> HoldReason | Wrong:
    length = len(clean(text))
    if length > LONGEST_REASON:
        return Wrong(f"Tiene {length} caracteres: escriba {LONGEST_REASON} como máximo.")
    return read_deactivation_reason(text)


def _joined(reason: str, notes: str) -> str:
    """The reason and the notes as one text, no longer than notes may be: the answers themselves are in the journal."""
    stem = reason.rstrip(". ")
    if notes.startswith(stem):
        return notes
    joined = f"{stem}. {notes}" if notes else reason
    return joined if len(joined) <= LONGEST_NOTES else notes
