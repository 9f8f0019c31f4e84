"""`penstock_kv`: a value under a key of a namespace, for all of its flows to read."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import ClassVar

from penstock_provider import kestra
from penstock_provider.api import Json
from penstock_provider.declared import (
    CONTENT_HASH,
    ID,
    REVISION,
    Declared,
    as_text,
    given,
    kept,
    name_check,
    same_json,
    typed,
)
from penstock_provider.framework.plan import Plan
from penstock_provider.framework.resource import Change, Reading
from penstock_provider.framework.schema import Attribute, Schema
from penstock_provider.framework.values import DYNAMIC, STRING, UNKNOWN, State, Value

_OF_TEXT = ("DATETIME", "DATE", "DURATION")
_SHOWN = ("STRING", "NUMBER", "BOOLEAN", "JSON")
_SKEW = timedelta(seconds=60)
"""By so much may this machine's clock be behind the server's."""


def _type_problem(value: Value) -> str | None:
    if not isinstance(value, str) or value in _OF_TEXT:
        return None
    if value in _SHOWN:
        return f"`{value}` shows in the value itself: leave `type` out."
    return f'"{value}" is no type of a text: write {", ".join(_OF_TEXT)}, or leave it out.'


class Kv(Declared):
    """A key-value pair."""

    kind = "kv"
    origins = (
        kestra.origin("kestra_kv", namespace="namespace", key="key", description="description"),
    )
    schema: ClassVar[Schema] = Schema(
        "A key-value pair of a namespace, which flows read with `kv('key')`. Declare those that "
        "people decide; a pair that flows write is theirs, and would show as drift. A pair whose "
        "`ttl` is over is gone as it was declared: it is written again when something of it "
        "changes, or by `-replace`.",
        {
            "namespace": name_check("pair"),
            "key": Attribute(
                STRING,
                "Key of the pair. A change makes a new one.",
                required=True,
                replace=True,
            ),
            "value": Attribute(
                DYNAMIC,
                "The value: text, number, bool, list or object. It keeps its type. Whoever may "
                "read the namespace sees it.",
                required=True,
                equal=same_json,
            ),
            "type": Attribute(
                STRING,
                "What a text is, where it is more than a text: `DATETIME`, `DATE` or `DURATION`, "
                "in ISO 8601. Other types show in the value.",
                optional=True,
                check=_type_problem,
            ),
            "description": Attribute(STRING, "What the pair is for.", optional=True),
            "ttl": Attribute(
                STRING,
                "Time to live from the last writing, an ISO 8601 duration such as `P7D`. Without "
                "it the pair stays.",
                optional=True,
            ),
            "id": ID,
            "expires_at": Attribute(
                STRING,
                "When the pair expires, in UTC; null without `ttl`.",
                computed=True,
                volatile=True,
            ),
            "revision": REVISION,
            "content_hash": CONTENT_HASH,
        },
    )

    def spec(self, planned: State, config: State) -> Json:  # noqa: ARG002 (secrets need it)
        """The PUT body."""
        return given(planned, value="value", type="type", description="description", ttl="ttl")

    async def plan(self, plan: Plan) -> None:
        """Asks the server; what has expired will be written as something new."""
        await super().plan(plan)
        if plan.prior is not None and _is_over(plan.prior):
            plan.planned["expires_at"] = plan.planned["revision"] = UNKNOWN

    async def update(self, change: Change) -> State:
        """Writes the pair, also when the one before has expired."""
        if change.prior is not None and _is_over(change.prior):
            return await self.create(change)
        return await super().update(change)

    async def read(self, reading: Reading) -> State | None:
        """The server's form. A pair that expired stays in the state: that was declared, too."""
        state = await super().read(reading)
        return reading.state if state is None and _is_over(reading.state) else state

    def state(self, prior: State, form: Json) -> State:
        """The state; a value of the same JSON keeps its Terraform type."""
        kind = form.get("type")
        return {
            "namespace": prior["namespace"],
            "key": prior["key"],
            "value": typed(prior.get("value"), form.get("value")),
            "type": as_text(kind) if kind in _OF_TEXT else None,
            "description": kept(prior.get("description"), form.get("description")),
            "ttl": as_text(form.get("ttl")),
            "expires_at": as_text(form.get("expiresAt")),
            **self.computed(self.reference(prior), form),
        }


def _is_over(state: State) -> bool:
    at = state.get("expires_at")
    return isinstance(at, str) and datetime.fromisoformat(at) <= datetime.now(UTC) + _SKEW
