"""A step of the procedure, the rules that decide with it, and what several operations ask of a request."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time

from config.calendar import BusinessCalendar
from config.dates import end_of_day, local_date, start_of_day
from config.institution import Institution
from config.vocabulary import HoldReason
from provision.procedure.acts import Act, WaitingFor
from provision.procedure.model import Origin, Request, StepKey
from provision.procedure.submission import (
    AssignContract,
    ChangeAddress,
    CreateGenericAccount,
    CreatePersonalAccount,
    Creation,
    Deactivate,
    Defective,
    Delete,
    Granted,
    assignee_of,
)


@dataclass(frozen=True, slots=True)
class Step:
    """One step. `activity` is its number in the UPME procedure; `not_before` an aware instant, None: at once."""

    act: Act
    title: str
    activity: str
    each_round: bool = False
    suffix: str = ""
    not_before: datetime | None = None
    waits_as: WaitingFor = WaitingFor.START_DATE
    """What a request waits for until `not_before`."""
    after_report: bool = False
    """It belongs to what is watched once the request was attended and reported."""
    needs_admission: bool = False
    """Only the word of the run's batch lets it begin; see `Admitted`."""

    def key(self, round: int) -> StepKey:
        """The step's identity within its request."""
        parts = [self.act.value, *([f"r{round}"] if self.each_round else []), *([self.suffix] if self.suffix else [])]
        return StepKey(".".join(parts))


@dataclass(frozen=True, slots=True)
class Rules:
    """What decides how a request goes on, besides the request itself."""

    policy: Institution
    calendar: BusinessCalendar
    now: datetime

    @property
    def today(self) -> date:
        """The date in the institution's zone."""
        return local_date(self.now, self.policy.zone)

    def policy_day(self, at: datetime) -> date:
        """The date of an instant in the institution's zone."""
        return local_date(at, self.policy.zone)

    def morning_after(self, at: datetime, business_days: int) -> datetime:
        """When the work of the day opens, so many business days after the day of `at`; aware UTC."""
        day = self.calendar.add_business_days(local_date(at, self.policy.zone), business_days)
        opens = time.fromisoformat(self.policy.business_hours.opens)
        return datetime.combine(day, opens, self.policy.zone).astimezone(UTC)

    def begin_of(self, day: date) -> datetime:
        """00:00 of a day in the institution's zone; aware UTC."""
        return start_of_day(day, self.policy.zone)


REGISTER = Step(Act.REGISTER_TICKET, "Registrar la solicitud en la mesa de servicio", "2 PC")
CHECK = Step(Act.CHECK_ACCOUNT, "Identificar la cuenta y confirmar la autorización", "2 PC", each_round=True)
RELEASE = Step(Act.RELEASE_RESERVATIONS, "Liberar lo reservado", "3", each_round=True)
REPORT = Step(Act.REPORT, "Reportar al solicitante", "4 PC")
TELL_USER = Step(Act.MAIL_USER, "Avisar al usuario en su buzón institucional", "4 PC")
CLOSE = Step(Act.CLOSE_TICKET, "Cerrar la solicitud en la mesa de servicio", "6")


def creation_of(request: Request) -> Creation | None:
    """The account that a request makes: a creation's, or a cession's assignee's."""
    match request.content:
        case CreatePersonalAccount() | CreateGenericAccount():
            return request.content
        case AssignContract():
            return assignee_of(request.content)
        case _:
            return None


def expiry(request: Request, policy: Institution) -> datetime | None:
    """When the account asked for stops working: 24:00 of the contract's last day in the institution's zone; None: never."""
    content = creation_of(request)
    if isinstance(content, CreatePersonalAccount) and content.contract is not None:
        return end_of_day(content.contract.end, policy.zone)
    return None


def licence_of(request: Request, policy: Institution) -> str | None:
    """The mailbox licence that the institution gives to the account a request makes or concerns; None: it gives none.

    What the directory says of an existing account counts, never the type that the response claims.
    """
    if isinstance(request.content, Defective):
        return None
    made = creation_of(request)
    subject = request.facts.subject
    account_type = made.account_type if made is not None else subject.account_type if subject is not None else None
    if account_type is None or account_type not in policy.accounts:
        return None
    return policy.accounts[account_type].licence


def subject_has_licence(request: Request, policy: Institution) -> bool:
    """Whether the institution gives a mailbox to accounts like the one concerned."""
    subject = request.facts.subject
    return (
        subject is not None and subject.account_type in policy.accounts and bool(policy.accounts[subject.account_type].licence)
    )


def needs_second_person(request: Request, policy: Institution) -> bool:
    """Whether somebody besides the requester must approve it, by policy or by the row of the matrix that grants it."""
    by_matrix = isinstance(request.authorisation, Granted) and request.authorisation.second_person
    operation = request.content.operation
    by_policy = operation in policy.approvals.operations and request.origin is Origin.FORM
    return by_matrix or by_policy or isinstance(request.content, ChangeAddress)


def undelivered(request: Request) -> bool:
    """Whether the request made an account whose access data reached nobody."""
    return creation_of(request) is not None and request.facts.account_id is not None and request.facts.access_sent_to is None


def hold_reason(request: Request) -> HoldReason | None:
    """Why the request makes an account inactive; None: it does not."""
    match request.content:
        case Deactivate(why=why):
            return why
        case AssignContract():
            return HoldReason.ASSIGNED
        case Delete():
            return HoldReason.DELETION
        case _:
            return None


def for_good(request: Request) -> bool:
    """Whether the hold has no end: the person leaves."""
    reason = hold_reason(request)
    return reason is not None and not reason.temporary
