"""Says when the window of a flow trigger has ended and the others have not done their part."""

from __future__ import annotations

from datetime import datetime, timedelta

import structlog
from sqlalchemy import Connection

from penstock.model.frozen import Json
from penstock.plugins.core.trigger.flow import Flow
from penstock.runtime.clock import Clock
from penstock.runtime.executor import Executor
from penstock.runtime.flows import FlowVersion, FlowVersions, InvalidFlow
from penstock.runtime.functions import World
from penstock.runtime.reaction import CHAIN, parts_of, window_of
from penstock.runtime.rendering import Renderer
from penstock.service.firing import Fire, Firing
from penstock.store import trigger as trigger_store
from penstock.store.identity import new_id
from penstock.store.trigger import TriggerRow

_TYPE = "core.trigger.Flow"
_PATIENCE = 60.0
_log = structlog.get_logger("penstock.trigger")


class Deadlines:
    """Looks at windows that have ended."""

    name = "deadlines"
    seconds = 15.0

    def __init__(self, world: World, flows: FlowVersions, executor: Executor, clock: Clock) -> None:
        self._world = world
        self._flows = flows
        self._executor = executor
        self._clock = clock

    def tick(self) -> datetime | None:
        """Makes a FAILED execution for each that was missed; gives back when the next one ends."""
        now = self._clock.now()
        with self._world.database.read() as tx:
            rows = trigger_store.due(tx, [_TYPE], now)
        for row in rows:
            self._look(row, now)
        with self._world.database.read() as tx:
            return trigger_store.earliest(tx, [_TYPE])

    def _look(self, row: TriggerRow, now: datetime) -> None:
        version, trigger = self._find(row)
        if version is None or trigger is None or trigger.on_miss is None:
            self._move(row, None)
            return
        window = window_of(trigger)
        following = window.around(now)
        assert row.next_at is not None
        assert following is not None, "a window that slides has no end"
        ended = window.around(row.next_at - timedelta(microseconds=1))
        state = row.state or {}
        is_met = ended is not None and state.get("begins") == ended[0].isoformat()
        if is_met and state.get("fired") is True:
            self._move(row, following[1])
            return
        done = state.get("done") if is_met else None
        came = done if isinstance(done, dict) else {}
        missing = [name for name in parts_of(trigger) if name not in came]
        self._miss(row, version, trigger, missing=_told(trigger, missing), following=following[1])

    def _miss(
        self,
        row: TriggerRow,
        version: FlowVersion,
        trigger: Flow,
        *,
        missing: str,
        following: datetime,
    ) -> None:
        assert trigger.on_miss is not None
        firing = Firing(
            execution_id=new_id(),
            tenant=row.key.tenant,
            now=self._clock.now(),
            trigger=trigger.model_copy(update={"inputs": None}),
            type=_TYPE,
            actor="scheduler",
            variables={"date": row.next_at.isoformat() if row.next_at else None, CHAIN: []},
            labels=trigger.on_miss.labels or {},
        )
        fire = Fire(
            version, firing, lambda execution: Renderer(self._world, self._clock, execution)
        )
        refusal = f"The window of the trigger '{trigger.id}' has ended without {missing}."

        def claim(tx: Connection) -> bool:
            return trigger_store.move(tx, row, following)

        self._executor.submit(
            fire.labelled(),
            version,
            guard=claim,
            refusal=refusal,
            warnings=tuple(fire.warnings),
        ).result(_PATIENCE)

    def _find(self, row: TriggerRow) -> tuple[FlowVersion | None, Flow | None]:
        key = row.key
        try:
            with self._world.database.read() as tx:
                version = self._flows.latest(tx, key.tenant, key.namespace, key.flow_id)
        except InvalidFlow as error:
            _log.error("a trigger's flow is not valid", flow=key.flow_id, reason=str(error))
            return None, None
        if version is None or version.disabled or version.flow.disabled:
            return None, None
        found = next((each for each in version.flow.triggers if each.id == key.id), None)
        return version, found if isinstance(found, Flow) else None

    def _move(self, row: TriggerRow, following: datetime | None) -> None:
        def move(tx: Connection) -> None:
            trigger_store.move(tx, row, following)

        self._executor.write(move).result(_PATIENCE)


def _told(trigger: Flow, missing: list[str]) -> str:
    """What has not come, by name."""
    parts: dict[str, Json] = {
        f"flow {number}": f"{each.namespace}.{each.flow_id or '*'}"
        for number, each in enumerate(trigger.depends_on)
    }
    return ", ".join(str(parts.get(name, name)) for name in missing) or "a start"
