"""Windows' names of time zones, which Exchange uses, as IANA's, which calendars are exchanged with."""

from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from icalendar.timezone.windows_to_olson import WINDOWS_TO_OLSON

_FIRST_YEAR, _LAST_YEAR = 2000, 2037
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UTC_NAMES = frozenset({"", "utc", "z", "etc/utc", "etc/gmt", "gmt", "tzone://microsoft/utc"})


@cache
def zone_named(name: str | None) -> tzinfo | None:
    """The zone of a Windows or IANA name (Unicode's table in icalendar); UTC for none; None for a name that nobody knows.

    Outlook lets people make zones of their own: `tzone://Microsoft/Custom` and `Customized Time Zone` say nothing.
    """
    text = (name or "").strip()
    if text.lower() in _UTC_NAMES:
        return UTC
    try:
        return ZoneInfo(WINDOWS_TO_OLSON.get(text, text))
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return None


def read_instant(text: str, zone_name: str | None) -> datetime:
    """A `dateTimeTimeZone` as an aware time in its zone. Raises ValueError when it is no time, or its zone is unknown."""
    zone = zone_named(zone_name)
    if zone is None:
        raise ValueError(f"la zona horaria «{zone_name}» no se conoce")
    return datetime.fromisoformat(_to_microseconds(text)).replace(tzinfo=zone)


@cache
def definition(name: str) -> bytes:
    """The VTIMEZONE of an IANA zone (RFC 5545, 3.6.5), with each change of the clocks from 2000 to 2037 spelled out.

    Not icalendar's own: it tells the change in the new time instead of the former one, and in lists of RDATE, which common
    readers take wrongly or not at all.
    """
    zone = ZoneInfo(name)
    begin, end = datetime(_FIRST_YEAR, 1, 1, tzinfo=UTC), datetime(_LAST_YEAR + 1, 1, 1, tzinfo=UTC)
    lines = ["BEGIN:VTIMEZONE", f"TZID:{name}", *_observance(begin.astimezone(zone), _offset(begin, zone), _EPOCH)]
    at = begin
    while at < end:
        following = at + timedelta(days=1)
        if _offset(following, zone) != _offset(at, zone):
            change = _change(at, following, zone)
            former = _offset(at, zone)
            lines += _observance(change.astimezone(zone), former, change + former)
        at = following
    return "".join(f"{line}\r\n" for line in (*lines, "END:VTIMEZONE")).encode("ascii")


def _observance(moment: datetime, former: timedelta, wall: datetime) -> tuple[str, ...]:
    """What is in force from `moment` on; `wall` is what the clocks showed then, still in the former time."""
    kind = "DAYLIGHT" if moment.dst() else "STANDARD"
    return (
        f"BEGIN:{kind}",
        f"DTSTART:{wall:%Y%m%dT%H%M%S}",
        f"TZOFFSETFROM:{_written(former)}",
        f"TZOFFSETTO:{_written(moment.utcoffset() or timedelta())}",
        f"TZNAME:{moment.tzname()}",
        f"END:{kind}",
    )


def _offset(at: datetime, zone: tzinfo) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()


def _change(before: datetime, after: datetime, zone: tzinfo) -> datetime:
    """The first second of the new time."""
    while after - before > timedelta(seconds=1):
        middle = before + timedelta(seconds=int((after - before).total_seconds()) // 2)
        before, after = (middle, after) if _offset(middle, zone) == _offset(before, zone) else (before, middle)
    return after


def _written(offset: timedelta) -> str:
    minutes = int(abs(offset).total_seconds()) // 60
    return f"{'-' if offset < timedelta() else '+'}{minutes // 60:02d}{minutes % 60:02d}"


def _to_microseconds(text: str) -> str:
    """Without the seventh decimal, which Graph writes and Python does not read in every version."""
    seconds, point, decimals = text.rstrip("Zz").partition(".")
    return f"{seconds}{point}{decimals[:6].ljust(6, '0')}" if point else seconds
