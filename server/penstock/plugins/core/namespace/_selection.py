"""Which files of a namespace a task means."""

from __future__ import annotations

import re

import orjson

from penstock.plugins.scripts.namespace_files import matches
from penstock.sdk.context import RunContext
from penstock.sdk.task import TaskFailed


def selected(context: RunContext, namespace: str, files: tuple[str, ...] | str) -> list[str]:
    """The paths that globs, or regular expressions, name; in order."""
    patterns = _patterns(files)
    return [
        path
        for path in context.namespace_files.paths(namespace)
        if any(_names(pattern, path) for pattern in patterns)
    ]


def _patterns(files: tuple[str, ...] | str) -> tuple[str, ...]:
    if not isinstance(files, str):
        return files
    if not files.strip().startswith("["):
        return (files,)
    try:
        found = orjson.loads(files)
    except orjson.JSONDecodeError:
        # A regular expression may begin with a bracket.
        return (files,)
    if not all(isinstance(each, str) for each in found):
        raise TaskFailed("`files` must be a list of texts.")
    return tuple(found)


def _names(pattern: str, path: str) -> bool:
    if matches(path, pattern):
        return True
    try:
        return re.fullmatch(pattern.lstrip("/"), path) is not None
    except re.error:
        return False
