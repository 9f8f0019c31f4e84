"""URI."""

from __future__ import annotations

import re
from typing import ClassVar, Literal

from penstock.model.frozen import Json
from penstock.model.input.base import BaseInput, Unfit, text_of

_WRITTEN = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>\"{}|\\^`]+")


class UriInput(BaseInput):
    """An address with a scheme, such as `https://example.com/a`.

    Example:
        - id: source
          type: URI
          defaults: https://example.com/data.csv
    """

    keeps_text: ClassVar[bool] = True

    type: Literal["URI"]

    def cast(self, value: Json) -> Json:
        """The text."""
        text = text_of(value)
        if not _WRITTEN.fullmatch(text):
            raise Unfit("Invalid URI format.")
        return text

    def takes(self) -> str:
        """See `BaseInput.takes`."""
        return "an address with a scheme, such as `https://example.com/`"
