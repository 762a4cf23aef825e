"""IMAP's own ways of writing dates and names (RFC 3501), whatever the language of this machine."""

import re
from base64 import b64encode
from datetime import UTC, datetime, timedelta, timezone

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_INSTANT = re.compile(r"\s?(\d{1,2})-([A-Z][a-z]{2})-(\d{4}) (\d\d):(\d\d):(\d\d) ([+-])(\d\d)(\d\d)")
_OUTSIDE_ASCII = re.compile(r"[^\x20-\x7e]+")


def search_day(at: datetime) -> str:
    """`22-Nov-2026`, for SINCE."""
    day = at.astimezone(UTC)
    return f"{day.day:02}-{_MONTHS[day.month - 1]}-{day.year}"


def instant(text: str) -> datetime | None:
    """An INTERNALDATE in UTC; None for what is none."""
    found = _INSTANT.fullmatch(text)
    if found is None or found[2] not in _MONTHS:
        return None
    day, year, hour, minute, second = (int(found[number]) for number in (1, 3, 4, 5, 6))
    offset = timedelta(hours=int(found[8]), minutes=int(found[9])) * (-1 if found[7] == "-" else 1)
    try:
        zone = timezone(offset)
        return datetime(year, _MONTHS.index(found[2]) + 1, day, hour, minute, second, tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def mailbox_name(name: str) -> str:
    """A folder's name as a command takes it: modified UTF-7 (5.1.3), quoted."""
    encoded = _OUTSIDE_ASCII.sub(_modified, name.replace("&", "&-"))
    return '"' + encoded.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _modified(found: re.Match[str]) -> str:
    packed = b64encode(found[0].encode("utf-16-be", "replace")).decode("ascii")
    return "&" + packed.rstrip("=").replace("/", ",") + "-"
