"""How filters and functions get their names: a mark on each, found in all files of a folder."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import TypeVar

from penstock.expression.value import Function

F = TypeVar("F", bound=Function)


GIVEN = frozenset({"limits", "meter"})
"""Parameters that no template gives."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A filter or function as templates know it.

    Attributes:
        name: the name to write.
        aliases: earlier names, which work too.
        function: what it does. Its docstring is its documentation: the meaning, ``Args:`` with the
            type of each, and an ``Example:`` with an expression and its text.
        wants: which of ``limits`` and ``meter`` of the rendering it is given, by these names.
        wants_scope: whether it is given the scope of the rendering first.
    """

    name: str
    aliases: tuple[str, ...]
    function: Function
    wants: frozenset[str]
    wants_scope: bool


def named(name: str, *aliases: str) -> Callable[[F], F]:
    """Marks a filter or function with its name in templates."""

    def mark(function: F) -> F:
        function.names = (name, *aliases)  # pyrefly: ignore[missing-attribute] - they take marks
        return function

    return mark


def listed(function: Function) -> Listed | None:
    """What a marked function is in templates; None of one without a mark."""
    names: tuple[str, ...] = getattr(function, "names", ())
    if not names:
        return None
    return Listed(
        names[0],
        names[1:],
        function,
        wants=GIVEN & inspect.signature(function).parameters.keys(),
        wants_scope=getattr(function, "receives_scope", False),
    )


def _marked(package: str, path: Iterable[str]) -> Iterator[Listed]:
    for each in sorted(module.name for module in pkgutil.iter_modules(path)):
        module = importlib.import_module(f"{package}.{each}")
        for value in vars(module).values():
            if inspect.isfunction(value) and value.__module__ == module.__name__:
                found = listed(value)
                if found is not None:
                    yield found


def collect(package: str, path: Iterable[str]) -> dict[str, Listed]:
    """Everything that is marked in the files of a package, by each of its names."""
    return {
        name: found
        for found in sorted(_marked(package, path), key=lambda each: each.name.lower())
        for name in (found.name, *found.aliases)
    }
