"""Regular expressions that texts must match."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator

from penstock.model.input.base import Unfit
from penstock.model.pattern.bounded import bounded_pattern
from penstock.model.pattern.error import PatternError


def _compiles(value: str | None) -> str | None:
    if value is not None:
        try:
            bounded_pattern(value, "")
        except PatternError as error:
            raise ValueError(f"invalid pattern [{value}]: {error}") from None
    return value


Pattern = Annotated[str | None, AfterValidator(_compiles)]
"""A regular expression, checked when the flow is written."""


def fitting(text: str, pattern: str | None) -> str:
    """The text, when the pattern matches all of it. Raises `Unfit`."""
    if pattern is None:
        return text
    try:
        compiled = bounded_pattern(pattern, text)
    except PatternError as error:
        raise Unfit(str(error)) from None
    if not compiled.fullmatch(text):
        raise Unfit(f"it must match the pattern `{pattern}`")
    return text
