"""What the server keeps of triggers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from penstock.store.column import Instant, JsonText

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this schema."""
    op.create_table(
        "flow_trigger",
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("namespace", sa.String(), nullable=False),
        sa.Column("flow_id", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("is_disabled", sa.Boolean(), nullable=False),
        sa.Column("next_at", Instant(), nullable=True),
        sa.Column("last_at", Instant(), nullable=True),
        sa.Column("last_execution_id", sa.String(), nullable=True),
        sa.Column("lease_owner", sa.String(), nullable=True),
        sa.Column("lease_expires_at", Instant(), nullable=True),
        sa.Column("state", JsonText(), nullable=True),
        sa.Column("backfill", JsonText(), nullable=True),
        sa.Column("override_disabled", sa.Boolean(), nullable=True),
        sa.Column("override_reason", sa.String(), nullable=True),
        sa.Column("override_actor", sa.String(), nullable=True),
        sa.Column("override_at", Instant(), nullable=True),
        sa.Column("override_expires_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "namespace", "flow_id", "id"),
    )
    for name in ("type", "next_at", "override_expires_at"):
        op.create_index(f"ix_flow_trigger_{name}", "flow_trigger", [name])
    # What somebody decided counts before what is declared, so disabled entries may be due too.
    op.drop_index("timetable_due", table_name="timetable")
    is_due = sa.text("next_fire_at IS NOT NULL")
    op.create_index(
        "timetable_due",
        "timetable",
        ["next_fire_at"],
        sqlite_where=is_due,
        postgresql_where=is_due,
    )
