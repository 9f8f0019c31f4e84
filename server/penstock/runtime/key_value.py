"""The key-value pairs as an execution reads and writes them."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection

from penstock.errors import NotFound, PenstockError
from penstock.model.execution import Execution
from penstock.model.frozen import Json
from penstock.model.provenance import Provenance
from penstock.runtime.masking import Masker
from penstock.service.isolation import Isolation
from penstock.service.kv import content
from penstock.service.objectset import Reference, canonical_hash
from penstock.store import audit
from penstock.store import kv as rows
from penstock.store.declared import ancestors
from penstock.store.kv import KvRow
from penstock.store.session import Database


class Refused(PenstockError):
    """A pair cannot be written."""

    code = "refused"
    title = "Refused"


@dataclass(frozen=True, slots=True)
class KeyValues:
    """The pairs of one execution's tenant; `now` says which of them have expired."""

    database: Database
    now: Callable[[], datetime]
    execution: Execution
    masker: Masker
    isolation: Isolation

    def read(self, key: str, namespace: str | None = None) -> Json:
        """The value of a key: of exactly `namespace`, or of the flow's or the nearest above.

        Raises `NotFound` with the nearest key that there is, and `NamespaceDenied`.
        """
        tenant, own, now = self.execution.tenant, self.execution.namespace, self.now()
        with self.database.read() as tx:
            self._check(tx, namespace)
            if namespace is None:
                row = rows.resolve(tx, tenant, own, key=key, now=now)
            else:
                row = rows.find(tx, tenant, namespace, key=key, now=now)
            if row is not None:
                return row.value
            looked_in = ancestors(own) if namespace is None else (namespace,)
            known = rows.keys(tx, tenant, looked_in, now=now)
        place = f"the namespace '{namespace or own}'{'' if namespace else ' or above it'}"
        close = difflib.get_close_matches(key, known, n=1)
        hint = (
            f"Did you mean '{close[0]}'?"
            if close
            else f"Set it with: penstock kv put {namespace or own}/{key} VALUE."
        )
        raise NotFound(f"There is no key '{key}' in {place}. {hint}")

    def write(
        self,
        key: str,
        value: Json,
        *,
        namespace: str | None = None,
        overwrite: bool = True,
        ttl: str | None = None,
        description: str | None = None,
    ) -> None:
        """Writes a pair of `namespace` or the flow's; its time to live begins anew.

        The owner of a pair that is there stays. Raises `Refused` and `NamespaceDenied`.
        """
        now = self.now()
        reference = Reference("kv", namespace or self.execution.namespace, key)
        problems = reference.problems()
        if problems:
            raise Refused(f"{problems[0].message} {problems[0].hint}")
        if ttl is not None and rows.lifetime(ttl) is None:
            raise Refused(f"'{ttl}' is no time to live. Write an ISO 8601 duration such as PT30M.")
        if self.masker.holds(value):
            raise Refused(
                f"The value for the key '{key}' holds a secret, and such values are stored "
                "readable. Put it with `penstock secret put` instead."
            )
        tenant = self.execution.tenant
        with self.database.transaction() as tx:
            self._check(tx, namespace)
            found = rows.find(tx, tenant, reference.namespace, key=key, now=now)
            if found is not None and not overwrite:
                raise Refused(
                    f"The key '{key}' is in the namespace '{reference.namespace}' already, and "
                    "'overwrite' is false."
                )
            row = KvRow(
                tenant=tenant,
                namespace=reference.namespace,
                key=key,
                owner="api" if found is None else found.owner,
                revision=1 if found is None else found.revision + 1,
                content_hash=canonical_hash(content(value, description, ttl)),
                created_at=now if found is None else found.created_at,
                updated_at=now,
                value=value,
                provenance=self._provenance(),
                description=description,
                ttl=ttl,
                expires_at=rows.expiry(ttl, now),
            )
            rows.put(tx, row)
            audit.append(tx, self._record(reference, found, row))

    def _check(self, tx: Connection, namespace: str | None) -> None:
        if namespace is not None:
            user = self.execution
            self.isolation.check(
                tx, user.tenant, user.namespace, target=namespace, what="key-value pairs"
            )

    def _provenance(self) -> Provenance:
        source = self.execution.source
        return Provenance(
            repository=None if source is None else source.repository,
            commit=None if source is None else source.commit,
        )

    def _record(self, reference: Reference, before: KvRow | None, row: KvRow) -> audit.AuditRecord:
        return audit.AuditRecord(
            tenant=row.tenant,
            at=row.updated_at,
            actor=f"execution:{self.execution.id}",
            action="kv.create" if before is None else "kv.update",
            object=str(reference),
            owner=row.owner,
            before=None if before is None else before.content_hash,
            after=row.content_hash,
            provenance=row.provenance,
        )
