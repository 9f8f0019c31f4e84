"""Ends an execution with which the engine cannot go on."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from penstock.engine.step import EngineLog, Event, Step
from penstock.model.execution import Execution, Failure, StateChange
from penstock.model.state import State
from penstock.model.task import LogLevel


def step(execution: Execution, now: datetime, error: Exception) -> Step:
    """Fails every open task run and the execution; running attempts are told to stop."""
    message = f"The engine could not go on with this execution: {type(error).__name__}: {error}"
    return failed(execution, now, message)


def failed(execution: Execution, now: datetime, message: str) -> Step:
    """The same for a reason that has its own sentence."""
    change = StateChange(State.FAILED, now)
    runs = dict(execution.task_runs)
    open_runs = [run for run in runs.values() if not run.state.is_terminated]
    for run in open_runs:
        runs[run.id] = replace(
            run,
            state=State.FAILED,
            history=(*run.history, change),
            failure=Failure(message),
            fence=run.fence + 1,
            ended_at=now,
        )
    ended = replace(execution, task_runs=runs)
    events = [Event(now, "broken", State.FAILED, run.id) for run in open_runs]
    if not execution.state.is_terminated:
        ended = replace(
            ended,
            state=State.FAILED,
            history=(*execution.history, change),
            failure=Failure(message),
            ended_at=now,
        )
        events.append(Event(now, "broken", State.FAILED, None, {"message": message}))
    return Step(
        execution=ended,
        changed=tuple(run.id for run in open_runs),
        events=tuple(events),
        cancels=tuple(run.id for run in open_runs),
        logs=(EngineLog(now, LogLevel.ERROR, message),),
    )
