"""`core.condition.ExecutionNamespace`: holds for the executions of a namespace."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import Field

from penstock.model.condition import Case, Condition


class Comparison(StrEnum):
    """How namespaces are compared."""

    EQUALS = "EQUALS"
    PREFIX = "PREFIX"
    SUFFIX = "SUFFIX"


class ExecutionNamespace(Condition):
    """Holds for the executions of a namespace.

    Example:
        id: execution_namespace_condition
        namespace: company.team
        tasks:
          - {id: work, type: core.log.Log, message: "after {{ trigger.flowId ?? 'nothing' }}"}
        triggers:
          - id: after_others
            type: core.trigger.Flow
            conditions:
              - type: core.condition.ExecutionNamespace
                namespace: company
                comparison: PREFIX
    """

    replacement: ClassVar[str] = "dependsOn: [{namespace: …}]"

    namespace: Annotated[str, Field(description="The namespace. Takes expressions.")]
    comparison: Annotated[
        Comparison | None, Field(description="How it is compared; `EQUALS` when left out.")
    ] = None
    prefix: Annotated[bool, Field(description="The same as `comparison: PREFIX`.")] = False

    def holds(self, case: Case) -> bool:
        """Whether the other execution is of such a namespace."""
        if case.upstream is None:
            return False
        wanted, found = case.text(self.namespace), case.upstream.namespace
        default = Comparison.PREFIX if self.prefix else Comparison.EQUALS
        match self.comparison or default:
            case Comparison.PREFIX:
                return found.startswith(wanted)
            case Comparison.SUFFIX:
                return found.endswith(wanted)
        return found == wanted
