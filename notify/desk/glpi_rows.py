"""What GLPI's legacy REST answers, read strictly enough to notice when it is something else.

Older versions write numbers as text; times are of the server's zone and do not say which.
"""

from datetime import UTC, datetime, timedelta
from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, TypeAdapter, ValidationError

from notify.desk.glpi_errors import not_understood

Parsed = TypeVar("Parsed")

_QUARTER_HOUR_SECONDS = 900


def _text(value: object) -> object:
    return "" if value is None else value


def _number(value: object) -> object:
    return 0 if value in {None, ""} else value


Words = Annotated[str, BeforeValidator(_text)]
Number = Annotated[int, BeforeValidator(_number)]


class Row(BaseModel):
    """An object of GLPI: what is not used is not looked at."""

    model_config = ConfigDict(extra="ignore", frozen=True, defer_build=True)


class TicketFound(Row):
    """`GET Ticket/:id`."""

    id: int
    externalid: Words = ""
    status: int
    is_deleted: Number = 0
    content: Words = ""
    date_mod: str
    users_id_lastupdater: Number = 0
    users_id_recipient: int | None = None


class EntryFound(Row):
    """A row of `GET Ticket/:id/ITILFollowup` and `…/ITILSolution`; `status` 4 of a solution is «refused»."""

    id: int
    content: Words = ""
    users_id: Number = 0
    date: str | None = None
    date_creation: str | None = None
    status: Number = 0


class TicketUser(Row):
    """A row of `GET Ticket/:id/Ticket_User`: `type` 1 is the requester."""

    users_id: Number = 0
    type: Number = 0
    alternative_email: Words = ""


class UserFound(Row):
    """`GET User/:id`."""

    name: Words = ""
    realname: Words = ""
    firstname: Words = ""


class Profile(Row):
    """The rights of the session's profile, as bits (src/Ticket.php, src/ITILSubItemRights.php)."""

    name: Words = ""
    interface: Words = "central"
    ticket: Number = 0
    followup: Number = 0


class Session(Row):
    """`GET getFullSession`: who we are, what we may do, and the server's clock."""

    user: Number = Field(default=0, validation_alias="glpiID")
    now: str = Field(validation_alias="glpi_currenttime")
    profile: Profile = Field(validation_alias="glpiactiveprofile")


class FullSession(Row):
    """The envelope of the session."""

    session: Session


class SearchOption(Row):
    """One column of `GET listSearchOptions/Ticket`."""

    table: Words = ""
    field: Words = ""
    available_searchtypes: list[str] = Field(default_factory=list)


class Searched(Row):
    """A page of `GET search/Ticket`: each row maps a search option's number to its value."""

    totalcount: Number
    data: list[dict[str, JsonValue]] = Field(default_factory=list)


class SessionToken(Row):
    """`GET initSession`."""

    session_token: Annotated[str, Field(min_length=8)]


class Added(Row):
    """`POST`: the new item's number."""

    id: Annotated[int, Field(gt=0)]


def parsed(adapter: TypeAdapter[Parsed], body: JsonValue, what: str) -> Parsed:
    """The reply as the type says. Raises Misconfigured, naming `what` (Spanish) was asked; never shows what was answered."""
    try:
        return adapter.validate_python(body)
    except ValidationError:
        # Not chained: its text holds what was answered.
        raise not_understood(what) from None


def utc_offset(server_now: str, now: datetime) -> timedelta:
    """How far the server's wall clock is from UTC, to the quarter of an hour: no zone is finer, and clocks drift less.

    So the same time of the server is the same instant in every session. Raises ValueError for a time that is none.
    """
    seconds = apart(server_now, now).total_seconds()
    return timedelta(seconds=round(seconds / _QUARTER_HOUR_SECONDS) * _QUARTER_HOUR_SECONDS)


def apart(server_now: str, now: datetime) -> timedelta:
    """How far the server's wall clock is from our own in UTC. Raises ValueError for a time that is none."""
    return datetime.fromisoformat(server_now).replace(tzinfo=UTC) - now
