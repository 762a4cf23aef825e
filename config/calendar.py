"""The institution's business calendar: "lunes a viernes 7:30 a. m. - 5:00 p. m." without holidays (UPME, numeral 5)."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from config.dates import local_date
from config.errors import CannotRun
from config.institution import BusinessHours

_HOUR = timedelta(hours=1)
_DAY = timedelta(days=1)


class BusinessCalendar:
    """Business days and hours of one institution. Instants are aware UTC, dates are of the institution's zone.

    Holidays come from the `holidays` library, which knows the law of 2026 (Nuestra Señora de Chiquinquirá, 2026-07-13),
    with the institution's own additions and removals.
    """

    __slots__ = ("_closes", "_country", "_extra", "_holidays", "_opens", "_spans", "_working", "_zone")

    def __init__(self, business_hours: BusinessHours, zone: ZoneInfo) -> None:
        self._opens = time.fromisoformat(business_hours.opens)
        self._closes = time.fromisoformat(business_hours.closes)
        self._country = business_hours.holidays_country
        self._extra = frozenset(business_hours.extra_holidays)
        self._working = frozenset(business_hours.working_holidays)
        self._zone = zone
        self._holidays: dict[int, frozenset[date]] = {}
        self._spans: dict[date, tuple[datetime, datetime] | None] = {}

    def is_business_day(self, day: date) -> bool:
        """Whether the institution works on that day. Raises CannotRun for a country without a holiday calendar."""
        if day.weekday() >= 5 or day in self._extra:
            return False
        return day in self._working or day not in self._holidays_of(day.year)

    def next_business_day(self, day: date, days: int = 1) -> date:
        """The `days`-th business day strictly after `day`. Raises ValueError for less than one."""
        if days < 1:
            raise ValueError("the next business day is at least one day away")
        return self.add_business_days(day, days)

    def add_business_days(self, day: date, days: int) -> date:
        """The `days`-th business day after `day`; for 0, `day` itself or the first business day after it.

        Raises ValueError for a negative number.
        """
        if days < 0:
            raise ValueError("business days are added, not taken away")
        while days == 0 and not self.is_business_day(day):
            day += _DAY
        while days > 0:
            day += _DAY
            days -= self.is_business_day(day)
        return day

    def business_days_before(self, day: date, days: int) -> date:
        """The `days`-th business day before `day`; for 0, `day` itself. Raises ValueError for a negative number."""
        if days < 0:
            raise ValueError("business days are counted back, not forward")
        while days > 0:
            day -= _DAY
            days -= self.is_business_day(day)
        return day

    def add_business_hours(self, start: datetime, hours: float) -> datetime:
        """The first instant at which that many business hours have passed since `start`; aware UTC.

        A deadline that ends with the day falls at closing time, not at the next opening. Raises ValueError for negative hours.
        """
        if hours < 0:
            raise ValueError("business hours are added, not taken away")
        return self.add_business_time(start, timedelta(hours=hours))

    def add_business_time(self, start: datetime, wanted: timedelta) -> datetime:
        """As `add_business_hours`, exact to the microsecond."""
        day = local_date(start, self._zone)
        instant = start.astimezone(UTC)
        if wanted <= timedelta(0):
            return instant
        for opening, closing in self._working_spans(day):
            begins = max(opening, instant)
            available = closing - begins
            if available >= wanted:
                return begins + wanted
            wanted -= max(available, timedelta(0))
        raise AssertionError("the calendar has no end")  # pragma: no cover

    def business_hours_between(self, start: datetime, end: datetime) -> float:
        """Business hours from `start` to `end`; negative when `end` comes first."""
        return self.business_time_between(start, end) / _HOUR

    def business_time_between(self, start: datetime, end: datetime) -> timedelta:
        """As `business_hours_between`, exact to the microsecond: what the clock of the SLA adds up."""
        if end < start:
            return -self.business_time_between(end, start)
        passed = timedelta(0)
        for opening, closing in self._working_spans(local_date(start, self._zone)):
            if opening >= end:
                break
            passed += max(min(closing, end) - max(opening, start), timedelta(0))
        return passed

    def is_open(self, instant: datetime) -> bool:
        """Whether the instant falls in business hours (closing time itself does not)."""
        local = instant.astimezone(self._zone)
        return self.is_business_day(local.date()) and self._opens <= local.time() < self._closes

    def _working_spans(self, day: date) -> Iterator[tuple[datetime, datetime]]:
        while True:
            span = self._spans[day] if day in self._spans else self._span(day)
            if span is not None:
                yield span
            day += _DAY

    def _span(self, day: date) -> tuple[datetime, datetime] | None:
        """Opening and closing, kept: the clocks of all requests count the same days over and over."""
        works = self.is_business_day(day)
        span = self._spans[day] = (self._instant(day, self._opens), self._instant(day, self._closes)) if works else None
        return span

    def _instant(self, day: date, at: time) -> datetime:
        return datetime.combine(day, at, tzinfo=self._zone).astimezone(UTC)

    def _holidays_of(self, year: int) -> frozenset[date]:
        known = self._holidays.get(year)
        if known is None:
            known = self._holidays[year] = _national_holidays(self._country, year)
        return known


def _national_holidays(country: str, year: int) -> frozenset[date]:
    from holidays import country_holidays  # 0.1 s to import, and many runs decide nothing

    try:
        return frozenset(country_holidays(country, years=year))
    except NotImplementedError as error:
        raise CannotRun(
            f"No hay calendario de festivos para el país «{country}».",
            remedy="Corrija holidays_country en la política de la institución; Colombia es CO.",
        ) from error
