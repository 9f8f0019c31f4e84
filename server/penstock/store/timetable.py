"""The timetable: when each declared schedule and each flow's Schedule trigger fires next."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from sqlalchemy import (
    ColumnElement,
    Connection,
    Index,
    RowMapping,
    and_,
    bindparam,
    delete,
    exists,
    func,
    or_,
    select,
    text,
    update,
)
from sqlmodel import Field, SQLModel

from penstock.model.frozen import Json
from penstock.store.bulk import Upsert, table_of
from penstock.store.column import Instant, JsonText
from penstock.store.declared import Key, by_namespace
from penstock.store.execution import table as executions
from penstock.store.schedule_override import ScheduleKey, ScheduleOverrideRow
from penstock.store.schedule_override import table as schedules
from penstock.store.trigger import table as triggers

TimetableKind = Literal["schedule", "trigger"]
MissedPolicy = Literal["DEFAULT", "ALL", "LAST", "NONE"]
_DUE = text("next_fire_at IS NOT NULL")


class TimetableRow(SQLModel, table=True):
    """One source of fires. For triggers `owner_id` is the flow's id, for schedules empty."""

    __tablename__ = "timetable"  # pyrefly: ignore[bad-override] - as SQLModel documents it
    __table_args__ = (
        Index("timetable_due", "next_fire_at", sqlite_where=_DUE, postgresql_where=_DUE),
    )

    tenant: str = Field(primary_key=True)
    kind: str = Field(primary_key=True)
    namespace: str = Field(primary_key=True)
    owner_id: str = Field(primary_key=True)
    id: str = Field(primary_key=True)
    flow_id: str
    cron: str
    timezone: str
    inputs: dict[str, Json] = Field(sa_type=JsonText)
    labels: dict[str, str] = Field(sa_type=JsonText)
    disabled: bool
    missed: str
    late_maximum_seconds: float | None = None
    next_fire_at: datetime | None = Field(default=None, sa_type=Instant)
    last_fire_at: datetime | None = Field(default=None, sa_type=Instant)
    allow_concurrent: bool
    last_execution_id: str | None = None
    dates: list[str] | None = Field(default=None, sa_type=JsonText)


@dataclass(frozen=True, slots=True)
class TimetableEntry:
    """What fires (`flow_id` of `namespace`, with `inputs`), when, and in which zone.

    `dates` stand in place of a cron expression, as ISO moments or expressions that give them.
    `missed` says what happens to fires that nobody was there for: each one (ALL), the latest
    (LAST), none, or what the server's setting says (DEFAULT). A fire later than
    `late_maximum_seconds` is skipped. Unless `allow_concurrent` says else, a fire waits until the
    execution that was started last is over.
    """

    kind: TimetableKind
    tenant: str
    namespace: str
    flow_id: str
    id: str
    cron: str
    timezone: str = "UTC"
    inputs: dict[str, Json] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    disabled: bool = False
    missed: MissedPolicy = "DEFAULT"
    late_maximum_seconds: float | None = None
    next_fire_at: datetime | None = None
    last_fire_at: datetime | None = None
    allow_concurrent: bool = False
    last_execution_id: str | None = None
    dates: list[str] | None = None

    @property
    def owner_id(self) -> str:
        """The flow that a trigger is written in; schedules stand by themselves."""
        return self.flow_id if self.kind == "trigger" else ""


table = table_of(TimetableRow)
_is_free = or_(
    table.c.allow_concurrent,
    table.c.last_execution_id.is_(None),
    ~exists().where(executions.c.id == table.c.last_execution_id, ~executions.c.is_over),
)
"""Whether nothing that the entry started still runs."""
_of_trigger = (
    select(triggers.c.override_disabled)
    .where(
        table.c.kind == "trigger",
        triggers.c.tenant == table.c.tenant,
        triggers.c.namespace == table.c.namespace,
        triggers.c.flow_id == table.c.owner_id,
        triggers.c.id == table.c.id,
    )
    .correlate(table)
    .scalar_subquery()
)
_of_schedule = (
    select(schedules.c.disabled)
    .where(
        table.c.kind == "schedule",
        schedules.c.tenant == table.c.tenant,
        schedules.c.namespace == table.c.namespace,
        schedules.c.id == table.c.id,
    )
    .correlate(table)
    .scalar_subquery()
)
_is_on = ~func.coalesce(_of_trigger, _of_schedule, table.c.disabled)
"""Whether an entry fires: what somebody decided counts before what is declared."""
_KEPT = frozenset({"last_fire_at", "last_execution_id"})
_COLUMNS = tuple(table.columns.keys())
_INSERT = Upsert(TimetableRow, _COLUMNS, key=())
_of_names = and_(
    table.c.tenant == bindparam("tenant"),
    table.c.kind == "trigger",
    table.c.namespace == bindparam("namespace"),
    table.c.owner_id.in_(bindparam("names", expanding=True)),
)
_schedule_now = (
    select(table.c.next_fire_at, *schedules.c)
    .join(
        schedules,
        and_(
            schedules.c.tenant == table.c.tenant,
            schedules.c.namespace == table.c.namespace,
            schedules.c.id == table.c.id,
        ),
        isouter=True,
    )
    .where(
        table.c.kind == "schedule",
        table.c.tenant == bindparam("tenant"),
        table.c.namespace == bindparam("namespace"),
        table.c.id == bindparam("id"),
    )
)
_triggers = select(table).where(_of_names)
_forget = delete(table).where(_of_names)


def replace(tx: Connection, tenant: str, entries: Sequence[TimetableEntry]) -> None:
    """Creates or replaces entries, each with its `next_fire_at`; what they did last is kept."""
    for entry in entries:
        values = _to_row(entry) | {"tenant": tenant}
        where = _same(tenant, entry)
        kept = {name: value for name, value in values.items() if name not in _KEPT}
        if tx.execute(update(table).where(*where).values(**kept)).rowcount == 0:
            tx.execute(table.insert().values(**values))


