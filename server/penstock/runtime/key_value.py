"""The key-value pairs as an execution reads and writes them."""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from sqlalchemy import Connection

from penstock.errors import NotFound, PenstockError
from penstock.model.execution import Execution
from penstock.model.frozen import Json
from penstock.model.key_value import KvType, merged
from penstock.model.provenance import Provenance
from penstock.runtime.masking import Masker
from penstock.service.isolation import Isolation
from penstock.service.kv import content, kept_type
from penstock.service.objectset import Reference, canonical_hash
from penstock.store import audit, kv_version
from penstock.store import kv as rows
from penstock.store import namespace as declared_namespaces
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

    def keys(self, prefix: str = "", namespace: str | None = None) -> list[str]:
        """The keys of exactly `namespace` or the flow's that begin with `prefix`, in order.

        Raises `NamespaceDenied`.
        """
        with self.database.read() as tx:
            self._check(tx, namespace)
            place = (namespace or self.execution.namespace,)
            known = rows.keys(tx, self.execution.tenant, place, now=self.now())
        return [key for key in known if key.startswith(prefix)]

    def write(
        self,
        key: str,
        value: Json,
        *,
        namespace: str | None = None,
        overwrite: bool = True,
        ttl: str | None = None,
        description: str | None = None,
        kind: KvType | None = None,
    ) -> None:
        """Writes a pair of `namespace` or the flow's; its time to live begins anew.

        The owner of a pair that is there stays. Raises `Refused` and `NamespaceDenied`.
        """
        if ttl is not None and rows.lifetime(ttl) is None:
            raise Refused(f"'{ttl}' is no time to live. Write an ISO 8601 duration such as PT30M.")
        now = self.now()
        reference = self._reference(key, namespace)
        self._check_value(key, value)
        with self.database.transaction() as tx:
            found = self._found(tx, reference, namespace, now)
            if found is not None and not overwrite:
                raise Refused(
                    f"The key '{key}' is in the namespace '{reference.namespace}' already, and "
                    "'overwrite' is false."
                )
            row = replace(
                self._new(reference, now) if found is None else found,
                value=value,
                type=kept_type(value, kind),
                description=description,
                ttl=ttl,
                expires_at=rows.expiry(ttl, now),
            )
            self._put(tx, found, row, now)

    def patch(
        self, key: str, value: Json, *, namespace: str | None = None, create: bool = True
    ) -> None:
        """Merges `value` into a pair of `namespace` or the flow's; all else of it stays, the time
        when it expires as well. Without `create` it must be there: `NotFound`.
        """
        now = self.now()
        reference = self._reference(key, namespace)
        self._check_value(key, value)
        with self.database.transaction() as tx:
            found = self._found(tx, reference, namespace, now)
            if found is None and not create:
                raise NotFound(f"There is no key '{key}' in '{reference.namespace}' to merge into.")
            before = self._new(reference, now) if found is None else found
            value = merged(before.value, value)
            kept = kept_type(value, None if before.type is None else KvType(before.type))
            self._put(tx, found, replace(before, value=value, type=kept), now)

    def delete(self, key: str, namespace: str | None = None) -> bool:
        """Removes a pair of `namespace` or the flow's; tells whether there was one."""
        now = self.now()
        reference = self._reference(key, namespace)
        with self.database.transaction() as tx:
            found = self._found(tx, reference, namespace, now)
            if found is not None:
                self.remove(tx, found, now)
        return found is not None

    def remove(self, tx: Connection, row: KvRow, now: datetime) -> None:
        """Removes a stored pair, with its event unless it had expired."""
        rows.delete(tx, row.tenant, row.namespace, row.key)
        if row.expires_at is None or row.expires_at > now:
            reference = Reference("kv", row.namespace, row.key)
            event = self._record(reference, row, row, now=now, action="kv.delete")
            audit.append(tx, replace(event, after=None))

    def namespaces(self) -> tuple[list[str], list[str]]:
        """The namespaces with pairs: those that the flow may purge, and the others."""
        user = self.execution
        with self.database.read() as tx:
            known = rows.namespaces(tx, user.tenant)
            allowed = [
                each
                for each in known
                if self.isolation.may_change(
                    user.namespace, each, declared_namespaces.allowed(tx, user.tenant, each)
                )
            ]
        return allowed, [each for each in known if each not in allowed]

    def purge(
        self,
        namespace: str,
        is_meant: Callable[[str], bool],
        *,
        expired_only: bool = True,
    ) -> int:
        """Removes pairs of a namespace for good; gives how many. Raises `NamespaceDenied`."""
        now = self.now()
        with self.database.transaction() as tx:
            self._check_change(tx, namespace)
            gone = [
                row
                for row in rows.stored(tx, self.execution.tenant, namespace)
                if is_meant(row.key)
                and not (expired_only and (row.expires_at is None or row.expires_at > now))
            ]
            for row in gone:
                self.remove(tx, row, now)
        return len(gone)

    def purge_versions(
        self,
        namespace: str,
        is_meant: Callable[[str], bool],
        *,
        before: datetime | None = None,
        keep: int = 1,
    ) -> int:
        """Forgets old versions of a namespace's pairs, the present one never: those from before a
        time, else all but the newest `keep`. Gives how many. Raises `NamespaceDenied`.
        """
        size, tenant = 0, self.execution.tenant
        with self.database.transaction() as tx:
            self._check_change(tx, namespace)
            for row in rows.stored(tx, tenant, namespace):
                if not is_meant(row.key):
                    continue
                known = kv_version.page(tx, tenant, namespace, row.key)[1:]
                old = [each for each in known if each.at < before] if before else known[keep - 1 :]
                if old:
                    gone = [each.revision for each in old]
                    kv_version.delete(tx, tenant, namespace, row.key, revisions=gone)
                    reference = Reference("kv", namespace, row.key)
                    audit.append(
                        tx,
                        self._record(reference, row, row, now=self.now(), action="kv.purge"),
                    )
                    size += len(gone)
        return size

    def _reference(self, key: str, namespace: str | None) -> Reference:
        reference = Reference("kv", namespace or self.execution.namespace, key)
        problems = reference.problems()
        if problems:
            raise Refused(f"{problems[0].message} {problems[0].hint}")
        return reference

    def _check_value(self, key: str, value: Json) -> None:
        if self.masker.holds(value):
            raise Refused(
                f"The value for the key '{key}' holds a secret, and such values are stored "
                "readable. Put it with `penstock secret put` instead."
            )

    def _found(
        self, tx: Connection, reference: Reference, namespace: str | None, now: datetime
    ) -> KvRow | None:
        self._check(tx, namespace)
        tenant = self.execution.tenant
        return rows.find(tx, tenant, reference.namespace, key=reference.id, now=now)

    def _new(self, reference: Reference, now: datetime) -> KvRow:
        return KvRow(
            tenant=self.execution.tenant,
            namespace=reference.namespace,
            key=reference.id,
            owner="api",
            revision=0,
            content_hash="",
            created_at=now,
            updated_at=now,
        )

    def _put(self, tx: Connection, before: KvRow | None, row: KvRow, now: datetime) -> None:
        kept = None if row.type is None else KvType(row.type)
        row = replace(
            row,
            revision=row.revision + 1,
            content_hash=canonical_hash(content(row.value, row.description, row.ttl, kept)),
            updated_at=now,
            provenance=self._provenance(),
        )
        rows.put(tx, row)
        action = "kv.create" if before is None else "kv.update"
        reference = Reference("kv", row.namespace, row.key)
        audit.append(tx, self._record(reference, before, row, now=now, action=action))

    def _check(self, tx: Connection, namespace: str | None) -> None:
        if namespace is not None:
            user = self.execution
            self.isolation.check(
                tx, user.tenant, user.namespace, target=namespace, what="key-value pairs"
            )

    def _check_change(self, tx: Connection, namespace: str) -> None:
        user = self.execution
        self.isolation.check_change(
            tx, user.tenant, user.namespace, target=namespace, what="key-value pairs"
        )

    def _provenance(self) -> Provenance:
        source = self.execution.source
        return Provenance(
            repository=None if source is None else source.repository,
            commit=None if source is None else source.commit,
        )

    def _record(
        self, reference: Reference, before: KvRow | None, row: KvRow, *, now: datetime, action: str
    ) -> audit.AuditRecord:
        return audit.AuditRecord(
            tenant=row.tenant,
            at=now,
            actor=f"execution:{self.execution.id}",
            action=action,
            object=str(reference),
            owner=row.owner,
            before=None if before is None else before.content_hash,
            after=row.content_hash,
            provenance=self._provenance(),
        )
