"""From the answers of one response to what was asked for, typed, or to everything that is wrong with it (activity 1).

Pure: the same answers, policy and day give the same result, and no answer can make it raise.
"""

from datetime import date

from config.institution import Institution
from config.vocabulary import ACCOUNT_TYPE_LABELS, OPERATION_LABELS, AccountType, EmailAddress, Operation
from intake.answers import ASSIGNEE_FIELDS, AnswerReader
from intake.forms.port import Answers, Field
from intake.submission_accounts import WITH_CONTRACT, generic_account, personal_account
from intake.submission_changes import existing_account
from intake.submission_kept import tells_a_password
from intake.typed_choices import spoken_account_type, spoken_operation
from intake.typed_names import read_name
from intake.typed_text import Wrong, clean, is_blank, quoted
from provision.procedure.submission import Defective, Submission

_LONGEST_USER = 130

_CONTRACT_OPERATIONS = frozenset({Operation.ASSIGN_CONTRACT, Operation.SUSPEND_CONTRACT, Operation.TERMINATE_CONTRACT})
_WITH_UNIT = frozenset({None, Operation.CREATE, Operation.MODIFY, Operation.ASSIGN_CONTRACT})
"""The operations that put an account somewhere; for the others its unit is what the directory says, whatever is typed."""


def understand(answers: Answers, policy: Institution, today: date) -> Submission | Defective:
    """What a response asks for, normalised, or all its problems at once. `today` is the date in the institution's zone.

    Never raises, whatever was typed. Understanding the normalised values again gives the same. What each operation and
    account type needs is activity 1 of the UPME procedure; the limits are this program's.
    """
    reader = AnswerReader(answers, policy, today)
    operation = _operation(reader, policy)
    account_type = _account_type(reader, policy, required=operation is not Operation.RESET_PASSWORD)
    unit = reader.unit(required=operation in _WITH_UNIT)
    if operation in _CONTRACT_OPERATIONS and account_type is not None and account_type not in WITH_CONTRACT:
        reader.wrong(
            Field.ACCOUNT_TYPE,
            f"La {OPERATION_LABELS[operation].lower()} es para contratistas u operadores. "
            "Si el contrato no tiene que ver, pida una inactivación o una modificación.",
        )
    submission: Submission | None = None
    match operation, account_type:
        case (None, _) | (Operation.CREATE, None):
            _check_what_was_given(reader)
        case Operation.CREATE, AccountType.GENERIC:
            submission = generic_account(reader, unit)
        case Operation.CREATE, AccountType():
            submission = personal_account(reader, account_type, unit)
        case _:
            submission = existing_account(reader, operation, account_type, unit)
    if submission is not None and not reader.problems:
        return submission
    quiet = AnswerReader(answers, policy, today)
    return Defective(
        problems=reader.problems,
        operation=operation,
        account_type=account_type,
        unit=unit,
        user=spoken_name(answers),
        document_number=quiet.document_number(quiet.document_type()),
        personal_email=_access_address(quiet, operation, account_type),
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


def _operation(reader: AnswerReader, policy: Institution) -> Operation | None:
    offers = [each for each in policy.operations if each is not Operation.DELETE or policy.deletes_accounts]
    offered = ", ".join(OPERATION_LABELS[operation] for operation in offers)

    def offered_operation(text: str) -> Operation | Wrong:
        operation = spoken_operation(text)
        if operation is None:
            typed = "" if tells_a_password(text) else f" {quoted(text)}"
            return Wrong(f"No se entiende el tipo de solicitud{typed}. Elija uno solo de estos: {offered}.")
        # A deletion that the institution never makes is a request all the same: its answer is the reason and an alternative.
        never = operation is Operation.DELETE and not policy.deletes_accounts
        if operation not in policy.operations and not never:
            return Wrong(f"{policy.short_name} no ofrece «{OPERATION_LABELS[operation]}». Elija uno de estos: {offered}.")
        return operation

    if not reader.answered(Field.REQUEST_TYPE):
        reader.missing(Field.REQUEST_TYPE, f"Elija uno de estos: {offered}.")
        return None
    return reader.read(Field.REQUEST_TYPE, offered_operation)


def _account_type(reader: AnswerReader, policy: Institution, *, required: bool) -> AccountType | None:
    offered = ", ".join(ACCOUNT_TYPE_LABELS[account_type] for account_type in AccountType if account_type in policy.accounts)

    def offered_type(text: str) -> AccountType | Wrong:
        account_type = spoken_account_type(text)
        if account_type is None:
            return Wrong(f"No se entiende el tipo de cuenta {quoted(text)}. Elija uno solo de estos: {offered}.")
        if account_type not in policy.accounts:
            label = ACCOUNT_TYPE_LABELS[account_type]
            return Wrong(f"{policy.short_name} no ofrece cuentas del tipo «{label}». Elija uno de estos: {offered}.")
        return account_type

    return reader.read(Field.ACCOUNT_TYPE, offered_type, required=required, how=f"Elija uno de estos: {offered}.")


def _check_what_was_given(reader: AnswerReader) -> None:
    """The operation or the type is not known: what is missing cannot be told, but what was written can be checked."""
    reader.person(required=False)
    reader.person(ASSIGNEE_FIELDS, required=False)
    reader.contract(required=False)
    reader.institutional_email(Field.SUPERVISOR_EMAIL)
    reader.access_email_of_generic(reader.institutional_email(Field.OWNER_EMAIL))
    reader.personal_email(Field.ASSIGNEE_PERSONAL_EMAIL)
    reader.mobile(Field.ASSIGNEE_MOBILE)
    reader.generic_name()
    reader.account()
    reader.mobile()
    reader.position()
    reader.days(Field.FROM_DATE, Field.UNTIL_DATE)


def _access_address(reader: AnswerReader, operation: Operation | None, account_type: AccountType | None) -> EmailAddress | None:
    """Where the access data of a new account would go; a change of an existing one sends it nowhere that a response says."""
    match operation:
        case Operation.ASSIGN_CONTRACT:
            return reader.personal_email(Field.ASSIGNEE_PERSONAL_EMAIL)
        case None | Operation.CREATE:
            if account_type is AccountType.GENERIC:
                return reader.access_email_of_generic(reader.institutional_email(Field.OWNER_EMAIL))
            return reader.personal_email()
        case _:
            return None
