"""The processes that run jq: started when needed, kept warm, replaced when one ends."""

from __future__ import annotations

import atexit
import importlib.util
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path

from penstock.expression.error import ExpressionError, LimitError
from penstock.expression.limit import Limits
from penstock.runtime.query import child

_MEMORY = 512 * 2**20
_IDLE = 4
"""So many processes stay; more run only while more threads ask at once."""
_VALUE = re.compile(r"\b(string|number|object|array|boolean|null) \(.*?\)(?= and | can| is|$)")


class Queries:
    """Runs jq queries; safe for threads. Starts nothing before the first query."""

    def __init__(self) -> None:
        self._idle: list[_Process] = []
        self._lock = threading.Lock()

    def __call__(self, query: str, document: str, limits: Limits) -> str:
        """The results as the text of a JSON list.

        Raises:
            ExpressionError: it is no query, or it fails on the document.
            LimitError: it takes too much time, memory or output.
        """
        with self._lock:
            process = self._idle.pop() if self._idle else None
        process = process or _Process()
        try:
            status, text = process.ask(query, document, limits)
        except BaseException:
            process.end()
            raise
        with self._lock:
            if len(self._idle) < _IDLE:
                self._idle.append(process)
                process = None
        if process is not None:
            process.end()
        if status == child.DONE:
            return text
        if status == child.TOO_LARGE:
            raise LimitError(
                "The jq expression makes more than "
                f"{limits.output_bytes:,} characters, which is the most that is allowed.",
                hint="Process large data in a task.",
            )
        raise ExpressionError(_sentence(text))

    def close(self) -> None:
        """Ends the processes that wait for work."""
        with self._lock:
            idle, self._idle = self._idle, []
        for process in idle:
            process.end()


class _Process:
    def __init__(self) -> None:
        found = importlib.util.find_spec("jq")
        if found is None or found.origin is None:
            raise ExpressionError("The package `jq` is not installed, so there are no queries.")
        folder = str(Path(found.origin).parent)
        self._popen = subprocess.Popen(
            [
                sys.executable,
                "-I",
                "-S",
                child.__file__,
                folder,
                str(_MEMORY),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env={},
            # The keys that interrupt the server do not interrupt a query's answer.
            start_new_session=True,
        )

    def ask(self, query: str, document: str, limits: Limits) -> tuple[int, str]:
        """The status and text of the answer. The process cannot be used after an error."""
        sink, source = self._popen.stdin, self._popen.stdout
        assert sink is not None, "both are pipes"
        assert source is not None, "both are pipes"
        texts = query.encode("utf-8", "replace"), document.encode("utf-8", "replace")
        head = child.REQUEST.pack(
            len(texts[0]), len(texts[1]), limits.cpu_seconds, limits.output_bytes
        )
        try:
            sink.write(head + texts[0] + texts[1])
            sink.flush()
            answer = source.read(child.ANSWER.size)
            if len(answer) < child.ANSWER.size:
                raise self._ended(limits)
            status, size = child.ANSWER.unpack(answer)
            text = source.read(size)
        except BrokenPipeError:
            raise self._ended(limits) from None
        return status, text.decode()

    def _ended(self, limits: Limits) -> LimitError:
        if self._popen.wait() == -signal.SIGPROF:
            return LimitError(
                f"The jq expression took more than {limits.cpu_seconds:g} s of processor time.",
                hint="Move the work into a task.",
            )
        return LimitError(
            "The jq expression took too much memory.", hint="Process large data in a task."
        )

    def end(self) -> None:
        """Ends it, whatever it does."""
        self._popen.kill()
        for pipe in (self._popen.stdin, self._popen.stdout):
            if pipe is not None:
                try:
                    pipe.close()
                except BrokenPipeError:
                    continue
        self._popen.wait()


def _sentence(text: str) -> str:
    """The message of jq, without the values it quotes: a piece of a secret could not be masked."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    reason = lines[0].removeprefix("jq: error: ") if lines else "it gives no reason"
    if reason == "break":
        reason = "No more inputs"
    reason = _VALUE.sub(r"\1", reason.replace("<top-level>, ", ""))
    if "..." in reason:
        reason = "a value does not fit"
    return f"The jq expression fails: {reason.rstrip('.: ')}."


QUERIES = Queries()
"""Those of this process; they end with it."""
atexit.register(QUERIES.close)
