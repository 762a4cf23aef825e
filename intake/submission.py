"""From the answers of one response to what was asked for, typed, or to everything that is wrong with it (activity 1).

Pure: the same answers, policy and day give the same result, and no answer can make it raise.
"""

from datetime import date

from config.institution import Institution
from config.vocabulary import ACCOUNT_TYPE_LABELS, OPERATION_LABELS, AccountType, EmailAddress, Operation
from intake.answers import ASSIGNEE_FIELDS, AnswerReader
from intake.forms.port import Answers, Field
from intake.typed_choices import mentions_password, spoken_account_type, spoken_operation
from intake.typed_dates import spoken_date
from intake.typed_names import read_name
from intake.typed_text import Wrong, clean, folded, is_blank, quoted
from provision.procedure.submission import (
    AttendedByHand,
    CreateGenericAccount,
    CreatePersonalAccount,
    Defective,
    Submission,
)

_LONGEST_NOTES = 2_000
_LONGEST_REASON = 1_000
_LONGEST_USER = 130
_LONGEST_STORED = 10_000

_CONTRACT_OPERATIONS = frozenset({Operation.ASSIGN_CONTRACT, Operation.SUSPEND_CONTRACT, Operation.TERMINATE_CONTRACT})
_WITH_CONTRACT = frozenset({AccountType.CONTRACTOR, AccountType.OPERATOR})
_FREE_TEXT = frozenset({Field.NOTES, Field.REASON})
"""Where somebody may type the password that he wants."""
_KEPT_OF_A_RESET = frozenset(
    {
        Field.REQUEST_TYPE, Field.ACCOUNT_TYPE, Field.GIVEN_NAMES, Field.SURNAMES, Field.DOCUMENT_TYPE, Field.DOCUMENT_NUMBER,
        Field.UNIT, Field.ACCOUNT, Field.ON_PREMISES, Field.CASE_NUMBER,
    }
)  # fmt: skip
"""All that a change of password needs: it identifies the person, and no other answer of his is used."""


def understand(answers: Answers, policy: Institution, today: date) -> Submission | Defective:
    """What a response asks for, normalised, or all its problems at once. `today` is the date in the institution's zone.

    Never raises, whatever was typed. Understanding the normalised values again gives the same. What each operation and
    account type needs is activity 1 of the UPME procedure; the limits are this program's.
    """
    reader = AnswerReader(answers, policy, today)
    operation = _operation(reader, policy)
    account_type = _account_type(reader, policy)
    unit = reader.unit()
    if operation in _CONTRACT_OPERATIONS and account_type is not None and account_type not in _WITH_CONTRACT:
        reader.wrong(
            Field.ACCOUNT_TYPE,
            f"La {OPERATION_LABELS[operation].lower()} es para contratistas u operadores. "
            "Si el contrato no tiene que ver, pida una inactivación o una modificación.",
        )
    submission: Submission | None = None
    match operation, account_type:
        case None, _:
            _check_what_was_given(reader)
        case Operation.CREATE, None:
            _check_what_was_given(reader)
        case Operation.CREATE, AccountType.GENERIC:
            submission = _generic(reader, unit)
        case Operation.CREATE, AccountType():
            submission = _personal(reader, account_type, unit)
        case _:
            submission = _by_hand(reader, operation, account_type, unit)
    if submission is not None and not reader.problems:
        return submission
    problems = reader.problems
    quiet = AnswerReader(answers, policy, today)
    return Defective(
        problems=problems,
        operation=operation,
        account_type=account_type,
        unit=unit,
        user=spoken_name(answers),
        document_number=quiet.document_number(quiet.document_type()),
        personal_email=_personal_email(quiet, account_type),
    )


def spoken_name(answers: Answers) -> str:
    """Whom a response is about, as far as it says so: for the board, before anything else is understood."""
    names = [
        name if not isinstance(name, Wrong) else clean(text)
        for field in (Field.GIVEN_NAMES, Field.SURNAMES)
        for text in answers.get(field, ())[:1]
        if not is_blank(text)
        for name in [read_name(text, given=field is Field.GIVEN_NAMES)]
    ]
    others = [clean(text) for field in (Field.GENERIC_NAME, Field.ACCOUNT) for text in answers.get(field, ())[:1]]
    user = " ".join(names) or next((other for other in others if other), "")
    return user if len(user) <= _LONGEST_USER else f"{user[: _LONGEST_USER - 1]}…"


