"""The authorizer matrix as values: its rows, the roles and what each role may ask for (activity 2, control point)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum, StrEnum
from typing import Final, Literal, TypeVar

from config.vocabulary import AccountType, EmailAddress, Operation
from provision.procedure.submission import Granted, Refused

Word = TypeVar("Word", bound=StrEnum)


class All(Enum):
    """A cell that says "todas": whatever there is, now or later."""

    ALL = "todas"


ALL: Final = All.ALL
Everything = Literal[All.ALL]


class Role(StrEnum):
    """Who somebody is to the procedure (activity 1); the value is its Spanish name."""

    HUMAN_RESOURCES = "Talento Humano"
    HEAD = "jefe de área"
    COORDINATOR = "coordinador"
    SUPERVISOR = "supervisor"
    DELEGATE = "delegado"
    SERVICE_DESK = "mesa de servicio"
    """Asks for nothing by itself; such a row is there to make somebody an approver."""


Pairs = frozenset[tuple[Operation, AccountType]]
"""Which operations for which account types."""

_ACCOUNT = frozenset(
    {Operation.CREATE, Operation.MODIFY, Operation.ACTIVATE, Operation.DEACTIVATE, Operation.DELETE},
)
_CONTRACT = _ACCOUNT | {Operation.ASSIGN_CONTRACT, Operation.SUSPEND_CONTRACT, Operation.TERMINATE_CONTRACT}
_RESET = frozenset({Operation.RESET_PASSWORD})

_OF_A_UNIT: Mapping[AccountType, frozenset[Operation]] = {
    AccountType.EMPLOYEE: _RESET,
    AccountType.CONTRACTOR: _CONTRACT | _RESET,
    AccountType.OPERATOR: _CONTRACT | _RESET,
    AccountType.GENERIC: _ACCOUNT | _RESET,
}
DEFAULT_RIGHTS: Mapping[Role, Mapping[AccountType, frozenset[Operation]]] = {
    Role.HUMAN_RESOURCES: {AccountType.EMPLOYEE: _ACCOUNT},
    Role.HEAD: _OF_A_UNIT,
    Role.COORDINATOR: _OF_A_UNIT,
    Role.SUPERVISOR: {AccountType.CONTRACTOR: _CONTRACT | _RESET, AccountType.OPERATOR: _CONTRACT | _RESET},
    Role.DELEGATE: {AccountType.CONTRACTOR: _CONTRACT, AccountType.OPERATOR: _CONTRACT, AccountType.GENERIC: _ACCOUNT},
    Role.SERVICE_DESK: {},
}
"""Activity 1 of the UPME procedure: a, who creates; b, "el usuario o su jefe inmediato o supervisor"; c, who updates."""

_CORE_TYPES: Mapping[Role, frozenset[AccountType]] = {
    role: frozenset(kind for kind, operations in rights.items() if operations != _RESET)
    for role, rights in DEFAULT_RIGHTS.items()
}
"""The account types that a role looks after; a password change of another one is all it may ask."""


@dataclass(frozen=True, slots=True)
class MatrixRow:
    """One row. An empty `operations` or `account_types` is an empty cell: what the role may by default.

    `valid_from` and `valid_until` are dates in the institution's zone, both inclusive; None: no limit on that side.
    """

    row: int
    """As its reader sees it: 1 is the header."""
    requester: EmailAddress
    name: str
    role: Role
    units: frozenset[str] | Everything
    operations: frozenset[Operation] | Everything = frozenset()
    account_types: frozenset[AccountType] | Everything = frozenset()
    delegate_of: EmailAddress | None = None
    valid_from: date | None = None
    valid_until: date | None = None
    approver: bool = False
    needs_approval: bool = False
    """What the row grants, or delegates, a second person must approve."""

    def in_force(self, on: date) -> bool:
        """Whether the row counts on this day."""
        return (self.valid_from is None or self.valid_from <= on) and (self.valid_until is None or on <= self.valid_until)

    def pairs(self) -> Pairs:
        """What the row says may be asked for, before units, dates and the delegator's own right.

        An operation written without types goes with the types for which the role may ask it by default, else with those the
        role looks after; a type written without operations, with the role's operations for it, else with all of the role's.
        """
        rights = DEFAULT_RIGHTS[self.role]
        core = _CORE_TYPES[self.role]
        usual = frozenset(operation for kind in core for operation in rights[kind])
        operations = _chosen(self.operations, Operation)
        kinds = _chosen(self.account_types, AccountType)
        if operations and kinds:
            return frozenset((operation, kind) for operation in operations for kind in kinds)
        if operations:
            by_default = {operation: {kind for kind in rights if operation in rights[kind]} for operation in operations}
            return frozenset((operation, kind) for operation in operations for kind in (by_default[operation] or core))
        if kinds:
            return frozenset((operation, kind) for kind in kinds for operation in rights.get(kind, usual))
        return frozenset((operation, kind) for kind, allowed in rights.items() for operation in allowed)


def _chosen(cell: frozenset[Word] | Everything, every: type[Word]) -> frozenset[Word]:
    return frozenset(every) if isinstance(cell, All) else cell


@dataclass(frozen=True, slots=True)
class Matrix:
    """A whole matrix that was found valid. `version` is the digest of its content, recorded with every decision."""

    rows: tuple[MatrixRow, ...]
    version: str

    def rows_of(self, requester: EmailAddress) -> tuple[MatrixRow, ...]:
        """The rows of one address: the whole of it, case-insensitive, nothing else normalised (user+x@ is somebody else)."""
        wanted = _identity(requester)
        return tuple(row for row in self.rows if _identity(row.requester) == wanted) if wanted else ()


def _identity(address: str) -> str:
    # casefold makes an ASCII letter of some that are none (the Kelvin sign is a k): such an address is nobody's.
    return address.strip().lower() if address.isascii() else ""


@dataclass(frozen=True, slots=True)
class InvalidMatrix:
    """Everything wrong with a matrix, in Spanish, each with its row and column."""

    problems: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Claim:
    """What somebody asks to be allowed. None: not known yet (a response with problems), and nothing is decided by it.

    `on` is the date of the request in the institution's zone; `unit` is the unit's name in the policy.
    """

    requester: EmailAddress | None
    operation: Operation | None
    account_type: AccountType | None
    unit: str | None
    personal_email: EmailAddress | None
    user_name: str | None
    on: date
    account: str | None = None
    """The institutional account concerned, where the request names one."""


@dataclass(frozen=True, slots=True)
class Explanation:
    """A decision, and how each of the requester's rows led to it; Spanish, for administrators only."""

    decision: Granted | Refused
    steps: tuple[str, ...]
