"""What the functions that read one key of a flow's text have in common."""

from __future__ import annotations

from typing import ClassVar

from penstock_provider.framework.function import ArgumentError, Function, Parameter
from penstock_provider.framework.values import STRING, Value, text
from penstock_provider.scanner import scan


class TextFunction(Function):
    """What a text says at its top level under a key."""

    key: ClassVar[str]
    parameters = (Parameter("yaml", STRING, "The flow's text."),)
    returns = STRING

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        cls.summary = f"The `{cls.key}` that a flow's text says."
        cls.description = (
            f"The `{cls.key}` that a flow's text says at its top level, in block style. "
            "An error when it says none."
        )

    async def call(self, *arguments: Value) -> Value:
        """The value under the key."""
        found = scan(text(arguments[0])).get(self.key)
        if found is None:
            sentence = f"The text has no `{self.key}` on a line of its own at its top level"
            raise ArgumentError(0, f"{sentence}: add `{self.key}: …`.")
        return found
