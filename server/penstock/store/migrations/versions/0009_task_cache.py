"""Outputs of tasks that need not run again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from penstock.store.column import Instant, JsonText

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this schema."""
    op.create_table(
        "task_cache",
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("namespace", sa.String(), nullable=False),
        sa.Column("flow_id", sa.String(), nullable=False),
        sa.Column("task_id", sa.String(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("outputs", JsonText(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "namespace", "flow_id", "task_id", "hash"),
    )
    op.create_index(op.f("ix_task_cache_expires_at"), "task_cache", ["expires_at"])


def downgrade() -> None:
    """Back to the one before."""
    op.drop_index(op.f("ix_task_cache_expires_at"), table_name="task_cache")
    op.drop_table("task_cache")
