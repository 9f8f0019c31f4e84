"""Rules about a flow as a whole, checked on its text so that they hold for broken flows too."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from penstock.language import sentence, triggers
from penstock.language.build import Draft, Named
from penstock.language.function import unknown_functions
from penstock.language.input_rules import input_rules
from penstock.language.node import Node, Path, parent_of, raw_of
from penstock.language.scope import Known, unknown_names
from penstock.language.shape import nearest_name
from penstock.language.spelling import old_spellings
from penstock.language.template import Texts
from penstock.model.input import OLD_NAMES, OUTPUTS
from penstock.model.problem import Problem

_SOME_TYPES = ("`STRING`", "`INT`", "`FLOAT`", "`BOOL`", "`JSON`", "`ARRAY`")
_RESERVED = frozenset(
    {
        "pause", "resume", "force-run", "change-status", "kill", "executions", "search", "source",
        "disable", "enable",
    }
)  # fmt: skip
_NAMED = 6
"""Places of duplicates that each message names."""
_OWN_NAMESPACE = re.compile(r"\{\{\s*flow\.namespace\s*\}\}")
_LABEL_KEY = re.compile(r"[^\W\dA-Z_][\w.-]*")
_OTHER_SCOPE = frozenset({"triggers"})
"""Parts of a flow whose expressions see the variables of another flow's execution."""
_SETS_VARIABLES = "execution.SetVariables"
_SETTABLE_SYSTEM_LABEL = "system.readOnly"


def validate(root: Node, draft: Draft, texts: Texts) -> Iterator[Problem]:
    """Every problem that no single part has alone."""
    kinds = {name.path: _kind(root, name) for name in draft.tasks}
    made = {name.id: name for name in _expanded(draft, kinds)}
    tasks = [*draft.tasks, *made.values()]
    yield from _duplicates(tasks, "task", "A task id is unique in the whole flow.")
    yield from _duplicates(draft.triggers, "trigger", "A trigger id is unique in the flow.")
    yield from _duplicates(draft.inputs, "input", "An input id is unique in the flow.")
    for asked in draft.asked:
        yield from _duplicates(asked, "input", "An input id is unique in its task.")
    for names in filter(None, (draft.inputs, *draft.asked)):
        yield from input_rules(root, names, texts)
    yield from _duplicates(_named(root, "sla"), "SLA", "An SLA id is unique in the flow.")
    yield from _duplicates(draft.outputs, "output", "An output id is unique in the flow.")
    yield from _reserved(root)
    yield from _labels(root)
    yield from _output_types(root)
    yield from _recursion(root, draft)
    yield from triggers.problems(root, draft)
    if texts.found:
        known = _known(root, draft, tasks=frozenset(name.id for name in tasks), kinds=kinds)
        yield from unknown_names(texts, known, _OTHER_SCOPE)
        yield from unknown_functions(texts)
        yield from old_spellings(texts)


def _kind(root: Node, name: Named) -> str:
    """The type of a task, as written; empty when it has none."""
    mapping = parent_of(root, name.path)
    return raw_of(mapping, "type") or "" if mapping else ""


def _known(
    root: Node, draft: Draft, *, tasks: frozenset[str], kinds: Mapping[Path, str]
) -> list[Known]:
    inputs = frozenset(name.id for name in draft.inputs)
    known = [
        Known(
            "inputs",
            "input",
            inputs | {name.partition(".")[0] for name in inputs},
            "Declare it below `inputs`.",
        ),
        Known("outputs", "task", tasks, "`outputs` has one entry per task, by the task's id."),
    ]
    if any(kind.endswith(_SETS_VARIABLES) for kind in kinds.values()):
        return known
    variables = root.entry("variables")
    names = variables.value if variables is not None else None
    declared = frozenset(names) if isinstance(names, dict) else frozenset[str]()
    known.append(Known("vars", "variable", declared, "Declare it below `variables`."))
    return known


def _expanded(draft: Draft, kinds: Mapping[Path, str]) -> Iterator[Named]:
    """The tasks to which tasks of some types expand, each at the place of that task's id."""
    for name in draft.tasks:
        if kinds[name.path].endswith(".ForEachItem"):
            yield from (
                Named(f"{name.id}_{part}", name.path, name.node)
                for part in ("split", "items", "subflow", "merge")
            )


