"""Action `penstock_enable_trigger`: lets a trigger start its flow, for a while."""

from __future__ import annotations

from typing import ClassVar

from penstock_provider.framework.schema import Schema
from penstock_provider.trigger_action import EXPIRES_AT, REASON, TRIGGER, TriggerAction


class EnableTrigger(TriggerAction):
    """Switches a trigger on."""

    operation = "enable"
    options: ClassVar = {"reason": "reason", "expiresAt": "expires_at"}
    schema: ClassVar[Schema] = Schema(
        "Lets a trigger start its flow, for a while, whatever the flow says. "
        "`penstock_follow_trigger` takes it back.",
        {**TRIGGER, "reason": REASON, "expires_at": EXPIRES_AT},
    )
