"""Credentials that stand in a flow's text, where everybody reads them."""

from __future__ import annotations

import functools

from pydantic import BaseModel

from penstock.language.node import Node, Path, path_text
from penstock.language.shape import model_below, shape_of
from penstock.model.dynamic import contains_expression
from penstock.model.problem import Problem, Severity
from penstock.model.task import Task

_DEEPEST = 5
"""Models within each other; deeper ones would only be those that hold themselves."""


def literal_secrets(cls: type[BaseModel], node: Node, path: Path) -> list[Problem]:
    """A warning for each property of a task or trigger that should hold no literal text."""
    found: list[Problem] = []
    written = node.children if isinstance(node.children, dict) else {}
    for keys in secret_paths(cls):
        if keys[0] not in written:
            continue
        at: Node | None = node
        for key in keys:
            at = at.entry(key) if at is not None else None
        if at is not None and at.raw and at.value and not contains_expression(at.value):
            line, column = at.place
            found.append(
                Problem(
                    f"`{keys[-1]}` is a credential, and everybody who reads the flow sees it.",
                    path=path_text((*path, *keys)),
                    line=line,
                    column=column,
                    code="literal-secret",
                    hint=f"Keep it as a secret: `{keys[-1]}: \"{{{{ secret('NAME') }}}}\"`.",
                    severity=Severity.WARNING,
                )
            )
    return found


@functools.cache
def secret_paths(cls: type[BaseModel], depth: int = 0) -> tuple[tuple[str, ...], ...]:
    """Keys that lead from a class to properties that hold credentials."""
    found: dict[tuple[str, ...], None] = {}
    for key, known in shape_of(cls).keys.items():
        if known.secret:
            found[key,] = None
        elif depth < _DEEPEST:
            for model in model_below(cls, key):
                if not issubclass(model, Task):
                    for rest in secret_paths(model, depth + 1):
                        found[(key, *rest)] = None
    return tuple(found)
