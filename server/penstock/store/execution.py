"""Executions: the projection of their events, one row each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, Index, RowMapping, Select, and_, func, or_, select, text
from sqlmodel import Field, SQLModel

from penstock.engine.advance import is_over
from penstock.model.execution import Execution, Failure, Origin, Source, TaskRun
from penstock.model.frozen import Json
from penstock.model.state import State
from penstock.store import task_run
from penstock.store.bulk import Upsert, table_of
from penstock.store.column import Instant, JsonText, iso
from penstock.store.execution_filter import EVERYTHING, Filter

_ACTIVE = text("NOT is_over")
_ACTIVE_ON_SQLITE = text("is_over = 0")
_CHILD = text("parent_id IS NOT NULL")


class ExecutionRow(SQLModel, table=True):
    """One run of a flow, without its task runs."""

    __tablename__ = "execution"  # pyrefly: ignore[bad-override] - as SQLModel documents it
    __table_args__ = (
        Index("execution_by_time", "tenant", "created_at", "id"),
        Index("execution_by_flow", "tenant", "namespace", "flow_id", "created_at", "id"),
        Index("execution_by_content", "tenant", "flow_hash", "state"),
        Index("execution_active", "id", sqlite_where=_ACTIVE_ON_SQLITE, postgresql_where=_ACTIVE),
        Index("execution_children", "parent_id", sqlite_where=_CHILD, postgresql_where=_CHILD),
    )

    id: str = Field(primary_key=True)
    tenant: str
    namespace: str
    flow_id: str
    flow_revision: int
    flow_hash: str
    state: str
    history: list[Json] = Field(sa_type=JsonText)
    created_at: datetime = Field(sa_type=Instant)
    inputs: dict[str, Json] = Field(sa_type=JsonText)
    outputs: dict[str, Json] | None = Field(default=None, sa_type=JsonText)
    labels: dict[str, str] = Field(sa_type=JsonText)
    variables: dict[str, Json] = Field(sa_type=JsonText)
    origin: dict[str, Json] | None = Field(default=None, sa_type=JsonText)
    repository: str | None = None
    commit_id: str | None = None
    started_at: datetime | None = Field(default=None, sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)
    parent_id: str | None = None
    parent_task_run_id: str | None = None
    original_id: str | None = None
    failure: str | None = None
    scheduled_at: datetime | None = Field(default=None, sa_type=Instant)
    breakpoints: list[str] | None = Field(default=None, sa_type=JsonText)
    attempt_number: int | None = None
    first_created_at: datetime | None = Field(default=None, sa_type=Instant)
    paused_by: str | None = None
    is_over: bool


table = table_of(ExecutionRow)
_UPSERT = Upsert(ExecutionRow, tuple(table.columns.keys()), ("id",))
_PAGE = 500


@dataclass(frozen=True, slots=True)
class Page:
    """Executions without task runs, newest first, and where the next page begins."""

    items: tuple[Execution, ...]
    next_cursor: str | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What finished executions of exactly one content of a flow prove."""

    namespace: str
    flow_id: str
    content_hash: str
    success: int
    failed: int
    days: int
    first_at: datetime | None
    last_at: datetime | None
    successful_ids: tuple[str, ...]


def upsert_many(tx: Connection, executions: Iterable[Execution]) -> None:
    """Writes executions without their task runs; each id at most once."""
    _UPSERT.write(tx, [_to_row(execution) for execution in executions])


def get(tx: Connection, tenant: str, execution_id: str) -> Execution | None:
    """An execution of the tenant with its task runs, or None."""
    query = select(table).where(table.c.id == execution_id, table.c.tenant == tenant)
    return next(iter(_with_task_runs(tx, query)), None)


def home(tx: Connection, tenant: str, execution_id: str) -> tuple[str, str] | None:
    """The namespace and the flow of an execution, or None when there is none."""
    row = tx.execute(
        select(table.c.namespace, table.c.flow_id).where(
            table.c.id == execution_id, table.c.tenant == tenant
        )
    ).first()
    return None if row is None else (row[0], row[1])


def has_ended(tx: Connection, tenant: str, execution_id: str) -> bool:
    """Whether nothing more happens in an execution; also when it is not stored any more."""
    over = tx.execute(
        select(table.c.is_over).where(table.c.id == execution_id, table.c.tenant == tenant)
    ).scalar()
    return over is None or bool(over)


