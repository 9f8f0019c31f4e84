"""What other flows must have done before a flow trigger starts its flow."""

from __future__ import annotations

import re
from abc import abstractmethod
from enum import StrEnum
from typing import Annotated, Self

from pydantic import Field, model_validator

from penstock.expression import is_truthy
from penstock.model.condition import Case, Upstream
from penstock.model.frozen import Frozen, Json
from penstock.model.state import State
from penstock.plugins.core.trigger._window import OldWindow

_LONGEST_PATTERN = 500


class Dependency(Frozen):
    """One part that must be done."""

    @abstractmethod
    def is_done(self, case: Case, upstream: Upstream) -> bool:
        """Whether an execution does it. Raises `ExpressionError` when that cannot be told."""
        raise NotImplementedError


def _is_of(
    upstream: Upstream, *, states: tuple[State, ...] | None, labels: dict[str, str] | None
) -> bool:
    if states and upstream.state not in states:
        return False
    return all(upstream.labels.get(key) == value for key, value in (labels or {}).items())


class DependsOn(Dependency):
    """A flow, or the flows of a namespace, of which an execution must reach a state."""

    namespace: Annotated[str, Field(description="The other flow's namespace.")]
    flow_id: Annotated[str | None, Field(description="Its id; any flow there when left out.")] = (
        None
    )
    states: Annotated[
        tuple[State, ...] | None,
        Field(description="States that count, among those of the trigger."),
    ] = None
    labels: Annotated[
        dict[str, str] | None, Field(description="Labels that the execution must have.")
    ] = None
    when: Annotated[
        str | bool,
        Field(
            description="An expression that must be truthy; it sees `namespace`, `flowId`, "
            "`state`, "
            "`labels`, `outputs` and `hasRetryAttempt` of the execution."
        ),
    ] = "true"

    def is_done(self, case: Case, upstream: Upstream) -> bool:
        """Whether the execution is of that flow, and as it must be."""
        if upstream.namespace != self.namespace:
            return False
        if self.flow_id is not None and upstream.flow_id != self.flow_id:
            return False
        if not _is_of(upstream, states=self.states, labels=self.labels):
            return False
        return is_truthy(case.value(self.when))


class UpstreamFlow(Dependency):
    """A flow in the older spelling of `dependsOn`."""

    namespace: Annotated[str, Field(description="The other flow's namespace.")]
    flow_id: Annotated[str | None, Field(description="Its id; any flow there when left out.")] = (
        None
    )
    states: Annotated[
        tuple[State, ...] | None,
        Field(description="States that count, among those of the trigger."),
    ] = None
    labels: Annotated[
        dict[str, str] | None, Field(description="Labels that the execution must have.")
    ] = None

    def is_done(self, case: Case, upstream: Upstream) -> bool:
        """Whether the execution is of that flow, and as it must be."""
        del case
        is_flow = self.flow_id is None or upstream.flow_id == self.flow_id
        is_it = is_flow and upstream.namespace == self.namespace
        return is_it and _is_of(upstream, states=self.states, labels=self.labels)


class Operand(StrEnum):
    """How the filters of a group go together."""

    AND = "AND"
    OR = "OR"


class FilterField(StrEnum):
    """What a filter looks at."""

    FLOW_ID = "FLOW_ID"
    NAMESPACE = "NAMESPACE"
    STATE = "STATE"
    EXPRESSION = "EXPRESSION"


class FilterType(StrEnum):
    """How a filter compares."""

    EQUAL_TO = "EQUAL_TO"
    NOT_EQUAL_TO = "NOT_EQUAL_TO"
    IN = "IN"
    NOT_IN = "NOT_IN"
    IS_TRUE = "IS_TRUE"
    IS_FALSE = "IS_FALSE"
    IS_NULL = "IS_NULL"
    IS_NOT_NULL = "IS_NOT_NULL"
    STARTS_WITH = "STARTS_WITH"
    ENDS_WITH = "ENDS_WITH"
    REGEX = "REGEX"
    CONTAINS = "CONTAINS"


_LISTED = frozenset({FilterType.IN, FilterType.NOT_IN})
_BARE = frozenset(
    {FilterType.IS_TRUE, FilterType.IS_FALSE, FilterType.IS_NULL, FilterType.IS_NOT_NULL}
)


