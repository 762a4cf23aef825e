"""The first schema of the journal."""

import sqlalchemy as sa
from alembic import op

from provision.journal.schema import UtcDateTime

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create every table."""
    op.create_table(
        "case_counter",
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("year"),
    )
    op.create_table(
        "form_cursor",
        sa.Column("form_id", sa.String(length=200), nullable=False),
        sa.Column("read_until", UtcDateTime(timezone=True), nullable=False),
        sa.Column("swept_at", UtcDateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("form_id"),
    )
    op.create_table(
        "memory",
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_table(
        "request",
        sa.Column("case_number", sa.String(length=20), nullable=False),
        sa.Column("operation", sa.String(length=30), nullable=True),
        sa.Column("document_number", sa.String(length=20), nullable=True),
        sa.Column("requester", sa.String(length=320), nullable=True),
        sa.Column("state", sa.String(length=30), nullable=False),
        sa.Column("course", sa.String(length=30), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("received_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("updated_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("closed_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("wake_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("lease_owner", sa.String(length=100), nullable=True),
        sa.Column("lease_until", UtcDateTime(timezone=True), nullable=True),
        sa.Column("to_be_shown", sa.Boolean(), nullable=False),
        sa.Column("action_taken", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("case_number"),
    )
    op.create_index("request_due", "request", ["wake_at"], unique=False)
    op.create_index("request_of_person", "request", ["document_number"], unique=False)
    op.create_index(
        "request_to_be_shown",
        "request",
        ["to_be_shown"],
        unique=False,
        sqlite_where=sa.text("to_be_shown"),
        postgresql_where=sa.text("to_be_shown"),
    )
    op.create_table(
        "effect",
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("case_number", sa.String(length=20), nullable=False),
        sa.Column("act", sa.String(length=40), nullable=False),
        sa.Column("step", sa.String(length=60), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("next_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("started_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("settled_at", UtcDateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_number"],
            ["request.case_number"],
        ),
        sa.PrimaryKeyConstraint("key"),
    )
    op.create_index("effect_open", "effect", ["case_number", "status"], unique=False)
    op.create_table(
        "history",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("case_number", sa.String(length=20), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(length=30), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_number"],
            ["request.case_number"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("history_of_case", "history", ["case_number"], unique=False)
    op.create_table(
        "reserved_name",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("case_number", sa.String(length=20), nullable=False),
        sa.Column("reserved_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_number"],
            ["request.case_number"],
        ),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_index("reserved_name_of_case", "reserved_name", ["case_number"], unique=False)
    op.create_table(
        "reserved_person",
        sa.Column("document_number", sa.String(length=20), nullable=False),
        sa.Column("case_number", sa.String(length=20), nullable=False),
        sa.Column("reserved_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_number"],
            ["request.case_number"],
        ),
        sa.PrimaryKeyConstraint("document_number"),
    )
    op.create_index("reserved_person_of_case", "reserved_person", ["case_number"], unique=False)
    op.create_table(
        "response",
        sa.Column("form_id", sa.String(length=200), nullable=False),
        sa.Column("response_id", sa.String(length=200), nullable=False),
        sa.Column("last_submitted_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("case_number", sa.String(length=20), nullable=False),
        sa.Column("requester", sa.String(length=320), nullable=True),
        sa.Column("answers", sa.Text(), nullable=False),
        sa.Column("received_at", UtcDateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_number"],
            ["request.case_number"],
        ),
        sa.PrimaryKeyConstraint("form_id", "response_id", "last_submitted_at"),
    )
    op.create_index("response_of_case", "response", ["case_number"], unique=False)
    op.create_table(
        "seat",
        sa.Column("case_number", sa.String(length=20), nullable=False),
        sa.Column("licence", sa.String(length=100), nullable=False),
        sa.Column("asked_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("reserved_at", UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_number"],
            ["request.case_number"],
        ),
        sa.PrimaryKeyConstraint("case_number"),
    )
    op.create_index("seat_of_licence", "seat", ["licence"], unique=False)
    op.create_table(
        "signal",
        sa.Column("id", sa.Integer(), autoincrement=True, nullable=False),
        sa.Column("case_number", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=30), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("consumed_at", UtcDateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["case_number"],
            ["request.case_number"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("signal_open", "signal", ["case_number", "consumed_at"], unique=False)
