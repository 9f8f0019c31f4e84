"""ARRAY."""

from __future__ import annotations

from typing import Annotated, Literal, Self

import orjson
from pydantic import BeforeValidator

from penstock.model.found import found, quoted
from penstock.model.frozen import Json
from penstock.model.input.base import BaseInput, Unfit
from penstock.model.input.bool_ import BoolInput
from penstock.model.input.date_ import DateInput
from penstock.model.input.datetime_ import DatetimeInput
from penstock.model.input.duration import DurationInput
from penstock.model.input.email import EmailInput
from penstock.model.input.file import FileInput
from penstock.model.input.float_ import FloatInput
from penstock.model.input.int_ import IntInput
from penstock.model.input.json_ import JsonInput
from penstock.model.input.string import StringInput
from penstock.model.input.time_ import TimeInput
from penstock.model.input.uri import UriInput
from penstock.model.input.yaml_ import YamlInput
from penstock.model.nesting import TooDeep, hold

_REFUSED = frozenset({"ARRAY", "SECRET", "SELECT", "ENUM", "MULTISELECT", "FORM"})
_MEMBERS: dict[str, type[BaseInput]] = {
    "STRING": StringInput,
    "INT": IntInput,
    "FLOAT": FloatInput,
    "BOOL": BoolInput,
    "BOOLEAN": BoolInput,
    "DATETIME": DatetimeInput,
    "DATE": DateInput,
    "TIME": TimeInput,
    "DURATION": DurationInput,
    "FILE": FileInput,
    "JSON": JsonInput,
    "YAML": YamlInput,
    "URI": UriInput,
    "EMAIL": EmailInput,
}


def _allowed(value: object) -> object:
    if isinstance(value, str) and value in _REFUSED:
        raise ValueError(f"`itemType` cannot be {value}.")
    return value


ItemType = Annotated[
    Literal[
        "STRING", "INT", "FLOAT", "BOOL", "BOOLEAN", "DATETIME", "DATE", "TIME", "DURATION",
        "FILE", "JSON", "YAML", "URI", "EMAIL",
    ],
    BeforeValidator(_allowed),
]  # fmt: skip
"""What the members of a list are."""


class ArrayInput(BaseInput):
    """A list whose members are of one type; also a text that is a JSON list.

    Example:
        - id: days
          type: ARRAY
          itemType: DATE
          defaults: ["2026-01-01"]
    """

    type: Literal["ARRAY"]
    item_type: ItemType
    """The type of the members."""

    @classmethod
    def of_output(cls, name: str) -> Self:
        """See `BaseInput.of_output`: the members may be anything."""
        return cls.model_construct(id=name, item_type="JSON")

    def cast(self, value: Json) -> Json:
        """The list with each member in its type."""
        items = listed(value)
        # The members of an output have no declared type: they stay what they are.
        return items if self.item_type == "JSON" else [member(i, self.item_type) for i in items]

    def takes(self) -> str:
        """See `BaseInput.takes`."""
        return "a list such as `[1, 2]`, or a text that is one in JSON"


def listed(value: Json) -> list[Json]:
    """The list that a value is, or that a text is in JSON. Raises `Unfit`."""
    if isinstance(value, str):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            raise Unfit(f"expected a list, found the text `{quoted(str(value))}`") from None
    if not isinstance(value, list):
        raise Unfit(f"expected a list, found {found(value)}")
    try:
        hold(value)
    except TooDeep as error:
        raise Unfit(str(error)) from None
    return value


def member(value: Json, kind: str) -> Json:
    """A member in its type. Raises `Unfit`."""
    try:
        return _MEMBERS[kind].of_output("item").cast(value)
    except Unfit:
        shown = value if isinstance(value, str) else orjson.dumps(value).decode()
        raise Unfit(f"Unable to parse array element as `{kind}` on `{quoted(shown)}`") from None
