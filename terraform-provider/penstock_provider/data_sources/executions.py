"""Data source `penstock_executions`: the latest executions that fit."""

from __future__ import annotations

from typing import ClassVar

from penstock_provider.api import ApiError
from penstock_provider.data_sources.execution import FIELDS
from penstock_provider.framework.diagnostics import Diagnostics
from penstock_provider.framework.resource import DataSource
from penstock_provider.framework.schema import Attribute, Schema
from penstock_provider.framework.values import (
    NUMBER,
    STRING,
    State,
    Value,
    list_of,
    map_of,
    object_of,
    texts,
)
from penstock_provider.lookup import Fields, found
from penstock_provider.provider import Penstock
from penstock_provider.sentences import attribute_path, failure

_MOST = 1000
_NAMES = {"state": "states", "label": "labels"}
"""The server's names of arguments."""


def _limit_problem(value: Value) -> str | None:
    if isinstance(value, int) and not 1 <= value <= _MOST:
        return f"`limit` is a whole number from 1 to {_MOST}."
    return None


class Executions(DataSource[Penstock]):
    """Lists executions."""

    fields: ClassVar[Fields] = {"id": (STRING, "Id of the execution."), **FIELDS}
    schema = Schema(
        "Executions, the newest first.",
        {
            "namespace": Attribute(
                STRING, "Only of this namespace and those below it.", optional=True
            ),
            "flow_id": Attribute(STRING, "Only of this flow.", optional=True),
            "states": Attribute(
                list_of(STRING), "Only in one of these states, such as `FAILED`.", optional=True
            ),
            "labels": Attribute(map_of(STRING), "Only with all of these labels.", optional=True),
            "limit": Attribute(
                NUMBER,
                f"How many at most, up to {_MOST}; 100 when not given.",
                optional=True,
                check=_limit_problem,
            ),
            "executions": Attribute(
                list_of(object_of({name: of for name, (of, _) in fields.items()})),
                f"The newest first, each with {', '.join(fields)}.",
                computed=True,
            ),
        },
    )

    async def read(self, config: State, diagnostics: Diagnostics) -> State:  # noqa: ARG002 (interface)
        """Those that fit."""
        states, limit = config.get("states"), config.get("limit")
        query: dict[str, str | list[str]] = {
            "label": [f"{key}:{value}" for key, value in texts(config.get("labels")).items()],
            "state": [str(state) for state in states] if isinstance(states, list) else [],
        }
        for name, key in (("namespace", "namespace"), ("flow_id", "flowId")):
            value = config.get(name)
            if isinstance(value, str):
                query[key] = value
        most = limit if isinstance(limit, int) else 100
        try:
            forms = await self.provider.objects.pages("/executions", query, most)
        except ApiError as error:
            path = ()
            for problem in error.problems:
                path = path or attribute_path(problem, self.schema.attributes, _NAMES)
            raise failure(error, "list executions", path=path) from None
        return {**config, "executions": [found(form, self.fields) for form in forms]}
