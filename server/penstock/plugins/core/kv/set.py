"""`core.kv.Set`: writes a key-value pair."""

from __future__ import annotations

from typing import Annotated

import orjson
from pydantic import Field

from penstock.model.dynamic import Dynamic
from penstock.model.frozen import Json
from penstock.model.key_value import KvType, fits
from penstock.sdk.context import RunContext
from penstock.sdk.task import RunnableTask, TaskFailed


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
            kind=self.kv_type,
        )


def _typed(value: Json, kind: KvType | None) -> Json:
    if kind is None or (kind is KvType.JSON and not isinstance(value, str)):
        return value
    text = value if isinstance(value, str) else orjson.dumps(value).decode()
    found: Json = value
    if kind is KvType.STRING:
        return text
    if kind is KvType.BOOLEAN and text.lower() in ("true", "false"):
        return text.lower() == "true"
    if kind in (KvType.NUMBER, KvType.JSON):
        try:
            found = orjson.loads(text)
        except orjson.JSONDecodeError:
            raise _no(kind) from None
    if not fits(found, kind):
        raise _no(kind)
    return found


def _no(kind: KvType) -> TaskFailed:
    return TaskFailed(f"The value is no {kind}. Change it, or leave `kvType` out.")
