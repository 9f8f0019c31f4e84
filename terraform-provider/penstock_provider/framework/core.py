"""Every call of the protocol, for any provider; each exception becomes a diagnostic."""

from __future__ import annotations

from collections.abc import Callable

from penstock_provider.framework import protocol
from penstock_provider.framework.action import Actions
from penstock_provider.framework.diagnostics import (
    Diagnostic,
    Diagnostics,
    Failure,
    diagnostic_message,
)
from penstock_provider.framework.function import Functions
from penstock_provider.framework.listing import Lists
from penstock_provider.framework.loop import Task
from penstock_provider.framework.managed import Managed, Resources
from penstock_provider.framework.message import (
    capabilities,
    check,
    hide_secrets,
    private_bytes,
    private_of,
    state_of,
    tell,
    unexpected,
    unreadable,
)
from penstock_provider.framework.moving import Moving
from penstock_provider.framework.protobuf import Malformed
from penstock_provider.framework.protocol import Message
from penstock_provider.framework.resource import (
    DataSource,
    EphemeralResource,
    Opened,
    Provider,
    Renewal,
    named,
)
from penstock_provider.framework.values import pack

Send = Callable[[bytes], bool]


class Core:
    """Answers the protocol's calls for one connection with one ``Provider``."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider
        resources = Resources(provider)
        self._parts = (
            self,
            Managed(resources),
            Moving(provider, resources),
            Functions(provider),
            Lists(provider),
            Actions(provider),
        )

    def handlers(self) -> dict[str, Callable[[bytes], Task[bytes]]]:
        """A coroutine function from request to response bytes for each gRPC path."""
        made = {
            f"/tfplugin6.Provider/{method}": self._handler(method, request=request, response=told)
            for method, (request, told) in protocol.METHODS.items()
        }
        return {**made, "/tfplugin6.Provider/GetProviderSchema": self._recorded_schemas}

    async def schemas(self, data: bytes) -> bytes:
        """The answer with all schemas, from the provider's types."""
        request, told = protocol.METHODS["GetProviderSchema"]
        return await self._handler("GetProviderSchema", request=request, response=told)(data)

    async def _recorded_schemas(self, data: bytes) -> bytes:
        known = self._provider.recorded_schemas()
        return await self.schemas(data) if known is None else known

    def streams(self) -> dict[str, Callable[[bytes, Send], Task[None]]]:
        """The same for calls with many answers: they send them themselves."""
        return {
            f"/tfplugin6.Provider/{method}": self._stream(method, request=request, event=event)
            for method, (request, event) in protocol.STREAMS.items()
        }

    def _call(self, method: str) -> Callable[..., Task[None]]:
        name = "".join(f"_{c.lower()}" if c.isupper() else c for c in method)[1:]
        part = next(part for part in self._parts if hasattr(part, name))
        return getattr(part, name)

    def _handler(
        self, method: str, *, request: str, response: str
    ) -> Callable[[bytes], Task[bytes]]:
        types = protocol.types
        call = self._call(method)

        async def handle(data: bytes) -> bytes:
            told = types[response]()
            try:
                await call(types[request].FromString(data), told)
            except Failure as failure:
                tell(told, failure.diagnostics)
            except Malformed as error:
                tell(told, [unreadable(error, method)])
            except Exception as error:  # noqa: BLE001 (this is the place where they end)
                tell(told, [unexpected(error, method)])
            return told.SerializeToString()

        return handle

    def _stream(
        self, method: str, *, request: str, event: str
    ) -> Callable[[bytes, Send], Task[None]]:
        types = protocol.types
        call = self._call(method)

        async def handle(data: bytes, send: Send) -> None:
            try:
                asked = types[request].FromString(data)
                await call(asked, lambda told: send(told.SerializeToString()))
            except Failure as failure:
                items = failure.diagnostics
            except Malformed as error:
                items = [unreadable(error, method)]
            except Exception as error:  # noqa: BLE001 (this is the place where they end)
                items = [unexpected(error, method)]
            else:
                return
            send(_diagnosed(types[event], items).SerializeToString())

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
        for name in self._provider.list_resources():
            told.list_resources.add(type_name=name)
        for name in self._provider.actions():
            told.actions.add(type_name=name)

    async def get_provider_schema(self, _: Message, told: Message) -> None:
        """All schemas."""
        provider = self._provider
        capabilities(told)
        told.provider.CopyFrom(provider.schema.to_message())
        for entries, kinds in (
            (told.resource_schemas, provider.resources()),
            (told.data_source_schemas, provider.data_sources()),
            (told.ephemeral_resource_schemas, provider.ephemeral_resources()),
            (told.list_resource_schemas, provider.list_resources()),
        ):
            for name, kind in kinds.items():
                entries.add(key=name, value=kind.schema.to_message())
        for name, function in provider.functions().items():
            told.functions.add(key=name, value=function.to_message())
        for name, action in provider.actions().items():
            told.action_schemas.add(key=name).value.schema.CopyFrom(action.schema.to_message())

    # Before anything is configured

    async def validate_provider_config(self, asked: Message, told: Message) -> None:
        """Checks the provider block."""
        schema = self._provider.schema
        diagnostics = Diagnostics()
        config = state_of(asked.config, schema) or {}
        check(schema, config, diagnostics)
        self._provider.checked(config)
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

    async def read_data_source(self, asked: Message, told: Message) -> None:
        """Looks something up."""
        source = self._data_source(asked.type_name)
        diagnostics = Diagnostics()
        state = await source.read(state_of(asked.config, source.schema) or {}, diagnostics)
        told.state.msgpack = pack(source.schema.complete(state))
        tell(told, diagnostics.items)

    # Ephemeral resources

    async def open_ephemeral_resource(self, asked: Message, told: Message) -> None:
        """Opens a value for the length of a run."""
        ephemeral = self._ephemeral(asked.type_name)
        diagnostics = Diagnostics()
        opened = await ephemeral.open(state_of(asked.config, ephemeral.schema) or {}, diagnostics)
        if isinstance(opened, Opened):
            _renew(opened.renewal, told)
            opened = opened.result
        hide_secrets(ephemeral.schema, opened)
        told.result.msgpack = pack(ephemeral.schema.complete(opened))
        tell(told, diagnostics.items)

    async def renew_ephemeral_resource(self, asked: Message, told: Message) -> None:
        """Prolongs a value whose time is coming to its end."""
        private = private_of(asked.private)
        _renew(await self._ephemeral(asked.type_name).renew(private), told)

    async def close_ephemeral_resource(self, asked: Message, _: Message) -> None:
        """Gives a value back."""
        await self._ephemeral(asked.type_name).close(private_of(asked.private))

    async def stop_provider(self, _asked: Message, _: Message) -> None:
        """The user wants to end: nothing waits any longer."""
        self._provider.stop()

    def _data_source(self, name: str) -> DataSource:
        return named(self._provider.data_sources(), name)(self._provider)

    def _ephemeral(self, name: str) -> EphemeralResource:
        return named(self._provider.ephemeral_resources(), name)(self._provider)


def _renew(renewal: Renewal, told: Message) -> None:
    if renewal.renew_at is not None:
        told.renew_at.seconds = int(renewal.renew_at.timestamp())
    told.private = private_bytes(renewal.private)


def _diagnosed(event: type[Message], items: list[Diagnostic]) -> Message:
    """The last answer of a stream that failed."""
    told = event()
    messages = [diagnostic_message(item) for item in items]
    if event is protocol.types["ListResourceEvent"]:
        told.diagnostic.extend(messages)
    else:
        told.completed.diagnostics.extend(messages)
    return told
