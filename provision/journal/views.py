"""What people ask of the journal: what is to be shown on the board, one case's story, lists, counts."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, bindparam, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from config.errors import CannotRun
from config.vocabulary import CaseNumber, EmailAddress
from provision.journal import schema as s
from provision.journal.prepared import Prepared
from provision.journal.store import Journal
from provision.journal.stored import load_request
from provision.procedure.model import EntryKind, Request, State

MOST_NAMED = 100
"""Cases that may be asked for by name at once: the names may come from a sheet that anybody edits."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A request to be shown, with the submission its row on the form's tab is found by."""

    request: Request
    version: int
    updated_at: datetime
    action_taken: bool
    last_submitted_at: datetime
    submitted_by: EmailAddress | None
    answers: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Told:
    """One line of a request's story. `at` is aware UTC."""

    at: datetime
    state: State
    kind: EntryKind
    title: str
    detail: str


@dataclass(frozen=True, slots=True)
class EffectView:
    """One effect of a request, as an auditor reads it."""

    act: str
    status: str
    attempts: int
    started_at: datetime | None
    settled_at: datetime | None
    outcome: str | None


@dataclass(frozen=True, slots=True)
class Story:
    """Everything the journal knows of one request."""

    shown: Shown
    history: tuple[Told, ...]
    effects: tuple[EffectView, ...]


def _newest_response() -> tuple[ColumnElement[bool], ...]:
    """A request's newest submission: the one its row on the sheet has now."""
    newest = (
        select(func.max(s.response.c.last_submitted_at))
        .where(s.response.c.case_number == s.request.c.case_number)
        .correlate(s.request)
        .scalar_subquery()
    )
    return (s.response.c.case_number == s.request.c.case_number, s.response.c.last_submitted_at == newest)


def _cases(*conditions: ColumnElement[bool]) -> Select[tuple[str, int, datetime, datetime | None, datetime, str | None, str]]:
    columns = (
        s.request.c.body,
        s.request.c.version,
        s.request.c.updated_at,
        s.request.c.action_taken,
        s.response.c.last_submitted_at,
        s.response.c.requester,
        s.response.c.answers,
    )
    return select(*columns).where(*_newest_response(), *conditions).order_by(s.request.c.case_number)


_THIS_CASE = Prepared(lambda: _cases(s.request.c.case_number == bindparam("of_case")))
_IS_SHOWN = Prepared(
    lambda: update(s.request).where(
        s.request.c.case_number == bindparam("of_case"), s.request.c.version == bindparam("of_version")
    )
)


def _shown(row: Sequence[Any]) -> Shown:
    body, version, updated_at, action_taken, last_submitted_at, submitted_by, answers = row
    return Shown(
        load_request(body),
        version,
        updated_at,
        action_taken is not None,
        last_submitted_at,
        submitted_by,
        {question: tuple(texts) for question, texts in json.loads(answers).items()},
    )


