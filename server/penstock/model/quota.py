"""How many executions of a flow may start within a time."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Annotated

from pydantic import Field

from penstock.model.frozen import Frozen


class QuotaBehavior(StrEnum):
    """What becomes of an execution over the quota."""

    FAIL = "FAIL"
    CANCEL = "CANCEL"


class Quota(Frozen):
    """At most `limit` executions start within any `duration`."""

    duration: Annotated[timedelta, Field(ge=timedelta(minutes=1))]
    limit: Annotated[int, Field(ge=1)]
    behavior: QuotaBehavior = QuotaBehavior.FAIL
