"""Where a script runs, as flows say it."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from penstock.model.frozen import Json

_PREFIX = "io.kestra.plugin."
PROCESS = "core.runner.Process"
_CONTAINER = frozenset({"scripts.runner.docker.Docker"})
"""Accepted, so that flows run as they are; their scripts are processes of the worker, too."""


def type_of(runner: dict[str, Json] | None) -> str:
    """The runner's type without prefix."""
    return str((runner or {}).get("type", PROCESS)).removeprefix(_PREFIX)


def is_container(runner: dict[str, Json] | None) -> bool:
    """Whether the flow asks for a container."""
    return type_of(runner) in _CONTAINER


def _check(runner: dict[str, Json]) -> dict[str, Json]:
    name = type_of(runner)
    if name != PROCESS and name not in _CONTAINER:
        raise ValueError(
            f"task runner '{runner.get('type')}' is not available: scripts run as processes of the "
            f"worker. Leave taskRunner out or set its type to {PROCESS}"
        )
    return runner


TaskRunner = Annotated[
    dict[str, Json],
    AfterValidator(_check),
    Field(description="core.runner.Process; a container is accepted, with a warning."),
]
