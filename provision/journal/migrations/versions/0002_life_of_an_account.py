"""What the life of an account needs: its register, holds, claims, batches and campaigns."""

import sqlalchemy as sa
from alembic import op

from provision.journal.schema import UtcDateTime

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_UTC = UtcDateTime(timezone=True)


def _case() -> sa.Column[str]:
    return sa.Column("case_number", sa.String(length=20), sa.ForeignKey("request.case_number"), primary_key=True)


def upgrade() -> None:
    """Add the tables, and what a request waits for as a column."""
    op.add_column("request", sa.Column("waiting_for", sa.String(length=30)))
    op.create_index("request_waiting", "request", ["waiting_for"])
    op.create_table(
        "account",
        sa.Column("account_id", sa.String(length=36), primary_key=True),
        sa.Column("login", sa.String(length=64), nullable=False),
        sa.Column("account_type", sa.String(length=30)),
        sa.Column("unit", sa.String(length=200)),
        sa.Column("personal_email", sa.String(length=320)),
        sa.Column("supervisor_email", sa.String(length=320)),
        sa.Column("contract_number", sa.String(length=100)),
        sa.Column("contract_end", sa.Date()),
        sa.Column("created_by", sa.String(length=20)),
        sa.Column("access_case", sa.String(length=20)),
        sa.Column("disabled_by_us", sa.Boolean(), nullable=False),
        sa.Column("kept_groups", sa.Text(), nullable=False),
    )
    op.create_table(
        "hold",
        _case(),
        sa.Column("account_id", sa.String(length=36), primary_key=True),
        sa.Column("reason", sa.String(length=30), nullable=False),
        sa.Column("from_date", sa.Date(), nullable=False),
        sa.Column("until_date", sa.Date()),
        sa.Column("ended_on", sa.Date()),
        sa.Column("ended_by", sa.String(length=20)),
    )
    op.create_index("hold_of_account", "hold", ["account_id"])
    op.create_table(
        "account_claim",
        _case(),
        sa.Column("account_id", sa.String(length=36), nullable=False),
        sa.Column("claimed_at", _UTC, nullable=False),
    )
    op.create_index("claim_of_account", "account_claim", ["account_id"])
    op.create_table(
        "batch",
        sa.Column("digest", sa.String(length=64), primary_key=True),
        sa.Column("made_at", _UTC, nullable=False),
        sa.Column("allowed", sa.Integer(), nullable=False),
        sa.Column("approved_by", sa.String(length=320)),
        sa.Column("approved_at", _UTC),
        sa.Column("refused_at", _UTC),
    )
    op.create_table(
        "batch_case",
        sa.Column("digest", sa.String(length=64), sa.ForeignKey("batch.digest"), primary_key=True),
        _case(),
        sa.Column("line", sa.Text(), nullable=False),
    )
    op.create_index("batch_of_case", "batch_case", ["case_number"])
    op.create_table(
        "campaign",
        sa.Column("digest", sa.String(length=64), primary_key=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("planned_by", sa.String(length=320), nullable=False),
        sa.Column("planned_at", _UTC, nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("approved_by", sa.String(length=320)),
        sa.Column("approved_at", _UTC),
        sa.Column("rolled_back_at", _UTC),
    )
    op.create_table(
        "campaign_account",
        sa.Column("digest", sa.String(length=64), sa.ForeignKey("campaign.digest"), primary_key=True),
        sa.Column("account_id", sa.String(length=36), primary_key=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("case_number", sa.String(length=20)),
        sa.Column("left_out", sa.Text()),
        sa.Column("rolled_back", sa.Boolean(), nullable=False),
    )
