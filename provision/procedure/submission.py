"""What was asked for, typed: the result of understanding one form response (activity 1 of the UPME procedure)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from config.vocabulary import AccountType, DocumentType, EmailAddress, Operation


@dataclass(frozen=True, slots=True)
class Person:
    """Names as they are to be shown (spaces and capitals normalised); the document keeps its leading zeros."""

    given_names: str
    surnames: str
    document_type: DocumentType
    document_number: str

    @property
    def full_name(self) -> str:
        """Given names and surnames, as on the badge."""
        return f"{self.given_names} {self.surnames}"


@dataclass(frozen=True, slots=True)
class Contract:
    """`start` is the first and `end` the last day worked; both are dates in the institution's zone, `start <= end`."""

    number: str
    start: date
    end: date


@dataclass(frozen=True, slots=True)
class CreatePersonalAccount:
    """CREATE for an employee, a contractor or an operator; the latter two always have a contract and a supervisor."""

    account_type: AccountType
    person: Person
    personal_email: EmailAddress
    unit: str
    """The unit's name in the institution's policy."""
    position: str = ""
    mobile: str = ""
    contract: Contract | None = None
    supervisor_email: EmailAddress | None = None
    notes: str = ""

    operation: Operation = Operation.CREATE


@dataclass(frozen=True, slots=True)
class CreateGenericAccount:
    """CREATE of an institutional account, which always has a person responsible for it."""

    generic_name: str
    owner_email: EmailAddress
    personal_email: EmailAddress
    unit: str
    mobile: str = ""
    notes: str = ""

    operation: Operation = Operation.CREATE
    account_type: AccountType = AccountType.GENERIC


@dataclass(frozen=True, slots=True)
class AttendedByHand:
    """An operation that this version registers, authorises and hands to the desk, because it does not carry it out itself."""

    operation: Operation
    account_type: AccountType
    unit: str
    account: str
    reason: str = ""


Submission = CreatePersonalAccount | CreateGenericAccount | AttendedByHand


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing wrong with one answer. `question` is the field's key; `label` and `message` are Spanish, for the requester."""

    question: str
    label: str
    message: str


def said(problems: Sequence[Problem]) -> str:
    """All problems in one Spanish line."""
    return "; ".join(f"{problem.label}: {problem.message}" for problem in problems)


@dataclass(frozen=True, slots=True)
class Defective:
    """A response that cannot be attended yet: everything wrong with it at once, and what could be understood all the same."""

    problems: tuple[Problem, ...]
    operation: Operation | None = None
    account_type: AccountType | None = None
    unit: str | None = None
    user: str = ""
    document_number: str | None = None
    personal_email: EmailAddress | None = None


@dataclass(frozen=True, slots=True)
class Granted:
    """The control point of activity 2 was passed: by which row of which matrix."""

    row: int
    """Row of the matrix as its reader sees it: 1 is the header."""
    role: str
    reason: str
    """Spanish, for the desk and the auditor."""
    matrix_version: str
    delegated_by: EmailAddress | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The control point was not passed. `reason` may be read by the requester: nothing of the matrix or the account in it."""

    code: str
    reason: str
    matrix_version: str


Authorisation = Granted | Refused


def user_name(content: CreatePersonalAccount | CreateGenericAccount) -> str:
    """Whose account it is, as people read it."""
    return content.person.full_name if isinstance(content, CreatePersonalAccount) else content.generic_name
