"""What is told while a case waits and when an account changes by itself (UPME, activities 3 and 4; Unidad, numeral 5).

Values only; `notify.mails` says how they are made. Dates are days in the institution's zone.
"""

from dataclasses import dataclass
from datetime import date

from config.vocabulary import CaseNumber


@dataclass(frozen=True, slots=True)
class Scheduled:
    """Accepted and to be applied on a later day that was asked for (activity 3); the desk can still cancel it."""

    case: CaseNumber
    operation_label: str
    person_name: str
    account: str
    on: date
    """The day on which it is applied."""
    what: str
    """What will be done on that day, as a phrase or a whole sentence."""


@dataclass(frozen=True, slots=True)
class Returned:
    """A hold ended by its own date: access is back, or something else keeps the account inactive (activity 4)."""

    case: CaseNumber
    person_name: str
    account: str
    on: date
    """The first day after the hold."""
    still_inactive_because: str = ""
    """The other reason, in words; empty: the account works again."""


@dataclass(frozen=True, slots=True)
class NothingToDo:
    """What was asked for holds already, so nothing was changed (activity 4). Only for requesters who are authorised."""

    case: CaseNumber
    operation_label: str
    person_name: str
    account: str
    why: str
    suggestion: str = ""
    """What the requester may ask for instead, as one or more whole sentences."""


@dataclass(frozen=True, slots=True)
class ContractEnded:
    """To the supervisor: the account became inactive because the contract ended (Unidad, numeral 5; UPME, numeral 5)."""

    case: CaseNumber
    person_name: str
    account: str
    ended_on: date
    """The last day of the contract."""


@dataclass(frozen=True, slots=True)
class LooseEnds:
    """To the head of the unit and the desk: what somebody who leaves for good leaves behind (UPME, numeral 5: "retiro").

    Of each list the first hundred are shown, and how many more there are.
    """

    case: CaseNumber
    person_name: str
    unit: str
    leaves_on: date
    """The first day without access."""
    people: tuple[str, ...]
    """Whose boss or supervisor the person is."""
    generic_accounts: tuple[str, ...]
    """Which generic accounts the person answers for."""
    groups: tuple[str, ...]
    """Memberships that were recorded: they come back if the person does."""
    not_undone: tuple[str, ...] = ()
    """What the program leaves as it is, so that somebody has to look at it; each a phrase or a sentence."""


@dataclass(frozen=True, slots=True)
class DeletionUndone:
    """A deletion was cancelled before its last step (activity 3): what came back and what did not."""

    case: CaseNumber
    person_name: str
    account: str
    undone: tuple[str, ...]
    """What is again as it was; each a phrase or a sentence."""
    not_undone: tuple[str, ...]
    """What could not come back, and why."""
