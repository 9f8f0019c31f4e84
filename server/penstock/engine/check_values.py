"""What must hold of an execution's inputs and outputs at every moment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from penstock.model.execution import Execution
from penstock.model.flow import Flow
from penstock.model.frozen import Json
from penstock.model.input import BaseInput, FormInput
from penstock.model.sealed import box_of


def of_values(execution: Execution, flow: Flow) -> Iterator[str]:
    """A secret input or output is sealed wherever it is kept."""
    for name in _secrets(flow):
        if _is_readable(_at(execution.inputs, name)):
            yield f"The secret input `{name}` is kept readable."
    for output in flow.outputs:
        is_secret = (output.type or "").upper() == "SECRET"
        if is_secret and _is_readable((execution.outputs or {}).get(output.id)):
            yield f"The secret output `{output.id}` is kept readable."


def _secrets(flow: Flow) -> Iterator[str]:
    for declared in flow.inputs:
        below: tuple[BaseInput, ...] = ()
        if isinstance(declared, FormInput):
            below = declared.inputs
        elif declared.is_secret:
            yield declared.id
        yield from (f"{declared.id}.{child.id}" for child in below if child.is_secret)


def _is_readable(value: Json) -> bool:
    return value is not None and box_of(value) is None


def _at(values: Mapping[str, Json], name: str) -> Json:
    found: Json = {**values}
    for step in name.split("."):
        found = found.get(step) if isinstance(found, dict) else None
    return found
