"""What the PUT bodies of declared objects hold, and the sentences when they do not."""

from __future__ import annotations

import difflib
from typing import Annotated, TypeVar

from pydantic import BaseModel, Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails

from penstock.model.flow import FLOW_ID_PATTERN
from penstock.model.frozen import Frozen, Json
from penstock.model.key_value import KvType
from penstock.model.plugin_default import PluginDefault
from penstock.model.problem import Problem
from penstock.service.objectset import has_unknown

S = TypeVar("S", bound=BaseModel)
ALLOWED_PATTERN = r"^(\*|[a-z0-9][a-z0-9._-]*)$"


class NamespaceSpec(Frozen):
    """A namespace: what its flows and those below it inherit, and who else may use it."""

    description: Annotated[str | None, Field(description="For people.")] = None
    variables: Annotated[
        dict[str, Json],
        Field(
            description="What expressions read as `namespace.<name>`; `{secret: KEY}` is a secret."
        ),
    ] = Field(default_factory=dict)
    labels: Annotated[dict[str, str], Field(description="For filters and policies.")] = Field(
        default_factory=dict
    )
    allowed_namespaces: Annotated[
        list[Annotated[str, Field(pattern=ALLOWED_PATTERN)]] | None,
        Field(
            description="Whose flows may use its secrets, pairs, files and flows: namespaces, with "
            "those below them, or `*`. Without it the nearest list above counts."
        ),
    ] = None
    plugin_defaults: Annotated[
        list[PluginDefault] | None,
        Field(
            description="What all objects of a type get in the flows of this namespace and below: "
            "`type`, `values`, `forced`, `ref`."
        ),
    ] = None


class FlowSpec(Frozen):
    """A flow as its YAML text."""

    source: Annotated[str, Field(description="The YAML text, kept byte for byte.")]


class FlowTestSpec(Frozen):
    """Tests of a flow as their YAML text."""

    source: Annotated[str, Field(description="The YAML text, kept byte for byte.")]


class SecretSpec(Frozen):
    """A secret's value, which is never given back."""

    value: Annotated[SecretStr, Field(min_length=1, description="The value; write-only.")]
    value_version: Annotated[
        str | None,
        Field(
            max_length=256, description="The value's version where it comes from; no part of it."
        ),
    ] = None
    description: Annotated[str | None, Field(description="For people; never the value.")] = None


class ScheduleSpec(Frozen):
    """A timetable for a flow of the schedule's namespace."""

    flow_id: Annotated[
        str, Field(pattern=FLOW_ID_PATTERN, description="The flow of this namespace to start.")
    ]
    cron: Annotated[str, Field(description="When, as a cron expression.")]
    timezone: Annotated[str, Field(description="IANA time zone of the expression.")] = "UTC"
    inputs: Annotated[dict[str, Json], Field(description="Inputs of each execution.")] = Field(
        default_factory=dict
    )
    disabled: Annotated[bool, Field(description="Keeps the schedule without firing it.")] = False
    allow_concurrent: Annotated[
        bool,
        Field(description="Starts although what it started last still runs, instead of waiting."),
    ] = False
    description: Annotated[str | None, Field(description="For people.")] = None


class KvSpec(Frozen):
    """A readable value under a key of a namespace."""

    value: Annotated[Json, Field(description="Any JSON; whoever may read the namespace sees it.")]
    description: Annotated[str | None, Field(description="For people.")] = None
    ttl: Annotated[
        str | None,
        Field(description="ISO 8601 duration from the last writing, after which it is gone."),
    ] = None
    type: Annotated[
        KvType | None,
        Field(description="DATETIME, DATE or DURATION of a text; others show in the value."),
    ] = None


class FileSpec(Frozen):
    """A file of a namespace: text, or any bytes."""

    content: Annotated[str | None, Field(description="The text; either this or `base64`.")] = None
    base64: Annotated[
        str | None, Field(description="The bytes in base64; either this or `content`.")
    ] = None


def read(
    model: type[S], spec: dict[str, Json], *, optional: tuple[str, ...] = ()
) -> tuple[S | None, list[Problem]]:
    """The spec as `model`, or None and why not.

    Parts that are not known yet (``$unknown``) and absent `optional` ones are not held against
    it; the answer is then None without problems.
    """
    known = {name: value for name, value in spec.items() if not has_unknown(value)}
    try:
        return model.model_validate(known), []
    except ValidationError as error:
        excused = (spec.keys() - known.keys()) | set(optional)
        details = error.errors(include_url=False, include_input=False, include_context=True)
        return None, [
            _problem(model, detail)
            for detail in details
            if not (detail["type"] == "missing" and str(detail["loc"][0]) in excused)
        ]


def has_all(model: type[BaseModel], spec: dict[str, Json]) -> bool:
    """Whether the spec holds everything, nothing of it unknown."""
    required = {
        field.alias or name for name, field in model.model_fields.items() if field.is_required()
    }
    return required <= spec.keys() and not has_unknown(spec)


def _problem(model: type[BaseModel], detail: ErrorDetails) -> Problem:
    path = ""
    for part in detail["loc"]:
        path += f"[{part}]" if isinstance(part, int) else f".{part}"
    path = path.lstrip(".")
    name = str(detail["loc"][-1]) if detail["loc"] else "body"
    kind = detail["type"]
    if kind == "missing":
        return Problem(f"`{name}` is missing.", path=path, code="missing-property")
    if kind == "extra_forbidden":
        names = [field.alias or key for key, field in model.model_fields.items()]
        close = difflib.get_close_matches(name, names, n=1)
        hint = f"Did you mean `{close[0]}`?" if close else f"It has {', '.join(names)}."
        return Problem(
            f"There is no property `{name}` here.", path=path, code="unknown-property", hint=hint
        )
    if kind.endswith(("_type", "_parsing")):
        expected = _NOUNS.get(kind.rpartition("_")[0], "another type")
        return Problem(f"`{name}` must be {expected}.", path=path, code="wrong-type")
    message = detail["msg"]
    return Problem(f"`{name}`: {message[0].lower()}{message[1:]}.", path=path, code="invalid")


_NOUNS = {
    "string": "a text",
    "bool": "true or false",
    "int": "a whole number",
    "float": "a number",
    "dict": "an object",
    "list": "a list",
    "datetime": "a time such as 2030-01-31T00:00:00Z",
    "datetime_from_date": "a time such as 2030-01-31T00:00:00Z",
}
