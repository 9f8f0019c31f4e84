"""How a running task reaches the world."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import BinaryIO, Protocol

from penstock.model.frozen import Json
from penstock.model.key_value import KvType
from penstock.model.task import LogLevel, Task
from penstock.sdk.history import History


class KeyValues(Protocol):
    """The key-value pairs of the execution's tenant."""

    def read(self, key: str, namespace: str | None = None) -> Json:
        """The value of a key: of exactly `namespace`, or of the flow's or the nearest above.

        Raises `NotFound`.
        """
        ...

    def write(
        self,
        key: str,
        value: Json,
        *,
        namespace: str | None = None,
        overwrite: bool = True,
        ttl: str | None = None,
        description: str | None = None,
        kind: KvType | None = None,
    ) -> None:
        """Writes a pair of `namespace` or the flow's; raises a `PenstockError` when it may not.

        `kind` tells what a text is (DATETIME, DATE, DURATION); other types show in the value.
        """
        ...

    def patch(
        self, key: str, value: Json, *, namespace: str | None = None, create: bool = True
    ) -> None:
        """Merges `value` into a pair; without `create` it must be there (`NotFound`)."""
        ...

    def keys(self, prefix: str = "", namespace: str | None = None) -> list[str]:
        """The keys of exactly `namespace` or the flow's, in order."""
        ...

    def delete(self, key: str, namespace: str | None = None) -> bool:
        """Removes a pair; tells whether there was one."""
        ...

    def namespaces(self) -> tuple[list[str], list[str]]:
        """The namespaces with pairs: those that the flow may use, and the others."""
        ...

    def purge(
        self, namespace: str, is_meant: Callable[[str], bool], *, expired_only: bool = True
    ) -> int:
        """Removes pairs of a namespace whose keys are meant; gives how many."""
        ...

    def purge_versions(
        self,
        namespace: str,
        is_meant: Callable[[str], bool],
        *,
        before: datetime | None = None,
        keep: int = 1,
    ) -> int:
        """Forgets versions of pairs from before a time, else all but the newest `keep`."""
        ...


class Files(Protocol):
    """The stored files that the execution may use, by URI (``penstock://``, ``kestra://``)."""

    def open(self, uri: str) -> BinaryIO:
        """Opens a file for reading; raises `NotFound`, or that it may not be read."""
        ...

    def size(self, uri: str) -> int:
        """The bytes of a file."""
        ...

    def exists(self, uri: str) -> bool:
        """Whether there is such a file."""
        ...

    def delete(self, uri: str) -> bool:
        """Removes a file; tells whether there was one."""
        ...

    def cached(self, key: str, since: datetime | None) -> BinaryIO | None:
        """What an execution of this flow kept under a key, unless it is older than `since`."""
        ...

    def cache(self, key: str, path: Path) -> None:
        """Keeps a file for later executions of this flow."""
        ...

    def sweep(
        self,
        namespace: str,
        flow_id: str | None,
        *,
        since: datetime | None,
        until: datetime,
        is_dry: bool,
    ) -> tuple[int, int, int]:
        """Removes files of ended executions whose last file is from between two times: how many
        executions have files, of how many they go, and how many files.
        """
        ...

    def purge(self) -> list[str]:
        """Removes all files of the execution; gives their URIs."""
        ...


class NamespaceFiles(Protocol):
    """The files of the namespaces that the execution may use; the flow's where none is named."""

    def paths(self, namespace: str | None = None) -> list[str]:
        """The paths of all files of a namespace, in order."""
        ...

    def open(
        self, path: str, namespace: str | None = None, revision: int | None = None
    ) -> BinaryIO:
        """Opens a file, by path or ``nsfile://`` URI; raises `NotFound`."""
        ...

    def uri(self, path: str, namespace: str | None = None, revision: int | None = None) -> str:
        """The URI of a file's content, which stays the same whatever is written later."""
        ...

    def write(self, path: str, source: Path, namespace: str | None = None) -> None:
        """Writes a file as a new revision, unless it has this content already."""
        ...

    def delete(self, path: str, namespace: str | None = None) -> bool:
        """Removes a file; tells whether there was one."""
        ...

    def namespaces(self) -> list[str]:
        """The namespaces with files that may be used."""
        ...

    def purge(self, namespace: str, stale: Callable[[str, list[datetime]], list[int]]) -> int:
        """Forgets revisions: `stale` gets a path and the times of its revisions, newest first,
        and gives the positions of those to forget; what is now stays. Gives their number.
        """
        ...


