"""Stands for the world when a flow is tested: tasks, flows and HTTP services by fixtures."""

from __future__ import annotations

import fnmatch
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

import orjson

from penstock.engine.message import ChildEnded, ChildStarted, Message
from penstock.engine.operation import Operation, ResumeRequested
from penstock.engine.step import ChildRequest
from penstock.model.execution import Execution, TaskRun
from penstock.model.flow_test import Answer, Fixtures, Outcome, RequestFixture, TaskFixture
from penstock.model.frozen import Json
from penstock.model.state import State
from penstock.runtime.attempt import Work
from penstock.runtime.clock import Clock
from penstock.runtime.context import Context
from penstock.sdk.task import RunnableTask, TaskFailed

if TYPE_CHECKING:
    import httpx

EVERY_TASK = "*"


@dataclass(frozen=True, slots=True)
class Sent:
    """An HTTP request that a task made."""

    task_id: str
    method: str
    uri: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: str

    def to_json(self) -> dict[str, Json]:
        """For results."""
        return {
            "taskId": self.task_id,
            "method": self.method,
            "uri": self.uri,
            "query": {**self.query},
            "body": self.body,
        }


@dataclass(slots=True)
class StandIn:
    """See `penstock.runtime.attempt.Substitute`. One for each case.

    Tasks that reach the world (scripts, databases, …) do not run without a fixture, unless
    `real` names them; HTTP requests are answered by fixtures only.
    """

    flow: tuple[str, str]
    fixtures: Fixtures
    real: frozenset[str]
    clock: Clock
    sent: list[Sent] = field(default_factory=list)
    refusals: list[str] = field(default_factory=list)
    _answered: dict[int, int] = field(default_factory=dict)
    _resumed: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def task(
        self, work: Work, task: RunnableTask, context: Context
    ) -> tuple[State, dict[str, Json]] | None:
        """What a fixture gives in place of a task's work; None when the task itself shall run.

        Raises `TaskFailed` as the fixture says, or when nothing stands for what must not run.
        """
        run = work.execution.task_runs[work.job.task_run_id]
        found = self._fixture(work.execution, run, work.job.attempt)
        if found is None:
            if task.type_name.startswith("core.") or self._is_real(work.execution, task.id):
                return None
            raise TaskFailed(
                self._refused(
                    f"Nothing stands for the task '{task.id}' ({task.type_name}), which reaches "
                    "beyond the test. Give it a fixture, or name it in `real`."
                )
            )
        for line in found.log:
            context.log(line)
        if found.takes is not None:
            self._pass(found, context)
        if found.ends in (Outcome.FAILED, Outcome.KILLED, Outcome.CANCELLED):
            raise TaskFailed(found.error or "The fixture says so.", outputs={**found.outputs})
        return State(found.ends.value), {**found.outputs}

    def call(self, request: ChildRequest, parent: Execution) -> Sequence[Message] | None:
        """What a fixture makes of the call of another flow; None when it shall be executed."""
        found = self._call(request, parent)
        if found is None:
            return None
        started = ChildStarted(request.task_run_id, request.child_id)
        if not request.wait:
            return [started]
        ends, outputs, error = found
        failure = error or (None if ends is Outcome.SUCCESS else "The fixture says so.")
        ended = ChildEnded(
            request.task_run_id, request.child_id, State(ends.value), outputs, failure
        )
        return [ended]

    def transport(self, work: Work) -> object | None:
        """Answers the HTTP requests of a task; None when it may make real ones."""
        if self._is_real(work.execution, work.job.task_id):
            return None
        return _Transport(lambda request: self._respond(work.job.task_id, request))

    def resume(self, execution: Execution, *, take: bool) -> Operation | None:
        """Resumes a pause as the fixtures say, each task run once."""
        if (execution.namespace, execution.flow_id) != self.flow:
            return None
        for run in execution.task_runs.values():
            inputs = self.fixtures.resume.get(run.task_id)
            is_open = run.state is State.PAUSED and run.id not in self._resumed
            if inputs is not None and is_open:
                if take:
                    self._resumed.add(run.id)
                return ResumeRequested(by="test", task_run_id=run.id, inputs=inputs)
        return None

    def network(self) -> object | None:
        """Answers the requests that expressions make with `http()`."""
        if EVERY_TASK in self.real:
            return None
        return _Transport(lambda request: self._respond("http()", request))

    def _is_real(self, execution: Execution, task_id: str) -> bool:
        if EVERY_TASK in self.real:
            return True
        return (execution.namespace, execution.flow_id) == self.flow and task_id in self.real

    def _refused(self, sentence: str) -> str:
        with self._lock:
            self.refusals.append(sentence)
        return sentence

    def _pass(self, found: TaskFixture, context: Context) -> None:
        assert found.takes is not None
        woken = threading.Event()
        context.on_cancel(woken.set)
        if context.is_cancelled or self.clock.wait(found.takes.total_seconds(), woken):
            raise TaskFailed("The task was asked to stop.")

    def _fixture(self, execution: Execution, run: TaskRun, attempt: int) -> TaskFixture | None:
        if (execution.namespace, execution.flow_id) != self.flow:
            return None
        found: list[tuple[int, TaskFixture]] = []
        for each in self.fixtures.tasks:
            fits = (
                each.id == run.task_id
                and each.attempt in (None, attempt)
                and (each.value is None or _is_value(each.value, _value_of(execution, run)))
            )
            if fits:
                found.append(((each.value is not None) + (each.attempt is not None), each))
        return max(found, key=lambda pair: pair[0])[1] if found else None

    def _call(
        self, request: ChildRequest, parent: Execution
    ) -> tuple[Outcome, dict[str, Json], str | None] | None:
        run = parent.task_runs[request.task_run_id]
        task = self._fixture(parent, run, len(run.attempts))
        if task is not None:
            outputs = task.outputs.get("outputs", task.outputs)
            return task.ends, outputs if isinstance(outputs, dict) else {}, task.error
        for each in self.fixtures.subflows:
            if (each.namespace, each.flow_id) == (request.namespace, request.flow_id):
                return each.ends, each.outputs, each.error
        return None

    def _respond(self, task_id: str, request: httpx.Request) -> httpx.Response:
        import httpx  # noqa: PLC0415 - as above

        sent = _sent(task_id, request)
        with self._lock:
            self.sent.append(sent)
            answer = self._answer(sent)
        if answer is None:
            raise TaskFailed(
                self._refused(
                    f"Nothing answers {sent.method} {sent.uri} of the task '{task_id}'. Add it to "
                    "`requests` in the fixtures."
                )
            )
        if answer.error is not None:
            raise httpx.ConnectError(answer.error, request=request)
        if answer.body is None or isinstance(answer.body, str):
            return httpx.Response(answer.code, headers=answer.headers, text=answer.body or "")
        return httpx.Response(answer.code, headers=answer.headers, json=answer.body)

    def _answer(self, sent: Sent) -> Answer | None:
        """The next answer of those that fit; the last one stays."""
        fitting = [
            number
            for number, each in enumerate(self.fixtures.requests)
            if is_request(sent, each.method, each.uri)
        ]
        for number in fitting:
            if not self._answered.get(number) or number == fitting[-1]:
                self._answered[number] = self._answered.get(number, 0) + 1
                found: RequestFixture = self.fixtures.requests[number]
                return found.answer
        return None


