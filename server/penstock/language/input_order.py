"""In which order inputs are resolved: forms taken apart, what others depend on first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from penstock.model.input import FormInput, Input, SingleInput


@dataclass(frozen=True, slots=True)
class Entry:
    """An input with a value of its own, by its whole id, and when it is there."""

    id: str
    declared: SingleInput
    needs: tuple[str, ...] = ()
    conditions: tuple[str | bool, ...] = ()


def entries(inputs: Sequence[Input]) -> list[Entry]:
    """Every input in the order of the text, those of forms as `form.child`."""
    return [entry for declared in inputs for entry in _entries(declared)]


def _entries(declared: Input) -> Iterator[Entry]:
    needs, conditions = _rule(declared)
    if not isinstance(declared, FormInput):
        yield Entry(declared.id, declared, needs, conditions)
        return
    siblings = {child.id: f"{declared.id}.{child.id}" for child in declared.inputs}
    for child in declared.inputs:
        own_needs, own_conditions = _rule(child)
        yield Entry(
            siblings[child.id],
            child,
            (*needs, *(siblings.get(name, name) for name in own_needs)),
            (*conditions, *own_conditions),
        )


def _rule(declared: Input) -> tuple[tuple[str, ...], tuple[str | bool, ...]]:
    rule = declared.depends_on
    if rule is None:
        return (), ()
    return rule.inputs, () if rule.condition is None else (rule.condition,)


def ordered(found: Sequence[Entry]) -> list[Entry]:
    """The same entries, each after those that it needs; the order of the text otherwise.

    A form as a need stands for all its inputs. What is in a cycle comes last.
    """
    if not any(entry.needs for entry in found):
        return list(found)
    graph = {entry.id: wanted(entry.needs, found) for entry in found}
    placed: dict[str, None] = {}
    rest = list(found)
    while rest:
        ready = [entry for entry in rest if all(name in placed for name in graph[entry.id])]
        if not ready:
            break
        placed.update(dict.fromkeys(entry.id for entry in ready))
        rest = [entry for entry in rest if entry.id not in placed]
    by_id = {entry.id: entry for entry in found}
    return [*(by_id[name] for name in placed), *rest]


def wanted(needs: Sequence[str], found: Sequence[Entry]) -> tuple[str, ...]:
    """The ids of the entries that some needs name; those that nothing has are left out."""
    ids = [entry.id for entry in found]
    names: dict[str, None] = {}
    for need in needs:
        names.update(dict.fromkeys(i for i in ids if i == need or i.startswith(f"{need}.")))
    return tuple(names)


def cycle(graph: Mapping[str, Sequence[str]], start: str) -> list[str] | None:
    """The way from an id back to itself, or None."""
    pending = [(start, [start])]
    seen: set[str] = set()
    while pending:
        name, way = pending.pop()
        for following in graph.get(name, ()):
            if following == start:
                return [*way, start]
            if following not in seen:
                seen.add(following)
                pending.append((following, [*way, following]))
    return None
