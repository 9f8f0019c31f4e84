"""What a transaction in the making changes of triggers."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Connection

from penstock.model.execution import Execution, StateChange
from penstock.model.flow import Flow
from penstock.model.frozen import Json
from penstock.service.firing import FROM_TRIGGER
from penstock.store import trigger as trigger_store
from penstock.store.audit import AuditRecord
from penstock.store.trigger import Override, TriggerKey

_ACTOR = "system"


@dataclass(slots=True)
class TriggerChanges:
    """`windows` has what flow triggers remember, `started` what they have started, `stops` those
    that are switched off by their `stopAfter`.
    """

    windows: dict[TriggerKey, dict[str, Json]] = field(default_factory=dict)
    started: dict[TriggerKey, Execution] = field(default_factory=dict)
    stops: dict[TriggerKey, Override] = field(default_factory=dict)

    def stop(self, flow: Flow, execution: Execution, change: StateChange) -> None:
        """Switches a trigger off when what it started has come to one of its `stopAfter`."""
        origin = execution.origin
        if origin is None or not FROM_TRIGGER.items() <= execution.labels.items():
            return
        trigger = next((each for each in flow.triggers if each.id == origin.id), None)
        if trigger is None or change.state not in trigger.stop_after:
            return
        key = TriggerKey(execution.tenant, flow.namespace, flow.id, trigger.id)
        reason = f"stopAfter: the execution {execution.id} is {change.state.value}"
        self.stops[key] = Override(disabled=True, reason=reason, actor=_ACTOR, at=change.at)

    def write(self, tx: Connection) -> None:
        """Keeps all of it."""
        for key, state in self.windows.items():
            trigger_store.set_state(tx, key, state)
        for key, execution in self.started.items():
            trigger_store.started(tx, key, execution.id, execution.created_at)
        for key, override in self.stops.items():
            trigger_store.set_override(tx, key, override)

    def audits(self) -> list[AuditRecord]:
        """What the audit log says of it."""
        return [
            AuditRecord(
                tenant=key.tenant,
                at=override.at,
                actor=override.actor,
                action="trigger.disable",
                object=f"trigger/{key.namespace}/{key.flow_id}/{key.id}",
                detail={"reason": override.reason},
            )
            for key, override in self.stops.items()
        ]
