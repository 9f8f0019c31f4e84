"""What a flow's text says that can never do what it is there for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from penstock.language.leak import secrets_in_text
from penstock.model.dynamic import contains_expression
from penstock.model.flow import Flow
from penstock.model.problem import Problem, Severity
from penstock.plugins.core.flow.sleep import Sleep
from penstock.service import contract
from penstock.service.draft import Draft
from penstock.service.services import Reading
from penstock.service.world import World

_IMAGE = re.compile(
    r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9.-]*[a-zA-Z0-9])?(?::\d+)?/)?"
    r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*(?:/[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*)*"
    r"(?::[\w][\w.-]{0,127})?(?:@[a-z0-9+._-]+:[0-9a-fA-F]{32,})?"
)
"""Registry, repository, tag and digest, as the registries of images have them."""


def of_draft(draft: Draft, world: World, severity: Severity) -> list[Problem]:
    """Timeouts that are always over first, images that cannot be, secrets in plain text."""
    reading = draft.reading
    if reading is None or reading.flow is None:
        return []
    found = [
        *_tasks(reading, reading.flow),
        *(
            Problem(each.message, "", each.line, each.column, code="secret-in-text", hint=each.hint)
            for each in secrets_in_text(reading.source, world.secret_values(reading.flow.namespace))
        ),
    ]
    return [replace(problem, severity=severity, needs=()) for problem in found]


def _tasks(reading: Reading, flow: Flow) -> Iterator[Problem]:
    paths = contract.paths_of(flow)
    for task in flow.all_tasks():
        path = paths.get(task.id, "")
        duration = task.duration if isinstance(task, Sleep) else None
        timeout = task.timeout
        are_known = isinstance(timeout, timedelta) and isinstance(duration, timedelta)
        if are_known and timeout < duration:
            yield _placed(
                reading,
                f"{path}.timeout",
                f"The task `{task.id}` sleeps for {_said(duration)} and is stopped after "
                f"{_said(timeout)}: it always fails.",
                code="short-timeout",
                hint="Make `timeout` longer than `duration`, or leave it out.",
            )
        image = getattr(task, "container_image", None)
        if isinstance(image, str) and not contains_expression(image) and not _is_image(image):
            yield _placed(
                reading,
                f"{path}.containerImage",
                f"`{image}` is no name of an image.",
                code="invalid-image",
                hint="Write registry, name and tag in lower case without blanks, such as "
                "`python:3.11-slim` or `ghcr.io/company/load:1.4`.",
            )


def _is_image(image: str) -> bool:
    return _IMAGE.fullmatch(image) is not None


def _placed(reading: Reading, path: str, message: str, *, code: str, hint: str) -> Problem:
    line, column = reading.place(path) or (None, None)
    return Problem(message, path, line, column, code=code, hint=hint)


def _said(duration: timedelta) -> str:
    seconds = int(duration.total_seconds())
    for size, word in ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")):
        if seconds >= size and seconds % size == 0:
            count = seconds // size
            return f"{count} {word}{'' if count == 1 else 's'}"
    return f"{duration.total_seconds():g} seconds"
