"""Every call of the protocol, for any provider; each exception becomes a diagnostic."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeVar

from penstock_provider.framework import protocol
from penstock_provider.framework.diagnostics import (
    Diagnostics,
    Failure,
    path_message,
)
from penstock_provider.framework.loop import Task
from penstock_provider.framework.message import (
    capabilities,
    check,
    function_message,
    private_bytes,
    private_of,
    state_of,
    tell,
    unexpected,
    unreadable,
    value_of,
)
from penstock_provider.framework.plan import default_plan
from penstock_provider.framework.protobuf import Malformed
from penstock_provider.framework.protocol import Message
from penstock_provider.framework.resource import (
    ArgumentError,
    Change,
    DataSource,
    EphemeralResource,
    Provider,
    Reading,
    Resource,
)
from penstock_provider.framework.schema import Schema
from penstock_provider.framework.values import State, is_known, pack

K = TypeVar("K")
_NIL = b"\xc0"
Call = Callable[[Message, Message], Coroutine[Any, Any, None]]


class Core:
    """Answers the protocol's calls for one connection with one ``Provider``."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        self._resources: dict[str, Resource] = {}

    def handlers(self) -> dict[str, Callable[[bytes], Task[bytes]]]:
        """A coroutine function from request to response bytes for each gRPC path."""
        handlers = {}
        for method, (request, response) in protocol.METHODS.items():
            name = "".join(f"_{c.lower()}" if c.isupper() else c for c in method)
            handlers[f"/tfplugin6.Provider/{method}"] = self._handler(
                method, getattr(self, name[1:]), request=request, response=response
            )
        return handlers

    def _handler(
        self, method: str, call: Call, *, request: str, response: str
    ) -> Callable[[bytes], Task[bytes]]:
        parse, answer = protocol.types[request].FromString, protocol.types[response]

        async def handle(data: bytes) -> bytes:
            told = answer()
            try:
                await call(parse(data), told)
            except Failure as failure:
                tell(told, failure.diagnostics)
            except Malformed as error:
                tell(told, [unreadable(error, method)])
            except Exception as error:  # noqa: BLE001 (this is the place where they end)
                tell(told, [unexpected(error, method)])
            return told.SerializeToString()

        return handle

    # What there is

    async def get_metadata(self, _: Message, told: Message) -> None:
        """Names without schemas."""
        capabilities(told)
        for name in self._provider.resources():
            told.resources.add(type_name=name)
        for name in self._provider.data_sources():
            told.data_sources.add(type_name=name)
        for name in self._provider.ephemeral_resources():
            told.ephemeral_resources.add(type_name=name)
        for name in self._provider.functions():
            told.functions.add(name=name)

    async def get_provider_schema(self, _: Message, told: Message) -> None:
        """All schemas."""
        provider = self._provider
        capabilities(told)
        told.provider.CopyFrom(provider.schema.to_message())
        for entries, kinds in (
            (told.resource_schemas, provider.resources()),
            (told.data_source_schemas, provider.data_sources()),
            (told.ephemeral_resource_schemas, provider.ephemeral_resources()),
        ):
            for name, kind in kinds.items():
                entries.add(key=name, value=kind.schema.to_message())
        for name, function in provider.functions().items():
            told.functions.add(key=name, value=function_message(function))

    async def get_resource_identity_schemas(self, _: Message, told: Message) -> None:
        """None of the resources has an identity beside its state."""

    async def get_functions(self, _: Message, told: Message) -> None:
        """All functions."""
        for name, function in self._provider.functions().items():
            told.functions.add(key=name, value=function_message(function))

    # Before anything is configured

    async def validate_provider_config(self, asked: Message, told: Message) -> None:
        """Checks the provider block."""
        schema = self._provider.schema
        diagnostics = Diagnostics()
        check(schema, state_of(asked.config, schema) or {}, diagnostics)
        tell(told, diagnostics.items)

    async def validate_resource_config(self, asked: Message, told: Message) -> None:
        """Checks a resource block."""
        resource = self._resource(asked.type_name)
        config = state_of(asked.config, resource.schema) or {}
        diagnostics = Diagnostics()
        if not asked.client_capabilities.write_only_attributes_allowed:
            for name in resource.schema.write_only:
                if config.get(name) is not None:
                    diagnostics.error(
                        f"`{name}` needs Terraform 1.11 or OpenTofu 1.11",
                        "This client would keep the write-only value in its state.",
                        path=(name,),
                    )
        check(resource.schema, config, diagnostics)
        await resource.validate(config, diagnostics)
        tell(told, diagnostics.items)

    async def validate_data_resource_config(self, asked: Message, told: Message) -> None:
        """Checks a data block."""
        source = self._data_source(asked.type_name)
        config = state_of(asked.config, source.schema) or {}
        diagnostics = Diagnostics()
        check(source.schema, config, diagnostics)
        await source.validate(config, diagnostics)
        tell(told, diagnostics.items)

    async def validate_ephemeral_resource_config(self, asked: Message, told: Message) -> None:
        """Checks an ephemeral block."""
        ephemeral = self._ephemeral(asked.type_name)
        config = state_of(asked.config, ephemeral.schema) or {}
        diagnostics = Diagnostics()
        check(ephemeral.schema, config, diagnostics)
        await ephemeral.validate(config, diagnostics)
        tell(told, diagnostics.items)

    async def upgrade_resource_state(self, asked: Message, told: Message) -> None:
        """Brings a stored state to the present schema."""
        resource = self._resource(asked.type_name)
        schema = resource.schema
        raw = json.loads(asked.raw_state.json)
        if asked.version != schema.version:
            state = await resource.upgrade(asked.version, raw)
            told.upgraded_state.msgpack = pack(schema.complete(state))
        elif raw.keys() <= (schema.type.fields or {}).keys():
            told.upgraded_state.json = asked.raw_state.json
        else:
            known = {name: raw[name] for name in raw.keys() & (schema.type.fields or {}).keys()}
            told.upgraded_state.json = json.dumps(known).encode()

    async def configure_provider(self, asked: Message, told: Message) -> None:
        """Takes the provider block."""
        schema = self._provider.schema
        diagnostics = Diagnostics()
        await self._provider.configure(
            schema.complete(state_of(asked.config, schema) or {}),
            diagnostics,
            terraform_version=asked.terraform_version,
        )
        tell(told, diagnostics.items)

    # Managed resources

    async def read_resource(self, asked: Message, told: Message) -> None:
        """Refreshes a state; unchanged ones go back as the bytes that came."""
        resource = self._resource(asked.type_name)
        told.new_state.CopyFrom(asked.current_state)
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
        told.private = private_bytes(reading.private)

    async def plan_resource_change(self, asked: Message, told: Message) -> None:
        """The default plan, then the resource's own."""
        resource = self._resource(asked.type_name)
        schema = resource.schema
        told.planned_private = asked.prior_private
        prior_bytes, proposed_bytes = asked.prior_state.msgpack, asked.proposed_new_state.msgpack
        settled = not (resource.always_plan or schema.has_defaults)
        unchanged = prior_bytes == proposed_bytes and settled
        if unchanged or proposed_bytes == _NIL:
            told.planned_state.msgpack = proposed_bytes
            return
        prior = state_of(asked.prior_state, schema)
        plan = default_plan(
            schema,
            prior,
            proposed=state_of(asked.proposed_new_state, schema) or {},
            config=state_of(asked.config, schema) or {},
            private=private_of(asked.prior_private),
        )
        if plan.changed or resource.always_plan:
            try:
                await resource.plan(plan)
            except Failure as failure:
                plan.diagnostics.items.extend(failure.diagnostics)
        for name in schema.write_only:
            plan.planned[name] = None
        told.planned_state.msgpack = pack(plan.planned)
        told.planned_private = private_bytes(plan.private)
        told.requires_replace.extend(path_message(path) for path in plan.replace)
        tell(told, plan.diagnostics.items)

    async def apply_resource_change(self, asked: Message, told: Message) -> None:
        """Creates, updates or deletes; on failure the state stays what it was."""
        resource = self._resource(asked.type_name)
        schema = resource.schema
        prior, planned = state_of(asked.prior_state, schema), state_of(asked.planned_state, schema)
        told.new_state.CopyFrom(asked.prior_state)
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
                self._keep(schema, made, told)
                told.private = private_bytes(change.private)
        except Failure as failure:
            change.diagnostics.items.extend(failure.diagnostics)
        tell(told, change.diagnostics.items)

    def _keep(self, schema: Schema, made: State, told: Message) -> None:
        state = schema.complete(made)
        for name in schema.write_only:
            state[name] = None
        for name, value in state.items():
            if not is_known(value):
                raise Failure(
                    f"`{name}` is still unknown after the change",
                    "This is a mistake in the provider: please report it.",
                    path=(name,),
                )
        told.new_state.msgpack = pack(state)

    async def import_resource_state(self, asked: Message, told: Message) -> None:
        """Finds an object by its import id; Terraform reads it afterwards."""
        resource = self._resource(asked.type_name)
        state = resource.schema.complete(await resource.imported(asked.id))
        imported = told.imported_resources.add(type_name=asked.type_name)
        imported.state.msgpack = pack(state)

    async def move_resource_state(self, asked: Message, _: Message) -> None:
        """No resource takes over another type's state."""
        raise Failure(
            f"{asked.source_type_name} cannot become {asked.target_type_name}",
            "Remove the `moved` block, and import the object under its new address instead.",
        )

    async def read_data_source(self, asked: Message, told: Message) -> None:
        """Looks something up."""
        source = self._data_source(asked.type_name)
        diagnostics = Diagnostics()
        state = await source.read(state_of(asked.config, source.schema) or {}, diagnostics)
        told.state.msgpack = pack(source.schema.complete(state))
        tell(told, diagnostics.items)

    # Ephemeral resources and functions

    async def open_ephemeral_resource(self, asked: Message, told: Message) -> None:
        """Opens a value for the length of a run."""
        ephemeral = self._ephemeral(asked.type_name)
        diagnostics = Diagnostics()
        result = await ephemeral.open(state_of(asked.config, ephemeral.schema) or {}, diagnostics)
        told.result.msgpack = pack(ephemeral.schema.complete(result))
        tell(told, diagnostics.items)

    async def renew_ephemeral_resource(self, asked: Message, told: Message) -> None:
        """Nothing that is opened here expires."""

    async def close_ephemeral_resource(self, asked: Message, _: Message) -> None:
        """Gives a value back."""
        await self._ephemeral(asked.type_name).close(asked.private)

    async def call_function(self, asked: Message, told: Message) -> None:
        """Calls a function; its error is bound to the argument."""
        function = self._provider.functions()[asked.name]
        values = [
            value_of(argument, parameter.type)
            for argument, parameter in zip(asked.arguments, function.parameters, strict=True)
        ]
        try:
            told.result.msgpack = pack(function().call(*values))
        except ArgumentError as error:
            told.error.text = str(error)
            told.error.function_argument = error.index

    async def stop_provider(self, _asked: Message, _: Message) -> None:
        """The user wants to end: nothing waits any longer."""
        self._provider.stop()

    def _resource(self, name: str) -> Resource:
        resource = self._resources.get(name)
        if resource is None:
            resource = _named(self._provider.resources(), name)(self._provider)
            self._resources[name] = resource
        return resource

    def _data_source(self, name: str) -> DataSource:
        return _named(self._provider.data_sources(), name)(self._provider)

    def _ephemeral(self, name: str) -> EphemeralResource:
        return _named(self._provider.ephemeral_resources(), name)(self._provider)


def _named(kinds: Mapping[str, K], name: str) -> K:
    kind = kinds.get(name)
    if kind is None:
        raise Failure(f"There is no {name}", f"This provider has: {', '.join(sorted(kinds))}.")
    return kind
