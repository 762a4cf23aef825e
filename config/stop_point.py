"""Named places between two writes: production passes through them, the crash tests end the process at each."""

from collections.abc import Callable

StopPoint = Callable[[str], None]
"""Called with the name of the place, e.g. `directory.account.added`."""


def let_go(name: str) -> None:
    """The stop point of production: nothing stops."""
