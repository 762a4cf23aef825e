"""Calendars and events (https://learn.microsoft.com/graph/api/resources/event).

A series' cancelled occurrences and its exceptions are told only of one series, and only when they are asked for.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import unquote

from tests.servers.graph.mailboxes import Attachment, attachment_value
from tests.servers.graph.paging import chosen, paged
from tests.servers.graph.routing import Answer, Asked, Body, Refusal, Route
from tests.servers.graph.tenant import Tenant

_ASKED_FOR = ("cancelledOccurrences", "exceptionOccurrences")


@dataclass
class Event:
    """`said` is the event as Graph tells it, with its occurrences."""

    said: dict[str, object]
    attachments: list[Attachment] = field(default_factory=list)


@dataclass
class Calendar:
    """One of a user's."""

    id: str
    name: str
    events: list[Event] = field(default_factory=list)


class Agenda:
    """One user's calendars; there is always one."""

    def __init__(self) -> None:
        self.calendars = [Calendar("calendar-0", "Calendario")]
        self._made = 0

    def calendar(self, name: str) -> Calendar:
        """A new calendar."""
        made = Calendar(f"calendar-{len(self.calendars)}", name)
        self.calendars.append(made)
        return made

    def put(
        self, subject: str, calendar: Calendar | None = None, attachments: Sequence[Attachment] = (), **said: object
    ) -> Event:
        """An event of an hour on 2 March 2026 at 8:00 in Bogota, unless `said` says otherwise."""
        self._made += 1
        whole: dict[str, object] = {
            "@odata.etag": 'W/"1"',
            "id": f"event-{self._made}==",
            "iCalUId": f"040000008200E00074C5B7101A82E008{self._made:08d}",
            "type": "singleInstance",
            "subject": subject,
            "body": {"contentType": "text", "content": ""},
            "start": {"dateTime": "2026-03-02T13:00:00.0000000", "timeZone": "UTC"},
            "end": {"dateTime": "2026-03-02T14:00:00.0000000", "timeZone": "UTC"},
            "originalStartTimeZone": "SA Pacific Standard Time",
            "originalEndTimeZone": "SA Pacific Standard Time",
            "isAllDay": False,
            "hasAttachments": bool(attachments),
            "createdDateTime": "2026-02-20T15:00:00.1234567Z",
            "lastModifiedDateTime": "2026-02-21T15:00:00.1234567Z",
            **said,
        }
        made = Event(whole, list(attachments))
        (calendar or self.calendars[0]).events.append(made)
        return made

    def event(self, id: str) -> Event:
        """Raises Refusal."""
        for calendar in self.calendars:
            for event in calendar.events:
                if event.said["id"] == id:
                    return event
        raise Refusal(404, "ErrorItemNotFound", "The specified object was not found in the store.")


class Agendas:
    """Of the tenant, by user."""

    def __init__(self, tenant: Tenant) -> None:
        self._by_user: dict[str, Agenda] = {}

    def of(self, user: str) -> Agenda:
        """The user's calendars, by the user's identifier."""
        return self._by_user.setdefault(user, Agenda())


def _agenda(tenant: Tenant, asked: Asked) -> Agenda:
    return tenant.part(Agendas).of(tenant.people.mailbox_of(asked.match["user"]).id)


def _calendars(tenant: Tenant, asked: Asked) -> Answer:
    return paged(asked, _agenda(tenant, asked).calendars, lambda calendar: {"id": calendar.id, "name": calendar.name})


def _events(tenant: Tenant, asked: Asked) -> Answer:
    calendars = {calendar.id: calendar for calendar in _agenda(tenant, asked).calendars}
    found = calendars.get(unquote(asked.match["calendar"]))
    if found is None:
        raise Refusal(404, "ErrorItemNotFound", "The specified object was not found in the store.")
    return paged(asked, found.events, lambda event: _described(asked, event))


def _described(asked: Asked, event: Event) -> Body:
    return chosen(asked, {name: value for name, value in event.said.items() if name not in _ASKED_FOR})


def _event(tenant: Tenant, asked: Asked) -> Answer:
    event = _agenda(tenant, asked).event(unquote(asked.match["event"]))
    found = dict(_described(asked, event))
    if "cancelledOccurrences" in asked.query.get("$select", ""):
        found["cancelledOccurrences"] = event.said.get("cancelledOccurrences", [])
    if asked.query.get("$expand") == "exceptionOccurrences":
        found["exceptionOccurrences"] = event.said.get("exceptionOccurrences", [])
    return Answer(200, found)


def _attachments(tenant: Tenant, asked: Asked) -> Answer:
    event = _agenda(tenant, asked).event(unquote(asked.match["event"]))
    return paged(asked, event.attachments, lambda attachment: attachment.described)


def _attachment(tenant: Tenant, asked: Asked) -> Answer:
    return attachment_value(
        _agenda(tenant, asked).event(unquote(asked.match["event"])).attachments, unquote(asked.match["attachment"])
    )


_READ = ("Calendars.Read", "Calendars.ReadWrite")
_USER = r"/users/(?P<user>[^/]+)"
_EVENT = rf"{_USER}/events/(?P<event>[^/]+)"

ROUTES: tuple[Route, ...] = (
    Route("GET", rf"{_USER}/calendars", _calendars, _READ),
    Route("GET", rf"{_USER}/calendars/(?P<calendar>[^/]+)/events", _events, _READ),
    Route("GET", rf"{_EVENT}/attachments", _attachments, _READ),
    Route("GET", rf"{_EVENT}/attachments/(?P<attachment>[^/]+)/\$value", _attachment, _READ),
    Route("GET", _EVENT, _event, _READ),
)
