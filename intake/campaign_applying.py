"""Applying an approved campaign in waves, and undoing one: each account by a case of its own, so both survive any crash."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from config.errors import CannotRun, GestionError, Rejected, TargetError, Transient
from config.vocabulary import CaseNumber, HoldReason, Operation
from intake.campaign_planning import candidate
from intake.campaign_ticket import begin_ticket, note_undoing
from intake.own_cases import open_own_case
from intake.run import Progress, RunReport, show_board, tell_of_many, work
from intake.wiring import Installation
from provision.directory.port import AccountId
from provision.journal.campaign_accounts import (
    AccountStanding,
    CampaignAccounts,
    Opening,
    OpeningBack,
    Stage,
    source_of,
    undoing_source_of,
)
from provision.journal.campaigns import Campaign, Campaigns, Deed
from provision.journal.receiving import Receiving
from provision.procedure.campaign import PlannedAccount, why_leaves
from provision.procedure.desk import DeskAction
from provision.procedure.lifecycle import Received
from provision.procedure.model import Advance, DeskAsked, Origin, State
from provision.procedure.safety import Batch
from provision.procedure.submission import Activate, Deactivate, Granted
from provision.procedure.submission import Target as Named

ROLE = "campaña"


@dataclass(frozen=True, slots=True)
class Watched:
    """Who is told how many accounts are done, of how many, and who may end it between two requests."""

    done: Callable[[int, int], None] = lambda done, total: None
    wave: Callable[[int, int, int], None] = lambda number, entered, left_out: None
    keep_going: Callable[[], bool] = lambda: True


@dataclass(slots=True)
class Worked:
    """What applying or undoing came to."""

    entered: int = 0
    waves: int = 0
    stopped: bool = False
    too_many_failed: bool = False
    """At least half of a wave was left to a person: the next one was not begun."""
    problems: list[GestionError] = field(default_factory=list)
    held_batch: Batch | None = None


def apply_campaign(
    installation: Installation, campaign: Campaign, deed: Deed, watched: Watched, *, wave: int, most_waves: int | None = None
) -> Worked:
    """Finish what was entered before, then enter and work through one wave after another.

    Run again it goes on where it stopped, however it stopped. Raises CannotRun for a campaign that is not approved, or while
    a run is going on; what is wrong with one target is in the result.
    """
    if not campaign.appliable:
        raise CannotRun(f"La campaña {campaign.digest[:12]} no se puede aplicar: está «{campaign.label.lower()}».")
    with installation.run_lock():
        _alone(installation)
        campaigns, accounts = Campaigns(installation.journal), CampaignAccounts(installation.journal)
        lines = {line.account_id: line for line in campaigns.body(campaign.digest).plan.lines}
        campaigns.did(campaign.digest, deed)
        worked, waves = Worked(), _Waves(installation, accounts, campaign, watched, len(lines))
        begin_ticket(installation, campaign, len(lines))
        _try_again(installation, [each for each in accounts.standings(campaign.digest) if not each.undoing], deed)
        waves.work(worked)
        while _goes_on(worked, watched) and (most_waves is None or worked.waves < most_waves):
            turn = accounts.waiting(campaign.digest, wave)
            if not turn:
                break
            try:
                leaving = _leaving(installation, [lines[account_id] for account_id in turn])
            except TargetError as error:
                worked.problems.append(error)
                break
            opening = _opening(installation, campaign, lines)
            cases = accounts.enter(campaign.digest, leaving, opening, installation.clock())
            installation.stop_point("campaign.wave.entered")
            waves.entered(worked, cases, sum(1 for reason in leaving.values() if reason is not None))
            waves.work(worked)
        waves.end(worked)
        return worked


def undo_campaign(
    installation: Installation,
    campaign: Campaign,
    deed: Deed,
    watched: Watched,
    *,
    only: Collection[str] | None = None,
    wave: int,
) -> Worked:
    """Give back every account that the campaign made inactive, or only these; the rest of it then stays as it is.

    Accounts that wait for their turn leave the campaign. Run again it goes on where it stopped, and tries again what needed a
    person. Raises CannotRun while a run is going on, Misconfigured or Unreachable for the directory; what is wrong with one
    account or with another target is in the result.
    """
    with installation.run_lock():
        _alone(installation)
        campaigns, accounts = Campaigns(installation.journal), CampaignAccounts(installation.journal)
        lines = {line.account_id: line for line in campaigns.body(campaign.digest).plan.lines}
        campaigns.roll_back(campaign.digest, deed, wholly=only is None)
        installation.stop_point("campaign.undoing")
        chosen = [account_id for account_id in lines if only is None or account_id in only]
        asked = DeskAsked(DeskAction.CANCEL, deed.operator, deed.note or "Se deshizo la campaña.", at_command=True)
        worked, waves = Worked(), _Waves(installation, accounts, campaign, watched, len(chosen))
        note_undoing(installation, campaign, deed)
        mine = frozenset(chosen)
        begun = [each for each in accounts.standings(campaign.digest) if each.undoing and each.account_id in mine]
        again, unknown = _may_be_enabled(installation, begun, lines)
        _try_again(installation, begun, deed)
        waves.work(worked)
        for start in range(0, len(chosen), wave):
            if not _goes_on(worked, watched):
                break
            some = chosen[start : start + wave]
            opening = _opening_back(installation, campaign, lines, deed)
            cases = accounts.undo(campaign.digest, some, asked, opening, installation.clock(), again=again)
            installation.stop_point("campaign.wave.undone")
            waves.entered(worked, cases, len(some) - len(cases))
            waves.work(worked)
        worked.problems.extend(unknown)
        waves.end(worked)
        return worked


def _alone(installation: Installation) -> None:
    """As every run begins: leases that a dead one left are free."""
    if installation.alone or installation.journal_at is not None:
        installation.journal.forget_leases()


def _try_again(installation: Installation, standings: Iterable[AccountStanding], deed: Deed) -> None:
    """What needed a person is tried again: whoever applies or undoes a campaign anew has looked into it."""
    asked = DeskAsked(DeskAction.RETRY, deed.operator, f"Campaña: {deed.kind.value.lower()} de nuevo.", at_command=True)
    for standing in standings:
        if standing.stage is Stage.ATTENTION and standing.case is not None:
            installation.journal.ask(standing.case, asked, installation.clock(), on_board=False)


def _may_be_enabled(
    installation: Installation, standings: Iterable[AccountStanding], lines: Mapping[str, PlannedAccount]
) -> tuple[frozenset[str], list[Rejected]]:
    """Accounts that stayed inactive when they were given back, and whose contract goes on now; and those that nobody could see.

    One account's trouble keeps no other from coming back. Raises Misconfigured or Unreachable for the directory as a whole.
    """
    found: set[str] = set()
    problems: list[Rejected] = []
    for standing in standings:
        if standing.stage is not Stage.NOT_UNDONE:
            continue
        try:
            account = installation.directory.find_by_id(AccountId(standing.account_id))
        except (Rejected, Transient) as error:
            login = lines[standing.account_id].login
            problems.append(Rejected(error.target, f"No se pudo mirar de nuevo {login}: {error.message}", remedy=error.remedy))
            continue
        ended = account is None or (account.expires_at is not None and account.expires_at <= installation.clock())
        if account is not None and not account.enabled and not ended:
            found.add(standing.account_id)
    return frozenset(found), problems


def _goes_on(worked: Worked, watched: Watched) -> bool:
    return not worked.problems and not worked.too_many_failed and watched.keep_going()


class _Waves:
    """Works through what is due, and counts the accounts that came to rest."""

    def __init__(
        self, installation: Installation, accounts: CampaignAccounts, campaign: Campaign, watched: Watched, total: int
    ) -> None:
        self._installation = installation
        self._watched = watched
        self._total = total
        stages = [standing.stage for standing in accounts.standings(campaign.digest)]
        self._done = sum(1 for stage in stages if stage not in {Stage.WAITING, Stage.UNDER_WAY}) if total == len(stages) else 0
        self._rested: set[CaseNumber] = set()
        self._wave: frozenset[CaseNumber] = frozenset()
        self._failed: set[CaseNumber] = set()

    def entered(self, worked: Worked, cases: tuple[CaseNumber, ...], left_out: int) -> None:
        worked.waves += 1
        worked.entered += len(cases)
        self._done += left_out
        self._wave, self._failed = frozenset(cases), set()
        self._watched.wave(worked.waves, len(cases), left_out)
        self._tell()

    def work(self, worked: Worked) -> None:
        """Until nothing is due, or somebody asks to stop."""
        progress = Progress(advanced=self._advanced, keep_going=self._watched.keep_going)
        while self._watched.keep_going() and self._installation.journal.has_due(self._installation.clock()):
            report = RunReport()
            work(self._installation, report, progress)
            worked.problems.extend(report.problems)
            worked.held_batch = report.held_batch or worked.held_batch
            if report.problems or not report.work.advanced:
                break
        worked.too_many_failed = bool(self._wave) and 2 * len(self._failed & self._wave) >= len(self._wave) > 1

    def end(self, worked: Worked) -> None:
        """Show on the board what changed."""
        worked.stopped = not self._watched.keep_going()
        report = RunReport()
        tell_of_many(self._installation, report)  # a campaign that everybody left advanced nothing
        show_board(self._installation, report)
        known = set(map(str, worked.problems))  # the last wave may have met the same one
        worked.problems.extend(problem for problem in report.problems if str(problem) not in known)
        self._installation.log.info("campaign.worked", entered=worked.entered, waves=worked.waves, stopped=worked.stopped)

    def _advanced(self, advance: Advance) -> None:
        request = advance.request
        if request.origin is not Origin.CAMPAIGN:
            return
        if request.state is State.NEEDS_ATTENTION:
            self._failed.add(request.case)
        if request.case in self._wave and (request.state.closed or request.waiting_for) and request.case not in self._rested:
            self._rested.add(request.case)
            self._done += 1
            self._tell()

    def _tell(self) -> None:
        self._watched.done(min(self._done, self._total), self._total)


def _leaving(installation: Installation, turn: list[PlannedAccount]) -> dict[str, str | None]:
    """Why each of these accounts leaves the campaign just before its turn; None: it stays. Raises TargetError."""
    known = CampaignAccounts(installation.journal).known(line.account_id for line in turn)
    leaving: dict[str, str | None] = {}
    for line in turn:
        account = installation.directory.find_by_id(AccountId(line.account_id))
        now = candidate(installation, account, known.get(line.account_id)) if account is not None else None
        leaving[line.account_id] = why_leaves(line, now)
    return leaving


def _opening(installation: Installation, campaign: Campaign, lines: dict[str, PlannedAccount]) -> Opening:
    now = installation.clock()
    why = (
        f"Campaña «{campaign.title}» ({campaign.digest[:12]}), planeada por {campaign.planned_by} y aprobada por "
        f"{campaign.approved_by}."
    )

    def open_case(receiving: Receiving, account_id: str) -> CaseNumber:
        line = lines[account_id]
        content = Deactivate(
            Operation.DEACTIVATE,
            _named(line),
            line.account_type,
            line.unit,
            HoldReason.CONTRACT_ENDED,
            line.from_date,
            notes=line.why,
            campaign=campaign.digest,
        )

        def made(case: CaseNumber) -> Received:
            granted = Granted(0, ROLE, f"{why} {line.why}", "")
            return Received(case, None, None, now, content, granted, origin=Origin.CAMPAIGN)

        rules = installation.rules(now)
        return open_own_case(receiving, source_of(campaign.digest), account_id, campaign.planned_at, made, rules)

    return open_case


def _opening_back(installation: Installation, campaign: Campaign, lines: dict[str, PlannedAccount], deed: Deed) -> OpeningBack:
    now: datetime = installation.clock()
    rules = installation.rules(now)
    why = f"Se deshace la campaña «{campaign.title}» ({campaign.digest[:12]}), por {deed.operator}. {deed.note}".strip()

    def open_case(receiving: Receiving, account_id: str, key: str, undone: CaseNumber) -> CaseNumber:
        line = lines[account_id]
        content = Activate(_named(line), line.account_type, line.unit, rules.today)

        def made(case: CaseNumber) -> Received:
            granted = Granted(0, ROLE, why, "")
            return Received(case, None, None, now, content, granted, follows=undone, origin=Origin.CAMPAIGN)

        return open_own_case(receiving, undoing_source_of(campaign.digest), key, campaign.planned_at, made, rules)

    return open_case


def _named(line: PlannedAccount) -> Named:
    return Named(line.login, None, line.name)
