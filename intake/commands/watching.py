"""`gestion run --watch`: one run after another until it is told to end, each on settings and a matrix read anew."""

import gc
import signal
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from config.errors import CannotRun, GestionError
from config.log import Logger
from config.settings import Watching
from intake.commands.invocation import Invocation
from intake.commands.running import asked_to_stop, summed_run
from intake.commands.service import Service
from intake.commands.summary import Summary, say_summary
from intake.run import COULD_NOT_RUN

LONGEST_PAUSE_SECONDS = 3600.0
SLICE_SECONDS = 0.5
"""How soon a signal is noticed during a pause."""
_DEFECT = "Error interno del programa ({}); nada se perdió. Se intentará de nuevo."


@dataclass(slots=True)
class Pauses:
    """How long to wait until the next run: as the settings say; twice as long after each one that could not run.

    `usual_seconds` is of the newest settings that could be read: while they cannot be, only the pause goes on as before.
    """

    usual_seconds: float = Watching().poll_seconds
    failed: int = 0

    def next_seconds(self) -> float:
        """Seconds to wait now; never more than an hour, unless the settings say more."""
        longest = max(LONGEST_PAUSE_SECONDS, self.usual_seconds)
        return min(self.usual_seconds * 2.0 ** min(self.failed, 16), longest)


@dataclass(slots=True)
class Watch:
    """The loop. `sleep` is given for tests."""

    invocation: Invocation
    config: str | None
    verbose: bool = False
    service: Service = field(default_factory=Service)
    sleep: Callable[[float], None] = time.sleep
    pauses: Pauses = field(default_factory=Pauses)

    def until(self, stopping: Callable[[], bool]) -> int:
        """Run until told to stop; the exit code of the last run. Raises CannotRun when the first run has no settings to use."""
        self.invocation.load(self.config)
        self.service.ready()
        code = 0
        while not stopping():
            code = self.poll(stopping)
            # A run leaves cycles behind (engines, settings), and the threshold of `main` would let many pile up; what the first
            # one loaded stays, and need not be looked through each time.
            gc.collect()
            if gc.get_freeze_count() == 0:
                gc.freeze()
            self._pause(stopping)
        self.service.stopping()
        return code

    def poll(self, stopping: Callable[[], bool]) -> int:
        """One run; whatever goes wrong with it is said, and the next one comes."""
        output = self.invocation.output
        code = COULD_NOT_RUN
        try:
            summary = summed_run(self.invocation, self.config, verbose=self.verbose, stopping=self._alive(stopping))
            code = summary.report.exit_code
            self._say(summary)
        except GestionError as error:
            output.error(error.message, error.remedy)
            self.service.status(error.message)
        except Exception as error:  # the last boundary, as in `main`: a defect of one run is said, and the next one comes
            log = self._log()
            log.exception("watch.defect", error=type(error).__name__)
            output.error(_DEFECT.format(type(error).__name__))
            self.service.status(_DEFECT.format(type(error).__name__))
        if self.invocation.settings is not None:
            self.pauses.usual_seconds = self.invocation.settings.watching.poll_seconds
        self.pauses.failed = self.pauses.failed + 1 if code == COULD_NOT_RUN else 0
        return code

    def _alive(self, stopping: Callable[[], bool]) -> Callable[[], bool]:
        def asked() -> bool:
            self.service.alive()
            return stopping()

        return asked

    def _say(self, summary: Summary) -> None:
        # 288 lines a day that nothing happened would hide the one that matters.
        if self.verbose or not summary.quiet:
            say_summary(self.invocation.output, summary)
        waiting = sum(number for state, number in summary.counts.items() if not state.closed)
        self.service.status(f"Última ejecución: terminó en {summary.report.exit_code}. Solicitudes abiertas: {waiting}.")

    def _log(self) -> Logger:
        from config.log import configure
        from config.settings import Log

        settings = self.invocation.settings
        try:
            return configure(settings.log if settings else Log())
        except GestionError:
            return configure(Log())

    def _pause(self, stopping: Callable[[], bool]) -> None:
        left = self.pauses.next_seconds()
        while left > 0 and not stopping():
            self.service.alive()
            self.sleep(min(left, SLICE_SECONDS))
            left -= SLICE_SECONDS


def watch_command(invocation: Invocation, config: str | None, *, verbose: bool) -> int:
    """Run until SIGTERM or Ctrl-C, which end the loop after the request in hand; 0 then: it did what it was told."""
    if invocation.output.as_json:
        raise CannotRun(
            "«--watch» no escribe un documento.", remedy="Use --json sin --watch, o lea las métricas de [watching]."
        )
    with asked_to_stop(signal.SIGTERM, signal.SIGINT) as stopping:
        Watch(invocation, config, verbose=verbose).until(stopping)
    return 0
