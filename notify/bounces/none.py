"""Nobody reads what comes back: only a refusal while sending is noticed."""

from collections.abc import Sequence

from notify.bounces.port import Bounce


class NoBounces:
    """A `BounceBox` without a mailbox."""

    def read(self) -> tuple[Bounce, ...]:
        """Nothing ever comes back."""
        return ()

    def taken(self, bounces: Sequence[Bounce]) -> None:
        """Nothing to remember."""

    def check(self) -> tuple[str, ...]:
        """Nothing can be wrong."""
        return ()

    def close(self) -> None:
        """Nothing is held open."""
