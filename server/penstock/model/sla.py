"""What is promised of a flow's executions: how long they take, and what holds meanwhile."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from penstock.model.frozen import Frozen


class SlaBehavior(StrEnum):
    """What happens to an execution that breaks the promise; NONE only labels it."""

    FAIL = "FAIL"
    CANCEL = "CANCEL"
    NONE = "NONE"


def _as_map(value: object) -> object:
    if isinstance(value, list) and all(
        isinstance(item, dict) and item.keys() == {"key", "value"} for item in value
    ):
        return {item["key"]: item["value"] for item in value}
    return value


class _Sla(Frozen):
    id: Annotated[str, Field(min_length=1, max_length=100)]
    behavior: SlaBehavior
    labels: Annotated[dict[str, str], BeforeValidator(_as_map)] = Field(default_factory=dict)


class MaxDuration(_Sla):
    """An execution ends within `duration` of its start."""

    type: Literal["MAX_DURATION"]
    duration: Annotated[timedelta, Field(gt=timedelta())]


class ExecutionAssertion(_Sla):
    """`assert_` is truthy whenever something has happened to the execution."""

    type: Literal["EXECUTION_ASSERTION"]
    assert_: Annotated[str, Field(alias="assert", min_length=1)]


Sla = Annotated[MaxDuration | ExecutionAssertion, Field(discriminator="type")]
"""A promise; `type` says of which kind."""
