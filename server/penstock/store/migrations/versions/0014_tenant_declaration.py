"""Tenants are declared: what for, and by whom."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from penstock.store.column import Instant, JsonText
from penstock.store.declared import ProvenanceText

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this schema."""
    beginning = "1970-01-01T00:00:00+00:00"
    for column in (
        sa.Column("updated_at", Instant(), nullable=False, server_default=beginning),
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("labels", JsonText(), nullable=True),
        sa.Column("owner", sa.String(), nullable=False, server_default="api"),
        sa.Column("revision", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("provenance", ProvenanceText(), nullable=True),
    ):
        op.add_column("tenant", column)
    op.execute("UPDATE tenant SET updated_at = created_at")
