"""A bar that moves while somebody's things are copied: items, bytes, how fast, how long it will take."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from intake.commands.bars import UNDRAWABLE, drawn_bar
from intake.output import Output
from provision.backup.port import Pace

if TYPE_CHECKING:
    from rich.progress import Progress

Watch = Callable[[Pace], None]
_UNITS = ("bytes", "kB", "MB", "GB", "TB")


@contextmanager
def copying_bar(output: Output, doing: str) -> Iterator[Watch]:
    """A bar on the standard error where a person looks at it; nothing elsewhere. It never raises."""
    if not output.watched:
        yield lambda pace: None
        return
    with drawn_bar(output, "elementos · {task.fields[octets]} · {task.fields[rate]} ·") as bar:
        yield _moves(bar, doing)


def _moves(bar: "Progress", doing: str) -> Watch:
    task = bar.add_task(doing, total=None, octets="", rate="")
    first: list[tuple[float, int]] = []

    def move(pace: Pace) -> None:
        now = time.monotonic()
        if not first:
            first.append((now, pace.bytes))  # what was copied before does not count for the speed
        since, before = first[0]
        rate = f"{shown(int((pace.bytes - before) / (now - since)))}/s" if now > since else ""
        try:
            bar.update(task, completed=pace.items, total=pace.of_items, octets=shown(pace.bytes), rate=rate)
        except UNDRAWABLE:
            return

    return move


def shown(octets: int) -> str:
    """A length as a person reads it: `1,2 GB`."""
    size, unit = float(octets), 0
    while size >= 1000 and unit < len(_UNITS) - 1:
        size, unit = size / 1000, unit + 1
    return f"{octets} bytes" if unit == 0 else f"{size:.1f} {_UNITS[unit]}".replace(".", ",")
