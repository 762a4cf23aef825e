"""What guards an account: its owner, and whoever approved, hears of what was done in their name (UPME, activities 2 and 4).

Values only; `notify.mails` says how they are made. None has a place for a password. Dates are days in the institution's zone.
"""

from dataclasses import dataclass
from datetime import date

from config.vocabulary import CaseNumber


@dataclass(frozen=True, slots=True)
class UserNotice:
    """To the institutional mailbox: what was done to the account (activity 4: "se notificará al funcionario")."""

    case: CaseNumber
    person_name: str
    account: str
    what: str
    """What was done, as one or more whole sentences."""
    details: tuple[tuple[str, str], ...] = ()
    """(label, value): when it was asked for, by whom, and what else helps to recognise it."""
    was_it_you: bool = True
    """Whether to say whom to call at once if it was not expected."""


@dataclass(frozen=True, slots=True)
class AddressChangeNotice:
    """To the address that was on record, and to the institutional mailbox: another one was approved (activity 2.b).

    Whoever takes over an account changes its address first; the old one is where its owner still reads.
    """

    case: CaseNumber
    person_name: str
    account: str
    new_masked: str
    """`masked_address` of the new one."""
    on_new_address: bool = False
    """Said to the new address itself."""


@dataclass(frozen=True, slots=True)
class ApprovalRecorded:
    """To the approver: an approval was recorded in their name (second person; activity 2's control point)."""

    case: CaseNumber
    operation_label: str
    person_name: str
    approver: str
    """Address or name of whoever approved."""
    how: str
    """Where it was recorded: "tablero de seguimiento", "comando gestion approve"."""


@dataclass(frozen=True, slots=True)
class PickupReminder:
    """To the personal address: access data were sent and nobody used them yet (activity 4). Carries no password."""

    case: CaseNumber
    """The case whose access data these are: its number is how the former mail is found."""
    person_name: str
    login: str
    sent_on: date
    revoked_on: date
    """The day on which the temporary password stops working."""
    is_generic: bool = False
    """The account is one that the person answers for, not their own."""


@dataclass(frozen=True, slots=True)
class AccessRevoked:
    """To the requester: nobody used the access data, so they were revoked (activity 4)."""

    case: CaseNumber
    person_name: str
    account: str
    sent_on: date
