"""Counts for whoever watches the program: numbers by state, act and wait, without anybody's name."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import case, func, select

from provision.journal import schema as s
from provision.journal.rows import EffectStatus
from provision.journal.store import Journal
from provision.journal.stored import load_request
from provision.procedure.model import Done, Failed, Request, State


@dataclass(frozen=True, slots=True)
class CasesOf:
    """How many requests stand so. `operation` is None where the response did not say one."""

    state: str
    operation: str | None
    number: int


@dataclass(frozen=True, slots=True)
class EffectsOf:
    """How many effects of an act came to this: done, failed, otherwise (another course, a step back), superseded or open."""

    act: str
    outcome: str
    number: int


# An outcome is kept as its name, a space, and its values (provision.journal.stored).
_CAME_TO = case(
    (s.effect.c.status == EffectStatus.SUPERSEDED, "superseded"),
    (s.effect.c.status != EffectStatus.SETTLED, "open"),
    (s.effect.c.outcome.startswith(f"{Done.__name__} "), "done"),
    (s.effect.c.outcome.startswith(f"{Failed.__name__} "), "failed"),
    else_="otherwise",
).label("came_to")
_UNATTENDED = tuple(state for state in State if not state.closed and state is not State.FOLLOWED_UP)


class Figures:
    """Reads of the journal, one transaction each."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def cases(self) -> tuple[CasesOf, ...]:
        """Requests by state and operation; closed ones included."""
        columns = (s.request.c.state, s.request.c.operation)
        with self._journal.transaction() as connection:
            return tuple(CasesOf(*row) for row in connection.execute(select(*columns, func.count()).group_by(*columns)))

    def effects(self) -> tuple[EffectsOf, ...]:
        """Effects by act and by how they ended."""
        # Grouped outside: PostgreSQL does not see that two expressions with parameters are the same.
        told = select(s.effect.c.act, _CAME_TO).subquery()
        wanted = select(told.c.act, told.c.came_to, func.count()).group_by(told.c.act, told.c.came_to)
        with self._journal.transaction() as connection:
            return tuple(EffectsOf(*row) for row in connection.execute(wanted))

    def waiting_since(self) -> Mapping[str, datetime]:
        """By what open requests wait for: when the one that has waited longest last moved (aware UTC)."""
        last_told = (
            select(s.history.c.case_number, func.max(s.history.c.at).label("at")).group_by(s.history.c.case_number).subquery()
        )
        oldest = (
            select(s.request.c.waiting_for, func.min(last_told.c.at))
            .join(last_told, last_told.c.case_number == s.request.c.case_number)
            .where(s.request.c.waiting_for.is_not(None), s.request.c.closed_at.is_(None))
            .group_by(s.request.c.waiting_for)
        )
        with self._journal.transaction() as connection:
            return {str(row[0]): row[1] for row in connection.execute(oldest)}

    def unattended(self) -> Iterator[Request]:
        """Every request whose clock still counts."""
        wanted = select(s.request.c.body).where(s.request.c.state.in_(_UNATTENDED))
        with self._journal.transaction() as connection:
            bodies = connection.execute(wanted).scalars().all()
        return map(load_request, bodies)
