"""Tokens: declared, made, listed, compared, revoked."""

from __future__ import annotations

import hmac
import re
from dataclasses import replace
from datetime import datetime
from typing import cast

from pydantic import SecretStr
from sqlalchemy import Connection

from penstock.errors import Conflict, Forbidden, InvalidObject, NotFound
from penstock.model.frozen import Json
from penstock.model.problem import Problem
from penstock.security import token as security
from penstock.security.caller import Access, Caller, Scope
from penstock.service.change import Change
from penstock.service.form import instant
from penstock.service.guard import check_absent, check_match, check_owner, check_there
from penstock.service.objectset import canonical_hash
from penstock.service.services import Services
from penstock.service.spec import read
from penstock.service.token_expiry import remove_expired
from penstock.service.token_spec import NAME_PATTERN, NewTokenSpec, TokenSpec
from penstock.store import audit
from penstock.store import token as rows
from penstock.store.token import TokenRow

_LONGEST_NAME = 100


def create(services: Services, change: Change, body: Json) -> dict[str, Json]:
    """Makes a token; its text is in this answer and nowhere else, ever."""
    spec, problems = read(NewTokenSpec, _object(body, "The body must be an object with `name`."))
    if spec is None:
        raise InvalidObject(problems[0].message, problems=problems, hint=problems[0].hint)
    caller, now = change.caller, services.now()
    scope = spec.scope or "tenant"
    _check_scope(caller, spec.name, scope)
    with services.database.transaction() as tx:
        check_there(tx, caller)
        remove_expired(tx, now, until=now, tenant=caller.tenant, name=spec.name)
        if rows.find(tx, caller.tenant, spec.name) is not None:
            raise Conflict(
                f"There is a token {spec.name} already.",
                hint="Delete it first, or take another name.",
            )
        text, row = security.issue(
            tx,
            caller.tenant,
            spec.name,
            now=now,
            actor=caller.actor,
            expires_at=spec.until(now),
            access=spec.access,
            scope=scope,
            description=spec.description,
            is_ephemeral=spec.ephemeral,
            owner=change.owner,
            provenance=change.provenance,
        )
        form = _form(services, row)
        _audit(tx, change, "create", row, at=now, after=form)
    return {**form, "token": text}


def put(
    services: Services,
    change: Change,
    name: str,
    *,
    body: Json,
    match: str | None = None,
    only_new: bool = False,
) -> tuple[dict[str, Json], bool]:
    """Declares a token with a text of the caller's; the form, and whether it is new.

    Without `value` the one that is there keeps its text, and an ephemeral one is prolonged; with it
    the token is declared from now on. The same body twice writes nothing.
    """
    spec, problems = read(TokenSpec, _object(body, "The body must be an object."))
    problems = [*_name_problems(name), *problems]
    if spec is None or problems:
        raise InvalidObject(problems[0].message, problems=problems, hint=problems[0].hint)
    caller, now = change.caller, services.now()
    with services.database.transaction() as tx:
        check_there(tx, caller)
        before = rows.find(tx, caller.tenant, name)
        row = _wanted(change, name, spec, before, now=now)
        old = None if before is None else _form(services, before)
        old_hash = None if old is None else str(old["contentHash"])
        is_same = old is not None and _form(services, row)["contentHash"] == old_hash
        is_same = is_same and before is not None and before.is_ephemeral == row.is_ephemeral
        if not is_same:
            check_match(f"token/{name}", old_hash, match)
        if only_new:
            check_absent(f"token/{name}", old_hash)
        owner = None if before is None else before.owner
        check_owner(f"token/{name}", owner, change)
        _check_scope(caller, name, row.scope)
        if is_same and before is not None and owner == change.owner:
            return cast("dict[str, Json]", old), False
        _check_other(tx, row)
        if is_same and before is not None:
            row = replace(before, owner=change.owner, updated_at=now)
        rows.put(tx, row)
        form = _form(services, row)
        taken = owner if before is not None and owner != change.owner else None
        verb = "create" if before is None else "update"
        _audit(tx, change, verb, row, at=now, before=old, after=form, taken=taken)
    # A text that was replaced is void at once.
    services.tokens.forget()
    return form, before is None


