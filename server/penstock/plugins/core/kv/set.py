"""`core.kv.Set`: writes a key-value pair."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Annotated

import orjson
from pydantic import Field, TypeAdapter, ValidationError

from penstock.model.dynamic import Dynamic
from penstock.model.frozen import Json
from penstock.sdk.context import RunContext
from penstock.sdk.task import RunnableTask, TaskFailed


class KvType(StrEnum):
    """What a value shall be read as."""

    STRING = "STRING"
    NUMBER = "NUMBER"
    BOOLEAN = "BOOLEAN"
    DATETIME = "DATETIME"
    DATE = "DATE"
    DURATION = "DURATION"
    JSON = "JSON"


_MOMENTS: dict[KvType, tuple[TypeAdapter[object], str]] = {
    KvType.DATETIME: (TypeAdapter(datetime), "[0-9]{4}-.*T.*"),
    KvType.DATE: (TypeAdapter(date), "[0-9]{4}-[0-9]{2}-[0-9]{2}"),
    KvType.DURATION: (TypeAdapter(timedelta), "-?P.*"),
}


class Set(RunnableTask):
    """Writes a value that other flows and later executions read with `kv()`.

    Values are stored readable, so one that holds a secret is refused.

    Example:
        id: write_a_key
        namespace: company.team
        tasks:
          - id: remember
            type: core.kv.Set
            key: last_run
            value: "{{ execution.startDate }}"
            ttl: P30D
          - id: show
            type: core.log.Log
            message: "{{ kv('last_run') }}"
    """

    key: Annotated[Dynamic[str], Field(description="The key.")]
    value: Annotated[
        Dynamic[Json], Field(description="The value; one single expression keeps its type.")
    ]
    namespace: Annotated[
        Dynamic[str] | None, Field(description="The namespace to write to; the flow's by default.")
    ] = None
    overwrite: Annotated[
        Dynamic[bool], Field(description="Whether a value that is there may be replaced.")
    ] = True
    ttl: Annotated[
        Dynamic[str] | None,
        Field(description="How long the value lives, as an ISO 8601 duration such as P1D."),
    ] = None
    kv_type: Annotated[
        KvType | None,
        Field(description="Reads the value as this type; the rendered type is kept without."),
    ] = None
    kv_description: Annotated[Dynamic[str] | None, Field(description="For people.")] = None

    def run(self, context: RunContext) -> None:
        """Writes it. Raises `TaskFailed` when the value is not of the type."""
        context.key_values.write(
            self.key,
            _typed(self.value, self.kv_type),
            namespace=self.namespace,
            overwrite=self.overwrite,
            ttl=self.ttl,
            description=self.kv_description,
        )


def _typed(value: Json, kind: KvType | None) -> Json:
    if kind is None or (kind is KvType.JSON and not isinstance(value, str)):
        return value
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    if kind is KvType.STRING:
        return text
    if kind is KvType.BOOLEAN:
        if text.lower() in ("true", "false"):
            return text.lower() == "true"
    elif kind in _MOMENTS:
        adapter, shape = _MOMENTS[kind]
        if isinstance(value, str) and re.fullmatch(shape, value) and _reads(adapter, value):
            return value
    else:
        parsed = _parsed(text)
        is_number = isinstance(parsed, (int, float)) and not isinstance(parsed, bool)
        if parsed is not _NOTHING and (kind is KvType.JSON or is_number):
            return parsed
    raise TaskFailed(f"The value is no {kind}. Change it, or leave `kvType` out.")


_NOTHING: Json = {}


def _parsed(text: str) -> Json:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return _NOTHING


def _reads(adapter: TypeAdapter[object], text: str) -> bool:
    try:
        adapter.validate_python(text)
    except ValidationError:
        return False
    return True
