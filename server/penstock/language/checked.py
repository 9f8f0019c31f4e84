"""Validates values by their model, and takes scalars for the texts that they were meant as."""

from __future__ import annotations

from typing import TypeVar, cast

from pydantic import BaseModel, ValidationError

from penstock.language import sentence
from penstock.language.node import Node, Path
from penstock.model.dynamic import AS_WRITTEN
from penstock.model.problem import Problem

M = TypeVar("M", bound=BaseModel)


def checked(
    cls: type[M], values: dict[str, object], node: Node, path: Path
) -> tuple[M | None, list[Problem]]:
    """The model of ready values, or None with its problems.

    Scalars that should be texts are taken as they are written.
    """
    try:
        return _validate(cls, values), []
    except ValidationError as error:
        findings = sentence.locate(_details(error), node)
    texts = dict(filter(None, map(_as_written, findings)))
    if texts:
        values = cast("dict[str, object]", _with_texts(values, texts))
        try:
            return _validate(cls, values), []
        except ValidationError as error:
            findings = sentence.locate(_details(error), node)
    return None, [*sentence.problems(findings, cls, path)]


def _validate(cls: type[M], values: dict[str, object]) -> M:
    return cls.model_validate(values, by_alias=True, by_name=False, context=AS_WRITTEN)


def _details(error: ValidationError) -> list[sentence.ErrorDetails]:
    return error.errors(include_url=False, include_input=False)


def _as_written(finding: sentence.Finding) -> tuple[Path, str] | None:
    """Where a number or boolean stands for a text, and that text."""
    raw, value = finding.node.raw, finding.node.value
    if finding.error["type"] != "string_type" or not finding.path:
        return None
    return (
        (finding.path, raw) if raw is not None and isinstance(value, bool | int | float) else None
    )


def _with_texts(value: object, texts: dict[Path, str]) -> object:
    """A copy of a value in which the parts at some paths are texts; copied once for all of them."""
    if () in texts:
        return texts[()]
    below: dict[str | int, dict[Path, str]] = {}
    for (step, *rest), text in texts.items():
        below.setdefault(step, {})[tuple(rest)] = text
    if isinstance(value, dict):
        return {
            key: _with_texts(item, below[key]) if key in below else item
            for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        return [
            _with_texts(item, below[index]) if index in below else item
            for index, item in enumerate(value)
        ]
    return value
