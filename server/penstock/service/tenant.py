"""Tenants: declared by who may reach all of them, each a world of its own."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from typing import Annotated, cast

from pydantic import Field
from sqlalchemy import Connection

from penstock.errors import Conflict, InUse, InvalidObject, NotFound
from penstock.model.frozen import Frozen, Json
from penstock.model.problem import Problem
from penstock.service.change import Change
from penstock.service.form import instant
from penstock.service.guard import check_absent, check_match, check_owner
from penstock.service.objectset import canonical_hash
from penstock.service.services import Services
from penstock.service.spec import read
from penstock.service.token_expiry import remove_expired
from penstock.store import audit
from penstock.store import tenant as rows
from penstock.store.tenant import TenantRow

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]*")
_LONGEST_NAME = 100
MAIN = "main"
"""The tenant that always is: its tokens may be of scope `server`."""


class TenantSpec(Frozen):
    """A tenant: a world of its own for namespaces, executions and tokens."""

    description: Annotated[str | None, Field(description="For people.")] = None
    labels: Annotated[dict[str, str], Field(description="For filters.")] = Field(
        default_factory=dict
    )


def put(
    services: Services,
    change: Change,
    name: str,
    *,
    body: Json,
    match: str | None = None,
    only_new: bool = False,
) -> tuple[dict[str, Json], bool]:
    """Creates or replaces a tenant; the form, and whether it is new. The same twice writes nothing.

    The event is in the tenant's own audit.
    """
    spec = _spec(name, body)
    now = services.now()
    with services.database.transaction() as tx:
        before = rows.find(tx, name)
        old = None if before is None else _form(before)
        old_hash = None if old is None else str(old["contentHash"])
        row = TenantRow(
            id=name,
            created_at=now if before is None else before.created_at,
            updated_at=now,
            owner=change.owner,
            revision=1 if before is None else before.revision + 1,
            description=spec.description,
            labels=spec.labels,
            provenance=change.provenance,
        )
        is_same = old is not None and _form(row)["contentHash"] == old_hash
        if not is_same:
            check_match(f"tenant/{name}", old_hash, match)
        if only_new:
            check_absent(f"tenant/{name}", old_hash)
        owner = None if before is None else before.owner
        check_owner(f"tenant/{name}", owner, change)
        if is_same and before is not None:
            if owner == change.owner:
                return cast("dict[str, Json]", old), False
            row = replace(before, owner=change.owner, updated_at=now)
        rows.put(tx, row)
        form = _form(row)
        verb = "create" if before is None else "update"
        taken = owner if owner != change.owner else None
        audit.append(tx, _event(change, name, verb, old, form, at=now, within=name, taken=taken))
    return form, before is None


def get(services: Services, name: str) -> dict[str, Json]:
    """A tenant. Raises `NotFound`."""
    with services.database.read() as tx:
        return _form(_found(tx, name))


def page(services: Services, *, after: str | None, limit: int) -> tuple[list[Json], str | None]:
    """Tenants by name, and the cursor of the next page."""
    with services.database.read() as tx:
        found = rows.page(tx, after=after, limit=limit + 1)
    items: list[Json] = [_form(row) for row in found[:limit]]
    return items, found[limit - 1].id if len(found) > limit else None


def delete(services: Services, change: Change, name: str, match: str | None = None) -> None:
    """Removes a tenant that holds nothing; its audit stays.

    Raises `NotFound`, `InUse` with what it holds, and `Conflict` for the tenant ``main``. The event
    is in its own audit and in that of ``main``, where it can be read.
    """
    now = services.now()
    with services.database.transaction() as tx:
        row = _found(tx, name)
        if name == MAIN:
            raise Conflict(
                "The tenant main cannot go: the tokens that reach every tenant are in it."
            )
        old = _form(row)
        check_match(f"tenant/{name}", str(old["contentHash"]), match)
        check_owner(f"tenant/{name}", row.owner, change)
        remove_expired(tx, now, until=now, tenant=name)
        _check_empty(name, rows.held(tx, name, now=now))
        rows.delete(tx, name)
        taken = row.owner if row.owner != change.owner else None
        for within in (name, MAIN):
            event = _event(change, name, "delete", old, None, at=now, within=within, taken=taken)
            audit.append(tx, event)
    services.tokens.forget()
    for file in [*services.storage.files(name)]:
        services.storage.delete(name, file.uri)


def _check_empty(name: str, held: dict[str, int]) -> None:
    if not held:
        return
    counts = [
        f"{count} {kind.removesuffix('s') if count == 1 else kind}" for kind, count in held.items()
    ]
    raise InUse(
        f"The tenant {name} still holds {', '.join(counts)}.",
        problems=[
            Problem(f"It holds {each}.", code="in-use", object=f"tenant/{name}") for each in counts
        ],
        hint="Remove them first: nothing is deleted implicitly.",
    )


def _spec(name: str, body: Json) -> TenantSpec:
    problems = []
    if not _NAME.fullmatch(name) or len(name) > _LONGEST_NAME:
        hint = "Use lowercase letters, digits, '.', '_' and '-', at most 100 characters."
        message = f"`{name[:_LONGEST_NAME]}` is no name of a tenant."
        problems.append(Problem(message, path="tenant", code="invalid-name", hint=hint))
    if not isinstance(body, dict):
        problems.append(Problem("The body must be an object.", code="wrong-type"))
        body = {}
    spec, more = read(TenantSpec, body)
    problems += more
    if spec is None or problems:
        raise InvalidObject(problems[0].message, problems=problems, hint=problems[0].hint)
    return spec


def _found(tx: Connection, name: str) -> TenantRow:
    row = rows.find(tx, name)
    if row is None:
        raise NotFound(f"There is no tenant {name}.")
    return row


def _event(
    change: Change,
    name: str,
    verb: str,
    before: dict[str, Json] | None,
    after: dict[str, Json] | None,
    *,
    at: datetime,
    within: str,
    taken: str | None,
) -> audit.AuditRecord:
    """The event for the audit of the tenant `within`."""
    caller = change.caller
    if within != caller.tenant:
        actor = caller.actor.replace(":", f":{caller.tenant}/", 1)
        change = replace(change, caller=replace(caller, tenant=within, actor=actor))
    return change.audit(
        f"tenant.{verb}",
        f"tenant/{name}",
        at=at,
        before=None if before is None else str(before["contentHash"]),
        after=None if after is None else str(after["contentHash"]),
        detail=None if taken is None else {"takenOverFrom": taken},
    )


def _form(row: TenantRow) -> dict[str, Json]:
    content: dict[str, Json] = {"description": row.description, "labels": {**(row.labels or {})}}
    return {
        "kind": "tenant",
        "id": row.id,
        **content,
        "owner": row.owner,
        "revision": row.revision,
        "contentHash": canonical_hash(content),
        "createdAt": instant(row.created_at),
        "updatedAt": instant(row.updated_at),
        "provenance": row.provenance.to_json(),
    }
