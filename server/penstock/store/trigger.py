"""Triggers of flows as the server keeps them: what a deploy does not change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, RowMapping, and_, func, or_, select, update
from sqlalchemy import delete as delete_from
from sqlmodel import Field, SQLModel

from penstock.model.frozen import Json
from penstock.store.bulk import Upsert, table_of
from penstock.store.column import Instant, JsonText
from penstock.store.declared import Key, below, by_namespace


class TriggerTable(SQLModel, table=True):
    """One trigger of one flow. `is_disabled` is declared, `override_…` is what somebody did."""

    __tablename__ = "flow_trigger"  # pyrefly: ignore[bad-override] - as SQLModel documents it

    tenant: str = Field(primary_key=True)
    namespace: str = Field(primary_key=True)
    flow_id: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    type: str = Field(index=True)
    is_disabled: bool
    next_at: datetime | None = Field(default=None, sa_type=Instant, index=True)
    last_at: datetime | None = Field(default=None, sa_type=Instant)
    last_execution_id: str | None = None
    lease_owner: str | None = None
    lease_expires_at: datetime | None = Field(default=None, sa_type=Instant)
    state: dict[str, Json] | None = Field(default=None, sa_type=JsonText)
    backfill: dict[str, Json] | None = Field(default=None, sa_type=JsonText)
    override_disabled: bool | None = None
    override_reason: str | None = None
    override_actor: str | None = None
    override_at: datetime | None = Field(default=None, sa_type=Instant)
    override_expires_at: datetime | None = Field(default=None, sa_type=Instant, index=True)


@dataclass(frozen=True, slots=True)
class TriggerKey:
    """Where a trigger is written."""

    tenant: str
    namespace: str
    flow_id: str
    id: str


@dataclass(frozen=True, slots=True)
class Override:
    """What somebody decided against the flow's text, until `expires_at`."""

    disabled: bool
    reason: str
    actor: str
    at: datetime
    expires_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class TriggerRow:
    """A trigger as stored.

    `next_at` is when it must be looked at again, `state` what it remembers (the window of a flow
    trigger, what a poll has seen). `backfill` are dates of the past that are being run.
    """

    key: TriggerKey
    type: str
    is_disabled: bool = False
    next_at: datetime | None = None
    last_at: datetime | None = None
    last_execution_id: str | None = None
    lease_owner: str | None = None
    lease_expires_at: datetime | None = None
    state: dict[str, Json] | None = None
    backfill: dict[str, Json] | None = None
    override: Override | None = None

    @property
    def is_off(self) -> bool:
        """Whether it starts nothing: what somebody decided counts before what is declared."""
        return self.is_disabled if self.override is None else self.override.disabled


table = table_of(TriggerTable)
_COLUMNS = tuple(table.columns.keys())
_INSERT = Upsert(TriggerTable, _COLUMNS, key=())
is_off: ColumnElement[bool] = func.coalesce(table.c.override_disabled, table.c.is_disabled)
"""Whether a row's trigger starts nothing."""


def find(tx: Connection, key: TriggerKey) -> TriggerRow | None:
    """The trigger, or None."""
    row = tx.execute(select(table).where(*_same(key))).mappings().first()
    return None if row is None else _from_row(row)


def page(
    tx: Connection,
    tenant: str,
    *,
    namespace: str | None = None,
    flow_id: str | None = None,
    after: tuple[str, ...] | None = None,
    limit: int,
) -> list[TriggerRow]:
    """Triggers by namespace, flow and id; `namespace` keeps it and those below it."""
    query = select(table).where(table.c.tenant == tenant)
    if namespace is not None:
        query = query.where(below(table.c.namespace, namespace))
    if flow_id is not None:
        query = query.where(table.c.flow_id == flow_id)
    if after is not None:
        first, second, third = after
        columns = table.c.namespace, table.c.flow_id, table.c.id
        query = query.where(
            or_(
                columns[0] > first,
                and_(columns[0] == first, columns[1] > second),
                and_(columns[0] == first, columns[1] == second, columns[2] > third),
            )
        )
    query = query.order_by(table.c.namespace, table.c.flow_id, table.c.id).limit(limit)
    return [_from_row(row) for row in tx.execute(query).mappings()]


def of_type(tx: Connection, tenant: str, type_name: str) -> list[TriggerRow]:
    """The triggers of a type, also those that are off."""
    query = select(table).where(table.c.tenant == tenant, table.c.type == type_name)
    query = query.order_by(table.c.namespace, table.c.flow_id, table.c.id)
    return [_from_row(row) for row in tx.execute(query).mappings()]


