"""What the kinds share whose objects are each a row of one table and no more."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from penstock.service.change import Change
from penstock.service.draft import Kind, R
from penstock.service.objectset import Reference
from penstock.service.services import Services
from penstock.store.declared import DeclaredTable


class TableKind(Kind[R]):
    """Finds, pages, owns and removes the rows of `table`; see `penstock.service.draft.Kind`."""

    table: DeclaredTable[R]

    def find(
        self, tx: Connection, services: Services, tenant: str, reference: Reference
    ) -> R | None:
        """The stored object."""
        del services
        return self.table.find(tx, tenant, *reference.names)

    def own(self, tx: Connection, change: Change, row: R, now: datetime) -> R:
        """Records another owner."""
        owned = replace(row, owner=change.owner, updated_at=now)
        self.table.put(tx, owned)
        return owned

    def remove(self, tx: Connection, change: Change, row: R, now: datetime) -> None:
        """Takes it away."""
        del change, now
        self.table.delete(tx, row)

    def page(
        self,
        tx: Connection,
        services: Services,
        tenant: str,
        *,
        namespace: str | None,
        after: tuple[str, ...] | None,
        limit: int,
    ) -> list[R]:
        """Stored objects in the order of their names."""
        del services
        return self.table.page(tx, tenant, namespace=namespace, after=after, limit=limit)
