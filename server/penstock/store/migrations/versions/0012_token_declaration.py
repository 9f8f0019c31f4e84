"""Tokens are declared: by whom, for what, and how far they reach."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from penstock.store.column import Instant
from penstock.store.declared import ProvenanceText

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this schema."""
    beginning = "1970-01-01T00:00:00+00:00"
    for column in (
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("access", sa.String(length=10), nullable=False, server_default="write"),
        sa.Column("scope", sa.String(length=10), nullable=False, server_default="tenant"),
        sa.Column("owner", sa.String(), nullable=False, server_default="api"),
        sa.Column("revision", sa.Integer(), nullable=False, server_default="1"),
        sa.Column("updated_at", Instant(), nullable=False, server_default=beginning),
        sa.Column("provenance", ProvenanceText(), nullable=True),
    ):
        op.add_column("token", column)
    op.execute("UPDATE token SET updated_at = created_at")
    # The first token is the one that reaches every tenant.
    op.execute("UPDATE token SET scope = 'server' WHERE tenant = 'main' AND name = 'admin'")