class _Transport:
    """What httpx takes for a transport, without importing httpx for flows that call nothing."""

    def __init__(self, answer: Callable[[httpx.Request], httpx.Response]) -> None:
        self._answer = answer

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """The answer to a request."""
        request.read()
        return self._answer(request)

    def close(self) -> None:
        """There is nothing to close."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return


def is_request(sent: Sent, method: str | None, uri: str) -> bool:
    """Whether a request went to an address, in which `*` stands for anything."""
    if method is not None and method.upper() != sent.method:
        return False
    # fnmatch would read brackets as sets of characters.
    pattern = uri.replace("[", "[[]").replace("?", "[?]")
    return fnmatch.fnmatchcase(sent.uri, pattern)


def _sent(task_id: str, request: httpx.Request) -> Sent:
    url = request.url
    return Sent(
        task_id=task_id,
        method=request.method,
        uri=str(url.copy_with(query=None, fragment=None)),
        query=dict(url.params),
        headers={name.lower(): value for name, value in request.headers.items()},
        body=request.read().decode(errors="replace"),
    )


def _value_of(execution: Execution, run: TaskRun) -> str | None:
    """The value of the nearest loop around a task run."""
    while run.value is None and run.parent_id is not None:
        run = execution.task_runs[run.parent_id]
    return run.value


def _is_value(wanted: Json, found: str | None) -> bool:
    if found is None:
        return False
    if isinstance(wanted, str) and wanted == found:
        return True
    try:
        return bool(orjson.loads(found) == wanted)
    except orjson.JSONDecodeError:
        return str(wanted) == found
