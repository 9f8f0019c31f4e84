"""A secret value on its way through the program."""

from __future__ import annotations


class SecretValue:
    """Text that does not show itself: not in repr, str, errors or logs.

    `reveal()` is the only way to it, so that every place that has the value can be found.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The text itself."""
        return self._value

    def __repr__(self) -> str:
        return "SecretValue(***)"

    __str__ = __repr__

    def __eq__(self, other: object) -> bool:
        return isinstance(other, SecretValue) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)
