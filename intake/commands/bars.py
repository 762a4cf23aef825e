"""A bar that moves while many accounts are read or worked through: how many of how many, how fast, how long it will take."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from intake.output import Output

if TYPE_CHECKING:
    from rich.progress import Progress, TaskID

Moving = Callable[[str, int, int], None]
"""Told what is being done, how many are done, and of how many."""
UNDRAWABLE = (OSError, ValueError)
"""What drawing may raise when nobody looks any more."""


@contextmanager
def moving_bar(output: Output) -> Iterator[Moving]:
    """A bar on the standard error where a person looks at it; nothing elsewhere. It never raises."""
    if not output.watched:
        yield lambda doing, done, total: None
        return
    with drawn_bar(output, "{task.fields[rate]}") as bar:
        yield _moves(bar)


@contextmanager
def drawn_bar(output: Output, beside: str) -> Iterator["Progress"]:
    """A bar on the standard error; `beside` stands between the count and the time left, with the task's fields in it."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    class QuietConsole(Console):
        def on_broken_pipe(self) -> None:
            """Say nothing more, instead of ending the work."""
            self.quiet = True

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn(beside, markup=False),
        TimeRemainingColumn(),
    )
    console = QuietConsole(file=output.progress(), markup=False, emoji=False, highlight=False)
    with Progress(*columns, console=console, transient=True) as bar:
        yield bar


def _moves(bar: "Progress") -> Moving:
    tasks: dict[str, TaskID] = {}

    def move(doing: str, done: int, total: int) -> None:
        try:
            if doing not in tasks:
                tasks[doing] = bar.add_task(f"{doing}…", total=total, completed=done, rate="")
            bar.update(tasks[doing], completed=done, total=total)
            speed = bar.tasks[tasks[doing]].speed
            bar.update(tasks[doing], rate=f"{speed:.0f}/s" if speed else "")
        except UNDRAWABLE:
            return

    return move
