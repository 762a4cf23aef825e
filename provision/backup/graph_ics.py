"""Events as iCalendar (RFC 5545): a series with its rule, the occurrences that differ from it and those that were cancelled.

Graph has no export of its own; what each pattern means is in https://learn.microsoft.com/graph/api/resources/recurrencepattern.
"""

import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from icalendar import Alarm, Calendar, vCalAddress, vRecur, vText
from icalendar import Event as IcalEvent

from provision.backup.graph_said import Address, Attendee, Event, Instant, Recurrence
from provision.backup.graph_text import clean, plain_text
from provision.backup.graph_zones import definition, read_instant, zone_named

_DAYS = {name: name[:2].upper() for name in ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")}
_INDEXES = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": -1}
_ROLES = {"required": "REQ-PARTICIPANT", "optional": "OPT-PARTICIPANT", "resource": "NON-PARTICIPANT"}
_ANSWERS = {"accepted": "ACCEPTED", "organizer": "ACCEPTED", "tentativelyAccepted": "TENTATIVE", "declined": "DECLINED"}
_CLASSES = {"personal": "PRIVATE", "private": "PRIVATE", "confidential": "CONFIDENTIAL"}
_PRIORITIES = {"high": 1, "normal": 5, "low": 9}
_DAY_OF_OCCURRENCE = re.compile(r"\.(\d{4}-\d{2}-\d{2})$")
_SHORTEST_MONTH = 28


class NotConvertible(Exception):  # its reader is the manifest
    """An event that iCalendar cannot say, or that Graph says in words we do not know; the text is Spanish."""


def components_of(event: Event) -> tuple[IcalEvent, ...]:
    """An event as it is written: the event or the series first, then each occurrence that differs. Raises NotConvertible."""
    try:
        zone = _zone_of(event)
        uid = event.i_cal_u_id or event.id
        first = _component(event, zone, uid)
        if event.recurrence is not None:
            first.add("rrule", _rule(event.recurrence, _begin(event, zone)))
            for skipped in _cancelled(event, zone):
                first.add("exdate", skipped)
        others = tuple(_exception(exception, event, zone, uid) for exception in event.exception_occurrences or ())
    except (ValueError, KeyError, OverflowError) as error:
        raise NotConvertible(f"no se pudo escribir como iCalendar ({error})") from error
    return (first, *others)


def zones_of(components: Iterable[IcalEvent]) -> frozenset[str]:
    """The IANA zones that these name, and that the file must define."""
    named = {zone for each in components for value in each.values() for zone in _zones_in(value)}
    return frozenset(named - {"UTC"})


def _zones_in(value: object) -> Iterator[str]:
    for each in value if isinstance(value, list) else [value]:
        parameters = getattr(each, "params", {})
        if "TZID" in parameters:
            yield str(parameters["TZID"])


def header(name: str, zones: Iterable[str]) -> bytes:
    """A calendar file up to its first event."""
    calendar = Calendar()
    calendar.add("prodid", "-//Gestion de Usuarios//backup//ES")
    calendar.add("version", "2.0")
    calendar.add("x-wr-calname", clean(name))
    written: bytes = calendar.to_ical()
    return written.removesuffix(FOOTER) + b"".join(definition(zone) for zone in sorted(zones))


FOOTER = b"END:VCALENDAR\r\n"


def _zone_of(event: Event) -> tzinfo:
    """The zone in which the event is meant: a series at 9:00 stays there when the clocks change."""
    of_series = event.recurrence.range.recurrence_time_zone if event.recurrence else None
    if of_series and not event.is_all_day:
        zone = zone_named(of_series)
        if zone is None:
            raise ValueError(f"la zona horaria «{of_series}» de la serie no se conoce")
        return zone
    for name in (event.original_start_time_zone, event.start.time_zone if event.start else None):
        zone = zone_named(name) if name else None
        if zone is not None:
            return zone
    return UTC


def _when(instant: Instant | None, zone: tzinfo, *, all_day: bool) -> datetime | date:
    if instant is None:
        raise ValueError("le falta el comienzo o el fin")
    found = read_instant(instant.date_time, instant.time_zone)
    return found.date() if all_day else found.astimezone(zone)


def _begin(event: Event, zone: tzinfo) -> datetime | date:
    return _when(event.start, zone, all_day=bool(event.is_all_day))


def _component(event: Event, zone: tzinfo, uid: str) -> IcalEvent:
    written = IcalEvent()
    written.add("uid", clean(uid))
    changed = (event.last_modified_date_time or datetime(1970, 1, 1, tzinfo=UTC)).astimezone(UTC)
    written.add("dtstamp", changed)
    written.add("last-modified", changed)
    if event.created_date_time is not None:
        written.add("created", event.created_date_time.astimezone(UTC))
    written.add("dtstart", _begin(event, zone))
    written.add("dtend", _when(event.end, zone, all_day=bool(event.is_all_day)))
    written.add("summary", clean(event.subject))
    _describe(written, event)
    if event.organizer and event.organizer.email_address:
        written.add("organizer", _person(event.organizer.email_address))
    for attendee in event.attendees or ():
        if attendee.email_address is not None:
            written.add("attendee", _attendee(attendee, attendee.email_address))
    if event.is_reminder_on and event.reminder_minutes_before_start is not None:
        written.add_component(_alarm(event.reminder_minutes_before_start, clean(event.subject)))
    return written


def _describe(written: IcalEvent, event: Event) -> None:
    body = event.body
    if body is not None and body.content:
        is_html = (body.content_type or "").lower() == "html"
        written.add("description", clean(plain_text(body.content) if is_html else body.content))
        if is_html:
            written.add("x-alt-desc", vText(clean(body.content), params={"FMTTYPE": "text/html"}))
    if event.location and event.location.display_name:
        written.add("location", clean(event.location.display_name))
    if event.categories:
        written.add("categories", [clean(category) for category in event.categories])
    if event.web_link and event.web_link.startswith("https://"):
        written.add("url", clean(event.web_link))
    status = "TENTATIVE" if event.show_as == "tentative" else "CONFIRMED"
    written.add("status", "CANCELLED" if event.is_cancelled else status)
    written.add("transp", "TRANSPARENT" if event.show_as == "free" else "OPAQUE")
    written.add("class", _CLASSES.get(event.sensitivity or "", "PUBLIC"))
    written.add("priority", _PRIORITIES.get(event.importance or "", 5))


def _alarm(minutes: int, text: str) -> Alarm:
    alarm = Alarm()
    alarm.add("action", "DISPLAY")
    alarm.add("description", text)
    alarm.add("trigger", timedelta(minutes=-minutes))
    return alarm


def _person(address: Address) -> vCalAddress:
    text = clean(address.address).strip()
    # Somebody inside the organisation may come with an Exchange name instead of a mail address, or with nothing.
    person = vCalAddress(f"mailto:{text}" if "@" in text and not re.search(r"\s", text) else "invalid:nomail")
    name = clean(address.name or text).replace('"', "'").replace("\n", " ")
    if name:
        person.params["CN"] = vText(name)
    return person


def _attendee(attendee: Attendee, address: Address) -> vCalAddress:
    person = _person(address)
    answer = attendee.status.response if attendee.status else None
    person.params["ROLE"] = vText(_ROLES.get(attendee.type or "", "REQ-PARTICIPANT"))
    person.params["PARTSTAT"] = vText(_ANSWERS.get(answer or "", "NEEDS-ACTION"))
    if attendee.type == "resource":
        person.params["CUTYPE"] = vText("RESOURCE")
    return person


def _rule(recurrence: Recurrence, begin: datetime | date) -> vRecur:
    pattern, span = recurrence.pattern, recurrence.range
    days = [_DAYS[day] for day in pattern.days_of_week]
    rule: dict[str, object] = {"INTERVAL": max(1, pattern.interval)}
    match pattern.type:
        case "daily":
            rule["FREQ"] = "DAILY"
        case "weekly":
            rule |= {"FREQ": "WEEKLY", "BYDAY": days, "WKST": _DAYS[pattern.first_day_of_week or "sunday"]}
        case "absoluteMonthly":
            rule |= {"FREQ": "MONTHLY", **_day_of_month(pattern.day_of_month)}
        case "absoluteYearly":
            rule |= {"FREQ": "YEARLY", "BYMONTH": pattern.month, **_day_of_month(pattern.day_of_month)}
        case "relativeMonthly":
            rule |= {"FREQ": "MONTHLY", "BYDAY": days, "BYSETPOS": _INDEXES[pattern.index or "first"]}
        case "relativeYearly":
            place = _INDEXES[pattern.index or "first"]
            rule |= {"FREQ": "YEARLY", "BYMONTH": pattern.month, "BYDAY": days, "BYSETPOS": place}
        case other:
            raise ValueError(f"la repetición «{other}» no se conoce")
    match span.type:
        case "endDate":
            rule["UNTIL"] = _until(date.fromisoformat(span.end_date or ""), begin)
        case "numbered":
            rule["COUNT"] = span.number_of_occurrences
        case "noEnd":
            pass
        case other:
            raise ValueError(f"el fin «{other}» de la repetición no se conoce")
    return vRecur(rule)


def _day_of_month(day: int) -> dict[str, object]:
    """On the 31st of a month of 30 days Outlook takes the last day; the rule alone would leave that month out."""
    if day <= _SHORTEST_MONTH:
        return {"BYMONTHDAY": day}
    return {"BYMONTHDAY": list(range(_SHORTEST_MONTH, day + 1)), "BYSETPOS": -1}


def _until(last: date, begin: datetime | date) -> datetime | date:
    """The last day is part of the series; for a series with a time it must be said in UTC (RFC 5545, 3.3.10)."""
    if not isinstance(begin, datetime):
        return last
    return datetime.combine(last, time(23, 59, 59), tzinfo=begin.tzinfo).astimezone(UTC)


def _cancelled(event: Event, zone: tzinfo) -> Iterator[datetime | date]:
    begin = _begin(event, zone)
    for occurrence in event.cancelled_occurrences or ():
        found = _DAY_OF_OCCURRENCE.search(occurrence)
        if found is None:
            raise ValueError(f"la cancelación «{occurrence[-40:]}» no dice de qué día es")
        day = date.fromisoformat(found[1])
        yield datetime.combine(day, begin.time(), tzinfo=begin.tzinfo) if isinstance(begin, datetime) else day


def _exception(exception: Event, series: Event, zone: tzinfo, uid: str) -> IcalEvent:
    """It names the occurrence that it stands for by when that would have begun, in the same kind of time as the series."""
    if exception.original_start is None:
        raise ValueError("una excepción no dice a qué ocurrencia reemplaza")
    written = _component(exception, zone, uid)
    instead_of = exception.original_start
    if not series.is_all_day:
        written.add("recurrence-id", instead_of.astimezone(zone))
        return written
    in_utc = instead_of.astimezone(UTC)
    written.add("recurrence-id", (in_utc if in_utc.time() == time(0) else instead_of.astimezone(zone)).date())
    return written
