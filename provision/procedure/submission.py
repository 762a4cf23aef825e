"""What was asked for, typed: the result of understanding one form response (activity 1 of the UPME procedure)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal

from config.vocabulary import AccountType, CaseNumber, DocumentType, EmailAddress, HoldReason, Operation

EXACT = {"extra": "forbid"}
"""Read back from the journal a value is taken for its own kind only, whatever fields it shares with another one.

So each kind names its operation as a literal too: an activation has every field that a modification needs.
"""


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

    __pydantic_config__ = EXACT

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

    operation: Literal[Operation.CREATE] = Operation.CREATE


@dataclass(frozen=True, slots=True)
class CreateGenericAccount:
    """CREATE of an institutional account, which always has a person responsible for it."""

    __pydantic_config__ = EXACT

    generic_name: str
    owner_email: EmailAddress
    personal_email: EmailAddress
    unit: str
    mobile: str = ""
    notes: str = ""

    operation: Literal[Operation.CREATE] = Operation.CREATE
    account_type: AccountType = AccountType.GENERIC


@dataclass(frozen=True, slots=True)
class Target:
    """The existing account that a request names: by its address or login, by the person's document, or by both."""

    account: str = ""
    """Institutional address or login as typed; empty when only the document was given."""
    document_number: str | None = None
    name: str = ""
    """Names as typed, for whoever reads the case; never used to find the account."""

    @property
    def said(self) -> str:
        """As people read it."""
        return self.account or self.name or (f"documento {self.document_number}" if self.document_number else "")


@dataclass(frozen=True, slots=True)
class ResetPassword:
    """RESET_PASSWORD, by the user, the immediate boss or the supervisor (activities 1.b and 2.b)."""

    __pydantic_config__ = EXACT

    target: Target
    on_premises: bool
    """The user is in the institution: the change is enabled at next logon and nothing is mailed but the notice."""
    account_type: AccountType | None = None
    """As claimed; who may ask is decided on what the directory says. The same holds for `unit`."""
    unit: str | None = None
    other_address: EmailAddress | None = None
    """A personal address typed in the form. It never receives this password: it asks for a change of the recorded address."""

    operation: Literal[Operation.RESET_PASSWORD] = Operation.RESET_PASSWORD


@dataclass(frozen=True, slots=True)
class ChangeAddress:
    """The separate change of the address on record that a password change asked for; somebody else approves it."""

    __pydantic_config__ = EXACT

    target: Target
    new_address: EmailAddress
    of_case: CaseNumber
    """The password change that brought it."""
    account_type: AccountType | None = None
    unit: str | None = None

    operation: Literal[Operation.MODIFY] = Operation.MODIFY


@dataclass(frozen=True, slots=True)
class ContractChange:
    """What a response says of a contract: what is None was not said. Dates are in the institution's zone, `end` worked."""

    number: str | None = None
    start: date | None = None
    end: date | None = None


@dataclass(frozen=True, slots=True)
class Modify:
    """MODIFY: transfer, position, name, supervisor, extension of the contract. None: stays as it is. At least one is given."""

    __pydantic_config__ = EXACT

    target: Target
    account_type: AccountType
    unit: str
    """Where the account is to be; a transfer when it is elsewhere now."""
    given_names: str | None = None
    surnames: str | None = None
    position: str | None = None
    mobile: str | None = None
    supervisor_email: EmailAddress | None = None
    """The new supervisor or boss, or the new owner of a generic account."""
    generic_name: str | None = None
    contract: ContractChange | None = None
    from_date: date | None = None
    """First day on which it holds; None: at once."""
    notes: str = ""

    operation: Literal[Operation.MODIFY] = Operation.MODIFY


