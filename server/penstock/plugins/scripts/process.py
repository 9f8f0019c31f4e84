"""The process runner: a program in a process group of its own, on this machine."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from penstock.plugins.scripts.guard import guard
from penstock.plugins.scripts.lines import LineSplitter

ALLOWED_ENVIRONMENT = (
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "SHELL",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "TMPDIR",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
)
"""What scripts see of the server's environment; its settings and credentials are not theirs."""

GRACE_SECONDS = 10.0
"""Between asking a group to end (SIGTERM) and killing it (SIGKILL)."""
_TICK_SECONDS = 0.5
_DRAIN_SECONDS = 5.0
_CHUNK = 64 * 1024
# The program starts only after the guard knows its group: if the server dies in between,
# `read` meets the end of the pipe and nothing starts.
_GATE = 'read -r _ || exit 125; exec "$@" </dev/null'


@dataclass
class ScriptProcess:
    """Runs one command; `stop` may come from another thread at any time.

    `on_line` gets each line of output without its end, whether it came from stderr, and whether
    it is only the beginning of a line that is too long.
    """

    command: Sequence[str]
    directory: Path
    environment: Mapping[str, str]
    on_line: Callable[[str, bool, bool], None]
    grace_seconds: float = GRACE_SECONDS
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _process: subprocess.Popen[bytes] | None = None
    _stop_at: float | None = None

    @property
    def was_stopped(self) -> bool:
        """Whether `stop` was called."""
        return self._stop_at is not None

    def run(self) -> int:
        """Runs to the end; gives the exit code (128 + n for a death by signal n)."""
        process = self._start()
        try:
            self._pump(process)
        finally:
            self._end_group(process)
            for stream in (process.stdin, process.stdout, process.stderr):
                if stream is not None:
                    stream.close()
        code = process.returncode
        return code if code >= 0 else 128 - code

    def stop(self) -> None:
        """Asks the whole group to end; what does not within the grace period is killed."""
        with self._lock:
            if self._stop_at is None:
                self._stop_at = time.monotonic()
            if self._process is not None and self._process.poll() is None:
                _signal_group(self._process.pid, signal.SIGTERM)

    def _start(self) -> subprocess.Popen[bytes]:
        process = subprocess.Popen(
            ["/bin/sh", "-c", _GATE, "sh", *self.command],
            bufsize=0,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=self.directory,
            env=dict(self.environment),
            start_new_session=True,
        )
        try:
            guard.add(process.pid)
        except OSError:
            self._open_gate(process, go=False)
            self._end_group(process)
            raise
        with self._lock:
            self._process = process
            self._open_gate(process, go=self._stop_at is None)
        return process

    def _open_gate(self, process: subprocess.Popen[bytes], *, go: bool) -> None:
        """Closed without a word, the gate ends by itself."""
        if process.stdin is None:
            return
        with contextlib.suppress(BrokenPipeError):
            if go:
                process.stdin.write(b"\n")
        process.stdin.close()

    def _pump(self, process: subprocess.Popen[bytes]) -> None:
        splitters = {
            process.stdout: LineSplitter(lambda line, cut: self.on_line(line, False, cut)),
            process.stderr: LineSplitter(lambda line, cut: self.on_line(line, True, cut)),
        }
        ended_at: float | None = None
        with selectors.DefaultSelector() as selector:
            for stream in splitters:
                if stream is not None:
                    selector.register(stream, selectors.EVENT_READ)
            while selector.get_map():
                for key, _ in selector.select(_TICK_SECONDS):
                    chunk = os.read(key.fd, _CHUNK)
                    splitter = splitters[key.fileobj]  # pyrefly: ignore[bad-index] ours
                    if chunk:
                        splitter.feed(chunk)
                    else:
                        splitter.close()
                        selector.unregister(key.fileobj)
                self._kill_if_overdue(process)
                if ended_at is None and process.poll() is not None:
                    # Whatever the program left behind in its group holds our pipes open.
                    _signal_group(process.pid, signal.SIGKILL)
                    ended_at = time.monotonic()
                if ended_at is not None and time.monotonic() - ended_at > _DRAIN_SECONDS:
                    break
        for splitter in splitters.values():
            splitter.close()
        while True:
            try:
                process.wait(_TICK_SECONDS)
            except subprocess.TimeoutExpired:
                self._kill_if_overdue(process)
            else:
                return

    def _kill_if_overdue(self, process: subprocess.Popen[bytes]) -> None:
        since = self._stop_at
        if since is not None and time.monotonic() - since >= self.grace_seconds:
            with self._lock:
                if process.poll() is None:
                    _signal_group(process.pid, signal.SIGKILL)

    def _end_group(self, process: subprocess.Popen[bytes]) -> None:
        with self._lock:
            _signal_group(process.pid, signal.SIGKILL)
            process.wait()
        guard.remove(process.pid)


def base_environment(environment: Mapping[str, str]) -> dict[str, str]:
    """The few variables of the server's environment that scripts may see."""
    return {name: environment[name] for name in ALLOWED_ENVIRONMENT if name in environment}


def _signal_group(group: int, number: signal.Signals) -> None:
    try:
        os.killpg(group, number)
    except (ProcessLookupError, PermissionError):
        # Nobody is left; macOS says so with a refusal when only a zombie is.
        return