def remove(
    tx: Connection,
    tenant: str,
    kind: TimetableKind,
    namespace: str,
    id: str,  # noqa: A002  the noun's own name
) -> None:
    """Removes a schedule by its id, or all triggers of the flow with that id."""
    key = table.c.id if kind == "schedule" else table.c.owner_id
    tx.execute(
        delete(table).where(
            table.c.tenant == tenant,
            table.c.kind == kind,
            table.c.namespace == namespace,
            key == id,
        )
    )


def due(tx: Connection, now: datetime, limit: int = 100) -> list[TimetableEntry]:
    """Enabled entries whose time has come and that wait for no execution, earliest first."""
    query = (
        select(table)
        .where(table.c.next_fire_at <= now, _is_on, _is_free)
        .order_by(table.c.next_fire_at)
        .limit(limit)
    )
    return [_from_row(row) for row in tx.execute(query).mappings()]


def earliest(tx: Connection) -> datetime | None:
    """When the next enabled entry is due; one that waits for an execution is not counted."""
    query = (
        select(table.c.next_fire_at)
        .where(table.c.next_fire_at.is_not(None), _is_on, _is_free)
        .order_by(table.c.next_fire_at)
        .limit(1)
    )
    return tx.execute(query).scalar_one_or_none()


def is_waiting(tx: Connection, now: datetime) -> bool:
    """Whether some entry is late because an execution that it started still runs."""
    query = select(table.c.id).where(table.c.next_fire_at <= now, _is_on, ~_is_free).limit(1)
    return tx.execute(query).first() is not None


def find(
    tx: Connection,
    tenant: str,
    kind: TimetableKind,
    namespace: str,
    id: str,  # noqa: A002  the noun's own name
) -> list[TimetableEntry]:
    """The schedule of that id, or all triggers of the flow of that id."""
    key = table.c.id if kind == "schedule" else table.c.owner_id
    query = select(table).where(
        table.c.tenant == tenant,
        table.c.kind == kind,
        table.c.namespace == namespace,
        key == id,
    )
    return [_from_row(row) for row in tx.execute(query).mappings()]


def of_schedule(
    tx: Connection, key: ScheduleKey
) -> tuple[datetime | None, ScheduleOverrideRow | None]:
    """When a schedule fires next, and what somebody has decided of it; in one query for both."""
    row = tx.execute(_schedule_now, key._asdict()).first()
    if row is None:
        return None, None
    next_fire_at, *decided = row
    return next_fire_at, None if decided[0] is None else ScheduleOverrideRow(*decided)


def of_flows(tx: Connection, tenant: str, keys: Iterable[Key]) -> dict[Key, list[TimetableEntry]]:
    """The triggers of many flows, by namespace and id of the flow."""
    found: dict[Key, list[TimetableEntry]] = {}
    for namespace, names in by_namespace(keys):
        given = {"tenant": tenant, "namespace": namespace, "names": names}
        for row in tx.execute(_triggers, given).mappings():
            found.setdefault((namespace, row["owner_id"]), []).append(_from_row(row))
    return found


def remove_of_flows(tx: Connection, tenant: str, keys: Iterable[Key]) -> None:
    """Removes all triggers of many flows."""
    for namespace, names in by_namespace(keys):
        tx.execute(_forget, {"tenant": tenant, "namespace": namespace, "names": names})


def insert(tx: Connection, entries: Sequence[TimetableEntry]) -> None:
    """Adds entries that are not there yet."""
    _INSERT.write(tx, [[*_to_row(entry).values()] for entry in entries])


def set_dates(
    tx: Connection, entry: TimetableEntry, dates: list[str], next_fire_at: datetime | None
) -> None:
    """Keeps the rendered dates of an entry, unless it was declared anew meanwhile."""
    tx.execute(
        update(table)
        .where(*_same(entry.tenant, entry), table.c.next_fire_at == entry.next_fire_at)
        .values(dates=dates, next_fire_at=next_fire_at)
    )


def unlock(tx: Connection, entry: TimetableEntry) -> None:
    """Lets an entry fire although what it started last still runs."""
    tx.execute(update(table).where(*_same(entry.tenant, entry)).values(last_execution_id=None))


def claim(
    tx: Connection,
    entry: TimetableEntry,
    next_fire_at: datetime | None,
    *,
    execution_id: str | None = None,
) -> bool:
    """Takes the fire of `entry.next_fire_at`, unless another server or a change came first.

    `execution_id` is what it starts; without one it is passed over.
    """
    started = {} if execution_id is None else {"last_execution_id": execution_id}
    statement = (
        update(table)
        .where(
            *_same(entry.tenant, entry),
            table.c.next_fire_at == entry.next_fire_at,
            _is_on,
            _is_free,
        )
        .values(next_fire_at=next_fire_at, last_fire_at=entry.next_fire_at, **started)
    )
    return tx.execute(statement).rowcount == 1


def _same(tenant: str, entry: TimetableEntry) -> tuple[ColumnElement[bool], ...]:
    return (
        table.c.tenant == tenant,
        table.c.kind == entry.kind,
        table.c.namespace == entry.namespace,
        table.c.owner_id == entry.owner_id,
        table.c.id == entry.id,
    )


def _to_row(entry: TimetableEntry) -> dict[str, object]:
    return {name: getattr(entry, name) for name in _COLUMNS}


def _from_row(row: RowMapping) -> TimetableEntry:
    return TimetableEntry(**{name: row[name] for name in _COLUMNS if name != "owner_id"})
