"""The calls that bring states in: older, imported and moved ones; and what text they come from."""

from __future__ import annotations

import json

from penstock_provider.framework.diagnostics import Failure
from penstock_provider.framework.identity import (
    IDENTITY_VERSION,
    identity_schema,
    put_identity,
    read_identity,
    upgraded_identity,
)
from penstock_provider.framework.managed import Resources
from penstock_provider.framework.message import state_of
from penstock_provider.framework.protocol import Message
from penstock_provider.framework.resource import JsonState, Provider, Resource
from penstock_provider.framework.values import State, from_json, pack


class Moving:
    """How states and identities arrive that this version of the provider has not written."""

    def __init__(self, provider: Provider, resources: Resources) -> None:
        self._provider = provider
        self._resources = resources

    async def get_resource_identity_schemas(self, _: Message, told: Message) -> None:
        """What the identity of each resource consists of."""
        for name, kind in self._provider.resources().items():
            if kind.identified_by:
                told.identity_schemas.add(key=name, value=identity_schema(kind))

    async def upgrade_resource_state(self, asked: Message, told: Message) -> None:
        """Brings a stored state to the present schema."""
        resource = self._resources[asked.type_name]
        raw = json.loads(asked.raw_state.json)
        fields = resource.schema.type.fields or {}
        if asked.version == resource.schema.version and raw.keys() <= fields.keys():
            told.upgraded_state.json = asked.raw_state.json
        else:
            told.upgraded_state.msgpack = pack(_upgraded(resource, asked.version, raw))

    async def upgrade_resource_identity(self, asked: Message, told: Message) -> None:
        """Brings a stored identity to the present schema."""
        if asked.version != IDENTITY_VERSION:
            raise _newer(f"Identity version {asked.version}")
        resource = self._resources[asked.type_name]
        data = upgraded_identity(resource, asked.raw_identity.json)
        told.upgraded_identity.identity_data.msgpack = data

    async def import_resource_state(self, asked: Message, told: Message) -> None:
        """Finds an object by import id or identity; Terraform reads it afterwards."""
        resource = self._resources[asked.type_name]
        identity = None if asked.id else read_identity(resource, asked.identity)
        found = await resource.imported(asked.id) if identity is None else identity
        state = resource.schema.complete(found)
        imported = told.imported_resources.add(type_name=asked.type_name)
        imported.state.msgpack = pack(state)
        put_identity(resource, state, imported.identity)

    async def move_resource_state(self, asked: Message, told: Message) -> None:
        """Takes over the state of another source address, or of another provider's type."""
        resource = self._resources[asked.target_type_name]
        address, kind = asked.source_provider_address, asked.source_type_name
        raw = json.loads(asked.source_state.json or b"{}")
        if kind == asked.target_type_name and address in self._provider.addresses():
            state = _upgraded(resource, asked.source_schema_version, raw)
            told.target_private = asked.source_private
        else:
            state = _taken(resource, address, kind=kind, raw=raw, target=asked.target_type_name)
        resource.schema.forget(state)
        told.target_state.msgpack = pack(state)
        put_identity(resource, state, told.target_identity)

    async def generate_resource_config(self, asked: Message, told: Message) -> None:
        """The configuration that has this state: without what Terraform or the server computes."""
        resource = self._resources[asked.type_name]
        state = state_of(asked.state, resource.schema) or {}
        config = resource.schema.complete(resource.written(resource.schema.configurable(state)))
        told.config.msgpack = pack(config)


def _upgraded(resource: Resource, version: int, raw: JsonState) -> State:
    """A state of an older schema, step by step; attributes that are no more are dropped."""
    schema = resource.schema
    if version > schema.version:
        raise _newer(f"State version {version}")
    for step in range(version, schema.version):
        if step not in resource.upgrades:
            raise _newer(f"State version {step}")
        raw = resource.upgrades[step](raw)
    state = from_json(raw, schema.type)
    return state if isinstance(state, dict) else {}


def _newer(what: str) -> Failure:
    return Failure(
        f"{what} is not known",
        "It was written by a newer provider. Install that version or a later one.",
    )


def _taken(resource: Resource, address: str, *, kind: str, raw: JsonState, target: str) -> State:
    for origin in resource.origins:
        if kind == origin.type and address in origin.addresses:
            state = from_json(origin.take(raw), resource.schema.type)
            return state if isinstance(state, dict) else {}
    known = ", ".join(f"{origin.type} of {origin.addresses[0]}" for origin in resource.origins)
    raise Failure(
        f"{kind} of {address} cannot become {target}",
        f"{f'It can become one: {known}. ' if known else ''}"
        "Remove the `moved` block, and import the object under its new address instead.",
    )
