"""Metrics that tasks record."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, select
from sqlmodel import Field, SQLModel

from penstock.store.bulk import Upsert, table_of
from penstock.store.column import Instant, JsonText


class MetricRow(SQLModel, table=True):
    """One value; `id` is time-ordered."""

    __tablename__ = "metric"  # pyrefly: ignore[bad-override] - as SQLModel documents it

    execution_id: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    tenant: str
    task_run_id: str
    at: datetime = Field(sa_type=Instant)
    name: str
    kind: str
    value: float
    tags: dict[str, str] = Field(sa_type=JsonText)


table = table_of(MetricRow)
_COLUMNS = ("execution_id", "id", "tenant", "task_run_id", "at", "name", "kind", "value", "tags")
_INSERT = Upsert(MetricRow, _COLUMNS, ("execution_id", "id"), replaces=False)


@dataclass(frozen=True, slots=True)
class MetricValue:
    """A ``counter``, ``timer`` (seconds) or ``gauge`` of a task run."""

    id: str
    at: datetime
    task_run_id: str
    name: str
    value: float
    kind: str = "counter"
    tags: dict[str, str] = field(default_factory=dict)


def append_many(tx: Connection, values: Iterable[tuple[str, str, MetricValue]]) -> None:
    """Appends (tenant, execution id, value) triples."""
    _INSERT.write(
        tx,
        [
            (
                execution_id,
                value.id,
                tenant,
                value.task_run_id,
                value.at,
                value.name,
                value.kind,
                value.value,
                value.tags,
            )
            for tenant, execution_id, value in values
        ],
    )


def of_execution(tx: Connection, tenant: str, execution_id: str) -> list[MetricValue]:
    """An execution's metrics in the order of recording."""
    query = (
        select(table)
        .where(table.c.execution_id == execution_id, table.c.tenant == tenant)
        .order_by(table.c.id)
    )
    return [
        MetricValue(
            id=row["id"],
            at=row["at"],
            task_run_id=row["task_run_id"],
            name=row["name"],
            value=row["value"],
            kind=row["kind"],
            tags=row["tags"],
        )
        for row in tx.execute(query).mappings()
    ]
