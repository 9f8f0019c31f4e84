"""core.execution.UnsetVariables."""

from __future__ import annotations

from typing import Annotated

import orjson
from pydantic import Field

from penstock.model.dynamic import Dynamic
from penstock.model.frozen import Json
from penstock.sdk.flowable import Render, written
from penstock.sdk.task import TaskFailed
from penstock.sdk.updating import Present, Update, UpdatingTask, truth


class UnsetVariables(UpdatingTask):
    """Removes variables of the execution, set by `SetVariables` or declared by the flow.

    A name with dots, such as `order.state`, removes one key of a map and leaves the rest of it.
    A name that is no variable fails the task, unless `ignoreMissing` is true.

    Example:
        id: forget
        namespace: company.team
        variables:
          token: first
        tasks:
          - id: drop
            type: core.execution.UnsetVariables
            variables: [token]
          - id: show
            type: core.log.Log
            message: "{{ vars.token ?? 'gone' }}"
    """

    variables: Annotated[Dynamic[list[str]], Field(description="The names of what is removed.")]
    ignore_missing: Annotated[
        Dynamic[bool], Field(description="Whether names that are no variables are passed over.")
    ] = False

    def update(self, render: Render, present: Present) -> Update:
        """The variables that there are without these."""
        names = _list(render(written(self.variables), typed=True))
        kept = dict(present.variables)
        missing = [name for name in map(str, names) if not _remove(kept, name)]
        if missing and not truth("ignoreMissing", render(written(self.ignore_missing))):
            listed = ", ".join(f"`{name}`" for name in missing)
            raise TaskFailed(
                f"The execution has no variable {listed}. Set `ignoreMissing: true` if that is "
                "allowed."
            )
        return Update(variables=kept)


def _remove(variables: dict[str, Json], name: str) -> bool:
    """Removes a variable, or the key of a map that a dotted name leads to; maps are copied."""
    if name in variables:
        del variables[name]
        return True
    first, dot, rest = name.partition(".")
    below = variables.get(first)
    if not dot or not isinstance(below, dict):
        return False
    copy = dict(below)
    variables[first] = copy
    return _remove(copy, rest)


def _list(value: Json) -> list[Json]:
    if isinstance(value, str):
        try:
            value = orjson.loads(value)
        except orjson.JSONDecodeError:
            value = None
    if not isinstance(value, list):
        raise TaskFailed("`variables` must be a list of names.")
    return value
