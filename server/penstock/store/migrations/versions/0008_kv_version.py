"""Key-value pairs have types and versions."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from penstock.store.column import Instant, JsonText

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this schema."""
    op.add_column("kv", sa.Column("type", sa.String(length=10), nullable=True))
    op.create_table(
        "kv_version",
        sa.Column("tenant", sa.String(length=100), nullable=False),
        sa.Column("namespace", sa.String(length=150), nullable=False),
        sa.Column("key", sa.String(length=256), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("value", JsonText(), nullable=True),
        sa.Column("type", sa.String(length=10), nullable=True),
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.Column("at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "namespace", "key", "revision"),
    )


def downgrade() -> None:
    """From it."""
    op.drop_table("kv_version")
    op.drop_column("kv", "type")
