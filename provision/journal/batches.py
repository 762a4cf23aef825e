"""Batches of destructive effects: which requests wait to be let in, and which batches wait for their approval."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, exists, insert, select, update

from config.errors import CannotRun
from config.vocabulary import CaseNumber, EmailAddress
from provision.journal import schema as s
from provision.journal.rows import put_signal
from provision.journal.store import Journal
from provision.journal.stored import load_request
from provision.procedure.acts import WaitingFor
from provision.procedure.model import Admitted, DeskAsked, HeldInBatch, Request
from provision.procedure.safety import Batch


@dataclass(frozen=True, slots=True)
class HeldBatch:
    """A batch beyond the cap. `approved_at` and `refused_at` are aware UTC; None: not yet."""

    digest: str
    made_at: datetime
    allowed: int
    lines: Mapping[CaseNumber, str]
    approved_by: EmailAddress | None
    approved_at: datetime | None
    refused_at: datetime | None

    @property
    def open(self) -> bool:
        """Whether somebody still has to decide."""
        return self.approved_at is None and self.refused_at is None


class Batches:
    """The journal's part that the safety caps work with. Every method is one transaction."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def waiting(self) -> tuple[Request, ...]:
        """Requests that wait to be let in and belong to no open batch."""
        held = (
            select(s.batch_case.c.case_number)
            .join(s.batch, s.batch.c.digest == s.batch_case.c.digest)
            .where(s.batch.c.approved_at.is_(None), s.batch.c.refused_at.is_(None))
            .where(s.batch_case.c.case_number == s.request.c.case_number)
        )
        wanted = (
            select(s.request.c.body)
            .where(s.request.c.waiting_for == WaitingFor.ADMISSION, ~exists(held))
            .order_by(s.request.c.case_number)
        )
        with self._journal.transaction() as connection:
            return tuple(load_request(body) for body in connection.execute(wanted).scalars())

    def admit(self, batch: Batch, now: datetime) -> None:
        """Let every request of a batch within the cap go on."""
        with self._journal.transaction() as connection:
            _admit(connection, {effect.case: effect.line for effect in batch.effects}, "", now)

    def hold(self, batch: Batch, now: datetime) -> bool:
        """Hold a batch beyond the cap until exactly it is approved. False: it was held before."""
        with self._journal.transaction() as connection:
            known = connection.execute(select(s.batch.c.digest).where(s.batch.c.digest == batch.digest)).first()
            if known is not None:
                return False
            connection.execute(insert(s.batch).values(digest=batch.digest, made_at=now, allowed=batch.allowed))
            rows = [{"digest": batch.digest, "case_number": effect.case, "line": effect.line} for effect in batch.effects]
            connection.execute(insert(s.batch_case), rows)
            why = (
                f"Esta ejecución haría inactivas o eliminaría {len(rows)} cuentas y el tope es {batch.allowed}: no se hizo "
                f"ninguna. Para aprobar exactamente ese lote: gestion approve {batch.digest[:12]} --by CORREO"
            )
            for effect in batch.effects:
                put_signal(connection, effect.case, HeldInBatch(why), now)
            return True

    def open_batches(self) -> tuple[HeldBatch, ...]:
        """The batches that somebody has to decide on, oldest first."""
        with self._journal.transaction() as connection:
            undecided = (s.batch.c.approved_at.is_(None), s.batch.c.refused_at.is_(None))
            digests = connection.execute(select(s.batch.c.digest).where(*undecided).order_by(s.batch.c.made_at)).scalars().all()
            return tuple(_load(connection, digest) for digest in digests)

    def named(self, digest: str) -> HeldBatch | None:
        """The batch whose digest is, or begins with, this text of at least 8 characters; None: there is none.

        Raises CannotRun when several begin so.
        """
        if len(digest) < 8:
            return None
        with self._journal.transaction() as connection:
            found = (
                connection.execute(
                    select(s.batch.c.digest).where(s.batch.c.digest.startswith(digest.lower(), autoescape=True)).limit(2)
                )
                .scalars()
                .all()
            )
            if len(found) > 1:
                raise CannotRun(f"Varios lotes comienzan por {digest}.", remedy="Escriba más caracteres.")
            return _load(connection, found[0]) if found else None

    def approve(self, digest: str, by: EmailAddress, now: datetime, *, how: str = "") -> int:
        """Let exactly this batch go on; returns how many requests. 0: somebody decided before.

        `how` goes into each story beside who approved: who typed the command, and a note; Spanish.
        """
        with self._journal.transaction() as connection:
            mine = (s.batch.c.digest == digest, s.batch.c.approved_at.is_(None), s.batch.c.refused_at.is_(None))
            if connection.execute(update(s.batch).where(*mine).values(approved_by=by, approved_at=now)).rowcount == 0:
                return 0
            cases = _load(connection, digest).lines
            _admit(connection, cases, f"Lote {digest[:12]} aprobado por {by}. {how}".strip(), now)
            return len(cases)

    def refuse(self, digest: str, asked: DeskAsked, now: datetime) -> int:
        """Dismiss a batch: each of its requests is cancelled. Returns how many. 0: somebody decided before."""
        with self._journal.transaction() as connection:
            mine = (s.batch.c.digest == digest, s.batch.c.approved_at.is_(None), s.batch.c.refused_at.is_(None))
            if connection.execute(update(s.batch).where(*mine).values(refused_at=now)).rowcount == 0:
                return 0
            cases = _load(connection, digest).lines
            for case in cases:
                put_signal(connection, case, asked, now)
            return len(cases)

    def forget(self, case: CaseNumber) -> None:
        """The request was cancelled or changed: it belongs to no batch any more."""
        with self._journal.transaction() as connection:
            connection.execute(delete(s.batch_case).where(s.batch_case.c.case_number == case))


def _admit(connection: Connection, lines: Mapping[CaseNumber, str], why: str, now: datetime) -> None:
    for case, line in lines.items():
        put_signal(connection, case, Admitted(line, why), now)


def _load(connection: Connection, digest: str) -> HeldBatch:
    row = connection.execute(select(s.batch).where(s.batch.c.digest == digest)).one()
    lines = connection.execute(
        select(s.batch_case.c.case_number, s.batch_case.c.line)
        .where(s.batch_case.c.digest == digest)
        .order_by(s.batch_case.c.case_number)
    )
    return HeldBatch(
        digest=row.digest,
        made_at=row.made_at,
        allowed=row.allowed,
        lines={CaseNumber(line.case_number): line.line for line in lines},
        approved_by=EmailAddress(row.approved_by) if row.approved_by else None,
        approved_at=row.approved_at,
        refused_at=row.refused_at,
    )
