"""Open and closed requests by index, and the responses whose absence from the form somebody acknowledged."""

import sqlalchemy as sa
from alembic import op

from provision.journal.schema import UtcDateTime

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add them; and make anew the index of what is to be shown, in words that SQLite uses it for."""
    op.create_index("request_closed", "request", ["closed_at"])
    op.drop_index("request_to_be_shown", "request")
    op.create_index(
        "request_to_be_shown",
        "request",
        ["to_be_shown"],
        sqlite_where=sa.text("to_be_shown IS 1"),
        postgresql_where=sa.text("to_be_shown IS true"),
    )
    op.create_table(
        "acknowledged_response",
        sa.Column("form_id", sa.String(length=200), primary_key=True),
        sa.Column("response_id", sa.String(length=200), primary_key=True),
        sa.Column("case_number", sa.String(length=20), sa.ForeignKey("request.case_number"), nullable=False),
        sa.Column("acknowledged_at", UtcDateTime(timezone=True), nullable=False),
        sa.Column("acknowledged_by", sa.String(length=200), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
    )