class Filter(Frozen):
    """One comparison of an execution."""

    field: Annotated[FilterField, Field(description="What is looked at.")]
    type: Annotated[FilterType, Field(description="How it is compared.")]
    value: Annotated[
        str | None,
        Field(description="What it is compared with; of EXPRESSION the expression."),
    ] = None
    values: Annotated[
        tuple[str, ...] | None, Field(description="With IN and NOT_IN: the list.")
    ] = None

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> Self:
        if self.type in _LISTED and not self.values:
            raise ValueError(f"a filter of type `{self.type.value}` needs `values`")
        if self.type not in _LISTED | _BARE and self.value is None:
            raise ValueError(f"a filter of type `{self.type.value}` needs `value`")
        if self.field is FilterField.EXPRESSION and self.value is None:
            raise ValueError("a filter on EXPRESSION needs the expression as `value`")
        if self.type is FilterType.REGEX and self.value is not None:
            if len(self.value) > _LONGEST_PATTERN:
                raise ValueError(f"a pattern has at most {_LONGEST_PATTERN} characters")
            try:
                re.compile(self.value)
            except re.error as error:
                raise ValueError(f"`{self.value}` is no pattern: {error}") from None
        return self

    def holds(self, case: Case, upstream: Upstream) -> bool:
        """Whether the execution fits."""
        found = self._found(case, upstream)
        text = "" if found is None else str(found)
        wanted = self.value or ""
        match self.type:
            case FilterType.IS_TRUE:
                return is_truthy(found)
            case FilterType.IS_FALSE:
                return not is_truthy(found)
            case FilterType.IS_NULL:
                return found is None
            case FilterType.IS_NOT_NULL:
                return found is not None
            case FilterType.IN:
                return text in (self.values or ())
            case FilterType.NOT_IN:
                return text not in (self.values or ())
            case FilterType.NOT_EQUAL_TO:
                return text != wanted
            case FilterType.STARTS_WITH:
                return text.startswith(wanted)
            case FilterType.ENDS_WITH:
                return text.endswith(wanted)
            case FilterType.CONTAINS:
                return wanted in text
            case FilterType.REGEX:
                return re.fullmatch(wanted, text) is not None
        return text == wanted

    def _found(self, case: Case, upstream: Upstream) -> Json:
        match self.field:
            case FilterField.FLOW_ID:
                return upstream.flow_id
            case FilterField.NAMESPACE:
                return upstream.namespace
            case FilterField.STATE:
                return upstream.state.value
        return case.value(self.value)


class Where(Dependency):
    """A group of filters that one execution must fit."""

    id: Annotated[str, Field(description="A name for the group.")]
    operand: Annotated[Operand, Field(description="Whether all filters must hold, or one.")] = (
        Operand.AND
    )
    filters: Annotated[tuple[Filter, ...], Field(min_length=1, description="The filters.")]

    def is_done(self, case: Case, upstream: Upstream) -> bool:
        """Whether the execution fits."""
        found = (each.holds(case, upstream) for each in self.filters)
        return all(found) if self.operand is Operand.AND else any(found)


class Preconditions(Frozen):
    """The older spelling of `dependsOn` and `window`."""

    id: Annotated[str, Field(description="A name, unique among the triggers of the flow.")]
    flows: Annotated[tuple[UpstreamFlow, ...], Field(description="Flows that must be done.")] = ()
    where: Annotated[tuple[Where, ...], Field(description="Groups of filters.")] = ()
    time_window: Annotated[OldWindow, Field(description="The time in which.")] = OldWindow()
    reset_on_success: Annotated[
        bool, Field(description="Whether all must be done anew after a start.")
    ] = True

    @model_validator(mode="after")
    def _has_some(self) -> Self:
        if not self.flows and not self.where:
            raise ValueError("preconditions need `flows`, `where` or both")
        return self

    def parts(self) -> dict[str, Dependency]:
        """What must be done, by name."""
        parts: dict[str, Dependency] = {f"flow {n}": each for n, each in enumerate(self.flows)}
        return parts | {f"where {each.id}": each for each in self.where}
