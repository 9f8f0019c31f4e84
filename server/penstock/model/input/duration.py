"""DURATION."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, ClassVar, Literal

from pydantic import AfterValidator

from penstock.model.frozen import Json
from penstock.model.input.base import BaseInput, Unfit, text_of

_WRITTEN = re.compile(
    r"([-+]?)P(?!$)(?:(\d+)W)?(?:(\d+)D)?(?:T(?!$)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d{1,9})?)S)?)?"
)


def span(text: str) -> timedelta:
    """The duration that an ISO 8601 text says. Raises `Unfit`."""
    found = _WRITTEN.fullmatch(text.strip().upper())
    if found is None:
        raise Unfit("expected a duration in ISO 8601, such as `PT1H30M`")
    sign, *parts = found.groups()
    weeks, days, hours, minutes, seconds = (float(part or 0) for part in parts)
    try:
        made = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    except OverflowError:
        raise Unfit("the duration is longer than can be counted") from None
    return -made if sign == "-" else made


def _readable(value: str | None) -> str | None:
    if value is not None:
        try:
            span(value)
        except Unfit as error:
            raise ValueError(str(error)) from None
    return value


_Bound = Annotated[str | None, AfterValidator(_readable)]


class DurationInput(BaseInput):
    """A duration in ISO 8601, such as `PT30S` or `P1DT2H`, kept as it is written.

    Example:
        - id: patience
          type: DURATION
          min: PT1S
          max: PT1H
          defaults: PT30S
    """

    keeps_text: ClassVar[bool] = True

    type: Literal["DURATION"]
    min: _Bound = None
    """The shortest that it takes."""
    max: _Bound = None
    """The longest that it takes."""

    def cast(self, value: Json) -> Json:
        """The text."""
        text = text_of(value).strip()
        length = span(text)
        if self.min is not None and length < span(self.min):
            raise Unfit(f"It must be more than `{self.min}`")
        if self.max is not None and length > span(self.max):
            raise Unfit(f"It must be less than `{self.max}`")
        return text

    def takes(self) -> str:
        """See `BaseInput.takes`."""
        return "a duration in ISO 8601, such as `PT1H30M`"
