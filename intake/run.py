"""One run: lock, receive, advance and execute, show, sum up (design: "One run")."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from uuid import uuid4

from config.errors import CannotRun, GestionError, Target, TargetError
from config.vocabulary import CaseNumber
from intake.board.cells import cell_text
from intake.board.port import RequestedAction
from intake.receive import Reception, receive
from intake.wiring import Installation
from provision.executor import Executor, RetryRules, WorkDone
from provision.journal.views import Memory
from provision.procedure.acts import WaitingFor
from provision.procedure.desk import DeskAction
from provision.procedure.model import Advance, Approver, DeskAsked, Request, State
from provision.procedure.safety import Batch

LONGEST_ACTION, LONGEST_NOTE = 200, 2_000
"""Characters that are taken of what stands on the board, where a cell may hold 50,000: more is no action and no note."""
ALL_WELL, SOME_FAILED, COULD_NOT_RUN = 0, 1, 2
SWEPT_ON = "sweep.contracts"
"""Under this key the journal remembers the day (in the institution's zone) of the last look at contracts that ended."""


@dataclass(slots=True)
class RunReport:
    """What a run came to; `exit_code` is what cron and systemd see."""

    reception: Reception = field(default_factory=Reception)
    work: WorkDone = field(default_factory=WorkDone)
    problems: list[GestionError] = field(default_factory=list)
    """What could not be reached or used; everything that needed it waits for the next run."""
    board_notes: tuple[str, ...] = ()
    shown: int = 0
    held_batch: Batch | None = None
    """What this run would have made inactive or deleted, and did not: more than the cap."""

    @property
    def failed(self) -> tuple[Request, ...]:
        """Requests that this run left to a person because something refused them."""
        last = {advance.request.case: advance for advance in self.work.advanced}
        return tuple(a.request for a in last.values() if a.request.state is State.NEEDS_ATTENTION and a.entries)

    @property
    def exit_code(self) -> int:
        """0 all well; 1 some request failed, or the form raised an alarm; 2 something could not run."""
        if self.problems:
            return COULD_NOT_RUN
        return SOME_FAILED if self.failed or self.reception.alarms or self.held_batch else ALL_WELL


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
        _hear_desk(installation, report)
        progress.phase("Leyendo respuestas")
        _receive(installation, report)
        _sweep(installation, report)
        _listen_to_desk(installation, report)
        _hear_of_bounces(installation, report)
        progress.phase("Atendiendo solicitudes")
        work(installation, report, progress)
        _follow_cases(installation, report)
        progress.phase("Actualizando el tablero")
        show_board(installation, report)
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
        said, note = cell_text(action.action, LONGEST_ACTION), cell_text(action.note, LONGEST_NOTE)
        asked = DeskAsked(said, "Mesa de servicio", note, _approver(installation, action))
        installation.journal.ask(CaseNumber(action.case), asked, installation.clock(), on_board=True)


def _hear_desk(installation: Installation, report: RunReport) -> None:
    """What people did on the tickets in the desk's own tool."""
    from intake.desk_hearing import hear_desk

    hear_desk(installation, report)


def _follow_cases(installation: Installation, report: RunReport) -> None:
    """The tickets of the cases that changed."""
    from provision.journal.desk_news import DeskNews

    behind = DeskNews(installation.journal).behind(installation.clock()) if installation.writable else ()
    if behind:
        from intake.desk_following import follow_cases  # a poll that changes nothing does without

        follow_cases(installation, report, behind)


def _hear_of_bounces(installation: Installation, report: RunReport) -> None:
    if installation.settings.bounces.kind == "none":
        return
    from intake.bounces import hear_of_bounces

    hear_of_bounces(installation, report)


def _approver(installation: Installation, action: RequestedAction) -> Approver | None:
    """Whom the desk names in Observación, if the matrix knows him as an approver today."""
    if action.action not in {DeskAction.APPROVE, DeskAction.REJECT}:
        return None
    from intake.approving import named_approver

    return named_approver(installation, action.note)


def _sweep(installation: Installation, report: RunReport) -> None:
    """Once a day, contracts that ended."""
    today = installation.rules(installation.clock()).today.isoformat()
    memory = Memory(installation.journal)
    if memory.get(SWEPT_ON) == today:
        return
    from intake.sweep import sweep_contracts  # once a day, and not by the polls in between

    try:
        swept = sweep_contracts(installation)
    except TargetError as error:
        report.problems.append(error)
        return
    memory.put(SWEPT_ON, today)
    report.reception.opened.extend(swept.cases)
    report.reception.alarms += swept.alarms
    for alarm in swept.alarms:
        installation.log.warning("sweep.alarm", alarm=alarm)
    tell_of_many(installation, report)  # what a run that was cut short did not tell is told on the next day at the latest


def work(installation: Installation, report: RunReport, progress: Progress) -> None:
    """Under the run's lock: what is due; then, once all that it would take from people is added up, what may be taken."""
    if installation.journal.has_due(installation.clock()):
        _executor(installation, progress).work(report.work)
    if _let_in(installation, report):
        _executor(installation, progress).work(report.work)
    known = {str(problem) for problem in report.problems}  # the sweep may have met the same one
    report.problems.extend(problem for problem in report.work.down.values() if str(problem) not in known)
    # Whoever still waits may do so since a run that was cut short before it told anybody.
    if report.work.advanced or installation.journal.has_waiting(WaitingFor.ADMISSION):
        tell_of_many(installation, report)


def tell_of_many(installation: Installation, report: RunReport) -> None:
    """Mails about many accounts at once: a batch that was held, a campaign that ended. A dry run sends none."""
    if not installation.writable:
        return
    from intake.telling_of_many import tell_of_batches, tell_of_campaigns

    for tell in (tell_of_batches, tell_of_campaigns):
        try:
            tell(installation)
        except TargetError as error:
            report.problems.append(error)


def _executor(installation: Installation, progress: Progress) -> Executor:
    settings = installation.settings
    return Executor(
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


def _let_in(installation: Installation, report: RunReport) -> bool:
    """Whether there is more to do: what waited for the run's sum goes on now, or is held and its requests say so."""
    if not installation.journal.has_waiting(WaitingFor.ADMISSION):
        return False
    from intake.admission import let_in  # a poll that takes nothing from anybody does without

    try:
        batch = let_in(installation)
    except TargetError as error:
        report.problems.append(error)
        return False
    report.held_batch = batch if batch is not None and batch.exceeds else None
    return batch is not None


def show_board(installation: Installation, report: RunReport) -> None:
    """One batched write, however many requests changed; what cannot be written now is written by the next run."""
    to_be_shown = installation.views.to_be_shown()
    if not to_be_shown or not installation.writable:
        return
    from intake.show import board_row, dashboard_shown  # a poll that changes nothing does without
    from provision.journal.board_figures import BoardFigures

    rules = installation.rules(installation.clock())
    changed = {each.request.case for each in to_be_shown}
    # The open ones go along in the same write: it mends a row that somebody's sorting moved between our read and our write.
    others = [each for each in installation.views.open_and_shown() if each.request.case not in changed]
    open_ones = [each for each in (*to_be_shown, *others) if each.request.closed_at is None]
    known = changed | {each.request.case for each in others}
    # A closed case is shown once more only where its row says that it is another's.
    others += installation.views.of([case for case in installation.board.misplaced() if case not in known])
    dashboard = dashboard_shown(open_ones, BoardFigures(installation.journal), rules)
    try:
        report.board_notes = installation.board.write([board_row(each, rules) for each in (*to_be_shown, *others)], dashboard)
    except TargetError as error:
        report.problems.append(error)
        return
    installation.stop_point("board.written")
    installation.views.shown(to_be_shown)
    report.shown = len(to_be_shown)
