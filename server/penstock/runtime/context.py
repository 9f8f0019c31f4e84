"""What a running task gets: `penstock.sdk.context.RunContext` for one attempt."""

from __future__ import annotations

import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType

from penstock.engine.operation import ResumeRequested
from penstock.errors import PenstockError
from penstock.expression import ExpressionError
from penstock.model.execution import Execution, TaskRun
from penstock.model.frozen import Json
from penstock.model.task import LogLevel, Task
from penstock.runtime.clock import Clock
from penstock.runtime.command import Answer, Operate, Record
from penstock.runtime.files import ExecutionFiles
from penstock.runtime.history import ExecutionHistory
from penstock.runtime.key_value import KeyValues
from penstock.runtime.log_file import LogFile
from penstock.runtime.namespace_files import NamespaceFiles
from penstock.runtime.rendering import Renderer
from penstock.runtime.templated import make_task
from penstock.sdk.task import TaskFailed
from penstock.store.audit import AuditRecord
from penstock.store.identity import new_id
from penstock.store.log import LogLine
from penstock.store.metric import MetricValue

_FLUSH_LINES = 200
_ANSWER_SECONDS = 60.0
_FLUSH_SECONDS = 0.2
_LONGEST_LINE = 64 * 1024
_LEVELS = tuple(LogLevel)
_NOTHING: Mapping[str, Json] = MappingProxyType({})
_NO_TAGS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Place:
    """Where attempts work: a folder for working directories."""

    folder: Path


