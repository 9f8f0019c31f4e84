"""What `penstock run` shows to people."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

import click

from penstock.model.sealed import hidden

if TYPE_CHECKING:
    from datetime import datetime

    from penstock.model.execution import Execution, TaskRun
    from penstock.store.log import LogLine

_MOST_ROWS = 100
_COLOURS = {"SUCCESS": "green", "WARNING": "yellow", "FAILED": "red", "KILLED": "red"}
_HEADS = ("TASK", "STATE", "SECONDS")


class Lines:
    """Prints log lines; those of a flow that was called name it before the task."""

    def __init__(self, execution_id: str) -> None:
        self._own = execution_id

    def __call__(self, execution: Execution, line: LogLine) -> None:
        """Prints one line."""
        flow = "" if execution.id == self._own else execution.flow_id
        who = "/".join(part for part in (flow, line.task_id) if part)
        at = line.at.strftime("%H:%M:%S.%f")[:-3]
        click.echo(f"{at} {line.level.value:<5} {who}: {line.message}")


def summary(found: Execution) -> str:
    """The state, a table of the task runs in the order of their creation, and the outputs."""
    took = _seconds(found.created_at, found.ended_at)
    lines = [f"{found.namespace}/{found.flow_id} {_coloured(found.state.value)} in {took} s"]
    if found.failure is not None:
        lines.append(f"  {_first_line(found.failure.message)}")
    lines += _table(sorted(found.task_runs.values(), key=lambda run: run.number))
    if found.outputs:
        lines.append("Outputs")
        lines += [
            f"  {name}: {json.dumps(value, ensure_ascii=False)}"
            for name, value in hidden(found.outputs).items()
        ]
    return "\n".join(lines)


def _table(runs: list[TaskRun]) -> list[str]:
    if not runs:
        return []
    depths: dict[str | None, int] = {None: -1}
    rows: list[tuple[str, str, str, str]] = [(*_HEADS, "")]
    for run in runs:
        depths[run.id] = depth = depths.get(run.parent_id, -1) + 1
        value = "" if run.value is None else f" [{run.value}]"
        error = "" if run.failure is None else _first_line(run.failure.message)
        name = f"{'  ' * depth}{run.task_id}{value}"
        rows.append((name, run.state.value, _seconds(run.started_at, run.ended_at), error))
    shown = rows[: _MOST_ROWS + 1]
    widths = [max(len(row[column]) for row in shown) for column in range(3)]
    lines = [_line(row, widths) for row in shown]
    rest = Counter(row[1] for row in rows[len(shown) :])
    if rest:
        counts = ", ".join(f"{count} {state}" for state, count in rest.items())
        lines.append(f"  … and {rest.total()} more: {counts}")
    return lines


def _line(row: tuple[str, str, str, str], widths: list[int]) -> str:
    name, state, seconds, error = row
    padded = _coloured(state) + " " * (widths[1] - len(state))
    return f"  {name:<{widths[0]}}  {padded}  {seconds:>{widths[2]}}  {error}".rstrip()


def _first_line(message: str) -> str:
    return message.partition("\n")[0]


def _coloured(state: str) -> str:
    colour = _COLOURS.get(state)
    return state if colour is None else click.style(state, fg=colour)


def _seconds(start: datetime | None, end: datetime | None) -> str:
    if start is None or end is None:
        return "-"
    return f"{(end - start).total_seconds():.2f}"
