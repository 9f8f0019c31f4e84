"""EMAIL."""

from __future__ import annotations

import re
from typing import ClassVar, Literal

from penstock.model.frozen import Json
from penstock.model.input.base import BaseInput, Unfit, text_of

_WRITTEN = re.compile(r"[^@\s]+@[^@\s.]+(?:\.[^@\s.]+)+")


class EmailInput(BaseInput):
    """An address for mail, or an empty text.

    Example:
        - id: owner
          type: EMAIL
          defaults: ada@example.com
    """

    keeps_text: ClassVar[bool] = True
    empty_is_value: ClassVar[bool] = True

    type: Literal["EMAIL"]

    def cast(self, value: Json) -> Json:
        """The text."""
        text = text_of(value)
        if text and not _WRITTEN.fullmatch(text):
            raise Unfit("The input must be a valid email")
        return text

    def takes(self) -> str:
        """See `BaseInput.takes`."""
        return "an address such as `ada@example.com`"
