"""What actions on triggers have in common: which trigger, and what it is told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from penstock_provider.api import ApiError, Json
from penstock_provider.declared import given
from penstock_provider.framework.action import Action, Progress
from penstock_provider.framework.diagnostics import Diagnostics
from penstock_provider.framework.schema import Attribute
from penstock_provider.framework.values import STRING, State, text
from penstock_provider.provider import Penstock
from penstock_provider.sentences import attribute_path, failure
from penstock_provider.started import flow_attributes

Address = tuple[str, str, str]

TRIGGER: Mapping[str, Attribute] = {
    **flow_attributes("in which the trigger is written"),
    "trigger_id": Attribute(STRING, "Id of the trigger in the flow.", required=True),
}
REASON = Attribute(STRING, "Why, in a sentence; the audit log keeps it.", required=True)
EXPIRES_AT = Attribute(
    STRING,
    "Until when it counts, an RFC 3339 time; seven days when not given. Then the trigger follows "
    "its flow again.",
    optional=True,
)


class TriggerAction(Action[Penstock]):
    """Tells a trigger something; a subclass says which ``operation`` and with what options."""

    operation: ClassVar[str]
    options: ClassVar[Mapping[str, str]] = {}
    """The server's names of the options → our attributes."""

    async def invoke(self, config: State, diagnostics: Diagnostics, *, progress: Progress) -> None:  # noqa: ARG002 (interface)
        """Tells it."""
        await self.tell_trigger(config, given(config, **self.options))
        progress(f"Trigger {'/'.join(address(config))}: {self.operation}")

    async def tell_trigger(self, config: State, options: Json) -> Json:
        """Tells it, and gives back the trigger as it is then."""
        where = address(config)
        try:
            return await self.provider.executions.operate(where, self.operation, options)
        except ApiError as error:
            paths = (attribute_path(each, self.schema.attributes, {}) for each in error.problems)
            path = next(filter(None, paths), ())
            doing = f"{self.operation} trigger {'/'.join(where)}"
            raise failure(error, doing, path=path) from None


def address(config: State) -> Address:
    """Namespace, flow and id of the trigger."""
    return text(config["namespace"]), text(config["flow_id"]), text(config["trigger_id"])
