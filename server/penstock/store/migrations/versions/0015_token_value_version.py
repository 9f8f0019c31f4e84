"""Tokens remember the version that their text has where it comes from."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this schema."""
    op.add_column("token", sa.Column("value_version", sa.String(length=256), nullable=True))
