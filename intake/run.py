"""One run: lock, receive, advance and execute, show, sum up (design: "One run")."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import uuid4

from config.errors import CannotRun, GestionError, Target, TargetError
from config.vocabulary import CaseNumber
from intake.receive import Reception, receive
from intake.wiring import Installation
from provision.executor import Executor, RetryRules, WorkDone
from provision.procedure.model import Advance, Course, DeskAsked, Request, State

ALL_WELL, SOME_FAILED, COULD_NOT_RUN = 0, 1, 2


@dataclass(slots=True)
class RunReport:
    """What a run came to; `exit_code` is what cron and systemd see."""

    reception: Reception = field(default_factory=Reception)
    work: WorkDone = field(default_factory=WorkDone)
    problems: list[GestionError] = field(default_factory=list)
    """What could not be reached or used; everything that needed it waits for the next run."""
    board_notes: tuple[str, ...] = ()
    shown: int = 0

    @property
    def failed(self) -> tuple[Request, ...]:
        """Requests that this run left to a person because something refused them."""
        last = {advance.request.case: advance for advance in self.work.advanced}
        by_hand = {Course.BY_HAND}
        held = [a.request for a in last.values() if a.request.state is State.NEEDS_ATTENTION and a.entries]
        return tuple(request for request in held if request.course not in by_hand)

    @property
    def exit_code(self) -> int:
        """0 all well; 1 some request failed, or the form raised an alarm; 2 something could not run."""
        if self.problems:
            return COULD_NOT_RUN
        return SOME_FAILED if self.failed or self.reception.alarms else ALL_WELL


@dataclass(frozen=True, slots=True)
class Progress:
    """Who is told how a run goes on (a phase begins; a request advances), and who may end it between two requests."""

    phase: Callable[[str], None] = lambda text: None
    advanced: Callable[[Advance], None] = lambda advance: None
    keep_going: Callable[[], bool] = lambda: True


def run_once(installation: Installation, progress: Progress = Progress()) -> RunReport:
    """One whole run. What is wrong with one target is in the report; CannotRun stops all (and nothing is half done)."""
    report = RunReport()
    with installation.run_lock():
        if installation.alone or installation.journal_at is not None:
            installation.journal.forget_leases()
        progress.phase("Leyendo respuestas")
        _receive(installation, report)
        _listen_to_desk(installation, report)
        progress.phase("Atendiendo solicitudes")
        _work(installation, report, progress)
        progress.phase("Actualizando el tablero")
        _show(installation, report)
    for problem in report.problems:
        installation.log.error("run.problem", problem=str(problem))
    installation.log.info(
        "run.ended", opened=len(report.reception.opened), advanced=len(report.work.advanced), shown=report.shown
    )
    return report


def _receive(installation: Installation, report: RunReport) -> None:
    now = installation.clock()
    try:
        source = installation.source
        report.reception = receive(installation.journal, source, installation.matrix, installation.rules, now, installation.log)
    except TargetError as error:
        if error.target is Target.MATRIX:
            raise CannotRun(error.message, remedy=error.remedy) from error
        report.problems.append(error)
    for alarm in report.reception.alarms:
        installation.log.warning("form.alarm", alarm=alarm)


def _listen_to_desk(installation: Installation, report: RunReport) -> None:
    """Take the actions that agents chose on the board, each once."""
    if not installation.journal.has_open_cases():
        return
    try:
        actions = installation.board.read()
    except TargetError as error:
        report.problems.append(error)
        return
    for action in actions:
        asked = DeskAsked(action.action, "Mesa de servicio", action.note)
        installation.journal.ask(CaseNumber(action.case), asked, installation.clock(), on_board=True)


def _work(installation: Installation, report: RunReport, progress: Progress) -> None:
    if not installation.journal.has_due(installation.clock()):
        return
    settings = installation.settings
    executor = Executor(
        installation.journal,
        installation.performers(),
        installation.rules,
        installation.clock,
        f"gestion-{uuid4()}",
        installation.log,
        lease_for=timedelta(seconds=settings.store.lease_seconds),
        retry=RetryRules(settings.run.backoff_first_seconds, settings.run.backoff_max_seconds, settings.run.max_attempts),
        most_effects=settings.run.effects_per_run,
        stop_point=installation.stop_point,
        on_advance=progress.advanced,
        keep_going=progress.keep_going,
        dry_run=not installation.writable,
    )
    report.work = executor.work()
    report.problems.extend(report.work.down.values())


def _show(installation: Installation, report: RunReport) -> None:
    """One batched write, however many requests changed; what cannot be written now is written by the next run."""
    to_be_shown = installation.views.to_be_shown()
    if not to_be_shown or not installation.writable:
        return
    from intake.show import board_row  # a poll that changes nothing does without

    rules = installation.rules(installation.clock())
    changed = {each.request.case for each in to_be_shown}
    # The open ones go along in the same write: it mends a row that somebody's sorting moved between our read and our write.
    others = [each for each in installation.views.cases(only_open=True) if each.request.case not in changed]
    try:
        report.board_notes = installation.board.write([board_row(each, rules) for each in (*to_be_shown, *others)])
    except TargetError as error:
        report.problems.append(error)
        return
    installation.stop_point("board.written")
    installation.views.shown(to_be_shown)
    report.shown = len(to_be_shown)
