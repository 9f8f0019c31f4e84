"""Key-value pairs, as members of a set."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from penstock.errors import NotFound
from penstock.model.frozen import Json
from penstock.model.key_value import OF_TEXT, KvType, fits, type_of
from penstock.model.problem import Problem
from penstock.security.caller import Caller
from penstock.service import form
from penstock.service.change import Change
from penstock.service.draft import Draft, Kind
from penstock.service.form import as_text
from penstock.service.objectset import Member, Reference, canonical_hash
from penstock.service.services import Services
from penstock.service.spec import KvSpec, has_all, read
from penstock.store import kv as rows
from penstock.store import kv_version
from penstock.store.kv import KvRow, expiry, lifetime


class KvKind(Kind[KvRow]):
    """See `penstock.service.draft.Kind`. A pair that has expired is not there for anybody."""

    def find(
        self, tx: Connection, services: Services, tenant: str, reference: Reference
    ) -> KvRow | None:
        """The stored pair."""
        now = services.now()
        return rows.find(tx, tenant, reference.namespace, key=reference.id, now=now)

    def draft(self, tx: Connection, services: Services, tenant: str, member: Member) -> Draft:
        """Checks the time to live; the value may be any JSON."""
        draft = Draft(member, self.find(tx, services, tenant, member.reference))
        draft.add(member.reference.problems())
        spec, problems = read(KvSpec, member.spec)
        draft.add(problems)
        ttl = member.spec.get("ttl")
        if isinstance(ttl, str) and lifetime(ttl) is None:
            draft.add([_no_ttl(ttl)])
        if spec is not None and not fits(spec.value, spec.type):
            draft.add([_no_value(spec.type)])
        if spec is not None and has_all(KvSpec, member.spec):
            draft.normalised = content(spec.value, spec.description, spec.ttl, spec.type)
            draft.content_hash = canonical_hash(draft.normalised)
        return draft

    def write(
        self, tx: Connection, services: Services, change: Change, draft: Draft, now: datetime
    ) -> KvRow:
        """Stores it; its time to live begins."""
        del services
        spec = KvSpec.model_validate(draft.member.spec)
        row = KvRow(
            **draft.stamp(change, now),
            key=draft.reference.id,
            value=spec.value,
            type=kept_type(spec.value, spec.type),
            description=spec.description,
            ttl=spec.ttl,
            expires_at=expiry(spec.ttl, now),
        )
        rows.put(tx, row)
        return row

    def own(self, tx: Connection, change: Change, row: KvRow, now: datetime) -> KvRow:
        """Records another owner."""
        owned = replace(row, owner=change.owner, updated_at=now)
        rows.put(tx, owned)
        return owned

    def remove(self, tx: Connection, change: Change, row: KvRow, now: datetime) -> None:
        """Takes it away."""
        del change, now
        rows.delete(tx, row.tenant, row.namespace, row.key)

    def form(self, tx: Connection, services: Services, row: KvRow) -> dict[str, Json]:
        """The API's read form."""
        del tx, services
        return {
            **form.declared("kv", row),
            "key": row.key,
            **content(row.value, row.description, row.ttl),
            "type": row.kind,
            "expiresAt": form.instant(row.expires_at),
        }

    def text(self, services: Services, row: KvRow) -> str:
        """The spec as indented JSON."""
        del services
        return as_text(content(row.value, row.description, row.ttl, row.kind))

    def page(
        self,
        tx: Connection,
        services: Services,
        tenant: str,
        *,
        namespace: str | None,
        after: tuple[str, ...] | None,
        limit: int,
    ) -> list[KvRow]:
        """Stored pairs by namespace and key."""
        now = services.now()
        return rows.page(tx, tenant, now=now, namespace=namespace, after=after, limit=limit)


def versions(services: Services, caller: Caller, reference: Reference) -> list[dict[str, Json]]:
    """The pair as its latest writes left it, newest first. Raises `NotFound`."""
    now = services.now()
    place = (caller.tenant, reference.namespace)
    with services.database.read() as tx:
        if rows.find(tx, *place, key=reference.id, now=now) is None:
            raise NotFound(f"There is no {reference}.")
        return [
            {
                "revision": each.revision,
                "value": each.value,
                "type": type_of(each.value, None if each.type is None else KvType(each.type)),
                "description": each.description,
                "writtenAt": form.instant(each.at),
                "expiresAt": form.instant(each.expires_at),
            }
            for each in kv_version.page(tx, *place, reference.id)
        ]


def content(
    value: Json, description: str | None, ttl: str | None, said: KvType | None = None
) -> dict[str, Json]:
    """What a pair's content hash is of."""
    kept = kept_type(value, said)
    named: dict[str, Json] = {} if kept is None else {"type": kept}
    return {"value": value, "description": description, "ttl": ttl, **named}


def kept_type(value: Json, said: KvType | None) -> KvType | None:
    """The type to keep beside a value: None where the value shows it itself."""
    found = type_of(value, said)
    return found if found in OF_TEXT else None


def _no_ttl(given: str) -> Problem:
    return Problem(
        f"`{given}` is no time to live.",
        path="ttl",
        code="invalid-duration",
        hint="An ISO 8601 duration of at least a second and at most 100 years, "
        "such as PT30M, P1D or P1DT12H.",
    )


def _no_value(said: KvType | None) -> Problem:
    return Problem(
        f"The value is no {said}.",
        path="value",
        code="wrong-type",
        hint="Change it, or leave `type` out.",
    )
