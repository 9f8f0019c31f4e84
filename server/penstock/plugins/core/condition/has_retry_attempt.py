"""`core.condition.HasRetryAttempt`: holds for executions in which a task was tried again."""

from __future__ import annotations

from typing import Annotated, ClassVar

from pydantic import Field

from penstock.model.condition import Case, Condition
from penstock.model.state import State


class HasRetryAttempt(Condition):
    """Holds for executions in which a task was tried again.

    Example:
        id: has_retry_attempt_condition
        namespace: company.team
        tasks:
          - {id: work, type: core.log.Log, message: "after {{ trigger.flowId ?? 'nothing' }}"}
        triggers:
          - id: after_others
            type: core.trigger.Flow
            conditions:
              - type: core.condition.HasRetryAttempt
                in: [FAILED]
    """

    replacement: ClassVar[str] = 'when: "{{ hasRetryAttempt }}"'

    in_: Annotated[
        tuple[State, ...] | None,
        Field(alias="in", description="States of further attempts that count; any when left out."),
    ] = None
    not_in: Annotated[tuple[State, ...] | None, Field(description="States that do not count.")] = (
        None
    )

    def holds(self, case: Case) -> bool:
        """Whether there is an attempt beyond the first in such a state."""
        if case.upstream is None:
            return False
        found = case.upstream.retried.difference(self.not_in or ())
        return bool(found & set(self.in_)) if self.in_ else bool(found)
