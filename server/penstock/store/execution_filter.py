"""Which executions a list or a bulk operation is about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import JSON, ColumnElement, Table, cast, func

from penstock.store.declared import below


@dataclass(frozen=True, slots=True)
class Filter:
    """Executions that fit everything that is given; a namespace includes those below it.

    `states` are alternatives, `labels` must all be there. `top_level` leaves out, or lists
    only, those that another execution has started.
    """

    namespace: str | None = None
    flow_id: str | None = None
    states: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()
    created_after: datetime | None = None
    created_before: datetime | None = None
    trigger: str | None = None
    parent_id: str | None = None
    original_id: str | None = None
    top_level: bool | None = None

    def conditions(self, table: Table, dialect: str) -> Iterator[ColumnElement[bool]]:
        """For the WHERE of a statement on executions."""
        columns = table.c
        if self.namespace is not None:
            yield below(columns.namespace, self.namespace)
        if self.states:
            yield columns.state.in_(self.states)
        for column, wanted in (
            (columns.flow_id, self.flow_id),
            (columns.parent_id, self.parent_id),
            (columns.original_id, self.original_id),
        ):
            if wanted is not None:
                yield column == wanted
        if self.created_after is not None:
            yield columns.created_at >= self.created_after
        if self.created_before is not None:
            yield columns.created_at < self.created_before
        for key, value in self.labels:
            yield _text_in(columns.labels, key, dialect) == value
        if self.trigger is not None:
            yield _text_in(columns.origin, "id", dialect) == self.trigger
        if self.top_level is not None:
            yield columns.parent_id.is_(None) if self.top_level else columns.parent_id.is_not(None)


EVERYTHING = Filter()


def _text_in(column: ColumnElement[object], key: str, dialect: str) -> ColumnElement[str]:
    """A text in a column that holds a JSON object."""
    if dialect == "sqlite":
        quoted = key.replace("\\", "\\\\").replace('"', '\\"')
        return func.json_extract(column, f'$."{quoted}"')
    return cast(column, JSON).op("->>")(key)
