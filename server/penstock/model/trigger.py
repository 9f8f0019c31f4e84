"""What every trigger has."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from penstock.model.condition import Condition
from penstock.model.frozen import Frozen, Json
from penstock.model.state import State
from penstock.model.task import LogLevel


class Trigger(Frozen):
    """Something that starts executions of its flow. Subclasses add their own properties."""

    type_name: ClassVar[str] = ""

    id: Annotated[str, Field(pattern=r"^[a-zA-Z0-9][a-zA-Z0-9_-]*$", max_length=256)]
    type: str
    description: str | None = None
    disabled: bool = False
    when: str | bool = "true"
    conditions: tuple[Condition, ...] = ()
    inputs: dict[str, Json] | None = None
    labels: dict[str, str] | None = None
    stop_after: tuple[State, ...] = ()
    allow_concurrent: bool = False
    fail_on_trigger_error: bool = False
    log_level: LogLevel | None = None
