"""Namespaces have plugin defaults."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from penstock.store.column import JsonText

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this schema."""
    op.add_column("namespace", sa.Column("plugin_defaults", JsonText(), nullable=True))
