"""What the tables of declared objects share: who owns a row, which revision it is, since when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields
from datetime import datetime
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import orjson
from sqlalchemy import (
    ColumnElement,
    Connection,
    Dialect,
    Row,
    Select,
    Table,
    Text,
    and_,
    or_,
    select,
    tuple_,
)
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

from penstock.model.provenance import Provenance
from penstock.store.column import Instant

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

R = TypeVar("R")
D = TypeVar("D", bound="DataclassInstance")


class ProvenanceText(TypeDecorator[Provenance]):
    """A provenance as JSON text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Provenance | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - SQLAlchemy calls it so
        """To the column."""
        return None if value is None else orjson.dumps(value.to_row()).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> Provenance:  # noqa: ARG002 - SQLAlchemy calls it so
        """From the column."""
        return Provenance() if value is None else Provenance(**orjson.loads(value))


class Declared(SQLModel):
    """The columns of every declared object."""

    tenant: str = Field(primary_key=True, max_length=100)
    namespace: str = Field(primary_key=True, max_length=150)
    owner: str
    revision: int
    content_hash: str = Field(max_length=64)
    created_at: datetime = Field(sa_type=Instant)
    updated_at: datetime = Field(sa_type=Instant)
    provenance: Provenance | None = Field(default=None, sa_type=ProvenanceText)


def record(kind: type[R], row: Row[*tuple[Any, ...]]) -> R:
    """A row as the frozen class whose fields have the names of its columns."""
    return kind(**row._asdict())


def ancestors(namespace: str) -> tuple[str, ...]:
    """The namespace itself and those above it, nearest first: ``a.b`` → ``a.b``, ``a``."""
    parts = namespace.split(".")
    return tuple(".".join(parts[:end]) for end in range(len(parts), 0, -1))


def put(tx: Connection, table: Table, row: DataclassInstance) -> None:
    """Inserts the row, or overwrites the one with its primary key."""
    values = {each.name: getattr(row, each.name) for each in fields(row)}
    said = {name: value for name, value in values.items() if name not in table.primary_key}
    if tx.execute(table.update().where(_is(table, row)).values(**said)).rowcount == 0:
        tx.execute(table.insert().values(**values))


Key = tuple[str, str]
"""Namespace and id."""
_CHUNK = 500


def by_namespace(keys: Iterable[Key]) -> Iterator[tuple[str, list[str]]]:
    """Namespaces with some of their ids, few enough for the parameters of one statement."""
    found: dict[str, list[str]] = {}
    for namespace, name in dict.fromkeys(keys):
        found.setdefault(namespace, []).append(name)
    for namespace, names in found.items():
        for start in range(0, len(names), _CHUNK):
            yield namespace, names[start : start + _CHUNK]


def below(column: ColumnElement[str], namespace: str) -> ColumnElement[bool]:
    """Whether a column holds the namespace or one below it."""
    escaped = namespace.replace("\\", "\\\\").replace("_", "\\_").replace("%", "\\%")
    return or_(column == namespace, column.like(f"{escaped}.%", escape="\\"))


def page(
    statement: Select[Any],
    columns: Sequence[ColumnElement[str]],
    *,
    namespace: str | None,
    after: tuple[str, ...] | None,
    limit: int,
) -> Select[Any]:
    """The rows of a page in the order of `columns`, the first of which is the namespace.

    `namespace` keeps it and those below it; `after` are the columns' values in the row before.
    """
    if namespace is not None:
        statement = statement.where(below(columns[0], namespace))
    if after is not None:
        statement = statement.where(tuple_(*columns) > tuple_(*after))
    return statement.order_by(*columns).limit(limit)


class DeclaredTable(Generic[D]):
    """A table with one row for each declared object, read as instances of a frozen class.

    `names` are an object's primary key within its tenant: the namespace and, for all but
    namespaces themselves, its name there.
    """

    def __init__(self, table: Table, row: type[D]) -> None:
        """The fields of `row` have the names of the table's columns."""
        self._table, self._row = table, row
        self._tenant, *self._names = table.primary_key

    def find(self, tx: Connection, tenant: str, *names: str) -> D | None:
        """The declared object, or None."""
        key = zip(self._table.primary_key, (tenant, *names), strict=True)
        found = (column == value for column, value in key)
        row = tx.execute(select(self._table).where(*found)).first()
        return None if row is None else record(self._row, row)

    def page(
        self,
        tx: Connection,
        tenant: str,
        *,
        namespace: str | None = None,
        after: tuple[str, ...] | None = None,
        limit: int,
    ) -> list[D]:
        """Objects in the order of their names; `namespace` keeps it and those below it."""
        statement = select(self._table).where(self._tenant == tenant)
        found = page(statement, self._names, namespace=namespace, after=after, limit=limit)
        return [record(self._row, row) for row in tx.execute(found)]

    def put(self, tx: Connection, row: D) -> None:
        """Creates or overwrites an object."""
        put(tx, self._table, row)

    def delete(self, tx: Connection, row: D) -> None:
        """Removes an object."""
        tx.execute(self._table.delete().where(_is(self._table, row)))


def _is(table: Table, row: DataclassInstance) -> ColumnElement[bool]:
    return and_(*(column == getattr(row, column.name) for column in table.primary_key))
