"""`gestion plan`: the decisions of a run on a copy of the journal, with every write refused before it leaves the program."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from config.clock import Clock
from config.institution import Institution
from config.log import Logger
from config.settings import Settings
from config.vocabulary import CaseNumber
from intake.run import RunReport, run_once
from intake.wiring import Installation, store_url
from provision.executor import FORESEEN
from provision.journal.batches import Batches, HeldBatch
from provision.journal.copying import copy_of_journal
from provision.procedure.acts import WaitingFor
from provision.procedure.courses import steps_of
from provision.procedure.model import Entry, Request
from provision.procedure.steps import Rules


@dataclass(frozen=True, slots=True)
class PlannedRequest:
    """What a run would do now with one request."""

    request: Request
    """As it would stand after what can be foreseen."""
    is_new: bool
    entries: tuple[Entry, ...]
    """What would be decided and found out, and what only the journal would know."""
    writes: tuple[str, ...]
    """What would be written outside the journal, as the refused transport says it; Spanish."""
    later: tuple[str, ...]
    """Titles of the steps that come after those; Spanish."""
    foreseen: bool
    """False: what comes after the last write depends on what the world answers to it."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole dry run. `unchanged`: requests that are due and would only go on waiting."""

    report: RunReport
    requests: tuple[PlannedRequest, ...]
    unchanged: tuple[CaseNumber, ...]
    board_rows: int
    """Rows of the board that would be written."""
    open_batches: tuple[HeldBatch, ...] = ()
    """Batches beyond the cap that wait for a decision already; the one that this run would hold is in the report."""


def make_plan(settings: Settings, policy: Institution, clock: Clock, log: Logger) -> Plan:
    """Run dry. Raises CannotRun as a run would; the copy of the journal is deleted, whatever happens."""
    with tempfile.TemporaryDirectory(prefix="gestion-plan-") as folder:  # 0700
        journal = copy_of_journal(store_url(settings), Path(folder))
        try:
            installation = Installation(settings, policy, clock, log, writable=False, journal_at=journal)
            try:
                return _planned(installation, run_once(installation))
            finally:
                installation.close()
        finally:
            journal.close()


def _planned(installation: Installation, report: RunReport) -> Plan:
    rules = installation.rules(installation.clock())
    last = {advance.request.case: advance.request for advance in report.work.advanced}
    told: dict[CaseNumber, list[Entry]] = {}
    for advance in report.work.advanced:
        told.setdefault(advance.request.case, []).extend(advance.entries)
    written: dict[str, list[str]] = {}
    for case, what in report.work.refused_writes:
        written.setdefault(case, []).append(what)
    planned: list[PlannedRequest] = []
    unchanged: list[CaseNumber] = []
    for case in sorted({*report.reception.opened, *report.reception.continued, *last}):
        is_new = case in report.reception.opened
        request = last.get(case)
        if request is None or is_new:
            story = installation.views.story(case)
            request = request or story.shown.request
            if is_new:
                told[case] = [Entry(line.title, line.detail, line.kind) for line in story.history]
        # What was only pretended to be done stands among the writes; what is said twice is said once.
        said = {(entry.title, entry.detail): entry for entry in reversed(told.get(case, [])) if entry.detail != FORESEEN}
        entries = tuple(reversed(said.values()))
        writes = tuple(written.get(case, ()))
        if entries or writes or is_new:
            planned.append(_request(request, entries, writes, rules, is_new=is_new))
        else:
            unchanged.append(case)
    held = report.held_batch.digest if report.held_batch is not None else ""
    batches = tuple(batch for batch in Batches(installation.journal).open_batches() if batch.digest != held)
    return Plan(report, tuple(planned), tuple(unchanged), len(installation.views.to_be_shown()), batches)


def _request(
    request: Request, entries: Sequence[Entry], writes: tuple[str, ...], rules: Rules, *, is_new: bool
) -> PlannedRequest:
    stopped = request.waiting_for is WaitingFor.RETRY and request.reason == FORESEEN
    left = [] if request.state.closed else [s for s in steps_of(request, rules) if s.key(request.round) not in request.done]
    # The first step left is the one whose write was refused: it stands among the writes already.
    later = tuple(step.title for step in (left[1:] if stopped else left))
    return PlannedRequest(request, is_new, tuple(entries), writes, later, foreseen=not stopped)
