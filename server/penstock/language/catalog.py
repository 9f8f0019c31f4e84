"""The types that a flow may name, and what to say of those that it may not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from penstock.language import dialect, sentence
from penstock.language.node import Node, Path
from penstock.model.condition import Condition
from penstock.model.problem import Problem
from penstock.model.task import Task
from penstock.model.trigger import Trigger


class Catalog(Protocol):
    """Finds the classes of types; the module `penstock.registry` is one."""

    def load_task(self, type_name: str, /) -> type[Task] | None:
        """The class of a task type, or None."""
        ...

    def load_trigger(self, type_name: str, /) -> type[Trigger] | None:
        """The class of a trigger type, or None."""
        ...

    def load_condition(self, type_name: str, /) -> type[Condition] | None:
        """The class of a condition's type, or None."""
        ...

    def nearest(self, type_name: str, /) -> str | None:
        """The known type most like this one."""
        ...

    def names(self) -> tuple[str, ...]:
        """Every known type."""
        ...

    def canonical(self, type_name: str, /) -> str:
        """Our name of a type."""
        ...

    def is_deprecated(self, type_name: str, /) -> bool:
        """Whether a type is written by a historic name."""
        ...


def unknown_type(catalog: Catalog, node: Node, path: Path, *, name: str, kind: str) -> Problem:
    """Says what is wrong with the name of a type, and which one may have been meant."""
    loads: dict[str, Callable[[str], object]] = {
        "task": catalog.load_task,
        "trigger": catalog.load_trigger,
        "condition": catalog.load_condition,
    }
    real = next((other for other, load in loads.items() if load(name) is not None), None)
    near = catalog.nearest(name)
    successor = dialect.successor(catalog.canonical(name))
    if real is not None:
        message = f"`{name}` is a {real}, not a {kind}."
        hint = f"Move it below `{real}s`."
    elif successor is not None:
        message, hint = f"The language has given up `{name}`.", successor
    else:
        message = f"Unknown {kind} type `{name}`."
        is_near = near is not None and loads[kind](near) is not None
        hint = f"Did you mean `{near}`?" if is_near else _offer(catalog, name, loads[kind])
    return sentence.at_value(node, path, message, code="unknown-type", hint=hint)


def _offer(catalog: Catalog, name: str, load: Callable[[str], object]) -> str:
    """The types of the package that was meant, or else all packages."""
    package = catalog.canonical(name).rpartition(".")[0]
    names = catalog.names()
    inside = [known for known in names if known.rpartition(".")[0] == package and load(known)]
    if inside:
        listed = ", ".join(f"`{known}`" for known in inside)
        return f"This release has {listed} there."
    packages = dict.fromkeys(known.rpartition(".")[0] for known in names)
    return f"There are types in {', '.join(f'`{known}`' for known in packages)}."
