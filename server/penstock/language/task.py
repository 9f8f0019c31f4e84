"""The text of a single task → `Task`, or problems with line and column."""

from __future__ import annotations

from dataclasses import replace

from penstock.language import sentence
from penstock.language.build import Builder
from penstock.language.catalog import Catalog
from penstock.language.yaml import read
from penstock.model.problem import Problem
from penstock.model.task import Task


def parse_task(source: str, catalog: Catalog) -> tuple[Task | None, tuple[Problem, ...]]:
    """The task of a YAML mapping with the types of `catalog`, unless there are errors.

    Never raises for bad text.
    """
    document = read(source)
    root = document.root
    if root is None or document.problems:
        empty = Problem("There is no task in this text.", line=1, column=1, code="empty")
        return None, document.problems or (empty,)
    if not isinstance(root.children, dict):
        wrong = sentence.wrong_type(root, (), ["dict"])
        return None, (replace(wrong, hint="A task begins with `id: …` and `type: …`."),)
    builder = Builder(catalog)
    task = builder.task(root, ())
    problems = tuple(builder.draft.problems)
    return (None if any(each.is_error for each in problems) else task), problems
