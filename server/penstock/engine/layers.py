"""A map that is cheap to copy: most of it is shared with the copies."""

from __future__ import annotations

import math
from collections.abc import ItemsView, Iterator, Mapping, MutableMapping, ValuesView
from typing import Self, TypeVar, cast, overload

K = TypeVar("K")
V = TypeVar("V")
D = TypeVar("D")
_GONE = object()
_BELOW = object()
_FEW = 32


class Layers(MutableMapping[K, V]):
    """Entries in the order of their first writing; a small layer of changes on a shared base.

    A `fork` copies the changes only, and folds them into a new base when there are many for the
    size of it: the price of a fork grows with the root of the number of entries. A map that was
    forked must not be written any more.
    """

    __slots__ = ("_base", "_size", "_top")

    def __init__(self, entries: Mapping[K, V] | None = None) -> None:
        self._base: dict[K, V] = {}
        self._top: dict[K, object] = dict(entries or {})
        self._size = len(self._top)

    def __getitem__(self, key: K) -> V:
        """The entry; raises `KeyError`."""
        found = self._top.get(key, _BELOW)
        if found is _BELOW:
            return self._base[key]
        if found is _GONE:
            raise KeyError(key)
        return found  # type: ignore[return-value] - the two marks are out

    @overload
    def get(self, key: K, /) -> V | None: ...
    @overload
    def get(self, key: K, default: V | D, /) -> V | D: ...
    def get(self, key: K, default: object = None, /) -> object:
        """The entry, or `default`."""
        found = self._top.get(key, _BELOW)
        if found is _BELOW:
            return self._base.get(key, default)  # type: ignore[arg-type] - as it was given
        return default if found is _GONE else found

    def values(self) -> ValuesView[V]:
        """The entries in the order of their first writing."""
        return self.merged().values()

    def items(self) -> ItemsView[K, V]:
        """Keys and entries in the order of their first writing."""
        return self.merged().items()

    def __setitem__(self, key: K, value: V) -> None:
        """Adds or replaces an entry."""
        top = self._top
        if key not in top:
            self._size += key not in self._base
        elif top[key] is _GONE:
            self._size += 1
        top[key] = value

    def __delitem__(self, key: K) -> None:
        """Removes an entry; raises `KeyError`."""
        if key not in self:
            raise KeyError(key)
        self._size -= 1
        if key in self._base:
            self._top[key] = _GONE
        else:
            del self._top[key]

    def __contains__(self, key: object) -> bool:
        """Whether there is such an entry."""
        found = self._top.get(cast("K", key), _BELOW)
        return key in self._base if found is _BELOW else found is not _GONE

    def __iter__(self) -> Iterator[K]:
        """The keys in the order of their first writing."""
        return iter(self.merged())

    def __len__(self) -> int:
        """How many entries there are."""
        return self._size

    def merged(self) -> dict[K, V]:
        """All entries as a plain map, which must not be changed."""
        if not self._top:
            return self._base
        whole = cast("dict[K, V]", {**self._base, **self._top})
        if len(whole) == self._size:
            return whole
        return {key: value for key, value in whole.items() if value is not _GONE}

    def __repr__(self) -> str:
        """As of a plain map."""
        return repr(self.merged())

    def fork(self) -> Self:
        """A copy to change."""
        new = object.__new__(type(self))
        new._size = self._size
        if len(self._top) <= _FEW + math.isqrt(len(self._base)):
            new._base, new._top = self._base, self._top.copy()
        else:
            new._base, new._top = self.merged(), {}
        return new
