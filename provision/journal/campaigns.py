"""Campaigns in the journal: the plan under its digest, who planned, approved or undid it, and how it may be named."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import Connection, RowMapping, insert, select, update
from sqlalchemy.dialects.postgresql import insert as insert_postgresql
from sqlalchemy.dialects.sqlite import insert as insert_sqlite

from config.errors import CannotRun
from config.vocabulary import CaseNumber, EmailAddress
from provision.journal import schema as s
from provision.journal.store import Journal
from provision.journal.views import Memory
from provision.procedure.campaign import CampaignPlan

SHORTEST_DIGEST = 8
"""Characters of a digest that name a campaign or a batch."""


class DeedKind(StrEnum):
    """What somebody did with a campaign; the value is its Spanish name."""

    PLANNED = "Planeada"
    APPROVED = "Aprobada"
    REFUSED = "Rechazada"
    APPLIED = "Aplicada"
    ROLLED_BACK = "Deshecha"


@dataclass(frozen=True, slots=True)
class Deed:
    """Something done with a campaign. `by` is an address, empty where none is asked; `operator` who typed the command."""

    at: datetime
    kind: DeedKind
    by: str
    operator: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Body:
    """The plan, and everything done with it since, oldest first."""

    plan: CampaignPlan
    deeds: tuple[Deed, ...]


@dataclass(frozen=True, slots=True)
class Campaign:
    """A campaign without its lines. Instants are aware UTC; None: not yet."""

    digest: str
    title: str
    planned_by: EmailAddress
    planned_at: datetime
    approved_by: EmailAddress | None
    approved_at: datetime | None
    closed_at: datetime | None
    """When it was refused, or rolled back as a whole: it can never be applied again."""

    @property
    def appliable(self) -> bool:
        """Whether its accounts may be entered."""
        return self.approved_at is not None and self.closed_at is None

    @property
    def label(self) -> str:
        """How it stands, as people read it."""
        if self.closed_at is not None:
            return "Deshecha" if self.approved_at is not None else "Rechazada"
        return "Aprobada" if self.approved_at is not None else "Por aprobar"


class Campaigns:
    """The journal's part that campaigns are planned and approved with. Every method is one transaction."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def plan(self, plan: CampaignPlan, planned: Deed) -> bool:
        """Keep a plan under its digest. False: exactly it was planned before, and stays as it is."""
        digest = plan.digest
        values = {"digest": digest, "title": plan.title, "planned_by": planned.by, "planned_at": planned.at}
        rows = [
            {"digest": digest, "account_id": line.account_id, "position": position, "rolled_back": False}
            for position, line in enumerate(plan.lines, start=1)
        ]
        with self._journal.transaction() as connection:
            adding = insert_postgresql if connection.dialect.name == "postgresql" else insert_sqlite
            once = adding(s.campaign).values(**values, body=_dump(Body(plan, (planned,)))).on_conflict_do_nothing()
            if connection.execute(once.returning(s.campaign.c.digest)).first() is None:
                return False
            if rows:
                connection.execute(insert(s.campaign_account), rows)
            return True

    def all(self) -> tuple[Campaign, ...]:
        """Every campaign, newest first."""
        with self._journal.transaction() as connection:
            rows = connection.execute(select(*_COLUMNS).order_by(s.campaign.c.planned_at.desc(), s.campaign.c.digest))
            return tuple(_campaign(row) for row in rows.mappings())

    def named(self, digest: str) -> Campaign | None:
        """The campaign whose digest is, or begins with, this text of at least 8 characters; None: there is none.

        Raises CannotRun when several begin so.
        """
        if len(digest) < SHORTEST_DIGEST:
            return None
        begins = s.campaign.c.digest.startswith(digest.lower(), autoescape=True)
        with self._journal.transaction() as connection:
            rows = connection.execute(select(*_COLUMNS).where(begins).limit(2)).mappings().all()
        if len(rows) > 1:
            raise CannotRun(f"Varias campañas comienzan por {digest}.", remedy="Escriba más caracteres de la huella.")
        return _campaign(rows[0]) if rows else None

    def body(self, digest: str) -> Body:
        """A campaign's plan and deeds. Raises CannotRun for none, or when its lines are not those of its digest."""
        with self._journal.transaction() as connection:
            text: str | None = connection.execute(
                select(s.campaign.c.body).where(s.campaign.c.digest == digest)
            ).scalar_one_or_none()
        if text is None:
            raise CannotRun(f"No existe la campaña {digest[:12]}.", remedy="Véalas con «gestion campaign list».")
        body = _load(text, digest)
        if body.plan.digest != digest:
            raise CannotRun(
                f"El plan guardado de la campaña {digest[:12]} no corresponde a su huella: alguien lo cambió.",
                remedy="No se aplica nada de él. Planee de nuevo, y avise a quien administra el almacén.",
            )
        return body

    def approve(self, digest: str, approved: Deed) -> bool:
        """From now on it may be applied. False: somebody approved, refused or undid it before."""
        undecided = (s.campaign.c.approved_at.is_(None), s.campaign.c.rolled_back_at.is_(None))
        with self._journal.transaction() as connection:
            approving = update(s.campaign).where(s.campaign.c.digest == digest, *undecided)
            changed = connection.execute(approving.values(approved_by=approved.by, approved_at=approved.at))
            if changed.rowcount != 1:
                return False
            _add(connection, digest, approved)
            return True

    def refuse(self, digest: str, refused: Deed) -> bool:
        """It can never be applied. False: it was decided against before, or some of its accounts were entered already."""
        mine = s.campaign_account.c.digest == digest
        entered = select(s.campaign_account.c.account_id).where(mine, s.campaign_account.c.case_number.is_not(None)).limit(1)
        reason = f"La campaña se rechazó: {refused.note}" if refused.note else "La campaña se rechazó."
        with self._journal.transaction() as connection:
            if is_closed(connection, digest) or connection.execute(entered).first() is not None:
                return False
            _close(connection, digest, refused.at)
            waiting = update(s.campaign_account).where(mine, s.campaign_account.c.left_out.is_(None))
            connection.execute(waiting.values(left_out=reason))
            _add(connection, digest, refused)
            return True

    def roll_back(self, digest: str, rolled_back: Deed, *, wholly: bool) -> None:
        """Write down that it is being undone; wholly: it can never be applied again. Idempotent but for the deed."""
        with self._journal.transaction() as connection:
            if wholly and not is_closed(connection, digest):
                _close(connection, digest, rolled_back.at)
            _add(connection, digest, rolled_back)

    def number_of(self, digest: str, year: int, now: datetime) -> CaseNumber:
        """The number under which the desk knows it: of the same count as cases, given once. Idempotent."""
        with self._journal.receiving(now) as receiving:
            return receiving.number_kept_as(_number_key(digest), year)

    def number_given(self, digest: str) -> CaseNumber | None:
        """That number; None: it was given none."""
        number = Memory(self._journal).get(_number_key(digest))
        return CaseNumber(number) if number is not None else None

    def did(self, digest: str, deed: Deed) -> None:
        """Write down something that was done with it."""
        with self._journal.transaction() as connection:
            _add(connection, digest, deed)