def get(services: Services, caller: Caller, name: str) -> dict[str, Json]:
    """What is known of a token, without its text. Raises `NotFound`."""
    with services.database.read() as tx:
        return _form(services, _found(tx, caller.tenant, name))


def page(
    services: Services, caller: Caller, *, after: str | None, limit: int
) -> tuple[list[Json], str | None]:
    """Tokens without their texts."""
    with services.database.read() as tx:
        found = rows.page(tx, caller.tenant, after=after, limit=limit + 1)
    items: list[Json] = [_form(services, row) for row in found[:limit]]
    return items, found[limit - 1].name if len(found) > limit else None


def delete(services: Services, change: Change, name: str, match: str | None = None) -> None:
    """Revokes a token at once. Raises `NotFound`."""
    tenant = change.caller.tenant
    with services.database.transaction() as tx:
        row = _found(tx, tenant, name)
        old = _form(services, row)
        check_match(f"token/{name}", str(old["contentHash"]), match)
        check_owner(f"token/{name}", row.owner, change)
        _check_scope(change.caller, name, row.scope)
        rows.delete(tx, tenant, name)
        taken = row.owner if row.owner != change.owner else None
        _audit(tx, change, "delete", row, at=services.now(), before=old, taken=taken)
    services.tokens.forget()


def compare(services: Services, caller: Caller, body: Json) -> list[Json]:
    """Whether given texts are those of the tokens: how drift of write-only values is seen.

    Audited, because an answer tells something about a text.
    """
    items = body.get("items") if isinstance(body, dict) else None
    if not isinstance(items, list):
        message = "The body must be an object with the list `items`."
        raise InvalidObject(
            message,
            problems=[Problem("`items` must be a list.", path="items", code="wrong-type")],
        )
    wanted = [_item(item, index) for index, item in enumerate(items)]
    answers: list[Json] = []
    with services.database.transaction() as tx:
        for name, value in wanted:
            row = rows.find(tx, caller.tenant, name)
            if row is not None:
                _check_scope(caller, name, row.scope)
            digest = security.digest_of(value)
            equal = row is not None and hmac.compare_digest(row.digest, digest)
            answers.append(
                {
                    "name": name,
                    "equal": equal,
                    "exists": row is not None,
                    "fingerprint": _fingerprint(services, caller.tenant, name, digest),
                }
            )
        if wanted:
            names: list[Json] = [f"token/{name}" for name, _ in wanted]
            detail: dict[str, Json] = {"tokens": names}
            record = Change(caller).audit(
                "token.compare", "token", at=services.now(), detail=detail
            )
            audit.append(tx, record)
    return answers


def _wanted(
    change: Change, name: str, spec: TokenSpec, before: TokenRow | None, *, now: datetime
) -> TokenRow:
    """The row that the spec asks for."""
    text = None if spec.value is None else spec.value.get_secret_value()
    if text is None and before is None:
        message = f"There is no token {name} yet, so it needs a `value`."
        hint = "Give one of at least 32 characters, or have one made with POST …/tokens."
        raise InvalidObject(
            message, problems=[Problem(message, path="value", code="missing-property")], hint=hint
        )
    if before is not None and spec.scope not in (None, before.scope):
        message = f"The token {name} is of scope {before.scope}, and a scope never changes."
        raise InvalidObject(
            message,
            problems=[Problem(message, path="scope", code="invalid")],
            hint="Make another token.",
        )
    same_text = before is not None and (text is None or security.digest_of(text) == before.digest)
    return TokenRow(
        tenant=change.caller.tenant,
        name=name,
        digest=before.digest if before and same_text else security.digest_of(text or ""),
        prefix=before.prefix if before and same_text else security.shown(text or ""),
        created_at=now if before is None else before.created_at,
        created_by=change.caller.actor if before is None else before.created_by,
        updated_at=now,
        access=spec.access,
        scope=spec.scope or ("tenant" if before is None else before.scope),
        owner=change.owner,
        revision=1 if before is None else before.revision + 1,
        expires_at=spec.expires_at,
        description=spec.description,
        value_version=spec.value_version,
        is_ephemeral=text is None and before is not None and before.is_ephemeral,
        provenance=change.provenance,
    )


