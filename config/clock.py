"""What time it is: asked once at the edge of a run and handed to the decisions as `now`."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]
"""Returns the present instant, aware UTC."""


def system_clock() -> datetime:
    """The machine's clock, aware UTC."""
    return datetime.now(UTC)


class SimulatedClock:
    """A clock that moves only when it is told to: the demonstration lives a year in seconds. Never goes back."""

    __slots__ = ("_now",)

    def __init__(self, start: datetime) -> None:
        self._now = _aware(start)

    def __call__(self) -> datetime:
        """The simulated instant, aware UTC."""
        return self._now

    def advance(self, by: timedelta) -> datetime:
        """Let time pass and return the new instant. Raises ValueError for a negative time."""
        return self.move_to(self._now + by)

    def move_to(self, instant: datetime) -> datetime:
        """Go to a later instant and return it. Raises ValueError for an earlier or a naive one."""
        wanted = _aware(instant)
        if wanted < self._now:
            raise ValueError(f"time does not go back from {self._now.isoformat()} to {wanted.isoformat()}")
        self._now = wanted
        return wanted


def _aware(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("a clock needs an instant with its time zone")
    return instant.astimezone(UTC)
