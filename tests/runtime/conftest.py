import threading
from collections.abc import Iterator

import pytest

from penstock.plugins.core.flow.sleep import Sleep
from penstock.sdk.context import RunContext

from .stand import Stand


@pytest.fixture
def stand(tmp_path) -> Iterator[Stand]:
    made = Stand(tmp_path)
    made.executor.start()
    yield made
    made.close()


class Gate:
    """Whoever sleeps does so until this is opened, or the task is asked to stop."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._is_open = False

    def open(self) -> None:
        with self._changed:
            self._is_open = True
            self._changed.notify_all()

    def sleep(self, context: RunContext) -> None:
        context.on_cancel(self._look)
        with self._changed:
            self._changed.wait_for(lambda: self._is_open or context.is_cancelled)

    def _look(self) -> None:
        with self._changed:
            self._changed.notify_all()


@pytest.fixture
def gate(monkeypatch) -> Gate:
    made = Gate()
    monkeypatch.setattr(Sleep, "run", lambda _task, context: made.sleep(context))
    return made
