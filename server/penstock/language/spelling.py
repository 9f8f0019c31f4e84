"""Older names of functions and filters in expressions."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from penstock.expression.syntax import Call, Filter
from penstock.expression.tag import parse
from penstock.language.scope import nodes_of
from penstock.language.template import Text, Texts
from penstock.model.problem import Problem, Severity

_FUNCTIONS = {"json": "fromJson"}
_FILTERS = {"json": "toJson"}


def old_spellings(texts: Texts) -> Iterator[Problem]:
    """A warning for each name that has a newer one."""
    for text in texts.found:
        if not any(name in text.source for name in (*_FUNCTIONS, *_FILTERS)):
            continue
        for node in nodes_of(parse(text.source)):
            if isinstance(node, Filter) and node.name in _FILTERS:
                yield _old(texts, text, node.at, (node.name, _FILTERS[node.name]))
            elif isinstance(node, Call) and node.name in _FUNCTIONS:
                yield _old(texts, text, node.at, (node.name, _FUNCTIONS[node.name]))


def _old(texts: Texts, text: Text, at: int, rename: tuple[str, str]) -> Problem:
    old, current = rename
    found = texts.problem(
        text,
        at,
        f"`{old}` is deprecated.",
        code="deprecated",
        hint=f"Write `{current}`.",
        severity=Severity.WARNING,
    )
    return replace(found, rename=rename)
