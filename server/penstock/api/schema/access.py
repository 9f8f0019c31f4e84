"""The shapes of answers about tokens and tenants."""

from __future__ import annotations

from penstock.api.schema.declared import OWNED
from penstock.api.shape import FLAG, MAYBE_TEXT, MAYBE_TIME, TEXT, TEXTS, Schema, inlined, thing
from penstock.service.tenant import TenantSpec
from penstock.service.token_spec import NewTokenSpec, TokenSpec

_TOKEN: dict[str, Schema] = {
    "kind": TEXT,
    "name": TEXT,
    "prefix": TEXT,
    "ephemeral": FLAG,
    "description": MAYBE_TEXT,
    "access": {"type": "string", "enum": ["write", "read"]},
    "scope": {"type": "string", "enum": ["tenant", "server"]},
    "expiresAt": MAYBE_TIME,
    "fingerprint": TEXT,
    "valueVersion": MAYBE_TEXT,
    "createdBy": TEXT,
    **OWNED,
}

COMPONENTS: dict[str, Schema] = {
    "Token": thing(**_TOKEN),
    "NewToken": thing(**_TOKEN, token=TEXT),
    "TokenSpec": inlined(TokenSpec),
    "NewTokenSpec": inlined(NewTokenSpec),
    "Tenant": thing(kind=TEXT, id=TEXT, description=MAYBE_TEXT, labels=TEXTS, **OWNED),
    "TenantSpec": inlined(TenantSpec),
}
