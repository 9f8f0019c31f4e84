"""Tokens: made, listed, revoked."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Annotated

from pydantic import AwareDatetime, Field
from sqlalchemy import Connection

from penstock.errors import Conflict, InvalidObject, NotFound
from penstock.model.frozen import Frozen, Json
from penstock.security import token as security
from penstock.security.caller import Caller
from penstock.service.change import Change
from penstock.service.form import instant
from penstock.service.services import Services
from penstock.service.spec import read
from penstock.store import audit
from penstock.store import token as rows

NAME_PATTERN = r"^[a-z0-9][a-z0-9._-]*$"


class TokenSpec(Frozen):
    """A token to make."""

    name: Annotated[
        str, Field(pattern=NAME_PATTERN, max_length=100, description="What the audit calls it.")
    ]
    expires_at: Annotated[
        AwareDatetime | None, Field(description="From when on it is void; never by default.")
    ] = None


def create(services: Services, caller: Caller, body: Json) -> dict[str, Json]:
    """Makes a token; its text is in this answer and nowhere else, ever."""
    if not isinstance(body, dict):
        raise InvalidObject("The body must be an object with `name`.")
    spec, problems = read(TokenSpec, body)
    if spec is None:
        raise InvalidObject(problems[0].message, problems=problems, hint=problems[0].hint)
    now = services.now()
    with services.database.transaction() as tx:
        if rows.find(tx, caller.tenant, spec.name) is not None:
            raise Conflict(
                f"There is a token {spec.name} already.",
                hint="Delete it first, or take another name.",
            )
        text, row = security.issue(
            tx, caller.tenant, spec.name, now=now, actor=caller.actor, expires_at=spec.expires_at
        )
        _audit(tx, caller, "token.create", spec.name, now=now)
    return {**_form(row), "token": text}


def page(
    services: Services, caller: Caller, *, after: str | None, limit: int
) -> tuple[list[Json], str | None]:
    """Tokens without their texts."""
    with services.database.read() as tx:
        found = rows.page(tx, caller.tenant, after=after, limit=limit + 1)
    items: list[Json] = [_form(row) for row in found[:limit]]
    return items, found[limit - 1].name if len(found) > limit else None


def delete(services: Services, caller: Caller, name: str) -> None:
    """Revokes a token at once. Raises `NotFound`."""
    if not re.match(NAME_PATTERN, name):
        raise NotFound(f"There is no token {name}.")
    with services.database.transaction() as tx:
        if not rows.delete(tx, caller.tenant, name):
            raise NotFound(f"There is no token {name}.")
        _audit(tx, caller, "token.delete", name, now=services.now())
    services.tokens.forget()


def _audit(tx: Connection, caller: Caller, action: str, name: str, *, now: datetime) -> None:
    audit.append(tx, Change(caller).audit(action, f"token/{name}", at=now))


def _form(row: rows.TokenRow) -> dict[str, Json]:
    return {
        "name": row.name,
        "prefix": row.prefix,
        "createdAt": instant(row.created_at),
        "createdBy": row.created_by,
        "expiresAt": instant(row.expires_at),
    }
