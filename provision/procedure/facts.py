"""What carrying out the steps of a request has taught us. A field is None until it is known."""

from dataclasses import dataclass, fields, replace
from datetime import date, datetime
from enum import StrEnum

from config.vocabulary import AccountType, CaseNumber, EmailAddress


@dataclass(frozen=True, slots=True)
class Subject:
    """The existing account that a request concerns, as directory and journal knew it when it was last looked at."""

    account_id: str
    login: str
    mail_address: str
    display_name: str
    account_type: AccountType
    unit: str
    enabled: bool
    document_number: str | None = None
    address_on_record: EmailAddress | None = None
    """Where its access data went at its creation; None: the program did not make it."""
    manager_mail: str | None = None
    contract_number: str | None = None
    contract_end: date | None = None
    """The last day worked, in the institution's zone."""
    password_set_at: datetime | None = None


class Attribute(StrEnum):
    """A part of an account that a modification changes; the value is its Spanish name."""

    GIVEN_NAMES = "Nombres"
    SURNAMES = "Apellidos"
    DISPLAY_NAME = "Nombre que se muestra"
    POSITION = "Cargo"
    MOBILE = "Teléfono celular"
    UNIT = "Dependencia"
    ACCOUNT_TYPE = "Tipo de cuenta"
    OU = "Unidad organizativa"
    GROUP_REMOVED = "Sale del grupo"
    GROUP_ADDED = "Entra al grupo"
    SUPERVISOR = "Supervisor, jefe o responsable"
    CONTRACT_NUMBER = "Número de contrato"
    CONTRACT_START = "Inicio del contrato"
    CONTRACT_END = "Terminación del contrato"
    ALIAS = "Dirección adicional"


@dataclass(frozen=True, slots=True)
class Change:
    """One planned change. Dates are written as in ISO 8601; an empty text is no value."""

    attribute: Attribute
    before: str
    after: str

    @property
    def said(self) -> tuple[str, str, str]:
        """Label, before and after, as people read them."""
        return self.attribute.value, _spoken(self.before), _spoken(self.after)


def _spoken(text: str) -> str:
    try:
        return f"{date.fromisoformat(text):%d/%m/%Y}" if len(text) == 10 else text
    except ValueError:
        return text


@dataclass(frozen=True, slots=True)
class BackupTaken:
    """A backup that was verified by reading it again."""

    items: int
    bytes: int
    digest: str
    location: str
    not_converted: int = 0


@dataclass(frozen=True, slots=True)
class LooseEnds:
    """What somebody who leaves is still responsible for: names and logins, as the head and the desk read them."""

    people: tuple[str, ...] = ()
    generic_accounts: tuple[str, ...] = ()

    @property
    def any(self) -> bool:
        """Whether there is something to hand over."""
        return bool(self.people or self.generic_accounts)


class Pickup(StrEnum):
    """How the watch over the first use of access data ended."""

    USED = "USED"
    REVOKED = "REVOKED"
    OVER = "OVER"
    """The account is gone, inactive, or got newer access data."""


@dataclass(frozen=True, slots=True)
class ReturnedAccess:
    """Access data that the mail server accepted and that came back later."""

    to: EmailAddress
    status: str
    """RFC 3463, from the delivery report."""
    reason: str
    """Spanish."""
    times: int
    """How many times it came back in this case, this one included."""

    @property
    def about_us(self) -> bool:
        """Size, content and security rules speak of our mail or our server: another address would fare no better."""
        return self.status[1:].startswith((".3.", ".6.", ".7."))


@dataclass(frozen=True, slots=True)
class Facts:
    """All of it; instants are aware UTC."""

    ticket: str | None = None
    licence: str | None = None
    login: str | None = None
    mail_address: str | None = None
    account_id: str | None = None
    cloud_user: str | None = None
    access_sent_to: str | None = None
    access_sent_at: datetime | None = None
    existing_login: str | None = None
    existing_enabled: bool | None = None
    subject: Subject | None = None
    subject_user: str | None = None
    """The subject's user in the cloud: after a deletion nobody finds it by the account."""
    changes: tuple[Change, ...] | None = None
    changed_at: datetime | None = None
    """When they were made in the directory: the cloud has them once it is synchronised after that."""
    address_case: CaseNumber | None = None
    """The change of address that a password change asked for."""
    hold_placed: bool | None = None
    hold_lifted_on: date | None = None
    hold_lifted_for: EmailAddress | None = None
    """Who asked for an activation that lifted it, and so is told of that one that the account works again."""
    still_held: str | None = None
    """Why the account stays inactive though this request's hold ended; empty: it works again."""
    only_away: bool | None = None
    """Nothing but absences keeps the account inactive: whoever is away is still one of us, with groups and licence."""
    loose_ends: LooseEnds | None = None
    groups_removed: tuple[str, ...] | None = None
    backup: BackupTaken | None = None
    backup_by_hand: str | None = None
    """What the desk must do, where the installation copies no mailboxes."""
    no_mailbox: bool | None = None
    """The account has no user in the cloud, or that one no licence: nothing to back up there."""
    computers: tuple[str, ...] | None = None
    """Names of the person's computers that leave the domain."""
    computers_removed: bool | None = None
    account_deleted_at: datetime | None = None
    mailbox_until: datetime | None = None
    """Until when the deleted mailbox can still be restored."""
    mailbox_gone: bool | None = None
    undone: tuple[str, ...] | None = None
    not_undone: tuple[str, ...] | None = None
    activation_unexplained: bool | None = None
    """The account is inactive for a reason that the program did not record: the desk decides."""
    pickup: Pickup | None = None
    first_used_at: datetime | None = None
    access_returned: ReturnedAccess | None = None
    reports_returned: int | None = None
    """How many mails to the requester came back."""

    def learn(self, news: "Facts") -> "Facts":
        """These facts with everything that `news` knows."""
        known = {field.name: value for field in fields(news) if (value := getattr(news, field.name)) is not None}
        return replace(self, **known)
