"""Runs one attempt of a task, from rendering to the message for the engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import orjson
import structlog

from penstock.engine.message import Finished, Message
from penstock.engine.operation import Operation
from penstock.engine.step import ChildRequest, Job
from penstock.engine.variables import task_variables
from penstock.errors import PenstockError
from penstock.expression.error import ExpressionError
from penstock.language.rendering import RenderingFailed, render_task
from penstock.model.execution import Execution
from penstock.model.frozen import Json
from penstock.model.state import State
from penstock.model.task import LogLevel
from penstock.runtime import folder
from penstock.runtime.clock import Clock
from penstock.runtime.command import Operate, Record
from penstock.runtime.context import Context, Place, storable
from penstock.runtime.flows import FlowVersion
from penstock.runtime.rendering import Renderer
from penstock.sdk.flowable import FolderTask
from penstock.sdk.task import Result, RunnableTask, TaskFailed

_MIB = 1024 * 1024
_KEPT = frozenset({State.SUCCESS, State.WARNING})


@dataclass(frozen=True, slots=True)
class Work:
    """A job with all that running it needs; `execution` is the value at dispatch."""

    job: Job
    execution: Execution
    version: FlowVersion
    renderer: Renderer

    @property
    def key(self) -> tuple[str, int]:
        """Task run id and fence: no other work has the same."""
        return self.job.task_run_id, self.job.fence


class Substitute(Protocol):
    """Stands for the world, for tests of flows."""

    def task(
        self, work: Work, task: RunnableTask, context: Context
    ) -> tuple[State, dict[str, Json]] | None:
        """What to take for the result of a task; None when it shall run. Raises `TaskFailed`."""
        ...

    def call(self, request: ChildRequest, parent: Execution) -> Sequence[Message] | None:
        """What to tell a task that calls another flow; None when that shall be executed."""
        ...

    def transport(self, work: Work) -> object | None:
        """What carries a task's HTTP requests, as httpx takes it; None for the network."""
        ...

    def resume(self, execution: Execution, *, take: bool) -> Operation | None:
        """What to do with an execution that waits for somebody; None: nothing. `take` says that
        it is done now.
        """
        ...

    def network(self) -> object | None:
        """What carries the requests of expressions, in the same way."""
        ...


@dataclass(frozen=True, slots=True)
class Bench:
    """What every attempt of this process works with."""

    clock: Clock
    place: Place
    outputs_limit: int = _MIB
    substitute: Substitute | None = None


def open_context(
    work: Work,
    bench: Bench,
    send: Callable[[Record], None],
    ask: Callable[[Operate], None] | None = None,
) -> Context:
    """The context of an attempt that is about to run; `ask` reaches the executor."""
    run = work.execution.task_runs[work.job.task_run_id]
    task = work.version.tasks[work.job.task_id]
    environment = work.renderer.environment()
    variables = task_variables(work.version.flow, work.execution, run, environment)
    owner = folder.owner_of(work.execution, work.version.tasks, run)
    shared = None if owner is None else folder.shared_folder(bench.place.folder, owner.id)
    return Context(
        renderer=work.renderer,
        task_run=run,
        attempt=work.job.attempt,
        variables=variables,
        clock=bench.clock,
        place=bench.place,
        send=send,
        transport=None if bench.substitute is None else bench.substitute.transport(work),
        shared=shared,
        level=task.log_level or LogLevel.TRACE,
        to_file=task.log_to_file,
        ask=ask,
    )


def run_attempt(work: Work, context: Context, bench: Bench, worker: str) -> Finished:
    """Renders and runs the task. Never raises: whatever happens becomes the result."""
    started = bench.clock.now()
    state, outputs, failure = State.SUCCESS, {}, None
    shared: dict[str, Json] | None = None
    try:
        owner = _owner(work, context)
        answer = _run(work, context, bench)
        state, outputs = answer.state, _checked(answer.outputs, work, bench)
        shared = answer.shared if owner is None else owner.collect(context)
        shared = None if shared is None else _checked(shared, work, bench)
    except TaskFailed as error:
        state, failure = State.FAILED, error.message
        outputs = _salvaged(error.outputs, work, bench)
    except (ExpressionError, RenderingFailed, PenstockError, _Unfit) as error:
        state, outputs, failure = State.FAILED, {}, str(error)
    except OSError as error:
        state, failure = State.FAILED, f"The worker's machine refused: {error.strerror or error}."
    except Exception as error:  # noqa: BLE001 - a plugin's bug ends its attempt, not the worker
        state, failure = State.FAILED, _unexpected(work, error)
    if context.is_cancelled:
        state = State.KILLED
    mask = work.renderer.masker
    if failure is not None:
        failure = storable(mask.text(failure))
        if state is State.FAILED:
            # People look for the reason in the log, and handlers by `errorLogs()`.
            context.report(failure)
    return Finished(
        task_run_id=work.job.task_run_id,
        fence=work.job.fence,
        state=state,
        at=bench.clock.now(),
        started_at=started,
        worker=worker,
        outputs=mask.value(outputs),
        failure=failure,
        shared=None if shared is None or state is State.KILLED else mask.value(shared),
        log_file=context.keep_log(),
    )


