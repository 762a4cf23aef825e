"""Events as .ics and contacts as .vcf: read back by another library, and compared field by field with what Graph said."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import vobject
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from provision.backup.graph_ics import FOOTER, NotConvertible, components_of, header, zones_of
from provision.backup.graph_names import NameBook, digest_of, maildir_folder, modified_utf7, safe_name
from provision.backup.graph_said import Contact, Event
from provision.backup.graph_text import clean, plain_text
from provision.backup.graph_vcf import card, shown_name
from provision.backup.graph_zones import read_instant, zone_named

BOGOTA, NEW_YORK = "SA Pacific Standard Time", "Eastern Standard Time"
BASIC: dict[str, Any] = {
    "id": "AA==",
    "iCalUId": "uid-1",
    "subject": "Comité; ñandú, día\n2",
    "start": {"dateTime": "2026-03-02T13:00:00.0000000", "timeZone": "UTC"},
    "end": {"dateTime": "2026-03-02T14:30:00.0000000", "timeZone": "UTC"},
    "originalStartTimeZone": BOGOTA,
    "lastModifiedDateTime": "2026-02-21T15:00:00.1234567Z",
}


def series(pattern: dict[str, Any], zone: str = BOGOTA, **said: Any) -> dict[str, Any]:
    """A series from 2 March 2026."""
    span = said.pop("range", {"type": "endDate", "endDate": "2027-12-31"})
    recurrence = {
        "pattern": {"interval": 1, **pattern},
        "range": {"startDate": "2026-03-02", "recurrenceTimeZone": zone, **span},
    }
    return {**BASIC, "type": "seriesMaster", "originalStartTimeZone": zone, "recurrence": recurrence, **said}


def read(*events: dict[str, Any]) -> Any:
    """The calendar as vobject reads it."""
    components = [each for event in events for each in components_of(Event.model_validate(event))]
    octets = header("Mi calendario", zones_of(components)) + b"".join(each.to_ical() for each in components) + FOOTER
    assert all(len(line) <= 75 for line in octets.split(b"\r\n"))
    return vobject.readOne(octets.decode())


def first(event: dict[str, Any]) -> Any:
    """The event as vobject reads it."""
    return read(event).vevent


def days(event: dict[str, Any], count: int) -> list[date]:
    """The first days of a series, by dateutil's reading of the rule."""
    return [found.date() for found, _ in zip(first(event).rruleset, range(count), strict=False)]


def test_an_event_alone() -> None:
    """Every field that people see, as Graph told it."""
    event = first(
        {
            **BASIC,
            "body": {"contentType": "html", "content": "<p>Orden del día:</p><ul><li>Actas &amp; más</li></ul>"},
            "location": {"displayName": "Sala 1, piso 2"},
            "organizer": {"emailAddress": {"name": "Peña, Ana", "address": "ana@entidad.gov.co"}},
            "attendees": [
                {
                    "type": "required",
                    "status": {"response": "accepted"},
                    "emailAddress": {"name": 'Luis "L"', "address": "l@x.co"},
                },
                {"type": "optional", "status": {"response": "declined"}, "emailAddress": {"address": "m@x.co"}},
                {
                    "type": "resource",
                    "status": {"response": "none"},
                    "emailAddress": {"name": "Sala", "address": "/o=Exch/cn=sala"},
                },
            ],
            "categories": ["Rojo, urgente", "Comité"],
            "sensitivity": "private",
            "importance": "high",
            "showAs": "free",
            "isReminderOn": True,
            "reminderMinutesBeforeStart": 15,
            "createdDateTime": "2026-02-20T15:00:00Z",
        }
    )
    assert event.summary.value == "Comité; ñandú, día\n2"
    assert event.uid.value == "uid-1"
    assert event.dtstart.value == datetime(2026, 3, 2, 13, tzinfo=UTC)
    assert event.dtstart.value.utcoffset() == timedelta(hours=-5)
    assert event.dtend.value - event.dtstart.value == timedelta(minutes=90)
    assert event.description.value == "Orden del día:\n\nActas & más"
    assert event.x_alt_desc.params == {"FMTTYPE": ["text/html"]}
    assert event.location.value == "Sala 1, piso 2"
    assert (event.organizer.value, event.organizer.params["CN"]) == ("mailto:ana@entidad.gov.co", ["Peña, Ana"])
    people = [(a.value, a.params.get("CN"), a.params["ROLE"][0], a.params["PARTSTAT"][0]) for a in event.attendee_list]
    assert people == [
        ("mailto:l@x.co", ["Luis 'L'"], "REQ-PARTICIPANT", "ACCEPTED"),
        ("mailto:m@x.co", ["m@x.co"], "OPT-PARTICIPANT", "DECLINED"),
        ("invalid:nomail", ["Sala"], "NON-PARTICIPANT", "NEEDS-ACTION"),
    ]
    assert event.categories.value == ["Rojo, urgente", "Comité"]
    assert [event.contents[name][0].value for name in ("class", "priority", "transp", "status")] == [
        "PRIVATE", "1", "TRANSPARENT", "CONFIRMED",
    ]  # fmt: skip
    assert event.valarm.trigger.value == timedelta(minutes=-15)
    assert event.created.value == datetime(2026, 2, 20, 15, tzinfo=UTC)


