"""What GLPI 11's high-level API answers (its schema: `/api.php/v2/doc.json`; source: src/Glpi/Api/HL/Controller)."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, Field

from notify.desk.glpi_rows import Number, Row, Words


def _utc(at: datetime) -> datetime:
    return at.astimezone(UTC)


Instant = Annotated[AwareDatetime, AfterValidator(_utc)]


class Named(Row):
    """Another item: its number, and a name where there is one."""

    id: Number = 0
    name: Words = ""


class StatusFound(Row):
    """The state of a ticket."""

    id: int


class Ticket11(Row):
    """`GET /Assistance/Ticket/:id` and each row of `GET /Assistance/Ticket`."""

    id: int
    external_id: Words = ""
    status: StatusFound
    is_deleted: bool = False
    content: Words = ""
    date_mod: Instant


class Entry11(Row):
    """A followup or a solution; `user` is missing before GLPI 11.0.3, and solutions have had no date in any version."""

    id: int
    content: Words = ""
    user: Named | None = None
    date_creation: Instant | None = None


class TimelineItem(Row):
    """How the timeline wraps its items, those of a single kind as well."""

    item: Entry11


class TeamMember(Row):
    """A row of `GET …/TeamMember`: it has no number, only a link whose query ends in it."""

    role: Words = ""
    href: Words = ""


class Email(Row):
    """One of a user's addresses."""

    email: Words = ""


class User11(Row):
    """A row of `GET /Administration/User`, and `GET /Administration/User/:id`."""

    id: int
    username: Words = ""
    realname: Words = ""
    firstname: Words = ""
    emails: list[Email] = Field(default_factory=list)


class Session11(Row):
    """`GET /session`: the current time carries the server's offset; the entity is where tickets are opened."""

    user_id: Annotated[int, Field(gt=0)]
    current_time: AwareDatetime
    active_entity: Named = Named()


class Token(Row):
    """`POST /token`."""

    access_token: Annotated[str, Field(min_length=8)]
