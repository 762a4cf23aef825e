"""What a report counts, as the journal holds it: reads only, each in one transaction, never more than it needs of a case.

A report asks while runs go on. Instants are aware UTC; which of them belong to a month is decided by whoever counts.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import ColumnElement, RowMapping, func, select

from config.vocabulary import AccountType, CaseNumber, EmailAddress, HoldReason
from provision.journal import schema as s
from provision.journal.rows import EffectStatus
from provision.journal.store import Journal
from provision.journal.stored import load_request
from provision.journal.views import Told
from provision.procedure.acts import Act
from provision.procedure.holds import Hold
from provision.procedure.model import Done, EntryKind, Request, Resubmitted, State

CASES_A_QUERY = 400
"""Case numbers in one condition: databases limit how many."""


@dataclass(frozen=True, slots=True)
class RegisteredAccount:
    """An account that the program made or changed. Its address on record is left out: no report needs it."""

    account_id: str
    login: str
    account_type: AccountType | None
    unit: str | None
    supervisor_email: str | None
    contract_end: date | None
    """The last day worked, in the institution's zone."""
    created_by: CaseNumber | None


@dataclass(frozen=True, slots=True)
class DoneAct:
    """Something that a case had done in the world, and when it was recorded as done."""

    case: CaseNumber
    act: Act
    at: datetime


@dataclass(frozen=True, slots=True)
class DecidedBatch:
    """A batch beyond the cap, with how many cases are in it. None: nobody decided yet."""

    digest: str
    made_at: datetime
    allowed: int
    cases: int
    approved_by: EmailAddress | None
    approved_at: datetime | None
    refused_at: datetime | None


class Reported:
    """The journal's part that reports are counted from."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def requests(self) -> tuple[Request, ...]:
        """Every request as it stands, in the order of their numbers. Raises CannotRun for one of a newer version."""
        with self._journal.transaction() as connection:
            bodies = connection.execute(select(s.request.c.body).order_by(s.request.c.case_number)).scalars()
            return tuple(load_request(body) for body in bodies)

    def histories(self, cases: Collection[CaseNumber]) -> Mapping[CaseNumber, tuple[Told, ...]]:
        """The lines of these cases' stories, oldest first; a case without lines is not in it."""
        found: dict[CaseNumber, list[Told]] = {}
        wanted = sorted(cases)
        with self._journal.transaction() as connection:
            for first in range(0, len(wanted), CASES_A_QUERY):
                mine = s.history.c.case_number.in_(wanted[first : first + CASES_A_QUERY])
                for row in connection.execute(select(s.history).where(mine).order_by(s.history.c.id)).mappings():
                    found.setdefault(CaseNumber(row["case_number"]), []).append(_told(row))
        return {case: tuple(lines) for case, lines in found.items()}

    def desk_lines(self, since: datetime, until: datetime) -> tuple[tuple[CaseNumber, Told], ...]:
        """The lines of every story with what the desk said or confirmed, from `since` to before `until`."""
        wanted = (
            select(s.history)
            .where(s.history.c.kind == EntryKind.DESK, s.history.c.at >= since, s.history.c.at < until)
            .order_by(s.history.c.id)
        )
        with self._journal.transaction() as connection:
            rows = connection.execute(wanted).mappings().all()
        return tuple((CaseNumber(row["case_number"]), _told(row)) for row in rows)

    def done(self, acts: Collection[Act], since: datetime, until: datetime) -> tuple[DoneAct, ...]:
        """What of these acts was done from `since` to before `until`; what failed or was given up is not in it."""
        e = s.effect.c
        conditions: tuple[ColumnElement[bool], ...] = (
            e.act.in_([act.value for act in acts]),
            e.status == EffectStatus.SETTLED,
            e.settled_at >= since,
            e.settled_at < until,
            e.outcome.startswith(f"{Done.__name__} "),
        )
        wanted = select(e.case_number, e.act, e.settled_at).where(*conditions).order_by(e.settled_at, e.key)
        with self._journal.transaction() as connection:
            rows = connection.execute(wanted).all()
        return tuple(DoneAct(CaseNumber(row.case_number), Act(row.act), row.settled_at) for row in rows)

    def resubmitted(self, cases: Collection[CaseNumber]) -> Mapping[CaseNumber, tuple[datetime, ...]]:
        """When each of these cases was answered again or edited, oldest first."""
        found: dict[CaseNumber, list[datetime]] = {}
        wanted = sorted(cases)
        g = s.signal.c
        with self._journal.transaction() as connection:
            for first in range(0, len(wanted), CASES_A_QUERY):
                mine = (g.kind == Resubmitted.__name__, g.case_number.in_(wanted[first : first + CASES_A_QUERY]))
                for row in connection.execute(select(g.case_number, g.at).where(*mine).order_by(g.id)):
                    found.setdefault(CaseNumber(row.case_number), []).append(row.at)
        return {case: tuple(instants) for case, instants in found.items()}

    def accounts(self) -> tuple[RegisteredAccount, ...]:
        """Every account in the register, deleted ones included, by login."""
        a = s.account.c
        columns = (a.account_id, a.login, a.account_type, a.unit, a.supervisor_email, a.contract_end, a.created_by)
        with self._journal.transaction() as connection:
            rows = connection.execute(select(*columns).order_by(a.login, a.account_id)).all()
        return tuple(
            RegisteredAccount(
                row.account_id,
                row.login,
                AccountType(row.account_type) if row.account_type else None,
                row.unit,
                row.supervisor_email,
                row.contract_end,
                CaseNumber(row.created_by) if row.created_by else None,
            )
            for row in rows
        )

    def holds(self) -> Mapping[str, tuple[Hold, ...]]:
        """Every hold that there ever was, by account, in the order of their cases."""
        found: dict[str, list[Hold]] = {}
        with self._journal.transaction() as connection:
            rows = connection.execute(select(s.hold).order_by(s.hold.c.case_number, s.hold.c.account_id)).all()
        for row in rows:
            hold = Hold(CaseNumber(row.case_number), HoldReason(row.reason), row.from_date, row.until_date, row.ended_on)
            found.setdefault(row.account_id, []).append(hold)
        return {account: tuple(holds) for account, holds in found.items()}

    def batches(self, since: datetime, until: datetime) -> tuple[DecidedBatch, ...]:
        """The batches that were held from `since` to before `until`, oldest first."""
        b = s.batch.c
        size = (
            select(func.count())
            .select_from(s.batch_case)
            .where(s.batch_case.c.digest == b.digest)
            .correlate(s.batch)
            .scalar_subquery()
        )
        wanted = select(s.batch, size.label("cases")).where(b.made_at >= since, b.made_at < until).order_by(b.made_at, b.digest)
        with self._journal.transaction() as connection:
            rows = connection.execute(wanted).all()
        return tuple(
            DecidedBatch(
                row.digest,
                row.made_at,
                row.allowed,
                row.cases,
                EmailAddress(row.approved_by) if row.approved_by else None,
                row.approved_at,
                row.refused_at,
            )
            for row in rows
        )


def _told(row: RowMapping) -> Told:
    return Told(row["at"], State(row["state"]), EntryKind(row["kind"]), row["title"], row["detail"])
