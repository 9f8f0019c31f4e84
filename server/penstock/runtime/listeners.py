"""Who wants to know when an execution has changed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable


class Listeners:
    """Callbacks by execution; told after commit, on the executor's thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._callbacks: dict[str, list[Callable[[], None]]] = {}
        self._idle = threading.Condition()
        self._active = 0

    def add(self, execution_id: str, callback: Callable[[], None]) -> Callable[[], None]:
        """Registers a callback; returns the undo."""
        with self._lock:
            self._callbacks.setdefault(execution_id, []).append(callback)

        def undo() -> None:
            with self._lock:
                left = [each for each in self._callbacks.get(execution_id, ()) if each != callback]
                if left:
                    self._callbacks[execution_id] = left
                else:
                    self._callbacks.pop(execution_id, None)

        return undo

    def tell(self, execution_ids: Iterable[str], active: int) -> None:
        """Calls back for each execution; `active` is how many are not over."""
        if self._callbacks:
            with self._lock:
                found = [
                    callback for id_ in execution_ids for callback in self._callbacks.get(id_, ())
                ]
            for callback in found:
                callback()
        if active != self._active:
            with self._idle:
                self._active = active
                if not active:
                    self._idle.notify_all()

    def wait_idle(self, timeout: float) -> bool:
        """Waits until none is active."""
        with self._idle:
            return self._idle.wait_for(lambda: not self._active, timeout)
