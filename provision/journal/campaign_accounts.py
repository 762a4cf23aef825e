"""Each account of a campaign: waiting for its turn, entered as a case, left out with a reason, or given back."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, RowMapping, false, func, or_, select, update

from config.vocabulary import CaseNumber, HoldReason
from provision.journal import schema as s
from provision.journal.campaigns import is_closed
from provision.journal.receiving import Receiving
from provision.journal.rows import put_signal
from provision.journal.store import Journal
from provision.journal.stored import load_request
from provision.procedure.acts import WaitingFor
from provision.procedure.holds import Hold
from provision.procedure.model import Course, DeskAsked, Request, State

IDS_A_QUERY = 400

Opening = Callable[[Receiving, str], CaseNumber]
"""Opens the one case that an account gets, inside the caller's transaction, or names the one opened before."""

OpeningBack = Callable[[Receiving, str, str, CaseNumber], CaseNumber]
"""The same for a case that gives an account back: account, the key of this try, and the case that is undone."""


def source_of(digest: str) -> str:
    """What stands for a form where a campaign's cases enter the journal."""
    return f"campaña:{digest}"


def undoing_source_of(digest: str) -> str:
    """The same, for the cases that undo it."""
    return f"campaña-deshacer:{digest}"


class Stage(StrEnum):
    """How far an account of a campaign got; the value is its Spanish name."""

    WAITING = "Por aplicar"
    UNDER_WAY = "En trámite"
    CONFIRMATION = "Espera una confirmación"
    APPLIED = "Aplicada"
    ATTENTION = "Requiere atención"
    LEFT_OUT = "Fuera de la campaña"
    UNDOING = "Deshaciéndose"
    UNDONE = "Deshecha"
    NOT_UNDONE = "No se pudo deshacer"

    @property
    def at_rest(self) -> bool:
        """Whether the program has nothing more to do by itself."""
        return self not in {Stage.WAITING, Stage.UNDER_WAY, Stage.UNDOING}


@dataclass(frozen=True, slots=True)
class AccountStanding:
    """Where one account of a campaign stands. `reason` is Spanish: why it was left out, waits or needs somebody.

    `case` is the one that made it inactive, or the last one that was to give it back.
    """

    account_id: str
    case: CaseNumber | None
    stage: Stage
    reason: str = ""
    undoing: bool = False
    """Whether `case` is one that was to give it back."""

    @property
    def given_back(self) -> bool:
        """Whether undoing has nothing more to do with it by itself."""
        return self.stage is Stage.LEFT_OUT or (self.undoing and self.stage.at_rest)


@dataclass(frozen=True, slots=True)
class KnownToJournal:
    """What the journal knows of an account that a plan needs."""

    holds: tuple[Hold, ...] = ()
    contract_number: str | None = None


