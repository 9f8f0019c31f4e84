"""How many executions of a flow may run at once."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from penstock.model.frozen import Frozen


class ConcurrencyBehavior(StrEnum):
    """What happens to an execution that finds no free slot."""

    QUEUE = "QUEUE"
    CANCEL = "CANCEL"
    FAIL = "FAIL"


class Concurrency(Frozen):
    """At most `limit` executions of the flow run; `behavior` says what the others do."""

    limit: Annotated[int, Field(ge=1)]
    behavior: ConcurrencyBehavior = ConcurrencyBehavior.QUEUE
