"""`dataclasses.replace` for the values that each step makes anew, at a fraction of its price."""

from __future__ import annotations

from collections.abc import Callable
from operator import attrgetter
from typing import Any, TypeVar

from penstock.model.execution import Execution, TaskRun

T = TypeVar("T")


# Any: the values are those of the class's own slots, which only its constructor could name.
def evolving(kind: type[T]) -> Callable[..., T]:
    """A function that copies a value of a slotted class and changes what it is given by name."""
    names: tuple[str, ...] = tuple(getattr(kind, "__slots__"))  # noqa: B009 - no type has them
    places = {name: place for place, name in enumerate(names)}
    read = attrgetter(*names)
    # Straight into the slots: a frozen class refuses only what goes through `setattr`.
    writes = [getattr(kind, name).__set__ for name in names]

    def evolve(value: T, **changes: Any) -> T:
        values = list(read(value))
        for name, changed in changes.items():
            values[places[name]] = changed
        new = object.__new__(kind)
        for write, each in zip(writes, values, strict=False):
            write(new, each)
        return new

    return evolve


evolve = evolving(TaskRun)
"""A task run with some fields changed."""
evolve_execution = evolving(Execution)
"""An execution with some fields changed."""
