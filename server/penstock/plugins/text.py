"""Text properties that also take YAML's numbers and booleans."""

from __future__ import annotations

from typing import Annotated

from pydantic import BeforeValidator


def as_text(value: object) -> object:
    """Numbers and booleans as YAML would write them; anything else unchanged."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int | float) else value


Text = Annotated[str, BeforeValidator(as_text)]
"""A text; ``8080`` and ``true`` are taken as "8080" and "true", as people write them."""
