"""What must hold of the inputs before somebody may start a flow."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import AliasChoices, Field

from penstock.model.frozen import Frozen


class CheckStyle(StrEnum):
    """How a form shows the message."""

    ERROR = "ERROR"
    SUCCESS = "SUCCESS"
    WARNING = "WARNING"
    INFO = "INFO"


class CheckBehavior(StrEnum):
    """What becomes of an execution whose check does not hold, the strictest first."""

    BLOCK_EXECUTION = "BLOCK_EXECUTION"
    FAIL_EXECUTION = "FAIL_EXECUTION"
    CREATE_EXECUTION = "CREATE_EXECUTION"


class Check(Frozen):
    """`when` must be true of the resolved inputs; `message` tells people that it is not."""

    when: Annotated[str | bool, Field(validation_alias=AliasChoices("when", "condition"))]
    message: Annotated[str, Field(min_length=1)]
    style: CheckStyle = CheckStyle.INFO
    behavior: CheckBehavior = CheckBehavior.BLOCK_EXECUTION
