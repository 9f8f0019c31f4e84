"""Turns what Pydantic found into problems in our own words, with a place in the text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pydantic import BaseModel
from pydantic_core import ErrorDetails

from penstock.language.found import MOST_PROBLEMS, found, sentence
from penstock.language.node import Node, Path, path_text
from penstock.language.shape import model_below, nearest_name, shape_of
from penstock.model.frozen import Frozen
from penstock.model.problem import Problem

_EXPECTED = {
    "string": ("text", "some text"),
    "int": ("a whole number", "3"),
    "float": ("a number", "0.5"),
    "finite": ("a number", "0.5"),
    "decimal": ("a number", "0.5"),
    "complex": ("a number", "0.5"),
    "bool": ("true or false", "true"),
    "dict": ("a mapping", "{name: value}"),
    "mapping": ("a mapping", "{name: value}"),
    "model": ("a mapping", "{name: value}"),
    "dataclass": ("a mapping", "{name: value}"),
    "list": ("a list", "[a, b]"),
    "tuple": ("a list", "[a, b]"),
    "set": ("a list", "[a, b]"),
    "frozen": ("a list", "[a, b]"),
    "iterable": ("a list", "[a, b]"),
    "time": ("a duration in ISO 8601", "PT30S"),
    "datetime": ("a date with a time", "2026-01-31T08:00:00Z"),
    "timezone": ("a date with a time and an offset", "2026-01-31T08:00:00Z"),
    "date": ("a date", "2026-01-31"),
    "url": ("an address", "https://example.com/"),
    "uuid": ("a UUID", "6f1c2f4e-8a53-4f0e-9d6b-0d7d2b7f5a11"),
    "bytes": ("text", "some text"),
    "path": ("a path", "folder/file.txt"),
    "json": ("text that is JSON", "'{\"a\": 1}'"),
}
"""First word of Pydantic's error type: what was expected, and an example of it."""

_DASHED = "letters, digits, `_` and `-`, beginning with a letter or digit"
_DOTTED = "letters, digits, `.`, `_` and `-`, beginning with a letter or digit"
_PATTERNS = {
    r"^[a-zA-Z0-9][a-zA-Z0-9_-]*$": _DASHED,
    r"^[a-zA-Z0-9][a-zA-Z0-9._-]*$": _DOTTED,
    r"^[a-zA-Z0-9][.a-zA-Z0-9_-]*$": _DOTTED,
    r"^[a-z0-9][a-z0-9._-]*$": f"lower-case {_DOTTED}",
}
_TYPE_ERRORS = (
    "_type", "_parsing", "_parsing_size", "_from_float", "_number", "_inexact", "_past", "_future",
    "_aware", "_naive",
)  # fmt: skip
_EXAMPLES = {
    "cron": 'For example `cron: "30 6 * * 1-5"`: at 6:30 from Monday to Friday.',
    "timezone": "For example `timezone: Europe/Berlin`.",
}
"""Hints for what a validator of a property refused, by the property's name."""
_BOUNDS = {
    "greater_than": ("more than", "gt"),
    "greater_than_equal": ("at least", "ge"),
    "less_than": ("less than", "lt"),
    "less_than_equal": ("at most", "le"),
    "multiple_of": ("a multiple of", "multiple_of"),
}


class Finding(NamedTuple):
    """One of Pydantic's errors, with the path that it really speaks of."""

    path: Path
    node: Node
    parent: Node
    error: ErrorDetails


def locate(errors: Sequence[ErrorDetails], node: Node) -> list[Finding]:
    """Finds the place of each error; what is no key or index (a union's branch) is passed over."""
    findings: list[Finding] = []
    for error in errors:
        at, parent, path = node, node, []
        for step in error["loc"]:
            child = at.child(step)
            if child is not None:
                at, parent = child, at
                path.append(step)
            elif error["type"] == "missing" and step is error["loc"][-1]:
                path.append(step)
        findings.append(Finding(tuple(path), at, parent, error))
    return findings


