"""Where a date becomes an instant: the only place in which the institution's zone decides."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def start_of_day(day: date, zone: ZoneInfo) -> datetime:
    """00:00 of the day in the zone, as aware UTC. `from_date` is the first day without access: the hold begins here."""
    return datetime.combine(day, time.min, tzinfo=zone).astimezone(UTC)


def end_of_day(day: date, zone: ZoneInfo) -> datetime:
    """24:00 of the day in the zone, as aware UTC: 05:00Z of the next day for Bogota.

    A contract's last day is worked to here, so this is what accountExpires holds.
    """
    return start_of_day(day + timedelta(days=1), zone)


def local_date(instant: datetime, zone: ZoneInfo) -> date:
    """The date of an aware instant in the zone. Raises ValueError for a naive one."""
    if instant.tzinfo is None:
        raise ValueError("an instant needs its time zone")
    return instant.astimezone(zone).date()
