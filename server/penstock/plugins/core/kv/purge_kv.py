"""`core.kv.PurgeKV`: removes pairs that expired, or old versions of pairs."""

from __future__ import annotations

import fnmatch
from datetime import UTC, datetime
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from penstock.model.dynamic import Dynamic
from penstock.model.frozen import Frozen
from penstock.model.task import LogLevel
from penstock.plugins.purging import NamespacePurge
from penstock.sdk.context import RunContext
from penstock.sdk.task import Outputs


class KeyBehavior(Frozen):
    """Whole pairs go."""

    type: Literal["key"] = "key"
    expired_only: Annotated[
        Dynamic[bool], Field(description="Whether only those go that have expired.")
    ] = True


class VersionBehavior(Frozen):
    """Old versions go, the present one never: those from before a time, or all but so many."""

    type: Literal["version"]
    before: Annotated[
        Dynamic[datetime | None], Field(description="Versions from before this time go.")
    ] = None
    keep_amount: Annotated[
        Dynamic[Annotated[int, Field(ge=1)] | None],
        Field(description="How many versions of a key stay, the present one among them."),
    ] = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.before is None) == (self.keep_amount is None):
            raise ValueError("give either 'before' or 'keepAmount'")
        return self


class PurgeKV(NamespacePurge):
    """Removes pairs that have expired, or pairs by their keys, or old versions of pairs.

    Of namespaces that are not named, those that the flow may not use are left alone.

    Outputs: `size`, how many are gone.

    Example:
        id: purge_pairs
        namespace: company.team
        tasks:
          - id: purge
            type: core.kv.PurgeKV
            namespaces:
              - company.team
            behavior:
              type: version
              keepAmount: 3
          - id: show
            type: core.log.Log
            message: "{{ outputs.purge.size }} versions are gone"
    """

    key_pattern: Annotated[Dynamic[str | None], Field(description="A glob of keys.")] = None
    behavior: Annotated[
        KeyBehavior | VersionBehavior,
        Field(discriminator="type", description="What goes: pairs or old versions."),
    ] = KeyBehavior()
    expired_only: Annotated[
        Dynamic[bool | None],
        Field(
            description="Write `behavior: {type: key, expiredOnly: …}`.",
            json_schema_extra={"deprecated": True},
        ),
    ] = None

    def run(self, context: RunContext) -> Outputs:
        """Goes through the namespaces."""
        pairs = context.key_values
        allowed, others = pairs.namespaces()
        denied = self.meant(others)
        if denied and (self.namespaces or self.namespace_pattern):
            shown = ", ".join(denied)
            context.log(f"Left alone, because the flow may not use them: {shown}.", LogLevel.WARN)
        # Whoever names a namespace hears that it is closed.
        names = dict.fromkeys((*self.namespaces, *self.meant(allowed)))
        return {"size": sum(self._purge(context, name) for name in names)}

    def _purge(self, context: RunContext, namespace: str) -> int:
        pairs, behavior = context.key_values, self.behavior
        if isinstance(behavior, KeyBehavior):
            said = self.expired_only
            expired = behavior.expired_only if said is None else said
            return pairs.purge(namespace, self._is_meant, expired_only=expired)
        before = behavior.before
        if before is not None and before.tzinfo is None:
            before = before.replace(tzinfo=UTC)
        keep = behavior.keep_amount or 1
        return pairs.purge_versions(namespace, self._is_meant, before=before, keep=keep)

    def _is_meant(self, key: str) -> bool:
        return self.key_pattern is None or fnmatch.fnmatchcase(key, self.key_pattern)
