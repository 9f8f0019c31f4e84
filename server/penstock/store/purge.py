"""Finds and removes what is stored of executions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, Connection, and_, delete, exists, func, or_, select

from penstock.store import log, metric
from penstock.store.declared import below
from penstock.store.execution import table


@dataclass(frozen=True, slots=True)
class Wanted:
    """Executions of a tenant: of a flow, or of a namespace and below, in some namespaces only."""

    tenant: str
    namespace: str | None = None
    flow_id: str | None = None
    states: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None
    within: tuple[str, ...] | None = None


class Found(NamedTuple):
    """An execution, and where a page after it begins."""

    id: str
    namespace: str
    flow_id: str
    created_at: datetime


def namespaces(tx: Connection, wanted: Wanted) -> list[str]:
    """The namespaces in which there are such executions."""
    query = select(table.c.namespace).where(*_matches(wanted)).distinct()
    return list(tx.execute(query.order_by(table.c.namespace)).scalars())


def count(tx: Connection, wanted: Wanted) -> int:
    """How many there are."""
    return tx.execute(select(func.count()).select_from(table).where(*_matches(wanted))).scalar_one()


def page(
    tx: Connection, wanted: Wanted, *, after: Found | None, limit: int, ended: bool
) -> list[Found]:
    """The next ones, oldest first; with `ended` only those that nobody waits for any more."""
    query = select(table.c.id, table.c.namespace, table.c.flow_id, table.c.created_at).where(
        *_matches(wanted)
    )
    if ended:
        caller = table.alias("caller")
        waits = exists().where(caller.c.id == table.c.parent_id, ~caller.c.is_over)
        query = query.where(table.c.is_over, ~waits)
    if after is not None:
        query = query.where(
            or_(
                table.c.created_at > after.created_at,
                and_(table.c.created_at == after.created_at, table.c.id > after.id),
            )
        )
    query = query.order_by(table.c.created_at, table.c.id).limit(limit)
    return [Found(*row) for row in tx.execute(query)]


def latest(tx: Connection, wanted: Wanted) -> str | None:
    """The id of the youngest of them."""
    query = select(table.c.id).where(*_matches(wanted))
    query = query.order_by(table.c.created_at.desc(), table.c.id.desc()).limit(1)
    return tx.execute(query).scalar_one_or_none()


def over(tx: Connection, ids: Sequence[str]) -> set[str]:
    """Those that are over; nobody restarts them before the transaction ends."""
    query = select(table.c.id).where(table.c.id.in_(ids), table.c.is_over).with_for_update()
    return set(tx.execute(query).scalars())


def remove_logs(
    tx: Connection,
    ids: Sequence[str],
    *,
    levels: Sequence[str] = (),
    since: datetime | None = None,
    until: datetime | None = None,
) -> int:
    """Removes lines of executions; gives their number."""
    where: list[ColumnElement[bool]] = [log.table.c.execution_id.in_(ids)]
    if levels:
        where.append(log.table.c.level.in_(levels))
    if since is not None:
        where.append(log.table.c.at >= since)
    if until is not None:
        where.append(log.table.c.at <= until)
    return tx.execute(delete(log.table).where(*where)).rowcount


def remove_metrics(tx: Connection, ids: Sequence[str]) -> int:
    """Removes the metrics of executions; gives their number."""
    rows = metric.table
    return tx.execute(delete(rows).where(rows.c.execution_id.in_(ids))).rowcount


def _matches(wanted: Wanted) -> list[ColumnElement[bool]]:
    where: list[ColumnElement[bool]] = [table.c.tenant == wanted.tenant]
    if wanted.namespace is not None and wanted.flow_id is None:
        where.append(below(table.c.namespace, wanted.namespace))
    elif wanted.namespace is not None:
        where.append(table.c.namespace == wanted.namespace)
    if wanted.flow_id is not None:
        where.append(table.c.flow_id == wanted.flow_id)
    if wanted.states:
        where.append(table.c.state.in_(wanted.states))
    if wanted.since is not None:
        where.append(table.c.created_at >= wanted.since)
    if wanted.until is not None:
        where.append(table.c.created_at <= wanted.until)
    if wanted.within is not None:
        where.append(table.c.namespace.in_(wanted.within))
    return where
