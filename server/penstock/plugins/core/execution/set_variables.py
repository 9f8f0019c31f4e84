"""core.execution.SetVariables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

import orjson
from pydantic import Field

from penstock.model.dynamic import Dynamic
from penstock.model.frozen import Json
from penstock.sdk.flowable import Render, written
from penstock.sdk.task import TaskFailed
from penstock.sdk.updating import Present, Update, UpdatingTask, truth


class SetVariables(UpdatingTask):
    """Sets variables of the execution; later expressions read them as `vars.<name>`.

    Maps are merged deeply into the variables that there are, any other value takes the place of
    the old one. With `overwrite: false` the task fails when one of the names is taken. Variables
    are stored readable: a secret in them becomes `******`.

    Example:
        id: count-orders
        namespace: company.team
        variables:
          limits:
            rows: 100
        tasks:
          - id: raise
            type: core.execution.SetVariables
            variables:
              limits:
                bytes: 2048
              day: "{{ execution.startDate | date('yyyy-MM-dd') }}"
          - id: show
            type: core.log.Log
            message: "{{ vars.limits.rows }} rows, {{ vars.limits.bytes }} bytes on {{ vars.day }}"
    """

    variables: Annotated[
        str | dict[str, Json],
        Field(description="Names and values, or a text that renders to a JSON object of them."),
    ]
    overwrite: Annotated[
        Dynamic[bool], Field(description="Whether a variable that there is gets the new value.")
    ] = True

    def update(self, render: Render, present: Present) -> Update:
        """The variables that there are, with these merged into them."""
        rendered = render(self.variables, typed=True)
        if isinstance(rendered, str):
            try:
                rendered = orjson.loads(rendered)
            except orjson.JSONDecodeError:
                rendered = None
        if not isinstance(rendered, dict):
            raise TaskFailed("`variables` must be a map of names and values.")
        taken = [name for name in rendered if name in present.variables]
        if taken and not truth("overwrite", render(written(self.overwrite))):
            names = ", ".join(f"`{name}`" for name in taken)
            raise TaskFailed(
                f"The execution has {names} among its variables already, and `overwrite` is false."
            )
        return Update(variables=merged(present.variables, rendered))


def merged(old: Mapping[str, Json], new: Mapping[str, Json]) -> dict[str, Json]:
    """A deep merge of two maps; what is no map in both is taken from `new`."""
    result = dict(old)
    for key, value in new.items():
        before = result.get(key)
        if isinstance(before, dict) and isinstance(value, dict):
            result[key] = merged(before, value)
        else:
            result[key] = value
    return result
