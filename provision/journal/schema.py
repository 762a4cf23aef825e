"""The journal's tables. A change here comes with a migration in migrations/versions and a new SCHEMA_VERSION."""

from datetime import UTC, datetime

from sqlalchemy import (
    Boolean,
    Column,
    Date,
    DateTime,
    Dialect,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    text,
)

SCHEMA_VERSION = "0003"
"""Revision of the newest migration; compared at start without importing alembic."""


class UtcDateTime(TypeDecorator[datetime]):
    """An aware instant, kept in UTC with microseconds; SQLite keeps no zone, so it is put back when read."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """To UTC; a naive datetime is a programming error."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a naive datetime never enters the journal")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Aware again, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


metadata = MetaData()

case_counter = Table(
    "case_counter",
    metadata,
    Column("year", Integer, primary_key=True, autoincrement=False),
    Column("last", Integer, nullable=False),
)

request = Table(
    "request",
    metadata,
    Column("case_number", String(20), primary_key=True),
    Column("operation", String(30)),
    Column("document_number", String(20)),
    Column("requester", String(320)),
    Column("state", String(30), nullable=False),
    Column("course", String(30), nullable=False),
    Column("body", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    Column("closed_at", UtcDateTime),
    Column("wake_at", UtcDateTime),
    Column("waiting_for", String(30)),
    Column("lease_owner", String(100)),
    Column("lease_until", UtcDateTime),
    Column("to_be_shown", Boolean, nullable=False),
    Column("action_taken", Text),
)
Index("request_due", request.c.wake_at)
Index("request_of_person", request.c.document_number)
Index("request_waiting", request.c.waiting_for)
Index("request_closed", request.c.closed_at)
# Written as the query asks (`is_(True)`): SQLite uses an index of some rows only for the very words that it was made with.
Index(
    "request_to_be_shown",
    request.c.to_be_shown,
    sqlite_where=text("to_be_shown IS 1"),
    postgresql_where=text("to_be_shown IS true"),
)

response = Table(
    "response",
    metadata,
    Column("form_id", String(200), primary_key=True),
    Column("response_id", String(200), primary_key=True),
    Column("last_submitted_at", UtcDateTime, primary_key=True),
    Column("case_number", ForeignKey("request.case_number"), nullable=False),
    Column("requester", String(320)),
    Column("answers", Text, nullable=False),
    Column("received_at", UtcDateTime, nullable=False),
)
Index("response_of_case", response.c.case_number)

acknowledged_response = Table(
    "acknowledged_response",
    metadata,
    Column("form_id", String(200), primary_key=True),
    Column("response_id", String(200), primary_key=True),
    Column("case_number", ForeignKey("request.case_number"), nullable=False),
    Column("acknowledged_at", UtcDateTime, nullable=False),
    Column("acknowledged_by", String(200), nullable=False),
    Column("note", Text, nullable=False),
)
"""A response that is gone from its form, of which somebody said that this is known."""

history = Table(
    "history",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("case_number", ForeignKey("request.case_number"), nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("state", String(30), nullable=False),
    Column("kind", String(20), nullable=False),
    Column("title", Text, nullable=False),
    Column("detail", Text, nullable=False),
)
Index("history_of_case", history.c.case_number)

effect = Table(
    "effect",
    metadata,
    Column("key", String(120), primary_key=True),
    Column("case_number", ForeignKey("request.case_number"), nullable=False),
    Column("act", String(40), nullable=False),
    Column("step", String(60), nullable=False),
    Column("round", Integer, nullable=False),
    Column("status", String(20), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("next_at", UtcDateTime, nullable=False),
    Column("started_at", UtcDateTime),
    Column("settled_at", UtcDateTime),
    Column("outcome", Text),
)
Index("effect_open", effect.c.case_number, effect.c.status)

signal = Table(
    "signal",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=True),
    Column("case_number", ForeignKey("request.case_number"), nullable=False),
    Column("kind", String(30), nullable=False),
    Column("body", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
    Column("consumed_at", UtcDateTime),
)
Index("signal_open", signal.c.case_number, signal.c.consumed_at)

reserved_name = Table(
    "reserved_name",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("case_number", ForeignKey("request.case_number"), nullable=False),
    Column("reserved_at", UtcDateTime, nullable=False),
)
Index("reserved_name_of_case", reserved_name.c.case_number)

reserved_person = Table(
    "reserved_person",
    metadata,
    Column("document_number", String(20), primary_key=True),
    Column("case_number", ForeignKey("request.case_number"), nullable=False),
    Column("reserved_at", UtcDateTime, nullable=False),
)
Index("reserved_person_of_case", reserved_person.c.case_number)

seat = Table(
    "seat",
    metadata,
    Column("case_number", ForeignKey("request.case_number"), primary_key=True),
    Column("licence", String(100), nullable=False),
    Column("asked_at", UtcDateTime, nullable=False),
    Column("reserved_at", UtcDateTime),
)
Index("seat_of_licence", seat.c.licence)

form_cursor = Table(
    "form_cursor",
    metadata,
    Column("form_id", String(200), primary_key=True),
    Column("read_until", UtcDateTime, nullable=False),
    Column("swept_at", UtcDateTime, nullable=False),
)

memory = Table(
    "memory",
    metadata,
    Column("key", String(200), primary_key=True),
    Column("value", Text, nullable=False),
)

account = Table(
    "account",
    metadata,
    Column("account_id", String(36), primary_key=True),
    Column("login", String(64), nullable=False),
    Column("account_type", String(30)),
    Column("unit", String(200)),
    Column("personal_email", String(320)),
    Column("supervisor_email", String(320)),
    Column("contract_number", String(100)),
    Column("contract_end", Date),
    Column("created_by", String(20)),
    Column("access_case", String(20)),
    Column("disabled_by_us", Boolean, nullable=False),
    Column("kept_groups", Text, nullable=False),
)
"""What the directory does not hold of an account: the address on record, who issued its access, what a return brings back."""

hold = Table(
    "hold",
    metadata,
    Column("case_number", ForeignKey("request.case_number"), primary_key=True),
    Column("account_id", String(36), primary_key=True),
    Column("reason", String(30), nullable=False),
    Column("from_date", Date, nullable=False),
    Column("until_date", Date),
    Column("ended_on", Date),
    Column("ended_by", String(20)),
)
Index("hold_of_account", hold.c.account_id)

account_claim = Table(
    "account_claim",
    metadata,
    Column("case_number", ForeignKey("request.case_number"), primary_key=True),
    Column("account_id", String(36), nullable=False),
    Column("claimed_at", UtcDateTime, nullable=False),
)
Index("claim_of_account", account_claim.c.account_id)

batch = Table(
    "batch",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("made_at", UtcDateTime, nullable=False),
    Column("allowed", Integer, nullable=False),
    Column("approved_by", String(320)),
    Column("approved_at", UtcDateTime),
    Column("refused_at", UtcDateTime),
)
"""More destructive effects than the cap, held until exactly they are approved."""

batch_case = Table(
    "batch_case",
    metadata,
    Column("digest", ForeignKey("batch.digest"), primary_key=True),
    Column("case_number", ForeignKey("request.case_number"), primary_key=True),
    Column("line", Text, nullable=False),
)
Index("batch_of_case", batch_case.c.case_number)

campaign = Table(
    "campaign",
    metadata,
    Column("digest", String(64), primary_key=True),
    Column("title", Text, nullable=False),
    Column("planned_by", String(320), nullable=False),
    Column("planned_at", UtcDateTime, nullable=False),
    Column("body", Text, nullable=False),
    Column("approved_by", String(320)),
    Column("approved_at", UtcDateTime),
    Column("rolled_back_at", UtcDateTime),
)

campaign_account = Table(
    "campaign_account",
    metadata,
    Column("digest", ForeignKey("campaign.digest"), primary_key=True),
    Column("account_id", String(36), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("case_number", String(20)),
    Column("left_out", Text),
    Column("rolled_back", Boolean, nullable=False),
)
"""Where each account of a campaign stands: its case once it was entered, or why it was left out."""
