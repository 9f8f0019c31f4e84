"""core.flow.Pause."""

from __future__ import annotations

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, ClassVar

from pydantic import AliasChoices, Field, SerializeAsAny

from penstock.model.dynamic import Dynamic
from penstock.model.input import Input
from penstock.model.state import State
from penstock.model.task import Task
from penstock.sdk.flowable import (
    Branch,
    Children,
    FlowableTask,
    Pausing,
    Render,
    duration,
    written,
)


class PauseBehavior(StrEnum):
    """What a pause is when its duration is over."""

    RESUME = "RESUME"
    WARN = "WARN"
    CANCEL = "CANCEL"
    FAIL = "FAIL"


_THEN = {
    PauseBehavior.RESUME: State.SUCCESS,
    PauseBehavior.WARN: State.WARNING,
    PauseBehavior.CANCEL: State.CANCELLED,
    PauseBehavior.FAIL: State.FAILED,
}


class Pause(FlowableTask):
    """Waits until somebody resumes the execution, or for a while.

    Meanwhile the task is PAUSED, and so is the execution once nothing else runs in it. A pause
    needs no worker and survives restarts of the server; the execution keeps its slot of the
    flow's `concurrency`. After `pauseDuration` it goes on as `behavior` says: RESUME as SUCCESS,
    WARN as WARNING, CANCEL as CANCELLED, FAIL as FAILED. `timeout` is how long it may wait for
    somebody: then it is FAILED, or WARNING with `allowFailure`.

    `onResume` are inputs that whoever resumes must give; they are checked like a flow's inputs,
    and later tasks read them as `outputs.<id>.onResume.<input>`.

    Example:
        id: approval
        namespace: company.team
        tasks:
          - id: wait
            type: core.flow.Pause
            pauseDuration: PT0.1S
            behavior: RESUME
            onPause:
              id: ask
              type: core.log.Log
              message: Please approve the load.
            onResume:
              - id: reason
                type: STRING
                defaults: nobody objected
          - id: load
            type: core.log.Log
            message: "{{ outputs.wait.onResume.reason ?? 'nobody answered' }}"

    Outputs: `onResume`, what whoever resumed gave; `resumed`, how it ended: `by` whom (null when
    the time was over), `on` which moment, and the state `to` which the task went.
    """

    task_fields: ClassVar[tuple[str, ...]] = ("on_pause", "tasks", "errors", "finally_")
    without_effect: ClassVar[frozenset[str]] = frozenset({"taskCache"})

    pause_duration: Annotated[
        Dynamic[timedelta | None],
        Field(
            validation_alias=AliasChoices("pauseDuration", "delay"),
            description="How long to wait at most; without it, until somebody resumes.",
        ),
    ] = None
    behavior: Annotated[
        PauseBehavior, Field(description="What the task is when `pauseDuration` is over.")
    ] = PauseBehavior.RESUME
    on_pause: Annotated[
        SerializeAsAny[Task] | None,
        Field(description="A task that runs when the pause begins. Its failure changes nothing."),
    ] = None
    on_resume: Annotated[
        tuple[Input, ...], Field(description="Inputs that whoever resumes must give.")
    ] = ()
    tasks: Annotated[
        Children,
        Field(
            description="Run after the pause, one after another. Write them behind it.",
            json_schema_extra={"deprecated": True},
        ),
    ] = ()

    def begin(self, render: Render) -> Branch:
        """Nothing before the pause is over."""
        wait, limit = written(self.pause_duration), written(self.timeout)
        return Branch(
            pause=Pausing(
                None if wait is None else duration("pauseDuration", render(wait)),
                _THEN[self.behavior],
                None if limit is None else duration("timeout", render(limit)),
            )
        )

    def questions(self) -> tuple[Input, ...]:
        """`onResume`."""
        return self.on_resume
