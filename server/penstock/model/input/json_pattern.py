"""The regular expressions of a JSON Schema, bounded as all others are."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, cast

from jsonschema import ValidationError
from jsonschema.validators import extend

from penstock.model.frozen import Json
from penstock.model.input.base import Unfit
from penstock.model.pattern.bounded import bounded_pattern
from penstock.model.pattern.error import PatternError

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

    class Descending(Validator):
        """What the library gives to keywords; its protocol leaves out how they go on."""

        def descend(
            self, instance: Json, schema: Json, path: str, schema_path: str
        ) -> Iterable[ValidationError]:
            """The errors of a value below."""
            ...

    Keyword = Callable[[Descending, Json, Json, Json], Iterable[ValidationError]]

_VALUES = frozenset({"const", "enum", "default", "examples"})
"""What stands below them are no schemas."""
_REST = ("additionalProperties", "unevaluatedProperties")
"""Keywords that ask which names the patterns of others match."""


def bounded(kind: type[Validator], schema: dict[str, Json]) -> type[Validator]:
    """The same validator, whose patterns cannot take forever.

    Raises `Unfit` when one of the schema's is no pattern, or could take forever on any text.
    """
    patterns = tuple(dict.fromkeys(_patterns(schema)))
    for pattern in patterns:
        _compiled(pattern, "")
    own: dict[str, Keyword] = {"pattern": _pattern, "patternProperties": _pattern_properties}
    known = cast("Mapping[str, Keyword]", kind.VALIDATORS)
    own.update({name: _held(known[name], patterns) for name in _REST if name in known})
    return extend(kind, validators=own)


def _patterns(schema: Json) -> Iterator[str]:
    if isinstance(schema, list):
        for item in schema:
            yield from _patterns(item)
    elif isinstance(schema, dict):
        for key, value in schema.items():
            if key == "pattern" and isinstance(value, str):
                yield value
            if key == "patternProperties" and isinstance(value, dict):
                yield from value
            if key not in _VALUES:
                yield from _patterns(value)


def _compiled(pattern: str, text: str) -> re.Pattern[str]:
    try:
        return bounded_pattern(pattern, text)
    except PatternError as error:
        raise Unfit(f"Invalid JSON content or schema: {error}") from None


def _pattern(_: Descending, pattern: Json, value: Json, __: Json) -> Iterator[ValidationError]:
    if isinstance(value, str) and not _compiled(str(pattern), value).search(value):
        yield ValidationError(f"{value!r} does not match {pattern!r}")


def _pattern_properties(
    validator: Descending, schemas: Json, value: Json, _: Json
) -> Iterator[ValidationError]:
    if not isinstance(value, dict):
        return
    for pattern, schema in cast("dict[str, Json]", schemas).items():
        for name, item in value.items():
            if _compiled(pattern, name).search(name):
                yield from validator.descend(item, schema, path=name, schema_path=pattern)


def _held(keyword: Keyword, patterns: tuple[str, ...]) -> Keyword:
    """The keyword of the library, which matches by itself, after a look at what that may cost."""

    def checked(
        validator: Descending, wanted: Json, value: Json, schema: Json
    ) -> Iterator[ValidationError]:
        for name in value if isinstance(value, dict) else ():
            for pattern in patterns:
                _compiled(pattern, name)
        try:
            yield from keyword(validator, wanted, value, schema)
        except re.error as error:
            raise Unfit(f"Invalid JSON content or schema: {error}") from None

    return checked