class RunContext(Protocol):
    """Given to `RunnableTask.run`: who runs, where files go, how to log and to be stopped."""

    @property
    def tenant(self) -> str:
        """Tenant of the execution."""
        ...

    @property
    def namespace(self) -> str:
        """Namespace of the flow."""
        ...

    @property
    def flow_id(self) -> str:
        """Id of the flow."""
        ...

    @property
    def execution_id(self) -> str:
        """Id of the execution."""
        ...

    @property
    def task_run_id(self) -> str:
        """Id of the task run."""
        ...

    @property
    def attempt(self) -> int:
        """Number of this attempt, from 1."""
        ...

    @property
    def working_directory(self) -> Path:
        """An empty folder of this attempt, made at first use, removed afterwards."""
        ...

    @property
    def output_directory(self) -> Path:
        """A folder in the working directory; what is in it at the end is an output."""
        ...

    @property
    def key_values(self) -> KeyValues:
        """The key-value pairs that flows share."""
        ...

    @property
    def files(self) -> Files:
        """The stored files that the execution may use."""
        ...

    @property
    def namespace_files(self) -> NamespaceFiles:
        """The files of the namespaces that the execution may use."""

    @property
    def history(self) -> History:
        """Executions, logs and triggers of the tenant, as far as namespaces allow it."""
        ...

    def resume(self, execution_id: str, inputs: Mapping[str, Json]) -> None:
        """Lets a paused execution go on; `inputs` are what its paused task asks for.

        Raises a `PenstockError` when there is none, or it cannot be resumed.
        """
        ...

    def now(self) -> datetime:
        """The present moment in UTC, from the injected clock."""
        ...

    def wait(self, seconds: float, woken: threading.Event) -> bool:
        """Waits on the injected clock; True when `woken` was set before the time was over."""
        ...

    @property
    def transport(self) -> object | None:
        """What carries HTTP requests in place of the network, as httpx takes it (in tests)."""
        ...

    def log(self, message: str, level: LogLevel = LogLevel.INFO) -> None:
        """Writes a line to the execution's log; secrets in it are masked."""
        ...

    def mask(self, text: str) -> str:
        """The text without the secrets that the execution has used. Logs, outputs and failures
        are masked anyway; a text that is cut short must be masked before.
        """
        ...

    def seal(self, text: str) -> Json:
        """A secret text as outputs keep it: plain in expressions, hidden wherever people look.

        Raises that there is no key to encrypt it with.
        """
        ...

    @property
    def cache_directory(self) -> Path:
        """A folder that stays, shared by all attempts, for what can be made anew."""
        ...

    def metric(
        self, name: str, value: float, *, kind: str = "counter", tags: Mapping[str, str] = ...
    ) -> None:
        """Records a metric (``counter``, ``timer`` or ``gauge``) on the task run."""
        ...

    def render(self, value: Json, extra: Mapping[str, Json] = ...) -> Json:
        """Renders expressions in a value with this task run's variables and `extra`."""
        ...

    def make_task(self, source: str) -> Task:
        """The task of a YAML text, rendered with this task run's variables.

        Raises `TaskFailed` with a sentence about what is wrong with the text.
        """
        ...

    def store_file(self, path: Path, name: str | None = None) -> str:
        """Keeps a file beyond the attempt; gives back its ``penstock://`` URI."""
        ...

    def fetch_file(self, uri: str, target: Path) -> Path:
        """Brings a stored file (``penstock://`` or ``kestra://``) to `target`."""
        ...

    @property
    def is_cancelled(self) -> bool:
        """Whether a kill, a timeout or a shutdown asks the task to end."""
        ...

    def on_cancel(self, stop: Callable[[], None]) -> None:
        """Registers what ends the work at once (kill a process group, close a socket)."""
        ...
