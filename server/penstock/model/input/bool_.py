"""BOOL."""

from __future__ import annotations

from typing import Literal

from penstock.model.frozen import Json
from penstock.model.input.base import BaseInput, text_of


class BoolInput(BaseInput):
    """true or false; of a text anything but "true", in any case, is false.

    Example:
        - id: dry_run
          type: BOOL
          defaults: false
    """

    type: Literal["BOOL", "BOOLEAN"]

    def cast(self, value: Json) -> Json:
        """The boolean."""
        return value if isinstance(value, bool) else text_of(value).strip().lower() == "true"

    def takes(self) -> str:
        """See `BaseInput.takes`."""
        return "`true` or `false`"
