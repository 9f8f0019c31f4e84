"""Breakpoints: tasks before which an execution stands still until somebody lets it go on."""

from __future__ import annotations

from penstock.engine.launch import begin
from penstock.engine.operation import ResumeFromBreakpoint
from penstock.engine.work import Work
from penstock.errors import Conflict
from penstock.model.execution import Execution
from penstock.model.frozen import Json
from penstock.model.state import State


def check_breakpoint(execution: Execution) -> None:
    """Raises `Conflict` when an execution does not stand at a breakpoint."""
    if execution.state is not State.BREAKPOINT:
        raise Conflict(f"The execution is {execution.state.value}; it stands at no breakpoint.")


def go_on(work: Work, message: ResumeFromBreakpoint) -> None:
    """Lets what stands at a breakpoint begin. Raises `Conflict`."""
    check_breakpoint(work.execution())
    if message.breakpoints is not None:
        work.breakpoints = message.breakpoints
    work.turn(State.RUNNING, "resumed")
    for run in [run for run in work.runs.values() if run.state is State.BREAKPOINT]:
        detail: dict[str, Json] = {"by": message.by}
        begin(work, work.node(run), work.move(run, State.CREATED, "resumed", detail=detail))
