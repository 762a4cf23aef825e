"""Responses that are gone from their form, of which somebody said that this is known: who, when and why."""

from collections.abc import Collection, Mapping
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from config.vocabulary import CaseNumber
from provision.journal import schema as s
from provision.journal.store import Journal


class Acknowledged:
    """The journal's part that the daily count works with. Every method is one transaction and idempotent."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def responses(self, form_id: str) -> frozenset[str]:
        """Those of a form that were acknowledged."""
        wanted = select(s.acknowledged_response.c.response_id).where(s.acknowledged_response.c.form_id == form_id)
        with self._journal.transaction() as connection:
            return frozenset(connection.execute(wanted).scalars())

    def add(self, form_id: str, gone: Mapping[str, CaseNumber], *, by: str, note: str, now: datetime) -> None:
        """Write down that these are gone and that it is known; what was written down before stays as it was."""
        of_all = {"form_id": form_id, "acknowledged_at": now, "acknowledged_by": by, "note": note}
        with self._journal.transaction() as connection:
            upsert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
            for response, case in gone.items():
                adding = upsert(s.acknowledged_response).values(response_id=response, case_number=case, **of_all)
                connection.execute(adding.on_conflict_do_nothing())

    def back_again(self, form_id: str, responses: Collection[str]) -> None:
        """These are in the form again: were they to go once more, nobody has acknowledged that."""
        with self._journal.transaction() as connection:
            for response in responses:
                this = (s.acknowledged_response.c.form_id == form_id, s.acknowledged_response.c.response_id == response)
                connection.execute(delete(s.acknowledged_response).where(*this))