def problems(findings: Sequence[Finding], cls: type[BaseModel], prefix: Path) -> list[Problem]:
    """One problem a place; where a union refused a value, its branches are said together."""
    groups: dict[Path, list[Finding]] = {}
    for finding in findings:
        groups.setdefault(finding.path, []).append(finding)
    above = {path[:length] for path in groups for length in range(len(path))}
    made: list[Problem] = []
    for path, group in groups.items():
        if len(made) >= MOST_PROBLEMS:
            break
        # A branch of a union that got deeper than this place is the one that was meant.
        if path not in above or not all(_expected(finding.error) for finding in group):
            made.extend(_group(group, cls, prefix))
    return made


def _group(group: list[Finding], cls: type[BaseModel], prefix: Path) -> list[Problem]:
    path, node = group[0].path, group[0].node
    kinds = list(dict.fromkeys(filter(None, (_expected(finding.error) for finding in group))))
    if kinds:
        return [_wrong_type(node, prefix + path, kinds)]
    return [_one(finding, cls, prefix) for finding in (group[:1] if path else group)]


def _expected(error: ErrorDetails) -> tuple[str, str] | None:
    kind = error["type"]
    if kind.endswith(_TYPE_ERRORS):
        return _EXPECTED.get(kind.split("_")[0])
    return None


def expectation(errors: Sequence[ErrorDetails]) -> str:
    """What was expected of a value without a place in a text, as the end of a sentence."""
    kinds = list(dict.fromkeys(filter(None, map(_expected, errors))))
    if kinds:
        return f"expected {' or '.join(f'{phrase}, such as `{shown}`' for phrase, shown in kinds)}"
    error = errors[0]
    message, _ = _words(error["type"], error.get("ctx", {}), None, "the value")
    return message[0].lower() + message[1:].rstrip(".")


def at_value(
    node: Node, path: Path, message: str, *, code: str, hint: str | None = None
) -> Problem:
    """A problem with the value of a node."""
    line, column = node.place
    return Problem(message, path=path_text(path), line=line, column=column, code=code, hint=hint)


def at_key(node: Node, path: Path, message: str, *, code: str, hint: str | None = None) -> Problem:
    """A problem with the last key of a path; `node` is the mapping that holds it."""
    line, column = node.key_place(str(path[-1]))
    return Problem(message, path=path_text(path), line=line, column=column, code=code, hint=hint)


def unknown_property(node: Node, path: Path, cls: type[BaseModel]) -> Problem:
    """A key that the class does not have; `node` is the mapping that holds it."""
    key = str(path[-1])
    near = shape_of(cls).nearest(key)
    known = ", ".join(f"`{name}`" for name in shape_of(cls).current())
    return at_key(
        node,
        path,
        f"{_owner(cls, path)} has no property `{key}`.",
        code="unknown-property",
        hint=f"Did you mean `{near}`?" if near else f"It has {known}.",
    )


def missing_property(node: Node, path: Path, cls: type[BaseModel]) -> Problem:
    """A required key that a mapping lacks; the place is that of the mapping."""
    key = str(path[-1])
    return at_value(
        node,
        path,
        f"{_owner(cls, path)} needs the property `{key}`.",
        code="missing-property",
        hint=f"Add `{key}: …` to this mapping.",
    )


def _owner(cls: type[BaseModel], path: Path) -> str:
    name = getattr(cls, "type_name", "")
    if name:
        return f"`{name}`"
    return f"`{path_text(path[:-1])}`" if len(path) > 1 else "The flow"


def wrong_type(node: Node, path: Path, kinds: Sequence[str]) -> Problem:
    """A value of another type than one of `kinds` (``string``, ``list``, ``dict`` …)."""
    return _wrong_type(node, path, [_EXPECTED[kind] for kind in kinds])