def declare(tx: Connection, tenant: str, rows: Mapping[Key, Sequence[TriggerRow]]) -> None:
    """The triggers of some flows, by namespace and id of the flow, as their texts have them now.

    What a trigger remembers, and what somebody decided of it, is kept while its type stays.
    """
    before = {row.key: row for row in of_flows(tx, tenant, rows)}
    remove_of_flows(tx, tenant, {(key.namespace, key.flow_id) for key in before})
    made: list[TriggerRow] = []
    for row in (each for found in rows.values() for each in found):
        old = before.get(row.key)
        if old is not None and old.type == row.type:
            is_same = old.is_disabled == row.is_disabled
            kept = old.next_at if is_same and row.next_at is not None else row.next_at
            made.append(replace(old, is_disabled=row.is_disabled, next_at=kept))
        else:
            made.append(row)
    _INSERT.write(tx, [[*_to_row(row).values()] for row in made])


def of_flows(tx: Connection, tenant: str, keys: Iterable[Key]) -> list[TriggerRow]:
    """The triggers of many flows."""
    found: list[TriggerRow] = []
    for namespace, names in by_namespace(keys):
        query = select(table).where(
            table.c.tenant == tenant, table.c.namespace == namespace, table.c.flow_id.in_(names)
        )
        found += [_from_row(row) for row in tx.execute(query).mappings()]
    return found


def remove_of_flows(tx: Connection, tenant: str, keys: Iterable[Key]) -> None:
    """Forgets all triggers of many flows."""
    for namespace, names in by_namespace(keys):
        tx.execute(
            delete_from(table).where(
                table.c.tenant == tenant, table.c.namespace == namespace, table.c.flow_id.in_(names)
            )
        )


def set_override(tx: Connection, key: TriggerKey, override: Override | None) -> None:
    """Decides against the flow's text, or takes that back."""
    _update(tx, key, _override_cells(override))


def set_state(tx: Connection, key: TriggerKey, state: dict[str, Json] | None) -> None:
    """What the trigger remembers."""
    _update(tx, key, {"state": state})


def set_backfill(tx: Connection, key: TriggerKey, backfill: dict[str, Json] | None) -> None:
    """The dates of the past that are being run."""
    _update(tx, key, {"backfill": backfill})


def move_backfill(
    tx: Connection, key: TriggerKey, before: dict[str, Json], after: dict[str, Json] | None
) -> bool:
    """Notes how far a backfill is, unless somebody paused or ended it meanwhile."""
    statement = update(table).where(*_same(key), table.c.backfill == before)
    return tx.execute(statement.values(backfill=after)).rowcount == 1


def set_next(tx: Connection, key: TriggerKey, at: datetime | None) -> None:
    """When it must be looked at again."""
    _update(tx, key, {"next_at": at})


def started(tx: Connection, key: TriggerKey, execution_id: str, at: datetime) -> None:
    """It has started an execution."""
    _update(tx, key, {"last_execution_id": execution_id, "last_at": at})


def unlock(tx: Connection, key: TriggerKey) -> None:
    """The execution that was started last holds nothing back any more."""
    _update(tx, key, {"last_execution_id": None, "lease_owner": None, "lease_expires_at": None})


def overridden(tx: Connection, tenant: str, now: datetime) -> list[TriggerRow]:
    """The triggers of which somebody's decision counts now."""
    query = select(table).where(
        table.c.tenant == tenant,
        table.c.override_disabled.is_not(None),
        or_(table.c.override_expires_at.is_(None), table.c.override_expires_at > now),
    )
    query = query.order_by(table.c.namespace, table.c.flow_id, table.c.id)
    return [_from_row(row) for row in tx.execute(query).mappings()]


def expired(tx: Connection, now: datetime) -> list[TriggerRow]:
    """Triggers of which somebody decided something only until now."""
    query = select(table).where(table.c.override_expires_at <= now)
    return [_from_row(row) for row in tx.execute(query).mappings()]


def with_backfill(tx: Connection) -> list[TriggerRow]:
    """Triggers with a backfill."""
    query = select(table).where(table.c.backfill.is_not(None))
    found = (_from_row(row) for row in tx.execute(query).mappings())
    return [row for row in found if row.backfill]


