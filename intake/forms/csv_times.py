"""The timestamp column of an exported form, as Forms and Sheets write it in Colombia."""

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo

_TIMESTAMP = re.compile(
    r"(?:(?P<day>\d{1,2})/(?P<month>\d{1,2})/(?P<year>\d{4})|(?P<year2>\d{4})[/-](?P<month2>\d{1,2})[/-](?P<day2>\d{1,2}))"
    r"(?:,? |T)(?P<hour>\d{1,2}):(?P<minute>\d\d)(?::(?P<second>\d\d))?"
    r" ?(?P<half>[ap] ?\. ?m ?\.|[ap]m)?"
    r" ?(?P<zone>(?:GMT|UTC)?[+-]\d{1,2}(?::?\d\d)?|GMT|UTC|COT|Z)?",
    re.IGNORECASE,
)
_OFFSET = re.compile(r"(?:GMT|UTC)?([+-])(\d{1,2})(?::?(\d\d))?", re.IGNORECASE)
_COLOMBIA = timezone(timedelta(hours=-5), "COT")


def parse_form_timestamp(text: str, zone: tzinfo) -> datetime:
    """`19/06/2025 13:40:23`, `19/06/2025 1:40:23 p. m.` or `2025/06/19 1:40:23 p. m. GMT-5`, as an aware instant (UTC).

    Days go before months. Without an offset it is a time in `zone`. Kinds of spaces do not matter. Raises ValueError.
    """
    match = _TIMESTAMP.fullmatch(" ".join(text.split()))
    if match is None:
        message = "no timestamp of a form"
        raise ValueError(message)
    year, month, day = (int(match[name] or match[f"{name}2"]) for name in ("year", "month", "day"))
    hour = _hour(int(match["hour"]), (match["half"] or "").lower()[:1])
    local = datetime(year, month, day, hour, int(match["minute"]), int(match["second"] or 0), tzinfo=zone)
    named = match["zone"]
    return (local.replace(tzinfo=_offset(named)) if named else local).astimezone(UTC)


def _hour(hour: int, half: str) -> int:
    if not half:
        return hour
    if hour > 12:
        message = "an hour past 12 with a. m. or p. m."
        raise ValueError(message)
    return hour % 12 + (12 if half == "p" else 0)


def _offset(name: str) -> tzinfo:
    if name.upper() in ("GMT", "UTC", "Z"):
        return UTC
    if name.upper() == "COT":
        return _COLOMBIA
    match = _OFFSET.fullmatch(name)
    if match is None:
        message = "no offset from UTC"
        raise ValueError(message)
    offset = timedelta(hours=int(match[2]), minutes=int(match[3] or 0))
    return timezone(-offset if match[1] == "-" else offset)