def stored_answers(answers: Answers, operation: Operation | None) -> Answers:
    """The answers that the journal may keep.

    A change of password keeps only what identifies the person, because somebody may have typed the password elsewhere; and a
    response whose operation was not understood and may be one keeps no free text. Characters that no database holds are
    dropped, and an answer longer than 10,000 characters is cut: it was a problem already.
    """
    dropped: frozenset[Field] = frozenset()
    if operation is Operation.RESET_PASSWORD:
        dropped = frozenset(Field) - _KEPT_OF_A_RESET
    elif operation is None:
        dropped = _perhaps_secret(answers)
    return {field: tuple(_storable(text) for text in texts[:50]) for field, texts in answers.items() if field not in dropped}


def _perhaps_secret(answers: Answers) -> frozenset[Field]:
    asked = [text for text in answers.get(Field.REQUEST_TYPE, ()) if not is_blank(text)]
    if any(_tells_a_password(text) for text in asked):
        return _FREE_TEXT | {Field.REQUEST_TYPE}
    unclear = not asked or any(spoken_operation(text) in {None, Operation.RESET_PASSWORD} for text in asked)
    return _FREE_TEXT if unclear else frozenset()


def _tells_a_password(text: str) -> bool:
    """A type of request under "Otro" that speaks of a password may hold it: such a text is neither kept nor quoted."""
    return spoken_operation(text) is None and mentions_password(text)


def _storable(text: str) -> str:
    kept = "".join(character for character in text[:_LONGEST_STORED] if character != "\0" and not _lone_surrogate(character))
    return kept if len(text) <= _LONGEST_STORED else f"{kept}…"


def _lone_surrogate(character: str) -> bool:
    return "\ud800" <= character <= "\udfff"


def _operation(reader: AnswerReader, policy: Institution) -> Operation | None:
    offered = ", ".join(OPERATION_LABELS[operation] for operation in policy.operations)

    def offered_operation(text: str) -> Operation | Wrong:
        operation = spoken_operation(text)
        if operation is None:
            typed = "" if _tells_a_password(text) else f" {quoted(text)}"
            return Wrong(f"No se entiende el tipo de solicitud{typed}. Elija uno solo de estos: {offered}.")
        if operation is Operation.DELETE and not policy.deletes_accounts:
            return Wrong(f"{policy.short_name} no elimina cuentas. Para que la cuenta deje de usarse, pida una inactivación.")
        if operation not in policy.operations:
            return Wrong(f"{policy.short_name} no ofrece «{OPERATION_LABELS[operation]}». Elija uno de estos: {offered}.")
        return operation

    if not reader.answered(Field.REQUEST_TYPE):
        reader.wrong(Field.REQUEST_TYPE, f"Falta esta respuesta. Elija uno de estos: {offered}.")
        return None
    return reader.read(Field.REQUEST_TYPE, offered_operation)


def _account_type(reader: AnswerReader, policy: Institution) -> AccountType | None:
    offered = ", ".join(ACCOUNT_TYPE_LABELS[account_type] for account_type in AccountType if account_type in policy.accounts)

    def offered_type(text: str) -> AccountType | Wrong:
        account_type = spoken_account_type(text)
        if account_type is None:
            return Wrong(f"No se entiende el tipo de cuenta {quoted(text)}. Elija uno solo de estos: {offered}.")
        if account_type not in policy.accounts:
            label = ACCOUNT_TYPE_LABELS[account_type]
            return Wrong(f"{policy.short_name} no ofrece cuentas del tipo «{label}». Elija uno de estos: {offered}.")
        return account_type

    if not reader.answered(Field.ACCOUNT_TYPE):
        reader.wrong(Field.ACCOUNT_TYPE, f"Falta esta respuesta. Elija uno de estos: {offered}.")
        return None
    return reader.read(Field.ACCOUNT_TYPE, offered_type)


def _personal(reader: AnswerReader, account_type: AccountType, unit: str | None) -> CreatePersonalAccount | None:
    contracted = account_type in _WITH_CONTRACT
    person = reader.person()
    personal_email = reader.personal_email(required=True)
    contract = reader.contract(required=contracted)
    supervisor = reader.institutional_email(Field.SUPERVISOR_EMAIL, required=contracted)
    mobile, position, notes = reader.mobile(), reader.position(), reader.text(Field.NOTES, longest=_LONGEST_NOTES)
    if person is None or personal_email is None or unit is None or (contracted and (contract is None or supervisor is None)):
        return None
    return CreatePersonalAccount(
        account_type=account_type,
        person=person,
        personal_email=personal_email,
        unit=unit,
        position=position,
        mobile=mobile,
        contract=contract,
        supervisor_email=supervisor,
        notes=notes,
    )


