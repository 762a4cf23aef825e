"""How responses enter the journal: each version of each response once, in the transaction that moves the cursor."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, Insert, Select, and_, bindparam, func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from config.vocabulary import CaseNumber, EmailAddress, Operation
from provision.journal import schema as s
from provision.journal.prepared import Prepared
from provision.journal.rows import put_signal, request_values, tell
from provision.journal.stored import StoredSignal, load_request
from provision.procedure.model import Advance, Course, Request, State

OPEN_STATES = tuple(state for state in State if not state.closed)
KEYS_A_QUERY = 400
RECEIVING_LOCK = 0x47555F52  # "GU_R"


def _newest(*conditions: ColumnElement[bool]) -> Select[tuple[str]]:
    return select(s.request.c.body).where(*conditions).order_by(s.request.c.case_number.desc()).limit(1)


def _open_of_person() -> ColumnElement[bool]:
    still_open = or_(*(s.request.c.state == state for state in OPEN_STATES))
    return and_(s.request.c.document_number == bindparam("person"), still_open)


def _counting(adding: sqlite.Insert | postgresql.Insert) -> Insert:
    counted = adding.on_conflict_do_update(index_elements=["year"], set_={"last": s.case_counter.c.last + 1})
    return counted.returning(s.case_counter.c.last)


_OF_RESPONSE = Prepared(
    lambda: _newest(
        s.request.c.case_number.in_(
            select(s.response.c.case_number).where(
                s.response.c.form_id == bindparam("form"), s.response.c.response_id == bindparam("response")
            )
        )
    )
)
_OF_NUMBER = Prepared(lambda: _newest(s.request.c.case_number == bindparam("number")))
_ATTENDED = Prepared(
    lambda: _newest(_open_of_person(), s.request.c.operation == bindparam("doing"), s.request.c.course == Course.ATTEND)
)
_IN_CORRECTION = Prepared(
    lambda: _newest(_open_of_person(), s.request.c.requester == bindparam("asking"), s.request.c.course == Course.CORRECT)
)
_NEXT_NUMBER = Prepared(
    lambda: _counting(sqlite.insert(s.case_counter)),
    in_postgresql=lambda: _counting(postgresql.insert(s.case_counter)),
)
_ENTER = Prepared(lambda: insert(s.request))
_KEEP = Prepared(lambda: insert(s.response))


@dataclass(frozen=True, slots=True)
class ResponseVersion:
    """One submission of one response; the three identities together are unique in the journal."""

    form_id: str
    response_id: str
    last_submitted_at: datetime
    requester: EmailAddress | None
    answers: Mapping[str, tuple[str, ...]]


class Receiving:
    """One transaction of reception: whatever fails, nothing of it is kept and the next run reads the same again."""

    def __init__(self, connection: Connection, now: datetime) -> None:
        self._connection = connection
        self._now = now

    def take_turn(self) -> None:
        """One writer at a time until the transaction ends: what `known` answers after this stays so. SQLite is so already."""
        if self._connection.dialect.name == "postgresql":
            self._connection.execute(select(func.pg_advisory_xact_lock(RECEIVING_LOCK)))

    def known(self, form_id: str, keys: Iterable[tuple[str, datetime]]) -> frozenset[tuple[str, datetime]]:
        """Which of these (response id, last submitted) pairs the journal has."""
        wanted = list(keys)
        columns = (s.response.c.response_id, s.response.c.last_submitted_at)
        found: set[tuple[str, datetime]] = set()
        for start in range(0, len(wanted), KEYS_A_QUERY):
            ids = {response_id for response_id, _ in wanted[start : start + KEYS_A_QUERY]}
            some = select(*columns).where(s.response.c.form_id == form_id, s.response.c.response_id.in_(ids))
            found |= {(row.response_id, row.last_submitted_at) for row in self._connection.execute(some)}
        return frozenset(found) & frozenset(wanted)

    def case_of_response(self, form_id: str, response_id: str) -> Request | None:
        """The newest case that came from this response."""
        return self._first(_OF_RESPONSE, {"form": form_id, "response": response_id})

    def case(self, number: str) -> Request | None:
        """The case of this number."""
        return self._first(_OF_NUMBER, {"number": number})

    def attended_case_of_person(self, document_number: str, operation: Operation) -> Request | None:
        """A case of the same operation for the same person (document number) that is being attended.

        A refused or defective one does not count: nobody blocks a request by filing a bad one for the same person first.
        """
        return self._first(_ATTENDED, {"person": document_number, "doing": operation})

    def case_in_correction(self, requester: EmailAddress, document_number: str) -> Request | None:
        """An open case of this requester, for this person, that is to be corrected, whether or not it was asked for yet."""
        return self._first(_IN_CORRECTION, {"person": document_number, "asking": requester.lower()})

    def _first(self, newest: Prepared, values: Mapping[str, str]) -> Request | None:
        found = newest.one(self._connection, values)
        return load_request(found[0]) if found is not None else None

    def next_case_number(self, year: int) -> CaseNumber:
        """The next number of the year, `GU-2026-000123`; the counter's row is locked until the transaction ends."""
        counted = _NEXT_NUMBER.one(self._connection, {"year": year, "last": 1})
        if counted is None:
            raise ValueError("the store counted nothing")
        return CaseNumber(f"GU-{year}-{counted[0]:06d}")

    def number_kept_as(self, key: str, year: int) -> CaseNumber:
        """The number given under this key before; else the next one, kept under it."""
        self.take_turn()
        kept = self._connection.execute(select(s.memory.c.value).where(s.memory.c.key == key)).scalar_one_or_none()
        if kept is not None:
            return CaseNumber(kept)
        number = self.next_case_number(year)
        self._connection.execute(s.memory.insert().values(key=key, value=number))
        return number

    def enter(self, version: ResponseVersion, advance: Advance) -> None:
        """A response becomes a case."""
        request = advance.request
        entered = {
            "case_number": request.case,
            "version": 1,
            "updated_at": self._now,
            "wake_at": advance.wake_at,
            "to_be_shown": True,
            "action_taken": None,
        }
        _ENTER.run(self._connection, {**entered, **request_values(request)})
        self._keep(version, request.case)
        tell(self._connection, advance, self._now)

    def signal(self, version: ResponseVersion, case: CaseNumber, signal: StoredSignal) -> None:
        """A response goes on with an existing case."""
        self._keep(version, case)
        put_signal(self._connection, case, signal, self._now)

    def _keep(self, version: ResponseVersion, case: CaseNumber) -> None:
        kept = {
            "form_id": version.form_id,
            "response_id": version.response_id,
            "last_submitted_at": version.last_submitted_at,
            "case_number": case,
            "requester": version.requester,
            "answers": json.dumps(dict(version.answers), ensure_ascii=False),
            "received_at": self._now,
        }
        _KEEP.run(self._connection, kept)

    def cursor(self, form_id: str) -> tuple[datetime, datetime] | None:
        """How far the form was read, and when it was last read whole."""
        row = self._connection.execute(select(s.form_cursor).where(s.form_cursor.c.form_id == form_id)).one_or_none()
        return (row.read_until, row.swept_at) if row is not None else None

    def save_cursor(self, form_id: str, read_until: datetime, swept_at: datetime) -> None:
        """Where the next run goes on."""
        values = {"read_until": read_until, "swept_at": swept_at}
        changed = self._connection.execute(update(s.form_cursor).where(s.form_cursor.c.form_id == form_id).values(**values))
        if changed.rowcount == 0:
            self._connection.execute(insert(s.form_cursor).values(form_id=form_id, **values))
