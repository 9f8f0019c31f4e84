"""The calls about managed resources: from checking a block to deleting the object."""

from __future__ import annotations

from penstock_provider.framework.diagnostics import Diagnostics, Failure, path_message
from penstock_provider.framework.identity import keep_identity, put_identity
from penstock_provider.framework.message import (
    check,
    private_bytes,
    private_of,
    state_of,
    tell,
)
from penstock_provider.framework.plan import default_plan
from penstock_provider.framework.protocol import Message
from penstock_provider.framework.resource import (
    Change,
    Leaving,
    Provider,
    Reading,
    Resource,
    named,
)
from penstock_provider.framework.schema import Schema
from penstock_provider.framework.values import State, is_known, pack

_NIL = b"\xc0"


class Resources:
    """One instance of each resource class for a connection."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._made: dict[str, Resource] = {}

    def __getitem__(self, name: str) -> Resource:
        resource = self._made.get(name)
        if resource is None:
            resource = named(self._provider.resources(), name)(self._provider)
            self._made[name] = resource
        return resource


class Managed:
    """The life of managed resources."""

    def __init__(self, resources: Resources) -> None:
        self._resources = resources

    async def validate_resource_config(self, asked: Message, told: Message) -> None:
        """Checks a resource block."""
        resource = self._resources[asked.type_name]
        config = state_of(asked.config, resource.schema) or {}
        diagnostics = Diagnostics()
        _check_client(resource.schema, config, asked, diagnostics)
        check(resource.schema, config, diagnostics)
        await resource.validate(config, diagnostics)
        resource.provider.validated(resource, config)
        tell(told, diagnostics.items)

    async def read_resource(self, asked: Message, told: Message) -> None:
        """Refreshes a state; unchanged ones go back as the bytes that came."""
        resource = self._resources[asked.type_name]
        told.new_state.CopyFrom(asked.current_state)
        keep_identity(asked.current_identity, told.new_identity)
        told.private = asked.private
        state = state_of(asked.current_state, resource.schema)
        if state is None:
            return
        reading = Reading(dict(state), private_of(asked.private))
        try:
            fresh = await resource.read(reading)
        except Failure as failure:
            tell(told, [*reading.diagnostics.items, *failure.diagnostics])
            return
        tell(told, reading.diagnostics.items)
        if reading.diagnostics.failed:
            return
        if fresh is None:
            told.new_state.msgpack = _NIL
            told.private = b""
            return
        fresh = resource.schema.complete(fresh)
        if fresh != state:
            told.new_state.msgpack = pack(fresh)
        put_identity(resource, fresh, told.new_identity)
        told.private = private_bytes(reading.private)

    async def plan_resource_change(self, asked: Message, told: Message) -> None:
        """The default plan, then the resource's own."""
        resource = self._resources[asked.type_name]
        schema = resource.schema
        told.planned_private = asked.prior_private
        keep_identity(asked.prior_identity, told.planned_identity)
        prior_bytes, proposed_bytes = asked.prior_state.msgpack, asked.proposed_new_state.msgpack
        settled = not (resource.always_plan or schema.has_defaults)
        unchanged = prior_bytes == proposed_bytes and settled
        if unchanged or proposed_bytes == _NIL:
            told.planned_state.msgpack = proposed_bytes
            await _settled(resource, asked, told, leaves=proposed_bytes == _NIL)
            return
        prior = state_of(asked.prior_state, schema)
        plan = default_plan(
            schema,
            prior,
            proposed=state_of(asked.proposed_new_state, schema) or {},
            config=state_of(asked.config, schema) or {},
            private=private_of(asked.prior_private),
        )
        _check_client(schema, plan.config, asked, plan.diagnostics)
        if plan.changed or resource.always_plan:
            try:
                await resource.plan(plan)
            except Failure as failure:
                plan.diagnostics.items.extend(failure.diagnostics)
        if not plan.changed:
            await resource.provider.unchanged(resource, lambda: plan.planned, plan.diagnostics)
        schema.forget(plan.planned)
        told.planned_state.msgpack = pack(plan.planned)
        put_identity(resource, plan.planned, told.planned_identity)
        told.planned_private = private_bytes(plan.private)
        told.requires_replace.extend(path_message(path) for path in plan.replace)
        tell(told, plan.diagnostics.items)

    async def apply_resource_change(self, asked: Message, told: Message) -> None:
        """Creates, updates or deletes; on failure the state stays what it was."""
        resource = self._resources[asked.type_name]
        schema = resource.schema
        prior, planned = state_of(asked.prior_state, schema), state_of(asked.planned_state, schema)
        told.new_state.CopyFrom(asked.prior_state)
        put_identity(resource, prior, told.new_identity)
        told.private = asked.planned_private
        change = Change(
            prior,
            planned or {},
            state_of(asked.config, schema) or {},
            private_of(asked.planned_private),
        )
        try:
            if planned is None:
                await resource.delete(change)
                told.new_state.msgpack = _NIL
                told.private = b""
            else:
                made = await (resource.create if prior is None else resource.update)(change)
                _keep(resource, made, told)
                told.private = private_bytes(change.private)
        except Failure as failure:
            change.diagnostics.items.extend(failure.diagnostics)
        tell(told, change.diagnostics.items)


async def _settled(resource: Resource, asked: Message, told: Message, *, leaves: bool) -> None:
    """An object that leaves, or stays as it is: others may care."""
    state = asked.prior_state  # the request holds the text three times

    def prior() -> State:
        return state_of(state, resource.schema) or {}

    diagnostics = Diagnostics()
    try:
        if leaves:
            leaving = Leaving(prior(), private_of(asked.prior_private), diagnostics)
            await resource.leave(leaving)
        else:
            await resource.provider.unchanged(resource, prior, diagnostics)
    except Failure as failure:
        diagnostics.items.extend(failure.diagnostics)
    tell(told, diagnostics.items)


def _check_client(schema: Schema, config: State, asked: Message, diagnostics: Diagnostics) -> None:
    """An older client would keep write-only values."""
    if asked.client_capabilities.write_only_attributes_allowed:
        return
    for path, attribute, value in schema.parts(config):
        if attribute.write_only and value is not None:
            diagnostics.error(
                f"`{path[-1]}` needs Terraform 1.11 or OpenTofu 1.11",
                "This client would keep the write-only value in its state.",
                path=path,
            )


def _keep(resource: Resource, made: State, told: Message) -> None:
    state = resource.schema.complete(made)
    resource.schema.forget(state)
    for name, value in state.items():
        if not is_known(value):
            raise Failure(
                f"`{name}` is still unknown after the change",
                "This is a mistake in the provider: please report it.",
                path=(name,),
            )
    told.new_state.msgpack = pack(state)
    put_identity(resource, state, told.new_identity)
