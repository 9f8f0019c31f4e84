"""A task that is made of a text while a flow runs."""

from __future__ import annotations

from typing import cast

from penstock import registry
from penstock.language.catalog import Catalog
from penstock.language.rendering import Render, RenderingFailed, render_task
from penstock.language.task import parse_task
from penstock.model.task import Task
from penstock.sdk.task import TaskFailed


def make_task(source: str, render: Render) -> Task:
    """The rendered task of a YAML text. Raises `TaskFailed` with what is wrong with it."""
    task, problems = parse_task(source, cast("Catalog", registry))
    if task is None:
        sentences = " ".join(problem.sentence() for problem in problems if problem.is_error)
        raise TaskFailed(f"The text is no task: {sentences}")
    try:
        return render_task(task, render)
    except RenderingFailed as error:
        raise TaskFailed(error.message) from None