def callers(tx: Connection, tenant: str, execution_id: str | None) -> list[str]:
    """The execution itself and those that called it, directly or not, nearest first."""
    found: list[str] = []
    while execution_id is not None and execution_id not in found:
        found.append(execution_id)
        execution_id = tx.execute(
            select(table.c.parent_id).where(table.c.id == execution_id, table.c.tenant == tenant)
        ).scalar()
    return found


def head(tx: Connection, tenant: str, execution_id: str) -> Execution | None:
    """An execution of the tenant without its task runs, or None."""
    return heads(tx, tenant, (execution_id,)).get(execution_id)


def heads(tx: Connection, tenant: str, execution_ids: Sequence[str]) -> dict[str, Execution]:
    """Executions of the tenant without their task runs, by id; those that there are."""
    query = select(table).where(table.c.tenant == tenant, table.c.id.in_(execution_ids))
    return {row["id"]: _from_row(row, {}) for row in tx.execute(query).mappings()}


def slot_holders(
    tx: Connection, tenant: str, namespace: str, flow_id: str, *, limit: int
) -> list[Execution]:
    """Executions of a flow that hold a concurrency slot, without task runs, oldest first."""
    query = (
        select(table)
        .where(
            table.c.tenant == tenant,
            table.c.namespace == namespace,
            table.c.flow_id == flow_id,
            ~table.c.is_over,
            table.c.state.not_in((State.QUEUED.value, State.CREATED.value)),
        )
        .order_by(table.c.created_at)
        .limit(limit)
    )
    return [_from_row(row, {}) for row in tx.execute(query).mappings()]


def active(tx: Connection, page_size: int = _PAGE) -> Iterator[list[Execution]]:
    """Every execution that is not all over, with task runs, in pages, oldest id first.

    One that has ended but still runs its `afterExecution` tasks is not over.
    """
    last = ""
    while True:
        query = (
            select(table)
            .where(~table.c.is_over, table.c.id > last)
            .order_by(table.c.id)
            .limit(page_size)
        )
        found = _with_task_runs(tx, query)
        if not found:
            return
        yield found
        last = found[-1].id


def page(
    tx: Connection,
    tenant: str,
    wanted: Filter = EVERYTHING,
    *,
    cursor: str | None = None,
    limit: int = 100,
) -> Page:
    """The tenant's executions that fit, newest first.

    `cursor` is an earlier page's `next_cursor`.
    """
    query = select(table).where(
        table.c.tenant == tenant, *wanted.conditions(table, tx.dialect.name)
    )
    if cursor is not None:
        at, _, after = cursor.partition("|")
        created = datetime.fromisoformat(at)
        query = query.where(
            or_(
                table.c.created_at < created,
                and_(table.c.created_at == created, table.c.id < after),
            )
        )
    query = query.order_by(table.c.created_at.desc(), table.c.id.desc()).limit(limit + 1)
    found = [_from_row(row, {}) for row in tx.execute(query).mappings()]
    items = tuple(found[:limit])
    more = len(found) > limit
    return Page(items, f"{iso(items[-1].created_at)}|{items[-1].id}" if more else None)


def active_by_flow(tx: Connection, tenant: str) -> dict[tuple[str, str], int]:
    """How many executions of each (namespace, flow id) of the tenant have not ended."""
    query = (
        select(table.c.namespace, table.c.flow_id, func.count())
        .where(table.c.tenant == tenant, table.c.ended_at.is_(None))
        .group_by(table.c.namespace, table.c.flow_id)
    )
    return {(row[0], row[1]): row[2] for row in tx.execute(query)}


def running_counts(tx: Connection) -> dict[tuple[str, str, str], int]:
    """Executions that hold a concurrency slot, by (tenant, namespace, flow id)."""
    query = (
        select(table.c.tenant, table.c.namespace, table.c.flow_id, func.count())
        .where(
            ~table.c.is_over,
            table.c.state.not_in((State.QUEUED.value, State.CREATED.value)),
        )
        .group_by(table.c.tenant, table.c.namespace, table.c.flow_id)
    )
    return {(row[0], row[1], row[2]): row[3] for row in tx.execute(query)}


def started_since(
    tx: Connection, tenant: str, namespace: str, flow_id: str, *, since: datetime
) -> int:
    """How many executions of a flow that were created after a moment have started."""
    query = select(func.count()).where(
        table.c.tenant == tenant,
        table.c.namespace == namespace,
        table.c.flow_id == flow_id,
        table.c.created_at > since,
        table.c.started_at.is_not(None),
    )
    return tx.execute(query).scalar_one()


