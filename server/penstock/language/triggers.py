"""Rules about triggers and the flow that they start."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from penstock.language import sentence
from penstock.language.build import Draft, Named
from penstock.language.input_rules import is_needed
from penstock.language.inputs import is_given
from penstock.language.node import Node, parent_of, raw_of
from penstock.model.problem import Problem, Severity

_GIVING = frozenset({"Schedule", "ScheduleOnDates", "Webhook"})
"""Last words of the types whose `inputs` are all that the flow gets."""
_NARROWING = ("conditions", "preconditions", "dependsOn", "when")
"""Any of these keeps a flow trigger from starting after every execution there is."""


def problems(root: Node, draft: Draft) -> Iterator[Problem]:
    """Inputs that nobody gives, preconditions of one name, flow triggers without a condition."""
    yield from _missing_inputs(root, draft)
    preconditions: dict[str, Node] = {}
    for trigger in draft.triggers:
        mapping = parent_of(root, trigger.path)
        if mapping is not None and _is_flow_trigger(mapping):
            yield from _twice(mapping, trigger, preconditions)
            yield from _matches_all(mapping, trigger)


def _missing_inputs(root: Node, draft: Draft) -> Iterator[Problem]:
    needed = [name.id for name in draft.inputs if is_needed(root, name)]
    if not needed:
        return
    for trigger in draft.triggers:
        mapping = parent_of(root, trigger.path)
        kind = (raw_of(mapping, "type") or "").rpartition(".")[2]
        if mapping is None or kind not in _GIVING:
            continue
        given = mapping.entry("inputs")
        supplied = given.value if given is not None and isinstance(given.value, dict) else {}
        missing = [f"`{name}`" for name in needed if not is_given(supplied, name)]
        if missing:
            yield sentence.at_value(
                mapping,
                trigger.path[:-1],
                f"Missing inputs for {kind} trigger `{trigger.id}`: {', '.join(missing)}.",
                code="missing-inputs",
                hint="Give them below the trigger's `inputs`, or give the inputs `defaults`.",
            )


def _is_flow_trigger(mapping: Node) -> bool:
    return (raw_of(mapping, "type") or "").endswith((".trigger.Flow", ".triggers.types.Flow"))


def _twice(mapping: Node, trigger: Named, seen: dict[str, Node]) -> Iterator[Problem]:
    preconditions = mapping.entry("preconditions")
    named = preconditions.entry("id") if preconditions is not None else None
    if named is None or named.raw is None:
        return
    first = seen.setdefault(named.raw, named)
    if first is not named:
        yield sentence.at_value(
            named,
            (*trigger.path[:-1], "preconditions", "id"),
            f"Duplicate preconditions id `{named.raw}`; it is also at line {first.place.line}.",
            code="duplicate-id",
            hint="What has happened is remembered by this id, so each needs its own.",
        )


def _matches_all(mapping: Node, trigger: Named) -> Iterator[Problem]:
    if any(mapping.entry(key) is not None for key in _NARROWING):
        return
    found = sentence.at_value(
        mapping,
        trigger.path[:-1],
        f"The trigger `{trigger.id}` starts the flow after every execution of every other flow.",
        code="matches-all",
        hint="Say which with `dependsOn`, `preconditions` or `conditions`.",
    )
    yield replace(found, severity=Severity.WARNING)
