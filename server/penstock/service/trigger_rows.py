"""What the server keeps of the triggers that a flow's text has."""

from __future__ import annotations

from datetime import datetime

from penstock.model.flow import Flow
from penstock.model.trigger import Trigger
from penstock.plugins.core.trigger.flow import Flow as FlowTrigger
from penstock.sdk.trigger import PollingTrigger
from penstock.store.trigger import TriggerKey, TriggerRow


def rows_of(tenant: str, flow: Flow, now: datetime) -> list[TriggerRow]:
    """One row for each trigger of a flow, as it is before it has done anything."""
    return [
        TriggerRow(
            key=TriggerKey(tenant, flow.namespace, flow.id, trigger.id),
            type=type(trigger).type_name,
            is_disabled=trigger.disabled or flow.disabled,
            next_at=_next(trigger, now),
        )
        for trigger in flow.triggers
    ]


def _next(trigger: Trigger, now: datetime) -> datetime | None:
    """When a duty must look at it: at the end of a window that must not be missed; at once when
    it asks again and again.
    """
    if isinstance(trigger, PollingTrigger):
        return now
    if isinstance(trigger, FlowTrigger) and trigger.on_miss is not None:
        around = trigger.time_window().around(now)
        return None if around is None else around[1]
    return None
