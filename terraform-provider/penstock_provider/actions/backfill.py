"""Action `penstock_backfill`: runs the dates of a trigger between two moments of the past."""

from __future__ import annotations

import time
from datetime import datetime
from typing import ClassVar

from penstock_provider.api import ApiError, Json
from penstock_provider.declared import given
from penstock_provider.executions import Executions
from penstock_provider.framework.action import Progress
from penstock_provider.framework.diagnostics import Diagnostics, Failure
from penstock_provider.framework.schema import Attribute, Schema
from penstock_provider.framework.values import STRING, State
from penstock_provider.sentences import failure
from penstock_provider.started import STARTED, is_waiting, patience, wanted
from penstock_provider.trigger_action import TRIGGER, Address, TriggerAction, address

_PAUSE = 1.0
_LONGEST_PAUSE = 10.0
_FINE = {"SUCCESS", "WARNING", "SKIPPED"}
_SHOWN = 10


class Backfill(TriggerAction):
    """Runs dates of the past."""

    operation = "backfill"
    schema: ClassVar[Schema] = Schema(
        "Runs the dates of a Schedule trigger between two moments of the past, and waits until the "
        "last one has ended. One trigger has one backfill at a time.",
        {
            **TRIGGER,
            "start": Attribute(
                STRING,
                "From when on, an RFC 3339 time such as `2031-01-31T00:00:00Z`.",
                required=True,
            ),
            "end": Attribute(
                STRING, "Until when, in the past; the present when not given.", optional=True
            ),
            **STARTED,
        },
    )

    async def invoke(self, config: State, diagnostics: Diagnostics, *, progress: Progress) -> None:  # noqa: ARG002 (interface)
        """Begins the backfill, and waits for its executions."""
        where = address(config)
        name = "/".join(where)
        try:
            before = await self.provider.executions.of_trigger(where)
        except ApiError as error:
            raise failure(error, f"backfill trigger {name}") from None
        options = {**given(config, start="start", end="end"), **wanted(config)}
        trigger = await self.tell_trigger(config, options)
        progress(f"The backfill of {name} has begun")
        if not is_waiting(config):
            return
        seconds = patience(config)
        deadline = None if seconds is None else time.monotonic() + seconds
        wait = _Wait(self.provider.executions, where, _Made(trigger, before), deadline=deadline)
        try:
            await wait.for_dates(progress)
            await wait.for_executions(progress)
        except ApiError as error:
            raise failure(error, f"wait for the backfill of {name}; it goes on") from None


class _Made:
    """Which executions of a trigger are the backfill's."""

    def __init__(self, trigger: Json, before: list[Json]) -> None:
        backfill = trigger.get("backfill")
        self._end = str(backfill.get("end")) if isinstance(backfill, dict) else ""
        self._known = {str(each.get("id")) for each in before}
        self.since = str(before[0].get("createdAt")) if before else ""

    def __contains__(self, execution: Json) -> bool:
        """True for one that was made since, for a date of the past."""
        date = _date(execution)
        is_new = execution.get("id") not in self._known
        return is_new and bool(date) and _moment(date) <= _moment(self._end)


class _Wait:
    """Waits for a backfill that has begun."""

    def __init__(
        self, executions: Executions, where: Address, made: _Made, *, deadline: float | None
    ) -> None:
        self._executions = executions
        self._where = where
        self._made = made
        self._deadline = deadline

    async def for_dates(self, progress: Progress) -> None:
        """Until every date has been started."""
        reached, pause = "", _PAUSE
        while True:
            backfill = (await self._executions.trigger(self._where)).get("backfill")
            if not isinstance(backfill, dict):
                return
            self._check()
            if backfill.get("executionId") and backfill.get("at") != reached:
                reached = str(backfill["at"])
                progress(f"The backfill has reached {reached}")
            await self._executions.pause(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE)

    async def for_executions(self, progress: Progress) -> None:
        """Until every execution has ended; ``Failure`` when some did not as they should."""
        for execution in await self._all():
            if not execution.get("endedAt"):
                async for _ in self._executions.follow(str(execution["id"]), self._left()):
                    continue
                self._check()
        ended = await self._all()
        bad = [each for each in ended if each.get("state") not in _FINE]
        progress(f"{len(ended)} executions have ended, {len(bad)} of them without success")
        if bad:
            shown = [f"{each['id']} of {_date(each)}: {each['state']}" for each in bad]
            more = [f"and {len(bad) - _SHOWN} more"] if len(bad) > _SHOWN else []
            raise Failure(
                f"{len(bad)} of {len(ended)} executions of the backfill did not succeed",
                "\n".join([*shown[:_SHOWN], *more]),
            )

    async def _all(self) -> list[Json]:
        """The backfill's executions, the oldest date first."""
        found = await self._executions.of_trigger(self._where, self._made.since)
        made = [each for each in found if each in self._made]
        return sorted(made, key=_date)

    def _left(self) -> float | None:
        return None if self._deadline is None else max(0.0, self._deadline - time.monotonic())

    def _check(self) -> None:
        summary = f"The backfill of {'/'.join(self._where)} goes on"
        if self._executions.stopped:
            raise Failure(summary, "Terraform was told to end, and waits no longer.")
        if self._left() == 0:
            raise Failure(
                summary,
                "It has not ended in the time that `timeout` gives it. Give it more, or do not "
                "`wait`.",
                path=("timeout",),
            )


def _date(execution: Json) -> str:
    """The date for which a trigger started it; empty when there is none."""
    trigger = execution.get("trigger")
    variables = trigger.get("variables") if isinstance(trigger, dict) else None
    date = variables.get("date") if isinstance(variables, dict) else None
    return date if isinstance(date, str) else ""


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)