def _check_scope(caller: Caller, name: str, scope: str) -> None:
    """Only who reaches every tenant may give or take that right."""
    if scope != "server":
        return
    if caller.scope != "server":
        raise Forbidden(
            f"The token {name} is of scope `server`: only tokens of that scope may deal with it.",
            hint="Use the first admin token, or one that was made with its scope.",
        )
    if caller.tenant != "main":
        message = "Tokens of scope `server` are declared in the tenant main only."
        raise InvalidObject(message, problems=[Problem(message, path="scope", code="invalid")])


def _check_other(tx: Connection, row: TokenRow) -> None:
    other = rows.by_digest(tx, row.digest)
    if other is not None and (other.tenant, other.name) != (row.tenant, row.name):
        raise Conflict(
            "Another token has this very text already, so nobody could tell the two apart.",
            hint="Make another text, such as: openssl rand -hex 32.",
        )


def _found(tx: Connection, tenant: str, name: str) -> TokenRow:
    row = rows.find(tx, tenant, name)
    if row is None:
        raise NotFound(f"There is no token {name}.")
    return row


def _name_problems(name: str) -> list[Problem]:
    if re.match(NAME_PATTERN, name) and len(name) <= _LONGEST_NAME:
        return []
    hint = "Use lowercase letters, digits, '.', '_' and '-', at most 100 characters."
    message = f"`{name[:_LONGEST_NAME]}` is no name of a token."
    return [Problem(message, path="name", code="invalid-name", hint=hint)]


def _object(body: Json, message: str) -> dict[str, Json]:
    if not isinstance(body, dict):
        raise InvalidObject(message, problems=[Problem(message, code="wrong-type")])
    return body


def _item(item: Json, index: int) -> tuple[str, str]:
    if isinstance(item, dict):
        name, value = item.get("name"), item.get("value")
        if isinstance(name, str) and isinstance(value, str):
            return name, value
    message = "Each item needs the texts `name` and `value`."
    problem = Problem(message, path=f"items[{index}]", code="wrong-type")
    raise InvalidObject(message, problems=[problem])


def _audit(
    tx: Connection,
    change: Change,
    verb: str,
    row: TokenRow,
    *,
    at: datetime,
    before: dict[str, Json] | None = None,
    after: dict[str, Json] | None = None,
    taken: str | None = None,
) -> None:
    record = change.audit(
        f"token.{verb}",
        f"token/{row.name}",
        at=at,
        before=None if before is None else str(before["contentHash"]),
        after=None if after is None else str(after["contentHash"]),
        detail=None if taken is None else {"takenOverFrom": taken},
    )
    audit.append(tx, record)


def _fingerprint(services: Services, tenant: str, name: str, digest: str) -> str:
    """Keyed, so that a text that can be guessed cannot be found from it."""
    # No namespace begins with a colon, so no secret has this place.
    return services.secrets.fingerprint(tenant, ":token", name, SecretStr(digest))


def _form(services: Services, row: TokenRow) -> dict[str, Json]:
    access, scope = cast("Access", row.access), cast("Scope", row.scope)
    content: dict[str, Json] = {
        "description": row.description,
        "access": access,
        "scope": scope,
        "expiresAt": instant(row.expires_at),
        "fingerprint": _fingerprint(services, row.tenant, row.name, row.digest),
        "valueVersion": row.value_version,
    }
    return {
        "kind": "token",
        "name": row.name,
        "prefix": row.prefix,
        "ephemeral": row.is_ephemeral,
        **content,
        "owner": row.owner,
        "revision": row.revision,
        "contentHash": canonical_hash(content),
        "createdAt": instant(row.created_at),
        "createdBy": row.created_by,
        "updatedAt": instant(row.updated_at),
        "provenance": row.provenance.to_json(),
    }
