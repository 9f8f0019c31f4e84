"""JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, cast

import orjson
from pydantic import AfterValidator

from penstock.model.frozen import Json
from penstock.model.input.base import BaseInput, Unfit
from penstock.model.nesting import TooDeep, hold, parsed

if TYPE_CHECKING:
    from jsonschema.protocols import Validator

Written = str | dict[str, Json] | None


def _sound(value: Written) -> Written:
    if value is not None:
        try:
            _validator(value)
        except Unfit as error:
            raise ValueError(str(error)) from None
    return value


def _validator(written: str | dict[str, Json]) -> Validator:
    """The checker of a schema; it never fetches what a schema refers to. Raises `Unfit`."""
    # Only flows with a schema need the library.
    from jsonschema import Draft202012Validator, SchemaError  # noqa: PLC0415 - see above
    from jsonschema.validators import validator_for  # noqa: PLC0415 - see above
    from referencing import Registry  # noqa: PLC0415 - see above

    from penstock.model.input.json_pattern import bounded  # noqa: PLC0415 - see above

    try:
        schema = parsed(written) if isinstance(written, str) else written
    except (orjson.JSONDecodeError, TooDeep) as error:
        raise Unfit(f"Invalid JSON content or schema: {error}") from None
    if not isinstance(schema, dict):
        raise Unfit("Invalid JSON content or schema: a schema is an object")
    kind = validator_for(schema, default=Draft202012Validator)
    try:
        kind.check_schema(schema)
    except SchemaError as error:
        raise Unfit(f"Invalid JSON content or schema: {error.message}") from None
    return cast("Validator", bounded(kind, schema)(schema, registry=Registry()))


class JsonInput(BaseInput):
    """Any JSON value, or a text that parses to one.

    Example:
        - id: order
          type: JSON
          jsonSchema: '{"type": "object", "required": ["id"]}'
    """

    type: Literal["JSON"]
    json_schema: Annotated[Written, AfterValidator(_sound)] = None
    """A JSON Schema, as text or as a map, that the value must satisfy."""

    def cast(self, value: Json) -> Json:
        """The parsed value."""
        if isinstance(value, str):
            try:
                value = orjson.loads(value)
            except orjson.JSONDecodeError as error:
                raise Unfit(f"Invalid JSON content: {error}") from None
        try:
            hold(value)
        except TooDeep as error:
            raise Unfit(f"Invalid JSON content: {error}") from None
        if self.json_schema is not None:
            _satisfy(value, self.json_schema)
        return value

    def takes(self) -> str:
        """See `BaseInput.takes`."""
        return 'a JSON value such as `{"a": 1}`'


def _satisfy(value: Json, schema: str | dict[str, Json]) -> None:
    from referencing.exceptions import Unresolvable  # noqa: PLC0415 - as for the validator

    try:
        error = next(iter(_validator(schema).iter_errors(value)), None)
    except Unresolvable as missing:
        raise Unfit(f"Invalid JSON content or schema: `{missing.ref}` is not in it") from None
    if error is not None:
        place = f"at `{error.json_path}`: " if error.path else ""
        raise Unfit(f"it must match the json schema: {place}{error.message}")
