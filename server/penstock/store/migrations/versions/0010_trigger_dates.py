"""Triggers that fire on dates."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from penstock.store.column import JsonText

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this schema."""
    op.add_column("timetable", sa.Column("dates", JsonText(), nullable=True))
