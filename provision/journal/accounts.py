"""The register of accounts: the address on record, holds, and which cases concern the same account.

Every method is one transaction and idempotent.
"""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import Connection, Insert, RowMapping, bindparam, delete, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from config.vocabulary import AccountType, CaseNumber, EmailAddress, HoldReason
from provision.journal import schema as s
from provision.journal.prepared import Prepared
from provision.journal.rows import put_signal
from provision.journal.store import Journal
from provision.journal.stored import load_request
from provision.procedure.holds import Hold
from provision.procedure.model import HoldLifted, Request

CLAIMS_LOCK = 0x47555F43  # "GU_C"


@dataclass(frozen=True, slots=True)
class AccountRecord:
    """What the journal knows of an account and the directory does not. `contract_end` is the last day worked."""

    account_id: str
    login: str
    account_type: AccountType | None = None
    unit: str | None = None
    personal_email: EmailAddress | None = None
    """The address on record: where its access data went at its creation, or what an approved change made of it."""
    supervisor_email: EmailAddress | None = None
    contract_number: str | None = None
    contract_end: date | None = None
    created_by: CaseNumber | None = None
    access_case: CaseNumber | None = None
    """The case that issued the newest access data."""
    disabled_by_us: bool = False
    """The program made it inactive, so the program may make it active again."""
    kept_groups: tuple[str, ...] = ()
    """DNs of the groups that were taken from somebody who left."""


class Accounts:
    """The journal's part that the steps on existing accounts work with."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def known(self, account_id: str) -> AccountRecord | None:
        """What the journal knows of an account; None: nothing."""
        with self._journal.transaction() as connection:
            row = connection.execute(select(s.account).where(s.account.c.account_id == account_id)).mappings().one_or_none()
        return _record(row) if row is not None else None

    def remember(self, account_id: str, login: str, **values: object) -> None:
        """Keep these columns of an account; the others stay as they are."""
        if not values.keys() <= _COLUMNS:
            raise ValueError(f"no columns of an account: {sorted(values.keys() - _COLUMNS)}")
        with self._journal.transaction() as connection:
            upsert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
            anew = {"disabled_by_us": False, "kept_groups": "[]", **values}
            adding = upsert(s.account).values(account_id=account_id, login=login, **anew)
            connection.execute(adding.on_conflict_do_update(index_elements=["account_id"], set_={"login": login, **values}))

    def delivered(self, record: AccountRecord) -> None:
        """A new account is its owner's: what is on record of it, and its person is no longer reserved for its case."""
        values = {
            "account_id": record.account_id,
            "login": record.login,
            "account_type": record.account_type,
            "unit": record.unit,
            "personal_email": record.personal_email,
            "supervisor_email": record.supervisor_email,
            "contract_number": record.contract_number,
            "contract_end": record.contract_end,
            "created_by": record.created_by,
            "access_case": record.access_case,
            "disabled_by_us": record.disabled_by_us,
            "kept_groups": json.dumps(record.kept_groups, ensure_ascii=False),
        }
        with self._journal.transaction() as connection:
            _DELIVERED.run(connection, values)
            _PERSON_KNOWN.run(connection, {"of_case": record.created_by})

    def works_again(self, account_id: str, today: date) -> None:
        """Its being inactive is no longer the program's doing, unless a hold is in force today; one statement, so that two
        workers agree.
        """
        begun = (s.hold.c.account_id == account_id, s.hold.c.from_date <= today)
        not_over = or_(s.hold.c.until_date.is_(None), s.hold.c.until_date >= today)
        not_lifted = or_(s.hold.c.ended_on.is_(None), s.hold.c.ended_on > today)
        held = select(s.hold.c.case_number).where(*begun, not_over, not_lifted).exists()
        with self._journal.transaction() as connection:
            mine = (s.account.c.account_id == account_id, ~held)
            connection.execute(update(s.account).where(*mine).values(disabled_by_us=False))

    def keep_groups(self, account_id: str, login: str, groups: Iterable[str]) -> None:
        """Write down groups before they are taken away; those written down before stay."""
        record = self.known(account_id)
        self.keep_only(account_id, login, dict.fromkeys([*(record.kept_groups if record else ()), *groups]))

    def keep_only(self, account_id: str, login: str, groups: Iterable[str]) -> None:
        """These groups are written down instead of those before: one write, so a crash leaves the one list or the other."""
        self.remember(account_id, login, kept_groups=json.dumps(list(groups), ensure_ascii=False))

    def forget_groups(self, account_id: str, login: str) -> None:
        """The groups written down came back."""
        self.keep_only(account_id, login, ())

    def holds(self, account_id: str) -> tuple[Hold, ...]:
        """Every hold of an account, past and to come, in the order of their cases."""
        with self._journal.transaction() as connection:
            rows = connection.execute(
                select(s.hold).where(s.hold.c.account_id == account_id).order_by(s.hold.c.case_number)
            ).all()
        return tuple(
            Hold(CaseNumber(row.case_number), HoldReason(row.reason), row.from_date, row.until_date, row.ended_on)
            for row in rows
        )

    def place_hold(self, account_id: str, hold: Hold) -> None:
        """The case's hold on this account, with these dates; a hold of the same case on another account is withdrawn."""
        this = (s.hold.c.case_number == hold.case, s.hold.c.account_id == account_id)
        dates = {"reason": hold.reason, "from_date": hold.from_date, "until_date": hold.until_date}
        with self._journal.transaction() as connection:
            if hold.reason is not HoldReason.UNDELIVERED:
                others = (s.hold.c.account_id != account_id, s.hold.c.reason != HoldReason.UNDELIVERED)
                connection.execute(delete(s.hold).where(s.hold.c.case_number == hold.case, *others))
            if connection.execute(update(s.hold).where(*this).values(**dates)).rowcount == 0:
                connection.execute(insert(s.hold).values(case_number=hold.case, account_id=account_id, **dates))

    def end_holds(
        self,
        account_id: str,
        cases: Iterable[CaseNumber],
        on: date,
        by: CaseNumber,
        now: datetime,
        *,
        asked_by: EmailAddress | None = None,
    ) -> None:
        """Lift the holds of these cases from that day on, and tell each case; one that was lifted earlier stays so.

        `asked_by` will be told by the case `by` that the account works again, so that no other case says it to them too.
        """
        with self._journal.transaction() as connection:
            for case in cases:
                mine = (s.hold.c.case_number == case, s.hold.c.account_id == account_id)
                lifting = update(s.hold).where(*mine, s.hold.c.ended_on.is_(None)).values(ended_on=on, ended_by=by)
                if connection.execute(lifting).rowcount and case != by:
                    put_signal(connection, case, HoldLifted(on, by, asked_by), now)

    def claim(self, case: CaseNumber, account_id: str, now: datetime) -> tuple[Request, ...]:
        """Say that a case concerns this account. Returns the other open cases that said so before it, oldest first."""
        with self._journal.transaction() as connection:
            _one_at_a_time(connection)
            mine = s.account_claim.c.case_number == case
            held = connection.execute(select(s.account_claim).where(mine)).one_or_none()
            if held is None or held.account_id != account_id:
                connection.execute(delete(s.account_claim).where(mine))
                connection.execute(insert(s.account_claim).values(case_number=case, account_id=account_id, claimed_at=now))
            others = (
                select(s.request.c.body)
                .join(s.account_claim, s.account_claim.c.case_number == s.request.c.case_number)
                .where(
                    s.account_claim.c.account_id == account_id,
                    s.request.c.closed_at.is_(None),
                    s.request.c.case_number < case,
                )
                .order_by(s.request.c.case_number)
            )
            return tuple(load_request(body) for body in connection.execute(others).scalars())