def _wrong_type(node: Node, path: Path, kinds: Sequence[tuple[str, str]]) -> Problem:
    expected = " or ".join(phrase for phrase, _ in kinds)
    key = next((step for step in reversed(path) if isinstance(step, str)), None)
    is_item = bool(path) and isinstance(path[-1], int)
    example = kinds[0][1]
    shown = f"- {example}" if is_item else f"{key}: {example}" if key else example
    name = f"`{path_text(path)}`" if path else "The document"
    return at_value(
        node,
        path,
        f"{name} is {found(node.value)}; expected {expected}.",
        code="wrong-type",
        hint=f"For example `{shown}`.",
    )


def _one(finding: Finding, cls: type[BaseModel], prefix: Path) -> Problem:
    path, node, parent, error = finding
    full = prefix + path
    kind = error["type"]
    context: Mapping[str, object] = error.get("ctx", {})
    if kind == "missing":
        return missing_property(node, full, _model_at(cls, path[:-1], node))
    if kind == "extra_forbidden":
        return unknown_property(parent, full, _model_at(cls, path[:-1], parent))
    if kind == "union_tag_invalid" and (tag := node.entry("type")) is not None:
        node, full = tag, (*full, "type")
    if kind == "union_tag_not_found":
        return missing_property(node, (*full, "type"), Frozen)
    message, hint = _words(kind, context, node, path_text(full))
    return at_value(node, full, message, code="invalid-value", hint=hint)


def _model_at(cls: type[BaseModel], path: Path, node: Node) -> type[BaseModel]:
    """The model of the mapping at a path below `cls`; of several that which shares most keys."""
    candidates: tuple[type[BaseModel], ...] = (cls,)
    for step in path:
        if isinstance(step, str):
            below = [model for known in candidates for model in model_below(known, step)]
            candidates = tuple(below) or candidates
    if not isinstance(node.value, dict):
        return candidates[0]
    keys = set(node.value)
    return max(candidates, key=lambda model: len(keys & set(shape_of(model).keys)), default=Frozen)


def _words(
    kind: str, context: Mapping[str, object], node: Node | None, name: str
) -> tuple[str, str | None]:
    value = found(node.value) if node is not None else "another value"
    if kind in ("value_error", "assertion_error"):
        key = name.rpartition(".")[2]
        return sentence(str(context.get("error", "The value does not hold"))), _EXAMPLES.get(key)
    if kind in ("enum", "literal_error"):
        return _choice(node, name, str(context.get("expected", "")))
    if kind == "union_tag_invalid":
        return _choice(node, name, str(context.get("expected_tags", "")))
    if kind == "string_pattern_mismatch":
        pattern = str(context.get("pattern"))
        rule = _PATTERNS.get(pattern, f"texts that match `{pattern}`")
        return f"`{name}` is {value}; allowed are {rule}.", None
    if kind in _BOUNDS:
        words, key = _BOUNDS[kind]
        return f"`{name}` is {value}; it must be {words} {context.get(key)}.", None
    if kind in ("string_too_short", "too_short"):
        return _too_short(kind, context, name)
    if kind in ("string_too_long", "too_long"):
        unit = "characters" if kind.startswith("string") else "items"
        return f"`{name}` has more than {context.get('max_length')} {unit}.", "Make it shorter."
    return f"`{name}` is {value}; that does not fit here.", "See the documentation of this type."


def _too_short(kind: str, context: Mapping[str, object], name: str) -> tuple[str, str | None]:
    if context.get("min_length") == 1:
        return f"`{name}` must not be empty.", None
    unit = "characters" if kind.startswith("string") else "items"
    return f"`{name}` needs at least {context.get('min_length')} {unit}.", None


def _choice(node: Node | None, name: str, expected: str) -> tuple[str, str | None]:
    choices = [choice.strip("' ") for choice in expected.replace(" or ", ", ").split(", ")]
    listed = ", ".join(f"`{choice}`" for choice in choices)
    if node is None:
        return f"allowed are {listed}", None
    near = nearest_name(node.raw, choices) if node.raw else None
    hint = f"Did you mean `{near}`?" if near else None
    return f"`{name}` is {found(node.value)}; allowed are {listed}.", hint
