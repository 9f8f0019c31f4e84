"""Tasks that change the execution that they belong to: its labels, its variables, its end.

The engine runs them within its step, not a worker, so what they change is seen by the very next
expression and is kept together with their task run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from penstock.model.frozen import Json
from penstock.model.state import State
from penstock.model.task import Task
from penstock.sdk.flowable import Render
from penstock.sdk.task import TaskFailed


@dataclass(frozen=True, slots=True)
class Present:
    """What such a task can change, as it stands."""

    labels: Mapping[str, str]
    variables: Mapping[str, Json]


@dataclass(frozen=True, slots=True)
class Update:
    """What shall become of the execution; None leaves a thing as it is.

    `labels` and `variables` are the whole of them, not only what is new. `end` is the state in
    which the execution ends at once.
    """

    labels: dict[str, str] | None = None
    variables: dict[str, Json] | None = None
    end: State | None = None


class UpdatingTask(Task):
    """A task whose work is a change of its execution."""

    without_effect: ClassVar[frozenset[str]] = frozenset(
        {"timeout", "taskCache", "logToFile", "logLevel", "retry"}
    )

    def update(self, render: Render, present: Present) -> Update:
        """Says what changes. Called once.

        Raises:
            TaskFailed: the properties make no such change; the task fails with the sentence.
        """
        raise NotImplementedError(f"{type(self).__name__} does not say what it changes")


def truth(name: str, value: Json) -> bool:
    """A rendered boolean; `name` is the property's, for the sentence.

    Raises:
        TaskFailed: it is neither true nor false.
    """
    text = str(value).strip().lower()
    if text not in {"true", "false"}:
        raise TaskFailed(f"`{name}` must be true or false.")
    return text == "true"