def test_a_day_is_a_day() -> None:
    """An event of whole days has dates, and its end is the day after the last."""
    event = first(
        {
            **BASIC,
            "isAllDay": True,
            "start": {"dateTime": "2026-03-02T00:00:00.0000000", "timeZone": "UTC"},
            "end": {"dateTime": "2026-03-04T00:00:00.0000000", "timeZone": "UTC"},
        }
    )
    assert (event.dtstart.value, event.dtend.value) == (date(2026, 3, 2), date(2026, 3, 4))


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ({"type": "daily", "interval": 2}, ["2026-03-02", "2026-03-04", "2026-03-06"]),
        ({"type": "weekly", "daysOfWeek": ["monday", "thursday"], "firstDayOfWeek": "sunday"}, ["2026-03-02", "2026-03-05"]),
        ({"type": "weekly", "interval": 2, "daysOfWeek": ["monday"], "firstDayOfWeek": "monday"}, ["2026-03-02", "2026-03-16"]),
        ({"type": "absoluteMonthly", "dayOfMonth": 2}, ["2026-03-02", "2026-04-02"]),
        ({"type": "absoluteMonthly", "dayOfMonth": 31}, ["2026-03-31", "2026-04-30", "2026-05-31"]),
        ({"type": "relativeMonthly", "daysOfWeek": ["monday"], "index": "first"}, ["2026-03-02", "2026-04-06"]),
        ({"type": "relativeMonthly", "daysOfWeek": ["friday"], "index": "last"}, ["2026-03-27", "2026-04-24"]),
        ({"type": "absoluteYearly", "month": 3, "dayOfMonth": 2}, ["2026-03-02", "2027-03-02"]),
        ({"type": "relativeYearly", "month": 3, "daysOfWeek": ["monday"], "index": "first"}, ["2026-03-02", "2027-03-01"]),
    ],
    ids=lambda value: str(value.get("type")) if isinstance(value, dict) else "",
)
def test_what_each_pattern_means(pattern: dict[str, Any], expected: list[str]) -> None:
    """Its first days; on the 31st of a shorter month it is the last day, as in Outlook."""
    found = [
        day
        for day in days(series(pattern), len(expected) + 1)
        if day.isoformat() in expected or pattern.get("dayOfMonth") != 31
    ]
    assert [day.isoformat() for day in found][: len(expected)] == expected


@pytest.mark.parametrize(
    ("span", "count"), [({"type": "endDate", "endDate": "2026-03-05"}, 4), ({"type": "numbered", "numberOfOccurrences": 3}, 3)]
)
def test_how_long_a_series_goes_on(span: dict[str, Any], count: int) -> None:
    """The last day is part of it; so many times are so many."""
    assert len(days(series({"type": "daily"}, range=span), 50)) == count


def test_a_series_with_exceptions_and_cancellations() -> None:
    """A moved occurrence stands for its own, a cancelled one is out, also where the clocks change meanwhile."""
    calendar = read(
        series(
            {"type": "weekly", "daysOfWeek": ["monday"], "firstDayOfWeek": "sunday"},
            zone=NEW_YORK,
            start={"dateTime": "2026-03-02T14:00:00.0000000", "timeZone": "UTC"},
            end={"dateTime": "2026-03-02T15:00:00.0000000", "timeZone": "UTC"},
            cancelledOccurrences=["OID.AAMkAD-x=.2026-03-09"],
            exceptionOccurrences=[
                {
                    "id": "E",
                    "subject": "Movido",
                    "originalStart": "2026-03-16T13:00:00Z",
                    "start": {"dateTime": "2026-03-17T20:00:00.0000000", "timeZone": "UTC"},
                    "end": {"dateTime": "2026-03-17T21:00:00.0000000", "timeZone": "UTC"},
                }
            ],
        )
    )
    master, moved = calendar.vevent_list
    assert (moved.uid.value, moved.summary.value) == (master.uid.value, "Movido")
    assert moved.recurrence_id.value == datetime(2026, 3, 16, 13, tzinfo=UTC)
    assert moved.dtstart.value == datetime(2026, 3, 17, 20, tzinfo=UTC)
    begins = [found for found, _ in zip(master.rruleset, range(4), strict=False)]
    assert [(found.date().isoformat(), found.hour) for found in begins] == [
        ("2026-03-02", 9), ("2026-03-16", 9), ("2026-03-23", 9), ("2026-03-30", 9),
    ]  # fmt: skip
    assert begins[1] == datetime(2026, 3, 16, 13, tzinfo=UTC)


