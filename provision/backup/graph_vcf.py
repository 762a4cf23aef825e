"""Contacts as vCard 3.0 (RFC 2426), the version that Outlook, Thunderbird and telephones all read."""

from collections.abc import Iterable, Iterator
from datetime import UTC

from icalendar import vText

from provision.backup.graph_said import Address, Contact, PostalAddress
from provision.backup.graph_text import clean

_OCTETS = 75


def card(contact: Contact) -> bytes:
    """One card, its lines folded and ended as the RFC asks."""
    lines = ["BEGIN:VCARD", "VERSION:3.0", *_lines(contact), "END:VCARD"]
    return b"".join(_folded(line) for line in lines)


def _folded(line: str) -> bytes:
    """At most 75 octets a line, never cut inside a character (RFC 2425, 5.8.1)."""
    written, room = bytearray(), _OCTETS
    for character in line:
        octets = character.encode("utf-8")
        if len(octets) > room:
            written += b"\r\n "
            room = _OCTETS - 1
        written += octets
        room -= len(octets)
    return bytes(written) + b"\r\n"


def shown_name(contact: Contact) -> str:
    """How a person finds the contact: its name, else what else there is of it."""
    whole = " ".join(part for part in (contact.given_name, contact.middle_name, contact.surname) if part)
    mail = next((each.address for each in contact.email_addresses or () if each.address), None)
    found = contact.display_name or whole or contact.file_as or contact.company_name or mail or "Contacto sin nombre"
    return clean(found).replace("\n", " ")


def _lines(contact: Contact) -> Iterator[str]:
    yield f"UID:{_escaped(contact.id)}"
    yield f"FN:{_escaped(shown_name(contact))}"
    parts = (contact.surname, contact.given_name, contact.middle_name, contact.title, contact.generation)
    yield f"N:{_structured(parts)}"
    yield from _text("NICKNAME", contact.nick_name)
    if contact.company_name or contact.department:
        yield f"ORG:{_structured((contact.company_name, contact.department))}"
    yield from _text("TITLE", contact.job_title)
    yield from _text("ROLE", contact.profession)
    for number, address in enumerate(contact.email_addresses or ()):
        yield from _mail(address, preferred=number == 0)
    for kind, telephones in (
        ("WORK,VOICE", contact.business_phones or ()),
        ("HOME,VOICE", contact.home_phones or ()),
        ("CELL,VOICE", (contact.mobile_phone,)),
    ):
        for telephone in telephones:
            yield from _text(f"TEL;TYPE={kind}", telephone)
    for kind, place in (("WORK", contact.business_address), ("HOME", contact.home_address), ("POSTAL", contact.other_address)):
        yield from _place(kind, place)
    if contact.birthday is not None:
        yield f"BDAY:{contact.birthday.astimezone(UTC).date().isoformat()}"
    yield from _text("URL;TYPE=WORK", contact.business_home_page)
    for handle in contact.im_addresses or ():
        yield from _text("IMPP", handle)
    if contact.categories:
        yield f"CATEGORIES:{','.join(_escaped(clean(each)) for each in contact.categories)}"
    yield from _text("NOTE", contact.personal_notes)
    for name, value in (
        ("X-MANAGER", contact.manager),
        ("X-ASSISTANT", contact.assistant_name),
        ("X-SPOUSE", contact.spouse_name),
        ("X-MS-CHILD", ", ".join(contact.children or ())),
        ("X-MS-OFFICE", contact.office_location),
    ):
        yield from _text(name, value)
    if contact.last_modified_date_time is not None:
        yield f"REV:{contact.last_modified_date_time.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _mail(address: Address, *, preferred: bool) -> Iterator[str]:
    yield from _text("EMAIL;TYPE=INTERNET,PREF" if preferred else "EMAIL;TYPE=INTERNET", address.address)


def _place(kind: str, place: PostalAddress | None) -> Iterator[str]:
    if place is None:
        return
    parts = (None, None, place.street, place.city, place.state, place.postal_code, place.country_or_region)
    if any(parts):
        yield f"ADR;TYPE={kind}:{_structured(parts)}"


def _text(name: str, value: str | None) -> Iterator[str]:
    cleaned = clean(value).strip()
    if cleaned:
        yield f"{name}:{_escaped(cleaned)}"


def _structured(parts: Iterable[str | None]) -> str:
    return ";".join(_escaped(clean(part).strip()) for part in parts)


def _escaped(text: str) -> str:
    return vText(text).to_ical().decode("utf-8")