def due(tx: Connection, types: Sequence[str], now: datetime, limit: int = 100) -> list[TriggerRow]:
    """Triggers of some types that must be looked at, and on which nobody works now."""
    query = (
        select(table)
        .where(
            table.c.next_at <= now,
            table.c.type.in_(types),
            ~is_off,
            or_(table.c.lease_expires_at.is_(None), table.c.lease_expires_at <= now),
        )
        .order_by(table.c.next_at)
        .limit(limit)
    )
    return [_from_row(row) for row in tx.execute(query).mappings()]


def earliest(tx: Connection, types: Sequence[str]) -> datetime | None:
    """When the next of them is due."""
    query = (
        select(table.c.next_at)
        .where(table.c.next_at.is_not(None), table.c.type.in_(types), ~is_off)
        .order_by(table.c.next_at)
        .limit(1)
    )
    return tx.execute(query).scalar_one_or_none()


def move(tx: Connection, row: TriggerRow, next_at: datetime | None) -> bool:
    """Sets when it must be looked at again, unless another server or a change came first."""
    statement = update(table).where(*_same(row.key), table.c.next_at == row.next_at)
    return tx.execute(statement.values(next_at=next_at)).rowcount == 1


def lease(tx: Connection, row: TriggerRow, owner: str, *, now: datetime, until: datetime) -> bool:
    """Takes a trigger to work on it, unless another server or a change came first."""
    statement = (
        update(table)
        .where(
            *_same(row.key),
            table.c.next_at == row.next_at,
            or_(table.c.lease_expires_at.is_(None), table.c.lease_expires_at <= now),
        )
        .values(lease_owner=owner, lease_expires_at=until)
    )
    return tx.execute(statement).rowcount == 1


def renew(tx: Connection, owners: Sequence[str], until: datetime) -> None:
    """Keeps triggers on which somebody still works."""
    statement = update(table).where(table.c.lease_owner.in_(owners))
    tx.execute(statement.values(lease_expires_at=until))


def release(
    tx: Connection,
    row: TriggerRow,
    owner: str,
    *,
    next_at: datetime | None,
    execution_id: str | None = None,
    at: datetime | None = None,
) -> bool:
    """Gives a trigger back; False when the lease was lost meanwhile."""
    values: dict[str, object] = {
        "next_at": next_at,
        "lease_owner": None,
        "lease_expires_at": None,
    }
    if execution_id is not None:
        values |= {"last_execution_id": execution_id, "last_at": at}
    statement = update(table).where(*_same(row.key), table.c.lease_owner == owner).values(**values)
    return tx.execute(statement).rowcount == 1


def _update(tx: Connection, key: TriggerKey, values: Mapping[str, object]) -> None:
    tx.execute(update(table).where(*_same(key)).values(**values))


def _same(key: TriggerKey) -> tuple[ColumnElement[bool], ...]:
    return (
        table.c.tenant == key.tenant,
        table.c.namespace == key.namespace,
        table.c.flow_id == key.flow_id,
        table.c.id == key.id,
    )


def _override_cells(override: Override | None) -> dict[str, object]:
    return {
        "override_disabled": None if override is None else override.disabled,
        "override_reason": None if override is None else override.reason,
        "override_actor": None if override is None else override.actor,
        "override_at": None if override is None else override.at,
        "override_expires_at": None if override is None else override.expires_at,
    }


def _to_row(row: TriggerRow) -> dict[str, object]:
    cells: dict[str, object] = {
        "tenant": row.key.tenant,
        "namespace": row.key.namespace,
        "flow_id": row.key.flow_id,
        "id": row.key.id,
        **_override_cells(row.override),
    }
    return {name: cells[name] if name in cells else getattr(row, name) for name in _COLUMNS}


def _from_row(row: RowMapping) -> TriggerRow:
    disabled = row["override_disabled"]
    return TriggerRow(
        key=TriggerKey(row["tenant"], row["namespace"], row["flow_id"], row["id"]),
        type=row["type"],
        is_disabled=row["is_disabled"],
        next_at=row["next_at"],
        last_at=row["last_at"],
        last_execution_id=row["last_execution_id"],
        lease_owner=row["lease_owner"],
        lease_expires_at=row["lease_expires_at"],
        state=row["state"],
        backfill=row["backfill"],
        override=None
        if disabled is None
        else Override(
            disabled,
            row["override_reason"] or "",
            row["override_actor"] or "",
            row["override_at"],
            row["override_expires_at"],
        ),
    )