def test_a_series_of_days_with_exceptions() -> None:
    """Dates throughout."""
    midnight = {"dateTime": "2026-03-02T00:00:00.0000000", "timeZone": "UTC"}
    exception = {
        **BASIC,
        "id": "E",
        "isAllDay": True,
        "originalStart": "2026-03-03T00:00:00Z",
        "start": midnight,
        "end": midnight,
    }
    event = series(
        {"type": "daily"},
        isAllDay=True,
        start=midnight,
        end={"dateTime": "2026-03-03T00:00:00.0000000", "timeZone": "UTC"},
        cancelledOccurrences=["OID.x.2026-03-04"],
        exceptionOccurrences=[exception],
    )
    master, other = read(event).vevent_list
    assert (master.dtstart.value, other.recurrence_id.value) == (date(2026, 3, 2), date(2026, 3, 3))
    assert master.exdate.value == [date(2026, 3, 4)]


@pytest.mark.parametrize(
    "wrong",
    [
        {"start": None},
        {"start": {"dateTime": "ayer", "timeZone": "UTC"}},
        {"start": {"dateTime": "2026-03-02T13:00:00", "timeZone": "tzone://Microsoft/Custom"}},
        {"cancelledOccurrences": ["sin día"]},
        {"exceptionOccurrences": [{**BASIC, "id": "E"}]},
        {"recurrence": {"pattern": {"type": "daily"}, "range": {"type": "hasta siempre"}}},
        {
            "recurrence": {
                "pattern": {"type": "daily"},
                "range": {"type": "noEnd", "recurrenceTimeZone": "tzone://Microsoft/Custom"},
            }
        },
        {"recurrence": {"pattern": {"type": "weekly", "daysOfWeek": ["lunes"]}, "range": {"type": "noEnd"}}},
    ],
)
def test_what_cannot_be_said_is_refused(wrong: dict[str, Any]) -> None:
    """With words for the manifest: never a wrong event."""
    with pytest.raises(NotConvertible, match="iCalendar"):
        components_of(Event.model_validate({**series({"type": "daily"}), **wrong}))


def test_zones() -> None:
    """Windows' names, IANA's, none at all, and one that people made."""
    assert str(zone_named(BOGOTA)) == "America/Bogota"
    assert str(zone_named("Europe/Madrid")) == "Europe/Madrid"
    assert zone_named(None) is UTC
    assert zone_named("Customized Time Zone") is None
    assert read_instant("2026-03-02T08:00:00.1234567", BOGOTA) == datetime(2026, 3, 2, 13, 0, 0, 123456, tzinfo=UTC)


