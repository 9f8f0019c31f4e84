"""Virtual environments for sets of dependencies: made once, then used by every run that asks."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import threading
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from penstock.model.task import LogLevel
from penstock.plugins.scripts.process import ScriptProcess, base_environment
from penstock.sdk.context import RunContext
from penstock.sdk.task import TaskFailed

_COMPLETE = ".penstock-complete"
_LAST_LINES = 8
_WAIT_SECONDS = 0.2
_INDEX_VARIABLES = (
    "PIP_CONFIG_FILE",
    "PIP_INDEX_URL",
    "PIP_EXTRA_INDEX_URL",
    "PIP_NO_INDEX",
    "PIP_FIND_LINKS",
    "PIP_TRUSTED_HOST",
    "PIP_CERT",
    "PIP_CONSTRAINT",
    "UV_CONFIG_FILE",
    "UV_DEFAULT_INDEX",
    "UV_INDEX",
    "UV_INDEX_URL",
    "UV_EXTRA_INDEX_URL",
    "UV_FIND_LINKS",
    "UV_NO_INDEX",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "http_proxy",
    "https_proxy",
    "no_proxy",
)
"""Where packages come from. Installing sees them, scripts do not: they may hold credentials."""
_CREDENTIALS = re.compile(r"://[^/@\s]+@")


@dataclass(frozen=True, slots=True)
class VirtualEnvironment:
    """What an environment is made of: an interpreter, dependencies, and who installs them."""

    python: str
    dependencies: tuple[str, ...]
    uv: str | None = None

    def folder(self, context: RunContext, *, cached: bool) -> Path:
        """Where it is, made when it is not there yet; a run that asks meanwhile waits.

        Raises `TaskFailed` with the last lines of what installs.
        """
        if not cached:
            folder = context.working_directory / ".venv"
            self._make(context, folder)
            return folder
        root = context.cache_directory / "python"
        root.mkdir(exist_ok=True)
        folder = root / self._key()
        if (folder / _COMPLETE).exists():
            return folder
        with _alone(context, root / f"{folder.name}.lock"):
            if not (folder / _COMPLETE).exists():
                # Of somebody who was killed while making it a half may be left.
                shutil.rmtree(folder, ignore_errors=True)
                self._make(context, folder)
                (folder / _COMPLETE).touch()
        return folder

    def _key(self) -> str:
        parts = [os.path.realpath(self.python), sorted(set(self.dependencies))]
        return hashlib.sha256(json.dumps(parts).encode()).hexdigest()[:32]

    def _make(self, context: RunContext, folder: Path) -> None:
        shown = ", ".join(self.dependencies)
        context.log(f"Installing {shown}.", LogLevel.DEBUG)
        program = str(folder / "bin" / "python")
        if self.uv is None:
            steps = (
                [self.python, "-m", "venv", str(folder)],
                [program, "-m", "pip", "install", "--no-input", "--", *self.dependencies],
            )
        else:
            steps = (
                [self.uv, "venv", "--python", self.python, str(folder)],
                [self.uv, "pip", "install", "--python", program, "--", *self.dependencies],
            )
        for step in steps:
            _run(context, step, what=shown)


def _run(context: RunContext, command: Sequence[str], *, what: str) -> None:
    last: deque[str] = deque(maxlen=_LAST_LINES)

    def hear(line: str, _is_error: bool, _is_cut: bool) -> None:  # noqa: FBT001 a callback's shape
        said = _CREDENTIALS.sub("://***@", line).rstrip()
        if said:
            last.append(said)
            context.log(said, LogLevel.TRACE)

    process = ScriptProcess(
        command=command,
        directory=context.working_directory,
        environment=_environment(),
        on_line=hear,
    )
    context.on_cancel(process.stop)
    if context.is_cancelled:
        process.stop()
    try:
        code = process.run()
    except OSError as error:
        raise TaskFailed(f"{what} cannot be installed: {error}.") from None
    if process.was_stopped:
        raise TaskFailed("Installing was ended because the task was asked to stop.")
    if code != 0:
        # Warnings about indexes come first; what is wrong is what people should see first.
        errors = [line for line in last if line.lower().startswith("error")] or list(last)
        program = "uv" if Path(command[0]).name == "uv" else "pip"
        lines = "\n".join(errors) or f"exit code {code}"
        raise TaskFailed(f"The dependencies {what} cannot be installed; {program} says: {lines}")


def _environment() -> dict[str, str]:
    known = {name: os.environ[name] for name in _INDEX_VARIABLES if name in os.environ}
    return {
        **base_environment(os.environ),
        **known,
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PYTHONUTF8": "1",
    }


@contextmanager
def _alone(context: RunContext, path: Path) -> Iterator[None]:
    """Holds a lock that other processes and threads wait for; a task that is to end does not."""
    woken = threading.Event()
    context.on_cancel(woken.set)
    with path.open("w") as file:
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if woken.wait(_WAIT_SECONDS):
                    raise TaskFailed("The task was asked to stop while it waited.") from None
            else:
                break
        yield
