"""Declared tests of flows, and their results."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from penstock.store.column import Instant, JsonText
from penstock.store.declared import ProvenanceText

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this schema."""
    op.create_table(
        "flow_test",
        sa.Column("tenant", sa.String(length=100), nullable=False),
        sa.Column("namespace", sa.String(length=150), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("provenance", ProvenanceText(), nullable=True),
        sa.Column("id", sa.String(length=100), nullable=False),
        sa.Column("flow_id", sa.String(length=100), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("description", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "namespace", "id"),
    )
    op.create_index(op.f("ix_flow_test_flow_id"), "flow_test", ["flow_id"], unique=False)
    op.create_table(
        "flow_test_result",
        sa.Column("tenant", sa.String(length=100), nullable=False),
        sa.Column("namespace", sa.String(length=150), nullable=False),
        sa.Column("test_id", sa.String(length=100), nullable=False),
        sa.Column("id", sa.String(length=32), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("flow_id", sa.String(length=100), nullable=False),
        sa.Column("flow_hash", sa.String(length=64), nullable=False),
        sa.Column("test_hash", sa.String(length=64), nullable=False),
        sa.Column("passed", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("cases", JsonText(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "namespace", "test_id", "id"),
    )
    op.create_index(
        op.f("ix_flow_test_result_flow_hash"), "flow_test_result", ["flow_hash"], unique=False
    )
