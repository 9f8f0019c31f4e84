"""What a class accepts as YAML, worked out once a class."""

from __future__ import annotations

import difflib
import functools
import types
import typing
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from itertools import islice
from typing import NamedTuple

from pydantic import AliasChoices, BaseModel
from pydantic.fields import FieldInfo

from penstock.model.condition import Condition
from penstock.model.dynamic import SECRET
from penstock.model.input import BaseInput
from penstock.model.task import Entry, Task

_COMPARED = 1000
"""Names that a hint is chosen from; each comparison costs microseconds."""


@dataclass(frozen=True, slots=True)
class Key:
    """One accepted key; `current` is the spelling that a deprecated one was replaced by, `instead`
    says what to do where that is more than another name.
    """

    field: str
    current: str
    deprecated: bool
    required: bool
    secret: bool = False
    instead: str | None = None


class Holds(Enum):
    """How a property holds tasks."""

    TASKS = "a list of tasks"
    TASK = "one task"
    CASES = "a map of lists of tasks"
    ENTRIES = "a list of mappings with a task in each"


class Part(NamedTuple):
    """What stands below a key; `entry` is the class of the mappings of ENTRIES."""

    holds: Holds
    entry: type[Entry] | None = None


@dataclass(frozen=True, slots=True)
class Shape:
    """Accepted keys; which of them hold child tasks, and how; which hold declared inputs, or
    conditions.
    """

    keys: dict[str, Key]
    parts: dict[str, Part]
    inputs: frozenset[str] = frozenset()
    conditions: frozenset[str] = frozenset()

    def nearest(self, key: str) -> str | None:
        """The accepted key that is most like this one."""
        return nearest_name(key, self.current())

    def current(self) -> tuple[str, ...]:
        """The accepted keys without deprecated spellings."""
        return tuple(name for name, known in self.keys.items() if not known.deprecated)


@functools.cache
def shape_of(cls: type[BaseModel]) -> Shape:
    """The shape of a class. Of several aliases the first is current, the others are deprecated."""
    keys: dict[str, Key] = {}
    fields = cls.task_fields if issubclass(cls, Task | Entry) else ()
    for name, field in cls.model_fields.items():
        spellings = _spellings(name, field)
        for spelling in spellings:
            keys[spelling] = Key(
                name,
                spellings[0],
                spelling != spellings[0],
                required=field.is_required(),
                secret=_says(field, *SECRET),
                instead=field.description if _says(field, "deprecated") else None,
            )
    parts: dict[str, Part] = {}
    for key, known in keys.items():
        if known.field in fields:
            parts[key] = _part(cls.model_fields[known.field].annotation)
    asked = frozenset(key for key, known in keys.items() if _holds(cls, known.field, BaseInput))
    tested = frozenset(key for key, known in keys.items() if _holds(cls, known.field, Condition))
    return Shape(keys, parts, asked, tested)


def _says(field: FieldInfo, mark: str) -> bool:
    extra = field.json_schema_extra
    return isinstance(extra, dict) and extra.get(mark) is True


def _holds(cls: type[BaseModel], field: str, kind: type[BaseModel]) -> bool:
    models = list(_models(cls.model_fields[field].annotation))
    return bool(models) and all(issubclass(model, kind) for model in models)


def _part(annotation: object) -> Part:
    """How the annotation of a property among `task_fields` holds them."""
    origin = typing.get_origin(annotation)
    if origin is dict:
        return Part(Holds.CASES)
    if origin is not tuple:
        return Part(Holds.TASK)
    entry = next((each for each in _models(annotation) if issubclass(each, Entry)), None)
    return Part(Holds.TASKS if entry is None else Holds.ENTRIES, entry)


def _spellings(name: str, field: FieldInfo) -> list[str]:
    alias = field.validation_alias
    if isinstance(alias, AliasChoices):
        return [choice for choice in alias.choices if isinstance(choice, str)]
    return [alias if isinstance(alias, str) else name]


@functools.cache
def model_below(cls: type[BaseModel], key: str) -> tuple[type[BaseModel], ...]:
    """The models that the values below a key may be of, at any depth of its lists and maps."""
    known = shape_of(cls).keys.get(key)
    if known is None:
        return ()
    return tuple(_models(cls.model_fields[known.field].annotation))


def _models(annotation: object) -> Iterable[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
        return
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        yield from _models(typing.get_args(annotation)[0])
    elif origin in (typing.Union, types.UnionType, list, tuple, dict):
        for argument in typing.get_args(annotation):
            yield from _models(argument)


def nearest_name(name: str, known: Iterable[str]) -> str | None:
    """The known name most like the given one, or None when none is close."""
    lowered = {candidate.lower(): candidate for candidate in islice(known, _COMPARED)}
    found = difflib.get_close_matches(name.lower(), lowered, n=1, cutoff=0.6)
    return lowered[found[0]] if found else None