class CampaignAccounts:
    """The journal's part that a campaign is applied and undone with. Every method is one transaction."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def waiting(self, digest: str, most: int) -> tuple[str, ...]:
        """The next accounts to be entered, in the order of the plan, at most so many."""
        next_ones = select(s.campaign_account.c.account_id).where(*_waiting(digest)).order_by(s.campaign_account.c.position)
        with self._journal.transaction() as connection:
            return tuple(connection.execute(next_ones.limit(most)).scalars())

    def enter(self, digest: str, leaving: Mapping[str, str | None], opening: Opening, now: datetime) -> tuple[CaseNumber, ...]:
        """Enter these accounts as cases, or leave out those that have a reason; all of it or nothing.

        An account that was decided on meanwhile is passed over; of a campaign that was undone meanwhile nothing is entered.
        """
        with self._journal.transaction() as connection:
            if is_closed(connection, digest):
                return ()
            receiving = Receiving(connection, now)
            receiving.take_turn()
            still = set(connection.execute(select(s.campaign_account.c.account_id).where(*_waiting(digest))).scalars())
            cases = []
            for account_id, reason in leaving.items():
                if account_id not in still:
                    continue
                if reason is not None:
                    _mark(connection, digest, account_id, left_out=reason)
                    continue
                case = opening(receiving, account_id)
                _mark(connection, digest, account_id, case_number=case)
                cases.append(case)
            return tuple(cases)

    def undo(
        self,
        digest: str,
        accounts: Iterable[str],
        asked: DeskAsked,
        opening: OpeningBack,
        now: datetime,
        *,
        again: Collection[str] = (),
    ) -> tuple[CaseNumber, ...]:
        """Give these accounts back; all of it or nothing. Each that was given back before is passed over, but for `again`.

        One that waits for its turn leaves the campaign; an open case is asked to take back what it did, and to whatever was
        done a case of its own answers, which `opening` opens. Returns those.
        """
        wanted = set(accounts)
        entered = s.campaign_account.outerjoin(s.request, s.request.c.case_number == s.campaign_account.c.case_number)
        columns = (s.campaign_account.c.account_id, s.campaign_account.c.left_out, s.campaign_account.c.rolled_back)
        rows = select(*columns, s.request.c.body).select_from(entered).where(s.campaign_account.c.digest == digest)
        with self._journal.transaction() as connection:
            receiving = Receiving(connection, now)
            receiving.take_turn()
            keys = connection.execute(
                select(s.response.c.response_id).where(s.response.c.form_id == undoing_source_of(digest))
            ).scalars()
            tries = Counter(map(_account_of, keys))
            cases = []
            for row in connection.execute(rows.order_by(s.campaign_account.c.position)).all():
                if row.account_id not in wanted or (row.rolled_back and row.account_id not in again):
                    continue
                if row.body is None:
                    if row.left_out is None:
                        _mark(connection, digest, row.account_id, left_out=f"Se retiró de la campaña. {asked.note}".strip())
                    continue
                request = load_request(row.body)
                if not request.state.closed:
                    put_signal(connection, request.case, asked, now)
                done = request.course in {Course.ATTEND, Course.CANCEL} and request.facts.hold_placed
                if done or not request.state.closed:
                    number = tries[row.account_id] + 1
                    key = row.account_id if number == 1 else f"{row.account_id}/{number}"
                    cases.append(opening(receiving, row.account_id, key, request.case))
                    _mark(connection, digest, row.account_id, rolled_back=True)
            return tuple(cases)

    def standings(self, digest: str) -> tuple[AccountStanding, ...]:
        """Every account of a campaign, in the order of the plan."""
        undoing = (
            select(s.response.c.response_id, s.request.c.body)
            .join(s.request, s.request.c.case_number == s.response.c.case_number)
            .where(s.response.c.form_id == undoing_source_of(digest))
            .order_by(s.request.c.case_number)
        )
        joined = s.campaign_account.outerjoin(s.request, s.request.c.case_number == s.campaign_account.c.case_number)
        columns = (s.campaign_account, s.request.c.state, s.request.c.course, s.request.c.waiting_for)
        rows = select(*columns).select_from(joined).where(s.campaign_account.c.digest == digest)
        with self._journal.transaction() as connection:
            # Of several tries the last one counts.
            undone = {
                (account_id := _account_of(row.response_id)): _undone(account_id, load_request(row.body))
                for row in connection.execute(undoing)
            }
            found = connection.execute(rows.order_by(s.campaign_account.c.position)).mappings().all()
            told = [row["case_number"] for row in found if row["case_number"] and _stage(row) in _TOLD]
            reasons = _reasons(connection, told)
        return tuple(
            undone.get(row["account_id"])
            or AccountStanding(
                row["account_id"],
                CaseNumber(row["case_number"]) if row["case_number"] else None,
                _stage(row),
                row["left_out"] or reasons.get(row["case_number"], ""),
            )
            for row in found
        )

    def under_approval(self) -> Mapping[str, str]:
        """Accounts that an approved campaign has not finished with, and its digest."""
        joined = s.campaign_account.join(s.campaign, s.campaign.c.digest == s.campaign_account.c.digest)
        with_case = joined.outerjoin(s.request, s.request.c.case_number == s.campaign_account.c.case_number)
        unfinished = or_(s.campaign_account.c.case_number.is_(None), s.request.c.closed_at.is_(None))
        rows = (
            select(s.campaign_account.c.account_id, s.campaign_account.c.digest)
            .select_from(with_case)
            .where(s.campaign.c.approved_at.is_not(None), s.campaign.c.rolled_back_at.is_(None), unfinished)
            .where(s.campaign_account.c.left_out.is_(None), s.campaign_account.c.rolled_back.is_(False))
        )
        with self._journal.transaction() as connection:
            return {row.account_id: row.digest for row in connection.execute(rows)}

    def finished(self, digest: str) -> bool:
        """Whether every account was entered or left out, and every case is closed or waits for a person."""
        request, row = s.request.c, s.campaign_account.c
        confirmed = [waiting for waiting in WaitingFor if waiting.is_confirmation]
        rests = or_(request.closed_at.is_not(None), request.state == State.NEEDS_ATTENTION, request.waiting_for.in_(confirmed))
        joined = s.campaign_account.outerjoin(s.request, request.case_number == row.case_number)
        unfinished = or_(row.case_number.is_(None), ~func.coalesce(rests, false()))
        left = select(row.account_id).select_from(joined).where(row.digest == digest, row.left_out.is_(None), unfinished)
        with self._journal.transaction() as connection:
            return connection.execute(left.limit(1)).first() is None

    def known(self, accounts: Iterable[str]) -> Mapping[str, KnownToJournal]:
        """Holds and contract numbers of these accounts; those of which the journal knows nothing are not in it."""
        found: dict[str, list[Hold]] = {}
        contracts: dict[str, str | None] = {}
        with self._journal.transaction() as connection:
            for some in _in_parts(list(accounts)):
                held = select(s.hold).where(s.hold.c.account_id.in_(some)).order_by(s.hold.c.case_number)
                for row in connection.execute(held):
                    hold = Hold(
                        CaseNumber(row.case_number), HoldReason(row.reason), row.from_date, row.until_date, row.ended_on
                    )
                    found.setdefault(row.account_id, []).append(hold)
                numbers = select(s.account.c.account_id, s.account.c.contract_number).where(s.account.c.account_id.in_(some))
                contracts |= {row.account_id: row.contract_number for row in connection.execute(numbers)}
        return {
            account_id: KnownToJournal(tuple(found.get(account_id, ())), contracts.get(account_id))
            for account_id in {*found, *contracts}
        }

    def sizes(self) -> Mapping[str, int]:
        """How many accounts each campaign has."""
        counted = select(s.campaign_account.c.digest, func.count()).group_by(s.campaign_account.c.digest)
        with self._journal.transaction() as connection:
            return {row[0]: row[1] for row in connection.execute(counted)}


def _account_of(key: str) -> str:
    return key.partition("/")[0]


def _waiting(digest: str) -> tuple[ColumnElement[bool], ...]:
    row = s.campaign_account.c
    return (row.digest == digest, row.case_number.is_(None), row.left_out.is_(None), row.rolled_back.is_(False))


def _mark(connection: Connection, digest: str, account_id: str, **values: object) -> None:
    this = (s.campaign_account.c.digest == digest, s.campaign_account.c.account_id == account_id)
    connection.execute(update(s.campaign_account).where(*this).values(**values))


_TOLD = frozenset({Stage.LEFT_OUT, Stage.ATTENTION, Stage.CONFIRMATION, Stage.UNDER_WAY})
"""The stages whose reason is the request's own."""


