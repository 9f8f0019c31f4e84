"""People may switch declared schedules off, or on, for a while."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from penstock.store.column import Instant

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this schema."""
    op.create_table(
        "schedule_override",
        sa.Column("tenant", sa.String(length=100), nullable=False),
        sa.Column("namespace", sa.String(length=150), nullable=False),
        sa.Column("id", sa.String(length=100), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "namespace", "id"),
    )
    op.create_index("ix_schedule_override_expires_at", "schedule_override", ["expires_at"])
