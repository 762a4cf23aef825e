"""After each run: the metrics and the sign of life that let somebody notice when runs no longer happen."""

import time
from dataclasses import dataclass, field
from datetime import datetime

from config.errors import CannotRun, GestionError, TargetError
from config.log import Logger
from intake.run import COULD_NOT_RUN, RunReport
from intake.wiring import Installation

HEARTBEAT_SECONDS = 5.0


@dataclass(slots=True)
class Watched:
    """A run that is being timed."""

    installation: Installation
    began_at: datetime
    """Aware UTC."""
    began: float = field(default_factory=time.perf_counter)

    def could_not_run(self, problem: CannotRun) -> None:
        """As `ended`, of a run that this stopped; the system behind it, where there is one, is named."""
        cause = problem.__cause__
        self.ended(RunReport(problems=[cause if isinstance(cause, TargetError) else problem]))

    def ended(self, report: RunReport) -> None:
        """Write the metrics and give the sign of life, as the settings say; what fails is only logged."""
        watching, log = self.installation.settings.watching, self.installation.log
        if watching.metrics_file is not None:
            from intake.metrics import RunTimes, write_metrics  # only where metrics are wanted

            times = RunTimes(self.began_at, time.perf_counter() - self.began)
            try:
                write_metrics(self.installation, report, times, watching.metrics_file)
            except GestionError as error:
                log.error("metrics.not_written", problem=str(error))
        # Silence is the alarm: a run that could not use what it needs must not sound like one that could.
        if watching.heartbeat_url is not None and report.exit_code != COULD_NOT_RUN:
            give_sign_of_life(watching.heartbeat_url, log)


def give_sign_of_life(url: str, log: Logger) -> None:
    """GET the address (https, or this machine: the settings see to it), five seconds for each answer; what fails is logged."""
    import urllib.request
    from http.client import HTTPException

    class NowhereElse(urllib.request.HTTPRedirectHandler):
        def redirect_request(self, *_: object) -> None:
            """A redirection could lead out of what the settings allow: it is a failure."""

    try:
        with urllib.request.build_opener(NowhereElse).open(url, timeout=HEARTBEAT_SECONDS):
            log.debug("heartbeat.sent")
    except (OSError, HTTPException, ValueError) as error:
        # Not the address: whoever knows it can pretend that all is well.
        log.warning("heartbeat.failed", error=type(error).__name__)
