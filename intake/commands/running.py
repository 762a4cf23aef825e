"""`run`, and `demo`, which is many runs."""

import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import current_thread, main_thread
from types import FrameType

from config.settings import Log
from intake.commands.installation import installed
from intake.commands.invocation import Invocation
from intake.commands.progress import progress
from intake.commands.summary import Summary, say_problems, say_summary, summary_document
from intake.run import run_once


def run_command(invocation: Invocation, config: str | None, *, verbose: bool) -> int:
    """One run. The exit code is the report's; CannotRun passes."""
    settings, output = invocation.load(config), invocation.output
    log = _beside_progress(settings.log, told=output.watched or verbose)
    with (
        installed(settings, log, invocation.clock) as installation,
        _asked_to_stop() as stopping,
    ):
        with progress(output, verbose=verbose, keep_going=lambda: not stopping()) as telling:
            report = run_once(installation, telling)
        summary = Summary(report, installation.views.counts(), stopped=stopping())
    output.document(summary_document(summary))
    if output.as_json:
        say_problems(output, report)
    else:
        say_summary(output, summary)
    return report.exit_code


def _beside_progress(log: Log, *, told: bool) -> Log:
    """Without a log file, events would drown the progress that says the same to a person; warnings still appear."""
    if log.file is None and told and log.level == "info":
        return log.model_copy(update={"level": "warning", "format": "text"})
    return log


@contextmanager
def _asked_to_stop() -> Iterator[Callable[[], bool]]:
    """Whether SIGTERM came: then the request in hand is finished and the run ends. A second one ends it at once."""
    came: list[int] = []
    if current_thread() is not main_thread():
        yield lambda: False
        return
    former = signal.getsignal(signal.SIGTERM)

    def stop(number: int, frame: FrameType | None) -> None:
        came.append(number)
        signal.signal(signal.SIGTERM, former if former is not None else signal.SIG_DFL)

    signal.signal(signal.SIGTERM, stop)
    try:
        yield lambda: bool(came)
    finally:
        signal.signal(signal.SIGTERM, former if former is not None else signal.SIG_DFL)


def demo_command(invocation: Invocation, folder: str) -> int:
    """The demonstration; it needs no settings."""
    from rich.console import Console

    from intake.demo import run_demo

    return run_demo(Path(folder), Console(file=sys.stdout))