def _unless_known(adding: sqlite.Insert | postgresql.Insert) -> Insert:
    given = {column.name: adding.excluded[column.name] for column in s.account.columns if column.name != "account_id"}
    return adding.on_conflict_do_update(index_elements=["account_id"], set_=given)


_DELIVERED = Prepared(
    lambda: _unless_known(sqlite.insert(s.account)), in_postgresql=lambda: _unless_known(postgresql.insert(s.account))
)
_PERSON_KNOWN = Prepared(lambda: delete(s.reserved_person).where(s.reserved_person.c.case_number == bindparam("of_case")))
_COLUMNS = frozenset(column.name for column in s.account.columns) - {"account_id", "login"}


def _one_at_a_time(connection: Connection) -> None:
    """Two pollers never both find themselves alone with an account: SQLite's transactions are one at a time already."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(CLAIMS_LOCK)))


def _record(row: RowMapping) -> AccountRecord:
    kind = row["account_type"]
    return AccountRecord(
        account_id=row["account_id"],
        login=row["login"],
        account_type=AccountType(kind) if kind else None,
        unit=row["unit"],
        personal_email=EmailAddress(row["personal_email"]) if row["personal_email"] else None,
        supervisor_email=EmailAddress(row["supervisor_email"]) if row["supervisor_email"] else None,
        contract_number=row["contract_number"],
        contract_end=row["contract_end"],
        created_by=CaseNumber(row["created_by"]) if row["created_by"] else None,
        access_case=CaseNumber(row["access_case"]) if row["access_case"] else None,
        disabled_by_us=row["disabled_by_us"],
        kept_groups=tuple(json.loads(row["kept_groups"])),
    )
