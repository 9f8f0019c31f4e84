"""core.flow.LoopUntil."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import Field

from penstock.expression import is_truthy
from penstock.model.dynamic import Dynamic
from penstock.model.frozen import Frozen, Json
from penstock.model.state import State
from penstock.sdk.flowable import (
    Branch,
    Children,
    Render,
    RepeatingTask,
    Round,
    duration,
    whole_number,
    written,
)

_MINUTE = timedelta(minutes=1)


class CheckFrequency(Frozen):
    """How long a loop waits between two iterations, and when it gives up."""

    interval: Annotated[
        Dynamic[timedelta], Field(description="How long to wait before the next iteration.")
    ] = _MINUTE
    max_iterations: Annotated[
        Dynamic[int | None],
        Field(description="After how many further iterations than the first to give up."),
    ] = None
    max_duration: Annotated[
        Dynamic[timedelta | None],
        Field(description="How long after its start the loop gives up."),
    ] = None


class LoopUntil(RepeatingTask):
    """Runs its tasks again and again until a condition holds.

    After each iteration the condition is rendered; it sees the outputs of the tasks. While it is
    false the task is PAUSED for the interval, and so is the execution when nothing else runs in
    it: the loop needs no worker and survives restarts of the server. Then the tasks run again.
    A failed task ends the loop.

    With `maxIterations: 3` the tasks run four times at most, as everywhere in this language. A
    loop that gives up is a SUCCESS, or FAILED with `failOnMaxReached`.

    Example:
        id: wait-for-file
        namespace: company.team
        tasks:
          - id: poll
            type: core.flow.LoopUntil
            condition: "{{ outputs.look.value == '2' }}"
            checkFrequency:
              interval: PT0.01S
              maxIterations: 10
            tasks:
              - id: look
                type: core.debug.Return
                format: "{{ taskrun.iteration }}"
          - id: tell
            type: core.log.Log
            message: "it took {{ outputs.poll.iterationCount }} iterations"

    Outputs: `iterationCount`, how often the tasks have run.
    """

    tasks: Annotated[Children, Field(min_length=1, description="Run in this order.")]
    condition: Annotated[
        str | bool | int | float,
        Field(description="An expression; the loop ends when it is true."),
    ]
    fail_on_max_reached: Annotated[
        bool, Field(description="Whether the task fails when it gives up.")
    ] = False
    check_frequency: Annotated[
        CheckFrequency, Field(description="How long to wait, and when to give up.")
    ] = CheckFrequency()

    def begin(self, render: Render) -> Branch:
        """The tasks once; `after` decides about the next time."""
        del render
        return Branch(repeats=True)

    def after(self, render: Render, count: int, passed: timedelta) -> Round:
        """Whether the tasks run again."""
        condition: Json = self.condition
        outputs: dict[str, Json] = {"iterationCount": count}
        if is_truthy(render(condition)):
            return Round(outputs=outputs)
        limits = self.check_frequency
        most = render(written(limits.max_iterations))
        longest = written(limits.max_duration)
        reached = ""
        if most is not None and count > whole_number("maxIterations", most):
            reached = f"{count} iterations"
        elif longest is not None:
            limit = duration("maxDuration", render(longest))
            reached = f"{passed.total_seconds():g} seconds" if passed > limit else ""
        if not reached:
            wait = duration("interval", render(written(limits.interval)))
            return Round(wait=wait, outputs=outputs)
        if not self.fail_on_max_reached:
            return Round(outputs=outputs)
        return Round(
            state=State.FAILED,
            message=f"The condition was still false after {reached}.",
            outputs=outputs,
        )
