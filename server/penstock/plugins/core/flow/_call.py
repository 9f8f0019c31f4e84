"""What tasks say of the flow that they execute."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator, Field

from penstock.model.dynamic import Dynamic
from penstock.model.frozen import Json
from penstock.model.task import Task


def _as_map(value: object) -> object:
    if isinstance(value, list) and all(
        isinstance(item, dict) and item.keys() == {"key", "value"} for item in value
    ):
        return {item["key"]: item["value"] for item in value}
    return value


class RestartBehavior(StrEnum):
    """What a restart of the calling execution does about the execution that failed."""

    RETRY_FAILED = "RETRY_FAILED"
    NEW_EXECUTION = "NEW_EXECUTION"


class Call(Task):
    """A task that executes another flow."""

    namespace: Annotated[Dynamic[str], Field(description="Namespace of the flow to execute.")]
    flow_id: Annotated[Dynamic[str], Field(description="Id of the flow to execute.")]
    revision: Annotated[int | None, Field(description="A revision other than the latest.")] = None
    inputs: Annotated[dict[str, Json] | None, Field(description="Inputs of the execution.")] = None
    labels: Annotated[
        dict[str, Json] | None,
        BeforeValidator(_as_map),
        Field(description="Labels of the execution, as a map or a list of key and value."),
    ] = None
    wait: Annotated[bool, Field(description="Whether the task waits for the end.")] = True
    transmit_failed: Annotated[
        bool, Field(description="Whether the task fails, warns or is killed as the execution is.")
    ] = True
    inherit_labels: Annotated[
        bool, Field(description="Whether the execution gets this execution's labels.")
    ] = False
    schedule_date: Annotated[
        Dynamic[str | datetime] | None,
        Field(description="The moment before which the execution does not start."),
    ] = None
    restart_behavior: Annotated[
        RestartBehavior,
        Field(description="Whether a restart restarts the execution or starts another one."),
    ] = RestartBehavior.RETRY_FAILED
