"""Attributes inside of attributes: the default plan for each of a nested attribute's objects."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from penstock_provider.framework.diagnostics import Key, Path
from penstock_provider.framework.values import UNKNOWN, State, Value, is_known

if TYPE_CHECKING:
    from penstock_provider.framework.schema import Attribute


def same(attribute: Attribute, before: Value, after: Value) -> bool:
    """True when two values are equal, or mean the same as the attribute sees it."""
    if before == after:
        return True
    if attribute.equal is None or before is None or after is None:
        return False
    return is_known(after) and is_known(before) and attribute.equal(before, after)


def filled(attribute: Attribute, value: Value, configured: Value) -> Value:
    """Computed parts that nobody has configured get their default, or are unknown."""

    def fill(inner: Attribute, part: Value, said: Value) -> Value:
        if inner.write_only:
            return None
        if not inner.computed or said is not None:
            return filled(inner, part, said)
        if inner.default is not None:
            return inner.default
        return UNKNOWN if part is None else part

    return _each(attribute, value, configured, fill)


def kept(attribute: Attribute, value: Value, before: Value) -> Value:
    """Parts that mean the same as before stay as they were."""

    def keep(inner: Attribute, part: Value, prior: Value) -> Value:
        return prior if same(inner, prior, part) else kept(inner, part, prior)

    return _each(attribute, value, before, keep)


def unsettled(attribute: Attribute, value: Value, configured: Value) -> Value:
    """Volatile parts that nobody has configured are unknown: something changes."""

    def unsettle(inner: Attribute, part: Value, said: Value) -> Value:
        return UNKNOWN if inner.volatile and said is None else unsettled(inner, part, said)

    return _each(attribute, value, configured, unsettle)


def forgotten(attribute: Attribute, value: Value) -> Value:
    """Without write-only parts."""

    def forget(inner: Attribute, part: Value, _: Value) -> Value:
        return None if inner.write_only else forgotten(inner, part)

    return _each(attribute, value, None, forget)


def written(attribute: Attribute, value: Value) -> Value:
    """What a configuration says to have a value: null where it says nothing or may not say it."""

    def write(inner: Attribute, part: Value, _: Value) -> Value:
        return written(inner, part)

    return _each(attribute, value, None, write) if attribute.says(value) else None


def has_default(attribute: Attribute) -> bool:
    """True when leaving it out, or a part of it, may change it."""
    inner = (attribute.nested or {}).values()
    return attribute.default is not None or any(map(has_default, inner))


Part = tuple[Path, "Attribute", Value]


def parts(attribute: Attribute, value: Value, path: Path) -> Iterator[Part]:
    """Every part of a value, with its path; what is in a set has the path of the set."""
    yield path, attribute, value
    nested = attribute.nested
    if nested is None:
        return
    is_set = attribute.nesting == "set"
    for step, element in _elements(attribute.nesting, value):
        for name, inner in nested.items():
            inside = path if is_set else (*path, *step, name)
            yield from parts(inner, element.get(name), inside)


def replacing(attribute: Attribute, value: Value, before: Value, path: Path) -> Iterator[Path]:
    """Paths of the parts whose change makes a new object, and that change."""
    if attribute.replace and not same(attribute, before, value):
        yield path
    nested = attribute.nested
    if nested is None or attribute.nesting == "set":
        return
    old = dict(_elements(attribute.nesting, before))
    for step, element in _elements(attribute.nesting, value):
        for name, inner in nested.items():
            prior = old.get(step, {}).get(name)
            yield from replacing(inner, element.get(name), prior, (*path, *step, name))


Change = Callable[["Attribute", Value, Value], Value]


def _each(attribute: Attribute, value: Value, other: Value, change: Change) -> Value:
    """The value with every part of its objects changed beside the same part of ``other``."""
    nested = attribute.nested

    def one(element: Value, beside: Value) -> Value:
        if nested is None or not isinstance(element, dict):
            return element
        others = beside if isinstance(beside, dict) else {}
        return {
            name: change(inner, element.get(name), others.get(name))
            for name, inner in nested.items()
        }

    if nested is None:
        return value
    if attribute.nesting == "single":
        return one(value, other)
    if attribute.nesting == "map" and isinstance(value, dict):
        pairs = other if isinstance(other, dict) else {}
        return {key: one(element, pairs.get(key)) for key, element in value.items()}
    if isinstance(value, list):
        # Elements of a set have no place: Terraform itself has matched them with those before.
        is_set = attribute.nesting == "set"
        row = value if is_set else other if isinstance(other, list) else []
        return [one(element, row[i] if i < len(row) else None) for i, element in enumerate(value)]
    return value


def _elements(nesting: str, value: Value) -> Iterator[tuple[Path, State]]:
    """The objects of a value, each with the steps to it."""
    if nesting == "single" and isinstance(value, dict):
        yield (), value
    elif nesting == "map" and isinstance(value, dict):
        for key, element in value.items():
            if isinstance(element, dict):
                yield (Key(key),), element
    elif isinstance(value, list):
        for index, element in enumerate(value):
            if isinstance(element, dict):
                yield (index,), element
