"""Task runs: the projection of an execution's events, one row each."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from sqlalchemy import Connection, RowMapping, func, select
from sqlmodel import Field, SQLModel

from penstock.model.execution import Attempt, Failure, StateChange, TaskRun
from penstock.model.frozen import Json
from penstock.model.state import State
from penstock.store.bulk import Delete, Upsert, table_of
from penstock.store.column import Instant, JsonText, moment


class TaskRunRow(SQLModel, table=True):
    """A task at work in an execution; `number` is its order of creation, from 0."""

    __tablename__ = "task_run"  # pyrefly: ignore[bad-override] - as SQLModel documents it

    execution_id: str = Field(primary_key=True)
    number: int = Field(primary_key=True)
    id: str
    tenant: str
    task_id: str
    state: str
    history: list[Json] = Field(sa_type=JsonText)
    parent_id: str | None = None
    value: str | None = None
    iteration: int | None = None
    attempts: list[Json] = Field(sa_type=JsonText)
    outputs: dict[str, Json] | None = Field(default=None, sa_type=JsonText)
    failure: str | None = None
    fence: int
    progress: dict[str, Json] | None = Field(default=None, sa_type=JsonText)
    retry_at: datetime | None = Field(default=None, sa_type=Instant)
    child_execution_id: str | None = None
    started_at: datetime | None = Field(default=None, sa_type=Instant)
    ended_at: datetime | None = Field(default=None, sa_type=Instant)


table = table_of(TaskRunRow)
_UPSERT = Upsert(TaskRunRow, tuple(table.columns.keys()), ("execution_id", "number"))
_DELETE_ALL = Delete(TaskRunRow, "execution_id")


def upsert_many(tx: Connection, task_runs: Iterable[tuple[str, str, TaskRun]]) -> None:
    """Writes (tenant, execution id, task run) triples, each task run at most once."""
    _UPSERT.write(tx, [_to_row(tenant, execution, run) for tenant, execution, run in task_runs])


def delete_of(tx: Connection, execution_ids: Sequence[str]) -> None:
    """Forgets all task runs of executions."""
    _DELETE_ALL.write(tx, execution_ids)


def of_executions(tx: Connection, execution_ids: Sequence[str]) -> dict[str, dict[str, TaskRun]]:
    """Task runs by execution id, each in the order of creation and keyed by task run id."""
    found: dict[str, dict[str, TaskRun]] = {id_: {} for id_ in execution_ids}
    if not execution_ids:
        return found
    query = (
        select(table)
        .where(table.c.execution_id.in_(execution_ids))
        .order_by(table.c.execution_id, table.c.number)
    )
    for row in tx.execute(query).mappings():
        found[row["execution_id"]][row["id"]] = _from_row(row)
    return found


def page(tx: Connection, execution_id: str, *, first: int = 0, limit: int) -> list[TaskRun]:
    """Task runs in the order of creation, from number `first`."""
    query = (
        select(table)
        .where(table.c.execution_id == execution_id, table.c.number >= first)
        .order_by(table.c.number)
        .limit(limit)
    )
    return [_from_row(row) for row in tx.execute(query).mappings()]


def in_states(
    tx: Connection, execution_id: str, states: Iterable[State], *, limit: int
) -> list[TaskRun]:
    """Task runs that are in one of some states, in the order of creation."""
    query = (
        select(table)
        .where(table.c.execution_id == execution_id, table.c.state.in_([*states]))
        .order_by(table.c.number)
        .limit(limit)
    )
    return [_from_row(row) for row in tx.execute(query).mappings()]


def count(tx: Connection, execution_id: str) -> int:
    """How many task runs an execution has."""
    query = select(func.count()).where(table.c.execution_id == execution_id)
    return tx.execute(query).scalar_one()


def _to_row(tenant: str, execution_id: str, run: TaskRun) -> tuple[object, ...]:
    return (
        execution_id,
        run.number,
        run.id,
        tenant,
        run.task_id,
        run.state,
        run.history,
        run.parent_id,
        run.value,
        run.iteration,
        run.attempts,
        run.outputs,
        run.failure.message if run.failure else None,
        run.fence,
        run.progress,
        run.retry_at,
        run.child_execution_id,
        run.started_at,
        run.ended_at,
    )


def _from_row(row: RowMapping) -> TaskRun:
    return TaskRun(
        id=row["id"],
        task_id=row["task_id"],
        number=row["number"],
        state=State(row["state"]),
        history=history(row["history"]),
        parent_id=row["parent_id"],
        value=row["value"],
        iteration=row["iteration"],
        attempts=tuple(_attempt(item) for item in row["attempts"]),
        outputs=row["outputs"],
        failure=None if row["failure"] is None else Failure(row["failure"]),
        fence=row["fence"],
        progress=row["progress"],
        retry_at=row["retry_at"],
        child_execution_id=row["child_execution_id"],
        started_at=row["started_at"],
        ended_at=row["ended_at"],
    )


def history(items: Iterable[dict[str, str]]) -> tuple[StateChange, ...]:
    """The state changes of a JSON column."""
    return tuple(
        StateChange(State(item["state"]), datetime.fromisoformat(item["at"])) for item in items
    )


def _attempt(item: dict[str, Json]) -> Attempt:
    number, worker, log_file = item["number"], item["worker"], item.get("log_file")
    assert isinstance(number, int)
    assert worker is None or isinstance(worker, str)
    assert log_file is None or isinstance(log_file, str)
    return Attempt(
        number=number,
        state=State(str(item["state"])),
        started_at=moment(item["started_at"]),
        ended_at=moment(item["ended_at"]),
        worker=worker,
        log_file=log_file,
    )
