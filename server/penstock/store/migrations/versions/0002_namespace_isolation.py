"""Namespaces say whose flows may use them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from penstock.store.column import JsonText

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this schema."""
    op.add_column("namespace", sa.Column("allowed_namespaces", JsonText(), nullable=True))
