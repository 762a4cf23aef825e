"""`run`, and `demo`, which is many runs."""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import current_thread, main_thread
from types import FrameType

from config.errors import CannotRun
from config.settings import Log
from intake.commands.installation import installed
from intake.commands.invocation import Invocation
from intake.commands.progress import progress
from intake.commands.summary import Summary, say_problems, say_summary, summary_document
from intake.run import run_once
from intake.watching import Watched
from intake.wiring import AlreadyRunning


def run_command(invocation: Invocation, config: str | None, *, verbose: bool) -> int:
    """One run. The exit code is the report's; CannotRun passes."""
    output = invocation.output
    with asked_to_stop(signal.SIGTERM) as stopping:
        summary = summed_run(invocation, config, verbose=verbose, stopping=stopping)
    output.document(summary_document(summary))
    if output.as_json:
        say_problems(output, summary.report)
    else:
        say_summary(output, summary)
    return summary.report.exit_code


def summed_run(invocation: Invocation, config: str | None, *, verbose: bool, stopping: Callable[[], bool]) -> Summary:
    """One run on settings read anew, and what it came to. `stopping`: end after the request in hand."""
    settings, output = invocation.load(config), invocation.output
    log = beside_progress(settings.log, told=output.watched or verbose)
    with installed(settings, log, invocation.clock) as installation:
        watched = Watched(installation, invocation.clock())
        try:
            with progress(output, verbose=verbose, keep_going=lambda: not stopping()) as telling:
                report = run_once(installation, telling)
        except AlreadyRunning:  # the other run says how it ended
            raise
        except CannotRun as problem:
            watched.could_not_run(problem)
            raise
        watched.ended(report)
        return Summary(report, installation.views.counts(), stopped=stopping())


def beside_progress(log: Log, *, told: bool) -> Log:
    """Without a log file, events would drown the progress that says the same to a person; warnings still appear."""
    if log.file is None and told and log.level == "info":
        return log.model_copy(update={"level": "warning", "format": "text"})
    return log


@contextmanager
def asked_to_stop(*signals: signal.Signals) -> Iterator[Callable[[], bool]]:
    """Whether one of these came: then the request in hand is finished and the run ends. A second one ends it at once."""
    came: list[int] = []
    if current_thread() is not main_thread():
        yield lambda: False
        return
    former = {number: signal.getsignal(number) for number in signals}

    def restore() -> None:
        for number, handler in former.items():
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)

    def stop(number: int, frame: FrameType | None) -> None:
        came.append(number)
        restore()

    for number in signals:
        signal.signal(number, stop)
    try:
        yield lambda: bool(came)
    finally:
        restore()


def demo_command(invocation: Invocation, folder: str) -> int:
    """The demonstration; it needs no settings."""
    from rich.console import Console

    from intake.demo import run_demo

    return run_demo(Path(folder), Console(file=sys.stdout))
