"""Tokens for the length of a run are told from those that somebody declares."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this schema."""
    op.add_column(
        "token", sa.Column("is_ephemeral", sa.Boolean(), nullable=False, server_default=sa.false())
    )
