"""What every task has, whatever it does."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import AliasChoices, Field

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


class Task(Frozen):
    """A step of a flow. Subclasses add the properties of their type."""

    type_name: ClassVar[str] = ""
    """The task's type without prefix, such as ``core.log.Log``; set by the registry."""
    task_fields: ClassVar[tuple[str, ...]] = ()
    """Names of the fields that hold lists of child tasks, in the order in which they may run."""
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
    version: str | None = None

    def children(self) -> tuple[Task, ...]:
        """Every child task, of every list that this task holds."""
        found: list[Task] = []
        for field in self.task_fields:
            found.extend(getattr(self, field) or ())
        return tuple(found)
