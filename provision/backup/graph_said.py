"""What Graph says of the things in a mailbox, as far as their copies need it; all the rest stays in the raw JSON beside them.

Field names and their meaning: https://learn.microsoft.com/graph/api/resources/event and …/contact. Text that Graph leaves out
or sends as null is None; words of its enumerations are kept as text, because it adds to them.
"""

from pydantic import AwareDatetime, BaseModel, ConfigDict
from pydantic.alias_generators import to_camel


class Said(BaseModel):
    """A part of a reply; what we do not know of it is ignored."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True, extra="ignore")


class Address(Said):
    """A mail address with the name that goes with it."""

    name: str | None = None
    address: str | None = None


class Instant(Said):
    """A `dateTimeTimeZone`: a local time (`2026-03-02T13:00:00.0000000`) and the zone's name, UTC unless we ask for another."""

    date_time: str
    time_zone: str | None = None


class Body(Said):
    """A text, `html` or `text`."""

    content: str | None = None
    content_type: str | None = None


class Place(Said):
    """Where an event takes place."""

    display_name: str | None = None


class Recipient(Said):
    """Whoever organises."""

    email_address: Address | None = None


class Response(Said):
    """`none`, `organizer`, `tentativelyAccepted`, `accepted`, `declined` or `notResponded`."""

    response: str | None = None


class Attendee(Said):
    """`type` is `required`, `optional` or `resource`."""

    email_address: Address | None = None
    type: str | None = None
    status: Response | None = None


class Pattern(Said):
    """How often a series comes back (https://learn.microsoft.com/graph/api/resources/recurrencepattern)."""

    type: str
    interval: int = 1
    month: int = 0
    day_of_month: int = 0
    days_of_week: tuple[str, ...] = ()
    first_day_of_week: str | None = None
    index: str | None = None


class Range(Said):
    """For how long: `endDate` (that day included), `noEnd` or `numbered`."""

    type: str
    end_date: str | None = None
    recurrence_time_zone: str | None = None
    number_of_occurrences: int = 0


class Recurrence(Said):
    """A pattern over a range."""

    pattern: Pattern
    range: Range


class Event(Said):
    """An event alone, a series, or an occurrence that differs from its series.

    `cancelled_occurrences` are ids that end in the day: `OID.<series>.2026-03-04`.
    """

    id: str
    i_cal_u_id: str | None = None
    type: str | None = None
    subject: str | None = None
    body: Body | None = None
    start: Instant | None = None
    end: Instant | None = None
    is_all_day: bool | None = None
    is_cancelled: bool | None = None
    is_reminder_on: bool | None = None
    reminder_minutes_before_start: int | None = None
    location: Place | None = None
    organizer: Recipient | None = None
    attendees: tuple[Attendee, ...] | None = None
    categories: tuple[str, ...] | None = None
    importance: str | None = None
    sensitivity: str | None = None
    show_as: str | None = None
    web_link: str | None = None
    created_date_time: AwareDatetime | None = None
    last_modified_date_time: AwareDatetime | None = None
    original_start: AwareDatetime | None = None
    original_start_time_zone: str | None = None
    recurrence: Recurrence | None = None
    cancelled_occurrences: tuple[str, ...] | None = None
    exception_occurrences: "tuple[Event, ...] | None" = None


class PostalAddress(Said):
    """Of a home, an office or another place."""

    street: str | None = None
    city: str | None = None
    state: str | None = None
    country_or_region: str | None = None
    postal_code: str | None = None


class Contact(Said):
    """A person or an organisation in somebody's contacts."""

    id: str
    display_name: str | None = None
    file_as: str | None = None
    given_name: str | None = None
    middle_name: str | None = None
    surname: str | None = None
    title: str | None = None
    generation: str | None = None
    nick_name: str | None = None
    company_name: str | None = None
    department: str | None = None
    job_title: str | None = None
    profession: str | None = None
    office_location: str | None = None
    manager: str | None = None
    assistant_name: str | None = None
    spouse_name: str | None = None
    children: tuple[str, ...] | None = None
    email_addresses: tuple[Address, ...] | None = None
    im_addresses: tuple[str, ...] | None = None
    business_phones: tuple[str, ...] | None = None
    home_phones: tuple[str, ...] | None = None
    mobile_phone: str | None = None
    business_home_page: str | None = None
    business_address: PostalAddress | None = None
    home_address: PostalAddress | None = None
    other_address: PostalAddress | None = None
    birthday: AwareDatetime | None = None
    personal_notes: str | None = None
    categories: tuple[str, ...] | None = None
    last_modified_date_time: AwareDatetime | None = None
