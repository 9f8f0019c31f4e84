"""Text properties that also take YAML's numbers and booleans."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator, ValidationInfo

from penstock.model.dynamic import AS_WRITTEN


def as_text(value: object, info: ValidationInfo) -> object:
    """Numbers and booleans as YAML would write them; anything else unchanged.

    While a flow's text is read the parser does better: it takes `1.10` as it is written.
    """
    if info.context is AS_WRITTEN:
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


Text = Annotated[str, BeforeValidator(as_text)]
"""A text; ``8080`` and ``true`` are taken as "8080" and "true", as people write them."""
