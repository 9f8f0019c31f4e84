"""Action `penstock_disable_trigger`: keeps a trigger from starting anything, for a while."""

from __future__ import annotations

from typing import ClassVar

from penstock_provider.framework.schema import Schema
from penstock_provider.trigger_action import EXPIRES_AT, REASON, TRIGGER, TriggerAction


class DisableTrigger(TriggerAction):
    """Switches a trigger off."""

    operation = "disable"
    options: ClassVar = {"reason": "reason", "expiresAt": "expires_at"}
    schema: ClassVar[Schema] = Schema(
        "Keeps a trigger from starting anything, for a while, whatever its flow says: before a "
        "migration, for example. `penstock_follow_trigger` takes it back.",
        {**TRIGGER, "reason": REASON, "expires_at": EXPIRES_AT},
    )
