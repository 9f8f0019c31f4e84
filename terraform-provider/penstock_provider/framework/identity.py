"""Identities: the few values that say which object a state is about, for import and for lists."""

from __future__ import annotations

import json

from penstock_provider.framework import protocol
from penstock_provider.framework.diagnostics import Failure
from penstock_provider.framework.message import value_of
from penstock_provider.framework.protocol import Message
from penstock_provider.framework.resource import Resource
from penstock_provider.framework.schema import type_bytes
from penstock_provider.framework.values import State, Type, from_json, is_known, object_of, pack

Kind = Resource | type[Resource]
IDENTITY_VERSION = 0
"""Of every identity so far."""


def identity_type(resource: Kind) -> Type:
    """The object type of a resource's identity."""
    attributes = resource.schema.attributes
    return object_of({name: attributes[name].type for name in resource.identified_by})


def identity_schema(resource: Kind) -> Message:
    """What an identity consists of, as a protocol message."""
    message = protocol.types["IdentitySchema"](version=IDENTITY_VERSION)
    for name in resource.identified_by:
        attribute = resource.schema.attributes[name]
        message.identity_attributes.add(
            name=name,
            type=type_bytes(attribute.type),
            required_for_import=True,
            description=attribute.description,
        )
    return message


def put_identity(resource: Kind, state: State | None, told: Message) -> None:
    """Writes a state's identity, once it is wholly known."""
    if state is None or not resource.identified_by:
        return
    identity = {name: state.get(name) for name in resource.identified_by}
    if all(value is not None and is_known(value) for value in identity.values()):
        told.identity_data.msgpack = pack(identity)


def keep_identity(asked: Message, told: Message) -> None:
    """Gives back the identity that came, if one came."""
    if asked.identity_data.msgpack:
        told.identity_data.msgpack = asked.identity_data.msgpack


def read_identity(resource: Kind, asked: Message) -> State | None:
    """The identity that came, or None when none came."""
    value = value_of(asked.identity_data, identity_type(resource))
    if not isinstance(value, dict):
        return None
    for name, part in value.items():
        if part is None or part == "":
            raise Failure(
                f"`{name}` is missing in the identity",
                f"Write {', '.join(f'`{each}`' for each in resource.identified_by)}.",
            )
    return value


def upgraded_identity(resource: Kind, raw: bytes) -> bytes:
    """A stored identity as it is written today."""
    return pack(from_json(json.loads(raw), identity_type(resource)))