class Views:
    """Reads of the journal, and the one mark that something was shown."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def to_be_shown(self) -> tuple[Shown, ...]:
        """Requests whose row on the board is out of date, oldest case first."""
        return self._select(s.request.c.to_be_shown.is_(True))

    def open_and_shown(self) -> tuple[Shown, ...]:
        """The open requests whose row is not out of date: with those `to_be_shown`, all open ones, each read once."""
        return self._select(s.request.c.closed_at.is_(None), s.request.c.to_be_shown.is_(False))

    def shown(self, rows: Iterable[Shown]) -> None:
        """These rows are on the board now; one that changed meanwhile stays to be shown. Idempotent."""
        with self._journal.transaction() as connection:
            for row in rows:
                same = {"of_case": row.request.case, "of_version": row.version}
                _IS_SHOWN.run(
                    connection, {**same, "to_be_shown": False, **({"action_taken": None} if row.action_taken else {})}
                )

    def cases(self, *, only_open: bool = False, states: Sequence[State] = (), contains: str = "") -> tuple[Shown, ...]:
        """Requests in the order of their numbers; `contains` is looked for in case, requester and content."""
        conditions: list[ColumnElement[bool]] = []
        if only_open:
            conditions.append(s.request.c.closed_at.is_(None))
        if states:
            conditions.append(s.request.c.state.in_(states))
        if contains:
            fields = (s.request.c.case_number, s.request.c.requester, s.request.c.body)
            conditions.append(or_(*(field.icontains(contains, autoescape=True) for field in fields)))
        return self._select(*conditions)

    def of(self, cases: Sequence[CaseNumber]) -> tuple[Shown, ...]:
        """Those of these cases that there are, in the order of their numbers; at most MOST_NAMED of them."""
        return self._select(s.request.c.case_number.in_(cases[:MOST_NAMED])) if cases else ()

    def _select(self, *conditions: ColumnElement[bool]) -> tuple[Shown, ...]:
        with self._journal.transaction() as connection:
            return tuple(_shown(row) for row in connection.execute(_cases(*conditions)))

    def story(self, case: str) -> Story:
        """The whole story of a case. Raises CannotRun for a number that is not in the journal."""
        shown = self._one(case)
        with self._journal.transaction() as connection:
            lines = connection.execute(select(s.history).where(s.history.c.case_number == case).order_by(s.history.c.id)).all()
            effects = connection.execute(
                select(s.effect).where(s.effect.c.case_number == case).order_by(s.effect.c.started_at, s.effect.c.key)
            ).all()
        return Story(
            shown,
            tuple(Told(line.at, State(line.state), EntryKind(line.kind), line.title, line.detail) for line in lines),
            tuple(EffectView(e.act, e.status, e.attempts, e.started_at, e.settled_at, e.outcome) for e in effects),
        )

    def answers(self, case: CaseNumber) -> Mapping[str, tuple[str, ...]]:
        """The newest answers of a case, by question. Raises CannotRun for a number that is not in the journal."""
        return self._one(case).answers

    def shown_case(self, case: str) -> Shown:
        """A case as it is to be shown. Raises CannotRun for a number that is not in the journal."""
        return self._one(case)

    def _one(self, case: str) -> Shown:
        with self._journal.transaction() as connection:
            found = _THIS_CASE.one(connection, {"of_case": case})
        if found is None:
            raise CannotRun(f"No existe el caso {case}.", remedy="Búsquelo con «gestion list».")
        return _shown(found)

    def responses_of(self, form_id: str) -> Mapping[str, CaseNumber]:
        """Every response of a form that the journal has received, and the newest case that it belongs to."""
        wanted = (
            select(s.response.c.response_id, func.max(s.response.c.case_number))
            .where(s.response.c.form_id == form_id)
            .group_by(s.response.c.response_id)
        )
        with self._journal.transaction() as connection:
            return {response: CaseNumber(case) for response, case in connection.execute(wanted)}

    def newest_year(self) -> str | None:
        """The year of the newest case number, for whoever names a case by its number alone; None: there is no case."""
        with self._journal.transaction() as connection:
            newest: str | None = connection.execute(select(func.max(s.request.c.case_number))).scalar_one_or_none()
            return newest.split("-")[1] if newest else None

    def counts(self) -> Mapping[State, int]:
        """How many requests stand in each state."""
        with self._journal.transaction() as connection:
            counted = connection.execute(select(s.request.c.state, func.count()).group_by(s.request.c.state))
            return {State(state): number for state, number in counted}


class Memory:
    """Small hints that outlive a run (the board's); losing them costs a slower read, nothing else."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def get(self, key: str) -> str | None:
        """The value kept under a key."""
        with self._journal.transaction() as connection:
            return connection.execute(select(s.memory.c.value).where(s.memory.c.key == key)).scalar_one_or_none()

    def put(self, key: str, value: str) -> None:
        """Keep a value under a key; of two pollers that do at once, one's. Idempotent."""
        with self._journal.transaction() as connection:
            upsert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
            adding = upsert(s.memory).values(key=key, value=value)
            connection.execute(adding.on_conflict_do_update(index_elements=["key"], set_={"value": value}))
