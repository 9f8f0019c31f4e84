"""SECRET."""

from __future__ import annotations

from typing import ClassVar, Literal

from penstock.model.frozen import Json
from penstock.model.input.base import BaseInput, text_of
from penstock.model.input.pattern import Pattern, fitting


class SecretInput(BaseInput):
    """A text that is stored encrypted; expressions see it, logs, outputs and answers do not.

    Example:
        - id: token
          type: SECRET
          validator: "[0-9a-f]{8,}"
    """

    keeps_text: ClassVar[bool] = True
    empty_is_value: ClassVar[bool] = True
    is_secret: ClassVar[bool] = True

    type: Literal["SECRET"]
    validator: Pattern = None
    """A regular expression that must match all of it."""

    def cast(self, value: Json) -> Json:
        """The plain text; who keeps it encrypts it."""
        return fitting(text_of(value), self.validator)

    def takes(self) -> str:
        """See `BaseInput.takes`."""
        return "a text that nobody else sees"
