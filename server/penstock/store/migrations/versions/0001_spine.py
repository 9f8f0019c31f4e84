"""Every table of the first release."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from penstock.store.column import Instant, JsonText
from penstock.store.declared import ProvenanceText

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """To this schema."""
    op.create_table(
        "audit_event",
        sa.Column("tenant", sa.String(length=100), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("object", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column("before", sa.String(), nullable=True),
        sa.Column("after", sa.String(), nullable=True),
        sa.Column("provenance", ProvenanceText(), nullable=True),
        sa.Column("detail", JsonText(), nullable=True),
        sa.Column("previous_hash", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "seq"),
    )
    op.create_index(op.f("ix_audit_event_object"), "audit_event", ["object"], unique=False)
    op.create_table(
        "event",
        sa.Column("execution_id", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("task_run_id", sa.String(), nullable=True),
        sa.Column("detail", JsonText(), nullable=True),
        sa.PrimaryKeyConstraint("execution_id", "seq"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "execution",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("namespace", sa.String(), nullable=False),
        sa.Column("flow_id", sa.String(), nullable=False),
        sa.Column("flow_revision", sa.Integer(), nullable=False),
        sa.Column("flow_hash", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("history", JsonText(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("inputs", JsonText(), nullable=False),
        sa.Column("outputs", JsonText(), nullable=True),
        sa.Column("labels", JsonText(), nullable=False),
        sa.Column("variables", JsonText(), nullable=False),
        sa.Column("origin", JsonText(), nullable=True),
        sa.Column("repository", sa.String(), nullable=True),
        sa.Column("commit_id", sa.String(), nullable=True),
        sa.Column("started_at", Instant(), nullable=True),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("parent_id", sa.String(), nullable=True),
        sa.Column("parent_task_run_id", sa.String(), nullable=True),
        sa.Column("original_id", sa.String(), nullable=True),
        sa.Column("failure", sa.String(), nullable=True),
        sa.Column("is_over", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "execution_active",
        "execution",
        ["id"],
        unique=False,
        sqlite_where=sa.text("is_over = 0"),
        postgresql_where=sa.text("NOT is_over"),
    )
    op.create_index(
        "execution_by_content", "execution", ["tenant", "flow_hash", "state"], unique=False
    )
    op.create_index(
        "execution_by_flow",
        "execution",
        ["tenant", "namespace", "flow_id", "created_at", "id"],
        unique=False,
    )
    op.create_index("execution_by_time", "execution", ["tenant", "created_at", "id"], unique=False)
    op.create_index(
        "execution_children",
        "execution",
        ["parent_id"],
        unique=False,
        sqlite_where=sa.text("parent_id IS NOT NULL"),
        postgresql_where=sa.text("parent_id IS NOT NULL"),
    )
    op.create_table(
        "flow",
        sa.Column("tenant", sa.String(length=100), nullable=False),
        sa.Column("namespace", sa.String(length=150), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("provenance", ProvenanceText(), nullable=True),
        sa.Column("id", sa.String(length=100), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("labels", JsonText(), nullable=False),
        sa.Column("warnings", JsonText(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "namespace", "id"),
    )
    op.create_table(
        "flow_reference",
        sa.Column("tenant", sa.String(length=100), nullable=False),
        sa.Column("namespace", sa.String(length=150), nullable=False),
        sa.Column("flow_id", sa.String(length=100), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("target_namespace", sa.String(), nullable=False),
        sa.Column("target_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "namespace", "flow_id", "number"),
    )
    op.create_index(
        op.f("ix_flow_reference_target_id"), "flow_reference", ["target_id"], unique=False
    )
    op.create_table(
        "flow_revision",
        sa.Column("tenant", sa.String(length=100), nullable=False),
        sa.Column("namespace", sa.String(length=150), nullable=False),
        sa.Column("id", sa.String(length=100), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("deleted", sa.Boolean(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("provenance", ProvenanceText(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "namespace", "id", "revision"),
    )
    op.create_table(
        "job",
        sa.Column("task_run_id", sa.String(), nullable=False),
        sa.Column("execution_id", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("task_id", sa.String(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(), nullable=True),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("task_run_id"),
    )
    op.create_index(op.f("ix_job_execution_id"), "job", ["execution_id"], unique=False)
    op.create_table(
        "kv",
        sa.Column("tenant", sa.String(length=100), nullable=False),
        sa.Column("namespace", sa.String(length=150), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("provenance", ProvenanceText(), nullable=True),
        sa.Column("key", sa.String(length=256), nullable=False),
        sa.Column("value", JsonText(), nullable=True),
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("ttl", sa.String(), nullable=True),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "namespace", "key"),
    )
    op.create_index(op.f("ix_kv_expires_at"), "kv", ["expires_at"], unique=False)
    op.create_table(
        "log",
        sa.Column("execution_id", sa.String(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("level", sa.String(), nullable=False),
        sa.Column("task_run_id", sa.String(), nullable=True),
        sa.Column("task_id", sa.String(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=True),
        sa.Column("message", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("execution_id", "seq"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "metric",
        sa.Column("execution_id", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("task_run_id", sa.String(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("value", sa.Float(), nullable=False),
        sa.Column("tags", JsonText(), nullable=False),
        sa.PrimaryKeyConstraint("execution_id", "id"),
    )
    op.create_table(
        "namespace",
        sa.Column("tenant", sa.String(length=100), nullable=False),
        sa.Column("namespace", sa.String(length=150), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("provenance", ProvenanceText(), nullable=True),
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("variables", JsonText(), nullable=False),
        sa.Column("labels", JsonText(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "namespace"),
    )
    op.create_table(
        "schedule",
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
        sa.Column("cron", sa.String(), nullable=False),
        sa.Column("timezone", sa.String(), nullable=False),
        sa.Column("inputs", JsonText(), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("description", sa.String(), nullable=True),
        sa.Column("allow_concurrent", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("tenant", "namespace", "id"),
    )
    op.create_index(op.f("ix_schedule_flow_id"), "schedule", ["flow_id"], unique=False)
    op.create_table(
        "secret",
        sa.Column("tenant", sa.String(length=100), nullable=False),
        sa.Column("namespace", sa.String(length=150), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("content_hash", sa.String(length=64), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("updated_at", Instant(), nullable=False),
        sa.Column("provenance", ProvenanceText(), nullable=True),
        sa.Column("key", sa.String(length=256), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.Column("fingerprint", sa.String(length=64), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("value_version", sa.String(length=256), nullable=True),
        sa.Column("description", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "namespace", "key"),
    )
    op.create_table(
        "task_run",
        sa.Column("execution_id", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("task_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("history", JsonText(), nullable=False),
        sa.Column("parent_id", sa.String(), nullable=True),
        sa.Column("value", sa.String(), nullable=True),
        sa.Column("iteration", sa.Integer(), nullable=True),
        sa.Column("attempts", JsonText(), nullable=False),
        sa.Column("outputs", JsonText(), nullable=True),
        sa.Column("failure", sa.String(), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("progress", JsonText(), nullable=True),
        sa.Column("retry_at", Instant(), nullable=True),
        sa.Column("child_execution_id", sa.String(), nullable=True),
        sa.Column("started_at", Instant(), nullable=True),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("execution_id", "number"),
    )
    op.create_table(
        "tenant",
        sa.Column("id", sa.String(length=100), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "timer",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("execution_id", sa.String(), nullable=False),
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("task_run_id", sa.String(), nullable=True),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(op.f("ix_timer_execution_id"), "timer", ["execution_id"], unique=False)
    op.create_table(
        "timetable",
        sa.Column("tenant", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("namespace", sa.String(), nullable=False),
        sa.Column("owner_id", sa.String(), nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("flow_id", sa.String(), nullable=False),
        sa.Column("cron", sa.String(), nullable=False),
        sa.Column("timezone", sa.String(), nullable=False),
        sa.Column("inputs", JsonText(), nullable=False),
        sa.Column("labels", JsonText(), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("missed", sa.String(), nullable=False),
        sa.Column("late_maximum_seconds", sa.Float(), nullable=True),
        sa.Column("next_fire_at", Instant(), nullable=True),
        sa.Column("last_fire_at", Instant(), nullable=True),
        sa.Column("allow_concurrent", sa.Boolean(), nullable=False),
        sa.Column("last_execution_id", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "kind", "namespace", "owner_id", "id"),
    )
    op.create_index(
        "timetable_due",
        "timetable",
        ["next_fire_at"],
        unique=False,
        sqlite_where=sa.text("next_fire_at IS NOT NULL AND disabled = 0"),
        postgresql_where=sa.text("next_fire_at IS NOT NULL AND NOT disabled"),
    )
    op.create_table(
        "token",
        sa.Column("tenant", sa.String(length=100), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("prefix", sa.String(length=16), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", sa.String(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("tenant", "name"),
        sa.UniqueConstraint("digest"),
    )


def downgrade() -> None:
    """Back to the one before."""
    op.drop_table("token")
    op.drop_index(
        "timetable_due",
        table_name="timetable",
        sqlite_where=sa.text("next_fire_at IS NOT NULL AND disabled = 0"),
        postgresql_where=sa.text("next_fire_at IS NOT NULL AND NOT disabled"),
    )
    op.drop_table("timetable")
    op.drop_index(op.f("ix_timer_execution_id"), table_name="timer")
    op.drop_table("timer")
    op.drop_table("tenant")
    op.drop_table("task_run")
    op.drop_table("secret")
    op.drop_index(op.f("ix_schedule_flow_id"), table_name="schedule")
    op.drop_table("schedule")
    op.drop_table("namespace")
    op.drop_table("metric")
    op.drop_table("log")
    op.drop_index(op.f("ix_kv_expires_at"), table_name="kv")
    op.drop_table("kv")
    op.drop_index(op.f("ix_job_execution_id"), table_name="job")
    op.drop_table("job")
    op.drop_table("flow_revision")
    op.drop_index(op.f("ix_flow_reference_target_id"), table_name="flow_reference")
    op.drop_table("flow_reference")
    op.drop_table("flow")
    op.drop_index(
        "execution_children",
        table_name="execution",
        sqlite_where=sa.text("parent_id IS NOT NULL"),
        postgresql_where=sa.text("parent_id IS NOT NULL"),
    )
    op.drop_index("execution_by_time", table_name="execution")
    op.drop_index("execution_by_flow", table_name="execution")
    op.drop_index("execution_by_content", table_name="execution")
    op.drop_index(
        "execution_active",
        table_name="execution",
        sqlite_where=sa.text("is_over = 0"),
        postgresql_where=sa.text("NOT is_over"),
    )
    op.drop_table("execution")
    op.drop_table("event")
    op.drop_index(op.f("ix_audit_event_object"), table_name="audit_event")
    op.drop_table("audit_event")