class Context:
    """The world of one attempt. Lines are masked, buffered, and sent with `send` in batches."""

    def __init__(
        self,
        *,
        renderer: Renderer,
        task_run: TaskRun,
        attempt: int,
        variables: Mapping[str, Json],
        clock: Clock,
        place: Place,
        send: Callable[[Record], None],
        level: LogLevel = LogLevel.TRACE,
        transport: object | None = None,
        shared: Path | None = None,
        to_file: bool = False,
        ask: Callable[[Operate], None] | None = None,
    ) -> None:
        self._renderer = renderer
        self._run = task_run
        self._attempt = attempt
        self.variables = variables
        self._clock = clock
        self._place = place
        self._send = send
        self.transport = transport
        self._ask = ask
        self._least = _LEVELS.index(level)
        self._lock = threading.Lock()
        self._sending = threading.Lock()
        self._record = self._new_record()
        self._flushed = time.monotonic()
        self._folder: Path | None = None
        self._shared = shared
        self._cancelled = False
        self._stops: list[Callable[[], None]] = []
        path = place.folder / f"{task_run.id}-{attempt}.log"
        self._log_file = LogFile(path) if to_file else None

    @property
    def tenant(self) -> str:
        """Tenant of the execution."""
        return self._renderer.execution.tenant

    @property
    def namespace(self) -> str:
        """Namespace of the flow."""
        return self._renderer.execution.namespace

    @property
    def flow_id(self) -> str:
        """Id of the flow."""
        return self._renderer.execution.flow_id

    @property
    def execution_id(self) -> str:
        """Id of the execution."""
        return self._renderer.execution.id

    @property
    def task_run_id(self) -> str:
        """Id of the task run."""
        return self._run.id

    @property
    def attempt(self) -> int:
        """Number of this attempt, from 1."""
        return self._attempt

    @property
    def working_directory(self) -> Path:
        """An empty folder of this attempt, made at first use, removed afterwards."""
        if self._shared is not None:
            self._shared.mkdir(parents=True, exist_ok=True)
            return self._shared
        with self._lock:
            if self._folder is None:
                self._place.folder.mkdir(parents=True, exist_ok=True)
                made = tempfile.mkdtemp(prefix=f"{self.task_run_id}-", dir=self._place.folder)
                self._folder = Path(made)
            return self._folder

    @property
    def output_directory(self) -> Path:
        """A folder in the working directory; what is in it at the end is an output."""
        folder = self.working_directory / f".outputs-{self._run.id}-{self._attempt}"
        folder.mkdir(exist_ok=True)
        return folder

    @property
    def key_values(self) -> KeyValues:
        """The key-value pairs that flows share."""
        return self._renderer.key_values()

    @property
    def files(self) -> ExecutionFiles:
        """The stored files that the execution may use."""
        return self._renderer.files()

    @property
    def namespace_files(self) -> NamespaceFiles:
        """The files of the namespaces that the execution may use."""
        return self._renderer.namespace_files()

    @property
    def history(self) -> ExecutionHistory:
        """Executions, logs and triggers, as far as the execution may use them."""
        return self._renderer.history()

    def resume(self, execution_id: str, inputs: Mapping[str, Json]) -> None:
        """Lets a paused execution go on; ends when that is stored."""
        assert self._ask is not None, "the executor does not wait for itself"
        own = self._renderer.execution
        self.history.changeable(execution_id, "executions")
        by = f"execution:{own.id}"
        record = AuditRecord(
            tenant=own.tenant,
            at=self.now(),
            actor=by,
            action="execution.resume",
            object=f"execution/{execution_id}",
        )
        answer: Future[Execution | None] = Future()
        wish = ResumeRequested(by, inputs=dict(inputs))
        self._ask(Operate(execution_id, own.tenant, wish, Answer(answer), record))
        answer.result(_ANSWER_SECONDS)

    def now(self) -> datetime:
        """The present moment in UTC."""
        return self._clock.now()

    def wait(self, seconds: float, woken: threading.Event) -> bool:
        """Waits on the injected clock; True when `woken` was set before the time was over."""
        return self._clock.wait(seconds, woken)

    def log(self, message: str, level: LogLevel = LogLevel.INFO) -> None:
        """Writes a line to the execution's log, or to the attempt's own; secrets are masked."""
        if _LEVELS.index(level) < self._least:
            return
        line = self._line(message, level)
        if self._log_file is None:
            self._append(line)
        else:
            self._log_file.write(line)

    def report(self, failure: str) -> None:
        """Writes why the task failed to the execution's log, and to the attempt's own."""
        line = self._line(failure, LogLevel.ERROR)
        if self._log_file is not None:
            self._log_file.write(line)
        self._append(line)

    def keep_log(self) -> str | None:
        """Stores the attempt's own log; gives its URI, or None when there is none."""
        path = None if self._log_file is None else self._log_file.close()
        if path is None:
            return None
        try:
            return self.store_file(path, f"attempt-{self._attempt}.log")
        except (OSError, PenstockError) as error:
            self._append(self._line(f"The log file is lost: {error}", LogLevel.ERROR))
            return None
        finally:
            path.unlink(missing_ok=True)

    def _line(self, message: str, level: LogLevel) -> LogLine:
        return LogLine(
            at=self._clock.now(),
            level=level,
            message=storable(self._renderer.masker.text(message)),
            task_run_id=self._run.id,
            task_id=self._run.task_id,
            attempt=self._attempt,
        )

    def _append(self, line: LogLine) -> None:
        with self._lock:
            self._record.lines.append(line)
            is_full = len(self._record.lines) >= _FLUSH_LINES
        if is_full or time.monotonic() - self._flushed > _FLUSH_SECONDS:
            self.flush()

    def mask(self, text: str) -> str:
        """The text without the secrets that the execution has used."""
        return self._renderer.masker.text(text)

    def seal(self, text: str) -> Json:
        """A secret text as outputs keep it. Raises `TaskFailed` where there is no key."""
        try:
            return self._renderer.seal(text)
        except ExpressionError as error:
            raise TaskFailed(error.message) from None

    @property
    def cache_directory(self) -> Path:
        """A folder that stays, shared by all attempts, for what can be made anew."""
        folder = self._place.folder.parent / "cache"
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def metric(
        self,
        name: str,
        value: float,
        *,
        kind: str = "counter",
        tags: Mapping[str, str] = _NO_TAGS,
    ) -> None:
        """Records a metric (``counter``, ``timer`` or ``gauge``) on the task run."""
        mask = self._renderer.masker
        made = MetricValue(
            id=new_id(),
            at=self._clock.now(),
            task_run_id=self._run.id,
            name=storable(mask.text(name)),
            value=float(value),
            kind=kind,
            tags={str(key): mask.text(str(item)) for key, item in tags.items()},
        )
        with self._lock:
            self._record.metrics.append(made)

    def render(self, value: Json, extra: Mapping[str, Json] = _NOTHING) -> Json:
        """Renders expressions in a value with this task run's variables and `extra`."""
        variables = {**self.variables, **extra}
        return self._renderer.render(value, variables, typed=True, may_wait=True)

    def make_task(self, source: str) -> Task:
        """The task of a YAML text, rendered with this task run's variables."""

        def render(value: Json, *, typed: bool = False) -> Json:
            return self._renderer.render(value, self.variables, typed=typed, may_wait=True)

        return make_task(source, render)

    def store_file(self, path: Path, name: str | None = None) -> str:
        """Keeps a file beyond the attempt; gives back its ``penstock://`` URI."""
        return self.files.keep(
            path, task=self._run.task_id, task_run=self._run.id, name=name or path.name
        )

    def fetch_file(self, uri: str, target: Path) -> Path:
        """Brings a stored file to `target`."""
        return self.files.fetch(uri, target)

    @property
    def is_cancelled(self) -> bool:
        """Whether a kill, a timeout or a shutdown asks the task to end."""
        return self._cancelled

    def on_cancel(self, stop: Callable[[], None]) -> None:
        """Registers what ends the work at once; called at once when it is too late already."""
        with self._lock:
            if not self._cancelled:
                self._stops.append(stop)
                return
        stop()

    def cancel(self) -> None:
        """Asks the task to end. Called from another thread."""
        with self._lock:
            self._cancelled = True
            stops, self._stops = self._stops, []
        for stop in stops:
            stop()

    def flush(self) -> None:
        """Sends what was buffered; when it returns nothing of it is still on its way."""
        with self._sending:
            with self._lock:
                self._flushed = time.monotonic()
                if not self._record.lines and not self._record.metrics:
                    return
                record, self._record = self._record, self._new_record()
            self._send(record)

    def close(self) -> None:
        """Sends the rest and removes the working directory."""
        self.flush()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _new_record(self) -> Record:
        execution = self._renderer.execution
        return Record(execution.id, execution.tenant)


def storable(text: str) -> str:
    """A text that every database takes: no NUL, no lone surrogate, of bounded length."""
    if len(text) > _LONGEST_LINE:
        text = text[:_LONGEST_LINE] + f"… ({len(text)} characters)"
    if "\0" in text:
        text = text.replace("\0", "\N{REPLACEMENT CHARACTER}")
    if text.isascii():
        return text
    return text.encode("utf-8", "replace").decode()
