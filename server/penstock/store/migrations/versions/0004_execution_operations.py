"""Executions that wait for a date, stand at breakpoints, or are attempts of a retry."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from penstock.store.column import Instant, JsonText

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this schema."""
    for column in (
        sa.Column("scheduled_at", Instant(), nullable=True),
        sa.Column("breakpoints", JsonText(), nullable=True),
        sa.Column("attempt_number", sa.Integer(), nullable=True),
        sa.Column("first_created_at", Instant(), nullable=True),
    ):
        op.add_column("execution", column)