def _number_key(digest: str) -> str:
    return f"campaign.number.{digest}"


def is_closed(connection: Connection, digest: str) -> bool:
    """Whether it was refused or undone as a whole; until the transaction ends nobody else decides on it."""
    row = connection.execute(select(s.campaign.c.rolled_back_at).where(s.campaign.c.digest == digest).with_for_update())
    return row.scalar_one() is not None


def _close(connection: Connection, digest: str, at: datetime) -> None:
    connection.execute(update(s.campaign).where(s.campaign.c.digest == digest).values(rolled_back_at=at))


_COLUMNS = (
    s.campaign.c.digest,
    s.campaign.c.title,
    s.campaign.c.planned_by,
    s.campaign.c.planned_at,
    s.campaign.c.approved_by,
    s.campaign.c.approved_at,
    s.campaign.c.rolled_back_at,
)


def _campaign(row: RowMapping) -> Campaign:
    approved_by = row["approved_by"]
    return Campaign(
        digest=row["digest"],
        title=row["title"],
        planned_by=EmailAddress(row["planned_by"]),
        planned_at=row["planned_at"],
        approved_by=EmailAddress(approved_by) if approved_by else None,
        approved_at=row["approved_at"],
        closed_at=row["rolled_back_at"],
    )


@cache
def _bodies() -> TypeAdapter[Body]:
    return TypeAdapter(Body)


def _dump(body: Body) -> str:
    return _bodies().dump_json(body).decode()


def _load(text: str, digest: str) -> Body:
    try:
        return _bodies().validate_json(text)
    except ValidationError as error:
        raise CannotRun(
            f"La campaña {digest[:12]} tiene {error.error_count()} datos que esta versión no entiende.",
            remedy="Actualice el programa o restaure la copia de respaldo.",
        ) from error


def _add(connection: Connection, digest: str, deed: Deed) -> None:
    """One more deed; the row is locked first, so that two never write over each other."""
    this = s.campaign.c.digest == digest
    text: str = connection.execute(select(s.campaign.c.body).where(this).with_for_update()).scalar_one()
    body = _load(text, digest)
    connection.execute(update(s.campaign).where(this).values(body=_dump(Body(body.plan, (*body.deeds, deed)))))
