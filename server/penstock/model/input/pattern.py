"""Regular expressions that texts must match."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator

from penstock.model.input.base import Unfit


def _compiles(value: str | None) -> str | None:
    if value is not None:
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"invalid pattern [{value}]: {error}") from None
    return value


Pattern = Annotated[str | None, AfterValidator(_compiles)]
"""A regular expression, checked when the flow is written."""


def fitting(text: str, pattern: str | None) -> str:
    """The text, when the pattern matches all of it. Raises `Unfit`."""
    if pattern is not None and not re.fullmatch(pattern, text):
        raise Unfit(f"it must match the pattern `{pattern}`")
    return text
