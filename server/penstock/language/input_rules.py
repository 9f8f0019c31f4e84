"""Rules about inputs together, checked on the text so that they hold for broken flows too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from penstock.language import sentence
from penstock.language.build import Named
from penstock.language.input_order import cycle
from penstock.language.node import Node, Path, parent_of, path_text, raw_of
from penstock.language.shape import nearest_name
from penstock.language.template import Text, Texts
from penstock.model.problem import Problem, Severity

_SEES_INPUTS = frozenset({"defaults", "expression"})


@dataclass(frozen=True, slots=True)
class _Need:
    name: str
    node: Node
    path: Path


@dataclass(frozen=True, slots=True)
class _Declared:
    """An input as written: `needs` are by whole id, those of its form among them."""

    id: str
    kind: str | None
    mapping: Node
    path: Path
    node: Node
    needs: tuple[_Need, ...]


def input_rules(root: Node, names: Sequence[Named], texts: Texts) -> Iterator[Problem]:
    """Every problem that inputs of one list have with each other."""
    found = list(_declared(root, names))
    yield from _needs(found)
    yield from _cycles(found)
    yield from _nested(found)
    yield from _defaults(found)
    yield from _out_of_sight(found, texts)


def is_needed(root: Node, name: Named) -> bool:
    """Whether who starts the flow must give this input."""
    mapping = parent_of(root, name.path)
    if mapping is None or raw_of(mapping, "type") == "FORM" or _is_true(mapping, "autoSelectFirst"):
        return False
    form = _form(root, name.path)
    if any(each is not None and each.entry("dependsOn") is not None for each in (mapping, form)):
        return False
    defaults, required = mapping.entry("defaults"), mapping.entry("required")
    if defaults is not None and defaults.value is not None:
        return False
    return required is None or required.value is not False


def _declared(root: Node, names: Sequence[Named]) -> Iterator[_Declared]:
    ids = {name.id for name in names}
    for name in names:
        mapping = parent_of(root, name.path)
        if mapping is None:
            continue
        prefix = ""
        needs = list(_needs_of(mapping, name.path[:-1]))
        form = _form(root, name.path)
        if form is not None:
            prefix = name.id.removesuffix(name.node.raw or "")
            needs = [
                _Need(f"{prefix}{need.name}", need.node, need.path)
                if f"{prefix}{need.name}" in ids
                else need
                for need in needs
            ]
            needs += _needs_of(form, name.path[:-3])
        yield _Declared(
            name.id, raw_of(mapping, "type"), mapping, name.path[:-1], name.node, tuple(needs)
        )


def _needs_of(mapping: Node, path: Path) -> Iterator[_Need]:
    rule = mapping.entry("dependsOn")
    listed = rule.entry("inputs") if rule is not None else None
    if listed is None or not isinstance(listed.children, list):
        return
    for index, each in enumerate(listed.children):
        if each.raw is not None:
            yield _Need(each.raw, each, (*path, "dependsOn", "inputs", index))


def _needs(found: Sequence[_Declared]) -> Iterator[Problem]:
    ids = {one.id for one in found}
    for one in found:
        for need in one.needs:
            # A form's needs are told of the form.
            if need.name in ids or need.path[: len(one.path)] != one.path:
                continue
            near = nearest_name(need.name, ids - {one.id})
            yield sentence.at_value(
                need.node,
                need.path,
                f"Input with id `{one.id}` depends on a non-existent input `{need.name}`.",
                code="unknown-input",
                hint=f"Did you mean `{near}`?" if near else "Declare it below `inputs`.",
            )


def _cycles(found: Sequence[_Declared]) -> Iterator[Problem]:
    members = {
        one.id: [other.id for other in found if other.id.startswith(f"{one.id}.")]
        for one in found
        if one.kind == "FORM"
    }
    graph = {
        one.id: [
            target for need in one.needs for target in (need.name, *members.get(need.name, ()))
        ]
        for one in found
    }
    for one in found:
        way = cycle(graph, one.id)
        if way is not None and one.needs:
            yield sentence.at_value(
                one.needs[0].node,
                one.needs[0].path,
                f"Cycle dependency detected for input with id `{one.id}`: [{', '.join(way)}].",
                code="input-cycle",
                hint="Let one of them depend on nothing.",
            )


def _nested(found: Sequence[_Declared]) -> Iterator[Problem]:
    plain = [one for one in found if one.kind != "FORM"]
    by_id = {one.id: one for one in plain}
    for one in plain:
        parts = one.id.split(".")
        for end in range(1, len(parts)):
            outer = by_id.get(".".join(parts[:end]))
            if outer is not None:
                yield sentence.at_value(
                    one.node,
                    (*one.path, "id"),
                    f"Input path `{outer.id}` conflicts with `{one.id}`; one cannot be nested "
                    "under the other.",
                    code="input-conflict",
                    hint="A dot makes a map of the part before it; choose another id.",
                )


def _defaults(found: Sequence[_Declared]) -> Iterator[Problem]:
    for one in found:
        defaults, required = one.mapping.entry("defaults"), one.mapping.entry("required")
        if (
            defaults is None
            or defaults.value is None
            or required is None
            or required.value is not False
        ):
            continue
        yield Problem(
            "Inputs with a default value must be required, since the default is always applied.",
            path=path_text((*one.path, "required")),
            line=required.place.line,
            column=required.place.column,
            code="no-effect",
            hint="Remove `required: false`, or remove `defaults` to let it be null.",
            severity=Severity.WARNING,
        )


def _out_of_sight(found: Sequence[_Declared], texts: Texts) -> Iterator[Problem]:
    """Expressions of inputs that read others on which they do not depend."""
    ids = {one.id for one in found}
    for text in texts.found:
        one = next((each for each in found if text.path[: len(each.path)] == each.path), None)
        if one is None or one.kind == "FORM" or not _is_rendered(text, one):
            continue
        needs = {need.name for need in one.needs}
        for reference in sorted(text.template.references()):
            if reference[0] != "inputs" or len(reference) == 1:
                continue
            read = _named(reference[1:], ids)
            if read is None or any(read == need or read.startswith(f"{need}.") for need in needs):
                continue
            yield texts.problem(
                text,
                max(text.source.find(f"inputs.{read}"), 0),
                f"The input `{one.id}` reads `inputs.{read}`, but does not depend on it.",
                code="input-order",
                hint=f"Add `{read}` to `dependsOn.inputs` of `{one.id}`.",
            )


def _is_rendered(text: Text, one: _Declared) -> bool:
    below = text.path[len(one.path) :]
    return bool(below) and (below[0] in _SEES_INPUTS or below == ("dependsOn", "condition"))


def _named(steps: tuple[str, ...], ids: set[str]) -> str | None:
    """The input that a path reads."""
    for end in range(len(steps), 0, -1):
        name = ".".join(steps[:end])
        if name in ids:
            return name
    return None


def _form(root: Node, path: Path) -> Node | None:
    """The mapping of the form whose input is at a path."""
    if len(path) < 5 or path[-3] != "inputs":  # noqa: PLR2004 - inputs[0].inputs[0].id
        return None
    form = parent_of(root, path[:-2])
    return form if form is not None and raw_of(form, "type") == "FORM" else None


def _is_true(mapping: Node, key: str) -> bool:
    found = mapping.entry(key)
    return found is not None and found.value is True
