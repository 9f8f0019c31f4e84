"""FLOAT."""

from __future__ import annotations

from typing import Literal

from penstock.model.frozen import Json
from penstock.model.input.base import BaseInput
from penstock.model.input.number import bounded, real


class FloatInput(BaseInput):
    """A finite number between `min` and `max`, both included.

    Example:
        - id: share
          type: FLOAT
          min: 0
          max: 1
          defaults: 0.5
    """

    type: Literal["FLOAT"]
    min: float | None = None
    """The smallest number that it takes."""
    max: float | None = None
    """The largest number that it takes."""

    def cast(self, value: Json) -> Json:
        """The number; a text that is one counts."""
        return bounded(real(value), self.min, self.max)

    def takes(self) -> str:
        """See `BaseInput.takes`."""
        return "a number such as `0.5`"