def _named(root: Node, key: str) -> list[Named]:
    """The items of a list of the flow that have an id."""
    listed = root.entry(key)
    found: list[Named] = []
    for index, item in enumerate((listed.children if listed else None) or ()):
        name = item.entry("id") if isinstance(item, Node) else None
        if name is not None and isinstance(name.raw, str):
            found.append(Named(name.raw, (key, index, "id"), name))
    return found


def _duplicates(names: Sequence[Named], kind: str, rule: str) -> Iterator[Problem]:
    if len(names) < 2 or len({name.id for name in names}) == len(names):  # noqa: PLR2004 - two
        return
    places: dict[str, list[Named]] = {}
    for name in names:
        places.setdefault(name.id, []).append(name)
    for name, found in places.items():
        if len(found) == 1:
            continue
        for index, one in enumerate(found):
            lines = [
                f"line {other.node.place.line}"
                for at, other in enumerate(found[:_NAMED])
                if at != index
            ]
            others = " and ".join(lines + (["more"] if len(found) > _NAMED else []))
            yield sentence.at_value(
                one.node,
                one.path,
                f"Duplicate {kind} id `{name}`; it is also at {others}.",
                code="duplicate-id",
                hint=rule,
            )


def _reserved(root: Node) -> Iterator[Problem]:
    flow_id = root.entry("id")
    if flow_id is not None and flow_id.raw in _RESERVED:
        yield sentence.at_value(
            flow_id,
            ("id",),
            f"Flow id is a reserved keyword: `{flow_id.raw}`.",
            code="reserved-id",
            hint="Choose another id; this one is part of the API's addresses.",
        )


def _labels(root: Node) -> Iterator[Problem]:
    labels = root.entry("labels")
    if labels is None:
        return
    for key, node, path in _label_keys(labels):
        if key.startswith("system.") and key != _SETTABLE_SYSTEM_LABEL:
            yield sentence.at_value(
                node,
                path,
                f"System labels can only be set by the server, offending label: `{key}`.",
                code="invalid-label",
                hint="Choose a key that does not begin with `system.`.",
            )
        elif not _LABEL_KEY.fullmatch(key) or not key[0].islower():
            yield sentence.at_value(
                node,
                path,
                f"The label key `{key}` must begin with a lower-case letter, followed by letters, "
                "digits, `.`, `_` and `-`.",
                code="invalid-label",
                hint=f"For example `{key[:1].lower()}{key[1:]}`." if key[:1].isupper() else None,
            )


def _label_keys(labels: Node) -> Iterator[tuple[str, Node, Path]]:
    if isinstance(labels.children, dict):
        for key, (event, _) in labels.children.items():
            yield key, Node(key, event), ("labels", key)
    elif isinstance(labels.children, list):
        for index, item in enumerate(labels.children):
            key = item.entry("key")
            if key is not None and key.raw is not None:
                yield key.raw, key, ("labels", index, "key")


def _output_types(root: Node) -> Iterator[Problem]:
    outputs = root.entry("outputs")
    for index, output in outputs.items() if outputs is not None else ():
        kind = output.entry("type")
        if kind is None or kind.raw is None or kind.raw.upper() in OUTPUTS:
            continue
        near = nearest_name(kind.raw, [name for name in OUTPUTS if name not in OLD_NAMES])
        yield sentence.at_value(
            kind,
            ("outputs", index, "type"),
            f"Unknown output type `{kind.raw}`.",
            code="unknown-type",
            hint=f"Did you mean `{near}`?" if near else f"There are {', '.join(_SOME_TYPES)}.",
        )


def _recursion(root: Node, draft: Draft) -> Iterator[Problem]:
    own = (raw_of(root, "namespace"), raw_of(root, "id"))
    if None in own:
        return
    for name in draft.tasks:
        mapping = parent_of(root, name.path)
        target = mapping.entry("flowId") if mapping is not None else None
        if mapping is None or target is None:
            continue
        namespace = raw_of(mapping, "namespace") or ""
        if _OWN_NAMESPACE.fullmatch(namespace):
            namespace = own[0]
        if (namespace, target.raw) == own:
            yield sentence.at_value(
                target,
                (*name.path[:-1], "flowId"),
                f"Recursive call to flow `{own[0]}.{own[1]}`.",
                code="recursive-subflow",
                hint="A flow cannot call itself; call another flow.",
            )
