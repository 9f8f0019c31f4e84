"""Who paused an execution."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds the column."""
    op.add_column("execution", sa.Column("paused_by", sa.String(), nullable=True))


def downgrade() -> None:
    """Removes the column."""
    op.drop_column("execution", "paused_by")