def _owner(work: Work, context: Context) -> FolderTask | None:
    """The flowable in whose folder the task works, rendered; the folder is filled by then."""
    tasks, execution = work.version.tasks, work.execution
    owner = folder.owner_of(execution, tasks, execution.task_runs[work.job.task_run_id])
    # Tasks that only compute are run in place, where nothing may take time.
    if owner is None or work.job.task_id in work.version.instant:
        return None
    seen = task_variables(work.version.flow, execution, owner, work.renderer.environment())

    def render(value: Json, *, typed: bool = False) -> Json:
        return work.renderer.render(value, seen, typed=typed)

    task = render_task(tasks[owner.task_id], render)
    assert isinstance(task, FolderTask)
    if not folder.is_prepared(context.working_directory):
        task.prepare(context)
        folder.set_prepared(context.working_directory)
    return task


def _run(work: Work, context: Context, bench: Bench) -> Result:
    declared = work.version.tasks[work.job.task_id]
    variables = context.variables
    if isinstance(declared, RunnableTask) and declared.uses_folder:
        variables = {
            **variables,
            "workingDir": str(context.working_directory),
            "outputDir": str(context.output_directory),
        }

    def render(value: Json, *, typed: bool = False) -> Json:
        return work.renderer.render(value, variables, typed=typed, may_wait=True)

    task = render_task(declared, render)
    if not isinstance(task, RunnableTask):
        raise TaskFailed(f"'{task.type}' is not a task that a worker can run.")
    if bench.substitute is not None:
        given = bench.substitute.task(work, task, context)
        if given is not None:
            return Result(given[1], given[0])
    cache = work.renderer.cached(task, context.task_run_id, variables)
    known = None if cache is None else cache.find()
    if known is not None:
        context.log("The outputs are those of an earlier run (taskCache).", LogLevel.DEBUG)
        return Result(known)
    answer = task.run(context)
    if not isinstance(answer, Result):
        answer = Result(answer or {})
    if cache is not None and answer.state in _KEPT and not context.is_cancelled:
        cache.keep(work.renderer.masker.value(_checked(answer.outputs, work, bench)))
    return answer


class _Unfit(Exception):
    """Outputs that cannot be kept."""


def _checked(outputs: dict[str, Json], work: Work, bench: Bench) -> dict[str, Json]:
    if not outputs:
        return outputs
    try:
        size = len(orjson.dumps(outputs))
    except (TypeError, ValueError) as error:
        raise _Unfit(
            f"The outputs of task '{work.job.task_id}' are not JSON: {error}. Outputs may hold "
            "texts, numbers of up to 64 bits, booleans, null, lists and objects."
        ) from None
    if size > bench.outputs_limit:
        raise _Unfit(
            f"The outputs of task '{work.job.task_id}' are {size / _MIB:.1f} MiB; at most "
            f"{bench.outputs_limit / _MIB:.1f} MiB can be kept. Write large data to a file and "
            "hand on its URI (`outputFiles`)."
        )
    return outputs


def _salvaged(outputs: dict[str, Json], work: Work, bench: Bench) -> dict[str, Json]:
    try:
        return _checked(outputs, work, bench)
    except _Unfit:
        return {}


def _unexpected(work: Work, error: Exception) -> str:
    type_name = work.version.tasks[work.job.task_id].type
    structlog.get_logger("penstock.worker").warning(
        "task raised an error that it does not declare",
        type=type_name,
        execution=work.execution.id,
        task_run=work.job.task_run_id,
        error=work.renderer.masker.text(f"{type(error).__name__}: {error}"),
    )
    return f"The task type '{type_name}' failed unexpectedly: {type(error).__name__}: {error}"
