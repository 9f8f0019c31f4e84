"""Column types that read the same from SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import UTC, datetime

import orjson
from sqlalchemy import TIMESTAMP, Dialect, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

from penstock.model.frozen import Json


class Instant(TypeDecorator[datetime]):
    """An aware UTC moment: ISO 8601 text that sorts by time on SQLite, timestamptz elsewhere."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[datetime] | TypeEngine[str]:
        """The type of the column in this database."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(Text())
        return dialect.type_descriptor(TIMESTAMP(timezone=True))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> object:
        """What the driver gets."""
        return value if value is None or dialect.name != "sqlite" else iso(value)

    def process_result_value(self, value: object, dialect: Dialect) -> datetime | None:
        """What the reader gets: always UTC."""
        del dialect
        return moment(value)


class JsonText(TypeDecorator[Json]):
    """A JSON value in a text column, exactly as orjson writes it."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Json, dialect: Dialect) -> str | None:
        """What the driver gets; None is SQL NULL."""
        del dialect
        return None if value is None else orjson.dumps(value).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> Json:
        """What the reader gets."""
        del dialect
        return None if value is None else orjson.loads(value)


def iso(at: datetime) -> str:
    """The text of a moment in UTC, as `Instant` keeps it and orjson writes it."""
    return at.astimezone(UTC).isoformat()


def moment(value: object) -> datetime | None:
    """A column's or a JSON document's moment as an aware UTC datetime."""
    if value is None:
        return None
    if isinstance(value, str):
        return datetime.fromisoformat(value)
    assert isinstance(value, datetime)
    return value.astimezone(UTC)
