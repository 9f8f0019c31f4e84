"""What every condition of a trigger has, and what it is tested on."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import ClassVar

from penstock.model.frozen import Frozen, Json
from penstock.model.state import State


@dataclass(frozen=True, slots=True)
class Upstream:
    """The execution of another flow that a flow trigger looks at.

    `retried` has the state of every attempt of its tasks beyond the first.
    """

    id: str
    namespace: str
    flow_id: str
    flow_revision: int
    state: State
    labels: Mapping[str, str]
    outputs: Mapping[str, Json]
    retried: frozenset[State] = frozenset()


@dataclass(frozen=True, slots=True)
class Case:
    """What a condition is tested on: `render` renders with the variables of the trigger and those
    that it is given; it raises `ExpressionError`.
    """

    render: Callable[[Json, Mapping[str, Json]], Json]
    namespace: str = ""
    flow_id: str = ""
    upstream: Upstream | None = None

    def value(self, written: Json) -> Json:
        """A property's value, its expressions rendered."""
        return self.render(written, {})

    def text(self, written: str | None) -> str:
        """The same as a text."""
        found = self.render(written, {})
        return "" if found is None else str(found)


class Condition(Frozen):
    """Something that must hold for a trigger to start its flow."""

    type_name: ClassVar[str] = ""
    replacement: ClassVar[str] = ""
    """What says the same in the trigger's `when`, or the property that does."""

    type: str

    @abstractmethod
    def holds(self, case: Case) -> bool:
        """Whether it holds. Raises `ExpressionError` when that cannot be told."""
        raise NotImplementedError
