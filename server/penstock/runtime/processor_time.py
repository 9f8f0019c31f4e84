"""The processor time of a rendering's own work."""

import gc
import threading
import time


class _Collecting(threading.local):
    """What this thread has spent on collecting garbage, in seconds."""

    began: float | None = None
    seconds = 0.0


_collecting = _Collecting()


def processor_time() -> float:
    """Processor seconds of this thread, without those in which it collected garbage.

    A collection looks at everything that the process keeps, which takes a large one longer than
    an expression may. It strikes whoever happens to make the next object.
    """
    return time.thread_time() - _collecting.seconds


def _note(phase: str, info: dict[str, int]) -> None:
    # The youngest objects are few, and looked at often.
    if not info["generation"]:
        return
    if phase == "start":
        _collecting.began = time.thread_time()
    elif _collecting.began is not None:
        _collecting.seconds += time.thread_time() - _collecting.began
        _collecting.began = None


gc.callbacks.append(_note)
