"""Old revisions of flows: which there are, and their removal."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, delete, select

from penstock.store.bulk import table_of
from penstock.store.execution import table as executions
from penstock.store.flow import FlowRevisionTable

_revision = table_of(FlowRevisionTable)
Name = tuple[str, str, str]
"""Tenant, namespace and id of a flow."""


def namespaces(tx: Connection, tenant: str) -> list[str]:
    """Every namespace that has or had a flow."""
    column = _revision.c.namespace
    statement = select(column).where(_revision.c.tenant == tenant).distinct().order_by(column)
    return [*tx.execute(statement).scalars()]


def flows(tx: Connection, tenant: str, namespace: str) -> list[str]:
    """The ids of the flows that a namespace has or had."""
    statement = (
        select(_revision.c.id)
        .where(_revision.c.tenant == tenant, _revision.c.namespace == namespace)
        .distinct()
        .order_by(_revision.c.id)
    )
    return [*tx.execute(statement).scalars()]


def old(tx: Connection, name: Name, *, before: datetime | None, keep: int) -> list[int]:
    """The revisions of a flow that nobody needs, newest first: from before a time, without the
    newest `keep` and those by which an execution runs. The newest says which number comes next.
    """
    tenant, namespace, flow_id = name
    statement = (
        select(_revision.c.revision, _revision.c.created_at)
        .where(
            _revision.c.tenant == tenant,
            _revision.c.namespace == namespace,
            _revision.c.id == flow_id,
        )
        .order_by(_revision.c.revision.desc())
    )
    found = tx.execute(statement).all()[max(keep, 1) :]
    running = select(executions.c.flow_revision).where(
        executions.c.tenant == tenant,
        executions.c.namespace == namespace,
        executions.c.flow_id == flow_id,
        ~executions.c.is_over,
    )
    needed = set(tx.execute(running.distinct()).scalars())
    return [
        number
        for number, created_at in found
        if number not in needed and (before is None or created_at < before)
    ]


def remove(tx: Connection, name: Name, numbers: Sequence[int]) -> None:
    """Removes revisions of a flow."""
    tenant, namespace, flow_id = name
    tx.execute(
        delete(_revision).where(
            _revision.c.tenant == tenant,
            _revision.c.namespace == namespace,
            _revision.c.id == flow_id,
            _revision.c.revision.in_(numbers),
        )
    )
