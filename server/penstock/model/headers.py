"""Headers of a request, as expressions see them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from penstock.model.frozen import Json


class Headers(Mapping[str, Json]):
    """Headers by names in small letters; they are found in any spelling."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, Json]) -> None:
        self._values = values

    def __getitem__(self, key: str) -> Json:
        return self._values[key.lower()]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


def with_headers(variables: Mapping[str, Json]) -> dict[str, Json]:
    """What a webhook gave, its headers found in any spelling."""
    headers = variables.get("headers")
    if not isinstance(headers, dict):
        return {**variables}
    return {**variables, "headers": Headers(headers)}  # type: ignore[dict-item] - a Mapping
