"""`core.flow.PurgeFlows`: forgets old revisions of flows."""

from __future__ import annotations

import fnmatch
from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from penstock.model.dynamic import Dynamic
from penstock.model.frozen import Frozen
from penstock.model.task import LogLevel
from penstock.plugins.purging import NamespacePurge
from penstock.sdk.context import RunContext
from penstock.sdk.history import in_utc
from penstock.sdk.task import Outputs


class RevisionBehavior(Frozen):
    """Which revisions go: those from before a time, or all but the newest so many of a flow."""

    type: Annotated[Literal["version"], Field(description="The only kind.")] = "version"
    before: Annotated[
        Dynamic[datetime | None], Field(description="Revisions from before this time go.")
    ] = None
    keep_amount: Annotated[
        Dynamic[Annotated[int, Field(ge=1)] | None],
        Field(description="How many revisions of a flow stay, the present one among them."),
    ] = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.before is None) == (self.keep_amount is None):
            raise ValueError("give either 'before' or 'keepAmount'")
        return self


class PurgeFlows(NamespacePurge):
    """Forgets old revisions of flows for good.

    The newest revision of a flow always stays, and so does one by which an execution still runs.
    An execution of a revision that is gone cannot be replayed or restarted, and a call of it by
    its number finds nothing. Of namespaces that are not named, those that the flow may not use
    are left alone.

    Outputs: `size`, how many revisions are gone.

    Example:
        id: purge_flows
        namespace: company.team
        tasks:
          - id: purge
            type: core.flow.PurgeFlows
            namespaces:
              - company.team
            behavior:
              type: version
              keepAmount: 20
          - id: show
            type: core.log.Log
            message: "{{ outputs.purge.size }} revisions are gone"
    """

    flow_pattern: Annotated[
        Dynamic[str | None], Field(description="A glob of flow ids; all by default.")
    ] = None
    behavior: Annotated[RevisionBehavior, Field(description="Which revisions go.")]

    def run(self, context: RunContext) -> Outputs:
        """Goes through the namespaces, one flow in a transaction."""
        history, behavior = context.history, self.behavior
        allowed, others = history.flow_namespaces()
        denied = self.meant(others)
        if denied and (self.namespaces or self.namespace_pattern):
            shown = ", ".join(denied)
            context.log(f"Left alone, because the flow may not use them: {shown}.", LogLevel.WARN)
        size = 0
        # Whoever names a namespace hears that it is closed.
        for name in dict.fromkeys((*self.namespaces, *self.meant(allowed))):
            for count in history.purge_revisions(
                name,
                self._is_meant,
                before=in_utc(behavior.before),
                keep=behavior.keep_amount or 1,
            ):
                size += count
                if context.is_cancelled:
                    return {"size": size}
        return {"size": size}

    def _is_meant(self, flow_id: str) -> bool:
        return self.flow_pattern is None or fnmatch.fnmatchcase(flow_id, self.flow_pattern)
