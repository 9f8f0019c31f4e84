"""Values in which secrets are sealed, as expressions see them: plain."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from penstock.model.frozen import Json
from penstock.model.sealed import box_of


class Opened(Mapping[str, Json]):
    """A map whose secrets are opened when somebody reads them.

    What is beside them is not copied: the outputs of a large execution are read often.
    """

    __slots__ = ("_open", "_values")

    def __init__(self, values: Mapping[str, Json], open_box: Callable[[str], str]) -> None:
        self._values = values
        self._open = open_box

    def __getitem__(self, key: str) -> Json:
        return self._shown(self._values[key])

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def _shown(self, value: Json) -> Json:
        box = box_of(value)
        if box is not None:
            return self._open(box)
        if isinstance(value, Mapping):
            return Opened(value, self._open)  # type: ignore[return-value] - a Mapping, as a dict is
        return [self._shown(item) for item in value] if isinstance(value, list) else value
