"""INT."""

from __future__ import annotations

import math
import re
from typing import Literal

from penstock.model.frozen import Json
from penstock.model.input.base import BaseInput, Unfit
from penstock.model.input.number import bounded, unreadable

_INT32 = 2**31
_DIGITS = re.compile(r"[-+]?[0-9]{1,18}")


class IntInput(BaseInput):
    """A whole number of 32 bits between `min` and `max`, both included.

    Example:
        - id: rows
          type: INT
          min: 1
          max: 1000
    """

    type: Literal["INT"]
    min: int | None = None
    """The smallest number that it takes."""
    max: int | None = None
    """The largest number that it takes."""

    def cast(self, value: Json) -> Json:
        """The number; a text with digits is one too."""
        if isinstance(value, str) and _DIGITS.fullmatch(value.strip()):
            value = int(value)
        if isinstance(value, float) and math.isfinite(value) and value == math.trunc(value):
            value = math.trunc(value)
        if isinstance(value, bool) or not isinstance(value, int):
            raise Unfit(unreadable(value))
        if not -_INT32 <= value < _INT32:
            raise Unfit(f"the number {value} does not fit in 32 bits")
        return bounded(value, self.min, self.max)

    def takes(self) -> str:
        """See `BaseInput.takes`."""
        return "a whole number such as `3`"
