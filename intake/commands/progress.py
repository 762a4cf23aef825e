"""Telling how a run goes on: a moving line and a line per request on a terminal, plain lines where there is none.

Nothing here may raise: it is called in the middle of the work, and a terminal that was closed is no defect of a request.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from config.redaction import visible_text
from intake.output import Output
from intake.run import Progress
from provision.procedure.model import Advance

if TYPE_CHECKING:
    from rich.status import Status

_UNDRAWABLE = (OSError, ValueError)


@contextmanager
def progress(output: Output, *, verbose: bool, keep_going: Callable[[], bool]) -> Iterator[Progress]:
    """Progress on the standard error, as long as the run lasts."""
    if output.watched:
        with _moving(output) as status:
            yield Progress(_phases(status), _lines(status), keep_going)
    elif verbose:
        yield Progress(lambda text: output.note(f"{text}…"), lambda advance: _note(output, advance), keep_going)
    else:
        yield Progress(keep_going=keep_going)


def told(advance: Advance) -> list[str]:
    """What one advance brought, a line each: case, state, what happened."""
    case, state = advance.request.case, advance.request.state.label
    return [f"{case}  {state}  {': '.join(part for part in (entry.title, entry.detail) if part)}" for entry in advance.entries]


def _note(output: Output, advance: Advance) -> None:
    for line in told(advance):
        output.note(line)


@contextmanager
def _moving(output: Output) -> Iterator["Status"]:
    from rich.console import Console

    class QuietConsole(Console):
        def on_broken_pipe(self) -> None:
            """Say nothing more, instead of ending the run."""
            self.quiet = True

    console = QuietConsole(file=output.progress(), markup=False, emoji=False, highlight=False)
    with console.status("Empezando…") as status:
        yield status


def _phases(status: "Status") -> Callable[[str], None]:
    def phase(text: str) -> None:
        try:
            status.update(f"{text}…")
        except _UNDRAWABLE:
            return

    return phase


def _lines(status: "Status") -> Callable[[Advance], None]:
    def advanced(advance: Advance) -> None:
        try:
            for line in told(advance):
                status.console.print(visible_text(line), soft_wrap=True)
        except _UNDRAWABLE:
            return

    return advanced
