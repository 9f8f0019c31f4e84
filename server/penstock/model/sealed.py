"""Secret values as executions keep them: encrypted, and told apart by their shape."""

from __future__ import annotations

from typing import TypeVar, cast

from penstock.model.frozen import Json

TYPE = "penstock.datatype:aes_encrypted"
MASK = "******"
"""What stands for a secret wherever people look."""

J = TypeVar("J", bound=Json)


def sealed(box: str) -> dict[str, Json]:
    """The value that keeps an encrypted text."""
    return {"type": TYPE, "value": box}


def box_of(value: object) -> str | None:
    """The encrypted text of a sealed value; None of any other value."""
    if isinstance(value, dict) and len(value) == 2 and value.get("type") == TYPE:  # noqa: PLR2004
        box = value.get("value")
        return box if isinstance(box, str) else None
    return None


def holds_sealed(value: object) -> bool:
    """Whether a sealed value is anywhere in a value."""
    if isinstance(value, dict):
        return box_of(value) is not None or any(map(holds_sealed, value.values()))
    return isinstance(value, list) and any(map(holds_sealed, value))


def hidden(value: J) -> J:
    """The value as people may see it."""
    return cast("J", _hidden(value)) if holds_sealed(value) else value


def _hidden(value: Json) -> Json:
    if box_of(value) is not None:
        return MASK
    if isinstance(value, dict):
        return {key: _hidden(item) for key, item in value.items()}
    return [_hidden(item) for item in value] if isinstance(value, list) else value
