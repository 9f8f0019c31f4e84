"""`core.namespace.PurgeFiles`: forgets old revisions of namespaces' files."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from penstock.model.dynamic import Dynamic
from penstock.model.frozen import Frozen
from penstock.plugins.purging import NamespacePurge
from penstock.plugins.scripts.namespace_files import matches
from penstock.sdk.context import RunContext
from penstock.sdk.task import Outputs


class VersionBehavior(Frozen):
    """Which revisions go: those before a time, or all but the newest so many of a file."""

    type: Annotated[Literal["version"], Field(description="The only kind.")] = "version"
    before: Annotated[
        Dynamic[datetime | None], Field(description="Revisions from before this time go.")
    ] = None
    keep_amount: Annotated[
        Dynamic[int | None], Field(description="How many revisions of a file stay; 1 by default.")
    ] = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if self.before is not None and self.keep_amount is not None:
            raise ValueError("Cannot set both 'before' and 'keepAmount' properties")
        return self


class PurgeFiles(NamespacePurge):
    """Forgets old revisions of namespaces' files for good; what is now always stays.

    Outputs: `size`, how many revisions are gone.

    Example:
        id: purge_files
        namespace: company.team
        tasks:
          - id: purge
            type: core.namespace.PurgeFiles
            namespaces:
              - company.team
            behavior:
              type: version
              keepAmount: 3
          - id: show
            type: core.log.Log
            message: "{{ outputs.purge.size }} revisions are gone"
    """

    file_pattern: Annotated[
        Dynamic[str | None], Field(description="A glob of paths; all by default.")
    ] = None
    behavior: Annotated[VersionBehavior, Field(description="Which revisions go.")] = (
        VersionBehavior()
    )

    def run(self, context: RunContext) -> Outputs:
        """Goes through the namespaces."""
        keep = self.behavior.keep_amount or 1
        before = self.behavior.before

        def stale(path: str, times: list[datetime]) -> list[int]:
            if self.file_pattern is not None and not matches(path, self.file_pattern):
                return []
            if before is not None:
                moment = before if before.tzinfo else before.astimezone()
                return [position for position, at in enumerate(times) if at < moment]
            return list(range(keep, len(times)))

        names = self.meant(context.namespace_files.namespaces())
        return {"size": sum(context.namespace_files.purge(name, stale) for name in names)}
