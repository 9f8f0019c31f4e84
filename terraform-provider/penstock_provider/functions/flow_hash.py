"""`flow_hash`: a flow text's `content_hash`, before any server has seen it."""

from __future__ import annotations

from penstock_provider.framework.function import Function, Parameter
from penstock_provider.framework.values import STRING, Value, text
from penstock_provider.scanner import content_hash


class FlowHash(Function):
    """The hash of a text."""

    summary = "SHA-256 of a flow text's exact bytes, hexadecimal."
    description = (
        "SHA-256 of a flow text's exact bytes, hexadecimal: the `content_hash` that the flow has "
        "on a server. Two texts are the same flow content when their hashes are."
    )
    parameters = (Parameter("yaml", STRING, "The flow's text."),)
    returns = STRING

    async def call(self, *arguments: Value) -> Value:
        """The digest."""
        return content_hash(text(arguments[0]))