@settings(max_examples=25, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(st.text(max_size=120), st.text(max_size=60))
def test_any_text_comes_back(text: str, name: str) -> None:
    """Whatever people write, in an event and in a contact, but for control characters."""
    event = first({**BASIC, "subject": text, "location": {"displayName": name}})
    assert event.summary.value == clean(text)
    found = vobject.readOne(card(Contact(id="x", display_name="x", personal_notes=text, categories=(name or "c",))).decode())
    noted = clean(text).strip()
    assert (found.note.value if noted else "") == noted


def test_a_contact() -> None:
    """Every field, through another library."""
    contact = Contact.model_validate(
        {
            "id": "AAMk=",
            "displayName": "Peña; José, «el Ñato»",
            "givenName": "José",
            "middleName": "de la",
            "surname": "Peña;Ruiz",
            "title": "Dr.",
            "generation": "hijo",
            "nickName": "Ñato",
            "companyName": "Minas; Energía",
            "department": "Planeación",
            "jobTitle": "Profesional",
            "emailAddresses": [{"name": "x", "address": "jose@x.co"}, {"address": "otro@x.co"}, {"address": None}],
            "businessPhones": ["+57 601 222 0601"],
            "homePhones": ["601 1"],
            "mobilePhone": "300 1",
            "businessAddress": {
                "street": "Cll 26 # 69D-91\nOf. 901",
                "city": "Bogotá",
                "countryOrRegion": "Colombia",
                "postalCode": "111",
            },
            "homeAddress": {},
            "birthday": "1980-05-01T11:59:00Z",
            "categories": ["Amigos, familia", "Trabajo"],
            "personalNotes": "línea 1\r\nlínea 2; fin\x00" + "ñ" * 100,
            "businessHomePage": "https://x.co",
            "manager": "Ana",
            "children": ["Luz", "Sol"],
            "lastModifiedDateTime": "2026-02-21T15:00:00Z",
        }
    )
    octets = card(contact)
    assert all(len(line) <= 75 for line in octets.split(b"\r\n"))
    found = vobject.readOne(octets.decode())
    assert (found.version.value, found.fn.value, found.uid.value) == ("3.0", "Peña; José, «el Ñato»", "AAMk=")
    name = found.n.value
    assert (name.family, name.given, name.additional, name.prefix, name.suffix) == ("Peña;Ruiz", "José", "de la", "Dr.", "hijo")
    assert found.org.value == ["Minas; Energía", "Planeación"]
    assert [mail.value for mail in found.email_list] == ["jose@x.co", "otro@x.co"]
    assert {(tel.params["TYPE"][0], tel.value) for tel in found.tel_list} == {
        ("WORK", "+57 601 222 0601"), ("HOME", "601 1"), ("CELL", "300 1"),
    }  # fmt: skip
    (place,) = (adr.value for adr in found.adr_list)
    assert (place.street, place.city, place.code, place.country) == ("Cll 26 # 69D-91\nOf. 901", "Bogotá", "111", "Colombia")
    assert (found.bday.value, found.nickname.value, found.title.value) == ("1980-05-01", "Ñato", "Profesional")
    assert found.note.value == "línea 1\nlínea 2; fin" + "ñ" * 100
    assert found.categories.value == ["Amigos, familia", "Trabajo"]
    assert found.x_ms_child.value == "Luz, Sol"


def test_a_contact_without_a_name() -> None:
    """Is found by what else there is of it."""
    assert shown_name(Contact(id="x", company_name="Minas")) == "Minas"
    assert shown_name(Contact(id="x", given_name="Ana", surname="Ruiz")) == "Ana Ruiz"
    assert vobject.readOne(card(Contact(id="x")).decode()).fn.value == "Contacto sin nombre"


def test_html_as_people_read_it() -> None:
    """Without what is not shown."""
    assert plain_text("<head><title>x</title></head><style>p{}</style>Hola&nbsp;<b>Ana</b><br>\n  adiós") == "Hola Ana\nadiós"


@settings(max_examples=50, deadline=None)
@given(st.text(max_size=300))
def test_any_name_becomes_a_safe_one(name: str) -> None:
    """One component, of at most 131 bytes, that Windows takes too."""
    safe = safe_name(name)
    assert len(safe.encode()) <= 132
    assert not set(safe) & set('<>:"/\\|?*\0')
    assert (safe.isprintable(), safe in {"", ".", ".."}, safe[-1] in " .", safe[0] in "-.= ") == (True, False, False, False)
    folder = maildir_folder((name, name), "x")
    assert (folder[0], folder.isascii(), len(folder) <= 255, "/" in folder) == (".", True, True, False)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("CON", "_CON"),
        ("con.txt", "_con.txt"),
        ("..", "sin nombre"),
        ("a/../b", "a_.._b"),
        ("=1+1", "_1_1"),
        ("Año (2).docx", "Año (2).docx"),
    ],
)
def test_names_that_mean_something(name: str, expected: str) -> None:
    """Devices, traversals and formulas do not; what is harmless stays."""
    assert safe_name(name) == expected


def test_modified_utf7() -> None:
    """As RFC 3501 shows it."""
    assert modified_utf7("~peter/mail/台北/日本語") == "~peter/mail/&U,BTFw-/&ZeVnLIqe-"
    assert modified_utf7("Tom & Jerry") == "Tom &- Jerry"


def test_a_deep_folder_keeps_a_short_name() -> None:
    """Whatever the depth, and two of them do not meet."""
    deep = tuple(f"Carpeta número {level}" for level in range(60))
    assert len(maildir_folder(deep, "a")) <= 255
    assert maildir_folder(deep, "a") != maildir_folder(deep, "b")


def test_twins_get_names_of_their_own() -> None:
    """By letter case, and by how an accent is written."""
    book = NameBook()
    found = [book.name("d", name, key) for key, name in enumerate_keys("Año.txt", "AÑO.TXT", "An\u0303o.txt")]
    assert found[0] == "d/Año.txt"
    assert len({each.casefold() for each in found}) == 3


def enumerate_keys(*names: str) -> list[tuple[str, str]]:
    """Each name with an identifier."""
    return [(digest_of(str(number)), name) for number, name in enumerate(names)]
