"""What every task has, whatever it does."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import AliasChoices, Field, SerializeAsAny
from pydantic.alias_generators import to_camel

from penstock.model.dynamic import Dynamic
from penstock.model.frozen import Frozen
from penstock.model.retry import Retry


class LogLevel(StrEnum):
    """How important a log line is."""

    TRACE = "TRACE"
    DEBUG = "DEBUG"
    INFO = "INFO"
    WARN = "WARN"
    ERROR = "ERROR"


class TaskCache(Frozen):
    """Whether a task gives back what it gave before, instead of running again.

    It does when every rendered property is as it was, and not longer ago than `ttl`.
    """

    enabled: bool
    ttl: timedelta | None = None


class Task(Frozen):
    """A step of a flow. Subclasses add the properties of their type."""

    type_name: ClassVar[str] = ""
    """The task's type without prefix, such as ``core.log.Log``; set by the registry."""
    task_fields: ClassVar[tuple[str, ...]] = ()
    """Names of the fields that hold child tasks, in the order in which they may run: a list, one
    task, a map of lists, or a list of `Entry`."""
    replaced_by: ClassVar[str] = ""
    """The type to write instead of this older one: a warning."""
    without_effect: ClassVar[frozenset[str]] = frozenset()
    """Common properties, as in YAML, that this type accepts and does not use: a warning."""

    id: Annotated[str, Field(pattern=r"^[a-zA-Z0-9][a-zA-Z0-9_-]*$", max_length=256)]
    type: str
    description: str | None = None
    disabled: bool = False
    run_if: Annotated[str | bool, Field(validation_alias=AliasChoices("when", "runIf"))] = "true"
    retry: Retry | None = None
    timeout: Dynamic[timedelta | None] = None
    allow_failure: bool = False
    allow_warning: bool = False
    log_level: LogLevel | None = None
    log_to_file: bool = False
    task_cache: TaskCache | None = None
    version: str | None = None

    def idle(self) -> dict[str, str]:
        """Properties that are accepted and change nothing, each with the reason."""
        return {}

    def children(self) -> tuple[Task, ...]:
        """Every child task, of every list that this task holds."""
        return tuple(child for _, tasks in self.lists() for child in tasks)

    def lists(self) -> Iterator[tuple[str, tuple[Task, ...]]]:
        """The lists of child tasks by name: the field's, or ``field.key`` of a map of lists."""
        for field in self.task_fields:
            held = getattr(self, field)
            if isinstance(held, dict):
                yield from ((f"{field}.{key}", tasks) for key, tasks in held.items())
            elif isinstance(held, Task):
                yield field, (held,)
            else:
                yield (
                    field,
                    tuple(each.task if isinstance(each, Entry) else each for each in held or ()),
                )

    def places(self) -> Iterator[tuple[str, Task]]:
        """Every child task with its path in this task's text, such as ``tasks[0]``."""
        for field in self.task_fields:
            held, key = getattr(self, field), to_camel(field)
            if isinstance(held, dict):
                for case, tasks in held.items():
                    yield from ((f"{key}.{case}[{at}]", each) for at, each in enumerate(tasks))
            elif isinstance(held, Task):
                yield key, held
            else:
                for at, each in enumerate(held or ()):
                    is_entry = isinstance(each, Entry)
                    yield ((f"{key}[{at}].task", each.task) if is_entry else (f"{key}[{at}]", each))


class Entry(Frozen):
    """An item of a list that says something about one child task."""

    task_fields: ClassVar[tuple[str, ...]] = ("task",)

    task: SerializeAsAny[Task]
