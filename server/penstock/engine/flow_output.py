"""What a finished execution hands to its caller."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from penstock.engine.step import Ports
from penstock.expression.error import ExpressionError
from penstock.model.flow import Flow
from penstock.model.frozen import Json
from penstock.model.input import OUTPUTS, Unfit
from penstock.model.output import FlowOutput


class OutputFailed(Exception):
    """A flow output cannot be had; the message is a sentence that names it."""


def flow_outputs(flow: Flow, variables: Mapping[str, Json], ports: Ports) -> dict[str, Json] | None:
    """The rendered outputs of a flow, cast to their types; None when it declares none.

    A SECRET is encrypted. Raises `OutputFailed` when an expression fails, or a value does not
    fit its type.
    """
    if not flow.outputs:
        return None
    return outputs_of(flow.outputs, variables, ports, "Flow output `{}`")


def outputs_of(
    declared: Iterable[FlowOutput], variables: Mapping[str, Json], ports: Ports, what: str
) -> dict[str, Json]:
    """The rendered values of declared outputs, cast to their types; see `flow_outputs`.

    `what` is how a sentence speaks of one, with ``{}`` for its id.
    """
    return {output.id: _value(output, variables, ports, what) for output in declared}


def _value(output: FlowOutput, variables: Mapping[str, Json], ports: Ports, what: str) -> Json:
    name = what.format(output.id)
    try:
        value = ports.render(output.value, variables, typed=True)
    except ExpressionError as error:
        raise OutputFailed(f"{name} cannot be rendered: {error}") from error
    if value is None:
        if output.required:
            raise OutputFailed(f"{name} is null. Set `required: false` if that is allowed.")
        return None
    if output.type is None:
        return value
    declared = OUTPUTS[output.type.upper()].of_output(output.id)
    if declared.keeps_text and isinstance(value, dict | list):
        value = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    try:
        made = declared.cast(value)
        return ports.seal(str(made)) if declared.is_secret else made
    except (Unfit, ExpressionError) as error:
        cause = str(error)
        raise OutputFailed(f"Invalid value for output `{output.id}`. Cause: {cause}") from None
