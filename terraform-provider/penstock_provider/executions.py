"""Executions and triggers of the server: started, followed, told what to do."""

from __future__ import annotations

import urllib.parse
from collections.abc import AsyncIterator
from functools import partial

from penstock_provider.api import ApiError, Json
from penstock_provider.client import Client
from penstock_provider.events import Events
from penstock_provider.framework.loop import Loop
from penstock_provider.framework.values import JsonValue

_MOST = 1000


class Executions:
    """The executions of one tenant, for one configured provider."""

    def __init__(self, loop: Loop, client: Client) -> None:
        self._loop = loop
        self._client = client

    @property
    def stopped(self) -> bool:
        """True once Terraform wants to end."""
        return self._client.stopped

    async def validate(self, wanted: Json) -> Json | None:
        """What the server would say to a start; None when there is no such flow (yet)."""
        try:
            return await self._request("POST", "/executions:validate", wanted)
        except ApiError as error:
            if error.status == 404:  # noqa: PLR2004 (it may be created in this run)
                return None
            raise

    async def start(self, wanted: Json) -> Json:
        """Starts an execution. It is asked for once only: another time would start another one."""
        return await self._request("POST", "/executions", wanted, once=True)

    async def follow(self, execution: str, seconds: float | None) -> AsyncIterator[Json]:
        """The execution whenever it changes, until it ends, the time is over or all is stopped."""
        events = Events(self._client, f"/executions/{_quoted(execution)}/follow")
        if seconds is not None:
            self._loop.later(seconds, events.close)
        try:
            while True:
                event = await self._loop.in_thread(events.next)
                if event is None or event.name == "end":
                    return
                if event.name in {"snapshot", "change"} and isinstance(event.data, dict):
                    yield event.data
        finally:
            events.close()

    async def successor(self, execution: Json) -> str | None:
        """The execution that goes on in the place of one that is tried again; None without one."""
        original = str(execution.get("originalId") or execution.get("id"))
        answer = await self._request("GET", f"/executions?originalId={_quoted(original)}&limit=1")
        items = answer.get("items")
        newest = items[0] if isinstance(items, list) and items else None
        if not isinstance(newest, dict) or newest.get("id") == execution.get("id"):
            return None
        return str(newest["id"])

    async def of_trigger(self, address: tuple[str, str, str], after: str = "") -> list[Json]:
        """A trigger's executions that were created at or after a time, newest first."""
        namespace, flow, trigger = address
        asked = {"namespace": namespace, "flowId": flow, "trigger": trigger, "limit": str(_MOST)}
        if after:
            asked["createdAfter"] = after
        answer = await self._request("GET", f"/executions?{urllib.parse.urlencode(asked)}")
        items = answer.get("items")
        found = (
            [each for each in items if isinstance(each, dict)] if isinstance(items, list) else []
        )
        return [each for each in found if each.get("namespace") == namespace]

    async def trigger(self, address: tuple[str, str, str]) -> Json:
        """A trigger as it is."""
        return await self._request("GET", _trigger(address))

    async def operate(self, address: tuple[str, str, str], name: str, options: Json) -> Json:
        """Does something with a trigger, once."""
        return await self._request("POST", f"{_trigger(address)}/{name}", options, once=True)

    async def pause(self, seconds: float) -> None:
        """Waits, unless all is stopped."""
        await self._loop.in_thread(partial(self._client.pause, seconds))

    async def _request(
        self, method: str, path: str, body: JsonValue = None, *, once: bool = False
    ) -> Json:
        response = await self._loop.in_thread(
            lambda: self._client.request(method, path, body, once=once)
        )
        return response.json


def _trigger(address: tuple[str, str, str]) -> str:
    return f"/triggers/{'/'.join(map(_quoted, address))}"


def _quoted(part: str) -> str:
    return urllib.parse.quote(part, safe="")
