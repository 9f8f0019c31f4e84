"""The shapes of answers about tokens and tenants."""

from __future__ import annotations

from penstock.api.shape import (
    MAYBE_TEXT,
    MAYBE_TIME,
    NUMBER,
    TEXT,
    TEXTS,
    TIME,
    Schema,
    inlined,
    ref,
    thing,
)
from penstock.service.tenant import TenantSpec
from penstock.service.token_spec import NewTokenSpec, TokenSpec

_TOKEN: dict[str, Schema] = {
    "kind": TEXT,
    "name": TEXT,
    "prefix": TEXT,
    "description": MAYBE_TEXT,
    "access": {"type": "string", "enum": ["write", "read"]},
    "scope": {"type": "string", "enum": ["tenant", "server"]},
    "expiresAt": MAYBE_TIME,
    "fingerprint": TEXT,
    "valueVersion": MAYBE_TEXT,
    "owner": TEXT,
    "revision": NUMBER,
    "contentHash": TEXT,
    "createdAt": TIME,
    "createdBy": TEXT,
    "updatedAt": TIME,
    "provenance": ref("Provenance"),
}

_TENANT = thing(
    kind=TEXT,
    id=TEXT,
    description=MAYBE_TEXT,
    labels=TEXTS,
    owner=TEXT,
    revision=NUMBER,
    contentHash=TEXT,
    createdAt=TIME,
    updatedAt=TIME,
    provenance=ref("Provenance"),
)

ACCESS: dict[str, Schema] = {
    "Token": thing(**_TOKEN),
    "NewToken": thing(**_TOKEN, token=TEXT),
    "TokenSpec": inlined(TokenSpec),
    "NewTokenSpec": inlined(NewTokenSpec),
    "Tenant": _TENANT,
    "TenantSpec": inlined(TenantSpec),
}
