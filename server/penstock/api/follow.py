"""Follows an execution as server-sent events."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncGenerator

import orjson
from starlette.concurrency import run_in_threadpool

from penstock.model.frozen import Json
from penstock.model.state import State
from penstock.security.caller import Caller
from penstock.service import execution
from penstock.service.services import Services

_LOOK_AGAIN_SECONDS = 10
"""Then a comment keeps proxies from closing, and another server's work shows."""
_LINES = 500
_ID = re.compile(r"[0-9]{1,15}")


async def snapshot(services: Services, caller: Caller, execution_id: str) -> dict[str, Json]:
    """The execution as it is now. Raises `NotFound`."""
    return await run_in_threadpool(execution.get, services, caller, execution_id)


async def stream(
    services: Services,
    caller: Caller,
    execution_id: str,
    *,
    first: dict[str, Json],
    last: str | None,
) -> AsyncGenerator[bytes]:
    """The events, until the execution has ended; `last` is the id of the last one received."""
    loop, touched = asyncio.get_running_loop(), asyncio.Event()

    def wake() -> None:
        if not loop.is_closed():
            loop.call_soon_threadsafe(touched.set)

    undo = services.executor.subscribe(execution_id, wake)
    seq = int(last) if last is not None and _ID.fullmatch(last) else 0
    try:
        yield _event("snapshot", first, seq)
        shown = first
        while True:
            touched.clear()
            now = await snapshot(services, caller, execution_id)
            while True:
                lines = await run_in_threadpool(
                    execution.log_page, services, caller, execution_id, after=seq, limit=_LINES
                )
                for line in lines:
                    seq = int(str(line["seq"]))
                    yield _event("log", line, seq)
                if len(lines) < _LINES:
                    break
            if now != shown:
                yield _event("change", now, seq)
                shown = now
            if State(str(now["state"])).is_terminated:
                yield _event("end", {"state": now["state"]}, seq)
                return
            if not await _touched(touched, services):
                if services.is_leaving():
                    return
                yield b": still here\n\n"
    finally:
        undo()


async def _touched(touched: asyncio.Event, services: Services) -> bool:
    """Waits for news; False when there are none for a while, or the server stops."""
    for _ in range(_LOOK_AGAIN_SECONDS):
        if services.is_leaving():
            return False
        with contextlib.suppress(TimeoutError):
            return await asyncio.wait_for(touched.wait(), 1.0)
    return False


def _event(name: str, data: Json, seq: int) -> bytes:
    return b"id: %d\nevent: %s\ndata: %s\n\n" % (seq, name.encode(), orjson.dumps(data))
