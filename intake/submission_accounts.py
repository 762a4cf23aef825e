"""From answers to the creation of an account: what each account type needs (activity 1.a)."""

from config.vocabulary import AccountType
from intake.answers import AnswerReader
from intake.forms.port import Field
from provision.procedure.submission import CreateGenericAccount, CreatePersonalAccount

LONGEST_NOTES = 2_000

WITH_CONTRACT = frozenset({AccountType.CONTRACTOR, AccountType.OPERATOR})
"""The account types that always have a contract."""


def personal_account(reader: AnswerReader, account_type: AccountType, unit: str | None) -> CreatePersonalAccount | None:
    """The account of a person; None: something is missing or wrong, and was noted."""
    contracted = account_type in WITH_CONTRACT
    person = reader.person()
    personal_email = reader.personal_email(required=True)
    contract = reader.contract(required=contracted)
    supervisor = reader.institutional_email(Field.SUPERVISOR_EMAIL, required=contracted)
    mobile, position, notes = reader.mobile(), reader.position(), reader.text(Field.NOTES, longest=LONGEST_NOTES)
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


def generic_account(reader: AnswerReader, unit: str | None) -> CreateGenericAccount | None:
    """An institutional account; None: something is missing or wrong, and was noted."""
    name = reader.generic_name(required=True)
    owner = reader.institutional_email(Field.OWNER_EMAIL, required=True)
    access_email = reader.access_email_of_generic(owner, required=True)
    mobile, notes = reader.mobile(), reader.text(Field.NOTES, longest=LONGEST_NOTES)
    if name is None or owner is None or access_email is None or unit is None:
        return None
    return CreateGenericAccount(name, owner, access_email, unit, mobile=mobile, notes=notes)
