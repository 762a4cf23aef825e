"""The mails of the procedure, one value per kind (activities 4 and 5 of UPME's; activity B of Unidad para las Víctimas').

Whoever makes one of these has already decided everything; here nothing is decided, only said. Who receives it is decided
outside too: `AccessData` goes to the personal address, all others of this module to the requester. The mails of waiting and
of accounts that change by themselves are in `mails_course`, those that guard an account in `mails_guard`, those of many
accounts at once in `mails_batch`; all can be imported from here. Dates are days in the institution's zone.
"""

from dataclasses import dataclass, field
from datetime import date

from config.vocabulary import CaseNumber
from notify.mails_batch import BatchHeld, CampaignReport
from notify.mails_course import ContractEnded, DeletionUndone, LooseEnds, NothingToDo, Returned, Scheduled
from notify.mails_guard import AccessRevoked, AddressChangeNotice, ApprovalRecorded, PickupReminder, UserNotice

__all__ = [
    "AccessData",
    "AccessRevoked",
    "AddressChangeNotice",
    "AlreadyHasAccount",
    "ApprovalRecorded",
    "BatchHeld",
    "CampaignReport",
    "Cancelled",
    "ClosedUnanswered",
    "ContractEnded",
    "Correction",
    "DeletionUndone",
    "Duplicate",
    "LooseEnds",
    "Mail",
    "NothingToDo",
    "PickupReminder",
    "Refusal",
    "Report",
    "Returned",
    "Scheduled",
    "UserNotice",
    "masked_address",
]


@dataclass(frozen=True, slots=True)
class AccessData:
    """How to sign in (activity 4; after a change of password, activity 2.b): the only mail that carries a password."""

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
    """Who asked for the account, or for the change of password, in words the owner understands."""
    is_reset: bool = False
    """The account existed and its password was changed on request: the former one is void and its sessions were ended."""


@dataclass(frozen=True, slots=True)
class Report:
    """The request was attended (activity 4: "reportar gestión realizada"), whatever it asked for. Carries no credential."""

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
    outcome: str = ""
    """What was done, as one whole sentence; empty: "Su solicitud fue atendida"."""
    changes: tuple[tuple[str, str, str], ...] = ()
    """(label, before, after); an empty before or after is said as "(vacío)"."""
    next_steps: tuple[str, ...] = ()
    """What comes next, each a whole sentence; none and no access data: the requester has nothing more to do."""


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
    | Cancelled
    | Scheduled
    | Returned
    | NothingToDo
    | ContractEnded
    | LooseEnds
    | DeletionUndone
    | UserNotice
    | AddressChangeNotice
    | ApprovalRecorded
    | PickupReminder
    | AccessRevoked
    | CampaignReport
    | BatchHeld
)  # fmt: skip


def masked_address(address: str) -> str:
    """`m•••@gmail.com`: enough to recognise one's own address and too little to learn somebody else's."""
    local_part, at, domain = address.strip().rpartition("@")
    return f"{local_part[:1]}•••{at}{domain}" if at else "•••"
