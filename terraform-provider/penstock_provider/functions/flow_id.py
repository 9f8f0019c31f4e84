"""`flow_id`: the id that a flow's text says."""

from __future__ import annotations

from penstock_provider.framework.function import ArgumentError, Function, Parameter
from penstock_provider.framework.values import STRING, Value, text
from penstock_provider.scanner import scan


class FlowId(Function):
    """The id in a text."""

    summary = "The `id` that a flow's text says."
    description = (
        "The `id` that a flow's text says at its top level, in block style. "
        "An error when it says none."
    )
    parameters = (Parameter("yaml", STRING, "The flow's text."),)
    returns = STRING

    async def call(self, *arguments: Value) -> Value:
        """The id."""
        found = scan(text(arguments[0])).get("id")
        if found is None:
            sentence = "The text has no `id` on a line of its own at its top level"
            raise ArgumentError(0, f"{sentence}: add `id: …`.")
        return found
