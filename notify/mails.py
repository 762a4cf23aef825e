"""The mails of the procedure, one value per kind (activities 4 and 5 of UPME's; activity B of Unidad para las Víctimas').

Whoever makes one of these has already decided everything; here nothing is decided, only said. Who receives it is decided
outside too: `AccessData` goes to the personal address, all others to the requester.
"""

from dataclasses import dataclass, field
from datetime import date

from config.vocabulary import CaseNumber


@dataclass(frozen=True, slots=True)
class AccessData:
    """How to sign in for the first time (activity 4): the only mail that carries a password, to the personal address."""

    case: CaseNumber
    person_name: str
    login: str
    mail_address: str | None
    """Institutional address; None: the account has no mailbox."""
    password: str = field(repr=False)
    """Temporary; must be changed at the first logon."""
    portal_url: str
    replaces_previous: bool
    """A crash made us issue a fresh password: the one in any earlier message no longer works."""
    expires_on: date | None
    """The last day the account works, in the institution's zone."""
    account_type_label: str
    requested_by: str
    """Who asked for the account, in words the owner understands."""


@dataclass(frozen=True, slots=True)
class Report:
    """The request was attended (activity 4: "reportar gestión realizada"). Carries no credential."""

    case: CaseNumber
    operation_label: str
    person_name: str
    account: str
    mail_address: str | None
    sent_to_masked: str | None
    """`masked_address` of where the access data went; None: there was none to send."""
    unit: str
    expires_on: date | None
    facts: tuple[tuple[str, str], ...] = ()
    """Further (label, value) pairs, in the order in which they are shown."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The control point of activity 2 was not passed. Reveals nothing of the matrix, nor whether an account exists."""

    case: CaseNumber
    operation_label: str
    person_name: str | None
    reason: str


@dataclass(frozen=True, slots=True)
class Correction:
    """Something is missing or contradictory (activity 5; activity B), with the time there is to mend it."""

    case: CaseNumber
    operation_label: str | None
    person_name: str
    """As far as it could be understood; may be empty."""
    problems: tuple[tuple[str, str], ...]
    """(question, what is wrong with the answer), both as the requester reads them."""
    form_url: str
    """Prefilled with the former answers and the case number when `answers_kept`."""
    deadline: date
    """Last day to answer, in the institution's zone."""
    is_reminder: bool = False
    answers_kept: bool = True


@dataclass(frozen=True, slots=True)
class ClosedUnanswered:
    """No answer came in time, so the case was closed (activity B)."""

    case: CaseNumber
    deadline: date


@dataclass(frozen=True, slots=True)
class Duplicate:
    """Another open case asks for the same thing for the same person."""

    case: CaseNumber
    of_case: CaseNumber
    person_name: str


@dataclass(frozen=True, slots=True)
class AlreadyHasAccount:
    """The person has an account already, so none was made. Only for requesters who are authorised."""

    case: CaseNumber
    person_name: str
    account: str
    enabled: bool
    suggestion: str
    """What the requester may ask for instead, as one or more whole sentences."""


@dataclass(frozen=True, slots=True)
class AttendedByHand:
    """An operation that is authorised and registered here, and carried out by the service desk."""

    case: CaseNumber
    operation_label: str


@dataclass(frozen=True, slots=True)
class Cancelled:
    """The service desk cancelled or rejected the case, with its reason."""

    case: CaseNumber
    reason: str


Mail = (
    AccessData
    | Report
    | Refusal
    | Correction
    | ClosedUnanswered
    | Duplicate
    | AlreadyHasAccount
    | AttendedByHand
    | Cancelled
)  # fmt: skip


def masked_address(address: str) -> str:
    """`m•••@gmail.com`: enough to recognise one's own address and too little to learn somebody else's."""
    local_part, at, domain = address.strip().rpartition("@")
    return f"{local_part[:1]}•••{at}{domain}" if at else "•••"
