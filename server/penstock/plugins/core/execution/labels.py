"""core.execution.Labels."""

from __future__ import annotations

from typing import Annotated

import orjson
from pydantic import Field

from penstock.model.frozen import Json
from penstock.sdk.flowable import Render
from penstock.sdk.task import TaskFailed
from penstock.sdk.updating import Present, Update, UpdatingTask

_SYSTEM = "system."
_FORMS = "a map, a list of `{key, value}`, or a text that renders to one of them as JSON"


class Labels(UpdatingTask):
    """Adds labels to the execution, or gives new values to those that it has.

    Keys and values may hold expressions. Labels that begin with `system.` are the server's own,
    and a label needs a value: both fail the task, which then changes none.

    Example:
        id: label-orders
        namespace: company.team
        inputs:
          - id: country
            type: STRING
            defaults: fr
        tasks:
          - id: mark
            type: core.execution.Labels
            labels:
              country: "{{ inputs.country }}"
              step: loading
          - id: show
            type: core.log.Log
            message: "{{ labels.country }} is {{ labels.step }}"
    """

    labels: Annotated[
        str | dict[str, Json] | list[Json],
        Field(description=f"What is added: {_FORMS}."),
    ]

    def update(self, render: Render, present: Present) -> Update:
        """The labels that there are, with these over them."""
        return Update(labels={**present.labels, **self._added(render)})

    def _added(self, render: Render) -> dict[str, str]:
        rendered = render(self.labels, typed=isinstance(self.labels, str))
        if isinstance(rendered, str):
            try:
                rendered = orjson.loads(rendered)
            except orjson.JSONDecodeError:
                raise TaskFailed(f"`labels` must be {_FORMS}.") from None
        if isinstance(rendered, list):
            return dict(_checked(*_pair(item)) for item in rendered)
        if not isinstance(rendered, dict):
            raise TaskFailed(f"`labels` must be {_FORMS}.")
        return dict(_checked(key, value) for key, value in rendered.items())


def _pair(item: Json) -> tuple[Json, Json]:
    if not isinstance(item, dict) or item.keys() != {"key", "value"}:
        raise TaskFailed("Each item in the list `labels` must have `key` and `value`, and no more.")
    return item["key"], item["value"]


def _checked(key: Json, value: Json) -> tuple[str, str]:
    if not isinstance(key, str) or not key.strip():
        raise TaskFailed("A label has no key. Give it one, or remove it.")
    if key.startswith(_SYSTEM):
        raise TaskFailed(
            f"The label `{key}` cannot be set: labels that begin with `{_SYSTEM}` are the "
            "server's own."
        )
    if isinstance(value, dict | list):
        raise TaskFailed(f"The label `{key}` must be a text, not a list or a map.")
    if isinstance(value, bool):
        return key, "true" if value else "false"
    if value is None or not str(value).strip():
        raise TaskFailed(f"The label `{key}` has no value. Give it one, or remove it.")
    return key, str(value)