def ended(tx: Connection, execution_ids: Sequence[str]) -> Mapping[str, Execution]:
    """Those of the executions that have ended, without task runs, by id."""
    if not execution_ids:
        return {}
    query = select(table).where(table.c.id.in_(execution_ids), table.c.ended_at.is_not(None))
    return {row["id"]: _from_row(row, {}) for row in tx.execute(query).mappings()}


def evidence(tx: Connection, tenant: str, wanted: Sequence[tuple[str, str, str]]) -> list[Evidence]:
    """What is proven for each (namespace, flow id, content hash), in the same order.

    Replays do not count: they may run on changed inputs of a past that is proven already.
    """
    return [_evidence_of(tx, tenant, *flow) for flow in wanted]


def _evidence_of(
    tx: Connection, tenant: str, namespace: str, flow_id: str, content_hash: str
) -> Evidence:
    query = (
        select(table.c.id, table.c.state, table.c.ended_at)
        .where(
            table.c.tenant == tenant,
            table.c.flow_hash == content_hash,
            table.c.namespace == namespace,
            table.c.flow_id == flow_id,
            table.c.original_id.is_(None),
            table.c.state.in_((State.SUCCESS.value, State.FAILED.value)),
        )
        .order_by(table.c.ended_at)
    )
    rows = [(row[0], row[1], row[2]) for row in tx.execute(query)]
    successes = [row for row in rows if row[1] == State.SUCCESS.value]
    return Evidence(
        namespace=namespace,
        flow_id=flow_id,
        content_hash=content_hash,
        success=len(successes),
        failed=len(rows) - len(successes),
        days=len({row[2].date() for row in successes}),
        first_at=rows[0][2] if rows else None,
        last_at=rows[-1][2] if rows else None,
        successful_ids=tuple(row[0] for row in successes[-3:][::-1]),
    )


def _with_task_runs(tx: Connection, query: Select[tuple[object, ...]]) -> list[Execution]:
    rows = list(tx.execute(query).mappings())
    runs = task_run.of_executions(tx, [row["id"] for row in rows])
    return [_from_row(row, runs[row["id"]]) for row in rows]


def _to_row(execution: Execution) -> tuple[object, ...]:
    source = execution.source
    return (
        execution.id,
        execution.tenant,
        execution.namespace,
        execution.flow_id,
        execution.flow_revision,
        execution.flow_hash,
        execution.state,
        execution.history,
        execution.created_at,
        execution.inputs,
        execution.outputs,
        execution.labels,
        execution.variables,
        execution.origin,
        source.repository if source else None,
        source.commit if source else None,
        execution.started_at,
        execution.ended_at,
        execution.parent_id,
        execution.parent_task_run_id,
        execution.original_id,
        execution.failure.message if execution.failure else None,
        execution.scheduled_at,
        execution.breakpoints or None,
        execution.attempt_number,
        execution.first_created_at,
        execution.paused_by,
        is_over(execution),
    )


def _from_row(row: RowMapping, task_runs: dict[str, TaskRun]) -> Execution:
    has_source = row["repository"] is not None or row["commit_id"] is not None
    return Execution(
        id=row["id"],
        tenant=row["tenant"],
        namespace=row["namespace"],
        flow_id=row["flow_id"],
        flow_revision=row["flow_revision"],
        flow_hash=row["flow_hash"],
        state=State(row["state"]),
        history=task_run.history(row["history"]),
        created_at=row["created_at"],
        inputs=row["inputs"],
        outputs=row["outputs"],
        labels=row["labels"],
        variables=row["variables"],
        origin=None if row["origin"] is None else Origin(**row["origin"]),
        source=Source(row["repository"], row["commit_id"]) if has_source else None,
        started_at=row["started_at"],
        ended_at=row["ended_at"],
        parent_id=row["parent_id"],
        parent_task_run_id=row["parent_task_run_id"],
        original_id=row["original_id"],
        failure=None if row["failure"] is None else Failure(row["failure"]),
        scheduled_at=row["scheduled_at"],
        breakpoints=tuple(row["breakpoints"] or ()),
        attempt_number=row["attempt_number"] or 1,
        first_created_at=row["first_created_at"],
        paused_by=row["paused_by"],
        task_runs=task_runs,
    )