def _generic(reader: AnswerReader, unit: str | None) -> CreateGenericAccount | None:
    name = reader.generic_name(required=True)
    owner = reader.institutional_email(Field.OWNER_EMAIL, required=True)
    access_email = reader.access_email_of_generic(owner, required=True)
    mobile, notes = reader.mobile(), reader.text(Field.NOTES, longest=_LONGEST_NOTES)
    if name is None or owner is None or access_email is None or unit is None:
        return None
    return CreateGenericAccount(name, owner, access_email, unit, mobile=mobile, notes=notes)


def _by_hand(
    reader: AnswerReader, operation: Operation, account_type: AccountType | None, unit: str | None
) -> AttendedByHand | None:
    account = reader.account()
    document_type = reader.document_type()
    document = reader.document_number(document_type)
    if not reader.answered(Field.ACCOUNT) and not reader.answered(Field.DOCUMENT_NUMBER):
        reader.missing(Field.ACCOUNT)
    names = " ".join(name for name in (reader.given_names(), reader.surnames()) if name)
    identity = f"{document_type or 'Documento'} {document}" if document else ""
    said = [f"Usuario: {', '.join(part for part in (names, identity) if part)}" if names or (identity and account) else ""]
    if operation is Operation.RESET_PASSWORD:
        said.append(_premises(reader))
    else:
        said = [reader.text(Field.REASON, longest=_LONGEST_REASON), *said, *_details(reader)]
        if operation is Operation.MODIFY and not (reader.answered(Field.REASON) or reader.answered(Field.NOTES)):
            reader.missing(Field.REASON)
    if account_type is None or unit is None:
        return None
    reason = ". ".join(part.rstrip(". ") for part in said if part)
    return AttendedByHand(operation, account_type, unit, account or identity, f"{reason}." if reason else "")


def _details(reader: AnswerReader) -> list[str]:
    """Whatever else the desk needs to attend the request itself, as sentences."""
    first, last = reader.days(Field.FROM_DATE, Field.UNTIL_DATE)
    start, end = reader.days(Field.CONTRACT_START, Field.CONTRACT_END)
    assignee = " ".join(name for name in _assignee_names(reader) if name)
    kind = reader.document_type(ASSIGNEE_FIELDS[2])
    number = reader.document_number(kind, ASSIGNEE_FIELDS[3])
    assignee_parts = (
        assignee,
        f"{kind or 'documento'} {number}" if number else "",
        reader.personal_email(Field.ASSIGNEE_PERSONAL_EMAIL) or "",
        reader.mobile(Field.ASSIGNEE_MOBILE),
    )
    labelled = (
        ("Desde", spoken_date(first) if first else ""),
        ("Hasta", spoken_date(last) if last else ""),
        ("Cargo", reader.position()),
        ("Contrato", reader.text(Field.CONTRACT_NUMBER, longest=64)),
        ("Inicio del contrato", spoken_date(start) if start else ""),
        ("Fin del contrato", spoken_date(end) if end else ""),
        ("Supervisor", reader.institutional_email(Field.SUPERVISOR_EMAIL) or ""),
        ("Cesionario", ", ".join(part for part in assignee_parts if part)),
        ("Observaciones", reader.text(Field.NOTES, longest=_LONGEST_NOTES)),
    )
    return [f"{label}: {value}" for label, value in labelled if value]


def _assignee_names(reader: AnswerReader) -> tuple[str | None, str | None]:
    return reader.given_names(ASSIGNEE_FIELDS[0]), reader.surnames(ASSIGNEE_FIELDS[1])


def _premises(reader: AnswerReader) -> str:
    def yes_or_no(text: str) -> str | Wrong:
        answer = folded(text)
        if answer in {"si", "s", "yes", "no", "n"}:
            return (
                "El usuario se encuentra en las instalaciones" if answer[0] in "sy" else "El usuario está fuera de la entidad"
            )
        return Wrong(f"No se entiende la respuesta {quoted(text)}. Responda Sí o No.")

    return reader.read(Field.ON_PREMISES, yes_or_no) or ""


def _check_what_was_given(reader: AnswerReader) -> None:
    """The operation or the type is not known: what is missing cannot be told, but what was written can be checked."""
    reader.person(required=False)
    reader.contract(required=False)
    reader.institutional_email(Field.SUPERVISOR_EMAIL)
    reader.access_email_of_generic(reader.institutional_email(Field.OWNER_EMAIL))
    reader.generic_name()
    reader.account()
    reader.mobile()
    reader.position()
    reader.days(Field.FROM_DATE, Field.UNTIL_DATE)


def _personal_email(reader: AnswerReader, account_type: AccountType | None) -> EmailAddress | None:
    if account_type is AccountType.GENERIC:
        return reader.access_email_of_generic(reader.institutional_email(Field.OWNER_EMAIL))
    return reader.personal_email()
