"""Who writes, for whom, and from which commit."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from penstock.model.frozen import Json
from penstock.model.provenance import Provenance
from penstock.security.caller import Caller
from penstock.store.audit import AuditRecord


@dataclass(frozen=True, slots=True)
class Change:
    """The frame of a write: `owner` will own what is created, `force` takes over from others."""

    caller: Caller
    owner: str = "api"
    force: bool = False
    provenance: Provenance = field(default_factory=Provenance)

    def audit(
        self,
        action: str,
        reference: str,
        *,
        at: datetime,
        before: str | None = None,
        after: str | None = None,
        detail: dict[str, Json] | None = None,
    ) -> AuditRecord:
        """The event that goes with the write, into the same transaction."""
        return AuditRecord(
            tenant=self.caller.tenant,
            at=at,
            actor=self.caller.actor,
            action=action,
            object=reference,
            owner=self.owner,
            before=before,
            after=after,
            provenance=self.provenance,
            detail=detail,
        )
