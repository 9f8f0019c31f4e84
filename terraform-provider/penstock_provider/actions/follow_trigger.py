"""Action `penstock_follow_trigger`: lets a trigger do what its flow says again."""

from __future__ import annotations

from typing import ClassVar

from penstock_provider.api import ApiError
from penstock_provider.framework.action import Progress
from penstock_provider.framework.diagnostics import Diagnostics
from penstock_provider.framework.schema import Schema
from penstock_provider.framework.values import State
from penstock_provider.sentences import failure
from penstock_provider.trigger_action import TRIGGER, TriggerAction, address


class FollowTrigger(TriggerAction):
    """Takes back what `disable` or `enable` said."""

    operation = "follow"
    schema: ClassVar[Schema] = Schema(
        "Lets a trigger do what its flow says again, after `penstock_disable_trigger` or "
        "`penstock_enable_trigger`. Nothing happens to one that does so already.",
        {**TRIGGER},
    )

    async def invoke(self, config: State, diagnostics: Diagnostics, *, progress: Progress) -> None:
        """Tells it, unless nobody has said otherwise."""
        where = address(config)
        name = "/".join(where)
        try:
            trigger = await self.provider.executions.trigger(where)
        except ApiError as error:
            raise failure(error, f"read trigger {name}") from None
        if trigger.get("override") is None:
            progress(f"Trigger {name} does what its flow says already")
            return
        await super().invoke(config, diagnostics, progress=progress)
