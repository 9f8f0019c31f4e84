"""What the tables of declared objects share: who owns a row, which revision it is, since when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any, TypeVar

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
)
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

from penstock.model.provenance import Provenance
from penstock.store.column import Instant

R = TypeVar("R")


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


def put(tx: Connection, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]) -> None:
    """Inserts the row, or overwrites `values` of the one with this key."""
    found = and_(*(table.c[name] == value for name, value in key.items()))
    if tx.execute(table.update().where(found).values(**values)).rowcount == 0:
        tx.execute(table.insert().values(**key, **values))


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


def page_after(
    statement: Select[Any], columns: tuple[ColumnElement[str], ...], after: tuple[str, ...] | None
) -> Select[Any]:
    """Orders by `columns` and keeps the rows after a cursor's values."""
    if after is not None:
        first, second = columns
        statement = statement.where(
            or_(first > after[0], and_(first == after[0], second > after[1]))
        )
    return statement.order_by(*columns)
