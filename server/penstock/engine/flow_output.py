"""What a finished execution hands to its caller."""

from __future__ import annotations

import json
from collections.abc import Mapping

from penstock.engine.step import Ports
from penstock.expression.error import ExpressionError
from penstock.model.flow import Flow
from penstock.model.frozen import Json
from penstock.model.output import FlowOutput


class OutputFailed(Exception):
    """A flow output cannot be had; the message is a sentence that names it."""


def flow_outputs(flow: Flow, variables: Mapping[str, Json], ports: Ports) -> dict[str, Json] | None:
    """The rendered outputs of a flow, cast to their types; None when it declares none.

    Raises:
        OutputFailed: an expression fails, or a value does not fit its type.
    """
    if not flow.outputs:
        return None
    return {output.id: _value(output, variables, ports) for output in flow.outputs}


def _value(output: FlowOutput, variables: Mapping[str, Json], ports: Ports) -> Json:
    try:
        value = ports.render(output.value, variables, typed=True)
    except ExpressionError as error:
        raise OutputFailed(f"Flow output `{output.id}` cannot be rendered: {error}") from error
    if value is None:
        if output.required:
            raise OutputFailed(
                f"Flow output `{output.id}` is null. Set `required: false` if that is allowed."
            )
        return None
    try:
        return _cast(output.type.upper(), value)
    except (ValueError, TypeError):
        shown = value if isinstance(value, str) else json.dumps(value)
        raise OutputFailed(
            f"Flow output `{output.id}` must be of type {output.type}; "
            f"it rendered to `{shown[:100]}`."
        ) from None


def _cast(kind: str, value: Json) -> Json:
    if kind in {"INT", "FLOAT"}:
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise TypeError(kind)
        return _integer(value) if kind == "INT" else float(value)
    if kind in {"BOOL", "BOOLEAN"}:
        if isinstance(value, bool):
            return value
        if isinstance(value, str) and value.strip().lower() in {"true", "false"}:
            return value.strip().lower() == "true"
        raise TypeError(kind)
    if kind in {"JSON", "YAML", "KV"}:
        return value
    if kind in {"ARRAY", "MULTISELECT"}:
        items = json.loads(value) if isinstance(value, str) else value
        if not isinstance(items, list):
            raise TypeError(kind)
        return items
    if isinstance(value, str):
        return value
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def _integer(value: str | float) -> int:
    number = int(value)
    if isinstance(value, float) and value != number:
        raise ValueError(value)
    return number