@dataclass(frozen=True, slots=True)
class Deactivate:
    """DEACTIVATE, SUSPEND_CONTRACT and TERMINATE_CONTRACT: a hold from a date, perhaps until one.

    `from_date` is the first day without access, `until_date` the last; access returns at 00:00 of the next day.
    """

    __pydantic_config__ = EXACT

    operation: Operation
    target: Target
    account_type: AccountType
    unit: str | None
    why: HoldReason
    from_date: date
    until_date: date | None = None
    contract_number: str = ""
    notes: str = ""
    campaign: str = ""
    """The digest of the approved campaign plan that it belongs to; empty: none."""


@dataclass(frozen=True, slots=True)
class Activate:
    """ACTIVATE: temporary holds end on `from_date`; a former contractor comes back with a new contract."""

    __pydantic_config__ = EXACT

    target: Target
    account_type: AccountType
    unit: str | None
    from_date: date
    contract: Contract | None = None
    supervisor_email: EmailAddress | None = None
    notes: str = ""

    operation: Literal[Operation.ACTIVATE] = Operation.ACTIVATE


@dataclass(frozen=True, slots=True)
class AssignContract:
    """ASSIGN_CONTRACT (cesión): the assignor is held from the assignee's first day, `from_date`.

    The assignee's account is created with what remains of the contract.
    """

    __pydantic_config__ = EXACT

    target: Target
    """The assignor's account."""
    account_type: AccountType
    unit: str
    assignee: Person
    personal_email: EmailAddress
    """The assignee's."""
    from_date: date
    contract: Contract
    """What remains of it: from the assignee's first day to its end."""
    supervisor_email: EmailAddress
    position: str = ""
    mobile: str = ""
    notes: str = ""

    operation: Literal[Operation.ASSIGN_CONTRACT] = Operation.ASSIGN_CONTRACT


@dataclass(frozen=True, slots=True)
class Delete:
    """DELETE (activity 3, "eliminación de usuario"). `computer`: the machine named in the form, beside the managed ones."""

    __pydantic_config__ = EXACT

    target: Target
    account_type: AccountType
    unit: str | None
    computer: str = ""
    reason: str = ""

    operation: Literal[Operation.DELETE] = Operation.DELETE


Creation = CreatePersonalAccount | CreateGenericAccount
OnAccount = ResetPassword | ChangeAddress | Modify | Deactivate | Activate | AssignContract | Delete
"""The requests that concern an account which exists already."""
Submission = Creation | OnAccount


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

    __pydantic_config__ = EXACT

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

    __pydantic_config__ = EXACT

    row: int
    """Row of the matrix as its reader sees it: 1 is the header."""
    role: str
    reason: str
    """Spanish, for the desk and the auditor."""
    matrix_version: str
    delegated_by: EmailAddress | None = None
    second_person: bool = False
    """The row says that somebody else must approve what it grants."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The control point was not passed. `reason` may be read by the requester: nothing of the matrix or the account in it."""

    __pydantic_config__ = EXACT

    code: str
    reason: str
    matrix_version: str


@dataclass(frozen=True, slots=True)
class Provisional:
    """The requester may ask for this of some account; whether of this one is decided when the directory has named it.

    Boss, supervisor, unit and account type are who and what the directory, the journal or the matrix say, never what the same
    response claims.
    """

    __pydantic_config__ = EXACT

    reason: str
    """Spanish, for the desk and the auditor."""
    matrix_version: str


Authorisation = Granted | Refused | Provisional


def assignee_of(content: AssignContract) -> CreatePersonalAccount:
    """The creation that a cession asks for: the assignee's account, with what remains of the contract."""
    return CreatePersonalAccount(
        account_type=content.account_type,
        person=content.assignee,
        personal_email=content.personal_email,
        unit=content.unit,
        position=content.position,
        mobile=content.mobile,
        contract=content.contract,
        supervisor_email=content.supervisor_email,
        notes=content.notes,
    )


def user_name(content: Creation) -> str:
    """Whose account it is, as people read it."""
    return content.person.full_name if isinstance(content, CreatePersonalAccount) else content.generic_name
