"""Which mails went out for a case, and the seal by which a returned one is recognised as ours."""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from pydantic import TypeAdapter, ValidationError
from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from config.vocabulary import CaseNumber
from provision.journal import schema as s
from provision.journal.rows import put_signal
from provision.journal.store import Journal
from provision.journal.stored import StoredSignal, load_request
from provision.procedure.acts import MAILING_ACTS, Act
from provision.procedure.model import Done, Request, StepKey

KEY = "mail.seal"
"""Under this name the journal keeps the key of the seals: made once, when the first mail is written."""
SEAL_DIGITS = 24


class MailSeal:
    """Makes and checks the seals of Message-IDs (HMAC-SHA256, 96 bits). Who knows a case number cannot make one."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._key: bytes | None = None

    def __call__(self, name: str) -> str:
        """The seal of a mail's name, in hexadecimal digits."""
        if self._key is None:
            self._key = bytes.fromhex(self._kept())
        return hmac.new(self._key, name.encode(), sha256).hexdigest()[:SEAL_DIGITS]

    def is_of(self, name: str, seal: str) -> bool:
        """Whether this is that name's seal."""
        return hmac.compare_digest(self(name), seal)

    def _kept(self) -> str:
        with self._journal.transaction() as connection:
            upsert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
            # Two pollers that begin at once agree on the first one's.
            connection.execute(upsert(s.memory).values(key=KEY, value=secrets.token_hex(32)).on_conflict_do_nothing())
            key: str = connection.execute(select(s.memory.c.value).where(s.memory.c.key == KEY)).scalar_one()
            return key


@dataclass(frozen=True, slots=True)
class SentMail:
    """One mail of a case that was begun at least once."""

    act: Act
    step: StepKey
    round: int
    outcome: Done | None
    """None: it is still under way, or came to something else."""


def mails_of(journal: Journal, case: CaseNumber) -> tuple[Request, tuple[SentMail, ...]] | None:
    """The case and its mails, oldest first; None: there is no such case. Raises CannotRun when the store fails."""
    with journal.transaction() as connection:
        body = connection.execute(select(s.request.c.body).where(s.request.c.case_number == case)).scalar_one_or_none()
        if body is None:
            return None
        begun = (
            select(s.effect)
            .where(
                s.effect.c.case_number == case,
                s.effect.c.act.in_([act.value for act in MAILING_ACTS]),
                s.effect.c.started_at.is_not(None),
            )
            .order_by(s.effect.c.round, s.effect.c.started_at)
        )
        rows = connection.execute(begun).all()
    return load_request(body), tuple(SentMail(Act(row.act), StepKey(row.step), row.round, _done(row.outcome)) for row in rows)


def _done(outcome: str | None) -> Done | None:
    kind, _, body = (outcome or "").partition(" ")
    if kind != Done.__name__:
        return None
    try:
        return TypeAdapter(Done).validate_json(body)
    except ValidationError:  # of a former version: what it taught is in the request all the same
        return None


def leave_signal(journal: Journal, case: CaseNumber, signal: StoredSignal, now: datetime) -> None:
    """Leave a signal for whoever advances the case next, and wake it."""
    with journal.transaction() as connection:
        put_signal(connection, case, signal, now)