def _stage(row: RowMapping) -> Stage:
    if row["left_out"] is not None:
        return Stage.LEFT_OUT
    if row["case_number"] is None:
        return Stage.WAITING
    state, waiting_for = State(row["state"]), row["waiting_for"]
    if state is State.NEEDS_ATTENTION:
        return Stage.ATTENTION
    if not state.closed:
        confirmed = waiting_for is not None and WaitingFor(waiting_for).is_confirmation
        return Stage.CONFIRMATION if confirmed else Stage.UNDER_WAY
    applied = state is State.DONE and row["course"] == Course.ATTEND
    return Stage.APPLIED if applied else Stage.LEFT_OUT


def _undone(account_id: str, request: Request) -> AccountStanding:
    """How far the case that gives an account back got, and why no further."""
    still, reason = request.facts.still_held, request.reason
    match request.state:
        case State.NEEDS_ATTENTION:
            stage = Stage.ATTENTION
        case _ if not request.state.closed:
            stage = Stage.UNDOING
        case _ if request.course is Course.ATTEND and not still:
            stage, reason = Stage.UNDONE, ""
        case _:
            stage, reason = Stage.NOT_UNDONE, f"Sigue inactiva: {still}." if still else reason
    return AccountStanding(account_id, request.case, stage, reason, undoing=True)


def _reasons(connection: Connection, cases: list[str]) -> dict[str, str]:
    reasons: dict[str, str] = {}
    for some in _in_parts(cases):
        bodies = connection.execute(select(s.request.c.body).where(s.request.c.case_number.in_(some))).scalars()
        for request in map(load_request, bodies):
            reasons[request.case] = request.reason
    return reasons


def _in_parts(values: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(values), IDS_A_QUERY):
        yield values[start : start + IDS_A_QUERY]
