"""``namespace.*`` in expressions: inherited variables, secret ones, and the namespace itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from penstock.model.frozen import Json

ReadSecret = Callable[[str, str | None], Json]
"""Gives the value of a secret's key, or of a part of it; the masker knows it by then."""


class NamespaceVariables(Mapping[str, Json]):
    """Variables by name. One that is written ``{secret: KEY}`` is that secret's value: read when
    an expression reaches it, not before.
    """

    __slots__ = ("_read", "_values")

    def __init__(self, values: Mapping[str, Json], read: ReadSecret) -> None:
        self._values = values
        self._read = read

    def __getitem__(self, name: str) -> Json:
        return self._resolved(self._values[name])

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def _resolved(self, value: Json) -> Json:
        if isinstance(value, dict):
            reference = secret_of(value)
            if reference is not None:
                return self._read(*reference)
            return NamespaceVariables(value, self._read)  # type: ignore[return-value] - a Mapping in place of a dict
        if isinstance(value, list):
            return [self._resolved(item) for item in value]
        return value


def secret_of(value: Mapping[str, Json]) -> tuple[str, str | None] | None:
    """Key and part of a secret that a variable refers to; None when it is a plain map."""
    key, part = value.get("secret"), value.get("subkey")
    if not isinstance(key, str) or value.keys() - {"secret", "subkey"}:
        return None
    return key, part if isinstance(part, str) else None
