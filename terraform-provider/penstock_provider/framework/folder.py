"""One file for each thing that users can name: a folder's files as a mapping of their classes."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator, Mapping
from typing import TypeVar

K = TypeVar("K")


class Folder(Mapping[str, type[K]]):
    """One class of ``kind`` for each file of a package, under ``prefix`` and the file's name.

    The names come from the files; a file is imported when its class is asked for. Most processes
    that Terraform starts are about a few types.
    """

    def __init__(self, package: str, kind: type[K], *, prefix: str) -> None:
        self._package = package
        self._kind = kind
        found = _modules(importlib.import_module(package).__path__[0])
        self._modules = {prefix + name: name for name in sorted(found)}
        self._classes: dict[str, type[K]] = {}

    def __getitem__(self, name: str) -> type[K]:
        known = self._classes.get(name)
        if known is None:
            path = f"{self._package}.{self._modules[name]}"
            known = self._classes[name] = _only(path, self._kind)
        return known

    def __contains__(self, name: object) -> bool:
        return name in self._modules

    def __iter__(self) -> Iterator[str]:
        return iter(self._modules)

    def __len__(self) -> int:
        return len(self._modules)


def _modules(folder: str) -> list[str]:
    try:
        files = os.listdir(folder)  # noqa: PTH208 (`pathlib` costs a start 4 ms)
    except OSError:
        # Inside of an archive.
        from pkgutil import iter_modules  # noqa: PLC0415 (hardly ever)

        return [module.name for module in iter_modules([folder])]
    return [file[:-3] for file in files if file.endswith(".py") and file[0] != "_"]


def _only(path: str, kind: type[K]) -> type[K]:
    """The one class of that kind that the module defines."""
    found = [
        value
        for value in vars(importlib.import_module(path)).values()
        if isinstance(value, type) and issubclass(value, kind) and value.__module__ == path
    ]
    if len(found) != 1:
        raise TypeError(f"{path} has {len(found)} classes of {kind.__name__}, and should have one")
    return found[0]
